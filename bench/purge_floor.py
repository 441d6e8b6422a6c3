"""The floor of a purge: what one would write, a DELETE in one transaction, with its cascades."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from time import perf_counter

import psycopg
from sqlalchemy import make_url

from tests.harness.postgres import libpq_url

DELETE = "DELETE FROM application WHERE purge_on <= CURRENT_DATE"


def bare_delete(url: str, due: int) -> float:
    """The seconds that it takes; RuntimeError if it deletes another number than is due."""
    delete = _on_sqlite if url.startswith("sqlite") else _on_postgresql
    deleted, seconds = delete(url)
    if deleted != due:
        raise RuntimeError(f"a bare DELETE deleted {deleted}, not {due}")
    return seconds


def _on_postgresql(url: str) -> tuple[int, float]:
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        return _timed(lambda: connection.execute(DELETE).rowcount)


def _on_sqlite(url: str) -> tuple[int, float]:
    file = str(make_url(url).database)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        return _timed(lambda: connection.execute(DELETE).rowcount)


def _timed(delete: Callable[[], int]) -> tuple[int, float]:
    began = perf_counter()
    return delete(), perf_counter() - began
