"""The purge: which records are due, taking them, deleting them whole, and what stays of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    Executable,
    Insert,
    Integer,
    Select,
    Uuid,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session, aliased

from service.domain.retention import Rule
from service.storage.applications import is_consented, is_open_kind
from service.storage.requests import forgetting_requests_of
from service.storage.tables import Application, Procedure, PurgeReceipt, PurgeRun
from service.storage.types import word

_SCRUBBED_AT_ONCE = 1_000
_LAST_COMPLETED_ON = select(func.max(PurgeRun.completed_on))


@dataclass(frozen=True)
class DueCounts:
    due: int
    held: int
    oldest: date | None


def take_due(session: Session, today: date, limit: int, run_id: UUID) -> int:
    """Lock at most `limit` due applications that nobody else holds, and write their receipts.

    Only how many they are is answered: few want their ids, and to read a thousand takes longer
    than to count.
    """
    asked = {"today": today, "most": limit, "run": run_id}
    counted = {"preserve_rowcount": True}
    return session.connection().execute(_taking(), asked, execution_options=counted).rowcount


@cache
def _taking() -> Insert:
    """The statement for it, made once: to make it takes a tenth as long as to run it.

    An open application takes its procedure along, so that one must be free as well.
    """
    own = aliased(Procedure)
    own_is_free = select(own.id).where(own.id == Application.procedure_id)
    own_is_free = own_is_free.with_for_update(skip_locked=True)
    today, run = bindparam("today", type_=Date()), bindparam("run", type_=Uuid())
    due = (
        select(Application.id, run, today, _rule())
        .join(Procedure, Procedure.id == Application.procedure_id)
        .where(is_due(today), or_(not_(is_open_kind()), own_is_free.scalar_subquery().is_not(None)))
        .order_by(Application.purge_on)  # as its index lies: by id as well, all due were sorted
        .limit(bindparam("most", type_=Integer()))
        .with_for_update(of=Application, skip_locked=True)
    )
    columns = ["application_id", "run_id", "purged_on", "rule"]
    return insert(PurgeReceipt).from_select(columns, due)


def delete_taken(session: Session, run_id: UUID) -> None:
    """Delete whole the applications that this run took: its receipts name them, not a list.

    It goes past the session, in which nothing of them may be pending.
    """
    for statement in _deletions_of_run():
        session.connection().execute(statement, {"run": run_id})


@cache
def _deletions_of_run() -> Sequence[Executable]:
    """The statements for it, made once."""
    is_of_run = PurgeReceipt.run_id == bindparam("run", type_=Uuid())
    return _deletions(select(PurgeReceipt.application_id).where(is_of_run))


def lock_those_there(session: Session, application_ids: Collection[UUID]) -> Sequence[UUID]:
    """Those of the ids that are an application's, each locked, behind its procedure."""
    asked = Application.id.in_(application_ids)
    of_them = Procedure.id.in_(select(Application.procedure_id).where(asked))
    session.execute(select(Procedure.id).where(of_them).order_by(Procedure.id).with_for_update())
    query = select(Application.id).where(asked).order_by(Application.id)
    return session.scalars(query.with_for_update()).all()


def erase(session: Session, application_id: UUID, erased_on: date) -> None:
    """Delete one application whole, outside of any run, and write its receipt.

    It goes past the session, in which nothing of the application may be pending.
    """
    receipt = {"application_id": application_id, "purged_on": erased_on, "rule": Rule.ERASURE}
    session.execute(insert(PurgeReceipt), receipt)
    for statement in _deletions([application_id]):
        session.connection().execute(statement)


def _deletions(ids: Select[UUID] | Collection[UUID]) -> Sequence[Executable]:
    """What deletes applications by the cascades of their rows, the open ones by their procedures'.

    Requests that were made about them outlive them as dates, kind and outcome.
    """
    own = select(Application.procedure_id).join(Procedure).where(Application.id.in_(ids))
    return (
        forgetting_requests_of(ids),
        delete(Procedure).where(Procedure.id.in_(own.where(is_open_kind()))),
        delete(Application).where(Application.id.in_(ids)),
    )


def count_due(session: Session, today: date) -> DueCounts:
    """How many records are due, how many of them a hold keeps, and the oldest unkept date.

    All in one pass over everything that is due.
    """
    due, oldest, held = session.execute(
        select(
            func.count().filter(is_due(today)),
            func.min(Application.purge_on).filter(is_due(today)),
            func.count().filter(Application.hold_until > today),
        ).where(Application.purge_on <= today)
    ).one()
    return DueCounts(due, held, oldest)


def count_due_to(session: Session, today: date, at_most: int) -> int:
    """How many records are due, counted to `at_most`: as its index lies, however many there are."""
    some = select(Application.purge_on).where(is_due(today)).order_by(Application.purge_on)
    return session.scalar(select(func.count()).select_from(some.limit(at_most).subquery())) or 0


def count_held(session: Session, today: date) -> int:
    """How many records would be due but for a hold: found among those that have one, a few."""
    held = select(func.count()).where(Application.purge_on <= today, Application.hold_until > today)
    return session.scalar(held) or 0


def count_due_before(session: Session, today: date, before: date, at_most: int) -> int:
    """How many due records, counted to `at_most`, should have been gone on the day `before`.

    A hold that ended since then makes a record due from the hold's end, not from its date.
    """
    stale = (
        select(Application.id)
        .where(is_due(today), Application.purge_on < before)
        .where(or_(Application.hold_until.is_(None), Application.hold_until < before))
        .order_by(Application.purge_on)  # else all that earlier runs deleted were passed over
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


def was_completed_after(today: date | ColumnElement[date]) -> ColumnElement[bool]:
    """Whether a run was completed on a later day than `today`: by rule 5 it is that day then."""
    return exists().where(PurgeRun.completed_on > today)


def last_completed_on(session: Session) -> date | None:
    """The date of the last run that left nothing due."""
    return session.scalar(_LAST_COMPLETED_ON)


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


def is_due(today: date | ColumnElement[date]) -> ColumnElement[bool]:
    """The predicate of every purge, planned or run: two columns of the row that it locks."""
    return and_(
        Application.purge_on <= today,
        or_(Application.hold_until.is_(None), Application.hold_until <= today),
    )


def _rule() -> ColumnElement[Rule]:
    """Which rule a due application is deleted by."""
    month, year = (literal(rule, word(Rule)) for rule in (Rule.ONE_MONTH, Rule.ONE_YEAR))
    return case((is_consented(), year), else_=month)
