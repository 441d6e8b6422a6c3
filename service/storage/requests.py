"""Requests under the law: the queue, those of one record, and what is forgotten with it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Select, Update, delete, func, select, tuple_, update
from sqlalchemy.orm import Session

from service.domain.words import RequestKind
from service.storage.slices import Slice
from service.storage.tables import PrivacyRequest


@dataclass(frozen=True)
class RequestFilter:
    """Which requests are asked for; None asks for all."""

    is_open: bool | None = None
    application_id: UUID | None = None
    kind: RequestKind | None = None


def find_request(session: Session, request_id: UUID) -> PrivacyRequest | None:
    return session.get(PrivacyRequest, request_id)


def get_request(session: Session, request_id: UUID) -> PrivacyRequest:
    """The request, which this transaction made."""
    return session.get_one(PrivacyRequest, request_id)


def lock_request(session: Session, request_id: UUID) -> PrivacyRequest | None:
    """The request as it is now, locked; after its record, for that is everybody's order."""
    return session.get(PrivacyRequest, request_id, with_for_update=True, populate_existing=True)


def list_requests(session: Session, wanted: RequestFilter, part: Slice) -> Sequence[PrivacyRequest]:
    """A page of requests, the first due first."""
    query = select(PrivacyRequest)
    if wanted.is_open is not None:
        is_open = PrivacyRequest.outcome.is_(None)
        query = query.where(is_open if wanted.is_open else ~is_open)
    if wanted.application_id is not None:
        query = query.where(PrivacyRequest.application_id == wanted.application_id)
    if wanted.kind is not None:
        query = query.where(PrivacyRequest.kind == wanted.kind)
    if part.after is not None:
        place = tuple_(PrivacyRequest.due_on, PrivacyRequest.id)
        query = query.where(place > tuple_(part.day, part.after))
    query = query.order_by(PrivacyRequest.due_on, PrivacyRequest.id)
    return session.scalars(query.limit(part.limit + 1)).all()


def list_requests_of(session: Session, application_id: UUID) -> Sequence[PrivacyRequest]:
    """All requests about one application, oldest first."""
    query = select(PrivacyRequest).where(PrivacyRequest.application_id == application_id)
    return session.scalars(query.order_by(PrivacyRequest.id)).all()


def count_filed(session: Session, application_id: UUID, recorded_by: str) -> int:
    """How many requests about one application were filed by one subject."""
    query = select(func.count()).where(
        PrivacyRequest.application_id == application_id, PrivacyRequest.recorded_by == recorded_by
    )
    return session.scalar(query) or 0


def list_due(session: Session, until: date, limit: int) -> Sequence[PrivacyRequest]:
    """Open requests that are due on `until` or earlier, the first due first."""
    query = select(PrivacyRequest).where(
        PrivacyRequest.outcome.is_(None), PrivacyRequest.due_on <= until
    )
    return session.scalars(
        query.order_by(PrivacyRequest.due_on, PrivacyRequest.id).limit(limit)
    ).all()


def count_open(session: Session, due_before: date | None = None) -> int:
    """How many requests are open; of those, if a day is given, due before it."""
    query = select(func.count()).where(PrivacyRequest.outcome.is_(None))
    if due_before is not None:
        query = query.where(PrivacyRequest.due_on < due_before)
    return session.scalar(query) or 0


def forgetting_requests_of(ids: Select[UUID] | Collection[UUID]) -> Update:
    """What leaves of these applications' requests only dates, kind and outcome."""
    return (
        update(PrivacyRequest)
        .where(PrivacyRequest.application_id.in_(ids))
        .values(
            application_id=None,
            is_holding=None,
            channel=None,
            recorded_by=None,
            identity_check=None,
            identity_checked_at=None,
            identity_checked_by=None,
            closed_by=None,
            sealed_text=None,
        )
    )


def delete_closed_before(session: Session, moment: datetime, limit: int) -> None:
    """Delete at most `limit` requests closed before `moment`, but for what another run deletes."""
    old = select(PrivacyRequest.id).where(PrivacyRequest.closed_at < moment).limit(limit)
    free = old.with_for_update(skip_locked=True).scalar_subquery()
    session.execute(delete(PrivacyRequest).where(PrivacyRequest.id.in_(free)))
