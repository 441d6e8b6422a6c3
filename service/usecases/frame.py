"""The frame that every use case runs in.

`usecase(action)` makes a function one verb: it opens the transaction, demands the permission,
answers a repeated request from what was kept, runs the function, writes the audit entry and
commits. A refusal rolls back and is audited (one that is counted keeps what it noted); a database
that fails is Unavailable.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from service.domain.errors import Refusal, Unavailable
from service.domain.policy import Action, demand
from service.storage import audit
from service.storage.database import begin_writing, roll_back, unavailable_when_failing
from service.usecases.case import Case
from service.usecases.repeats import forget_claims, keep_answer, kept_answer

ALLOWED = "allowed"
P = ParamSpec("P")
R = TypeVar("R")
Verb = Callable[Concatenate[Case, P], R]


def usecase(action: Action, *, one_moment: bool = False) -> Callable[[Verb[P, R]], Verb[P, R]]:
    """Make a function the one verb behind `action`.

    With `one_moment` all that its queries tell is of one moment: a purge may be running.
    """

    def decorate(function: Verb[P, R]) -> Verb[P, R]:
        @wraps(function)
        def perform(case: Case, /, *args: P.args, **kwargs: P.kwargs) -> R:
            with _transaction(case, action, one_moment=one_moment):
                kept = kept_answer(case)
                if kept is not None:
                    return cast("R", kept)
                result = function(case, *args, **kwargs)
                keep_answer(case, result)
                return result

        return perform

    return decorate


def record_refusal(case: Case, action: Action, refusal: Refusal) -> None:
    """Audit a refusal that happened before any use case could begin; Unavailable if it can't."""
    with unavailable_when_failing():
        begin_writing(case.session)
        case.now = case.house.clock.now()
        _write_entry(case, action, refusal.code)
        case.session.commit()


@contextmanager
def _transaction(case: Case, action: Action, *, one_moment: bool) -> Iterator[None]:
    case.action = action
    try:
        with unavailable_when_failing():
            _begin(case, one_moment=one_moment)
            demand(case.principal.role, action)
            yield
            _write_entry(case, action, ALLOWED)
            case.session.commit()
    except Unavailable:
        roll_back(case.session)
        raise
    except Refusal as refusal:
        refusal.is_audited = True
        if refusal.is_counted:
            _keep_count(case, action, refusal)
        else:
            roll_back(case.session)
            record_refusal(case, action, refusal)
        raise
    except BaseException:
        roll_back(case.session)
        raise
    _have_effects(case)


def _keep_count(case: Case, action: Action, refusal: Refusal) -> None:
    """Commit the attempt with its audit entry, in the transaction that judged it.

    In one of its own, others could be judged before this one was counted.
    """
    with unavailable_when_failing():
        forget_claims(case)
        _write_entry(case, action, refusal.code)
        case.session.commit()
    _have_effects(case)


def _have_effects(case: Case) -> None:
    with unavailable_when_failing():
        for effect in case.effects:
            effect()
        case.session.commit()  # an effect may have looked something up


def _begin(case: Case, *, one_moment: bool) -> None:
    begin_writing(case.session, one_moment=one_moment)
    case.now = case.house.clock.now()
    case.today = case.house.today(case.session)


def _write_entry(case: Case, action: Action, outcome: str) -> None:
    audit.write_entry(case.session, audit_entry(case, action, outcome))


def audit_entry(case: Case, action: Action, outcome: str) -> dict[str, Any]:
    """The row that tells of this case, by its columns. What was refused has shown nothing."""
    entry, who = case.entry, case.principal
    is_allowed = outcome == ALLOWED
    return {
        "id": case.new_id(),
        "at": case.now,
        "role": who.role,
        "subject": who.subject,
        "token_id": who.token_id,
        "action": action,
        "outcome": outcome,
        "purpose": case.purpose,
        "application_ids": entry.applications,
        "fields": entry.fields if is_allowed else [],
        "shown": entry.shown if is_allowed else 0,
        "details": entry.details,
        "request_id": case.request_id,
    }
