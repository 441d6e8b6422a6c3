"""The purge: plans, the brake, bounded runs with receipts, and the clean-up behind them."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from time import perf_counter
from uuid import UUID

from service.domain.brake import MOST_STALE_RECORDS, BrakeReason, Situation, brake_reasons
from service.domain.calendar import add_months
from service.domain.errors import Conflict, NotFound
from service.domain.policy import Action, Role
from service.domain.retention import AUDIT_KEPT_MONTHS
from service.domain.words import Event
from service.storage import answers, audit, disclosures, purges, requests, tally, tokens
from service.storage.tables import PurgeRun
from service.telemetry.signals import Alarm
from service.usecases.case import Case
from service.usecases.duties import raise_duties
from service.usecases.frame import usecase
from service.usecases.telling import tell_systems
from service.usecases.views import view_of

MOST_PER_RUN = 1_000
MOST_COUNTED = 10 * MOST_PER_RUN  # by a run: passing over all it leaves, n cost the square of n
_PAPERS_DELETED_PER_RUN = 50_000  # of each kind


@dataclass(frozen=True)
class PurgeView:
    """A run or a plan in numbers. `remaining` records are due and still there.

    A plan counts them all. A run counts to 10,000: that many remain, or more. 0 is always exact.
    """

    id: UUID
    planned: bool
    at: datetime
    today: date
    purged: int
    remaining: int
    passed_over: int
    completed: bool
    scrubbed: bool
    brake: list[str]
    confirmed_at: datetime | None
    plan_id: UUID | None


@dataclass(frozen=True)
class PurgeDetails:
    """A run or a plan and the ids it concerns: null for the purger, who sees counts only."""

    run: PurgeView
    application_ids: list[UUID] | None
    more_ids: int


@usecase(Action.PURGE)
def plan_purge(case: Case) -> PurgeView:
    """What a run would delete now, by the same predicate, without deleting."""
    return _view(_plan(case, _brake(case)))


@usecase(Action.PURGE)
def run_purge(case: Case, limit: int = MOST_PER_RUN) -> PurgeView:
    """Delete at most `limit` due records, whole and for good.

    If the brake holds it, the answer is a plan that names why and was not carried out.
    """
    reasons = _brake(case)
    plan = purges.find_confirmed_plan(case.session, case.today) if reasons else None
    if reasons and plan is None:
        row = _plan(case, reasons)
        case.alarm(Alarm.PURGE_BRAKED, plan=row.id, due=row.remaining, reasons=",".join(reasons))
        # No run completes while the brake holds; what is due in time must not go unsaid meanwhile.
        case.afterwards(partial(raise_duties, case.house, case.session))
        return _view(row)
    return _view(_run(case, limit, plan))


@usecase(Action.CONFIRM_PURGE)
def confirm_plan(case: Case, plan_id: UUID, limit: int = MOST_PER_RUN) -> PurgeView:
    """Release the brake for one plan, and begin with it; the job goes on from there."""
    plan = purges.lock_run(case.session, plan_id)
    if plan is None or not plan.planned:
        raise NotFound
    if plan.outdated or plan.today > case.today:
        raise Conflict("plan-outdated")
    if plan.confirmed_at is None:
        plan.confirmed_at, plan.confirmed_by = case.now, case.principal.subject
        case.session.flush()
    case.alarm(Alarm.PURGE_CONFIRMED, plan=plan_id, by=case.principal.subject)
    return _view(_run(case, limit, plan))


@usecase(Action.READ_PURGE_RUN, one_moment=True)
def read_purge_run(case: Case, run_id: UUID) -> PurgeDetails:
    """A run or a plan: counts for the purger, ids as well for the privacy officer."""
    row = purges.find_run(case.session, run_id)
    if row is None:
        raise NotFound
    if case.principal.role is not Role.OFFICER:
        return PurgeDetails(_view(row), None, 0)
    if row.planned:
        ids = list(purges.list_due(case.session, row.today, MOST_PER_RUN))
        due = purges.count_due(case.session, row.today).due
        return PurgeDetails(_view(row), ids, due - len(ids))
    return PurgeDetails(_view(row), list(purges.list_purged(case.session, run_id)), 0)


def _brake(case: Case) -> list[BrakeReason]:
    last = purges.last_completed_on(case.session)
    stale = 0
    if last is not None:
        most = MOST_STALE_RECORDS + 1
        stale = purges.count_due_before(case.session, case.today, last, most)
    skew = case.now - case.house.clock.database_now(case.session)
    return list(brake_reasons(Situation(case.today, last, stale, skew)))


def _plan(case: Case, reasons: list[BrakeReason]) -> PurgeRun:
    counts = purges.count_due(case.session, case.today)
    row = PurgeRun(
        id=case.new_id(),
        planned=True,
        at=case.now,
        today=case.today,
        purged=0,
        remaining=counts.due,
        passed_over=counts.held,
        seconds=0.0,
        braked=bool(reasons),
        brake=[str(reason) for reason in reasons],
    )
    case.session.add(row)
    case.entry.details = {"plan": str(row.id), "due": counts.due, "brake": row.brake}
    return row


def _run(case: Case, limit: int, plan: PurgeRun | None) -> PurgeRun:
    """One bounded deletion in this transaction: a killed run leaves no trace and no half record.

    Under a plan it goes no further than the plan's own day, whatever the clock says by now.
    """
    began = perf_counter()
    today = case.today if plan is None else plan.today
    run_id = case.new_id()
    taken = purges.take_due(case.session, today, limit, run_id)
    if case.house.subscribers:
        tell_systems(case, purges.list_purged(case.session, run_id), Event.PURGED)
    purges.delete_taken(case.session, run_id)
    remaining = purges.count_due_to(case.session, today, MOST_COUNTED)
    row = PurgeRun(
        id=run_id,
        planned=False,
        at=case.now,
        today=today,
        purged=taken,
        remaining=remaining,
        passed_over=purges.count_held(case.session, today),
        seconds=perf_counter() - began,
        brake=[],
        plan_id=None if plan is None else plan.id,
        completed_on=None if remaining else today,
    )
    case.session.add(row)
    if not remaining:
        purges.outdate_plans(case.session)
    # Behind a full run comes another, for the job calls until nothing remains.
    if plan is None and (taken < limit or not remaining):
        _delete_expired(case)
    case.entry.details = {"run": str(run_id), "purged": row.purged, "remaining": row.remaining}
    return row


def _delete_expired(case: Case) -> None:
    """What else has had its time: kept answers after a day, the papers of it after 24 months.

    Not under a plan: its day says nothing of what else the clock of now would let go.
    """
    answers.delete_expired_answers(case.session, case.now, _PAPERS_DELETED_PER_RUN)
    tokens.delete_expired_applicant_tokens(case.session, case.now, _PAPERS_DELETED_PER_RUN)
    oldest = add_months(case.today, -AUDIT_KEPT_MONTHS)
    moment = datetime(oldest.year, oldest.month, oldest.day, tzinfo=case.house.settings.timezone)
    audit.delete_audit_events_before(case.session, moment, _PAPERS_DELETED_PER_RUN)
    tally.delete_tallies_before(case.session, moment, _PAPERS_DELETED_PER_RUN)
    requests.delete_closed_before(case.session, moment, _PAPERS_DELETED_PER_RUN)
    disclosures.delete_notices_before(case.session, moment, _PAPERS_DELETED_PER_RUN)


def _view(row: PurgeRun) -> PurgeView:
    return view_of(
        PurgeView, row, completed=row.completed_on is not None, scrubbed=row.scrubbed_at is not None
    )
