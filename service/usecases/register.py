"""What the processing register (GDPR art. 30(1)) takes from this installation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from service.domain.policy import Action
from service.storage.register import Recipient, list_all_recipients
from service.usecases.case import Case
from service.usecases.frame import usecase

MOST_RECIPIENTS = 1_000


@dataclass(frozen=True)
class Register:
    """Who receives fields, and which systems are told of events, as it is on this day."""

    printed_on: date
    recipients: Sequence[Recipient]
    has_more_recipients: bool
    systems: Sequence[str]


@usecase(Action.PRINT_REGISTER)
def read_register(case: Case) -> Register:
    """The recipients and systems of this installation; all else follows from policy and settings.

    A recipient is listed while a record is kept of which it received something.
    """
    found = list_all_recipients(case.session, MOST_RECIPIENTS + 1)
    systems = sorted(subscriber.name for subscriber in case.house.subscribers)
    listed = found[:MOST_RECIPIENTS]
    return Register(case.today, listed, len(found) > len(listed), systems)
