"""The engine: one code for SQLite and PostgreSQL, and what each needs to behave."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from select import select as select_ready
from typing import Any, cast

import psycopg
from flask_sqlalchemy import SQLAlchemy
from psycopg.sql import Literal
from psycopg.types.json import Jsonb
from sqlalchemy import Connection, Engine, Select, event, func, select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session

from service.domain.errors import Unavailable

_BUSY_SECONDS = 5
_WRITES = "kluis_writes"


class Base(DeclarativeBase):
    """The base of all tables."""


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


def engine_options(url: str, pool_size: int) -> dict[str, Any]:
    """How the engine is made for this database."""
    pool = {"pool_size": pool_size, "max_overflow": 0, "pool_timeout": _BUSY_SECONDS}
    if url.startswith("sqlite"):
        connect = {"timeout": _BUSY_SECONDS, "check_same_thread": False}
        return pool | {"connect_args": connect}
    return pool | {
        "connect_args": {
            "connect_timeout": _BUSY_SECONDS,
            "options": f"-c lock_timeout={_BUSY_SECONDS * 1000} -c timezone=UTC",
        }
    }


def prepare_engine(engine: Engine) -> None:
    """Teach SQLite's driver real transactions, deletion that overwrites, and foreign keys.

    Of PostgreSQL's, hand out no connection that its server has closed.
    """
    if engine.dialect.name != "sqlite":
        event.listen(engine, "checkout", _demand_open)
        return
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)


def make_file(engine: Engine) -> None:
    """The folder and file of a SQLite database that is about to be made, for its owner only."""
    if file := _file_of(engine):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.touch(mode=0o600)  # its log gets the same mode


def is_absent(engine: Engine) -> bool:
    """Whether there is no SQLite file: to connect would make an empty one."""
    file = _file_of(engine)
    return file is not None and not file.exists()


def _file_of(engine: Engine) -> Path | None:
    is_file = engine.dialect.name == "sqlite" and engine.url.database not in (None, "", ":memory:")
    return Path(str(engine.url.database)) if is_file else None


def _demand_open(connection: "psycopg.Connection[Any]", *_: object) -> None:
    """A restarted server costs no later request its answer, and no request a ping.

    To an idle connection the server says nothing, until it closes it.
    """
    if connection.closed or select_ready([connection], [], [], 0)[0]:
        raise DisconnectionError


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        "temp_store=MEMORY",
        f"busy_timeout={_BUSY_SECONDS * 1000}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A reader that turns writer can find its snapshot outdated; who will write says so first.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def begin_writing(session: Session, *, one_moment: bool = False) -> None:
    """Begin the session's transaction as one that will write.

    With `one_moment` all its queries see the database as it was at the first of them: what is
    deleted meanwhile is not seen in part. SQLite's transactions do so anyway.
    """
    options: dict[str, Any] = {_WRITES: True}
    if one_moment and session.get_bind().dialect.name == "postgresql":
        options["isolation_level"] = "REPEATABLE READ"
    session.connection(execution_options=options)


def driver_text(query: Select[*tuple[Any, ...]]) -> str:
    """The statement as PostgreSQL's driver takes it, to be run often by `driver_cursor`.

    What is always the same stands in its text; parameters without a value stay parameters.
    """
    dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]  # the library has no types
    made = query.compile(dialect=dialect)
    written = {name: f"%({name})s" for name in made.params}
    for name, value in made.params.items():
        if value is not None:
            plain = Jsonb(value) if isinstance(value, dict) else value
            written[name] = Literal(plain).as_string()
    return str(made) % written


def has_driver_cursor(session: Session) -> bool:
    """Whether `driver_cursor` is to be had: SQLite gains nothing by one."""
    return session.get_bind().dialect.name == "postgresql"


@contextmanager
def driver_cursor(session: Session) -> Iterator["psycopg.Cursor[tuple[Any, ...]]"]:
    """A cursor of PostgreSQL's driver on a connection of the pool, each statement its own commit.

    Without transactions there is no rollback, at which the driver forgets what it prepared.
    """
    with closing(session.get_bind().engine.raw_connection()) as pooled:
        connection = cast("psycopg.Connection[tuple[Any, ...]]", pooled.driver_connection)
        connection.autocommit = True
        try:
            yield connection.cursor(binary=True)
        finally:
            connection.autocommit = False


@contextmanager
def unavailable_when_failing() -> Iterator[None]:
    """Turn the database's own failures (gone, full, locked, refusing) into Unavailable."""
    try:
        yield
    except (DBAPIError, PoolTimeout, sqlite3.Error, psycopg.Error) as error:
        raise Unavailable from error


def database_now(session: Session) -> datetime:
    """The moment by the database's own clock."""
    if session.get_bind().dialect.name == "sqlite":
        text = session.scalar(select(func.strftime("%Y-%m-%dT%H:%M:%f", "now")))
        return datetime.fromisoformat(str(text)).replace(tzinfo=UTC)
    moment = session.scalar(select(func.clock_timestamp()))
    if not isinstance(moment, datetime):  # a database that does not know the time is not usable
        raise Unavailable
    return moment
