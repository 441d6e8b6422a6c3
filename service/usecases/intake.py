"""Intake: one application with its documents and its consent, taken in as one."""

from service.crypto.seals import RecordSeal
from service.domain.calendar import add_months
from service.domain.errors import Conflict, Fault, Invalid
from service.domain.policy import Action, Role
from service.domain.retention import OPEN_APPLICATION_MONTHS, is_intake_open
from service.domain.words import Channel, ConsentChange, ProcedureKind
from service.storage import holds, procedures
from service.storage.applications import lock_procedure
from service.storage.tables import Application, Procedure, RecordKey, TeamMember
from service.usecases.access import put_code
from service.usecases.case import Case
from service.usecases.consents import ConsentStatement, append_event, get_wording
from service.usecases.documents import store_upload
from service.usecases.frame import usecase
from service.usecases.intake_at_once import submit_at_once
from service.usecases.new_record import Receipt, Submission, new_record, receipt_of, values_of
from service.usecases.reach import member_of
from service.usecases.records import channel_of


def submit_application(case: Case, submission: Submission) -> Receipt:
    """Take in one application, with its documents and its consent, as one."""
    return submit_at_once(case, submission) or _submit(case, submission)


@usecase(Action.SUBMIT_APPLICATION)
def _submit(case: Case, submission: Submission) -> Receipt:
    receipt, seal = take_in(case, submission)
    case.keep_answer_under(seal)
    return receipt


def take_in(case: Case, submission: Submission) -> tuple[Receipt, RecordSeal]:
    """A new record with a key of its own: what is told of it, and its seal."""
    channel = channel_of(case, submission.channel)
    values, faults = values_of(submission, case.today)
    if faults:
        raise Invalid(faults=faults)
    procedure = _procedure_for(case, submission)
    record = new_record(case, submission, channel, procedure, values)
    row = Application(**record.application)
    case.session.add(row)
    case.session.flush()
    row.hold_until = holds.latest_hold(case.session, row)
    case.session.add(RecordKey(**record.key))
    if submission.consent_wording is not None:
        _keep_first_consent(case, row, submission.consent_wording)
    for upload in submission.uploads:
        store_upload(case, record.seal, upload)
    code = put_code(case, row.id) if channel is Channel.WEBSITE else None
    return receipt_of(record, procedure, code, values), record.seal


def _procedure_for(case: Case, submission: Submission) -> Procedure:
    """The procedure applied to, locked and with intake open; or a new one of its own."""
    if submission.procedure_reference is None:
        return _new_open_procedure(case)
    member = member_of(case.principal)
    named = procedures.find_vacancy(case.session, submission.procedure_reference, member)
    if named is None:
        raise Invalid(faults=[Fault("/procedure_reference", "unknown")])
    procedure = lock_procedure(case.session, named.id, shared=True)
    if procedure is None or not is_intake_open(
        procedure.ends_on, procedure.apply_until, case.today
    ):
        raise Conflict("intake-closed")
    return procedure


def _new_open_procedure(case: Case) -> Procedure:
    """The procedure that an open application gets for itself, with the configured team."""
    team = dict(case.house.settings.open_team)
    if not team:
        raise Conflict("intake-closed")
    if case.principal.role is Role.RECRUITER:
        team[case.principal.subject] = Role.RECRUITER
    procedure = Procedure(
        id=case.new_id(),
        kind=ProcedureKind.OPEN,
        title=f"Open application {case.today:%Y-%m-%d}",
        opened_on=case.today,
        ends_on=add_months(case.today, OPEN_APPLICATION_MONTHS),
        version=1,
    )
    case.session.add(procedure)
    case.session.flush()
    for subject, role in team.items():
        case.session.add(TeamMember(procedure_id=procedure.id, subject=subject, role=role))
    return procedure


def _keep_first_consent(case: Case, row: Application, wording: str) -> None:
    get_wording(case, wording, "/consent/wording_version")
    append_event(case, row.id, 1, ConsentStatement(ConsentChange.GIVEN, row.channel, wording))
