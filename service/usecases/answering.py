"""Answering a request under the law: who asks is checked, the answer given, put off or refused."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from uuid import UUID

from service.domain import requests as rules
from service.domain.errors import Conflict, Forbidden, NotFound, Refusal
from service.domain.policy import Action, Role
from service.domain.words import (
    IdentityCheck,
    Outcome,
    ProlongationReason,
    RefusalReason,
    RequestKind,
)
from service.storage import requests
from service.storage.applications import Found
from service.storage.tables import PrivacyRequest
from service.usecases.carrying_out import (
    assign,
    carry_out,
    is_stopping,
    note_check,
    settle_restriction,
)
from service.usecases.case import Case, Entry
from service.usecases.erasing import legal_hold
from service.usecases.frame import usecase
from service.usecases.records import demand_version, lock_record, settle
from service.usecases.requests import (
    RequestView,
    close,
    disclosed,
    find_record,
    get_request,
    state_purpose_of,
)


@dataclass(frozen=True)
class RequestChange:
    """What becomes of a request; None leaves as it is."""

    application_id: UUID | None = None
    identity_check: IdentityCheck | None = None
    prolonged_months: int | None = None
    prolongation_reason: ProlongationReason | None = None
    outcome: Outcome | None = None
    refusal_reason: RefusalReason | None = None
    lifted: bool = False


@usecase(Action.CHANGE_REQUEST)
def change_request(
    case: Case, request_id: UUID, expected_version: int, change: RequestChange
) -> RequestView:
    """Say whose it is, note how he was checked, put off the answer once, close it, or lift it."""
    _demand_own_change(case, change)
    found = _lock_record(case, get_request(case, request_id), change)
    row = requests.lock_request(case.session, request_id)
    if row is None:
        raise NotFound
    demand_version(row.version, expected_version)
    state_purpose_of(case, row)
    _change(case, found, row, change)
    case.entry.details["changed"] = [name for name, new in vars(change).items() if new]
    row.version = expected_version + 1  # one change, however much came of it
    case.session.flush()
    if found is not None:
        settle_restriction(case, found)
        settle(case, found)
    return disclosed(case, row, found)


@usecase(Action.CHANGE_REQUEST)
def close_fetched(
    case: Case, application_id: UUID, kind: RequestKind, waiting: Collection[UUID]
) -> None:
    """Close the applicant's own requests that waited for this: he has what he asked for."""
    found = lock_record(case, application_id)
    for row in requests.list_requests_of(case.session, application_id):
        if row.id in waiting:
            close(case, row, Outcome.ANSWERED)
    case.entry.details = {"fetched": kind}
    settle(case, found)


def close_requests(
    case: Case, application_id: UUID, kind: RequestKind, waiting: Collection[UUID]
) -> None:
    """Close what the applicant asked for, now that he has it.

    A decision of its own, with its own audit entry. He has it even if this can not be done.
    """
    fresh = replace(case, entry=Entry(), effects=[])
    with suppress(Refusal):
        close_fetched(fresh, application_id, kind, waiting)


def list_waiting(
    case: Case, application_id: UUID, kind: RequestKind, *, is_whole: bool
) -> list[UUID]:
    """The requests of the applicant who reads that this answers; none, if a part of it is damaged.

    Then it is the officer's to see what can be restored.
    """
    if case.principal.role is not Role.APPLICANT or not is_whole:
        return []
    asked = requests.list_requests_of(case.session, application_id)
    return [row.id for row in asked if row.kind is kind and row.outcome is None]


def _demand_own_change(case: Case, change: RequestChange) -> None:
    """The applicant takes back what he asked for; the rest is the officer's."""
    own = (RequestChange(lifted=True), RequestChange(outcome=Outcome.WITHDRAWN))
    if case.principal.role is Role.APPLICANT and change not in own:
        raise Forbidden("The applicant withdraws a request, or lifts it.")


def _lock_record(case: Case, row: PrivacyRequest, change: RequestChange) -> Found | None:
    """The record that the request is about, or is now said to be about; None when it is gone."""
    if change.application_id is not None:
        if row.application_id is not None or row.outcome is not None or row.channel is None:
            raise Conflict("already-assigned")
        return lock_record(case, change.application_id)
    if row.application_id is None or find_record(case, row) is None:
        return None
    return lock_record(case, row.application_id)


def _change(case: Case, found: Found | None, row: PrivacyRequest, change: RequestChange) -> None:
    if change.lifted:
        _lift(case, row)
        return
    if row.outcome is not None:
        raise Conflict("already-closed")
    if change.application_id is not None and found is not None:
        assign(case, row, found)
    if change.identity_check is not None:
        note_check(case, row, change.identity_check)
    if change.prolonged_months is not None:
        _prolong(case, row, change)
        return
    if found is not None and change.outcome in (None, Outcome.ANSWERED):
        carry_out(case, found, row)  # what is answered by being done is done first
    if change.outcome is not None and row.outcome is None:
        _close(case, found, row, change)


def _lift(case: Case, row: PrivacyRequest) -> None:
    """Let the team read again. An objection that waits to be judged only its owner takes back."""
    if not is_stopping(row):
        raise Conflict("already-lifted")
    if row.outcome is None and case.principal.role is not Role.APPLICANT:
        raise Conflict("not-judged")
    row.lifted_at = case.now
    close(case, row, Outcome.WITHDRAWN)


def _prolong(case: Case, row: PrivacyRequest, change: RequestChange) -> None:
    if not rules.may_prolong(row.received_on, row.prolonged_months, case.today):
        raise Conflict("already-prolonged")
    row.prolonged_months = change.prolonged_months or 0
    row.prolongation_reason = change.prolongation_reason
    row.prolonged_at = case.now
    row.due_on = rules.due_on(row.received_on, row.prolonged_months)


def _close(case: Case, found: Found | None, row: PrivacyRequest, change: RequestChange) -> None:
    if change.outcome is Outcome.ANSWERED:
        _demand_answered(found, row)
    if change.refusal_reason is not None:
        _demand_ground(case, found, row, change.refusal_reason)
    row.refusal_reason = change.refusal_reason
    close(case, row, change.outcome or Outcome.ANSWERED)
    case.entry.details |= {"outcome": row.outcome, "reason": row.refusal_reason}


def _demand_answered(found: Found | None, row: PrivacyRequest) -> None:
    """What is said to be answered was: about somebody's record, for somebody known, and done."""
    is_forgotten = row.channel is None
    if row.application_id is None and not is_forgotten and row.kind is not RequestKind.COMPLAINT:
        raise Conflict("not-assigned")
    if found is not None and row.kind is RequestKind.ERASURE:
        raise Conflict("not-erased")
    is_known = row.identity_check is not None or is_forgotten
    if not is_known and row.kind not in rules.UNCHECKED:
        raise Conflict("identity-unchecked")


def _demand_ground(
    case: Case, found: Found | None, row: PrivacyRequest, reason: RefusalReason
) -> None:
    """The applicant reads the reason: it is not one that is seen to be untrue."""
    is_held = found is not None and legal_hold(case, found) is not None
    if not rules.is_ground(reason, row.kind, is_kept=found is not None, is_held=is_held):
        raise Conflict("no-ground")
