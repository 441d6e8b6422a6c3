"""The keys that rows were sealed with, and the rows that a rotation moves on."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from service.storage.applications import sealed_attribute
from service.storage.tables import (
    Application,
    Hold,
    Installation,
    KeyringKey,
    RecordKey,
    StoredAnswer,
)


def list_known_keys(session: Session) -> Sequence[KeyringKey]:
    return session.scalars(select(KeyringKey)).all()


def find_known_key(session: Session, key_id: str) -> KeyringKey | None:
    return session.get(KeyringKey, key_id)


def is_demo(session: Session) -> bool:
    row = session.get(Installation, 1)
    return row is not None and row.is_demo


def count_uses(session: Session) -> dict[str, int]:
    """How many rows use each key."""
    uses: dict[str, int] = {}
    for column in (
        RecordKey.kek_id,
        StoredAnswer.kek_id,
        Hold.reference_key_id,
        Application.index_key_id,
    ):
        query = select(column, func.count()).where(column.is_not(None)).group_by(column)
        for key_id, count in session.execute(query):
            uses[key_id] = uses.get(key_id, 0) + count
    return uses


def count_to_rewrap(session: Session, kek_id: str) -> int:
    query = select(func.count()).select_from(RecordKey).where(RecordKey.kek_id != kek_id)
    return session.scalar(query) or 0


def take_to_rewrap(
    session: Session, kek_id: str, limit: int
) -> Sequence[tuple[RecordKey, UUID]]:
    """Lock some record keys that are wrapped under another KEK, each with its procedure's id."""
    rows = session.execute(
        select(RecordKey, Application.procedure_id)
        .join(Application, Application.id == RecordKey.application_id)
        .where(RecordKey.kek_id != kek_id)
        .order_by(RecordKey.application_id)
        .limit(limit)
        .with_for_update(of=RecordKey, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return [(row[0], row[1]) for row in rows]


def take_holds_to_rewrap(session: Session, kek_id: str, limit: int) -> Sequence[Hold]:
    """Lock some procedure holds whose case reference is sealed under another KEK."""
    return session.scalars(
        select(Hold)
        .where(Hold.reference_key_id.is_not(None), Hold.reference_key_id != kek_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def count_to_reindex(session: Session, index_key_id: str) -> int:
    query = select(func.count()).select_from(Application).where(Application.index_key_id != index_key_id)
    return session.scalar(query) or 0


def take_to_reindex(
    session: Session, index_key_id: str, limit: int
) -> Sequence[tuple[UUID, UUID, bytes, RecordKey]]:
    """Lock some applications indexed under another key: id, procedure id, sealed e-mail, key."""
    rows = session.execute(
        select(Application.id, Application.procedure_id, sealed_attribute("email"), RecordKey)
        .join(RecordKey, RecordKey.application_id == Application.id)
        .where(Application.index_key_id != index_key_id)
        .order_by(Application.id)
        .limit(limit)
        .with_for_update(of=Application, skip_locked=True)
    )
    return [(row[0], row[1], row[2] or b"", row[3]) for row in rows]


def delete_known_key(session: Session, key_id: str) -> None:
    """Forget the key. The database refuses while a row uses it."""
    session.execute(delete(KeyringKey).where(KeyringKey.id == key_id))


def touch_known_key(session: Session, key_id: str, now: datetime) -> None:
    """Note that the key was in use until now: the wait before its destruction begins here."""
    key = session.get(KeyringKey, key_id)
    if key is not None:
        key.last_used_at = now

