"""Sealing one field of one application, and wrapping the key that does it.

Field blob:   version (1 byte, 0x01) | nonce (12) | ciphertext | tag (16)
  algorithm   AES-256-GCM under the data key (DEK) of the application
  AAD         "kluis field", version, application id (16), field name; each length-prefixed
  plaintext   the value as JSON (UTF-8), padded with spaces to a multiple of 64 bytes, so that
              the length of a short value does not tell what it is

Wrapped DEK:  version (1 byte, 0x01) | nonce (12) | ciphertext (32) | tag (16)
  algorithm   AES-256-GCM under a key-encryption key (KEK)
  AAD         "kluis key", version, application id (16), procedure id (16), KEK id; each
              length-prefixed

The header of a document is described in documents.py.

A blob moved to another record, field or procedure does not open; nor does one of an unknown
version. An older blob put back in its own place does open: only the database guards against that.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.crypto.framing import frame
from service.domain.catalogue import FIELDS
from service.domain.errors import Unreadable

VERSION: Final = b"\x01"
NONCE_BYTES: Final = 12
KEY_BYTES: Final = 32
TAG_BYTES: Final = 16
PADDED_TO: Final = 64

# Made once: where the parts of a blob are, what pads it, how the contexts begin.
_NONCE: Final = slice(1, 1 + NONCE_BYTES)
_SEALED: Final = slice(1 + NONCE_BYTES, None)
_PADDING: Final = tuple(b" " * missing for missing in range(PADDED_TO))
_ID_LENGTH: Final = frame(bytes(16))[:-16]  # that of every id: what comes before one, framed
_FIELD_CONTEXT: Final = frame(b"kluis field", VERSION) + _ID_LENGTH
_KEY_CONTEXT: Final = frame(b"kluis key", VERSION) + _ID_LENGTH


class _FieldContexts(dict[str, bytes]):
    """How the contexts of fields end: the catalogue's are made once, others when asked for."""

    def __missing__(self, name: str) -> bytes:
        return frame(name.encode())


_FIELD_CONTEXTS: Final = _FieldContexts((name, frame(name.encode())) for name in FIELDS)


@dataclass(frozen=True)
class DocumentLabel:
    """What a document's row says of it in the clear; its header opens for no other."""

    id: UUID
    kind: str
    media_type: str
    size: int


class RecordSeal:
    """Seals and opens the values of one application under its DEK."""

    __slots__ = ("_aead", "_context", "_key", "application_id")

    def __init__(self, application_id: UUID, key: bytes) -> None:
        self.application_id = application_id
        self._key = key
        self._aead = AESGCM(key)
        self._context = _FIELD_CONTEXT + application_id.bytes

    def seal(self, name: str, value: object) -> bytes:
        """The JSON-able `value` as a blob that opens only as this field of this application."""
        text = orjson.dumps(value)
        padded = text + _PADDING[-len(text) % PADDED_TO]
        return _encrypt(self._aead, padded, self._context + _FIELD_CONTEXTS[name])

    def seal_all(self, values: Mapping[str, object]) -> dict[str, bytes]:
        """Each value sealed as `seal` does it.

        Their nonces are drawn by one call to the system, and in the loops there is no call of ours.
        """
        encrypt, context, to_json = self._aead.encrypt, self._context, orjson.dumps
        drawn = os.urandom(NONCE_BYTES * len(values))
        nonces = [drawn[at : at + NONCE_BYTES] for at in range(0, len(drawn), NONCE_BYTES)]
        texts = [to_json(value) for value in values.values()]
        padded = [text + _PADDING[-len(text) % PADDED_TO] for text in texts]
        return {
            name: VERSION + nonce + encrypt(nonce, plaintext, context + _FIELD_CONTEXTS[name])
            for name, nonce, plaintext in zip(values, nonces, padded, strict=True)
        }

    def open(self, name: str, blob: bytes) -> object:
        """The value that was sealed; whatever is wrong with the blob, Unreadable."""
        value: object = orjson.loads(
            _decrypt(self._aead, blob, self._context + _FIELD_CONTEXTS[name])
        )
        return value

    def open_all(self, blobs: Mapping[str, bytes]) -> tuple[dict[str, object], list[str]]:
        """The values that were sealed, and the names of the blobs with which something is wrong.

        One loop without a call of ours in it: what is read most is read here.
        """
        values: dict[str, object] = {}
        unreadable: list[str] = []
        decrypt, context = self._aead.decrypt, self._context
        for name, blob in blobs.items():
            if blob[:1] != VERSION:
                unreadable.append(name)
                continue
            try:
                plaintext = decrypt(blob[_NONCE], blob[_SEALED], context + _FIELD_CONTEXTS[name])
            except (InvalidTag, ValueError):
                unreadable.append(name)
            else:
                values[name] = orjson.loads(plaintext)
        return values, unreadable

    def wrap_document_key(self, label: DocumentLabel, key: bytes) -> bytes:
        """The header of a document: its key, which opens only with this label in this record."""
        return _encrypt(self._aead, key, self._document_context(label))

    def unwrap_document_key(self, label: DocumentLabel, header: bytes) -> bytes:
        """The document's key; whatever is wrong with the header or the label, Unreadable."""
        return _decrypt(self._aead, header, self._document_context(label))

    def wrapped_by(self, wrap: "KeyWrap", procedure_id: UUID) -> bytes:
        """The record's DEK, wrapped."""
        return wrap.wrap(self.application_id, procedure_id, self._key)

    def _document_context(self, label: DocumentLabel) -> bytes:
        ids = self.application_id.bytes, label.id.bytes
        # As text: a damaged row may hold a size that no fixed number of bytes has room for.
        facts = (str(fact).encode() for fact in (label.kind, label.media_type, label.size))
        return frame(b"kluis document", VERSION, *ids, *facts)


def new_key() -> bytes:
    """A random 256-bit key."""
    return os.urandom(KEY_BYTES)


class KeyWrap:
    """Wraps DEKs under one KEK."""

    __slots__ = ("_aead", "_kek_context", "kek_id")

    def __init__(self, kek_id: str, kek: bytes) -> None:
        self.kek_id = kek_id
        self._aead = AESGCM(kek)
        self._kek_context = frame(kek_id.encode())

    def wrap(self, application_id: UUID, procedure_id: UUID, dek: bytes) -> bytes:
        """The DEK as bytes that unwrap only for this application in this procedure."""
        return _encrypt(self._aead, dek, self._context(application_id, procedure_id))

    def unwrap(self, application_id: UUID, procedure_id: UUID, wrapped: bytes) -> bytes:
        """The DEK; whatever is wrong with the wrapped bytes, Unreadable."""
        return _decrypt(self._aead, wrapped, self._context(application_id, procedure_id))

    def _context(self, application_id: UUID, procedure_id: UUID) -> bytes:
        ids = application_id.bytes + _ID_LENGTH + procedure_id.bytes
        return _KEY_CONTEXT + ids + self._kek_context


def _encrypt(aead: AESGCM, plaintext: bytes, context: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return VERSION + nonce + aead.encrypt(nonce, plaintext, context)


def _decrypt(aead: AESGCM, blob: bytes, context: bytes) -> bytes:
    if blob[:1] != VERSION:
        raise Unreadable
    try:
        return aead.decrypt(blob[_NONCE], blob[_SEALED], context)
    except (InvalidTag, ValueError) as error:
        raise Unreadable from error
