"""Intake in the ordinary case, at a fraction of its cost: one statement is the whole transaction.

That is: the website sends the fields for a vacancy, without files or consent. Whatever else comes,
and whatever is wrong with it, goes the long way, in which it is decided and told.
"""

from service.domain.policy import Action, Role
from service.domain.retention import is_intake_open
from service.domain.words import Channel
from service.storage.database import Base, has_driver_cursor, unavailable_when_failing
from service.storage.intake import Vacancy, write_rows
from service.storage.tables import (
    AccessCode,
    Application,
    AuditEvent,
    Columns,
    RecordKey,
    StoredAnswer,
)
from service.usecases.access import new_code
from service.usecases.case import Case, Entry, Repeatable
from service.usecases.frame import ALLOWED, audit_entry
from service.usecases.new_record import Receipt, Submission, new_record, receipt_of, values_of
from service.usecases.records import Fields
from service.usecases.repeats import claim_under, sealed_answer


def submit_at_once(case: Case, submission: Submission) -> Receipt | None:
    """Take the application in, or None, with nothing done, if this is no ordinary case."""
    asked, reference = case.repeatable, submission.procedure_reference
    case.now, case.today = case.house.clock.now(), case.house.clock_date()
    values, faults = values_of(submission, case.today)
    if asked is None or reference is None or faults or not _is_ordinary(case, submission):
        return None
    receipt = _taken_in(case, submission, reference, values, asked)
    if receipt is None:  # nothing was written, and the long way looks at everything anew
        case.house.vacancies.forget(reference)
        case.entry = Entry()
    return receipt


def _is_ordinary(case: Case, submission: Submission) -> bool:
    return (
        case.principal.role is Role.WEBSITE
        and submission.channel in (None, Channel.WEBSITE)
        and submission.consent_wording is None
        and not submission.uploads
        and not case.current_ring.other_indexes
        and has_driver_cursor(case.house.engine)
    )


def _taken_in(
    case: Case, submission: Submission, reference: str, values: Fields, asked: Repeatable
) -> Receipt | None:
    house = case.house
    with unavailable_when_failing():
        vacancy = house.vacancies.find(house.engine, reference)
        if vacancy is None or not is_intake_open(vacancy.ends_on, vacancy.apply_until, case.today):
            return None
        receipt, rows = _rows(case, submission, vacancy, values, asked)
        is_written = write_rows(house.engine, vacancy, case.today, rows)
    return receipt if is_written else None


def _rows(
    case: Case, submission: Submission, vacancy: Vacancy, values: Fields, asked: Repeatable
) -> tuple[Receipt, dict[type[Base], Columns]]:
    record = new_record(case, submission, Channel.WEBSITE, vacancy, values)
    application_id = record.seal.application_id
    code, code_columns = new_code(case, application_id)
    receipt = receipt_of(record, vacancy, code, values)
    claim = claim_under(case, asked, case.current_ring.index)
    sealed = sealed_answer(case, record.seal, claim.scope, receipt)
    return receipt, {
        StoredAnswer: {**claim._asdict(), "application_id": application_id, "sealed": sealed},
        Application: record.application,
        RecordKey: record.key,
        AccessCode: code_columns,
        AuditEvent: audit_entry(case, Action.SUBMIT_APPLICATION, ALLOWED),
    }
