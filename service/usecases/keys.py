"""Keys in use: registering, adding, rewrapping, reindexing and destroying them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from service.crypto.keyring import Key, KeyPurpose, Keyring, KeyState, make_key
from service.domain.errors import Conflict, Unreadable
from service.domain.policy import Action
from service.storage import keys
from service.storage.tables import Hold, KeyringKey
from service.telemetry.signals import Alarm
from service.usecases.case import Case
from service.usecases.frame import usecase
from service.usecases.holds import reference_field

BATCH = 500
WriteKeyring = Callable[[Keyring], None]


@dataclass(frozen=True)
class KeyView:
    """One key, without its secret: how many rows use it, and from when it may be destroyed."""

    id: str
    purpose: KeyPurpose
    state: KeyState
    created_at: datetime
    rows: int
    destroyable_from: datetime | None


@dataclass(frozen=True)
class Progress:
    """What one batch did, what did not open, and behind which row the next batch begins."""

    done: int
    failed: int
    next_after: UUID | None


def missing_keys(session: Session, ring: Keyring) -> list[str]:
    """The keys that rows of this database use and the ring can not use as they were."""
    return [
        row.id
        for row in keys.list_known_keys(session)
        if not _is_usable_in(ring, row) and keys.is_used(session, row.id)
    ]


def _is_usable_in(ring: Keyring, row: KeyringKey) -> bool:
    key = ring.keys.get(row.id)
    return (
        key is not None
        and key.is_usable
        and (key.purpose, key.check) == (row.purpose, row.check_value)
    )


def register_keys(session: Session, ring: Keyring, now: datetime) -> None:
    """Make the ring's keys known to the database, so that rows can refer to them."""
    known = {row.id for row in keys.list_known_keys(session)}
    for key in ring.keys.values():
        if key.id not in known and key.is_usable:
            keys.add_known_key(session, key.id, key.purpose, key.check, now)


@usecase(Action.MANAGE_KEYS)
def list_keys(case: Case) -> list[KeyView]:
    """All keys of the ring with their use in this database."""
    uses = keys.count_uses(case.session)
    known = {row.id: row for row in keys.list_known_keys(case.session)}
    wait = timedelta(days=case.house.settings.backup_days)
    return [
        KeyView(
            id=key.id,
            purpose=key.purpose,
            state=key.state,
            created_at=key.created_at,
            rows=uses.get(key.id, 0),
            destroyable_from=_free_from(key, uses.get(key.id, 0), known.get(key.id), wait),
        )
        for key in case.house.keyring.current.keys.values()
    ]


@usecase(Action.MANAGE_KEYS)
def add_key(case: Case, purpose: KeyPurpose, write: WriteKeyring) -> Key:
    """Add a new key that nothing is sealed under yet, so that every host can get it first."""
    new = replace(make_key(purpose, case.now), state=KeyState.DECRYPT_ONLY)
    _put(case, new, write)
    case.alarm(Alarm.KEYS_CHANGED, added=new.id)
    return new


@usecase(Action.MANAGE_KEYS)
def rotate_key(
    case: Case, purpose: KeyPurpose, write: WriteKeyring, key_id: str | None = None
) -> Key:
    """Make a new key active, or one that was added; the one before becomes decrypt-only.

    No row is touched yet.
    """
    ring = case.house.keyring.current
    made = make_key(purpose, case.now) if key_id is None else ring.keys.get(key_id)
    if made is None or made.purpose is not purpose or not made.is_usable:
        raise Conflict("no-such-key", f"There is no usable key of purpose {purpose} with this id.")
    new = replace(made, state=KeyState.ACTIVE)
    keys.touch_known_keys(case.session, [ring.active(purpose).id], case.now)
    _put(case, new, write)
    case.alarm(Alarm.KEYS_CHANGED, active=new.id)
    return new


def _put(case: Case, new: Key, write: WriteKeyring) -> None:
    """The database knows of a key before the keyring is written.

    What a kill leaves between is a known key that nothing uses.
    """
    ring = case.house.keyring.current.with_key(new)
    register_keys(case.session, ring, case.now)
    case.entry.details = {"key": new.id, "state": new.state}
    case.afterwards(lambda: write(ring))


@usecase(Action.MANAGE_KEYS)
def count_work(case: Case, purpose: KeyPurpose) -> int:
    """How many rows are still under another key than the active one of this purpose."""
    active = case.house.keyring.current.active(purpose).id
    if purpose is KeyPurpose.KEK:
        return keys.count_to_rewrap(case.session, active)
    return keys.count_to_reindex(case.session, active)


