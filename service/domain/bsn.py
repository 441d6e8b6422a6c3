"""Spotting a citizen service number (BSN) in free text, so that it is refused, not kept."""

import re

# Nine digits that stand alone: no letter or digit beside them, not a part of a number that goes on
# behind a dot, comma, hyphen or slash, and not the national part of a phone number after + or 00.
# An underscore is no letter here: file names are full of them. The digits come first, and what is
# not to stand before them is looked back for: so the search passes quickly by all that is no digit.
_STANDALONE = re.compile(
    r"(?P<digits>[0-9][0-9]{8})(?<![^\W_][0-9]{9})(?<!\d[.,/-][0-9]{9})(?![^\W_])(?![.,/-]\d)"
)
# "+31 ", "0031 " or "+31 (0)" just before the digits; the 00 of a time or an amount is none.
_ABROAD = re.compile(r"(?:\+|(?<![^\W_])(?<!\d[:.,])00)[0-9]{0,3}[ ()./-]{0,3}(?:\(0\)[ ./-]?)?\Z")
_LONGEST_ABROAD = 12
_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)


def passes_eleven_test(digits: str) -> bool:
    """The weighted sum of nine digits is a multiple of eleven; all zeroes is no number.

    Weights 9, 8, 7, 6, 5, 4, 3, 2 and -1, as the Dutch government publishes them for the BSN.
    """
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=True))
    return total % 11 == 0 and digits != "000000000"


def holds_bsn(text: str) -> bool:
    """Whether a standalone run of nine digits in `text` passes the eleven-test."""
    # Nearly every text holds no such run, and needs no generator made for it.
    return _STANDALONE.search(text) is not None and any(
        passes_eleven_test(match["digits"])
        for match in _STANDALONE.finditer(text)
        if not _follows_abroad(text, match.start())
    )


def _follows_abroad(text: str, start: int) -> bool:
    """Looks back a bounded way, so that a text of nothing but numbers takes linear time."""
    return _ABROAD.search(text, max(0, start - _LONGEST_ABROAD), start) is not None
