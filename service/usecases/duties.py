"""Duties: what must happen in time, and whether it does."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from service.domain.policy import Action
from service.domain.retention import ENDING_SOON
from service.storage import deliveries, disclosures, duties, holds, purges, requests
from service.storage.database import unavailable_when_failing
from service.telemetry.signals import Alarm
from service.usecases.case import Case, House
from service.usecases.frame import usecase

HOLD_WARNINGS = (timedelta(days=7), timedelta(days=30))
REQUEST_WARNINGS = (timedelta(days=3), timedelta(days=10))
NOTICE_EXPECTED_WITHIN = timedelta(days=14)
EVENT_EXPECTED_WITHIN = timedelta(days=1)
JOB_EXPECTED_WITHIN = timedelta(days=1)
MOST_LISTED = 1_000


class DutyKind(StrEnum):
    DELETION_OVERDUE = "deletion-overdue"
    JOB_STOPPED = "deletion-job-stopped"
    PROCEDURE_ENDING = "procedure-ending"
    HOLD_ENDING = "hold-ending"
    REQUEST_DUE = "request-due"
    NOTICE_UNCONFIRMED = "notice-unconfirmed"
    EVENT_UNDELIVERED = "event-undelivered"


@dataclass(frozen=True)
class Duty:
    """One thing to see to: by when, and about what. `within_days` is the warning it falls under."""

    kind: DutyKind
    by: date
    within_days: int
    count: int
    procedure_id: UUID | None = None
    hold_id: UUID | None = None
    request_id: UUID | None = None
    recruiters: tuple[str, ...] = ()


@dataclass(frozen=True)
class DutyNumbers:
    """The numbers that an operator's monitoring watches."""

    overdue: int
    oldest_overdue_days: int
    due_within_7_days: int
    held: int
    procedures_ending: int
    holds_ending: int
    requests_open: int
    requests_overdue: int
    notices_unconfirmed: int
    events_waiting: int
    oldest_event_seconds: float
    last_completed_run: float
    last_run_seconds: float
    plans_waiting: int


@usecase(Action.READ_DUTIES, one_moment=True)
def list_duties(case: Case) -> list[Duty]:
    """All open duties, the most pressing first; at most a thousand of each kind."""
    return open_duties(case.house, case.session)


def open_duties(house: House, session: Session) -> list[Duty]:
    today, now = house.today(session), house.clock.now()
    found = [
        *_deletions(session, today),
        *_job(session, today),
        *_procedures(session, today),
        *_holds(session, today),
        *_requests(session, today),
        *_notices(session, today),
        *_events(session, now.astimezone(house.settings.timezone)),
    ]
    return sorted(found, key=lambda duty: (duty.by, duty.kind))


def raise_duties(house: House, session: Session) -> None:
    """Raise an alarm event for each open duty.

    Called with the first completed run of a day, and with each that the brake held.
    """
    with unavailable_when_failing():
        found = open_duties(house, session)
        session.rollback()
    for duty in found:
        house.signals.alarm(
            Alarm.DUTY_OPEN,
            duty=duty.kind,
            by=duty.by,
            count=duty.count,
            procedure_id=duty.procedure_id,
            hold_id=duty.hold_id,
            request_id=duty.request_id,
            recruiters=",".join(duty.recruiters),
        )


def read_numbers(house: House, session: Session) -> DutyNumbers:
    """The numbers behind the metrics. No permission: they tell of nobody."""
    with unavailable_when_failing():
        today = house.today(session)
        due = purges.count_due(session, today)
        last = purges.find_last_completed(session)
        waiting, since = deliveries.count_waiting(session)
        numbers = DutyNumbers(
            overdue=due.due,
            oldest_overdue_days=0 if due.oldest is None else (today - due.oldest).days,
            due_within_7_days=purges.count_due(session, today + timedelta(days=7)).due - due.due,
            held=due.held,
            procedures_ending=len(_procedures(session, today)),
            holds_ending=len(_holds(session, today)),
            requests_open=requests.count_open(session),
            requests_overdue=requests.count_open(session, due_before=today),
            notices_unconfirmed=disclosures.count_unconfirmed(session, today)[0],
            events_waiting=waiting,
            oldest_event_seconds=_seconds_since(since, house.clock.now()),
            last_completed_run=0.0 if last is None else last.at.timestamp(),
            last_run_seconds=0.0 if last is None else last.seconds,
            plans_waiting=duties.count_plans_waiting(session),
        )
        session.rollback()
    return numbers


def _deletions(session: Session, today: date) -> list[Duty]:
    due = purges.count_due(session, today)
    if due.oldest is None:
        return []
    return [Duty(DutyKind.DELETION_OVERDUE, due.oldest, 0, due.due)]


def _job(session: Session, today: date) -> list[Duty]:
    """The job is late when its last completed run lies more than a day back."""
    last = purges.last_completed_on(session)
    if last is None or last + JOB_EXPECTED_WITHIN >= today:
        return []
    return [Duty(DutyKind.JOB_STOPPED, last + JOB_EXPECTED_WITHIN, 0, 1)]


def _procedures(session: Session, today: date) -> list[Duty]:
    rows = duties.list_procedures_ending(session, today, today + ENDING_SOON, MOST_LISTED)
    return [
        Duty(
            DutyKind.PROCEDURE_ENDING,
            row.ends_on,
            ENDING_SOON.days,
            1,
            procedure_id=row.procedure_id,
            recruiters=row.recruiters,
        )
        for row in rows
    ]


def _holds(session: Session, today: date) -> list[Duty]:
    rows = holds.list_holds_ending(session, today, today + max(HOLD_WARNINGS), MOST_LISTED)
    return [
        Duty(
            DutyKind.HOLD_ENDING,
            row.until,
            min(span for span in HOLD_WARNINGS if row.until <= today + span).days,
            1,
            hold_id=row.id,
        )
        for row in rows
    ]


def _requests(session: Session, today: date) -> list[Duty]:
    """What applicants asked for and must have soon, or should have had."""
    rows = requests.list_due(session, today + max(REQUEST_WARNINGS), MOST_LISTED)
    return [
        Duty(
            DutyKind.REQUEST_DUE,
            row.due_on,
            min(span for span in REQUEST_WARNINGS if row.due_on <= today + span).days,
            1,
            request_id=row.id,
        )
        for row in rows
    ]


def _notices(session: Session, today: date) -> list[Duty]:
    """Recipients who should have confirmed by now that they know."""
    count, oldest = disclosures.count_unconfirmed(session, today - NOTICE_EXPECTED_WITHIN)
    if oldest is None:
        return []
    return [Duty(DutyKind.NOTICE_UNCONFIRMED, oldest + NOTICE_EXPECTED_WITHIN, 0, count)]


def _events(session: Session, now: datetime) -> list[Duty]:
    """What subscribed systems should know by now. The zone of `now` says on which day that was."""
    count, oldest = deliveries.count_waiting(session, now - EVENT_EXPECTED_WITHIN)
    if oldest is None:
        return []
    by = (oldest + EVENT_EXPECTED_WITHIN).astimezone(now.tzinfo).date()
    return [Duty(DutyKind.EVENT_UNDELIVERED, by, 0, count)]


def _seconds_since(moment: datetime | None, now: datetime) -> float:
    return 0.0 if moment is None else (now - moment).total_seconds()
