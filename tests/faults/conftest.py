"""A service shared by the tests of one module that leave it as it was: refused is refused."""

from collections.abc import Iterator

import pytest

from tests.harness.databases import Databases
from tests.world import World


@pytest.fixture(scope="module")
def shared(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world on SQLite with one vacancy, for what no database ever gets to see."""
    url = databases.fresh("sqlite")
    world = World.make(url, tmp_path_factory.mktemp("shared"))
    world.procedure()
    yield world
    world.close()
    databases.drop(url)
