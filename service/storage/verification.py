"""Applications beside the events that their stored dates come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from service.storage.applications import is_consented
from service.storage.holds import is_holding_request
from service.storage.tables import Application, Hold, PrivacyRequest, Procedure


@dataclass(frozen=True)
class Recomputable:
    application_id: UUID
    purge_on: date
    hold_until: date | None
    ends_on: date
    withdrawn_on: date | None
    consented: bool
    latest_hold: date | None
    last_answer_due: date | None


def list_with_events(session: Session, after: UUID | None, limit: int) -> Sequence[Recomputable]:
    """The next `limit` applications with what their dates are computed from."""
    latest_hold = (
        select(func.max(Hold.until))
        .where(
            or_(
                Hold.application_id == Application.id, Hold.procedure_id == Application.procedure_id
            )
        )
        .scalar_subquery()
    )
    last_answer_due = (
        select(func.max(PrivacyRequest.due_on))
        .where(PrivacyRequest.application_id == Application.id, is_holding_request())
        .scalar_subquery()
    )
    query = select(
        Application.id,
        Application.purge_on,
        Application.hold_until,
        Procedure.ends_on,
        Application.withdrawn_on,
        is_consented(),
        latest_hold,
        last_answer_due,
    ).join(Procedure, Procedure.id == Application.procedure_id)
    if after is not None:
        query = query.where(Application.id > after)
    rows = session.execute(query.order_by(Application.id).limit(limit))
    return [Recomputable(*row[:5], bool(row[5]), row[6], row[7]) for row in rows]
