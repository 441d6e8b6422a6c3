"""Parts of long lists, in the order of their ids."""

from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute

Query = TypeVar("Query", bound="Select[*tuple[Any, ...]]")


@dataclass(frozen=True)
class Slice:
    """What lies behind `after`, at most `limit` of it.

    In a list that goes by days first, `day` is the one that stood there then: it may have moved.
    """

    after: UUID | None = None
    limit: int = 50
    day: date | None = None

    def of(self, query: Query, key: InstrumentedAttribute[UUID]) -> Query:
        """The part of `query`, and one row more, which tells whether something follows."""
        if self.after is not None:
            query = query.where(key > self.after)
        return query.order_by(key).limit(self.limit + 1)
