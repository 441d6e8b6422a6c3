"""After the deletion: getting the deleted bytes out of the database's files.

SQLite overwrites what it deletes (`secure_delete`); its write-ahead log still holds older pages
until it is truncated. PostgreSQL's VACUUM frees deleted rows without overwriting them, so that
their bytes stay in the pages: only a rewrite (VACUUM FULL) leaves them behind. The table of wrapped
keys is narrow and is always rewritten; without its key a seal is noise. The others are rewritten
too while they are small enough for the moment's lock that it takes.
"""

from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from service.storage.database import connect_without_transaction

_NARROW = ("record_key",)
_WIDE = (
    "application",
    "document",
    "document_chunk",
    "consent_event",
    "hold",
    "disclosure",
    "access_code",
    "privacy_request",
)
_OWN = ("idempotency_key",)
_TRIES = 60
_PAUSE = text("SELECT pg_sleep(0.05)")
_OLDER_SNAPSHOTS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid()"
    " AND age(backend_xmin) > age(CAST(CAST(:now AS xid8) AS xid))"
)


def scrub(engine: Engine, rewrite_bytes: int) -> bool:
    """Remove deleted bytes from the files. False if somebody else kept some of them in."""
    with connect_without_transaction(engine) as connection:
        if engine.dialect.name == "sqlite":
            return _truncate_log(connection)
        return _rewrite(connection, rewrite_bytes)


def _truncate_log(connection: Connection) -> bool:
    busy = connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).scalar_one()
    return not busy


def _rewrite(connection: Connection, rewrite_bytes: int) -> bool:
    if not _is_past_for_all(connection):
        return False
    try:
        for table in _NARROW + _OWN + _WIDE:
            small = _size(connection, table) <= rewrite_bytes
            full = "FULL" if table in _NARROW or small else "FULL FALSE"
            connection.execute(text(f"VACUUM ({full}) {table}"))
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            return False
        raise
    return True


def _size(connection: Connection, table: str) -> int:
    query = text("SELECT pg_total_relation_size(CAST(:table AS regclass))")
    return int(connection.execute(query, {"table": table}).scalar_one())


def _is_past_for_all(connection: Connection) -> bool:
    """Whether nobody sees what was deleted before now any more: only then a rewrite drops it.

    Transactions that run right now are given a few seconds to end.
    """
    now = connection.execute(text("SELECT CAST(pg_current_xact_id() AS text)")).scalar_one()
    for _ in range(_TRIES):
        if not connection.execute(_OLDER_SNAPSHOTS, {"now": now}).scalar_one():
            return True
        connection.execute(_PAUSE)
    return False
