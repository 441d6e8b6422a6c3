"""The keyring: the few keys that lie outside the database.

JSON: {"version": 1, "keys": [{"id", "purpose", "state", "created_at", "secret", "check"}, …]}
  id        opaque name, unique in the ring
  purpose   "kek" (wraps the DEKs) or "index" (makes look-up digests)
  state     "active" (exactly one of each purpose), "decrypt-only" or "destroyed"
  secret    32 bytes in base64; absent once destroyed
  check     the first 8 bytes, in hex, of HMAC-SHA-256 over "kluis check" under the secret:
            tells a damaged or swapped secret without telling the secret
"""

import base64
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from service.crypto.framing import frame
from service.crypto.indexes import IndexKey
from service.crypto.seals import KEY_BYTES, KeyWrap, RecordSeal, new_key
from service.domain.errors import Misconfigured, Unreadable

_KEY_ID = re.compile(r"[a-z0-9-]{1,40}", re.ASCII)


class KeyPurpose(StrEnum):
    KEK = "kek"
    INDEX = "index"


class KeyState(StrEnum):
    ACTIVE = "active"
    DECRYPT_ONLY = "decrypt-only"
    DESTROYED = "destroyed"


class UnknownKey(Unreadable):
    """The keyring holds no usable key of this id; it may have been read before a rotation."""


@dataclass(frozen=True)
class Key:
    """One key of the ring. Its secret never shows in a `repr`."""

    id: str
    purpose: KeyPurpose
    state: KeyState
    created_at: datetime
    secret: bytes = field(repr=False, default=b"")
    check: str = ""

    @property
    def is_usable(self) -> bool:
        return self.state is not KeyState.DESTROYED

    def is_the_same_as(self, other: "Key") -> bool:
        """Whether it is the same secret for the same purpose, whatever has become of it."""
        return (self.id, self.purpose, self.check) == (other.id, other.purpose, other.check)


def make_key(purpose: KeyPurpose, now: datetime) -> Key:
    """A new random key in state active."""
    secret = new_key()
    key_id = f"{purpose}-{now:%Y%m%d}-{_suffix()}"
    return Key(key_id, purpose, KeyState.ACTIVE, now, secret, check_value(secret))


def _suffix() -> str:
    """Eight random hexadecimal digits, so that two keys made on one day differ in name."""
    return new_key()[:4].hex()


def check_value(secret: bytes) -> str:
    return hmac.new(secret, b"kluis check", sha256).hexdigest()[:16]


