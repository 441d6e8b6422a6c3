"""The engine: one code for SQLite and PostgreSQL, and what each needs to behave."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from select import POLLIN, poll
from typing import Any, cast
from weakref import WeakKeyDictionary

import psycopg
from flask_sqlalchemy import SQLAlchemy
from psycopg.errors import LockNotAvailable
from psycopg.pq import Format, TransactionStatus
from psycopg.sql import Literal
from psycopg.types.json import Jsonb
from sqlalchemy import Connection, Engine, Select, event, func, select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from service.domain.errors import Busy, Misconfigured, Unavailable

_BUSY_SECONDS = 5
_TRANSACTION, _AS_BYTES, _CURSORS = "kluis_transaction", "kluis_as_bytes", "kluis_cursors"
_NOTHING_OPEN = (TransactionStatus.IDLE, TransactionStatus.UNKNOWN)
# For statements whose results are large: PostgreSQL sends bytes as they are, not as digits.
AS_BYTES = {_AS_BYTES: True}


class Transaction(Enum):
    """What a transaction is begun for, or that each statement is one of its own."""

    NONE = "none"
    ORDINARY = "ordinary"
    WRITING = "writing"
    ONE_MOMENT = "one-moment"


# On SQLite a reader that turns writer can find its snapshot outdated; who will write says so first.
_BEGIN = {
    "sqlite": {
        Transaction.ORDINARY: "BEGIN",
        Transaction.WRITING: "BEGIN IMMEDIATE",
        Transaction.ONE_MOMENT: "BEGIN IMMEDIATE",
    },
    "postgresql": {
        Transaction.ORDINARY: "BEGIN",
        Transaction.WRITING: "BEGIN",
        Transaction.ONE_MOMENT: "BEGIN ISOLATION LEVEL REPEATABLE READ",
    },
}
_IS_FIT = (
    "SELECT current_setting('lock_timeout') <> '0'"
    " AND current_setting('timezone') IN ('UTC', 'Etc/UTC')"
)


class Base(DeclarativeBase):
    """The base of all tables."""


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


def engine_options(url: str, pool_size: int, pooler: str) -> dict[str, Any]:
    """How the engine is made for this database, with this pooler before it or none."""
    pool = {"pool_size": pool_size, "max_overflow": 0, "pool_timeout": _BUSY_SECONDS}
    if url.startswith("sqlite"):
        connect = {"timeout": _BUSY_SECONDS, "check_same_thread": False}
        return pool | {"connect_args": connect}
    return pool | {
        "pool_reset_on_return": None,  # `_reset` does it
        "connect_args": {
            "autocommit": True,  # transactions are begun by `_begin`
            "connect_timeout": _BUSY_SECONDS,
            **_session(pooler),
        },
    }


def _session(pooler: str) -> dict[str, Any]:
    """What a session of PostgreSQL's is asked for at its start, and keeps.

    A pooler gives each transaction another session: nothing is asked there that must last, and
    no statement is left prepared. The role brings the settings instead, see `_demand_fit`.
    """
    if pooler:
        return {"prepare_threshold": None}
    return {"options": f"-c lock_timeout={_BUSY_SECONDS * 1000} -c timezone=UTC"}


def prepare_engine(engine: Engine) -> None:
    """Begin transactions ourselves; teach SQLite's driver deletion that overwrites, foreign keys.

    Of PostgreSQL's, hand out no connection that its server has closed, or that may wait for ever.
    """
    event.listen(engine, "begin", _begin)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    else:
        event.listen(engine, "connect", _demand_fit)
        event.listen(engine, "connect", _keep_cursors)
        event.listen(engine, "before_cursor_execute", _take_bytes)
        event.listen(engine, "checkout", _demand_open)
        event.listen(engine, "reset", _reset)


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


def _demand_fit(connection: "psycopg.Connection[tuple[bool]]", *_: object) -> None:
    """No lock is waited for without end, by whom ever that was seen to; moments come in UTC."""
    is_fit = connection.execute(_IS_FIT).fetchone() == (True,)
    if not is_fit:
        connection.close()
        raise Misconfigured(
            "KLUIS_POOLER: behind a pooler PostgreSQL's role itself needs a lock_timeout and UTC:"
            " ALTER ROLE … SET lock_timeout = '5s'; ALTER ROLE … SET timezone = 'UTC'"
        )


def _keep_cursors(_connection: object, record: ConnectionPoolEntry) -> None:
    """Make room for the cursors of `driver_rows`; each lives as long as its statement."""
    record.info[_CURSORS] = WeakKeyDictionary()


def _take_bytes(
    _connection: object, cursor: Any, _statement: str, _values: object, context: Any, _many: object
) -> None:
    if context is not None and _AS_BYTES in context.execution_options:
        cursor.format = Format.BINARY


def _demand_open(connection: "psycopg.Connection[Any]", *_: object) -> None:
    """A restarted server costs no later request its answer, and no request a ping.

    To an idle connection the server says nothing, until it closes it.
    """
    if connection.closed or _is_readable(connection.fileno()):
        raise DisconnectionError


def _is_readable(descriptor: int) -> bool:
    """Whether anything has come in. By poll: `select` knows no descriptor from 1,024 up."""
    asked = poll()
    asked.register(descriptor, POLLIN)
    return bool(asked.poll(0))


def _reset(connection: "psycopg.Connection[Any]", *_: object) -> None:
    """End a transaction that was left open; where there is none, a rollback is much ado.

    One that broke is given back as it is: `_demand_open` finds it closed.
    """
    if connection.pgconn.transaction_status not in _NOTHING_OPEN:
        connection.rollback()


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


def _begin(connection: Connection) -> None:
    kind = connection.get_execution_options().get(_TRANSACTION, Transaction.ORDINARY)
    if kind is not Transaction.NONE:
        connection.exec_driver_sql(_BEGIN[connection.dialect.name][kind])


def connect_without_transaction(engine: Engine) -> Connection:
    """A connection on which each statement is its own transaction, as VACUUM demands."""
    return engine.connect().execution_options(**{_TRANSACTION: Transaction.NONE})


def begin_writing(session: Session, *, one_moment: bool = False) -> None:
    """Begin the session's transaction as one that will write.

    With `one_moment` all its queries see the database as it was at the first of them: what is
    deleted meanwhile is not seen in part. SQLite's transactions do so anyway.
    """
    kind = Transaction.ONE_MOMENT if one_moment else Transaction.WRITING
    session.connection(execution_options={_TRANSACTION: kind})


@dataclass(frozen=True, eq=False)
class Statement:
    """A statement as PostgreSQL's driver takes it, and the names of its parameters in order."""

    text: bytes
    parameters: tuple[str, ...]


