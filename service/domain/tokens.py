"""Bearer tokens: their text form and the digest under which they are stored.

Token: kluis_<role>_<secret><checksum>
  secret    256 random bits, 43 digits in base 62
  checksum  CRC-32 of everything before it, 6 digits in base 62

The checksum lets a mistyped token be refused before any query, and a scanner find a leaked one.
"""

import re
import string
import zlib
from hashlib import sha256

from service.domain.policy import TOKEN_ROLES, Role

ENTROPY_BYTES = 32
_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
SUBJECT = r"[A-Za-z0-9._:@-]{1,100}"
_SUBJECT = re.compile(SUBJECT, re.ASCII)
_TOKEN = re.compile(rf"kluis_({'|'.join(sorted(TOKEN_ROLES))})_[0-9A-Za-z]{{49}}", re.ASCII)


def is_subject(text: str) -> bool:
    """Whether `text` can be the opaque id of who holds a token: paths and logs carry it."""
    return _SUBJECT.fullmatch(text) is not None


def mint(role: Role, entropy: bytes) -> str:
    """A new token for `role` from 32 random bytes."""
    body = f"kluis_{role}_{_base62(int.from_bytes(entropy, 'big'), 43)}"
    return body + _checksum(body)


def is_well_formed(token: str) -> bool:
    """Whether `token` has the form and the checksum of a token; it may still be unknown."""
    return _TOKEN.fullmatch(token) is not None and _checksum(token[:-6]) == token[-6:]


def claimed_role(token: str) -> Role:
    """The role that a well-formed token says it is for; only its digest proves it."""
    return Role(token.removeprefix("kluis_").rpartition("_")[0])


def digest(token: str) -> bytes:
    """What is stored of a token. 256 random bits need neither salt nor a slow hash."""
    return sha256(token.encode()).digest()


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), 6)


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
