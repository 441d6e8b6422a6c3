"""Applications: taking them in, changing, withdrawing, handing over and erasing them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from service.crypto.seals import RecordSeal
from service.domain.calendar import add_months
from service.domain.catalogue import COMPANY
from service.domain.errors import Conflict, Fault, Forbidden, Invalid
from service.domain.policy import Action, Purpose, Role, readable_fields
from service.domain.record import bsn_faults, completeness_faults
from service.domain.retention import (
    OPEN_APPLICATION_MONTHS,
    Phase,
    Rule,
    is_held,
    is_intake_open,
    purge_on,
)
from service.storage import applications, holds, procedures, purges
from service.storage.applications import Found, lock_procedure
from service.storage.tables import (
    Application,
    Channel,
    ConsentChange,
    ConsentEvent,
    Handover,
    Procedure,
    ProcedureKind,
    RecordKey,
    Status,
    TeamMember,
    sealed_column,
)
from service.usecases.case import Case, keep_answer_with, open_seal, sight_of, usecase
from service.usecases.consents import get_wording
from service.usecases.documents import Upload, store_upload
from service.usecases.records import (
    Standing,
    demand_fields,
    demand_version,
    lock_record,
    open_fields,
    settle,
)

Fields = Mapping[str, object]


@dataclass(frozen=True)
class Submission:
    """An application as it came in. `procedure_reference` None: an open application."""

    fields: Fields
    channel: Channel
    procedure_reference: str | None
    consent_wording: str | None
    statement_version: str | None
    uploads: Sequence[Upload] = ()


@dataclass(frozen=True)
class Receipt:
    """What the website learns: an id and the deletion dates. Nothing of the applicant."""

    id: UUID
    received_at: datetime
    purge_on: date
    purge_on_without_consent: date
    purge_on_with_consent: date
    version: int


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


@usecase(Action.SUBMIT_APPLICATION)
def submit_application(case: Case, submission: Submission) -> Receipt:
    """Take in one application, with its documents and its consent, as one."""
    _demand_channel(case, submission.channel)
    present = frozenset(name for name, value in submission.fields.items() if value is not None)
    faults = completeness_faults(present) + bsn_faults(submission.fields)
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
        channel=submission.channel,
        status=Status.RECEIVED,
        received_at=case.now,
        statement_version=submission.statement_version or case.house.settings.statement_version,
        purge_on=purge_on(procedure.ends_on, consented=consented),
        version=1,
    )
    _seal_fields(case, row, seal, submission.fields)
    case.session.add(row)
    case.session.flush()
    row.hold_until = holds.latest_hold(case.session, row)
    _keep_key(case, row, seal)
    if submission.consent_wording is not None:
        _keep_first_consent(case, row, submission.consent_wording)
    for upload in submission.uploads:
        store_upload(case, seal, upload)
    case.keep_answer_under(seal)
    return _receipt(row, procedure)


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
    if change.fields:
        _revise(case, found, change)
    case.entry.fields = sorted(change.fields)
    if case.principal.role is Role.OFFICER:
        case.purpose = Purpose.CORRECTION
    return settle(case, found)


@usecase(Action.WITHDRAW_APPLICATION)
def withdraw_application(case: Case, application_id: UUID) -> Standing:
    """Withdraw for good, dated by the server; a change of mind is a new application."""
    found = lock_record(case, application_id)
    row = found.application
    if row.withdrawn_on is not None:
        raise Conflict("already-withdrawn", "The application was withdrawn before.")
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
        raise Conflict("procedure-over", "Fields are handed over while the procedure runs.")
    if row.status is not Status.HIRED:
        raise Conflict("not-hired", "Only a hired applicant's fields are handed over.")
    if case.session.get(Handover, row.id) is not None:
        raise Conflict("already-handed-over", "This was done before; it is done once.")
    demand_fields(fields, readable_fields(sight_of(case, found)))
    case.disclose([row.id], fields)
    case.purpose = Purpose.SELECTION
    case.entry.details = {"recipient": "personnel"}
    who = case.principal.subject
    case.session.add(
        Handover(application_id=row.id, at=case.now, handed_over_by=who, fields=sorted(fields))
    )
    values, unreadable = open_fields(case, found, sorted(fields))
    case.keep_answer_under(open_seal(case, found))
    return HandedOver(row.id, case.now, values, unreadable)


@usecase(Action.ERASE_APPLICATION)
def erase_application(case: Case, application_id: UUID, expected_version: int) -> None:
    """Delete the record now, on request, by the purge's own path; a hold forbids it."""
    found = lock_record(case, application_id, alone=True)
    row = found.application
    demand_version(row.version, expected_version)
    if is_held(row.hold_until, case.today):
        raise Conflict("held", "A legal hold forbids the erasure.", until=row.hold_until)
    case.purpose = Purpose.ERASURE
    is_open = found.procedure.kind is ProcedureKind.OPEN
    record = purges.DueRecord(row.id, Rule.ERASURE, found.procedure.id if is_open else None)
    case.session.expunge_all()
    purges.delete_records(case.session, [record], case.today, run_id=None)


