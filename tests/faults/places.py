"""Every place in an application where a value can stand, from the catalogue."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from service.domain.catalogue import CATALOGUE
from service.domain.shapes import Entry, Many, Shape


@dataclass(frozen=True)
class Place:
    """One place: its field, the way down from there, and the shape of what stands in it."""

    field: str
    way: tuple[str | int, ...]
    shape: Shape
    company: bool

    @property
    def pointer(self) -> str:
        return "/".join(("/fields", self.field, *map(str, self.way)))

    def holding(self, value: object) -> dict[str, Any]:
        """The fields of a submission in which only this place holds `value`."""
        for step in reversed(self.way):
            value = [value] if isinstance(step, int) else {step: value}
        return {self.field: value}


def _below(
    field: str, shape: Shape, way: tuple[str | int, ...], *, company: bool
) -> Iterator[Place]:
    yield Place(field, way, shape, company)
    if isinstance(shape, Many):
        yield from _below(field, shape.entry, (*way, 0), company=company)
    if isinstance(shape, Entry):
        for name, member in shape.members.items():
            yield from _below(field, member, (*way, name), company=company)


PLACES = [
    place
    for field in CATALOGUE
    for place in _below(field.name, field.shape, (), company=field.company)
]
SUPPLIED_PLACES = [place for place in PLACES if not place.company]


def named(place: Place) -> str:
    return place.pointer.removeprefix("/fields/")
