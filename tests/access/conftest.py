"""Worlds that the tests of access share: made once a module, on either kind of database."""

from collections.abc import Iterator

import pytest

from tests.access.scene import Scene
from tests.harness.databases import Databases
from tests.world import World


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_world(
    request: pytest.FixtureRequest,
    databases: Databases,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    """A world for tests that leave it as they found it."""
    url = databases.fresh(request.param)
    world = World.make(url, tmp_path_factory.mktemp("world"), {"KLUIS_READ_BUDGET": "1000000"})
    yield world
    world.close()
    databases.drop(url)


@pytest.fixture(scope="module")
def scene(shared_world: World) -> Scene:
    """The shared world with a record in every phase."""
    return Scene.make(shared_world)
