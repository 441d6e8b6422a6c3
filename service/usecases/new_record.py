"""A new record: its row, its key and its code, and what is told of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from service.crypto.seals import RecordSeal
from service.domain.access import Question, known_answers
from service.domain.errors import Fault
from service.domain.record import birth_faults, bsn_faults, completeness_faults
from service.domain.retention import purge_on
from service.domain.words import Channel, Status
from service.storage.intake import Vacancy
from service.storage.tables import Columns, Procedure
from service.usecases.case import Case
from service.usecases.documents import Upload
from service.usecases.records import Fields, sealed_columns


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


def values_of(submission: Submission, today: date) -> tuple[Fields, list[Fault]]:
    """The fields that hold a value, and what is wrong with them together."""
    values = {name: value for name, value in submission.fields.items() if value not in (None, [])}
    return values, [
        *completeness_faults(frozenset(values)),
        *birth_faults(values, today),
        *bsn_faults(values),
    ]


@dataclass(frozen=True)
class NewRecord:
    """A record to be: the columns of its row and of its key's, and its seal."""

    application: Columns = field(repr=False)
    key: Columns = field(repr=False)
    seal: RecordSeal = field(repr=False)


def new_record(
    case: Case,
    submission: Submission,
    channel: Channel,
    procedure: Procedure | Vacancy,
    values: Fields,
) -> NewRecord:
    """A record with a key of its own, under which the values are sealed."""
    application_id = case.new_id()
    case.about(application_id)
    ring, consented = case.current_ring, submission.consent_wording is not None
    seal = ring.new_record(application_id)
    application = {
        "id": application_id,
        "procedure_id": procedure.id,
        "channel": channel,
        "status": Status.RECEIVED,
        "received_at": case.now,
        "statement_version": submission.statement_version or case.house.settings.statement_version,
        "purge_on": purge_on(procedure.ends_on, consented=consented),
        "version": 1,
        **sealed_columns(case, procedure.id, seal, values),
    }
    kek_id, wrapped = ring.wrap(seal, procedure.id)
    key = {"application_id": application_id, "kek_id": kek_id, "wrapped": wrapped}
    return NewRecord(application, key, seal)


def receipt_of(
    record: NewRecord, procedure: Procedure | Vacancy, code: str | None, values: Fields
) -> Receipt:
    row = record.application
    return Receipt(
        id=row["id"],
        received_at=row["received_at"],
        purge_on=row["purge_on"],
        purge_on_without_consent=purge_on(procedure.ends_on, consented=False),
        purge_on_with_consent=purge_on(procedure.ends_on, consented=True),
        version=row["version"],
        access_code=code,
        control_questions=sorted(known_answers(values)),
    )
