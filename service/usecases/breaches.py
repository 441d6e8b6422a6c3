"""What a lost token or a careless colleague exposed: the numbers of a report within 72 hours.

GDPR art. 33(3): how many people and records, which categories of data, in which span. It is told
from the audit; no value is shown, and none is in the audit of the report.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from service.crypto.indexes import normalised_email
from service.domain.calendar import add_months
from service.domain.catalogue import FIELDS
from service.domain.errors import Fault, Invalid
from service.domain.persons import count_people
from service.domain.policy import Action, Purpose
from service.domain.retention import AUDIT_KEPT_MONTHS
from service.storage import audit, persons
from service.storage.audit import Showing, ShownTo
from service.storage.slices import Slice
from service.usecases.case import Case
from service.usecases.frame import usecase
from service.usecases.records import open_fields

MOST_APPLICATIONS = 10_000
MOST_EVENTS = 20_000
_AT_ONCE = 500
DOCUMENTS = "documents"


@dataclass(frozen=True)
class ExposedApplication:
    """One application: which fields and documents of it were shown, first and last when.

    A list shows each of its applications at most the fields that are named here.
    """

    application_id: UUID
    fields: list[str]
    documents: list[UUID]
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class BreachReport:
    """What was shown, and of how many people.

    People are told apart by their e-mail addresses, where these can still be opened; the others,
    `counted_singly`, count one each. With `next_since` the report is not whole: another one
    from that moment on tells of the `events_left`.
    """

    since: datetime
    until: datetime
    first_at: datetime | None
    last_at: datetime | None
    applications: int
    people: int
    counted_singly: int
    categories: list[str]
    items: list[ExposedApplication]
    events_left: int
    next_since: datetime | None


@dataclass
class _Exposure:
    """What the events tell of one application, so far."""

    first_at: datetime
    last_at: datetime
    fields: set[str] = field(default_factory=set)
    documents: set[str] = field(default_factory=set)

    def add(self, event: Showing) -> None:
        self.first_at = min(self.first_at, event.at)
        self.last_at = max(self.last_at, event.at)
        self.fields.update(event.fields)
        one, several = event.details.get("document_id"), event.details.get("document_ids", ())
        self.documents.update([one] if one else several)


@usecase(Action.REPORT_BREACH)
def report_breach(case: Case, wanted: ShownTo) -> BreachReport:
    """What a subject or a token was shown in a span of time, and of how many people."""
    case.purpose = Purpose.BREACH
    _demand_span(wanted)
    exposed, last = _exposed(case, wanted)
    left, next_since = audit.count_showings_behind(case.session, wanted, last)
    ids = sorted(map(UUID, exposed))
    addresses = dict(_addresses(case, ids))
    heads = count_people(addresses.get(application_id) for application_id in ids)
    _note(case, wanted, addresses)
    return BreachReport(
        since=wanted.since,
        until=wanted.until,
        first_at=min((one.first_at for one in exposed.values()), default=None),
        last_at=max((one.last_at for one in exposed.values()), default=None),
        applications=len(ids),
        people=heads.people,
        counted_singly=heads.counted_singly,
        categories=_categories(exposed.values()),
        items=[_item(application_id, exposed[str(application_id)]) for application_id in ids],
        events_left=left,
        next_since=next_since,
    )


def _demand_span(wanted: ShownTo) -> None:
    latest = add_months(wanted.since.date(), AUDIT_KEPT_MONTHS)
    if not wanted.since < wanted.until or wanted.until.date() > latest:
        detail = f"The span ends after it begins, and within {AUDIT_KEPT_MONTHS} months."
        raise Invalid(detail, [Fault("/query/until", "out-of-range")])


def _exposed(case: Case, wanted: ShownTo) -> tuple[dict[str, _Exposure], UUID | None]:
    """By application what was shown of it, and the last event that this takes in."""
    exposed: dict[str, _Exposure] = {}
    last = None
    for event in _events(case, wanted):
        new = set(event.application_ids) - exposed.keys()
        if exposed and len(exposed) + len(new) > MOST_APPLICATIONS:
            break
        for application_id in event.application_ids:
            exposed.setdefault(application_id, _Exposure(event.at, event.at)).add(event)
        last = event.id
    return exposed, last


def _events(case: Case, wanted: ShownTo) -> Iterator[Showing]:
    """The events, oldest first, at most so many."""
    part = Slice(limit=_AT_ONCE)
    for _ in range(0, MOST_EVENTS, _AT_ONCE):
        rows = audit.list_showings(case.session, wanted, part)
        yield from rows[:_AT_ONCE]
        if len(rows) <= _AT_ONCE:
            return
        part = Slice(rows[_AT_ONCE - 1].id, _AT_ONCE)


def _addresses(case: Case, ids: Sequence[UUID]) -> Iterator[tuple[UUID, str | None]]:
    """The normalised address in each record that is still there; None where none can be read."""
    for at in range(0, len(ids), _AT_ONCE):
        some = ids[at : at + _AT_ONCE]
        for found in persons.list_of_ids(case.session, case.reach, ("email",), some):
            address = open_fields(case, found, ["email"])[0].get("email")
            known = normalised_email(address) if isinstance(address, str) else None
            yield found.application.id, known


def _note(case: Case, wanted: ShownTo, opened: Iterable[UUID]) -> None:
    """Note whose addresses were opened. Nobody was shown one, so that none counts as read."""
    case.entry.applications = [str(application_id) for application_id in opened]
    case.entry.fields = ["email"]
    case.entry.details = {
        "subject": wanted.subject,
        "token_id": None if wanted.token_id is None else str(wanted.token_id),
        "since": wanted.since.isoformat(),
        "until": wanted.until.isoformat(),
    }


def _categories(exposed: Iterable[_Exposure]) -> list[str]:
    """The groups of what was shown; what is no field of a record stands for itself."""
    names = set[str]().union(*(one.fields for one in exposed))
    return sorted({_category(name) for name in names})


def _category(name: str) -> str:
    if name in FIELDS:
        return FIELDS[name].group
    return DOCUMENTS if name.startswith("document") else name


def _item(application_id: UUID, one: _Exposure) -> ExposedApplication:
    documents = sorted(map(UUID, one.documents))
    return ExposedApplication(
        application_id, sorted(one.fields), documents, one.first_at, one.last_at
    )
