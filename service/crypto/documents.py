"""Sealing a document as a stream of chunks (the STREAM construction), in constant memory.

Header:     version (1 byte, 0x01) | salt (16)
Chunk n:    ciphertext of at most 64 KiB of plaintext | tag (16)
  key       HKDF-SHA-256 of the application's DEK, with the salt and, as info, "kluis document",
            version, application id, document id; each length-prefixed. One key, one document.
  nonce     chunk number (11 bytes, big-endian) | 1 if this is the final chunk, else 0

Every chunk but the final one is full, the final one is not empty. A chunk that is missing, moved,
repeated or added does not open: its number or its final flag is another.
"""

import os
from collections.abc import Iterable, Iterator
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from service.crypto.framing import frame
from service.crypto.seals import KEY_BYTES, TAG_BYTES, RecordSeal
from service.domain.errors import Unreadable

VERSION: Final = b"\x01"
SALT_BYTES: Final = 16
CHUNK_BYTES: Final = 64 * 1024
SEALED_CHUNK_BYTES: Final = CHUNK_BYTES + TAG_BYTES


def new_header() -> bytes:
    """The header of a new document: version and salt."""
    return VERSION + os.urandom(SALT_BYTES)


def chunk_count(size: int) -> int:
    """How many chunks a document of `size` bytes has; `size` is at least 1."""
    return -(-size // CHUNK_BYTES)


class DocumentSeal:
    """Seals and opens the chunks of one document."""

    __slots__ = ("_aead",)

    def __init__(self, record: RecordSeal, document_id: UUID, header: bytes) -> None:
        if header[:1] != VERSION or len(header) != 1 + SALT_BYTES:
            raise Unreadable
        context = frame(
            b"kluis document", VERSION, record.application_id.bytes, document_id.bytes
        )
        derivation = HKDF(SHA256(), KEY_BYTES, salt=header[1:], info=context)
        self._aead = AESGCM(derivation.derive(record.document_key()))

    def seal(self, chunk: bytes, number: int, *, final: bool) -> bytes:
        return self._aead.encrypt(_nonce(number, final=final), chunk, None)

    def open(self, sealed: bytes, number: int, *, final: bool) -> bytes:
        """The plaintext of one chunk; Unreadable unless it is whole and in its place."""
        try:
            return self._aead.decrypt(_nonce(number, final=final), sealed, None)
        except (InvalidTag, ValueError) as error:
            raise Unreadable from error

    def open_all(self, sealed_chunks: Iterable[bytes], count: int) -> Iterator[bytes]:
        """All `count` chunks in order; Unreadable as soon as one is missing or too many."""
        number = 0
        for number, sealed in enumerate(sealed_chunks, start=1):
            yield self.open(sealed, number - 1, final=number == count)
        if number != count:
            raise Unreadable


class DocumentSealer:
    """Takes a document's bytes as they arrive and gives sealed chunks as they fill up."""

    def __init__(self, seal: DocumentSeal) -> None:
        self._seal = seal
        self._buffer = bytearray()
        self._number = 0
        self.size = 0

    def write(self, data: bytes) -> Iterator[bytes]:
        """Sealed chunks that are now full; the last bytes wait, for they may be the final chunk."""
        self.size += len(data)
        self._buffer += data
        while len(self._buffer) > CHUNK_BYTES:
            yield self._next(final=False)

    def finish(self) -> bytes:
        """The final sealed chunk."""
        return self._next(final=True)

    def _next(self, *, final: bool) -> bytes:
        chunk = bytes(self._buffer[:CHUNK_BYTES])
        del self._buffer[:CHUNK_BYTES]
        self._number += 1
        return self._seal.seal(chunk, self._number - 1, final=final)


def _nonce(number: int, *, final: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if final else b"\x00")
