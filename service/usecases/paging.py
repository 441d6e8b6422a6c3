"""Pages: bounded lists that say where they go on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from service.storage.slices import Slice

Item = TypeVar("Item")
Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Item]):
    """Some items, and behind which id the next page begins; None when this is the last."""

    items: list[Item]
    next_after: UUID | None


def page(
    rows: Sequence[Row], part: Slice, id_of: Callable[[Row], UUID], view: Callable[[Row], Item]
) -> Page[Item]:
    """A page of views from at most `limit + 1` rows: the one too many tells that more follows."""
    shown = rows[: part.limit]
    return Page([view(row) for row in shown], next_after(rows, part, id_of))


def next_after(rows: Sequence[Row], part: Slice, id_of: Callable[[Row], UUID]) -> UUID | None:
    """Behind which id the next page begins; None when there is none."""
    return id_of(rows[part.limit - 1]) if len(rows) > part.limit else None