@usecase(Action.MANAGE_KEYS)
def rewrap_batch(case: Case, after: UUID | None) -> Progress:
    """Wrap some data keys under the active KEK. It can stop, and go on, at any moment."""
    ring = case.house.keyring.current
    kek_id = ring.active(KeyPurpose.KEK).id
    taken = keys.take_to_rewrap(case.session, kek_id, after, BATCH)
    touched, failed = set(), 0
    for row, procedure_id in taken:
        touched.add(row.kek_id)
        try:
            seal = ring.open_record(row.application_id, procedure_id, row.kek_id, row.wrapped)
        except Unreadable:
            failed += 1
            continue
        row.kek_id, row.wrapped = ring.wrap(seal, procedure_id)
    keys.touch_known_keys(case.session, touched, case.now)
    case.entry.details = {"rewrapped": len(taken) - failed, "failed": failed}
    last = taken[-1][0].application_id if len(taken) == BATCH else None
    return Progress(len(taken) - failed, failed, last)


@usecase(Action.MANAGE_KEYS)
def rewrap_holds_batch(case: Case, after: UUID | None) -> Progress:
    """Seal the references of some procedures' holds under the active KEK."""
    ring = case.house.keyring.current
    kek_id = ring.active(KeyPurpose.KEK).id
    taken = keys.take_holds_to_rewrap(case.session, kek_id, after, BATCH)
    touched, failed = {hold.reference_key_id or "" for hold in taken}, 0
    for hold in taken:
        try:
            _reseal(ring, hold, kek_id)
        except Unreadable:
            failed += 1
    keys.touch_known_keys(case.session, touched, case.now)
    case.entry.details = {"rewrapped": len(taken) - failed, "failed": failed}
    return Progress(len(taken) - failed, failed, taken[-1].id if len(taken) == BATCH else None)


@usecase(Action.MANAGE_KEYS)
def reindex_batch(case: Case, after: UUID | None) -> Progress:
    """Make some look-up digests anew under the active index key."""
    ring = case.house.keyring.current
    taken = keys.take_to_reindex(case.session, ring.index.key_id, after, BATCH)
    touched, failed = set(), 0
    for row, key in taken:
        touched.add(row.index_key_id or "")
        try:
            seal = ring.open_record(row.id, row.procedure_id, key.kek_id, key.wrapped)
            email = str(seal.open("email", keys.sealed_email(row)))
        except Unreadable:
            failed += 1
            continue
        row.email_index = ring.index.email(row.procedure_id, email)
        row.index_key_id = ring.index.key_id
    keys.touch_known_keys(case.session, touched, case.now)
    case.entry.details = {"reindexed": len(taken) - failed, "failed": failed}
    last = taken[-1][0].id if len(taken) == BATCH else None
    return Progress(len(taken) - failed, failed, last)


@usecase(Action.MANAGE_KEYS)
def demand_destroyable(case: Case, key_id: str) -> None:
    """Conflict says why a key may not be destroyed, before anybody is asked whether to do so."""
    _demand_free(case, key_id)


@usecase(Action.MANAGE_KEYS)
def destroy_key(case: Case, key_id: str, write: WriteKeyring) -> None:
    """Destroy a key that no row uses and no living backup can need."""
    _demand_free(case, key_id)
    ring = case.house.keyring.current
    keys.delete_known_key(case.session, key_id)  # the database refuses while a row uses it
    case.afterwards(lambda: write(ring.without_secret(key_id)))
    case.entry.details = {"destroyed": key_id}
    case.alarm(Alarm.KEYS_CHANGED, destroyed=key_id)


def _demand_free(case: Case, key_id: str) -> None:
    key = case.house.keyring.current.keys.get(key_id)
    if key is None or key.state is not KeyState.DECRYPT_ONLY:
        raise Conflict("not-decrypt-only", "Only a key that was rotated out is destroyed.")
    rows = keys.count_uses(case.session).get(key_id, 0)
    if rows:
        detail = f"{rows} rows use it: rewrap or reindex; answers kept for a day go by themselves."
        raise Conflict("key-in-use", detail)
    known = keys.find_known_key(case.session, key_id)
    wait = timedelta(days=case.house.settings.backup_days)
    free_from = _free_from(key, 0, known, wait)
    if free_from is not None and case.now < free_from:
        raise Conflict("backups-need-it", f"Backups may need it until {free_from:%Y-%m-%d %H:%M}.")


def _free_from(key: Key, rows: int, known: KeyringKey | None, wait: timedelta) -> datetime | None:
    """From when a key may be destroyed; None while it may not, or when it already is."""
    if key.state is not KeyState.DECRYPT_ONLY or rows or known is None:
        return None
    return known.last_used_at + wait


def _reseal(ring: Keyring, hold: Hold, kek_id: str) -> None:
    name = reference_field(hold.id)
    seal = ring.loose_seal(hold.reference_key_id or "", hold.id)
    reference = seal.open(name, hold.sealed_reference)
    hold.sealed_reference = ring.loose_seal(kek_id, hold.id).seal(name, reference)
    hold.reference_key_id = kek_id