class Keyring:
    """An immutable set of keys; changing it gives a new one."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self.keys = {key.id: key for key in keys}
        self._wraps: dict[str, KeyWrap] = {
            key.id: KeyWrap(key.id, key.secret)
            for key in self.keys.values()
            if key.purpose is KeyPurpose.KEK and key.is_usable
        }
        self.active(KeyPurpose.KEK)
        index = self.active(KeyPurpose.INDEX)
        self.index = IndexKey(index.id, index.secret)
        self.other_indexes = [
            IndexKey(key.id, key.secret)
            for key in self.keys.values()
            if (key.purpose, key.state) == (KeyPurpose.INDEX, KeyState.DECRYPT_ONLY)
        ]

    def active(self, purpose: KeyPurpose) -> Key:
        found = [k for k in self.keys.values() if (k.purpose, k.state) == (purpose, "active")]
        if len(found) != 1:
            raise Misconfigured(f"the keyring needs exactly one active key of purpose {purpose}")
        return found[0]

    def continues(self, before: "Keyring") -> bool:
        """Whether every key that `before` could use is still there, as the key that it was."""
        return all(
            key.id in self.keys and self.keys[key.id].is_the_same_as(key)
            for key in before.keys.values()
            if key.is_usable
        )

    def new_record(self, application_id: UUID) -> RecordSeal:
        """A seal under a fresh random DEK."""
        return RecordSeal(application_id, new_key())

    def wrap(self, seal: RecordSeal, procedure_id: UUID) -> tuple[str, bytes]:
        """The id of the active KEK, and the record's DEK wrapped under it."""
        kek_id = self.active(KeyPurpose.KEK).id
        return kek_id, seal.wrapped_by(self._wraps[kek_id], procedure_id)

    def open_record(
        self, application_id: UUID, procedure_id: UUID, kek_id: str, wrapped: bytes
    ) -> RecordSeal:
        """The record's seal; UnknownKey if the KEK is not in the ring, Unreadable if it fails."""
        wrap = self._wraps.get(kek_id)
        if wrap is None:
            raise UnknownKey
        return RecordSeal(application_id, wrap.unwrap(application_id, procedure_id, wrapped))

    def loose_seal(self, kek_id: str, thing_id: UUID) -> RecordSeal:
        """A seal for the few things that belong to no application; UnknownKey without the KEK.

        Its key is HKDF-SHA-256 of the KEK with "kluis loose" and the id, each length-prefixed.
        """
        if kek_id not in self._wraps:
            raise UnknownKey
        info = frame(b"kluis loose", thing_id.bytes)
        derived = HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(self.keys[kek_id].secret)
        return RecordSeal(thing_id, derived)

    def with_key(self, new: Key) -> "Keyring":
        """`new` added, or in the place of its id; once active, the one before is decrypt-only."""
        kept = [
            replace(key, state=KeyState.DECRYPT_ONLY)
            if (key.purpose, key.state) == (new.purpose, KeyState.ACTIVE)
            and new.state is KeyState.ACTIVE
            else key
            for key in self.keys.values()
            if key.id != new.id
        ]
        return Keyring([*kept, new])

    def without_secret(self, key_id: str) -> "Keyring":
        """The key destroyed: its entry stays, its secret is gone."""
        gone = replace(self.keys[key_id], state=KeyState.DESTROYED, secret=b"")
        return Keyring([gone if key.id == key_id else key for key in self.keys.values()])


def parse_keyring(text: bytes, source: str) -> Keyring:
    """The keyring in `text`. Misconfigured names `source` and what is wrong, never a secret."""
    try:
        content = json.loads(text)
        if content["version"] != 1:
            raise Misconfigured(f"{source}: this keyring version is not known")
        keys = [_parse_key(entry, source) for entry in content["keys"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        # Not chained: these errors quote what they could not read, and that can be a secret.
        raise Misconfigured(f"{source}: this is not a keyring as `kluis init` makes it") from None
    if len({key.id for key in keys}) != len(keys):
        raise Misconfigured(f"{source}: two keys have the same id")
    try:
        return Keyring(keys)
    except Misconfigured as error:
        raise Misconfigured(f"{source}: {error}") from error


def _parse_key(entry: Mapping[str, str], source: str) -> Key:
    key = Key(
        id=entry["id"],
        purpose=KeyPurpose(entry["purpose"]),
        state=KeyState(entry["state"]),
        created_at=datetime.fromisoformat(entry["created_at"]),
        secret=base64.b64decode(entry.get("secret", ""), validate=True),
        check=entry["check"],
    )
    if not _KEY_ID.fullmatch(key.id):
        raise Misconfigured(f"{source}: a key id is not made of a-z, 0-9 and hyphens")
    if key.is_usable and len(key.secret) != KEY_BYTES:
        raise Misconfigured(f"{source}: the secret of key {key.id} is not 32 bytes")
    if key.is_usable and not hmac.compare_digest(check_value(key.secret), key.check):
        raise Misconfigured(f"{source}: the secret of key {key.id} does not match its check value")
    return key


def render_keyring(keyring: Keyring) -> bytes:
    """The keyring as it is written to its file."""
    keys = [
        {
            "id": key.id,
            "purpose": key.purpose,
            "state": key.state,
            "created_at": key.created_at.isoformat(),
            **({"secret": base64.b64encode(key.secret).decode()} if key.is_usable else {}),
            "check": key.check,
        }
        for key in keyring.keys.values()
    ]
    return json.dumps({"version": 1, "keys": keys}, indent=2).encode() + b"\n"
