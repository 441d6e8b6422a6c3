"""Taking in an application in the ordinary case: the vacancy is locked, then all rows are written.

On PostgreSQL two statements of one transaction do what takes the ORM a dozen, and most of an
intake's time. Like those that read at once they know the ordinary case only.
"""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import CTE, ColumnElement, bindparam, cast, exists, select
from sqlalchemy.dialects.postgresql import insert

from service.storage.database import Base, DriverCursor, Statement, driver_statement
from service.storage.tables import (
    AccessCode,
    Application,
    AuditEvent,
    Hold,
    Procedure,
    PurgeRun,
    RecordKey,
    StoredAnswer,
)

# In this order the answer is claimed first: who holds the claim holds back its repeats.
_WRITTEN: tuple[type[Base], ...] = (StoredAnswer, Application, RecordKey, AccessCode, AuditEvent)


class Vacancy(NamedTuple):
    """What an intake needs of a procedure, which stays so until the transaction ends."""

    id: UUID
    ends_on: date
    apply_until: date | None


def lock_vacancy(cursor: DriverCursor, reference: str, today: date) -> Vacancy | None:
    """The procedure with this reference, its end locked; None too if `today` is over by rule 5."""
    rows = cursor.fetch_all(_VACANCY, {"reference": reference, "today": today})
    return Vacancy(*rows[0]) if rows else None


def write_rows(cursor: DriverCursor, rows: Iterable[Base]) -> bool:
    """Write a new row of each table; none, and False, if the answer is claimed or a hold lasts."""
    values: dict[str, object] = {}
    for row in rows:
        given = vars(row)  # what was not given is not in it, and NULL
        values |= {name: _sent(given.get(column)) for column, name in _names(type(row)).items()}
    return bool(cursor.fetch_all(_statement(), values))


def _sent(value: object) -> object:
    return Jsonb(value) if isinstance(value, dict | list) else value


_VACANCY = driver_statement(
    select(Procedure.id, Procedure.ends_on, Procedure.apply_until)
    .where(
        Procedure.reference == bindparam("reference"),
        ~exists().where(PurgeRun.completed_on > bindparam("today")),
    )
    .with_for_update(read=True, of=Procedure)
)


@lru_cache(maxsize=1)
def _statement() -> Statement:
    is_held = exists().where(Hold.procedure_id == _value(Application, "procedure_id"))
    claim = select(*_values(StoredAnswer)).where(~is_held)
    claimed = (
        insert(StoredAnswer)
        .from_select(_columns(StoredAnswer), claim)
        .on_conflict_do_nothing()
        .returning(StoredAnswer.scope)
        .cte("claimed")
    )
    others = (_written(table, claimed) for table in _WRITTEN[1:])
    return driver_statement(select(claimed.c.scope).add_cte(*others))


def _written(table: type[Base], claimed: CTE) -> CTE:
    row = select(*_values(table)).select_from(claimed)
    return insert(table).from_select(_columns(table), row).cte(f"new_{table.__tablename__}")


def _columns(table: type[Base]) -> list[str]:
    return [column.name for column in table.__table__.columns]


def _values(table: type[Base]) -> list[ColumnElement[Any]]:
    return [_value(table, name) for name in _columns(table)]


def _value(table: type[Base], column: str) -> ColumnElement[Any]:
    return cast(bindparam(_name(table, column)), table.__table__.columns[column].type)


@lru_cache(maxsize=len(_WRITTEN))
def _names(table: type[Base]) -> dict[str, str]:
    """What each column is called as a parameter."""
    return {column: _name(table, column) for column in _columns(table)}


def _name(table: type[Base], column: str) -> str:
    return f"{table.__tablename__}__{column}"
