"""Applications: changing, withdrawing, handing over and erasing them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service.domain.catalogue import COMPANY
from service.domain.errors import Conflict, Fault, Forbidden
from service.domain.policy import Action, Purpose, Role, readable_fields
from service.domain.retention import Phase
from service.domain.words import DisclosureReason, Event, RecipientKind, Status
from service.storage import disclosures
from service.storage.applications import Found
from service.storage.tables import Application, Disclosure
from service.usecases.case import Case
from service.usecases.erasing import demand_erasable, erase
from service.usecases.frame import usecase
from service.usecases.reach import open_seal, sight_of
from service.usecases.records import (
    Fields,
    Standing,
    demand_fields,
    demand_version,
    held,
    lock_record,
    open_fields,
    revise,
    settle,
)
from service.usecases.repeats import keep_answer_with
from service.usecases.telling import tell


@dataclass(frozen=True)
class Change:
    """A change of status or fields. `revise` gives the new values of `fields` from the old."""

    status: Status | None
    fields: frozenset[str]
    revise: Callable[[Fields], Fields]


@dataclass(frozen=True)
class HandedOver:
    """The values handed to personnel, and the record of it."""

    application_id: UUID
    at: datetime
    fields: Fields
    unreadable: list[str]


@usecase(Action.CHANGE_APPLICATION)
def change_application(
    case: Case, application_id: UUID, expected_version: int, change: Change
) -> Standing:
    """Change status and company fields (recruiter), or correct what was supplied (officer)."""
    found = lock_record(case, application_id, change.fields)
    row = found.application
    demand_version(row.version, expected_version)
    _demand_changeable(case, found, change)
    if change.status is not None:
        _set_status(row, change.status)
    is_correction = case.principal.role is Role.OFFICER
    if change.fields:
        revise(case, found, change.fields, change.revise, is_whole=is_correction)
    case.entry.fields = sorted(change.fields)
    if is_correction:
        case.purpose = Purpose.CORRECTION
    if is_correction and change.fields:
        tell(case, found.application.id, Event.CORRECTED, change.fields)
    return settle(case, found)


@usecase(Action.WITHDRAW_APPLICATION)
def withdraw_application(case: Case, application_id: UUID) -> Standing:
    """Withdraw for good, dated by the server; a change of mind is a new application."""
    found = lock_record(case, application_id)
    row = found.application
    if row.withdrawn_on is not None:
        raise Conflict("already-withdrawn")
    row.withdrawn_on = case.today
    row.status = Status.WITHDRAWN
    keep_answer_with(case, found)
    return settle(case, found)


@usecase(Action.HAND_OVER)
def hand_over(case: Case, application_id: UUID, fields: frozenset[str]) -> HandedOver:
    """Hand the necessary fields of a hired applicant to personnel, once, while it runs."""
    found = lock_record(case, application_id, fields)
    row = found.application
    if found.phase(case.today) is not Phase.RUNNING:
        raise Conflict("procedure-over")
    if row.status is not Status.HIRED:
        raise Conflict("not-hired")
    if disclosures.is_handed_over(case.session, row.id):
        raise Conflict("already-handed-over")
    demand_fields(fields, readable_fields(sight_of(case, found)))
    values, unreadable = open_fields(case, found, sorted(held(found, fields)))
    given = sorted(values)  # what does not open nobody receives
    case.disclose([row.id], given)
    case.purpose = Purpose.SELECTION
    case.entry.details = {"recipient": RecipientKind.PERSONNEL}
    case.session.add(
        Disclosure(
            id=case.new_id(),
            application_id=row.id,
            recipient=RecipientKind.PERSONNEL,
            kind=RecipientKind.PERSONNEL,
            reason=DisclosureReason.HIRED,
            country=case.house.settings.countries[0],
            fields=given,
            at=case.now,
            disclosed_by=case.principal.subject,
        )
    )
    case.keep_answer_under(open_seal(case, found))
    return HandedOver(row.id, case.now, values, unreadable)


@usecase(Action.ERASE_APPLICATION)
def erase_application(case: Case, application_id: UUID, expected_version: int) -> None:
    """Delete the record now, on request, by the purge's own path; a hold forbids it."""
    found = lock_record(case, application_id, alone=True)
    demand_version(found.application.version, expected_version)
    demand_erasable(case, found)
    erase(case, application_id)


def _demand_changeable(case: Case, found: Found, change: Change) -> None:
    """Status and company fields are the recruiter's; correcting is the officer's."""
    readable = readable_fields(sight_of(case, found))
    if case.principal.role is Role.RECRUITER:
        demand_fields(change.fields, readable & COMPANY)
        return
    demand_fields(change.fields, readable)
    if change.status is not None:
        raise Forbidden("The status is the team's.", [Fault("/status", "not-for-this-role")])


def _set_status(row: Application, status: Status) -> None:
    if row.status is Status.WITHDRAWN:
        raise Conflict("already-withdrawn")
    row.status = status
