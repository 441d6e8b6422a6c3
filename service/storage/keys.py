"""The keys that rows were sealed with, and the rows that a rotation moves on."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session, undefer

from service.storage.applications import sealed_attribute
from service.storage.tables import (
    Application,
    Hold,
    Installation,
    KeyringKey,
    RecordKey,
    StoredAnswer,
    sealed_column,
)

_KEK_COLUMNS = (RecordKey.kek_id, StoredAnswer.kek_id, Hold.reference_key_id)


def list_known_keys(session: Session) -> Sequence[KeyringKey]:
    return session.scalars(select(KeyringKey)).all()


def find_known_key(session: Session, key_id: str) -> KeyringKey | None:
    return session.get(KeyringKey, key_id)


def add_known_key(
    session: Session, key_id: str, purpose: str, check_value: str, now: datetime
) -> None:
    session.add(KeyringKey(id=key_id, purpose=purpose, check_value=check_value, last_used_at=now))


def is_used(session: Session, key_id: str) -> bool:
    """Whether any row refers to the key."""
    columns = (*_KEK_COLUMNS, Application.index_key_id)
    return any(session.scalar(select(exists().where(column == key_id))) for column in columns)


def is_demo(session: Session) -> bool:
    row = session.get(Installation, 1)
    return row is not None and row.is_demo


def count_uses(session: Session) -> dict[str, int]:
    """How many rows use each key."""
    uses: dict[str, int] = {}
    for column in (*_KEK_COLUMNS, Application.index_key_id):
        query = select(column, func.count()).where(column.is_not(None)).group_by(column)
        for found, count in session.execute(query):
            key_id = found or ""
            uses[key_id] = uses.get(key_id, 0) + count
    return uses


def count_to_rewrap(session: Session, kek_id: str) -> int:
    records = select(func.count()).select_from(RecordKey).where(RecordKey.kek_id != kek_id)
    holds = select(func.count()).select_from(Hold).where(Hold.reference_key_id != kek_id)
    return (session.scalar(records) or 0) + (session.scalar(holds) or 0)


def take_to_rewrap(
    session: Session, kek_id: str, after: UUID | None, limit: int
) -> Sequence[tuple[RecordKey, UUID]]:
    """Lock some record keys that are wrapped under another KEK, each with its procedure's id."""
    query = (
        select(RecordKey, Application.procedure_id)
        .join(Application, Application.id == RecordKey.application_id)
        .where(RecordKey.kek_id != kek_id)
        .order_by(RecordKey.application_id)
        .limit(limit)
        .with_for_update(of=RecordKey, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if after is not None:
        query = query.where(RecordKey.application_id > after)
    return [(key, procedure_id) for key, procedure_id in session.execute(query)]


def take_holds_to_rewrap(
    session: Session, kek_id: str, after: UUID | None, limit: int
) -> Sequence[Hold]:
    """Lock some procedure holds whose case reference is sealed under another KEK."""
    query = (
        select(Hold)
        .where(Hold.reference_key_id != kek_id)
        .order_by(Hold.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(query if after is None else query.where(Hold.id > after)).all()


def count_to_reindex(session: Session, index_key_id: str) -> int:
    query = (
        select(func.count())
        .select_from(Application)
        .where(Application.index_key_id != index_key_id)
    )
    return session.scalar(query) or 0


def take_to_reindex(
    session: Session, index_key_id: str, after: UUID | None, limit: int
) -> Sequence[tuple[Application, RecordKey]]:
    """Lock some applications that are indexed under another key, with their sealed e-mail."""
    query = (
        select(Application, RecordKey)
        .join(RecordKey, RecordKey.application_id == Application.id)
        .options(undefer(sealed_attribute("email")))
        .where(Application.index_key_id != index_key_id)
        .order_by(Application.id)
        .limit(limit)
        .with_for_update(of=Application, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if after is not None:
        query = query.where(Application.id > after)
    return [(row, key) for row, key in session.execute(query)]


def sealed_email(row: Application) -> bytes:
    """The seal of the e-mail address; empty, and so unreadable, where there is none."""
    return getattr(row, sealed_column("email")) or b""


def delete_known_key(session: Session, key_id: str) -> None:
    """Forget the key. The database refuses while a row uses it."""
    session.execute(delete(KeyringKey).where(KeyringKey.id == key_id))


def touch_known_keys(session: Session, key_ids: Collection[str], now: datetime) -> None:
    """Note that the keys were in use until now: the wait before destruction begins here."""
    session.execute(update(KeyringKey).where(KeyringKey.id.in_(key_ids)).values(last_used_at=now))


def mark_installation(session: Session, *, is_demo: bool) -> None:
    """Say once what this database is; it does not change afterwards."""
    if session.get(Installation, 1) is None:
        session.add(Installation(id=1, is_demo=is_demo))
