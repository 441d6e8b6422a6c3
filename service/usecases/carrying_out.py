"""Requests that are carried out the moment they are made, and what they set in motion."""

from collections.abc import Callable
from enum import Enum, auto

from service.domain.catalogue import SUPPLIED
from service.domain.policy import readable_fields
from service.domain.requests import HOLDING, is_restricting
from service.domain.words import ConsentChange, Event, Outcome, RefusalReason, RequestKind
from service.storage import consents, requests
from service.storage.applications import Found
from service.storage.tables import PrivacyRequest
from service.usecases.case import Case
from service.usecases.consents import ConsentStatement, append_event
from service.usecases.erasing import close, erase, legal_hold
from service.usecases.reach import sight_of
from service.usecases.records import Fields, demand_fields, revise, settle
from service.usecases.telling import tell

Correction = tuple[frozenset[str], Callable[[Fields], Fields]]
_MOOT = HOLDING | {RequestKind.CORRECTION, RequestKind.RESTRICTION, RequestKind.OBJECTION}


class CarriedOut(Enum):
    """What became of a request: it waits for the officer, was done, or took the record with it."""

    WAITS = auto()
    DONE = auto()
    ERASED = auto()


def carry_out(
    case: Case, found: Found, row: PrivacyRequest, correction: Correction | None
) -> CarriedOut:
    """Do what the request asks for, if that can be done at once; the record is locked."""
    match row.kind:
        case RequestKind.CONSENT_WITHDRAWAL:
            return _withdraw_consent(case, found, row)
        case RequestKind.RESTRICTION:
            close(case, row, Outcome.ANSWERED)
            return CarriedOut.DONE
        case RequestKind.CORRECTION if correction is not None and correction[0]:
            return _correct(case, found, row, correction)
        case RequestKind.ERASURE:
            return _erase(case, found, row)
    return CarriedOut.WAITS


def settle_restriction(case: Case, found: Found) -> None:
    """Recompute since when the record is restricted, and tell of it where that begins or ends."""
    row = found.application
    case.session.flush()
    since = [
        asked.identity_checked_at
        for asked in requests.list_requests_of(case.session, row.id)
        if asked.identity_checked_at is not None
        and is_restricting(
            asked.kind, asked.outcome, is_checked=True, is_lifted=asked.lifted_at is not None
        )
    ]
    was, row.restricted_at = row.restricted_at, min(since, default=None)
    if (was is None) != (row.restricted_at is None):
        tell(case, row.id, Event.RELEASED if row.restricted_at is None else Event.RESTRICTED)


def _withdraw_consent(case: Case, found: Found, row: PrivacyRequest) -> CarriedOut:
    """As easily as it was given; where none stands there is nothing to take back."""
    events = consents.list_consent_events(case.session, found.application.id)
    if consents.is_consent_standing(events):
        statement = ConsentStatement(ConsentChange.WITHDRAWN, row.channel, None)
        append_event(case, found.application.id, len(events) + 1, statement)
        case.session.flush()
    close(case, row, Outcome.ANSWERED)
    return CarriedOut.DONE


def _correct(case: Case, found: Found, row: PrivacyRequest, correction: Correction) -> CarriedOut:
    """What the applicant supplied is his to correct; the company's own fields are judged."""
    names, revision = correction
    demand_fields(names, readable_fields(sight_of(case, found)) & SUPPLIED)
    revise(case, found, names, revision, is_whole=True)
    case.entry.fields = sorted(names)
    tell(case, found.application.id, Event.CORRECTED, names)
    close(case, row, Outcome.ANSWERED)
    return CarriedOut.DONE


def _erase(case: Case, found: Found, row: PrivacyRequest) -> CarriedOut:
    """Gone at once, and what else was asked is moot; a legal hold forbids it, and that is said."""
    if legal_hold(case, found):
        row.refusal_reason = RefusalReason.LEGAL_HOLD
        close(case, row, Outcome.REFUSED)
        return CarriedOut.DONE
    for other in requests.list_requests_of(case.session, found.application.id):
        if other.kind in _MOOT:
            close(case, other, Outcome.WITHDRAWN)
    settle(case, found)
    erase(case, found)
    return CarriedOut.ERASED
