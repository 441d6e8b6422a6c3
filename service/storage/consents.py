"""The ledger of consent, and the wordings that were shown."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.domain.words import ConsentChange
from service.storage.applications import is_consented
from service.storage.slices import Slice
from service.storage.tables import Application, ConsentEvent, ConsentWording


class Ending(NamedTuple):
    """A record whose consent ends, and the day on which it does."""

    id: UUID
    purge_on: date


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


def list_ending(session: Session, after: date, until: date, part: Slice) -> Sequence[Ending]:
    """Records that go by their consent after `after` and not after `until`; none restricted.

    With consent standing, the day of deletion is the end of the consent: whatever moves the one
    moves the other, in one transaction.
    """
    query = select(Application.id, Application.purge_on).where(
        Application.purge_on > after,
        Application.purge_on <= until,
        Application.restricted_at.is_(None),
        is_consented(),
    )
    return [Ending(*row) for row in session.execute(part.of(query, Application.id))]
