"""Requests under the law: filed through any channel, checked, answered in time or refused.

What can be done at once is done at once and closes itself. `carrying_out.py` does it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from service.domain import requests as rules
from service.domain.errors import Conflict, Fault, Forbidden, Invalid, NotFound, Unreadable
from service.domain.policy import Action, Purpose, Role
from service.domain.words import (
    Channel,
    IdentityCheck,
    Outcome,
    ProlongationReason,
    RefusalReason,
    RequestKind,
)
from service.storage import requests
from service.storage.applications import Found, find_application
from service.storage.requests import RequestFilter
from service.storage.slices import Slice
from service.storage.tables import PrivacyRequest
from service.usecases.carrying_out import CarriedOut, carry_out, settle_restriction
from service.usecases.case import Case
from service.usecases.erasing import close
from service.usecases.frame import usecase
from service.usecases.paging import Page, page
from service.usecases.reach import open_seal
from service.usecases.records import Fields, channel_of, demand_version, lock_record, settle
from service.usecases.repeats import keep_answer_with
from service.usecases.views import view_of

_PURPOSE_OF = {
    RequestKind.ACCESS: Purpose.ACCESS_REQUEST,
    RequestKind.PORTABILITY: Purpose.ACCESS_REQUEST,
    RequestKind.CORRECTION: Purpose.CORRECTION,
    RequestKind.ERASURE: Purpose.ERASURE,
}


@dataclass(frozen=True)
class RequestOrder:
    """What is asked. `fields` are those that a correction changes, `revise` gives their values."""

    kind: RequestKind
    application_id: UUID | None
    channel: Channel | None
    received_on: date | None
    identity_check: IdentityCheck | None
    text: str | None
    fields: frozenset[str]
    revise: Callable[[Fields], Fields]


@dataclass(frozen=True)
class RequestChange:
    """What becomes of a request; None leaves as it is."""

    identity_check: IdentityCheck | None = None
    prolonged_months: int | None = None
    prolongation_reason: ProlongationReason | None = None
    outcome: Outcome | None = None
    refusal_reason: RefusalReason | None = None
    lifted: bool = False


@dataclass(frozen=True)
class RequestItem:
    """One line of the queue. `application_id` is null once the record is gone, or not yet known."""

    id: UUID
    kind: RequestKind
    application_id: UUID | None
    channel: Channel | None
    received_on: date
    due_on: date
    prolonged_months: int
    prolongation_reason: ProlongationReason | None
    identity_check: IdentityCheck | None
    identity_checked_at: datetime | None
    outcome: Outcome | None
    refusal_reason: RefusalReason | None
    closed_at: datetime | None
    lifted_at: datetime | None
    version: int


@dataclass(frozen=True)
class RequestView(RequestItem):
    """A request, what was said, until when the record is there, and to whom one can complain."""

    text: str | None
    purge_on: date | None
    authority: str


@usecase(Action.FILE_REQUEST)
def file_request(case: Case, order: RequestOrder) -> RequestView:
    """Take in a request, and do what can be done at once."""
    channel = channel_of(case, order.channel)
    _demand_own_words(case, order)
    found = _record_asked_about(case, order)
    row = _new_request(case, order, channel)
    case.session.add(row)
    case.session.flush()
    case.entry.details = {"request": str(row.id), "kind": order.kind}
    if found is None:
        return _view(case, row, None)
    row.application_id = found.application.id
    if order.text is not None:
        row.sealed_text = open_seal(case, found).seal(_text_field(row.id), order.text)
    if _carry_out(case, found, row, order) is CarriedOut.ERASED:
        return _view(case, requests.find_request(case.session, row.id) or row, None)
    keep_answer_with(case, found)
    settle_restriction(case, found)
    settle(case, found)
    return _view(case, row, found)


@usecase(Action.LIST_REQUESTS)
def list_requests(case: Case, wanted: RequestFilter, asked: Slice) -> Page[RequestItem]:
    """A page of requests, the first due first: all for the officer, his own for the applicant."""
    own = case.principal.application_id
    if case.principal.role is Role.APPLICANT:
        wanted = RequestFilter(wanted.is_open, own, wanted.kind)
    rows = requests.list_requests(case.session, wanted, asked)
    return page(rows, asked, lambda row: row.id, lambda row: view_of(RequestItem, row))


@usecase(Action.READ_REQUEST)
def read_request(case: Case, request_id: UUID) -> RequestView:
    """One request, with what was said."""
    row = _get_request(case, request_id)
    found = _find_record(case, row)
    _state_purpose(case, row)
    if found is not None and row.sealed_text is not None:
        case.disclose([found.application.id], ["request_text"])
    return _view(case, row, found)


@usecase(Action.CHANGE_REQUEST)
def change_request(
    case: Case, request_id: UUID, expected_version: int, change: RequestChange
) -> RequestView:
    """Note how the asker was checked, put off the answer once, close the request, or lift it."""
    row = _get_request(case, request_id)
    found = _lock_record(case, row)
    case.session.refresh(row, with_for_update=True)
    demand_version(row.version, expected_version)
    _demand_own_change(case, change)
    _state_purpose(case, row)
    _change(case, found, row, change)
    row.version += 1
    case.session.flush()
    if found is not None:
        settle_restriction(case, found)
        settle(case, found)
    return _view(case, row, found)


@usecase(Action.CHANGE_REQUEST)
def close_fetched(case: Case, application_id: UUID, kind: RequestKind) -> None:
    """Close the applicant's own requests of this kind: he has what he asked for."""
    found = lock_record(case, application_id)
    for row in requests.list_requests_of(case.session, application_id):
        if row.kind is kind:
            close(case, row, Outcome.ANSWERED)
    case.entry.details = {"fetched": kind}
    settle(case, found)


