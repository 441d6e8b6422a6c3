"""Fresh databases for tests: every one is a copy of a template migrated once a session.

Each pytest-xdist worker has its own PostgreSQL server, started at the first PostgreSQL test:
0.4 s a worker, against sharing, which needs locks and somebody to stop it last.
"""

import os
import sqlite3
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, Self

import psycopg
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from tests.harness.postgres import (
    PostgresError,
    create_database,
    drop_database,
    libpq_url,
    running_postgres,
)

VARIABLE = "KLUIS_TEST_POSTGRES_URL"

Migrate = Callable[[str], None]


class Databases:
    """Databases of both kinds until the end of the block.

    `migrate` is given an SQLAlchemy URL, and closes every connection it opens.
    """

    def __init__(self, directory: Path, migrate: Migrate) -> None:
        self._files = _Files(directory, migrate)
        self._clones = _Clones(migrate)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._clones.close()

    def fresh(self, kind: Literal["sqlite", "postgresql"]) -> str:
        """The SQLAlchemy URL of a new, migrated, empty database; it may be one dropped before."""
        return self._files.fresh() if kind == "sqlite" else self._clones.fresh()

    def drop(self, url: str) -> None:
        """Drop it now; what is not dropped goes at the end of the block."""
        if make_url(url).get_backend_name() == "sqlite":
            self._files.drop(url)
        else:
            self._clones.drop(url)


class _Files:
    """SQLite: the template is the bytes of a file."""

    def __init__(self, directory: Path, migrate: Migrate) -> None:
        self._directory = directory
        self._migrate = migrate
        self._free: list[Path] = []

    def fresh(self) -> str:
        path = self._free.pop() if self._free else self._directory / f"{uuid.uuid4().hex}.db"
        path.write_bytes(self._template)
        return f"sqlite:///{path}"

    def drop(self, url: str) -> None:
        path = Path(make_url(url).database or "")
        for file in path.parent.glob(f"{path.name}*"):  # with its -wal and -shm
            file.unlink()
        self._free.append(path)

    @cached_property
    def _template(self) -> bytes:
        path = self._directory / "template.db"
        self._migrate(f"sqlite:///{path}")
        connection = sqlite3.connect(path)
        try:
            return connection.serialize()  # unlike the file, with what still stands in the -wal
        finally:
            connection.close()


class _Clones:
    """PostgreSQL: the template is a database, copied by the server."""

    def __init__(self, migrate: Migrate) -> None:
        self._migrate = migrate
        self._created: set[str] = set()
        self._free: list[str] = []
        self._closing = ExitStack()

    def fresh(self) -> str:
        return self._create(make_url(self._template).database or "")

    def drop(self, url: str) -> None:
        drop_database(self._server_url, url)
        self._created.discard(url)
        self._free.append(make_url(url).database or "")

    def close(self) -> None:
        with self._closing:
            for url in tuple(self._created):
                self.drop(url)

    def _create(self, template: str) -> str:
        url = create_database(self._server_url, template, self._free.pop() if self._free else None)
        self._created.add(url)
        return url

    @cached_property
    def _template(self) -> str:
        url = self._create("template0")
        self._migrate(url)
        return url

    @cached_property
    def _server_url(self) -> str:
        given = os.environ.get(VARIABLE)
        if given:
            _demand_local(given)
            return given
        try:
            return self._closing.enter_context(running_postgres()).url
        except PostgresError as error:
            raise PostgresError(f"{error}\nSet {VARIABLE} to use a server of your own.") from error


def _demand_local(url: str) -> None:
    """Refuse a server elsewhere: tests create and drop databases, and nobody's but their own."""
    try:
        with psycopg.connect(libpq_url(url), connect_timeout=10) as connection:
            address = connection.info.hostaddr  # empty on a Unix socket
    except (ArgumentError, psycopg.Error) as error:
        raise PostgresError(f"no server answers at {VARIABLE}: {error}") from None
    if address and not ip_address(address).is_loopback:
        raise PostgresError(f"{VARIABLE} names a server that is not on this machine")
