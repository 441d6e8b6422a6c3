"""The outbox: events on their way to subscribed systems, each until it has arrived."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, func, insert, select, update
from sqlalchemy.orm import Session

from service.storage.tables import Delivery


def add_deliveries(session: Session, rows: Collection[dict[str, object]]) -> None:
    """Put events into the outbox."""
    if rows:
        session.execute(insert(Delivery), list(rows))


def is_anything_due(session: Session, subscriber: str, now: datetime) -> bool:
    """Whether there is something to send to this system."""
    due = exists().where(Delivery.subscriber == subscriber, Delivery.next_at <= now)
    return bool(session.scalar(select(due)))


def lease_due(
    session: Session, subscriber: str, now: datetime, until: datetime, limit: int
) -> Sequence[Delivery]:
    """Take at most `limit` due deliveries that nobody else takes, the longest due first.

    Until the lease is over nobody takes them again; one attempt is counted for each.
    """
    rows = session.scalars(
        select(Delivery)
        .where(Delivery.subscriber == subscriber, Delivery.next_at <= now)
        .order_by(Delivery.next_at, Delivery.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.next_at = until
        row.attempts += 1
    return rows


def delete_deliveries(session: Session, ids: Collection[UUID]) -> None:
    session.execute(delete(Delivery).where(Delivery.id.in_(ids)))


def put_back(
    session: Session, delivery_id: UUID, attempt: int, attempts: int, next_at: datetime
) -> None:
    """Give what was leased for this attempt another moment, and its count of attempts.

    What was leased again since, because the lease ran out, has another attempt: it is left.
    """
    leased = (Delivery.id == delivery_id, Delivery.attempts == attempt)
    session.execute(update(Delivery).where(*leased).values(attempts=attempts, next_at=next_at))


def is_anything_of_others(session: Session, subscribers: Collection[str]) -> bool:
    """Whether something waits for a system that is none of these."""
    others = exists().where(Delivery.subscriber.not_in(subscribers))
    return bool(session.scalar(select(others)))


def delete_of_others(session: Session, subscribers: Collection[str], limit: int) -> int:
    """Delete at most `limit` deliveries to systems that are none of these; how many it were."""
    some = select(Delivery.id).where(Delivery.subscriber.not_in(subscribers)).limit(limit)
    ids = session.scalars(some.with_for_update(skip_locked=True)).all()
    delete_deliveries(session, ids)
    return len(ids)


def count_waiting_for(session: Session, subscriber: str) -> int:
    """How many events wait for this system, whenever their next try is."""
    query = select(func.count()).where(Delivery.subscriber == subscriber)
    return session.scalar(query) or 0


def count_waiting(session: Session, until: datetime | None = None) -> tuple[int, datetime | None]:
    """How many events wait, and since when the oldest does; of those made at `until` or before."""
    query = select(func.count(), func.min(Delivery.at))
    if until is not None:
        query = query.where(Delivery.at <= until)
    count, oldest = session.execute(query).one()
    return count, oldest