def driver_statement(query: Select[*tuple[Any, ...]]) -> Statement:
    """A query made into a statement once, to be run often by the driver itself.

    What is always the same stands in its text; what has no value is a parameter.
    """
    dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]  # the library has no types
    made = query.compile(dialect=dialect)
    if "POSTCOMPILE" in str(made):
        raise ValueError("a list of values has no place in a statement that is made once")
    parameters = tuple(name for name, value in made.params.items() if value is None)
    written = {name: f"${place}" for place, name in enumerate(parameters, 1)}
    for name, value in made.params.items():
        if value is not None:
            plain = Jsonb(value) if isinstance(value, dict) else value
            written[name] = Literal(plain).as_string()
    return Statement((str(made) % written).encode(), parameters)


def has_driver_cursor(engine: Engine) -> bool:
    """Whether `driver_rows` and `driver_cursor` are to be had: SQLite gains nothing by them."""
    return engine.dialect.name == "postgresql"


class DriverCursor(psycopg.RawCursor[tuple[Any, ...]]):
    """A cursor that takes Statements: nothing is parsed, and values come as bytes, not as text."""

    def fetch_all(self, asked: Statement, values: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
        """The statement's rows. Neither they nor what was sent stays with the cursor.

        It may be kept, and what it holds deleted meanwhile.
        """
        self.execute(asked.text, [values[name] for name in asked.parameters], binary=True)
        rows = self.fetchall()
        self._reset()
        self._tx.set_pgresult(None)
        return rows


def engine_of(session: Session) -> Engine:
    """The engine behind a session."""
    return session.get_bind().engine


def driver_rows(
    engine: Engine, asked: Statement, values: Mapping[str, Any]
) -> Sequence[tuple[Any, ...]]:
    """The rows of one statement, which is its own commit, on a connection of the pool.

    Its cursor stays with the connection: asked the same again, it need not look up the types
    again.
    """
    pooled = engine.raw_connection()
    try:
        cursors: WeakKeyDictionary[Statement, DriverCursor] = pooled.info[_CURSORS]
        cursor = cursors.pop(asked, None) or _new_cursor(pooled)
        rows = cursor.fetch_all(asked, values)
        cursors[asked] = cursor  # one that failed is not kept: it holds what was sent
        return rows
    finally:
        pooled.close()


@contextmanager
def driver_cursor(engine: Engine) -> Iterator[DriverCursor]:
    """A cursor of PostgreSQL's driver on a connection of the pool, each statement its own commit.

    Without transactions there is no rollback, at which the driver forgets what it prepared.
    """
    with closing(engine.raw_connection()) as pooled:
        yield _new_cursor(pooled)


def _new_cursor(pooled: PoolProxiedConnection) -> DriverCursor:
    return DriverCursor(cast("psycopg.Connection[tuple[Any, ...]]", pooled.driver_connection))


@contextmanager
def driver_transaction(engine: Engine) -> Iterator[DriverCursor]:
    """The same in a transaction. It is committed however the block ends, but for an exception."""
    with driver_cursor(engine) as cursor:
        cursor.execute(b"BEGIN")
        yield cursor  # after an exception, or without a commit, the pool rolls back
        cursor.execute(b"COMMIT")


def roll_back(session: Session) -> None:
    """Undo what the session did. What broke under the driver's own cursor breaks here once more."""
    try:
        session.rollback()
    except DBAPIError:
        session.invalidate()  # a server that is gone undoes it by itself


@contextmanager
def unavailable_when_failing() -> Iterator[None]:
    """Turn the database's own failures (gone, full, locked, refusing) into Unavailable."""
    try:
        yield
    except (PoolTimeout, LockNotAvailable) as error:
        raise Busy from error
    except (DBAPIError, sqlite3.Error, psycopg.Error) as error:
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
