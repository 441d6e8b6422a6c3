"""Who received what of an application, and who must be told of a change."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session

from service.domain.words import DisclosureReason
from service.storage.purges import is_due
from service.storage.slices import Slice
from service.storage.tables import Application, Disclosure, Notice


def list_recipients(session: Session, application_id: UUID) -> dict[str, frozenset[str]]:
    """The names of all who received anything of the application, each with the fields."""
    received: dict[str, frozenset[str]] = {}
    for row in list_disclosures_of(session, application_id):
        received[row.recipient] = received.get(row.recipient, frozenset()).union(row.fields)
    return received


def is_handed_over(session: Session, application_id: UUID) -> bool:
    """Whether a hired applicant's fields went to personnel before."""
    handed = exists().where(
        Disclosure.application_id == application_id, Disclosure.reason == DisclosureReason.HIRED
    )
    return bool(session.scalar(select(handed)))


def list_disclosures(
    session: Session, application_id: UUID | None, today: date, part: Slice
) -> Sequence[Disclosure]:
    """A page of disclosures, oldest first: of one application, or of all that are not due."""
    query = select(Disclosure).join(Application, Application.id == Disclosure.application_id)
    query = query.where(~is_due(today))
    if application_id is not None:
        query = query.where(Disclosure.application_id == application_id)
    return session.scalars(part.of(query, Disclosure.id)).all()


def list_disclosures_of(session: Session, application_id: UUID) -> Sequence[Disclosure]:
    """All disclosures of one application, oldest first."""
    query = select(Disclosure).where(Disclosure.application_id == application_id)
    return session.scalars(query.order_by(Disclosure.id)).all()


def list_notices(session: Session, *, is_open: bool | None, part: Slice) -> Sequence[Notice]:
    """A page of notices, oldest first: all, or those that are confirmed or not."""
    query = select(Notice)
    if is_open is not None:
        unconfirmed = Notice.confirmed_at.is_(None)
        query = query.where(unconfirmed if is_open else ~unconfirmed)
    return session.scalars(part.of(query, Notice.id)).all()


def lock_notice(session: Session, notice_id: UUID) -> Notice | None:
    return session.get(Notice, notice_id, with_for_update=True, populate_existing=True)


def delete_notices_before(session: Session, moment: datetime, limit: int) -> None:
    """Delete at most `limit` notices confirmed before `moment`; what is locked is left."""
    old = select(Notice.id).where(Notice.confirmed_at < moment).limit(limit)
    free = old.with_for_update(skip_locked=True).scalar_subquery()
    session.execute(delete(Notice).where(Notice.id.in_(free)))


def count_unconfirmed(session: Session, until: date) -> tuple[int, date | None]:
    """How many notices made on `until` or earlier nobody confirmed, and when the oldest was."""
    query = select(func.count(), func.min(Notice.made_on)).where(
        Notice.confirmed_at.is_(None), Notice.made_on <= until
    )
    count, oldest = session.execute(query).one()
    return count, oldest