def _demand_channel(case: Case, channel: Channel) -> None:
    """What comes through the website is the website's to say, and nothing else is."""
    if (case.principal.role is Role.WEBSITE) != (channel is Channel.WEBSITE):
        raise Forbidden(
            "This channel is not this role's.", [Fault("/channel", "not-for-this-role")]
        )


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
        raise Conflict("intake-closed", "This procedure takes no more applications.")
    return procedure


def _new_open_procedure(case: Case) -> Procedure:
    """The procedure that an open application gets for itself, with the configured team."""
    team = dict(case.house.settings.open_team)
    if not team:
        raise Conflict(
            "intake-closed", "Open applications are not taken: KLUIS_OPEN_TEAM is empty."
        )
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


def _seal_fields(case: Case, row: Application, seal: RecordSeal, values: Fields) -> None:
    for name, value in values.items():
        setattr(row, sealed_column(name), None if value is None else seal.seal(name, value))
    if "email" not in values:
        return
    email, index = values["email"], case.house.keyring.current.index
    row.email_index = index.email(row.procedure_id, email) if isinstance(email, str) else None
    row.index_key_id = index.key_id if isinstance(email, str) else None


def _keep_key(case: Case, row: Application, seal: RecordSeal) -> None:
    kek_id, wrapped = case.house.keyring.current.wrap(seal, row.procedure_id)
    case.session.add(RecordKey(application_id=row.id, kek_id=kek_id, wrapped=wrapped))


def _keep_first_consent(case: Case, row: Application, wording: str) -> None:
    get_wording(case, wording, "/consent/wording_version")
    case.session.add(
        ConsentEvent(
            application_id=row.id,
            number=1,
            change=ConsentChange.GIVEN,
            at=case.now,
            wording_version=wording,
            channel=row.channel,
            recorded_by=case.principal.subject,
        )
    )


def _receipt(row: Application, procedure: Procedure) -> Receipt:
    return Receipt(
        id=row.id,
        received_at=row.received_at,
        purge_on=row.purge_on,
        purge_on_without_consent=purge_on(procedure.ends_on, consented=False),
        purge_on_with_consent=purge_on(procedure.ends_on, consented=True),
        version=row.version,
    )


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
        raise Conflict("already-withdrawn", "A withdrawal is final.")
    row.status = status


def _revise(case: Case, found: Found, change: Change) -> None:
    """Merge the change into the present values, and keep the result if it is acceptable.

    A field that does not open counts as empty here, so that it can be replaced whole.
    """
    row = found.application
    old, _ = open_fields(case, found, change.fields)
    values = change.revise(old)
    before = applications.fields_present(case.session, row.id)
    after = (before - values.keys()) | {name for name in values if values[name] is not None}
    faults = bsn_faults(values)
    if case.principal.role is Role.OFFICER:
        faults += completeness_faults(after)
    if faults:
        raise Invalid(faults=faults)
    _seal_fields(case, row, open_seal(case, found), values)
