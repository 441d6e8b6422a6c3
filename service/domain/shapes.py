"""What a value may look like. The edges derive their schemas from these; the rules live here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Numbers(StrEnum):
    """Whether nine digits in a text can be a citizen service number (BSN) or are something else."""

    CHECKED = "checked"
    OTHER = "other"


@dataclass(frozen=True)
class Text:
    """Text of at most `limit` characters; `lines` allows line breaks and tabs."""

    limit: int = 200
    lines: bool = False
    numbers: Numbers = Numbers.CHECKED


@dataclass(frozen=True)
class Email:
    limit: int = 254


@dataclass(frozen=True)
class Phone:
    limit: int = 40


@dataclass(frozen=True)
class Whole:
    """A whole number from `low` to `high`, both included."""

    low: int
    high: int


@dataclass(frozen=True)
class Flag:
    pass


@dataclass(frozen=True)
class Day:
    """A full date, `2014-06-30`."""


@dataclass(frozen=True)
class PartialDay:
    """A date as people remember it: `2014`, `2014-06` or `2014-06-30`."""


@dataclass(frozen=True)
class Choice:
    values: type[StrEnum]


@dataclass(frozen=True)
class Entry:
    """An object; every member may be left out, but not all of them."""

    members: Mapping[str, "Shape"] = field(default_factory=dict)


@dataclass(frozen=True)
class Many:
    entry: Entry
    limit: int = 50


Shape = Text | Email | Phone | Whole | Flag | Day | PartialDay | Choice | Entry | Many

_PARTIAL_DAY = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)


def is_partial_day(text: str) -> bool:
    """Whether `text` is a year, a month or a day that exists."""
    match = _PARTIAL_DAY.fullmatch(text)
    if match is None:
        return False
    year, month, day = (int(part or 1) for part in match.groups())
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
