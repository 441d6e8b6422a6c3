"""Holds, and until when they keep an application."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from service.storage.tables import Application, Hold


def find_hold(session: Session, hold_id: UUID) -> Hold | None:
    return session.get(Hold, hold_id)


def latest_hold(session: Session, application: Application) -> date | None:
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
    """The procedure's own latest hold, and that of each of its applications which has one."""
    session.flush()
    whole = session.scalar(select(func.max(Hold.until)).where(Hold.procedure_id == procedure_id))
    single = session.execute(
        select(Hold.application_id, func.max(Hold.until))
        .join(Application, Application.id == Hold.application_id)
        .where(Application.procedure_id == procedure_id)
        .group_by(Hold.application_id)
    )
    return whole, {row[0]: row[1] for row in single if row[0] is not None}


def list_holds_ending(session: Session, after: date, before: date, limit: int) -> Sequence[Hold]:
    """Holds whose end lies after `after` and not after `before`, the first to end first."""
    query = select(Hold).where(Hold.until > after, Hold.until <= before)
    return session.scalars(query.order_by(Hold.until, Hold.id).limit(limit)).all()
