"""The audit: one row a decision, and what was read by whom in the last hour."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Row, String, cast, delete, func, insert, select
from sqlalchemy.orm import Session

from service.domain.errors import Unavailable
from service.domain.policy import Action, Purpose, Role
from service.storage.slices import Slice
from service.storage.tables import AuditEvent, Columns

# As an object of the ORM it would cost twice as much.
_ENTRY = insert(AuditEvent).execution_options(preserve_rowcount=True)
_BUDGET_SPAN = timedelta(hours=1)
# When, in which role, by which action, which fields, why.
Reading = Row[datetime, Role, Action, list[str], Purpose | None]


@dataclass(frozen=True)
class AuditFilter:
    """Which events are asked for; None asks for all."""

    application_id: UUID | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class ShownTo:
    """Whose reading is asked for, from `since` on and before `until`; one of the two names him."""

    subject: str | None
    token_id: UUID | None
    since: datetime
    until: datetime


class Showing(NamedTuple):
    """One event in which something was shown."""

    id: UUID
    at: datetime
    application_ids: list[str]
    fields: list[str]
    details: dict[str, Any]


def write_entry(session: Session, entry: Columns) -> None:
    """Add an event, by its columns, to the transaction; the row is sent at once.

    Unavailable if the database takes it without a word and writes none.
    """
    if session.connection().execute(_ENTRY, entry).rowcount != 1:
        raise Unavailable


def count_applications_shown(session: Session, subject: str, now: datetime) -> int:
    """How many applications were shown to the subject in the last hour, repeats counted."""
    query = select(func.coalesce(func.sum(AuditEvent.shown), 0)).where(*_recent(subject, now))
    return session.scalar(query) or 0


def list_applications_shown(session: Session, subject: str, now: datetime) -> set[str]:
    """The ids of the applications shown to the subject in the last hour."""
    query = select(AuditEvent.application_ids).where(*_recent(subject, now))
    return {application_id for ids in session.scalars(query) for application_id in ids}


def list_audit_events(session: Session, wanted: AuditFilter, part: Slice) -> Sequence[AuditEvent]:
    """A page of audit events, oldest first."""
    query = select(AuditEvent)
    if wanted.application_id is not None:
        query = query.where(_names(wanted.application_id))
    if wanted.subject is not None:
        query = query.where(AuditEvent.subject == wanted.subject)
    if wanted.since is not None:
        query = query.where(AuditEvent.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(AuditEvent.at < wanted.until)
    return session.scalars(part.of(query, AuditEvent.id)).all()


def list_showings(session: Session, wanted: ShownTo, part: Slice) -> Sequence[Showing]:
    """A stretch of the events in which somebody was shown something, oldest first."""
    shown = (AuditEvent.application_ids, AuditEvent.fields, AuditEvent.details)
    query = select(AuditEvent.id, AuditEvent.at, *shown).where(*_shown_to(wanted))
    return [Showing(*row) for row in session.execute(part.of(query, AuditEvent.id))]


def count_showings_behind(
    session: Session, wanted: ShownTo, last: UUID | None
) -> tuple[int, datetime | None]:
    """How many of these events lie behind the event `last`, and when the first of them was."""
    query = select(func.count(), func.min(AuditEvent.at)).where(*_shown_to(wanted))
    if last is not None:
        query = query.where(AuditEvent.id > last)
    count, first = session.execute(query).one()
    return count, first


def list_readings(
    session: Session, application_id: UUID, since: datetime, limit: int
) -> tuple[Sequence[Reading], int]:
    """The last readings of one application, latest first, and how many more there were.

    No event before `since`, when the application came in, can be about it. Who read is told by
    role: the columns with his subject are not asked for.
    """
    shown = (
        AuditEvent.at >= since,
        AuditEvent.outcome == "allowed",
        AuditEvent.shown > 0,
        _names(application_id),
    )
    columns = (AuditEvent.at, AuditEvent.role, AuditEvent.action, AuditEvent.fields)
    query = select(*columns, AuditEvent.purpose).where(*shown)
    latest = query.order_by(AuditEvent.at.desc(), AuditEvent.id.desc()).limit(limit)
    rows = session.execute(latest).all()
    if len(rows) < limit:
        return rows, 0
    total = session.scalar(select(func.count()).select_from(AuditEvent).where(*shown)) or 0
    return rows, total - len(rows)


def delete_audit_events_before(session: Session, moment: datetime, limit: int) -> None:
    """Delete at most `limit` events older than `moment`, but for what another run is deleting."""
    old = select(AuditEvent.id).where(AuditEvent.at < moment).limit(limit)
    old = old.with_for_update(skip_locked=True)
    session.execute(delete(AuditEvent).where(AuditEvent.id.in_(old.scalar_subquery())))


def _shown_to(wanted: ShownTo) -> Iterator[ColumnElement[bool]]:
    yield from (AuditEvent.at >= wanted.since, AuditEvent.at < wanted.until, AuditEvent.shown > 0)
    if wanted.subject is not None:
        yield AuditEvent.subject == wanted.subject
    if wanted.token_id is not None:
        yield AuditEvent.token_id == wanted.token_id


def _names(application_id: UUID) -> ColumnElement[bool]:
    """Whether an event is about this application."""
    # Ids are hexadecimal digits and hyphens: nothing in one can be a pattern.
    return cast(AuditEvent.application_ids, String).contains(str(application_id))


def _recent(subject: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (AuditEvent.subject == subject, AuditEvent.at > now - _BUDGET_SPAN, AuditEvent.shown > 0)
