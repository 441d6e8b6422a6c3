"""When something that could not be delivered is tried again, and when it is given up.

Waits: 1, 2, 4, … 256 minutes, then six hours each time: twenty attempts take about three days.
"""

from datetime import timedelta

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
MOST_ATTEMPTS = 20
_DOUBLINGS_TO_LONGEST = 9


def wait_after(attempts: int) -> timedelta:
    """How long to wait once so many attempts, one or more, have failed."""
    doublings = min(attempts - 1, _DOUBLINGS_TO_LONGEST)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def is_given_up(attempts: int) -> bool:
    """Whether so many failed attempts are enough."""
    return attempts >= MOST_ATTEMPTS
