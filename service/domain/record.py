"""What makes a record acceptable as a whole, beyond the shape of each value."""

from collections.abc import Iterator, Mapping
from datetime import date

from service.domain.bsn import holds_bsn
from service.domain.catalogue import FIELDS, WAYS_OF_CONTACT
from service.domain.errors import Fault
from service.domain.shapes import Entry, Many, Numbers, Shape, Text


def completeness_faults(present: frozenset[str]) -> list[Fault]:
    """What is missing or too much among the fields that hold a value."""
    faults = []
    if "name" not in present:
        faults.append(Fault("/fields/name", "required"))
    if not present & WAYS_OF_CONTACT:
        faults.append(Fault("/fields", "way-of-contact-required"))
    if {"age", "birth_date"} <= present:
        faults.append(Fault("/fields/age", "birth-date-says-it"))
    return faults


def birth_faults(values: Mapping[str, object], today: date) -> list[Fault]:
    """Nobody who applies today was born later: a birth date also opens the applicant's access."""
    born = values.get("birth_date")
    is_to_come = isinstance(born, str) and date.fromisoformat(born) > today
    return [Fault("/fields/birth_date", "out-of-range")] if is_to_come else []


def bsn_faults(values: Mapping[str, object]) -> list[Fault]:
    """Rule 12: every place in the values that looks like a citizen service number."""
    return [
        Fault(pointer, "looks-like-bsn")
        for name, value in values.items()
        for pointer in _bsn_places(FIELDS[name].shape, value, f"/fields/{name}")
    ]


def _bsn_places(shape: Shape, value: object, pointer: str) -> Iterator[str]:
    if isinstance(value, str):
        if isinstance(shape, Text) and shape.numbers is Numbers.CHECKED and holds_bsn(value):
            yield pointer
    elif isinstance(shape, Entry) and isinstance(value, dict):
        for name, member in value.items():
            yield from _bsn_places(shape.members[name], member, f"{pointer}/{name}")
    elif isinstance(shape, Many) and isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _bsn_places(shape.entry, entry, f"{pointer}/{index}")
