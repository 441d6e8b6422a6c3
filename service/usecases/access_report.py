"""The access report (GDPR art. 15): all that is kept about a person, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from service.domain.policy import Action, Purpose, Role, readable_fields, widest_sight
from service.domain.requests import AUTHORITY
from service.domain.words import (
    Channel,
    ConsentChange,
    DisclosureReason,
    HoldReason,
    RecipientKind,
    RequestKind,
    Status,
)
from service.storage import audit, consents, disclosures, documents, holds, requests
from service.storage.applications import Found
from service.storage.tables import ConsentEvent, Document, Hold, PrivacyRequest
from service.usecases.answering import list_waiting
from service.usecases.case import Case
from service.usecases.documents import DocumentView, view_document
from service.usecases.frame import usecase
from service.usecases.reach import sight_of
from service.usecases.records import get_record, held, open_fields, state_purpose
from service.usecases.requests import RequestView, request_view
from service.usecases.retention import RetentionView, explained
from service.usecases.views import view_of

MOST_READINGS = 1_000


@dataclass(frozen=True)
class Source:
    """Where the data comes from, and the version of the privacy statement that applied."""

    channel: Channel
    received_at: datetime
    statement_version: str


@dataclass(frozen=True)
class ConsentEntry:
    """One line of the ledger of consent."""

    number: int
    change: ConsentChange
    at: datetime
    wording_version: str | None
    channel: Channel


@dataclass(frozen=True)
class Recipient:
    """Who received which fields, why, when, under which agreement and in which country."""

    recipient: str
    kind: RecipientKind
    reason: DisclosureReason
    agreement: str | None
    country: str
    fields: list[str]
    at: datetime


@dataclass(frozen=True)
class Keeping:
    """A legal reason to keep the data past its date."""

    reason: HoldReason
    placed_at: datetime
    until: date


@dataclass(frozen=True)
class Reading:
    """That somebody was shown something: in which role, by which action, which fields, and why."""

    at: datetime
    role: Role
    action: Action
    fields: list[str]
    purpose: Purpose | None


@dataclass(frozen=True)
class AccessReport:
    """All that is kept about one applicant. Staff are told of by their roles alone."""

    id: UUID
    controller: str
    purposes: list[Purpose]
    source: Source
    title: str
    status: Status
    withdrawn_on: date | None
    restricted_at: datetime | None
    fields: dict[str, object]
    unreadable: list[str]
    documents: list[DocumentView]
    consents: list[ConsentEntry]
    recipients: list[Recipient]
    retention: RetentionView
    holds: list[Keeping]
    requests: list[RequestView]
    readings: list[Reading]
    more_readings: int
    rights: list[RequestKind]
    authority: str


class Fetched(NamedTuple):
    """A report, and the open requests of the applicant who fetched it that it answers."""

    report: AccessReport
    waiting: list[UUID]


@usecase(Action.READ_ACCESS_REPORT, one_moment=True)
def read_access_report(case: Case, application_id: UUID) -> Fetched:
    """All that is kept about one applicant, the company's own fields included."""
    found = get_record(case, application_id, widest_sight(case.principal.role))
    names = held(found, readable_fields(sight_of(case, found)))
    state_purpose(case)
    listed = documents.list_documents(
        case.session, [application_id], sight_of(case, found).documents
    )
    asked = requests.list_requests_of(case.session, application_id)
    said = {row.id for row in asked if row.sealed_text is not None}
    besides = {"documents": listed, "request_text": said}
    case.disclose([application_id], names.union(name for name in besides if besides[name]))
    report = _report(case, found, sorted(names), listed, asked)
    told = {request.id for request in report.requests if request.text is not None}
    are_named = all(document.name is not None for document in report.documents)
    is_whole = not report.unreadable and said <= told and are_named
    waiting = list_waiting(case, application_id, RequestKind.ACCESS, is_whole=is_whole)
    return Fetched(report, waiting)


def _report(
    case: Case,
    found: Found,
    names: Sequence[str],
    listed: Sequence[Document],
    asked: Sequence[PrivacyRequest],
) -> AccessReport:
    row, session = found.application, case.session
    values, unreadable = open_fields(case, found, names)
    ledger = consents.list_consent_events(session, row.id)
    kept = holds.list_holds_on(session, row, case.today)
    received = disclosures.list_disclosures_of(session, row.id)
    read, more = audit.list_readings(session, row.id, row.received_at, MOST_READINGS)
    return view_of(
        AccessReport,
        row,
        controller=case.house.settings.controller,
        purposes=_purposes(case, ledger, kept),
        source=view_of(Source, row),
        title=found.procedure.title,
        fields=values,
        unreadable=unreadable,
        documents=[view_document(case, found, one) for one in listed],
        consents=[view_of(ConsentEntry, event) for event in ledger],
        recipients=[view_of(Recipient, disclosure) for disclosure in received],
        retention=explained(case, found),
        holds=[view_of(Keeping, hold) for hold in kept],
        requests=[request_view(case, request, found) for request in asked],
        readings=[view_of(Reading, reading) for reading in read],
        more_readings=more,
        rights=list(RequestKind),
        authority=AUTHORITY,
    )


def _purposes(case: Case, ledger: Sequence[ConsentEvent], kept: Sequence[Hold]) -> list[Purpose]:
    """What the data is kept for: the selection, and what was agreed to or is claimed besides."""
    purposes = [Purpose.SELECTION]
    if consents.is_consent_standing(ledger):
        wording = consents.find_wording(case.session, ledger[-1].wording_version or "")
        if wording is not None and wording.names_talent_pool:
            purposes.append(Purpose.TALENT_POOL)
    if kept:
        purposes.append(Purpose.LEGAL_CLAIM)
    return purposes
