"""Procedures and their teams: opening, closing, prolonging, reopening, and who selects."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from service.domain.errors import Conflict, Fault, Forbidden, Invalid, NotFound
from service.domain.policy import Action, Role
from service.domain.retention import (
    ENDING_SOON,
    is_allowed_end,
    is_intake_open,
    latest_end,
    may_reopen,
)
from service.domain.words import ProcedureKind
from service.storage import procedures
from service.storage.applications import lock_procedure
from service.storage.procedures import ProcedureFilter
from service.storage.slices import Slice
from service.storage.tables import Procedure, TeamMember
from service.telemetry.signals import Alarm
from service.usecases.case import Case
from service.usecases.frame import usecase
from service.usecases.paging import Page, page
from service.usecases.reach import member_of
from service.usecases.records import demand_version, settle_all
from service.usecases.views import view_of


class ReopenReason(StrEnum):
    """Why an ended procedure goes on. Words, for free text could hold what no audit may."""

    CANDIDATE_DECLINED = "candidate-declined"
    CLOSED_BY_MISTAKE = "closed-by-mistake"
    SELECTION_RESUMED = "selection-resumed"


@dataclass(frozen=True)
class NewProcedure:
    reference: str
    title: str
    ends_on: date
    apply_until: date | None


@dataclass(frozen=True)
class ProcedureChange:
    """What to change; None leaves as it is. `closed` ends it today."""

    closed: bool = False
    ends_on: date | None = None
    reason: ReopenReason | None = None
    title: str | None = None
    apply_until: date | None = None
    clears_apply_until: bool = False


@dataclass(frozen=True)
class ProcedureView:
    """A procedure; `ends_soon` warns its recruiters 14 days ahead."""

    id: UUID
    kind: ProcedureKind
    reference: str | None
    title: str
    opened_on: date
    apply_until: date | None
    ends_on: date
    latest_end: date
    is_running: bool
    ends_soon: bool
    version: int


@dataclass(frozen=True)
class VacancyView:
    """What the website learns of a vacancy."""

    id: UUID
    title: str
    apply_until: date | None
    is_open: bool


@dataclass(frozen=True)
class MemberView:
    subject: str
    role: Role


@usecase(Action.CREATE_PROCEDURE)
def create_procedure(case: Case, new: NewProcedure) -> ProcedureView:
    """Open a vacancy's procedure; a recruiter who creates it is on its team."""
    if not is_allowed_end(new.ends_on, case.today, case.today):
        raise Invalid(
            "A procedure ends after today and within twelve months.",
            [Fault("/ends_on", "out-of-range")],
        )
    _demand_before_end(new.apply_until, new.ends_on)
    if procedures.find_vacancy(case.session, new.reference) is not None:
        raise Conflict("reference-exists")
    row = Procedure(
        id=case.new_id(),
        kind=ProcedureKind.VACANCY,
        reference=new.reference,
        title=new.title,
        opened_on=case.today,
        apply_until=new.apply_until,
        ends_on=new.ends_on,
        version=1,
    )
    case.session.add(row)
    case.session.flush()
    if case.principal.role is Role.RECRUITER:
        subject = case.principal.subject
        case.session.add(TeamMember(procedure_id=row.id, subject=subject, role=Role.RECRUITER))
    case.entry.details = {"procedure_id": str(row.id)}
    return _view(row, case.today)


@usecase(Action.LIST_PROCEDURES)
def list_procedures(case: Case, wanted: ProcedureFilter, asked: Slice) -> Page[ProcedureView]:
    """A page of procedures: those of whose team one is, or all."""
    rows = procedures.list_procedures(case.session, member_of(case.principal), wanted, asked)
    return page(rows, asked, lambda row: row.id, lambda row: _view(row, case.today))


@usecase(Action.LOOK_UP_VACANCY)
def look_up_vacancy(case: Case, reference: str) -> Page[VacancyView]:
    """Whether a vacancy takes applications: id, title, last day, open or not; nothing else."""
    row = procedures.find_vacancy(case.session, reference)
    if row is None:
        return Page([], None)
    is_open = is_intake_open(row.ends_on, row.apply_until, case.today)
    return Page([VacancyView(row.id, row.title, row.apply_until, is_open)], None)


@usecase(Action.READ_PROCEDURE)
def read_procedure(case: Case, procedure_id: UUID) -> ProcedureView:
    return _view(_get(case, procedure_id), case.today)


@usecase(Action.CHANGE_PROCEDURE)
def change_procedure(
    case: Case, procedure_id: UUID, expected_version: int, change: ProcedureChange
) -> ProcedureView:
    """Close, prolong, reopen or rename; every application's date moves with the end."""
    row = _lock(case, procedure_id)
    demand_version(row.version, expected_version)
    new_end = _new_end(case, row, change)
    if change.title is not None:
        row.title = change.title
    if change.apply_until is not None or change.clears_apply_until:
        row.apply_until = change.apply_until
    if change.apply_until is not None or (new_end is not None and not change.closed):
        _demand_before_end(row.apply_until, new_end or row.ends_on)
    if new_end is not None:
        case.entry.details |= {"ends_on": f"{new_end}", "was": f"{row.ends_on}"}
        row.ends_on = new_end
        settle_all(row, procedures.lock_applications_of(case.session, row.id))
    row.version += 1
    return _view(row, case.today)


