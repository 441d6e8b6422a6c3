"""The routes of procedures and their teams."""

from service.domain.errors import Fault, Invalid
from service.domain.policy import Action, Role
from service.storage.procedures import ProcedureFilter
from service.usecases import procedures
from service.usecases.case import Case
from service.usecases.paging import Page
from service.web import schemas
from service.web.doors import Asked, door

_PROCEDURE = "/procedures/<uuid:procedure_id>"


@door(
    "POST",
    "/procedures",
    Action.CREATE_PROCEDURE,
    body=schemas.NewProcedure,
    location="/procedures/{id}",
    conflicts=("reference-exists",),
)
def create_procedure(case: Case, asked: Asked) -> procedures.ProcedureView:
    """Open the procedure of a vacancy; a recruiter who does so is on its team.

    It ends by itself on `ends_on`, at most twelve months from today.
    """
    return procedures.create_procedure(case, procedures.NewProcedure(**asked.body))


@door(
    "GET",
    "/procedures",
    Action.LIST_PROCEDURES,
    Action.LOOK_UP_VACANCY,
    query=schemas.ProceduresQuery,
)
def list_procedures(
    case: Case, asked: Asked
) -> Page[procedures.ProcedureView] | Page[procedures.VacancyView]:
    """The procedures that the caller knows of; for the website, the one vacancy it names.

    The website names a `reference` and learns id, title, last day of intake and whether it is
    open: no item when there is no such vacancy. Recruiters see those where they recruit,
    interviewers and screeners those on whose team they are.
    """
    reference = asked.query.get("reference")
    if case.principal.role is Role.WEBSITE:
        if reference is None:
            raise Invalid("The website names a vacancy.", [Fault("/query/reference", "required")])
        return procedures.look_up_vacancy(case, reference)
    wanted = ProcedureFilter(reference, asked.query.get("ends_before"))
    return procedures.list_procedures(case, wanted, asked.page)


@door("GET", _PROCEDURE, Action.READ_PROCEDURE)
def read_procedure(case: Case, asked: Asked) -> procedures.ProcedureView:
    """One procedure."""
    return procedures.read_procedure(case, asked.path["procedure_id"])


@door(
    "PATCH",
    _PROCEDURE,
    Action.CHANGE_PROCEDURE,
    body=schemas.ProcedurePatch,
    versioned=True,
    conflicts=("already-ended", "too-late-to-reopen"),
)
def change_procedure(case: Case, asked: Asked) -> procedures.ProcedureView:
    """Close, prolong, reopen or rename a procedure.

    Closing ends it today. Every application's deletion date moves with the end. An ended
    procedure is reopened by a recruiter of its team, before its first deletion date.
    """
    body = asked.body
    reason = body.get("reason")
    change = procedures.ProcedureChange(
        closed=body.get("closed", False),
        ends_on=body.get("ends_on"),
        reason=None if reason is None else procedures.ReopenReason(reason),
        title=body.get("title"),
        apply_until=body.get("apply_until"),
        clears_apply_until="apply_until" in body and body["apply_until"] is None,
    )
    return procedures.change_procedure(case, asked.path["procedure_id"], asked.version, change)


@door("GET", f"{_PROCEDURE}/team", Action.READ_TEAM)
def list_team(case: Case, asked: Asked) -> list[procedures.MemberView]:
    """Who selects in a procedure."""
    return procedures.list_team(case, asked.path["procedure_id"])


@door("GET", f"{_PROCEDURE}/team/<subject>", Action.READ_TEAM)
def read_member(case: Case, asked: Asked) -> procedures.MemberView:
    """One member of a team."""
    return procedures.read_member(case, asked.path["procedure_id"], _subject(asked))


@door("PUT", f"{_PROCEDURE}/team/<subject>", Action.CHANGE_TEAM, body=schemas.MemberRole)
def set_member(case: Case, asked: Asked) -> procedures.MemberView:
    """Put somebody on the team, or give him another role there.

    In force from that person's next request on; it raises an alarm event.
    """
    role = Role(asked.body["role"])
    return procedures.set_member(case, asked.path["procedure_id"], _subject(asked), role)


@door("DELETE", f"{_PROCEDURE}/team/<subject>", Action.CHANGE_TEAM)
def remove_member(case: Case, asked: Asked) -> None:
    """Take somebody off the team."""
    procedures.remove_member(case, asked.path["procedure_id"], _subject(asked))


def _subject(asked: Asked) -> str:
    """The subject in the path, of the characters that subjects are made of."""
    subject: str = schemas.load(schemas.Subject, {"subject": asked.path["subject"]}, "/path")[
        "subject"
    ]
    return subject
