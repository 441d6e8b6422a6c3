"""Many rows into a database at once: by COPY into PostgreSQL, by the thousand into SQLite."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

import orjson
import psycopg
from psycopg import sql
from sqlalchemy import Connection, Engine, insert

from tests.harness.postgres import libpq_url

AT_ONCE = 1_000
# As a restore does it: the rows fit together already, and each is looked up for nothing.
UNCHECKED = "SET LOCAL session_replication_role = replica"

Row = dict[str, Any]


def load(engine: Engine, table: Any, rows: Iterable[Row]) -> None:
    if engine.dialect.name == "postgresql":
        _copy(engine, table, rows)
        return
    for part in parts(rows, AT_ONCE):
        with engine.begin() as connection:
            connection.execute(insert(table), part)


def _copy(engine: Engine, table: Any, rows: Iterable[Row]) -> None:
    found = iter(rows)
    first = next(found)
    columns = sql.SQL(", ").join(map(sql.Identifier, first))
    command = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), columns)
    url = engine.url.render_as_string(hide_password=False)
    with psycopg.connect(libpq_url(url)) as connection, connection.cursor() as cursor:
        cursor.execute(UNCHECKED)
        with cursor.copy(command) as copy:
            for row in chain([first], found):
                copy.write_row([_as_sent(value) for value in row.values()])


def _as_sent(value: Any) -> Any:
    """Enumerations as their text, JSON as JSON."""
    if isinstance(value, dict | list):
        return orjson.dumps(value).decode()
    return str(value) if isinstance(value, str) else value


def leave_unchecked(connection: Connection) -> None:
    """No foreign key is looked up until the transaction ends; SQLite looks up none unasked."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(UNCHECKED)


def parts(rows: Iterable[Any], size: int) -> Iterator[Sequence[Any]]:
    found = iter(rows)
    while part := list(islice(found, size)):
        yield part


def settle(url: str) -> None:
    """What an autovacuum would do in a while, done before anything is measured."""
    if url.startswith("postgresql"):
        with psycopg.connect(libpq_url(url), autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")
            connection.execute("CHECKPOINT")
