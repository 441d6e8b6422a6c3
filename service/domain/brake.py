"""The purge brake: a clock jump or a bad import must not empty the database."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

LONGEST_SILENCE = timedelta(days=10)
MOST_STALE_RECORDS = 25
LARGEST_SKEW = timedelta(minutes=5)


class BrakeReason(StrEnum):
    """Why a purge run was refused."""

    LONG_SILENCE = "last-completed-run-over-10-days-ago"
    STALE_RECORDS = "over-25-records-were-due-before-the-last-run"
    CLOCK_SKEW = "application-and-database-clocks-differ"


@dataclass(frozen=True)
class Situation:
    """What the brake looks at.

    `last_completed_on` is the date of the last run that left nothing due; `stale` counts due
    records whose date lies before it; `skew` is the application's clock less the database's.
    """

    today: date
    last_completed_on: date | None
    stale: int
    skew: timedelta


def brake_reasons(situation: Situation) -> tuple[BrakeReason, ...]:
    """Why this run must wait for the privacy officer; empty when it may go.

    The first run ever knows no earlier one to compare with; only clocks that differ stop it.
    """
    reasons = []
    last = situation.last_completed_on
    if last is not None and situation.today - last > LONGEST_SILENCE:
        reasons.append(BrakeReason.LONG_SILENCE)
    if last is not None and situation.stale > MOST_STALE_RECORDS:
        reasons.append(BrakeReason.STALE_RECORDS)
    if abs(situation.skew) > LARGEST_SKEW:
        reasons.append(BrakeReason.CLOCK_SKEW)
    return tuple(reasons)
