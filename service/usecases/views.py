"""Views: what leaves a use case, filled from the row by the names that both share."""

from dataclasses import Field, fields
from functools import cache
from typing import Any, ClassVar, Protocol, TypeVar


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


View = TypeVar("View", bound=_Dataclass)


def view_of(kind: type[View], row: object, **more: object) -> View:
    """A `kind` with the row's values, and with what only the use case knows in `more`."""
    names = _names_of(kind)
    return kind(**{name: getattr(row, name) for name in names if name not in more}, **more)


@cache
def _names_of(kind: type[_Dataclass]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