def is_waiting(case: Case, application_id: UUID, kind: RequestKind) -> bool:
    """Whether the applicant who reads has asked for this and not got it yet."""
    return case.principal.role is Role.APPLICANT and any(
        row.kind is kind and row.outcome is None
        for row in requests.list_requests_of(case.session, application_id)
    )


def _demand_own_words(case: Case, order: RequestOrder) -> None:
    """What only some may say: how the asker was checked, new values, an earlier receipt."""
    role = case.principal.role
    said = {
        "/identity_check": order.identity_check is not None and role is not Role.OFFICER,
        "/fields": bool(order.fields) and role not in (Role.OFFICER, Role.APPLICANT),
        "/received_on": order.received_on is not None and role in (Role.WEBSITE, Role.APPLICANT),
    }
    faults = [Fault(pointer, "not-for-this-role") for pointer, denied in said.items() if denied]
    if faults:
        raise Forbidden("Some of this is not for this role to say.", faults)
    day = order.received_on or case.today
    if not rules.is_allowed_receipt(day, case.today):
        raise Invalid(faults=[Fault("/received_on", "out-of-range")])


def _record_asked_about(case: Case, order: RequestOrder) -> Found | None:
    """The record, locked; the officer may not know yet which it is."""
    own = case.principal.application_id
    application_id = order.application_id or own
    if own is not None and application_id != own:
        raise NotFound
    if application_id is None:
        if case.principal.role is not Role.OFFICER or order.text or order.fields:
            raise Invalid(faults=[Fault("/application_id", "required")])
        return None
    alone = order.kind is RequestKind.ERASURE
    return lock_record(case, application_id, order.fields, alone=alone)


def _new_request(case: Case, order: RequestOrder, channel: Channel) -> PrivacyRequest:
    received_on = order.received_on or case.today
    is_own = case.principal.role is Role.APPLICANT
    check = IdentityCheck.CONTROL_QUESTIONS if is_own else order.identity_check
    row = PrivacyRequest(
        id=case.new_id(),
        kind=order.kind,
        received_on=received_on,
        due_on=rules.due_on(received_on),
        prolonged_months=0,
        version=1,
        channel=channel,
        recorded_by=case.recorder,
    )
    if check is not None:
        _note_check(case, row, check)
    return row


def _note_check(case: Case, row: PrivacyRequest, check: IdentityCheck) -> None:
    row.identity_check = check
    row.identity_checked_at = case.now
    row.identity_checked_by = case.recorder