@usecase(Action.READ_TEAM)
def list_team(case: Case, procedure_id: UUID) -> list[MemberView]:
    _get(case, procedure_id)
    rows = procedures.list_team(case.session, procedure_id)
    return [view_of(MemberView, row) for row in rows]


@usecase(Action.READ_TEAM)
def read_member(case: Case, procedure_id: UUID, subject: str) -> MemberView:
    _get(case, procedure_id)
    row = procedures.find_member(case.session, procedure_id, subject)
    if row is None:
        raise NotFound
    return view_of(MemberView, row)


@usecase(Action.CHANGE_TEAM)
def set_member(case: Case, procedure_id: UUID, subject: str, role: Role) -> MemberView:
    """Put somebody on the team, or give him another role there; from the next request on."""
    _demand_not_own_access(case, subject)
    _lock(case, procedure_id)
    row = procedures.find_member(case.session, procedure_id, subject)
    if row is None:
        case.session.add(TeamMember(procedure_id=procedure_id, subject=subject, role=role))
    else:
        row.role = role
    _note_team_change(case, procedure_id, subject, role)
    return MemberView(subject, role)


@usecase(Action.CHANGE_TEAM)
def remove_member(case: Case, procedure_id: UUID, subject: str) -> None:
    """Take somebody off the team; from the next request on."""
    _lock(case, procedure_id)
    row = procedures.find_member(case.session, procedure_id, subject)
    if row is None:
        raise NotFound
    case.session.delete(row)
    _note_team_change(case, procedure_id, subject, None)


def _new_end(case: Case, row: Procedure, change: ProcedureChange) -> date | None:
    """The end that the change asks for, if it may be; None when the end stays."""
    if change.closed:
        if row.ends_on <= case.today:
            raise Conflict("already-ended")
        return case.today
    if change.ends_on is None:
        return None
    if row.ends_on <= case.today:
        _demand_reopening(case, row, change)
    elif change.ends_on <= row.ends_on:
        raise Invalid("Prolonging moves the end later.", [Fault("/ends_on", "not-later")])
    if not is_allowed_end(change.ends_on, row.opened_on, case.today):
        detail = f"The latest end is {latest_end(row.opened_on)}, twelve months after opening."
        raise Invalid(detail, [Fault("/ends_on", "out-of-range")])
    return change.ends_on


def _demand_before_end(apply_until: date | None, ends_on: date) -> None:
    """The website tells applicants this day, and with the end all intake is closed."""
    if apply_until is not None and apply_until >= ends_on:
        detail = f"The last day to apply lies before the end, {ends_on}."
        raise Invalid(detail, [Fault("/apply_until", "out-of-range")])


def _demand_reopening(case: Case, row: Procedure, change: ProcedureChange) -> None:
    if case.principal.role is not Role.RECRUITER:
        raise Forbidden(
            "A recruiter of the team reopens.", [Fault("/ends_on", "not-for-this-role")]
        )
    if not may_reopen(row.ends_on, case.today):
        raise Conflict("too-late-to-reopen")
    if change.reason is None:
        raise Invalid("Reopening needs a reason.", [Fault("/reason", "required")])
    case.entry.details["reason"] = change.reason


def _get(case: Case, procedure_id: UUID) -> Procedure:
    case.entry.details = {"procedure_id": str(procedure_id)}
    row = procedures.find_procedure(case.session, procedure_id, member_of(case.principal))
    if row is None:
        raise NotFound
    return row


def _lock(case: Case, procedure_id: UUID) -> Procedure:
    """The procedure, locked alone with its team; who does not reach it waits for nobody's lock."""
    _get(case, procedure_id)
    lock_procedure(case.session, procedure_id, shared=False)
    return _get(case, procedure_id)


def _demand_not_own_access(case: Case, subject: str) -> None:
    if case.principal.role is Role.ADMIN and subject == case.principal.subject:
        raise Forbidden("An admin does not put himself on a team.")


def _note_team_change(case: Case, procedure_id: UUID, subject: str, role: Role | None) -> None:
    case.entry.details |= {"member": subject, "role": role}
    case.alarm(Alarm.TEAM_CHANGED, procedure_id=procedure_id, member=subject, role=role)


def _view(row: Procedure, today: date) -> ProcedureView:
    running = today < row.ends_on
    return view_of(
        ProcedureView,
        row,
        latest_end=latest_end(row.opened_on),
        is_running=running,
        ends_soon=running and row.ends_on - today <= ENDING_SOON,
    )
