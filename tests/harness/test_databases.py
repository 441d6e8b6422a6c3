import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from sqlalchemy import NullPool, create_engine, inspect, make_url, text

from tests.harness.databases import VARIABLE, Databases
from tests.harness.postgres import PostgresError, running_postgres

Kind = Literal["sqlite", "postgresql"]


def tables(url: str) -> list[str]:
    return inspect(create_engine(url, poolclass=NullPool)).get_table_names()


def execute(url: str, command: str) -> None:
    with create_engine(url, poolclass=NullPool).begin() as connection:
        connection.execute(text(command))


def migrate(url: str) -> None:
    execute(url, "CREATE TABLE migrated (id int)")


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    with Databases(tmp_path_factory.mktemp("databases"), migrate) as databases:
        yield databases


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_fresh_database_is_migrated_and_its_own(databases: Databases, kind: Kind) -> None:
    one, other = databases.fresh(kind), databases.fresh(kind)
    execute(one, "CREATE TABLE mine (id int)")
    assert sorted(tables(one)) == ["migrated", "mine"]
    assert tables(other) == ["migrated"]


def test_a_dropped_file_takes_its_log_along(databases: Databases) -> None:
    path = Path(make_url(url := databases.fresh("sqlite")).database or "")
    path.with_name(f"{path.name}-wal").touch()
    databases.drop(url)
    assert not list(path.parent.glob(f"{path.name}*"))


def test_a_template_includes_what_still_stands_in_the_log(tmp_path: Path) -> None:
    connections = []

    def leave_open(url: str) -> None:
        connection = sqlite3.connect(make_url(url).database or "")
        connections.append(connection)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE migrated (id int)")

    with Databases(tmp_path, leave_open) as databases:
        assert tables(databases.fresh("sqlite")) == ["migrated"]
    for connection in connections:
        connection.close()


def test_a_given_server_is_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def names(url: str) -> list[str]:
        with create_engine(url, poolclass=NullPool).connect() as connection:
            return list(connection.scalars(text("SELECT datname FROM pg_database ORDER BY 1")))

    with running_postgres() as server:
        monkeypatch.setenv(VARIABLE, server.url)
        before = names(server.url)
        with Databases(tmp_path, migrate) as databases:
            databases.drop(databases.fresh("postgresql"))
            kept = databases.fresh("postgresql")
            assert make_url(kept).database in names(server.url)
        assert names(server.url) == before


@pytest.mark.parametrize("url", ["postgresql://me:canary@127.0.0.1:1/postgres", "canary"])
def test_a_server_that_does_not_answer_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv(VARIABLE, url)
    with Databases(tmp_path, migrate) as databases, pytest.raises(PostgresError) as error:
        databases.fresh("postgresql")
    assert VARIABLE in str(error.value)
    assert "canary" not in str(error.value)
