"""Reading JSON strictly: what two readers could understand differently is refused."""

import json
import re
from collections.abc import Iterator
from itertools import islice
from math import isfinite
from typing import Any, NoReturn

from service.domain.errors import Fault, Invalid, Malformed

DEEPEST = 32
# The first of them show what is wrong; the rest would only make a small body a large answer.
MOST_FAULTS = 100
_LONGEST_NUMBER = 40
# Of all bytes, those that say where a string or a nested value begins and ends.
_STRUCTURE = b'"[]{}'
_REST = bytes(set(range(256)) - set(_STRUCTURE))
_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_STRING = re.compile(rb'"[^"]*+"?')  # closed or not, so that one that never ends is read once
# C0 and C1 controls but tab, line feed and carriage return, and surrogates that stand alone.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# An escape that can stand for one of them; whether it does, the string tells once it is read.
_SUSPECT = re.compile(r"\\(?:[bf]|u(?:00[01789]|[dD][89a-fA-F]))")
_BREAKS = re.compile(r"[\t\r\n]")
_SAFE_KEY = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)


def read_json(body: bytes, at: str = "") -> Any:
    """The value in `body`. Malformed or Invalid names what is wrong, and never quotes it.

    Places are named below the pointer `at`.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed("It is not UTF-8.") from error
    _demand_shallow(body)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise Malformed(f"It is not JSON, from {place} on.") from error
    except (ValueError, RecursionError) as error:
        raise Malformed("It is not JSON.") from error
    if _FORBIDDEN.search(text) or _SUSPECT.search(text):
        demand_allowed_characters(value, at)
    return value


def demand_allowed_characters(value: object, at: str = "") -> None:
    """Invalid names the places, below the pointer `at`, that hold what no text here may hold."""
    places = islice(_forbidden_places(value, at), MOST_FAULTS)
    faults = [Fault(pointer, "forbidden-character") for pointer in places]
    if faults:
        raise Invalid(faults=faults)


def is_plain_line(text: str) -> bool:
    """Whether it stands on one line and holds nothing that no text here may hold."""
    return not (_FORBIDDEN.search(text) or _BREAKS.search(text))


def pointer_to(parent: str, key: str | int) -> str:
    """The JSON pointer of a member; of its parent where the key itself could hold a value."""
    return f"{parent}/{key}" if isinstance(key, int) or _SAFE_KEY.fullmatch(key) else parent


def _demand_shallow(body: bytes) -> None:
    """Measure the nesting before parsing: the parser would go as deep as it is led."""
    # Two quotes side by side, of one string or of two, leave what is inside and what is outside.
    marks = _ESCAPE.sub(b"", body).translate(None, _REST).replace(b'""', b"")
    depth = 0
    for bracket in _STRING.sub(b"", marks):
        depth += 1 if bracket in b"[{" else -1
        if depth > DEEPEST:
            raise Malformed(f"It is nested more than {DEEPEST} levels deep.")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Malformed("An object has the same key twice.")
    return members


def _refuse_constant(_constant: str) -> NoReturn:
    raise Malformed("NaN and Infinity are not JSON.")


def _finite(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise Malformed("A number is too large.")
    return number


def _whole(digits: str) -> int:
    # Longer than any range allows: what it is exactly makes no difference to the answer.
    return int(digits[:_LONGEST_NUMBER])


_DECODER = json.JSONDecoder(
    object_pairs_hook=_without_duplicates,
    parse_constant=_refuse_constant,
    parse_float=_finite,
    parse_int=_whole,
)


def _forbidden_places(value: object, pointer: str) -> Iterator[str]:
    if isinstance(value, str):
        if _FORBIDDEN.search(value):
            yield pointer
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _forbidden_places(item, pointer_to(pointer, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            if _FORBIDDEN.search(key):
                yield pointer
            yield from _forbidden_places(item, pointer_to(pointer, key))
