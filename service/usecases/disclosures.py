"""Who received fields of an application, and who must be told what became of it (GDPR art. 19)."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from service.domain import disclosures as rules
from service.domain.errors import Conflict, Fault, Forbidden, Invalid, NotFound
from service.domain.policy import Action, Role, readable_fields
from service.domain.words import DisclosureReason, Event, RecipientKind
from service.storage import disclosures
from service.storage.applications import Found
from service.storage.slices import Slice
from service.storage.tables import Disclosure
from service.usecases.case import Case
from service.usecases.frame import usecase
from service.usecases.paging import Page, page
from service.usecases.reach import sight_of
from service.usecases.records import demand_fields, demand_version, held, lock_record
from service.usecases.repeats import keep_answer_with
from service.usecases.views import view_of


@dataclass(frozen=True)
class DisclosureOrder:
    """Which fields of an application were given to which organisation, and why."""

    application_id: UUID
    recipient: str
    kind: RecipientKind
    reason: DisclosureReason
    agreement: str | None
    country: str
    fields: frozenset[str]


@dataclass(frozen=True)
class DisclosureView:
    """That an organisation received fields: their names, never their values."""

    id: UUID
    application_id: UUID
    recipient: str
    kind: RecipientKind
    reason: DisclosureReason
    agreement: str | None
    country: str
    fields: list[str]
    at: datetime
    disclosed_by: str


@dataclass(frozen=True)
class NoticeView:
    """That a recipient must be told of an event; open until somebody confirms that it was."""

    id: UUID
    application_id: UUID
    recipient: str
    event: Event
    fields: list[str]
    made_on: date
    confirmed_at: datetime | None
    confirmed_by: str | None
    version: int


@usecase(Action.RECORD_DISCLOSURE)
def record_disclosure(case: Case, order: DisclosureOrder) -> DisclosureView:
    """Record that fields are given to an organisation; nothing is sent, and no value is shown."""
    found = lock_record(case, order.application_id, order.fields)
    _demand_own_kind(case, order.kind)
    _demand_allowed(case, order)
    demand_fields(order.fields, readable_fields(sight_of(case, found)))
    _demand_held(found, order.fields)
    row = Disclosure(
        id=case.new_id(),
        application_id=found.application.id,
        recipient=order.recipient,
        kind=order.kind,
        reason=order.reason,
        agreement=order.agreement,
        country=order.country,
        fields=sorted(order.fields),
        at=case.now,
        disclosed_by=case.principal.subject,
    )
    case.session.add(row)
    case.entry.fields = row.fields
    case.entry.details = {"disclosure": str(row.id), "kind": row.kind, "reason": row.reason}
    keep_answer_with(case, found)
    return view_of(DisclosureView, row)


@usecase(Action.LIST_DISCLOSURES)
def list_disclosures(case: Case, application_id: UUID | None, asked: Slice) -> Page[DisclosureView]:
    """A page of disclosures, oldest first: of one application, or of all that are there."""
    if application_id is not None:
        case.about(application_id)
    rows = disclosures.list_disclosures(case.session, application_id, case.today, asked)
    return page(rows, asked, lambda row: row.id, lambda row: view_of(DisclosureView, row))


@usecase(Action.LIST_NOTICES)
def list_notices(case: Case, asked: Slice, *, is_open: bool | None) -> Page[NoticeView]:
    """A page of notices, oldest first."""
    rows = disclosures.list_notices(case.session, is_open=is_open, part=asked)
    return page(rows, asked, lambda row: row.id, lambda row: view_of(NoticeView, row))


@usecase(Action.CONFIRM_NOTICE)
def confirm_notice(case: Case, notice_id: UUID, expected_version: int) -> NoticeView:
    """Note that the recipient was told. The record itself may be gone by then."""
    case.entry.details = {"notice": str(notice_id)}
    row = disclosures.lock_notice(case.session, notice_id)
    if row is None:
        raise NotFound
    case.about(row.application_id)
    demand_version(row.version, expected_version)
    if row.confirmed_at is not None:
        raise Conflict("already-confirmed")
    row.confirmed_at, row.confirmed_by = case.now, case.principal.subject
    row.version += 1
    return view_of(NoticeView, row)


def _demand_own_kind(case: Case, kind: RecipientKind) -> None:
    """What an applicant asks for is the officer's to answer, a transfer among it."""
    if kind is RecipientKind.NAMED_BY_APPLICANT and case.principal.role is not Role.OFFICER:
        faults = [Fault("/kind", "not-for-this-role")]
        raise Forbidden("A transfer that the applicant asks for is the officer's.", faults)


def _demand_held(found: Found, fields: frozenset[str]) -> None:
    """What the record does not hold nobody received."""
    empty = sorted(fields - held(found, fields))
    if empty:
        raise Invalid(faults=[Fault(f"/fields/{name}", "holds-nothing") for name in empty])


def _demand_allowed(case: Case, order: DisclosureOrder) -> None:
    faults = rules.reason_faults(order.kind, order.reason, order.agreement)
    faults += rules.field_faults(order.kind, order.fields)
    if order.country not in case.house.settings.countries:
        faults.append(Fault("/country", "country-not-allowed"))
    if faults:
        raise Invalid(faults=faults)
