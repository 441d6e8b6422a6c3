"""Kept data used again: the applicant applies anew without supplying everything once more.

The new application has its own key, team and dates. Nothing links the two but the applicant's own
act in the audit.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from uuid import UUID

from service.crypto.seals import RecordSeal
from service.domain.catalogue import SUPPLIED
from service.domain.errors import Conflict, Fault, Invalid, TooLarge, Unreadable
from service.domain.policy import Action, Purpose
from service.domain.words import Channel
from service.storage import consents
from service.storage.applications import Found
from service.usecases.case import Case
from service.usecases.documents import copy_of
from service.usecases.frame import usecase
from service.usecases.intake import take_in
from service.usecases.new_record import Receipt, Submission
from service.usecases.reach import open_seal
from service.usecases.records import Fields, demand_fields, lock_record, open_fields


@dataclass(frozen=True)
class ReuseOrder:
    """What to take from the kept record, and what to apply to; None: an open application.

    `revise` gives the new values of what is to be corrected first, from the old.
    """

    procedure_reference: str | None
    fields: frozenset[str]
    revise: Callable[[Fields], Fields]
    documents: Sequence[UUID]
    consent_wording: str | None
    statement_version: str | None


@usecase(Action.REUSE_APPLICATION)
def reuse_application(case: Case, application_id: UUID, order: ReuseOrder) -> Receipt:
    """Apply anew with kept data, while consent to its longer retention lasts."""
    demand_fields(order.fields, SUPPLIED)
    _demand_few(case, order.documents)
    found = lock_record(case, application_id, order.fields)
    events = consents.list_consent_events(case.session, application_id)
    if not consents.is_consent_standing(events):
        raise Conflict("no-consent")
    seal = _demand_opening(case, found)
    values = _kept_values(case, found, order)
    with ExitStack() as files:
        uploads = [
            files.enter_context(copy_of(case, found, document_id, f"/documents/{place}"))
            for place, document_id in enumerate(order.documents)
        ]
        receipt, _ = take_in(
            case,
            Submission(
                fields=values,
                channel=Channel.WEBSITE,
                procedure_reference=order.procedure_reference,
                consent_wording=order.consent_wording,
                statement_version=order.statement_version,
                uploads=uploads,
            ),
        )
    case.purpose = Purpose.OWN_RECORD
    case.entry.applications = [str(application_id)]
    case.entry.fields = sorted(values)
    case.entry.details = {"reused_as": str(receipt.id)}
    case.keep_answer_under(seal)  # with the record that the token reaches
    return receipt


def _demand_opening(case: Case, found: Found) -> RecordSeal:
    """Nothing of a record with a damaged key can be used again."""
    try:
        return open_seal(case, found)
    except Unreadable:
        raise Invalid(faults=[Fault("/fields", "does-not-open")]) from None


def _demand_few(case: Case, documents: Sequence[UUID]) -> None:
    """As many files as an application may have, each once."""
    most = case.house.settings.max_files
    if len(documents) > most:
        raise TooLarge(f"There are more than {most} files.")
    twice = [at for at, one in enumerate(documents) if one in documents[:at]]
    if twice:
        raise Invalid(faults=[Fault(f"/documents/{at}", "twice") for at in twice])


def _kept_values(case: Case, found: Found, order: ReuseOrder) -> Fields:
    """The chosen values, corrected; Invalid names what does not open and was not replaced."""
    old, unreadable = open_fields(case, found, sorted(order.fields))
    corrected = order.revise(old)
    lost = sorted(set(unreadable) - corrected.keys())
    if lost:
        raise Invalid(faults=[Fault(f"/fields/{name}", "does-not-open") for name in lost])
    return {**old, **corrected}
