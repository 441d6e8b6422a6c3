"""Pages: bounded lists that say where they go on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID


Item = TypeVar("Item")
Row = TypeVar("Row")


@dataclass(frozen=True)
class PageOf:
    """Which page is asked for: what lies behind `after`, at most `limit` of it."""

    after: UUID | None = None
    limit: int = 50


@dataclass(frozen=True)
class Page(Generic[Item]):
    """Some items, and behind which id the next page begins; None when this is the last."""

    items: list[Item]
    next_after: UUID | None


def page(
    rows: Sequence[Row], asked: PageOf, id_of: Callable[[Row], UUID], view: Callable[[Row], Item]
) -> Page[Item]:
    """A page of views from at most `limit + 1` rows: the one too many tells that more follows."""
    shown = rows[: asked.limit]
    more = len(rows) > asked.limit
    return Page([view(row) for row in shown], id_of(shown[-1]) if more else None)
