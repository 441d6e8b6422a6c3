"""When a record is deleted: pure functions of the end and of what the applicant agreed to.

The rules are numbered as in the mission. Each date is computed from the end itself, never
from an earlier result, so that no order of events can make it drift.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from service.domain.calendar import add_months

LONGEST_PROCEDURE_MONTHS = 12
OPEN_APPLICATION_MONTHS = 3
WITHOUT_CONSENT_MONTHS = 1
WITH_CONSENT_MONTHS = 12
LONGEST_HOLD_MONTHS = 6
AUDIT_KEPT_MONTHS = 24
ENDING_SOON = timedelta(days=14)


class Phase(StrEnum):
    """Where an application stands in its life; need to know hangs on it."""

    RUNNING = "running"
    AFTERCARE = "aftercare"
    TALENT_POOL = "talent_pool"
    OVER = "over"


class Rule(StrEnum):
    """Why a record is deleted on its day."""

    ONE_MONTH = "one-month-after-end"
    ONE_YEAR = "one-year-after-end-with-consent"
    ERASURE = "erased-on-request"


class EndedBy(StrEnum):
    """What ended the selection for this application."""

    PROCEDURE = "procedure"
    WITHDRAWAL = "withdrawal"


@dataclass(frozen=True)
class Retention:
    """What decides an application's life. `ends_on` is the first day the procedure is over."""

    ends_on: date
    withdrawn_on: date | None
    consented: bool
    hold_until: date | None = None

    @property
    def end(self) -> date:
        """Rule 4: the procedure's end, or the withdrawal if that came first."""
        return end_of(self.ends_on, self.withdrawn_on)

    @property
    def ended_by(self) -> EndedBy:
        return EndedBy.PROCEDURE if self.end == self.ends_on else EndedBy.WITHDRAWAL

    @property
    def rule(self) -> Rule:
        return Rule.ONE_YEAR if self.consented else Rule.ONE_MONTH

    @property
    def purge_on(self) -> date:
        return purge_on(self.end, consented=self.consented)


def end_of(ends_on: date, withdrawn_on: date | None) -> date:
    """Rule 4: the earlier of the procedure's end and the withdrawal."""
    return ends_on if withdrawn_on is None else min(ends_on, withdrawn_on)


def purge_on(end: date, *, consented: bool) -> date:
    """Rule 2: the day on which the record is deleted, unreadable from its first second."""
    return add_months(end, WITH_CONSENT_MONTHS if consented else WITHOUT_CONSENT_MONTHS)


def phase_of(end: date, purge_on: date, today: date) -> Phase:
    """The phase on `today`. The deletion date binds the reader before anything else."""
    if today >= purge_on:
        return Phase.OVER
    if today < end:
        return Phase.RUNNING
    if today < add_months(end, WITHOUT_CONSENT_MONTHS):
        return Phase.AFTERCARE
    return Phase.TALENT_POOL


def latest_end_with_aftercare_over(today: date) -> date:
    """The last end whose aftercare is over on `today`: `add_months(end, 1) <= today`."""
    end = add_months(today, -WITHOUT_CONSENT_MONTHS)
    while add_months(end + timedelta(days=1), WITHOUT_CONSENT_MONTHS) <= today:
        end += timedelta(days=1)
    return end


def later(one: date | None, other: date | None) -> date | None:
    """The later of two days, of which either may be missing."""
    return max((day for day in (one, other) if day is not None), default=None)


def is_held(hold_until: date | None, today: date) -> bool:
    """Rule 8: a hold lasts while today is before its end."""
    return hold_until is not None and today < hold_until


def is_due(purge_on: date, hold_until: date | None, today: date) -> bool:
    """Rule 3 and 8: due from the first second of `purge_on`, unless held."""
    return purge_on <= today and not is_held(hold_until, today)


def latest_end(opened_on: date) -> date:
    """Rule 1: no procedure ends later than twelve months after it was opened."""
    return add_months(opened_on, LONGEST_PROCEDURE_MONTHS)


def is_allowed_end(ends_on: date, opened_on: date, today: date) -> bool:
    """Rule 1: an end that is still to come and not beyond the longest term."""
    return today < ends_on <= latest_end(opened_on)


def may_reopen(ends_on: date, today: date) -> bool:
    """Rule 1: an ended procedure may be reopened before the first of its records is due."""
    return ends_on <= today < purge_on(ends_on, consented=False)


def is_allowed_hold(until: date, today: date) -> bool:
    """Rule 8: a hold ends within six months; it is renewed, not endless."""
    return today < until <= add_months(today, LONGEST_HOLD_MONTHS)


def is_intake_open(ends_on: date, apply_until: date | None, today: date) -> bool:
    """Rule 1: intake runs with the procedure, and through `apply_until` where there is one."""
    return today < ends_on and (apply_until is None or today <= apply_until)


def today_of(clock_date: date, last_completed_run: date | None) -> date:
    """Rule 5: today never runs back behind a completed purge run."""
    return clock_date if last_completed_run is None else max(clock_date, last_completed_run)
