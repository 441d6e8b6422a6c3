"""The tally of what each subject was shown: on PostgreSQL, one row instead of a sum over the audit.

It is counted up with each reading, under the row's lock, so that who reads in parallel is seen. It
counts repeats, and whole clock hours: it says who is within his budget, and not who is beyond it.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal, literal_column, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from service.storage.tables import ReadingTally

_HOUR: ColumnElement[timedelta] = literal_column("interval '1 hour'")
_COLUMNS = ("subject", "hour", "shown", "before")


def hour_of(moment: datetime) -> datetime:
    """The clock hour of a moment."""
    return moment.replace(minute=0, second=0, microsecond=0)


def shown_lately(subject: Any, hour: Any) -> ColumnElement[int]:
    """What the subject was shown since the hour before `hour`, as a query's part."""
    counted = case(
        (ReadingTally.hour >= hour, ReadingTally.shown + ReadingTally.before),
        (ReadingTally.hour == hour - _HOUR, ReadingTally.shown),
        else_=0,
    )
    found = select(counted).where(ReadingTally.subject == subject).scalar_subquery()
    return func.coalesce(found, 0)


def counting_up(shown: Select[str, datetime, int]) -> ReturningInsert[int]:
    """The statement that counts these subjects, hours and numbers, and returns the sums.

    A moment behind the last one, by a clock that lags, counts for the hour that has begun.
    """
    row = insert(ReadingTally).from_select(_COLUMNS, shown.add_columns(literal(0)))
    new = row.excluded
    is_counted = ReadingTally.hour >= new.hour
    follows = ReadingTally.hour == new.hour - _HOUR
    return row.on_conflict_do_update(
        index_elements=[ReadingTally.subject],
        set_={
            "hour": func.greatest(ReadingTally.hour, new.hour),
            "shown": case((is_counted, ReadingTally.shown + new.shown), else_=new.shown),
            "before": case(
                (is_counted, ReadingTally.before), (follows, ReadingTally.shown), else_=0
            ),
        },
    ).returning((ReadingTally.shown + ReadingTally.before).label("lately"))


def count_up(session: Session, subject: str, now: datetime, shown: int) -> None:
    """Count what was shown some other way. On SQLite nothing looks at a tally."""
    if session.get_bind().dialect.name == "postgresql":
        row = select(literal(subject), literal(hour_of(now)), literal(shown))
        session.execute(counting_up(row))
