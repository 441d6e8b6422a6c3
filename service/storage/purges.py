"""The purge: which records are due, taking them, deleting them whole, and what stays of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, func, insert, not_, or_, select, update
from sqlalchemy.orm import Session

from service.domain.retention import Rule
from service.storage.applications import is_consented, is_open_kind
from service.storage.requests import forget_requests_of
from service.storage.tables import Application, Procedure, PurgeReceipt, PurgeRun

_SCRUBBED_AT_ONCE = 1_000


@dataclass(frozen=True)
class DueRecord:
    """A locked application that is to be deleted, and the rule that says so."""

    application_id: UUID
    rule: Rule
    open_procedure_id: UUID | None


@dataclass(frozen=True)
class DueCounts:
    due: int
    held: int
    oldest: date | None


def take_due(session: Session, today: date, limit: int) -> Sequence[DueRecord]:
    """Lock at most `limit` due applications that nobody else holds; what is locked is passed.

    An open application takes its procedure along, so that one must be free as well.
    """
    rows = session.execute(
        select(Application.id, is_consented(), is_open_kind(), Application.procedure_id)
        .join(Procedure, Procedure.id == Application.procedure_id)
        .where(is_due(today))
        .order_by(Application.purge_on, Application.id)
        .limit(limit)
        .with_for_update(of=Application, skip_locked=True)
    ).all()
    free = set(
        session.scalars(
            select(Procedure.id)
            .where(Procedure.id.in_([row[3] for row in rows if row[2]]))
            .with_for_update(skip_locked=True)
        )
    )
    return [
        DueRecord(row[0], Rule.ONE_YEAR if row[1] else Rule.ONE_MONTH, row[3] if row[2] else None)
        for row in rows
        if not row[2] or row[3] in free
    ]


def delete_records(
    session: Session, records: Collection[DueRecord], purged_on: date, run_id: UUID | None
) -> None:
    """Delete the applications whole, by the cascades of their rows, and write their receipts.

    Requests that were made about them outlive them as dates, kind and outcome.
    """
    if not records:
        return
    ids = [record.application_id for record in records]
    forget_requests_of(session, ids)
    session.execute(delete(Application).where(Application.id.in_(ids)))
    procedures = [r.open_procedure_id for r in records if r.open_procedure_id is not None]
    if procedures:
        session.execute(delete(Procedure).where(Procedure.id.in_(procedures)))
    receipts = [
        {
            "application_id": record.application_id,
            "run_id": run_id,
            "purged_on": purged_on,
            "rule": record.rule,
        }
        for record in records
    ]
    session.execute(insert(PurgeReceipt), receipts)


def count_due(session: Session, today: date) -> DueCounts:
    """How many records are due, how many of them a hold keeps, and the oldest unkept date."""
    due, oldest = session.execute(
        select(func.count(), func.min(Application.purge_on)).where(is_due(today))
    ).one()
    held = select(func.count()).where(Application.purge_on <= today, Application.hold_until > today)
    return DueCounts(due, session.scalar(held) or 0, oldest)


def count_due_before(session: Session, today: date, before: date, at_most: int) -> int:
    """How many due records, counted to `at_most`, should have been gone on the day `before`.

    A hold that ended since then makes a record due from the hold's end, not from its date.
    """
    stale = (
        select(Application.id)
        .where(is_due(today), Application.purge_on < before)
        .where(or_(Application.hold_until.is_(None), Application.hold_until < before))
        .limit(at_most)
    )
    return session.scalar(select(func.count()).select_from(stale.subquery())) or 0


def list_due(session: Session, today: date, limit: int) -> Sequence[UUID]:
    """The ids of due records, the longest due first."""
    query = select(Application.id).where(is_due(today))
    return session.scalars(query.order_by(Application.purge_on, Application.id).limit(limit)).all()


def list_purged(session: Session, run_id: UUID) -> Sequence[UUID]:
    """The ids of the records that a run deleted."""
    query = select(PurgeReceipt.application_id).where(PurgeReceipt.run_id == run_id)
    return session.scalars(query.order_by(PurgeReceipt.application_id)).all()


def find_run(session: Session, run_id: UUID) -> PurgeRun | None:
    return session.get(PurgeRun, run_id)


def lock_run(session: Session, run_id: UUID) -> PurgeRun | None:
    return session.get(PurgeRun, run_id, with_for_update=True, populate_existing=True)


def last_completed_on(session: Session) -> date | None:
    """The date of the last run that left nothing due."""
    return session.scalar(select(func.max(PurgeRun.completed_on)))


def find_last_completed(session: Session) -> PurgeRun | None:
    query = select(PurgeRun).where(PurgeRun.completed_on.is_not(None))
    return session.scalars(query.order_by(PurgeRun.completed_on.desc(), PurgeRun.id.desc())).first()


def find_confirmed_plan(session: Session, today: date) -> PurgeRun | None:
    """A plan that the officer confirmed and no run has outdated; none of a clock that ran ahead."""
    return session.scalars(
        select(PurgeRun)
        .where(
            PurgeRun.planned,
            PurgeRun.confirmed_at.is_not(None),
            PurgeRun.outdated.is_(False),
            PurgeRun.today <= today,
        )
        .order_by(PurgeRun.today.desc(), PurgeRun.id.desc())
        .limit(1)
    ).first()


def outdate_plans(session: Session) -> None:
    """Nothing is due any more: what was planned before this is no plan now."""
    plans = PurgeRun.planned & PurgeRun.outdated.is_(False)
    session.execute(update(PurgeRun).where(plans).values(outdated=True))


def needs_scrubbing(session: Session, today: date) -> bool:
    """Whether a run deleted records since the files were scrubbed, or none was scrubbed today."""
    unscrubbed = exists().where(PurgeRun.purged > 0, PurgeRun.scrubbed_at.is_(None))
    scrubbed_today = exists().where(
        PurgeRun.completed_on == today, PurgeRun.scrubbed_at.is_not(None)
    )
    return bool(session.scalar(select(or_(unscrubbed, not_(scrubbed_today)))))


def count_completed(session: Session, today: date) -> int:
    query = select(func.count()).select_from(PurgeRun).where(PurgeRun.completed_on == today)
    return session.scalar(query) or 0


def list_unscrubbed(session: Session) -> Sequence[UUID]:
    """Some runs whose deletions may still lie in the database's files, the oldest first."""
    query = select(PurgeRun.id).where(PurgeRun.scrubbed_at.is_(None)).order_by(PurgeRun.id)
    return session.scalars(query.limit(_SCRUBBED_AT_ONCE)).all()


def mark_unscrubbed(session: Session, today: date) -> None:
    """Something was erased since: the next run of today scrubs once more."""
    session.execute(update(PurgeRun).where(PurgeRun.completed_on == today).values(scrubbed_at=None))


def mark_scrubbed(session: Session, run_ids: Collection[UUID], now: datetime) -> None:
    session.execute(update(PurgeRun).where(PurgeRun.id.in_(run_ids)).values(scrubbed_at=now))


def count_erased(session: Session, day: date) -> int:
    """How many records were erased on that day, outside of any run."""
    erased = PurgeReceipt.run_id.is_(None), PurgeReceipt.purged_on == day
    return session.scalar(select(func.count()).where(*erased)) or 0


def is_due(today: date) -> ColumnElement[bool]:
    """The predicate of every purge, planned or run: two columns of the row that it locks."""
    return and_(
        Application.purge_on <= today,
        or_(Application.hold_until.is_(None), Application.hold_until <= today),
    )
