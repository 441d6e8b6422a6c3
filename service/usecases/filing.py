"""Filing a request under the law, through any channel; what can be done at once is done at once."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from service.domain import requests as rules
from service.domain.bsn import holds_bsn
from service.domain.errors import Conflict, Fault, Forbidden, Invalid, Unreadable
from service.domain.policy import Action, Role
from service.domain.words import Channel, IdentityCheck, RequestKind
from service.storage import requests
from service.storage.applications import Found
from service.storage.tables import PrivacyRequest
from service.usecases.carrying_out import (
    Correction,
    assign,
    carry_out,
    note_check,
    settle_restriction,
)
from service.usecases.case import Case
from service.usecases.erasing import legal_hold
from service.usecases.frame import usecase
from service.usecases.reach import open_seal
from service.usecases.records import channel_of, lock_record, settle
from service.usecases.repeats import keep_answer_with
from service.usecases.requests import RequestView, request_view, text_field


@dataclass(frozen=True)
class RequestOrder:
    """What is asked; what a correction changes, if it is one that says so."""

    kind: RequestKind
    application_id: UUID | None
    channel: Channel | None
    received_on: date | None
    identity_check: IdentityCheck | None
    text: str | None
    correction: Correction


@usecase(Action.FILE_REQUEST)
def file_request(case: Case, order: RequestOrder) -> RequestView:
    """Take in a request, and do what can be done at once."""
    channel = channel_of(case, order.channel)
    _demand_own_words(case, order)
    _demand_acceptable(case, order)
    found = _record_asked_about(case, order)
    if found is not None:
        _demand_few(case, order, found)
    row = _new_request(case, order, channel, found)
    case.session.add(row)
    case.session.flush()
    case.entry.details = {"request": str(row.id), "kind": order.kind}
    if found is None:
        return request_view(case, row, None)
    if carry_out(case, found, row, order.correction):
        return request_view(case, requests.get_request(case.session, row.id), None)
    keep_answer_with(case, found)
    settle_restriction(case, found)
    settle(case, found)
    return request_view(case, row, found)


def _demand_own_words(case: Case, order: RequestOrder) -> None:
    """What only some may say: how the asker was checked, new values, an earlier receipt."""
    role = case.principal.role
    said = {
        "/identity_check": order.identity_check is not None and role is not Role.OFFICER,
        "/fields": bool(order.correction.fields) and role not in (Role.OFFICER, Role.APPLICANT),
        "/received_on": order.received_on is not None and role in (Role.WEBSITE, Role.APPLICANT),
    }
    faults = [Fault(pointer, "not-for-this-role") for pointer, denied in said.items() if denied]
    if faults:
        raise Forbidden("Some of this is not for this role to say.", faults)


def _demand_acceptable(case: Case, order: RequestOrder) -> None:
    """What does not hang on the record; new values are kept for nobody who is not known."""
    day = order.received_on or case.today
    is_known = case.principal.role is Role.APPLICANT or order.identity_check is not None
    wrong = {
        ("/received_on", "out-of-range"): not rules.is_allowed_receipt(day, case.today),
        ("/text", "looks-like-bsn"): order.text is not None and holds_bsn(order.text),
        ("/identity_check", "required"): bool(order.correction.fields) and not is_known,
        ("/fields", "required"): _says_nothing(case, order),
    }
    faults = [Fault(*place) for place, is_wrong in wrong.items() if is_wrong]
    if faults:
        raise Invalid(faults=faults)


def _says_nothing(case: Case, order: RequestOrder) -> bool:
    """Whether the applicant wants something corrected, but neither does it nor says what."""
    is_own = case.principal.role is Role.APPLICANT
    is_said = bool(order.correction.fields) or order.text is not None
    return is_own and order.kind is RequestKind.CORRECTION and not is_said


def _record_asked_about(case: Case, order: RequestOrder) -> Found | None:
    """The record, locked; the officer may not know yet which it is."""
    application_id = order.application_id or case.principal.application_id
    if application_id is None:
        if case.principal.role is not Role.OFFICER or order.text or order.correction.fields:
            raise Invalid(faults=[Fault("/application_id", "required")])
        return None
    alone = order.kind is RequestKind.ERASURE
    return lock_record(case, application_id, order.correction.fields, alone=alone)


def _demand_few(case: Case, order: RequestOrder, found: Found) -> None:
    """Each is looked at again with the next; the officer's own are never too many.

    Each who files has his own number: nobody uses up the applicant's. An erasure that goes at once
    leaves none to look at.
    """
    role, record_id = case.principal.role, found.application.id
    goes = order.kind is RequestKind.ERASURE and role is Role.APPLICANT
    if role is Role.OFFICER or (goes and not legal_hold(case, found)):
        return
    filed = requests.count_filed(case.session, record_id, case.recorder)
    if filed >= rules.MOST_OF_ONE_RECORD:
        raise Conflict("too-many-requests")


def _sealed_text(case: Case, found: Found, request_id: UUID, said: str) -> bytes | None:
    """What was said, sealed; None, with an alarm, under a damaged key: the request itself stays."""
    try:
        return open_seal(case, found).seal(text_field(request_id), said)
    except Unreadable:
        case.unreadable(["request-text"], application_id=found.application.id)
        return None


def _new_request(
    case: Case, order: RequestOrder, channel: Channel, found: Found | None
) -> PrivacyRequest:
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
    if found is not None:
        assign(case, row, found)
    if found is not None and order.text is not None:
        row.sealed_text = _sealed_text(case, found, row.id, order.text)
    if check is not None:
        note_check(case, row, check)
    return row
