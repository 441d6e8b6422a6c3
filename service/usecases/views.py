"""Views: what leaves a use case, filled from the row by the names that both share."""

from dataclasses import Field, fields
from typing import Any, ClassVar, Protocol, TypeVar


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


View = TypeVar("View", bound=_Dataclass)


def view_of(kind: type[View], row: object, **more: object) -> View:
    """A `kind` with the row's values, and with what only the use case knows in `more`."""
    names = (field.name for field in fields(kind))
    return kind(**{name: getattr(row, name) for name in names if name not in more}, **more)
