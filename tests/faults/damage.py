"""Reaching into the database past the service, as a bad disk or a bad hand would."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import create_engine, func, inspect, select, table, update
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from service.storage.tables import Application, RecordKey, sealed_column
from tests.world import World


@contextmanager
def behind(world: World) -> Iterator[Session]:
    """A session of its own on the world's database; committed at the end of the block."""
    engine = create_engine(world.database_url, poolclass=NullPool)
    with Session(engine) as session:
        yield session
        session.commit()


def flipped(blob: bytes, at: int, bit: int = 1) -> bytes:
    """The same bytes with one bit the other way round."""
    changed = bytearray(blob)
    changed[at] ^= bit
    return bytes(changed)


def sealed(world: World, application_id: UUID, field: str) -> bytes:
    column = getattr(Application, sealed_column(field))
    with behind(world) as session:
        return session.scalars(select(column).where(Application.id == application_id)).one()


def put_seal(world: World, application_id: UUID, field: str, blob: bytes | None) -> None:
    with behind(world) as session:
        changed = update(Application).where(Application.id == application_id)
        session.execute(changed.values({sealed_column(field): blob}))


def damage_key(world: World, application_id: UUID) -> None:
    """Flip one bit of the wrapped key of a record."""
    with behind(world) as session:
        row = session.get(RecordKey, application_id)
        assert row is not None
        row.wrapped = flipped(row.wrapped, -1)


def rows(world: World, *, but: tuple[str, ...] = ("audit_event",)) -> Mapping[str, int]:
    """How many rows each table has."""
    with behind(world) as session:
        names = inspect(session.get_bind()).get_table_names()
        return {
            name: session.scalar(select(func.count()).select_from(table(name))) or 0
            for name in names
            if name not in but
        }


def told(world: World, metric: str) -> float:
    """What the service's own metrics say, summed over their labels."""
    text = world.app.test_client().get("/metrics").text
    lines = [line for line in text.splitlines() if line.startswith(metric)]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def audited(world: World, **wanted: Any) -> int:
    """How many audit events have these members."""
    events = world.get("/audit-events?limit=100", "officer").json["items"]
    return sum(all(event[name] == value for name, value in wanted.items()) for event in events)
