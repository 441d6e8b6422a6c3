"""Intake in the ordinary case, at a fraction of its cost: all rows are written by one statement.

That is: the website sends the fields for a vacancy, without files or consent. Whatever else comes,
and whatever is wrong with it, goes the long way, in which it is decided and told.
"""

from service.domain.policy import Action, Role
from service.domain.retention import is_intake_open
from service.domain.words import Channel
from service.storage.database import (
    Base,
    driver_transaction,
    engine_of,
    has_driver_cursor,
    unavailable_when_failing,
)
from service.storage.intake import Vacancy, lock_vacancy, write_rows
from service.storage.tables import AuditEvent, StoredAnswer
from service.usecases.access import new_code
from service.usecases.case import Case, Repeatable
from service.usecases.frame import ALLOWED, audit_entry
from service.usecases.new_record import Receipt, Submission, new_application, receipt_of, values_of
from service.usecases.records import Fields
from service.usecases.repeats import claim_of, sealed_answer


def submit_at_once(case: Case, submission: Submission) -> Receipt | None:
    """Take the application in, or None, with nothing done, if this is no ordinary case."""
    asked, reference = case.repeatable, submission.procedure_reference
    values, faults = values_of(submission)
    if asked is None or reference is None or faults or not _is_ordinary(case, submission):
        return None
    case.now, case.today = case.house.clock.now(), case.house.clock_date()
    with unavailable_when_failing(), driver_transaction(engine_of(case.session)) as cursor:
        vacancy = lock_vacancy(cursor, reference, case.today)
        if vacancy is None or not is_intake_open(vacancy.ends_on, vacancy.apply_until, case.today):
            return None
        receipt, rows = _rows(case, submission, vacancy, values, asked)
        if write_rows(cursor, rows):
            return receipt
    case.entry.applications = []  # of this id nothing was written
    return None


def _is_ordinary(case: Case, submission: Submission) -> bool:
    return (
        case.principal.role is Role.WEBSITE
        and submission.channel in (None, Channel.WEBSITE)
        and submission.consent_wording is None
        and not submission.uploads
        and not case.house.keyring.current.earlier_indexes
        and has_driver_cursor(engine_of(case.session))
    )


def _rows(
    case: Case, submission: Submission, vacancy: Vacancy, values: Fields, asked: Repeatable
) -> tuple[Receipt, list[Base]]:
    row, key, seal = new_application(case, submission, Channel.WEBSITE, vacancy, values)
    code, code_row = new_code(case, row.id)
    receipt, claim = receipt_of(row, vacancy, code, values), claim_of(case, asked)
    answer = StoredAnswer(
        **claim._asdict(),
        application_id=row.id,
        sealed=sealed_answer(case, seal, claim.scope, receipt),
    )
    entry = AuditEvent(**audit_entry(case, Action.SUBMIT_APPLICATION, ALLOWED))
    return receipt, [answer, row, key, code_row, entry]
