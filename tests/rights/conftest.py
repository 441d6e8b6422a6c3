"""Worlds on one kind of database, and one that the tests of a module share."""

from collections.abc import Iterator

import pytest

from tests.harness.databases import Databases
from tests.retention.conftest import postgres_world, sqlite_world
from tests.retention.test_gone import installation, server
from tests.world import World

__all__ = ["installation", "postgres_world", "server", "shared_world", "sqlite_world"]


@pytest.fixture(scope="module")
def shared_world(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world on SQLite with one vacancy, for tests that each bring an applicant of their own."""
    url = databases.fresh("sqlite")
    world = World.make(url, tmp_path_factory.mktemp("shared"), {"KLUIS_READ_BUDGET": "1000000"})
    world.procedure(ends_on="2027-03-01")
    yield world
    world.close()
    databases.drop(url)
