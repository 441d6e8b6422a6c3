"""Consent: a ledger of what was given and withdrawn, never a flag."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from service.domain.errors import Conflict, Fault, Invalid
from service.domain.policy import Action, Role
from service.domain.words import Channel, ConsentChange
from service.storage import consents
from service.storage.tables import ConsentEvent, ConsentWording
from service.usecases.case import Case
from service.usecases.frame import usecase
from service.usecases.records import Standing, channel_of, get_record, lock_record, settle
from service.usecases.repeats import keep_answer_with
from service.usecases.views import view_of


@dataclass(frozen=True)
class ConsentStatement:
    """Consent given on a wording, or withdrawn."""

    change: ConsentChange
    channel: Channel | None
    wording_version: str | None


@dataclass(frozen=True)
class ConsentView:
    """One line of the ledger; who recorded it is nothing to tell the applicant."""

    number: int
    change: ConsentChange
    at: datetime
    wording_version: str | None
    channel: Channel
    recorded_by: str | None


@dataclass(frozen=True)
class WordingView:
    version: str
    texts: dict[str, str]
    names_talent_pool: bool
    added_at: datetime


@usecase(Action.RECORD_CONSENT)
def record_consent(case: Case, application_id: UUID, statement: ConsentStatement) -> Standing:
    """Append to the ledger, until the record is due; the deletion date follows at once."""
    channel = channel_of(case, statement.channel)
    found = lock_record(case, application_id)
    if found.application.purge_on <= case.today:
        raise Conflict("record-due")
    if statement.wording_version is not None:
        get_wording(case, statement.wording_version, "/wording_version")
    number = len(consents.list_consent_events(case.session, application_id)) + 1
    append_event(case, application_id, number, replace(statement, channel=channel))
    case.session.flush()
    case.entry.details = {"change": statement.change, "wording": statement.wording_version}
    keep_answer_with(case, found)
    return settle(case, found)


@usecase(Action.READ_CONSENT, one_moment=True)
def list_consent_events(case: Case, application_id: UUID) -> list[ConsentView]:
    """The ledger of one application, oldest first."""
    get_record(case, application_id)
    rows = consents.list_consent_events(case.session, application_id)
    is_own = case.principal.role is Role.APPLICANT
    hidden = {"recorded_by": None} if is_own else {}
    return [view_of(ConsentView, row, **hidden) for row in rows]


@usecase(Action.ADD_WORDING)
def add_wording(
    case: Case, version: str, texts: dict[str, str], *, names_talent_pool: bool
) -> WordingView:
    """Add a wording under a new version; a version, once shown to people, never changes."""
    if consents.find_wording(case.session, version) is not None:
        raise Conflict("wording-exists")
    row = ConsentWording(
        version=version, texts=texts, names_talent_pool=names_talent_pool, added_at=case.now
    )
    case.session.add(row)
    case.entry.details = {"wording": version}
    return view_of(WordingView, row)


@usecase(Action.LIST_WORDINGS)
def list_wordings(case: Case) -> list[WordingView]:
    """All wordings, oldest first."""
    return [view_of(WordingView, row) for row in consents.list_wordings(case.session)]


def append_event(
    case: Case, application_id: UUID, number: int, statement: ConsentStatement
) -> None:
    """Put a statement into the ledger, as its event of this number."""
    case.session.add(
        ConsentEvent(
            application_id=application_id,
            number=number,
            change=statement.change,
            at=case.now,
            wording_version=statement.wording_version,
            channel=statement.channel,
            recorded_by=case.recorder,
        )
    )


def get_wording(case: Case, version: str, pointer: str) -> ConsentWording:
    """The wording, or Invalid at `pointer`."""
    row = consents.find_wording(case.session, version)
    if row is None:
        raise Invalid(faults=[Fault(pointer, "unknown")])
    return row
