"""The applicant's own access: a code, control questions, and a token that lasts for minutes."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from service.domain import access as rules
from service.domain.access import FIELDS_ASKED, Question, code_digest, mint_code, wait_after
from service.domain.errors import NotAdmitted
from service.domain.policy import Action, Role
from service.storage import access, tokens
from service.storage.applications import Found, Reach, lock_own
from service.storage.tables import AccessCode, Columns
from service.telemetry.signals import Alarm
from service.usecases.case import Case
from service.usecases.frame import usecase
from service.usecases.reach import open_seal
from service.usecases.records import lock_record, open_fields
from service.usecases.tokens import NewToken, mint_row


@dataclass(frozen=True)
class IssuedCode:
    """An access code, shown here and nowhere else."""

    application_id: UUID
    access_code: str = field(repr=False)


@dataclass(frozen=True)
class OpenedAccess:
    """An applicant's token for his own application, shown here and nowhere else."""

    application_id: UUID
    expires_at: datetime
    token: str = field(repr=False)


@usecase(Action.ISSUE_ACCESS_CODE)
def issue_access_code(case: Case, application_id: UUID) -> IssuedCode:
    """A new code for the applicant; the one before, and all access that it gave, ends."""
    found = lock_record(case, application_id)
    seal = open_seal(case, found)
    code = put_code(case, application_id)
    tokens.delete_applicant_tokens(case.session, application_id)
    case.alarm(Alarm.ACCESS_CODE_ISSUED, application_id=application_id, by=case.principal.subject)
    case.keep_answer_under(seal)
    return IssuedCode(application_id, code)


@usecase(Action.OPEN_ACCESS)
def open_access(case: Case, code: str, answers: Mapping[Question, str]) -> OpenedAccess:
    """An applicant's token for who knows the code and answers two questions from the record.

    Whatever is wrong is refused in one way, with as many statements; wrong answers are counted and
    lock the code. The record is locked first, as everywhere, so that no two can wait in a ring.
    """
    digest = code_digest(code)
    named = access.find_code(case.session, digest)
    application_id = case.new_id() if named is None else named.application_id
    own = Reach(Role.APPLICANT, "", case.today, application_id)
    found = lock_own(case.session, application_id, own, FIELDS_ASKED)
    row = access.find_code(case.session, digest)
    if row is not None:
        case.about(application_id)
    if not _is_admitted(case, found, row, answers):
        _count_failure(case, digest, row)
        raise NotAdmitted
    access.note_failures(case.session, digest, 0, None)
    case.keep_no_answer(about=application_id)  # a token lasts for minutes: a repeat needs its own
    return _grant(case, application_id)


def put_code(case: Case, application_id: UUID) -> str:
    """Give the application a new access code in the place of the one before."""
    code, columns = new_code(case, application_id)
    access.replace_code(case.session, AccessCode(**columns))
    return code


def new_code(case: Case, application_id: UUID) -> tuple[str, Columns]:
    """A new access code, and the columns of its row, which keeps its digest alone."""
    code = mint_code(os.urandom(rules.ENTROPY_BYTES))
    return code, {
        "application_id": application_id,
        "digest": code_digest(code),
        "failures": 0,
        "issued_at": case.now,
        "issued_by": case.recorder,
    }


def _is_admitted(
    case: Case, found: Found | None, row: AccessCode | None, answers: Mapping[Question, str]
) -> bool:
    values = {} if found is None else open_fields(case, found, sorted(FIELDS_ASKED))[0]
    fits = rules.is_the_person(rules.known_answers(values), answers)
    return fits and row is not None and not _is_locked(row, case.now)


def _count_failure(case: Case, digest: bytes, row: AccessCode | None) -> None:
    """Count it, unless the code is locked: what is tried then is not judged, and moves nothing."""
    failures, locked_until = 0, None
    if row is not None and _is_locked(row, case.now):
        failures, locked_until = row.failures, row.locked_until
    elif row is not None:
        failures = row.failures + 1
        locked_until = case.now + wait_after(failures)
        case.entry.details = {"failures": failures}
        if wait_after(failures):
            case.alarm(Alarm.ACCESS_LOCKED, application_id=row.application_id, failures=failures)
    access.note_failures(case.session, digest, failures, locked_until)


def _is_locked(row: AccessCode, now: datetime) -> bool:
    return row.locked_until is not None and now < row.locked_until


def _grant(case: Case, application_id: UUID) -> OpenedAccess:
    expires_at = case.now + rules.APPLICANT_TOKEN_LIFE
    new = NewToken(Role.APPLICANT, str(application_id), expires_at)
    row, token = mint_row(case, new)
    row.application_id = application_id
    case.entry.details = {"created": str(row.id), "as": Role.APPLICANT}
    return OpenedAccess(application_id, expires_at, token)
