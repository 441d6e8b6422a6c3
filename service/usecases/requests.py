"""Requests under the law, read: the queue by due date, and one request with what was said.

`filing.py` takes them in, `carrying_out.py` does what can be done at once, `answering.py` closes.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from service.domain import requests as rules
from service.domain.errors import NotFound, Unreadable
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
from service.usecases.case import Case
from service.usecases.frame import usecase
from service.usecases.paging import Page, at_day, page
from service.usecases.reach import open_seal
from service.usecases.records import get_record
from service.usecases.views import view_of

_PURPOSE_OF = {
    RequestKind.ACCESS: Purpose.ACCESS_REQUEST,
    RequestKind.PORTABILITY: Purpose.ACCESS_REQUEST,
    RequestKind.CORRECTION: Purpose.CORRECTION,
    RequestKind.ERASURE: Purpose.ERASURE,
}


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


@usecase(Action.LIST_REQUESTS)
def list_requests(case: Case, wanted: RequestFilter, asked: Slice) -> Page[RequestItem]:
    """A page of requests, the first due first: all for the officer, his own for the applicant."""
    if case.principal.role is Role.APPLICANT:
        wanted = _own(case, wanted)
    rows = requests.list_requests(case.session, wanted, asked)
    found = page(rows, asked, lambda row: row.id, lambda row: view_of(RequestItem, row))
    return at_day(found, lambda item: item.due_on)


@usecase(Action.READ_REQUEST)
def read_request(case: Case, request_id: UUID) -> RequestView:
    """One request, with what was said."""
    row = get_request(case, request_id)
    found = find_record(case, row)
    state_purpose_of(case, row)
    return disclosed(case, row, found)


def disclosed(case: Case, row: PrivacyRequest, found: Found | None) -> RequestView:
    """The request as it is shown; what was said counts as read."""
    if found is not None and row.sealed_text is not None:
        case.disclose([found.application.id], ["request_text"])
    return request_view(case, row, found)


def get_request(case: Case, request_id: UUID) -> PrivacyRequest:
    """The request; to an applicant there are none but those about his own record."""
    case.entry.details = {"request": str(request_id)}
    row = requests.find_request(case.session, request_id)
    own = case.principal.application_id
    if row is None or (case.principal.role is Role.APPLICANT and row.application_id != own):
        raise NotFound
    return row


def find_record(case: Case, row: PrivacyRequest) -> Found | None:
    """The record that a request is about, while it is there for who asks.

    The officer answers a request when its record is gone; the applicant's access went with it.
    """
    if row.application_id is None:
        return None
    case.about(row.application_id)
    found = find_application(case.session, row.application_id, case.reach)
    if found is None and case.principal.role is Role.APPLICANT:
        raise NotFound
    return found


def state_purpose_of(case: Case, row: PrivacyRequest) -> None:
    """Who sees to a request reads for its sake."""
    is_own = case.principal.role is Role.APPLICANT
    case.purpose = Purpose.OWN_RECORD if is_own else _PURPOSE_OF.get(row.kind, Purpose.COMPLAINT)


def close(case: Case, row: PrivacyRequest, outcome: Outcome) -> None:
    """Give a request its outcome, unless it has one."""
    if row.outcome is None:
        row.outcome, row.closed_at = outcome, case.now
        row.closed_by = None if row.channel is None else case.recorder
        row.version += 1


def request_view(case: Case, row: PrivacyRequest, found: Found | None) -> RequestView:
    return view_of(
        RequestView,
        row,
        text=_text(case, row, found),
        purge_on=None if found is None else found.application.purge_on,
        authority=rules.AUTHORITY,
    )


def text_field(request_id: UUID) -> str:
    return f"request-text:{request_id}"


def _own(case: Case, wanted: RequestFilter) -> RequestFilter:
    own = case.principal.application_id
    if own is None or wanted.application_id not in (None, own):
        raise NotFound
    get_record(case, own)
    return RequestFilter(wanted.is_open, own, wanted.kind)


def _text(case: Case, row: PrivacyRequest, found: Found | None) -> str | None:
    if found is None or row.sealed_text is None:
        return None
    try:
        return str(open_seal(case, found).open(text_field(row.id), row.sealed_text))
    except Unreadable:
        case.unreadable(["request-text"], application_id=found.application.id)
        return None
