"""Erasing one record now: the purge's own path, unless something forbids it."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from service.domain.errors import Conflict
from service.domain.policy import Action, Purpose
from service.domain.retention import is_held
from service.domain.words import Event, Outcome, RequestKind
from service.storage import answers, holds, purges, requests
from service.storage.applications import Found
from service.usecases.case import Case
from service.usecases.frame import usecase
from service.usecases.repeats import ANSWERS_KEPT
from service.usecases.requests import close
from service.usecases.telling import tell

# What is asked of a record, and nobody can do once it is gone.
_MOOT = frozenset({RequestKind.CORRECTION, RequestKind.RESTRICTION, RequestKind.OBJECTION})


def legal_hold(case: Case, found: Found) -> date | None:
    """Until when the law keeps the record; None where no hold forbids its erasure."""
    until = holds.latest_legal_hold(case.session, found.application)
    return until if is_held(until, case.today) else None


def demand_erasable(case: Case, found: Found) -> None:
    """Conflict while a legal hold keeps the record, or something that its owner asked for."""
    if until := legal_hold(case, found):
        raise Conflict("held", until=until)
    if is_held(found.application.hold_until, case.today):
        raise Conflict("request-open", until=found.application.hold_until)


def erase(case: Case, application_id: UUID) -> None:
    """Delete the record, which is locked alone and may go, with all that hangs on it."""
    case.purpose = Purpose.ERASURE
    for asked in requests.list_requests_of(case.session, application_id):
        if asked.kind is RequestKind.ERASURE:
            close(case, asked, Outcome.ANSWERED)
        elif asked.kind in _MOOT:
            close(case, asked, Outcome.WITHDRAWN)
    tell(case, application_id, Event.ERASED)
    answers.empty_answer_that_made(case.session, application_id, ANSWERS_KEPT)
    case.session.flush()
    case.session.expunge_all()
    purges.erase(case.session, application_id, case.today)
    purges.mark_unscrubbed(case.session, case.today)
    case.afterwards(lambda: case.house.signals.erased(application_id))


@usecase(Action.ERASE_AGAIN)
def erase_again(case: Case, application_ids: Collection[UUID]) -> int:
    """Erase what a restored backup brought back, and say of how many.

    No hold is asked for: whether it might go was decided then. Recipients are told once more, for
    what they confirmed was lost.
    """
    back = purges.lock_those_there(case.session, application_ids)
    for application_id in back:
        erase(case, application_id)
    case.entry.applications = [str(application_id) for application_id in back]
    return len(back)
