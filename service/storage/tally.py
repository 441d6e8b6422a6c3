"""The tally of what each subject was shown: on PostgreSQL, one row instead of a sum over the audit.

It is counted up with each reading, under the row's lock, so that who reads in parallel is seen. It
counts repeats, and whole clock hours: it says who is within his budget, and not who is beyond it.
Applicants have none: their subject is their record's id, which nothing may keep.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, delete, false, func, literal, literal_column, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from service.storage.tables import ReadingTally

_HOUR: ColumnElement[timedelta] = literal_column("interval '1 hour'")
_COLUMNS = ("subject", "hour", "shown", "before")


def hour_of(moment: datetime) -> datetime:
    """The clock hour of a moment."""
    return moment.replace(minute=0, second=0, microsecond=0)


def is_within(subject: Any, hour: Any, more: Any, budget: Any) -> ColumnElement[bool]:
    """Whether the subject may be shown so many more, as far as his tally knows; a query's part.

    A tally of an hour to come is a wrong clock's: it forgot what the audit still has.
    """
    fits = case(
        (ReadingTally.hour > hour, false()),
        (ReadingTally.hour == hour, ReadingTally.shown + ReadingTally.before + more <= budget),
        (ReadingTally.hour == hour - _HOUR, ReadingTally.shown + more <= budget),
        else_=more <= budget,
    )
    found = select(fits).where(ReadingTally.subject == subject).scalar_subquery()
    return func.coalesce(found, more <= budget)


def counting_up(subject: Any, hour: Any, shown: Any) -> ReturningInsert[int | None]:
    """The statement that counts, and returns what was shown lately; NULL if only the audit knows.

    A moment behind the last one, by a clock that lags, counts for the hour that has begun.
    """
    counted = select(subject, hour, shown, literal(0)).group_by(subject)
    row = insert(ReadingTally).from_select(_COLUMNS, counted)
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
    ).returning(
        case((ReadingTally.hour <= hour, ReadingTally.shown + ReadingTally.before)).label("lately")
    )


def count_up(session: Session, subject: str, now: datetime, shown: int) -> None:
    """Count what was shown some other way. On SQLite nothing looks at a tally."""
    if session.get_bind().dialect.name == "postgresql":
        row = literal(subject), literal(hour_of(now), ReadingTally.hour.type), literal(shown)
        session.execute(counting_up(*row))


def delete_tallies_before(session: Session, moment: datetime, limit: int) -> None:
    """Delete at most `limit` tallies that have not been counted up since `moment`."""
    old = select(ReadingTally.subject).where(ReadingTally.hour < moment).limit(limit)
    old = old.with_for_update(skip_locked=True)
    session.execute(delete(ReadingTally).where(ReadingTally.subject.in_(old.scalar_subquery())))
