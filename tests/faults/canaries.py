"""Values that stand nowhere else, planted wherever a value can stand, and looked for everywhere."""

import re
from base64 import b32encode, b64encode
from dataclasses import dataclass, field
from hashlib import sha256

# In every canary, so that one look finds them all; what follows it tells them apart.
_MARK = "qzvxwkjhy"
_OWN = 7


def forms(value: str) -> set[bytes]:
    """The bytes under which a value could hide: encoded, in hexadecimal, in base 64; in lower case.

    In base 64 the middle of a value has three forms, by where it begins.
    """
    raw = value.encode()
    in_base64 = {b64encode(bytes(skipped) + raw)[4:-4] for skipped in (3, 1, 2)}
    plain = {raw, value.encode("utf-16-le"), value.encode("utf-16-be"), raw[::-1]}
    return {form.lower() for form in plain | {raw.hex().encode()} | in_base64}


@dataclass
class Canaries:
    """The values that were planted, by the place where each was."""

    planted: dict[str, str] = field(default_factory=dict)
    sought: set[bytes] = field(default_factory=lambda: forms(_MARK))

    def new(self, place: str) -> str:
        """A value for this place: small letters and digits, but never nine digits in a row."""
        digest = sha256(f"{len(self.planted)} {place}".encode()).digest()
        value = _MARK + b32encode(digest).decode().lower()[:_OWN]
        self.planted[value] = place
        return value

    def keep(self, place: str, value: str) -> str:
        """Look for this value too, which has to have a form of its own."""
        self.planted[value] = place
        self.sought |= forms(value)
        return value

    def found_in(self, data: bytes) -> set[str]:
        """Where canaries are in these bytes, in any form: their places, or the bytes there."""
        known = re.compile(b"|".join(map(re.escape, sorted(self.sought))))
        lower = data.lower()
        return {self._place(lower[at.start() : at.end() + _OWN]) for at in known.finditer(lower)}

    def _place(self, found: bytes) -> str:
        return self.planted.get(found.decode("latin-1"), repr(found))