def _carry_out(
    case: Case, found: Found, row: PrivacyRequest, order: RequestOrder | None
) -> CarriedOut:
    """Do what can be done at once, where the asker is known or need not be."""
    if row.identity_check is None and row.kind not in rules.UNCHECKED:
        return CarriedOut.WAITS
    correction = None if order is None else (order.fields, order.revise)
    return carry_out(case, found, row, correction)


def _change(case: Case, found: Found | None, row: PrivacyRequest, change: RequestChange) -> None:
    if change.lifted:
        _lift(case, row)
        return
    if row.outcome is not None:
        raise Conflict("already-closed")
    if change.identity_check is not None:
        _note_check(case, row, change.identity_check)
        if found is not None and change.outcome is None and row.kind is not RequestKind.ERASURE:
            _carry_out(case, found, row, None)
    if change.prolonged_months is not None:
        _prolong(case, row, change)
    if change.outcome is not None:
        _close(case, row, change)


def _lift(case: Case, row: PrivacyRequest) -> None:
    if row.kind not in rules.RESTRICTING or row.lifted_at is not None:
        raise Conflict("already-lifted")
    row.lifted_at = case.now
    close(case, row, Outcome.ANSWERED)


def _prolong(case: Case, row: PrivacyRequest, change: RequestChange) -> None:
    if not rules.may_prolong(row.received_on, row.prolonged_months, case.today):
        raise Conflict("already-prolonged")
    row.prolonged_months = change.prolonged_months or 0
    row.prolongation_reason = change.prolongation_reason
    row.prolonged_at = case.now
    row.due_on = rules.due_on(row.received_on, row.prolonged_months)


def _close(case: Case, row: PrivacyRequest, change: RequestChange) -> None:
    is_answer = change.outcome is Outcome.ANSWERED
    if is_answer and row.identity_check is None and row.kind not in rules.UNCHECKED:
        raise Conflict("identity-unchecked")
    row.refusal_reason = change.refusal_reason
    close(case, row, change.outcome or Outcome.ANSWERED)
    case.entry.details |= {"outcome": row.outcome, "reason": row.refusal_reason}


def _demand_own_change(case: Case, change: RequestChange) -> None:
    """The applicant takes back what he asked for; the rest is the officer's."""
    if case.principal.role is not Role.APPLICANT:
        return
    allowed = (RequestChange(lifted=True), RequestChange(outcome=Outcome.WITHDRAWN))
    if change not in allowed:
        raise Forbidden("The applicant withdraws a request, or lifts it.")


def _get_request(case: Case, request_id: UUID) -> PrivacyRequest:
    case.entry.details = {"request": str(request_id)}
    row = requests.find_request(case.session, request_id)
    own = case.principal.application_id
    if row is None or (case.principal.role is Role.APPLICANT and row.application_id != own):
        raise NotFound
    return row


def _find_record(case: Case, row: PrivacyRequest) -> Found | None:
    """The record that a request is about, while it is there for who asks."""
    if row.application_id is None:
        return None
    case.about(row.application_id)
    return find_application(case.session, row.application_id, case.reach)


def _lock_record(case: Case, row: PrivacyRequest) -> Found | None:
    if row.application_id is None or _find_record(case, row) is None:
        return None
    return lock_record(case, row.application_id)


def _state_purpose(case: Case, row: PrivacyRequest) -> None:
    is_own = case.principal.role is Role.APPLICANT
    case.purpose = Purpose.OWN_RECORD if is_own else _PURPOSE_OF.get(row.kind, Purpose.COMPLAINT)


def _view(case: Case, row: PrivacyRequest, found: Found | None) -> RequestView:
    return view_of(
        RequestView,
        row,
        text=_text(case, row, found),
        purge_on=None if found is None else found.application.purge_on,
        authority=rules.AUTHORITY,
    )


def _text(case: Case, row: PrivacyRequest, found: Found | None) -> str | None:
    if found is None or row.sealed_text is None:
        return None
    try:
        return str(open_seal(case, found).open(_text_field(row.id), row.sealed_text))
    except Unreadable:
        signals, record_id = case.house.signals, found.application.id
        case.afterwards(lambda: signals.unreadable(["request-text"], application_id=record_id))
        return None


def _text_field(request_id: UUID) -> str:
    return f"request-text:{request_id}"
