"""The ledger of consent, and the wordings that were shown."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.domain.words import ConsentChange
from service.storage.tables import ConsentEvent, ConsentWording


def list_consent_events(session: Session, application_id: UUID) -> Sequence[ConsentEvent]:
    """The whole ledger of one application, oldest first."""
    query = select(ConsentEvent).where(ConsentEvent.application_id == application_id)
    return session.scalars(query.order_by(ConsentEvent.number)).all()


def is_consent_standing(events: Sequence[ConsentEvent]) -> bool:
    """Whether the last event gave consent. Silence is not consent."""
    return bool(events) and events[-1].change is ConsentChange.GIVEN


def find_wording(session: Session, version: str) -> ConsentWording | None:
    return session.get(ConsentWording, version)


def list_wordings(session: Session) -> Sequence[ConsentWording]:
    """All wordings; there are few, so there are no pages."""
    return session.scalars(select(ConsentWording).order_by(ConsentWording.added_at)).all()
