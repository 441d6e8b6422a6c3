"""Worlds on one kind of database, for what only that kind does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.databases import Databases
from tests.world import World


@pytest.fixture
def sqlite_world(databases: Databases, tmp_path: Path) -> Iterator[World]:
    url = databases.fresh("sqlite")
    world = World.make(url, tmp_path)
    yield world
    world.close()
    databases.drop(url)


@pytest.fixture
def postgres_world(postgres_url: str, tmp_path: Path) -> Iterator[World]:
    world = World.make(postgres_url, tmp_path)
    yield world
    world.close()
