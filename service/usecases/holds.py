"""Legal holds: a well-founded reason to keep, with an end."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import cast
from uuid import UUID

from service.crypto.keyring import KeyPurpose
from service.crypto.seals import RecordSeal
from service.domain.errors import Conflict, Fault, Invalid, NotFound, Unreadable
from service.domain.policy import Action, Purpose
from service.domain.retention import is_allowed_hold, is_due, is_held
from service.domain.words import HoldReason
from service.storage import holds, procedures
from service.storage.applications import find_application, lock_procedure
from service.storage.tables import Hold, Procedure
from service.usecases.case import Case
from service.usecases.frame import usecase
from service.usecases.reach import open_seal
from service.usecases.records import demand_version, lock_record, settle
from service.usecases.views import view_of


@dataclass(frozen=True)
class HoldOrder:
    """Why, for which case, and until which day (the first on which it no longer holds)."""

    reason: HoldReason
    case_reference: str
    until: date


@dataclass(frozen=True)
class HoldView:
    id: UUID
    application_id: UUID | None
    procedure_id: UUID | None
    reason: HoldReason
    case_reference: str | None
    until: date
    version: int


@usecase(Action.PLACE_HOLD)
def hold_application(case: Case, application_id: UUID, order: HoldOrder) -> HoldView:
    """Keep one application past its date. One that is due is not there any more to be held."""
    found = lock_record(case, application_id)
    seal = open_seal(case, found)
    hold = _place(case, order, application_id=application_id)
    hold.sealed_reference = seal.seal(reference_field(hold.id), order.case_reference)
    case.session.add(hold)
    settle(case, found)
    case.keep_answer_under(seal)
    return _view(hold, order.case_reference)


@usecase(Action.PLACE_HOLD)
def hold_procedure(case: Case, procedure_id: UUID, order: HoldOrder) -> HoldView:
    """Keep all applications of a procedure, those still to come included."""
    procedure = lock_procedure(case.session, procedure_id, shared=False)
    if procedure is None:
        raise NotFound
    _demand_none_due(case, procedure_id)
    hold = _place(case, order, procedure_id=procedure_id)
    hold.reference_key_id = case.current_ring.active(KeyPurpose.KEK).id
    seal = _loose_seal(case, hold)
    hold.sealed_reference = seal.seal(reference_field(hold.id), order.case_reference)
    case.session.add(hold)
    _settle_procedure(case, procedure)
    return _view(hold, order.case_reference)


@usecase(Action.READ_HOLD, one_moment=True)
def read_hold(case: Case, hold_id: UUID) -> HoldView:
    """One hold with its case reference."""
    return _opened(case, _get_hold(case, hold_id))


@usecase(Action.CHANGE_HOLD)
def change_hold(case: Case, hold_id: UUID, expected_version: int, until: date) -> HoldView:
    """Renew a hold that still lasts, or end it: `until` today ends it at once."""
    hold = _get_hold(case, hold_id)
    settle_kept = _lock_kept(case, hold)
    case.session.refresh(hold, with_for_update=True)
    demand_version(hold.version, expected_version)
    if not is_held(hold.until, case.today):
        raise Conflict("hold-ended")
    if until != case.today:
        _demand_allowed_end(until, case.today)
    hold.until = until
    hold.version += 1
    settle_kept()
    return _opened(case, hold)


def _lock_kept(case: Case, hold: Hold) -> Callable[[], object]:
    """Lock what the hold keeps; gives the way to recompute it afterwards."""
    if hold.application_id is not None:
        found = lock_record(case, hold.application_id)
        return lambda: settle(case, found)
    procedure_id = cast("UUID", hold.procedure_id)  # it is on one of the two
    procedure = lock_procedure(case.session, procedure_id, shared=False)
    if procedure is None:
        raise NotFound
    return lambda: _settle_procedure(case, procedure)


def _place(
    case: Case,
    order: HoldOrder,
    application_id: UUID | None = None,
    procedure_id: UUID | None = None,
) -> Hold:
    _demand_allowed_end(order.until, case.today)
    case.purpose = Purpose.LEGAL_CLAIM
    hold_id = case.new_id()
    case.entry.details = {
        "hold_id": str(hold_id),
        "reason": order.reason,
        "procedure_id": None if procedure_id is None else str(procedure_id),
    }
    return Hold(
        id=hold_id,
        application_id=application_id,
        procedure_id=procedure_id,
        reason=order.reason,
        placed_at=case.now,
        placed_by=case.principal.subject,
        until=order.until,
        version=1,
    )


def _settle_procedure(case: Case, procedure: Procedure) -> None:
    """Recompute until when each of a procedure's applications is kept, and count its version."""
    procedure.version += 1
    whole, single = holds.latest_holds_of(case.session, procedure.id)
    for row, _ in procedures.lock_applications_of(case.session, procedure.id):
        kept = [until for until in (whole, single.get(row.id)) if until is not None]
        row.hold_until = max(kept, default=None)
        row.version += 1


def _demand_allowed_end(until: date, today: date) -> None:
    if not is_allowed_hold(until, today):
        detail = "A hold ends after today and within six months; it can be renewed."
        raise Invalid(detail, [Fault("/until", "out-of-range")])


def _demand_none_due(case: Case, procedure_id: UUID) -> None:
    """A hold brings nothing back: while the purge has yet to take a record, none is placed."""
    for row, _ in procedures.lock_applications_of(case.session, procedure_id):
        if is_due(row.purge_on, row.hold_until, case.today):
            raise Conflict("records-due")


def _get_hold(case: Case, hold_id: UUID) -> Hold:
    """The hold, if what it keeps is still there for the officer to know of."""
    hold = holds.find_hold(case.session, hold_id)
    if hold is None:
        raise NotFound
    case.entry.details = {"hold_id": str(hold_id)}
    if hold.application_id is not None:
        case.about(hold.application_id)
        if find_application(case.session, hold.application_id, case.reach) is None:
            raise NotFound
    return hold


def _opened(case: Case, hold: Hold) -> HoldView:
    try:
        reference = str(_seal_of(case, hold).open(reference_field(hold.id), hold.sealed_reference))
    except Unreadable:
        case.unreadable(["hold-reference"], hold_id=hold.id)
        return _view(hold, None)
    return _view(hold, reference)


def _seal_of(case: Case, hold: Hold) -> RecordSeal:
    if hold.application_id is None:
        return _loose_seal(case, hold)
    found = find_application(case.session, hold.application_id, case.reach)
    if found is None:
        raise Unreadable
    return open_seal(case, found)


def _loose_seal(case: Case, hold: Hold) -> RecordSeal:
    kek_id = hold.reference_key_id or ""
    return case.house.keyring.holding(kek_id).loose_seal(kek_id, hold.id)


def reference_field(hold_id: UUID) -> str:
    return f"hold-reference:{hold_id}"


def _view(hold: Hold, reference: str | None) -> HoldView:
    return view_of(HoldView, hold, case_reference=reference)
