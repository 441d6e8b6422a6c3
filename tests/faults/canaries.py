"""Unique values, planted wherever a value can stand, and looked for wherever none may be."""

import re
from base64 import b32encode, b64encode
from dataclasses import dataclass, field
from hashlib import sha256

_LENGTH = 14


@dataclass
class Canaries:
    """Values that stand nowhere else, each with the place where it was planted."""

    places: dict[bytes, str] = field(default_factory=dict)

    def new(self, place: str) -> str:
        """A value for this place: small letters and digits, but never nine digits in a row."""
        digest = sha256(f"{len(self.places)} {place}".encode()).digest()
        value = "q" + b32encode(digest).decode().lower()[:_LENGTH]
        self.keep(place, value)
        return value

    def keep(self, place: str, value: str) -> str:
        """Look for this value too."""
        for form in forms(value):
            self.places[form] = place
        return value

    def found_in(self, data: bytes) -> set[str]:
        """The places whose canaries are in these bytes, in any form."""
        known = re.compile(b"|".join(map(re.escape, self.places)))
        return {self.places[match] for match in known.findall(data.lower())}


def forms(value: str) -> set[bytes]:
    """The bytes under which a value could hide: encoded, in hexadecimal, in base 64; in lower case.

    In base 64 the middle of a value has three forms, by where it begins.
    """
    raw = value.encode()
    in_base64 = {b64encode(bytes(skipped) + raw)[4:-4] for skipped in (3, 1, 2)}
    plain = {raw, value.encode("utf-16-le"), value.encode("utf-16-be"), raw[::-1]}
    return {form.lower() for form in plain | {raw.hex().encode()} | in_base64}
