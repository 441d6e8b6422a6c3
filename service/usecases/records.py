"""What the use cases on applications share: reaching one, opening it, and settling its dates."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from service.crypto.seals import RecordSeal
from service.domain.errors import Fault, Forbidden, Invalid, Unreadable, VersionStale
from service.domain.policy import OFFICER_PURPOSES, PERMISSIONS, Purpose, Role
from service.domain.record import birth_faults, bsn_faults, completeness_faults
from service.domain.retention import Phase, Retention, Rule, is_held, phase_of
from service.domain.words import Channel
from service.storage import applications, consents, holds
from service.storage.applications import Found, find_application, lock_own, lock_procedure_of
from service.storage.tables import Application, Procedure, sealed_column
from service.usecases.case import Case
from service.usecases.reach import open_seal, reached

Fields = Mapping[str, object]
_PURPOSE_OF = {Role.SOURCER: Purpose.TALENT_POOL, Role.APPLICANT: Purpose.OWN_RECORD}
# Whether the website speaks, and what it or another is told who names a channel not its own.
_OTHER_CHANNELS = {
    True: "Leave channel out: what comes through the website is known to have come that way.",
    False: "Only the website sends in what came through it: name email, phone or branch.",
}


@dataclass(frozen=True)
class Standing:
    """An application's dates after a change: what the caller may rely on."""

    id: UUID
    purge_on: date
    rule: Rule
    phase: Phase
    hold_until: date | None
    version: int


def get_record(case: Case, application_id: UUID, fields: Iterable[str] = ()) -> Found:
    """The application, if the principal reaches it and his role on its team allows the action."""
    case.about(application_id)
    return reached(case, find_application(case.session, application_id, case.reach, fields))


def lock_record(
    case: Case, application_id: UUID, fields: Iterable[str] = (), *, alone: bool = False
) -> Found:
    """The same, locked until the case ends: its procedure, then the application itself.

    The procedure is shared with others who rely on its end, unless it is wanted `alone`. Everything
    that moves a date takes its locks in this order, so that none can wait in a ring.
    """
    case.about(application_id)
    may = frozenset() if case.action is None else PERMISSIONS[case.action]
    is_his = lock_procedure_of(case.session, application_id, case.reach, may, shared=not alone)
    if not is_his:
        get_record(case, application_id)  # who reaches it, and may not do this, is told so
    found = lock_own(case.session, application_id, case.reach, fields) if is_his else None
    return reached(case, found)


def channel_of(case: Case, named: Channel | None) -> Channel:
    """How it came in: through the website by the website, in another way through the others."""
    by_website = case.principal.role in (Role.WEBSITE, Role.APPLICANT)
    if named is None and not by_website:
        detail = "Say how it came in: by email, by phone or at a branch."
        raise Invalid(detail, [Fault("/channel", "required")])
    channel = named or Channel.WEBSITE
    if by_website != (channel is Channel.WEBSITE):
        raise Forbidden(_OTHER_CHANNELS[by_website], [Fault("/channel", "not-for-this-role")])
    return channel


def demand_version(found_version: int, expected: int) -> None:
    if found_version != expected:
        raise VersionStale


def demand_fields(wanted: Iterable[str], allowed: frozenset[str], at: str = "/fields") -> None:
    """Forbidden, naming below the pointer `at` each field that this role may not see or change."""
    denied = sorted(set(wanted) - allowed)
    if denied:
        faults = [Fault(f"{at}/{name}", "not-for-this-role") for name in denied]
        raise Forbidden("Some fields are not for this role.", faults)


def state_purpose(case: Case) -> None:
    """Why the principal reads: the officer must have said so, for the others their role does."""
    if case.principal.role is Role.OFFICER:
        if case.purpose not in OFFICER_PURPOSES:
            raise Invalid(
                "The privacy officer states a purpose with ?purpose=",
                [Fault("/query/purpose", "required")],
            )
        return
    case.purpose = _PURPOSE_OF.get(case.principal.role, Purpose.SELECTION)


