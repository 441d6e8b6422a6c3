"""Look-up without opening: keyed digests that mean nothing without the key.

Digest: HMAC-SHA-256 under the index key over a label and its parts, each length-prefixed.
The e-mail index takes in the procedure id, so that a dump cannot link a person across procedures.
"""

import hmac
import unicodedata
from uuid import UUID

from service.crypto.framing import frame


class IndexKey:
    """Makes keyed digests under one index key."""

    __slots__ = ("_key", "key_id")

    def __init__(self, key_id: str, key: bytes) -> None:
        self.key_id = key_id
        self._key = key

    def email(self, procedure_id: UUID, address: str) -> bytes:
        """The digest under which applications of one procedure with this address are found."""
        return self.digest("email", procedure_id.bytes, normalised_email(address).encode())

    def digest(self, label: str, *parts: bytes) -> bytes:
        """32 bytes that tell nothing of `parts` without the key."""
        return hmac.digest(self._key, frame(b"kluis index", label.encode(), *parts), "sha256")


def normalised_email(address: str) -> str:
    """The form in which two spellings of one address are equal: NFC, no case, no outer space."""
    return unicodedata.normalize("NFC", address.strip()).casefold()
