"""Worlds that the tests of access share, on either kind of database."""

from collections.abc import Iterator

import pytest

from tests.access.scene import Scene
from tests.harness.databases import Databases
from tests.world import World


def _made(
    request: pytest.FixtureRequest, databases: Databases, directories: pytest.TempPathFactory
) -> Iterator[World]:
    url = databases.fresh(request.param)
    world = World.make(url, directories.mktemp("world"), {"KLUIS_READ_BUDGET": "1000000"})
    yield world
    world.close()
    databases.drop(url)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_world(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """One world for a module whose tests do not get in each other's way."""
    yield from _made(request, databases, tmp_path_factory)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def scene(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    """A record in every phase, for all modules: tests change its spares only, and no clock."""
    for world in _made(request, databases, tmp_path_factory):
        yield Scene.make(world)
