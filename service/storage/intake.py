"""Taking in an application in the ordinary case: one statement, for a vacancy that is remembered.

On PostgreSQL it does what takes the ORM a dozen, and most of an intake's time. A vacancy that is
not remembered is looked up first. Like those that read at once it knows the ordinary case only.
"""

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from psycopg.types.json import Jsonb
from sqlalchemy import CTE, ColumnElement, Date, Engine, bindparam, cast, exists, select
from sqlalchemy.dialects.postgresql import Insert, insert

from service.storage.database import Base, Statement, driver_rows, driver_statement
from service.storage.purges import was_completed_after
from service.storage.tables import (
    AccessCode,
    Application,
    AuditEvent,
    Columns,
    Hold,
    Procedure,
    RecordKey,
    StoredAnswer,
)

# In this order the answer is claimed first: who holds the claim holds back its repeats. Without a
# row in the audit there is none of the rest, and no claim, for it refers to the application.
_WRITTEN: tuple[type[Base], ...] = (StoredAnswer, AuditEvent, Application, RecordKey, AccessCode)
_REMEMBERED = 1_000  # vacancies


class Vacancy(NamedTuple):
    """What an intake needs to know of a procedure; its `version` stands for its holds."""

    id: UUID
    version: int
    ends_on: date
    apply_until: date | None


class Vacancies:
    """Vacancies as they were when they were last looked at, by their references.

    Nothing is decided by them alone: `write_rows` compares.
    """

    def __init__(self) -> None:
        self._seen: dict[str, Vacancy] = {}

    def find(self, engine: Engine, reference: str) -> Vacancy | None:
        """What is remembered of the procedure with this reference, or else what is there.

        None if there is none, or if a hold was placed on it: that takes the long way.
        """
        seen = self._seen.get(reference)
        if seen is None:
            rows = driver_rows(engine, _VACANCY, {"reference": reference})
            if not rows:
                return None
            if len(self._seen) >= _REMEMBERED:
                self._seen.clear()
            seen = self._seen[reference] = Vacancy(*rows[0])
        return seen

    def forget(self, reference: str) -> None:
        """Look again the next time."""
        self._seen.pop(reference, None)


def write_rows(
    engine: Engine, vacancy: Vacancy, today: date, rows: Mapping[type[Base], Columns]
) -> bool:
    """Write a new row of each table, by its columns; what is not given is NULL.

    None is written, and it is False, if the vacancy is no longer as it was or under a hold, if
    `today` was over by rule 5 when the statement began, or if the answer is claimed.
    """
    asked = _statement()
    values: dict[str, object] = dict.fromkeys(asked.parameters)
    values |= {"today": today, **vacancy._asdict()}
    for table in _WRITTEN:
        names = _names(table)
        for column, value in rows[table].items():
            values[names[column]] = _sent(value)
    return bool(driver_rows(engine, asked, values))


_IS_UNDER_NO_HOLD = ~exists().where(Hold.procedure_id == Procedure.id)
_VACANCY = driver_statement(
    select(*(getattr(Procedure, name) for name in Vacancy._fields)).where(
        Procedure.reference == bindparam("reference"), _IS_UNDER_NO_HOLD
    )
)


@cache
def _statement() -> Statement:
    """The vacancy is locked and compared first, in full: after a restore its version could lie.

    Who changed it meanwhile has counted its version; who wants to change it waits until the new
    record is there for him to see. A hold that the statement is too old to see counts it too.
    """
    known = {
        column: cast(bindparam(column.name), column.type)
        for column in (getattr(Procedure, name) for name in Vacancy._fields)
    }
    last_day = known.pop(Procedure.apply_until)
    relied_on = (
        select(Procedure.id)
        .where(
            *(column == value for column, value in known.items()),
            Procedure.apply_until.is_not_distinct_from(last_day),
            _IS_UNDER_NO_HOLD,
            ~was_completed_after(cast(bindparam("today"), Date)),
        )
        .with_for_update(read=True)
        .cte("relied_on")
    )
    claim = _new_row(StoredAnswer, relied_on).on_conflict_do_nothing()
    claimed = claim.returning(StoredAnswer.scope).cte("claimed")
    noted = _new_row(AuditEvent, claimed).returning(AuditEvent.id).cte("noted")
    others = (_new_row(table, noted).cte(f"new_{table.__tablename__}") for table in _WRITTEN[2:])
    return driver_statement(select(claimed.c.scope).add_cte(noted, *others))


def _new_row(table: type[Base], condition: CTE) -> Insert:
    """The row of this table, if there is one of the condition."""
    names = _names(table)
    row = select(*(_value(table, name) for name in names)).select_from(condition)
    return insert(table).from_select(list(names), row)


def _value(table: type[Base], column: str) -> ColumnElement[Any]:
    return cast(bindparam(_names(table)[column]), table.__table__.columns[column].type)


@cache
def _names(table: type[Base]) -> dict[str, str]:
    """What each column is called as a parameter."""
    columns = (column.name for column in table.__table__.columns)
    return {column: f"{table.__tablename__}__{column}" for column in columns}


def _sent(value: object) -> object:
    return Jsonb(value, orjson.dumps) if isinstance(value, dict | list) else value
