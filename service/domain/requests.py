"""Requests under the law: by when they are answered, and what may be done about each.

GDPR art. 12(3): one month from receipt, prolonged once by at most two with a reason given inside
the first. A day that does not exist becomes the last day of its month.
"""

from datetime import date, timedelta

from service.domain.calendar import add_months
from service.domain.words import Outcome, RefusalReason, RequestKind

ANSWER_MONTHS = 1
LONGEST_PROLONGATION_MONTHS = 2
OLDEST_RECEIPT_MONTHS = 12
MOST_OF_ONE_RECORD = 200
AUTHORITY = "Autoriteit Persoonsgegevens, https://autoriteitpersoonsgegevens.nl"

# While these are open the record is held: there must be something left to answer with.
HOLDING = frozenset({RequestKind.ACCESS, RequestKind.PORTABILITY})
# While these last the team does not read.
RESTRICTING = frozenset({RequestKind.RESTRICTION, RequestKind.OBJECTION})
# Nobody needs to prove who he is to complain, nor to take consent back as he gave it.
UNCHECKED = frozenset({RequestKind.COMPLAINT, RequestKind.CONSENT_WITHDRAWAL})


def due_on(received_on: date, prolonged_months: int = 0) -> date:
    """The last day on which an answer is in time; always computed from the receipt."""
    return add_months(received_on, ANSWER_MONTHS + prolonged_months)


def kept_until(due_on: date) -> date:
    """Rule 8: an open request holds its record through the last day for its answer."""
    return due_on + timedelta(days=1)


def may_prolong(received_on: date, prolonged_months: int, today: date) -> bool:
    """Whether the answer may still be put off: once, and inside the first month."""
    return not prolonged_months and today <= due_on(received_on)


def is_restricting(
    kind: RequestKind, outcome: Outcome | None, *, is_checked: bool, is_lifted: bool
) -> bool:
    """Whether the team may not read because of it: once the asker is known to be the person.

    An objection does so while it is judged, and after it unless it was refused.
    """
    if is_lifted or not is_checked or outcome in (Outcome.REFUSED, Outcome.WITHDRAWN):
        return False
    return kind in RESTRICTING


def is_ground(reason: RefusalReason, kind: RequestKind, *, is_kept: bool, is_held: bool) -> bool:
    """Whether the reason can be true of such a request, as far as the service can know.

    `is_kept`: its record is there; `is_held`: a legal hold lasts on it.
    """
    match reason:
        case RefusalReason.NOTHING_KEPT:
            return not is_kept
        case RefusalReason.LEGAL_HOLD:
            return is_held and kind is RequestKind.ERASURE
        case RefusalReason.COMPELLING_GROUNDS:
            return kind is RequestKind.OBJECTION
    return True


def is_allowed_receipt(received_on: date, today: date) -> bool:
    """A request came in today or earlier; one found after more than a year is a complaint."""
    return add_months(today, -OLDEST_RECEIPT_MONTHS) <= received_on <= today