def held(found: Found, names: Iterable[str]) -> frozenset[str]:
    """Those of the loaded fields that hold a value: of an empty one nothing can be shown."""
    row = found.application
    return frozenset(name for name in names if getattr(row, sealed_column(name)) is not None)


def open_fields(
    case: Case, found: Found, names: Iterable[str]
) -> tuple[dict[str, object], list[str]]:
    """The values of the fields that hold one, and the names of those that do not open."""
    row = found.application
    stored = {name: getattr(row, sealed_column(name)) for name in names}
    present = {name: blob for name, blob in stored.items() if blob is not None}
    values, unreadable = open_each(lambda: open_seal(case, found), present)
    if unreadable:
        case.unreadable(unreadable, application_id=row.id)
    return values, unreadable


def open_each(
    open_key: Callable[[], RecordSeal], present: Mapping[str, bytes]
) -> tuple[dict[str, object], list[str]]:
    """The values of the seals, and the names of those that do not open: all, if the key doesn't."""
    if not present:
        return {}, []
    try:
        seal = open_key()
    except Unreadable:
        return {}, sorted(present)
    return seal.open_all(present)


def sealed_columns(
    case: Case, procedure_id: UUID, seal: RecordSeal, values: Fields
) -> dict[str, object]:
    """The columns of an application that hold these values: sealed, and the e-mail's index."""
    sealed = seal.seal_all({name: value for name, value in values.items() if value is not None})
    columns: dict[str, object] = {sealed_column(name): sealed.get(name) for name in values}
    if "email" in values:
        email, index = values["email"], case.current_ring.index
        columns |= {"email_index": None, "index_key_id": None}
        if isinstance(email, str):
            columns |= {
                "email_index": index.email(procedure_id, email),
                "index_key_id": index.key_id,
            }
    return columns


def revise(
    case: Case,
    found: Found,
    names: frozenset[str],
    revision: Callable[[Fields], Fields],
    *,
    is_whole: bool,
) -> None:
    """Merge a change into the present values, and keep the result if it is acceptable.

    A field that does not open counts as empty here, so that it can be replaced whole. With
    `is_whole` the record must stay complete.
    """
    row = found.application
    old, _ = open_fields(case, found, names)
    values = revision(old)
    before = applications.fields_present(case.session, row.id)
    after = (before - values.keys()) | {name for name in values if values[name] is not None}
    faults = birth_faults(values, case.today) + bsn_faults(values)
    faults += completeness_faults(after) if is_whole else []
    if faults:
        raise Invalid(faults=faults)
    columns = sealed_columns(case, row.procedure_id, open_seal(case, found), values)
    for name, value in columns.items():
        setattr(row, name, value)


def settle(case: Case, found: Found) -> Standing:
    """Recompute what an event may have moved, inside its transaction, and count the version on."""
    row = found.application
    row.version += 1
    events = consents.list_consent_events(case.session, row.id)
    retention = found.retention(consented=consents.is_consent_standing(events))
    row.purge_on = retention.purge_on
    row.hold_until = holds.latest_hold(case.session, row)
    return standing(row, retention, case.today)


def settle_all(procedure: Procedure, members: Iterable[tuple[Application, bool]]) -> None:
    """The same for all applications of a procedure whose end has moved; they are locked."""
    for row, consented in members:
        moved = Retention(procedure.ends_on, row.withdrawn_on, consented).purge_on
        if moved != row.purge_on:
            row.purge_on = moved
            row.version += 1


def standing(row: Application, retention: Retention, today: date) -> Standing:
    phase = phase_of(retention.end, row.purge_on, today)
    hold = row.hold_until if is_held(row.hold_until, today) else None
    return Standing(row.id, row.purge_on, retention.rule, phase, hold, row.version)
