"""Intake: one application with its documents and its consent, taken in as one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from service.crypto.seals import RecordSeal
from service.domain.access import Question, known_answers
from service.domain.calendar import add_months
from service.domain.errors import Conflict, Fault, Invalid
from service.domain.policy import Action, Role
from service.domain.record import bsn_faults, completeness_faults
from service.domain.retention import OPEN_APPLICATION_MONTHS, is_intake_open, purge_on
from service.domain.words import Channel, ConsentChange, ProcedureKind, Status
from service.storage import holds, procedures
from service.storage.applications import lock_procedure
from service.storage.tables import Application, Procedure, RecordKey, TeamMember
from service.usecases.access import put_code
from service.usecases.case import Case
from service.usecases.consents import ConsentStatement, append_event, get_wording
from service.usecases.documents import Upload, store_upload
from service.usecases.frame import usecase
from service.usecases.records import Fields, channel_of, seal_fields


@dataclass(frozen=True)
class Submission:
    """An application as it came in. `procedure_reference` None: an open application."""

    fields: Fields
    channel: Channel | None
    procedure_reference: str | None
    consent_wording: str | None
    statement_version: str | None
    uploads: Sequence[Upload] = ()


@dataclass(frozen=True)
class Receipt:
    """What the website learns: an id and the deletion dates. Nothing of the applicant.

    `access_code` is for the applicant, shown here and nowhere else; null for what staff entered.
    With fewer than two `control_questions` that the record can answer it lets nobody in: then the
    privacy officer checks who asks.
    """

    id: UUID
    received_at: datetime
    purge_on: date
    purge_on_without_consent: date
    purge_on_with_consent: date
    version: int
    access_code: str | None = field(repr=False)
    control_questions: list[Question]


@usecase(Action.SUBMIT_APPLICATION)
def submit_application(case: Case, submission: Submission) -> Receipt:
    """Take in one application, with its documents and its consent, as one."""
    receipt, seal = take_in(case, submission)
    case.keep_answer_under(seal)
    return receipt


def take_in(case: Case, submission: Submission) -> tuple[Receipt, RecordSeal]:
    """A new record with a key of its own: what is told of it, and its seal."""
    channel = channel_of(case, submission.channel)
    values = {name: value for name, value in submission.fields.items() if value not in (None, [])}
    faults = completeness_faults(frozenset(values)) + bsn_faults(values)
    if faults:
        raise Invalid(faults=faults)
    procedure = _procedure_for(case, submission)
    application_id = case.new_id()
    case.about(application_id)
    seal = case.house.keyring.current.new_record(application_id)
    consented = submission.consent_wording is not None
    row = Application(
        id=application_id,
        procedure_id=procedure.id,
        channel=channel,
        status=Status.RECEIVED,
        received_at=case.now,
        statement_version=submission.statement_version or case.house.settings.statement_version,
        purge_on=purge_on(procedure.ends_on, consented=consented),
        version=1,
    )
    seal_fields(case, row, seal, values)
    case.session.add(row)
    case.session.flush()
    row.hold_until = holds.latest_hold(case.session, row)
    _keep_key(case, row, seal)
    if submission.consent_wording is not None:
        _keep_first_consent(case, row, submission.consent_wording)
    for upload in submission.uploads:
        store_upload(case, seal, upload)
    code = put_code(case, row.id) if channel is Channel.WEBSITE else None
    return _receipt(row, procedure, code, sorted(known_answers(values))), seal


def _procedure_for(case: Case, submission: Submission) -> Procedure:
    """The procedure applied to, its end locked, with intake open; or a new one of its own."""
    if submission.procedure_reference is None:
        return _new_open_procedure(case)
    member = case.principal.subject if case.principal.role is Role.RECRUITER else None
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


def _keep_key(case: Case, row: Application, seal: RecordSeal) -> None:
    kek_id, wrapped = case.house.keyring.current.wrap(seal, row.procedure_id)
    case.session.add(RecordKey(application_id=row.id, kek_id=kek_id, wrapped=wrapped))


def _keep_first_consent(case: Case, row: Application, wording: str) -> None:
    get_wording(case, wording, "/consent/wording_version")
    append_event(case, row.id, 1, ConsentStatement(ConsentChange.GIVEN, row.channel, wording))


def _receipt(
    row: Application, procedure: Procedure, code: str | None, questions: list[Question]
) -> Receipt:
    return Receipt(
        id=row.id,
        received_at=row.received_at,
        purge_on=row.purge_on,
        purge_on_without_consent=purge_on(procedure.ends_on, consented=False),
        purge_on_with_consent=purge_on(procedure.ends_on, consented=True),
        version=row.version,
        access_code=code,
        control_questions=questions,
    )
