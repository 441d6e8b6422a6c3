"""A database that was filled with due records once, and copies of it for one use each."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from bench.databases import Databases
from bench.due import fill
from bench.forks import kluis
from service.crypto.keyring_files import read_keyring_file
from tests.harness.postgres import drop_database, libpq_url


@dataclass(frozen=True)
class Filled:
    """A database with due records that copies are taken of, and the settings to work on one."""

    room: Databases
    url: str
    due: int
    environment: dict[str, str]

    @contextmanager
    def copy(self) -> Iterator[dict[str, str]]:
        """The settings of a fresh copy, which is thrown away."""
        copied = _copied_file(self.url) if self.room.server is None else _copied(self.url)
        try:
            yield {**self.environment, "KLUIS_DATABASE_URL": copied}
        finally:
            _drop(self.room, copied)


@contextmanager
def filled(room: Databases, due: int) -> Iterator[Filled]:
    """A new database with a keyring of its own, and so many due among as many that stay."""
    with tempfile.TemporaryDirectory(prefix="kluis-bench-") as directory:
        url, keyring_file = room.new(f"due-{due}"), Path(directory, "keyring.json")
        chosen = {"KLUIS_DATABASE_URL": url, "KLUIS_KEYRING_FILE": str(keyring_file)}
        environment = {**os.environ, **chosen}
        kluis(environment, "init")
        fill(url, read_keyring_file(keyring_file), due)
        yield Filled(room, url, due, environment)


def _copied(url: str) -> str:
    """A copy on the same server, file by file: it lies on the disk before anything is measured."""
    source = make_url(url)
    copy = source.set(database=f"{source.database}_copy")
    command = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
        sql.Identifier(str(copy.database)), sql.Identifier(str(source.database))
    )
    maintenance = libpq_url(source.set(database="postgres").render_as_string(hide_password=False))
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(command)
    return copy.render_as_string(hide_password=False)


def _copied_file(url: str) -> str:
    copy = f"{url}-copy"
    shutil.copyfile(_file(url), _file(copy))
    return copy


def _drop(room: Databases, url: str) -> None:
    if room.server is not None:
        drop_database(room.server.url, url)
        return
    for suffix in ("", "-wal", "-shm"):
        Path(f"{_file(url)}{suffix}").unlink(missing_ok=True)


def _file(url: str) -> str:
    return str(make_url(url).database)
