"""Sealing a document as a stream of chunks (the STREAM construction), in constant memory.

Each document has a random 256-bit key of its own, so that it can be sealed while it arrives, before
anything is known of the record it will belong to.

Header:     version (1 byte, 0x01) | nonce (12) | document key, encrypted (32) | tag (16)
  algorithm AES-256-GCM under the data key (DEK) of the application
  AAD       "kluis document", version, application id (16), document id (16), kind, media type,
            size of the plaintext in decimal digits; each length-prefixed
Chunk n:    ciphertext of at most 64 KiB of plaintext | tag (16)
  algorithm AES-256-GCM under the document key
  nonce     chunk number (11 bytes, big-endian) | 1 if this is the final chunk, else 0

Every chunk but the final one is full, and the final one is not empty. A chunk that is missing,
moved, repeated or added does not open: its number or its final flag is another. How many chunks
there must be is counted from the size, which the header holds fast: a row that tells another size,
kind or media type does not open at all.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.crypto.seals import TAG_BYTES, new_key
from service.domain.errors import Unreadable

CHUNK_BYTES: Final = 64 * 1024
SEALED_CHUNK_BYTES: Final = CHUNK_BYTES + TAG_BYTES


def chunk_count(size: int) -> int:
    """How many chunks a document of `size` bytes has; `size` is at least 1."""
    return -(-size // CHUNK_BYTES)


class DocumentSealer:
    """Takes a document's bytes as they arrive and gives sealed chunks as they fill up."""

    def __init__(self) -> None:
        self.key = new_key()
        self.size = 0
        self._aead = AESGCM(self.key)
        self._buffer = bytearray()
        self._number = 0

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
        nonce = _nonce(self._number, final=final)
        self._number += 1
        with memoryview(self._buffer) as buffer, buffer[:CHUNK_BYTES] as chunk:
            sealed = self._aead.encrypt(nonce, chunk, None)
        del self._buffer[:CHUNK_BYTES]
        return sealed


class DocumentOpener:
    """Opens the sealed chunks of one document."""

    __slots__ = ("_aead",)

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def open(self, sealed: bytes, number: int, *, final: bool) -> bytes:
        """The plaintext of one chunk; Unreadable unless it is whole and in its place."""
        try:
            return self._aead.decrypt(_nonce(number, final=final), sealed, None)
        except (InvalidTag, ValueError) as error:
            raise Unreadable from error

    def open_all(self, sealed_chunks: Iterable[bytes], count: int) -> Iterator[bytes]:
        """All `count` chunks in order; Unreadable as soon as one is missing or too many.

        A document has at least one chunk: none at all is not an empty document.
        """
        number = 0
        for number, sealed in enumerate(sealed_chunks, start=1):
            yield self.open(sealed, number - 1, final=number == count)
        if number != count or count == 0:
            raise Unreadable


def _nonce(number: int, *, final: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if final else b"\x00")
