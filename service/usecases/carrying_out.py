"""Requests that are carried out the moment they are made, and what they set in motion."""

from collections.abc import Callable
from dataclasses import dataclass

from service.domain.catalogue import SUPPLIED
from service.domain.policy import Role, readable_fields
from service.domain.requests import HOLDING, UNCHECKED, is_restricting
from service.domain.words import (
    ConsentChange,
    Event,
    IdentityCheck,
    Outcome,
    RefusalReason,
    RequestKind,
)
from service.storage import consents, requests
from service.storage.applications import Found
from service.storage.tables import PrivacyRequest
from service.usecases.case import Case
from service.usecases.consents import ConsentStatement, append_event
from service.usecases.erasing import erase, legal_hold
from service.usecases.reach import sight_of
from service.usecases.records import Fields, demand_fields, revise
from service.usecases.requests import close
from service.usecases.telling import tell


@dataclass(frozen=True)
class Correction:
    """The fields that are corrected; `revise` gives their new values from the old."""

    fields: frozenset[str]
    revise: Callable[[Fields], Fields]


NO_CORRECTION = Correction(frozenset(), lambda old: old)


def assign(case: Case, row: PrivacyRequest, found: Found) -> None:
    """Say whose record it is about, and whether it holds it: one that is due nothing holds anew."""
    row.application_id = found.application.id
    row.is_holding = row.kind in HOLDING and case.today < found.application.purge_on


def note_check(case: Case, row: PrivacyRequest, check: IdentityCheck) -> None:
    """Note how the asker was found to be the person; not where all that is forgotten."""
    if row.channel is None:
        return
    row.identity_check = check
    row.identity_checked_at = case.now
    row.identity_checked_by = case.recorder


def carry_out(
    case: Case, found: Found, row: PrivacyRequest, correction: Correction = NO_CORRECTION
) -> bool:
    """Do what is asked, if it can be done at once; tells whether the record went with it.

    The record is locked. While it is not known who asks, only what anybody may ask is done. What
    the applicant erases goes by this call; for others the officer erases it himself.
    """
    if row.identity_check is None and row.kind not in UNCHECKED:
        return False
    match row.kind:
        case RequestKind.CONSENT_WITHDRAWAL:
            _withdraw_consent(case, found, row)
        case RequestKind.RESTRICTION:
            close(case, row, Outcome.ANSWERED)
        case RequestKind.CORRECTION if correction.fields:
            _correct(case, found, row, correction)
        case RequestKind.ERASURE if case.principal.role is Role.APPLICANT:
            return _erase(case, found, row)
    return False


def settle_restriction(case: Case, found: Found) -> None:
    """Recompute since when the record is restricted, and tell of it where that begins or ends."""
    row = found.application
    case.session.flush()
    asked = requests.list_requests_of(case.session, row.id)
    since = [one.identity_checked_at for one in asked if is_stopping(one)]
    was, row.restricted_at = row.restricted_at, min(filter(None, since), default=None)
    if (was is None) != (row.restricted_at is None):
        tell(case, row.id, Event.RELEASED if row.restricted_at is None else Event.RESTRICTED)


def is_stopping(row: PrivacyRequest) -> bool:
    """Whether the team does not read because of this request."""
    is_checked, is_lifted = row.identity_checked_at is not None, row.lifted_at is not None
    return is_restricting(row.kind, row.outcome, is_checked=is_checked, is_lifted=is_lifted)


def _withdraw_consent(case: Case, found: Found, row: PrivacyRequest) -> None:
    """As easily as it was given; where none stands there is nothing to take back."""
    events = consents.list_consent_events(case.session, found.application.id)
    if consents.is_consent_standing(events):
        statement = ConsentStatement(ConsentChange.WITHDRAWN, row.channel, None)
        append_event(case, found.application.id, len(events) + 1, statement)
        case.session.flush()
    close(case, row, Outcome.ANSWERED)


def _correct(case: Case, found: Found, row: PrivacyRequest, correction: Correction) -> None:
    """What the applicant supplied is his to correct; the company's own fields are judged."""
    demand_fields(correction.fields, readable_fields(sight_of(case, found)) & SUPPLIED)
    revise(case, found, correction.fields, correction.revise, is_whole=True)
    case.entry.fields = sorted(correction.fields)
    tell(case, found.application.id, Event.CORRECTED, correction.fields)
    close(case, row, Outcome.ANSWERED)


def _erase(case: Case, found: Found, row: PrivacyRequest) -> bool:
    """Gone at once, with what else he asked to see; a legal hold forbids it, and that is said."""
    if legal_hold(case, found):
        row.refusal_reason = RefusalReason.LEGAL_HOLD
        close(case, row, Outcome.REFUSED)
        return False
    for other in requests.list_requests_of(case.session, found.application.id):
        if other.kind in HOLDING:
            close(case, other, Outcome.WITHDRAWN)
    erase(case, found.application.id)
    return True
