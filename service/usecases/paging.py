"""Pages: bounded lists that say where they go on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Generic, TypeVar
from uuid import UUID

from service.storage.slices import Slice

Item = TypeVar("Item")
Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Item]):
    """Some items, and behind which id the next page begins; None when this is the last.

    `next_day` is the day that id stands at, in a list that goes by days first.
    """

    items: list[Item]
    next_after: UUID | None
    next_day: date | None = None


def page(
    rows: Sequence[Row], part: Slice, id_of: Callable[[Row], UUID], view: Callable[[Row], Item]
) -> Page[Item]:
    """A page of views from at most `limit + 1` rows: the one too many tells that more follows."""
    shown = rows[: part.limit]
    return Page([view(row) for row in shown], next_after(rows, part, id_of))


def at_day(found: Page[Item], day_of: Callable[[Item], date]) -> Page[Item]:
    """The page of a list that goes by days first: it goes on behind a day and an id."""
    return found if found.next_after is None else replace(found, next_day=day_of(found.items[-1]))


def next_after(rows: Sequence[Row], part: Slice, id_of: Callable[[Row], UUID]) -> UUID | None:
    """Behind which id the next page begins; None when there is none."""
    return id_of(rows[part.limit - 1]) if len(rows) > part.limit else None
