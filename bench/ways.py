"""The ways to seal a field that are measured beside each other: ours, and what one would pick."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

import orjson
import tink
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Unicode, make_url
from sqlalchemy_utils import StringEncryptedType
from sqlalchemy_utils.types.encrypted.encrypted_type import AesGcmEngine, FernetEngine
from tink import aead

from service.crypto.framing import frame
from service.crypto.seals import KEY_BYTES, NONCE_BYTES, RecordSeal
from service.domain.catalogue import FIELDS

OURS, ALONE, RAW, UTILS = "Kluis", "Kluis, one field alone", "AESGCM", "SQLAlchemy-Utils"
TOGETHER = 20  # fields of a record
TEXT = ("Graag werk ik mee aan software die haar beloften houdt. " * 4)[:198]
JSON = orjson.dumps(TEXT)  # 200 bytes
CONTEXT = frame(b"kluis field", b"\x01", uuid4().bytes, b"motivation")


@dataclass(frozen=True)
class Way:
    """One way to seal so many fields in a call, and to open them; its objects are made once."""

    seal: Callable[[], object]
    open: Callable[[], object]
    gives: object
    fields: int = 1


def all_ways() -> dict[str, Way]:
    gcm, fernet, tinks = AESGCM(os.urandom(KEY_BYTES)), Fernet(Fernet.generate_key()), _tink()
    return {
        OURS: _ours(),
        ALONE: _alone(),
        RAW: _raw(gcm),
        f"{RAW} and orjson": _raw_json(gcm),
        "Fernet": _way(lambda: fernet.encrypt(JSON), fernet.decrypt, JSON),
        "Tink": _way(
            lambda: tinks.encrypt(JSON, CONTEXT), lambda b: tinks.decrypt(b, CONTEXT), JSON
        ),
        f"{UTILS}, AES-GCM": _utils(AesGcmEngine),
        f"{UTILS}, Fernet": _utils(FernetEngine),
    }


def _way(seal: Callable[[], bytes], open_: Callable[[bytes], object], gives: object) -> Way:
    sealed = seal()
    return Way(seal, lambda: open_(sealed), gives)


def _ours() -> Way:
    """As an intake and a read do it: the fields of a record one after the other."""
    seal = RecordSeal(uuid4(), os.urandom(KEY_BYTES))
    values = dict.fromkeys(list(FIELDS)[:TOGETHER], TEXT)
    sealed = seal.seal_all(values)

    def open_() -> dict[str, object]:
        return seal.open_all(sealed)[0]

    return Way(lambda: seal.seal_all(values), open_, values, TOGETHER)


def _alone() -> Way:
    seal = RecordSeal(uuid4(), os.urandom(KEY_BYTES))
    return _way(lambda: seal.seal("motivation", TEXT), lambda b: seal.open("motivation", b), TEXT)


def _raw(gcm: AESGCM) -> Way:
    """As the library's own documentation has it, with the nonce kept in front."""

    def seal() -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + gcm.encrypt(nonce, JSON, CONTEXT)

    def open_(blob: bytes) -> bytes:
        return gcm.decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], CONTEXT)

    return _way(seal, open_, JSON)


def _raw_json(gcm: AESGCM) -> Way:
    """The same from a value to a value, for orientation."""

    def seal() -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + gcm.encrypt(nonce, orjson.dumps(TEXT), CONTEXT)

    def open_(blob: bytes) -> object:
        return orjson.loads(gcm.decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], CONTEXT))

    return _way(seal, open_, TEXT)


def _tink() -> aead.Aead:
    aead.register()
    return tink.new_keyset_handle(aead.aead_key_templates.AES256_GCM).primitive(aead.Aead)


def _utils(engine: type) -> Way:
    """The column type as the ORM calls it; deriving the key for every value is its own doing."""
    column = StringEncryptedType(Unicode, os.urandom(16).hex(), engine)
    dialect = make_url("postgresql+psycopg://").get_dialect()()
    return _way(
        lambda: column.process_bind_param(TEXT, dialect),
        lambda sealed: column.process_result_value(sealed, dialect),
        TEXT,
    )
