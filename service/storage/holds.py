"""Holds, and until when they keep an application."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from service.domain.requests import kept_until
from service.domain.retention import later
from service.storage.tables import Application, Hold, PrivacyRequest


def find_hold(session: Session, hold_id: UUID) -> Hold | None:
    return session.get(Hold, hold_id)


def list_holds_on(session: Session, application: Application, today: date) -> Sequence[Hold]:
    """The holds that last today, on the application or its procedure, oldest first."""
    query = select(Hold).where(
        or_(Hold.application_id == application.id, Hold.procedure_id == application.procedure_id),
        Hold.until > today,
    )
    return session.scalars(query.order_by(Hold.id)).all()


def latest_hold(session: Session, application: Application) -> date | None:
    """Until when anything keeps the application: holds, lapsed ones too, and open requests."""
    return later(
        latest_legal_hold(session, application), open_request_hold(session, application.id)
    )


def open_request_hold(session: Session, application_id: UUID) -> date | None:
    """Until when open requests for access or portability keep the application."""
    session.flush()
    query = select(func.max(PrivacyRequest.due_on)).where(
        PrivacyRequest.application_id == application_id, is_holding_request()
    )
    last = session.scalar(query)
    return None if last is None else kept_until(last)


def latest_legal_hold(session: Session, application: Application) -> date | None:
    """The last day of all holds on the application or its procedure, lapsed ones included."""
    session.flush()
    return session.scalar(
        select(func.max(Hold.until)).where(
            or_(
                Hold.application_id == application.id, Hold.procedure_id == application.procedure_id
            )
        )
    )


def latest_holds_of(session: Session, procedure_id: UUID) -> tuple[date | None, dict[UUID, date]]:
    """The procedure's own latest hold, and what else keeps each of its applications."""
    session.flush()
    whole = session.scalar(select(func.max(Hold.until)).where(Hold.procedure_id == procedure_id))
    single = session.execute(
        select(Hold.application_id, func.max(Hold.until))
        .join(Application, Application.id == Hold.application_id)
        .where(Application.procedure_id == procedure_id)
        .group_by(Hold.application_id)
    )
    kept = {row[0]: row[1] for row in single if row[0] is not None}
    asked = session.execute(
        select(PrivacyRequest.application_id, func.max(PrivacyRequest.due_on))
        .join(Application, Application.id == PrivacyRequest.application_id)
        .where(Application.procedure_id == procedure_id, is_holding_request())
        .group_by(PrivacyRequest.application_id)
    )
    for application_id, last in asked:
        if application_id is not None:
            kept[application_id] = max(kept.get(application_id, date.min), kept_until(last))
    return whole, kept


def is_holding_request() -> ColumnElement[bool]:
    """Whether a request keeps its application until it is answered."""
    return and_(PrivacyRequest.outcome.is_(None), PrivacyRequest.is_holding.is_(True))


def list_holds_ending(session: Session, after: date, before: date, limit: int) -> Sequence[Hold]:
    """Holds whose end lies after `after` and not after `before`, the first to end first."""
    query = select(Hold).where(Hold.until > after, Hold.until <= before)
    return session.scalars(query.order_by(Hold.until, Hold.id).limit(limit)).all()
