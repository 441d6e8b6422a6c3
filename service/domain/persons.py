"""When two records are of one person: by e-mail address, or by name and date of birth.

A name is compared in its NFKC form without case, and with any run of white space as one space:
`SANNE  de Vries` is `Sanne de Vries`, and the ligature in `ﬁn` is no difference.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Match(StrEnum):
    """By what a record was found; the last is the weakest: it says no date of birth itself."""

    EMAIL = "email"
    NAME_AND_BIRTH_DATE = "name-and-birth-date"
    NAME = "name"


@dataclass(frozen=True)
class Born:
    """A person, sought by his name and date of birth."""

    name: str = field(repr=False)
    birth_date: date = field(repr=False)


@dataclass(frozen=True)
class HeadCount:
    """How many people; `counted_singly` of them, because it can not be told who they are."""

    people: int
    counted_singly: int


def normalised_name(name: str) -> str:
    """The form in which two spellings of one name are equal."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(folded.split())


def match_of(sought: Born, name: object, birth_date: object) -> Match | None:
    """How a record with these values fits, if it does; None stands for a value it has not."""
    if not isinstance(name, str) or normalised_name(name) != normalised_name(sought.name):
        return None
    if birth_date is None:
        return Match.NAME
    is_same = birth_date == sought.birth_date.isoformat()
    return Match.NAME_AND_BIRTH_DATE if is_same else None


def count_people(addresses: Iterable[str | None]) -> HeadCount:
    """How many people records with these normalised addresses are of; None is one of its own."""
    known: set[str] = set()
    singly = 0
    for address in addresses:
        if address is None:
            singly += 1
        else:
            known.add(address)
    return HeadCount(len(known) + singly, singly)
