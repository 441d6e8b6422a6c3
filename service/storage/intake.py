"""Taking in an application in the ordinary case: the vacancy is looked up, then all is written.

On PostgreSQL two statements, each its own transaction, do what takes the ORM a dozen, and most of
an intake's time. Like those that read at once they know the ordinary case only.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from psycopg.types.json import Jsonb
from sqlalchemy import CTE, ColumnElement, Date, Engine, Integer, bindparam, cast, exists, select
from sqlalchemy.dialects.postgresql import Insert, insert

from service.storage.database import Base, Statement, driver_rows, driver_statement
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
Columns = dict[str, Any]


class Vacancy(NamedTuple):
    """What an intake needs of a procedure. It is so as long as `version` is what it was."""

    id: UUID
    version: int
    ends_on: date
    apply_until: date | None


def find_vacancy(engine: Engine, reference: str) -> Vacancy | None:
    """The procedure with this reference, as it is at this moment."""
    rows = driver_rows(engine, _VACANCY, {"reference": reference})
    return Vacancy(*rows[0]) if rows else None


def write_rows(
    engine: Engine, vacancy: Vacancy, today: date, rows: Mapping[type[Base], Columns]
) -> bool:
    """Write a new row of each table, by its columns; what is not given is NULL.

    None is written, and it is False, if the vacancy is no longer as it was or under a hold, if
    `today` is over by rule 5, or if the answer is claimed.
    """
    values: dict[str, object] = {"version": vacancy.version, "today": today}
    for table, columns in rows.items():
        values |= {name: _sent(columns.get(column)) for column, name in _names(table).items()}
    return bool(driver_rows(engine, _statement(), values))


_VACANCY = driver_statement(
    select(*(getattr(Procedure, name) for name in Vacancy._fields)).where(
        Procedure.reference == bindparam("reference")
    )
)


@lru_cache(maxsize=1)
def _statement() -> Statement:
    """The vacancy is locked and compared first.

    Who changed it meanwhile has counted its version; who wants to change it waits until the new
    record is there for him to see. A hold that the statement is too old to see counts it too.
    """
    procedure_id = _value(Application, "procedure_id")
    relied_on = (
        select(Procedure.id)
        .where(
            Procedure.id == procedure_id,
            Procedure.version == cast(bindparam("version"), Integer),
            ~exists().where(Hold.procedure_id == procedure_id),
            ~exists().where(PurgeRun.completed_on > cast(bindparam("today"), Date)),
        )
        .with_for_update(read=True)
        .cte("relied_on")
    )
    claim = _new_row(StoredAnswer, relied_on).on_conflict_do_nothing()
    claimed = claim.returning(StoredAnswer.scope).cte("claimed")
    others = (_new_row(table, claimed).cte(f"new_{table.__tablename__}") for table in _WRITTEN[1:])
    return driver_statement(select(claimed.c.scope).add_cte(*others))


def _new_row(table: type[Base], condition: CTE) -> Insert:
    """The row of this table, if there is one of the condition."""
    names = _names(table)
    row = select(*(_value(table, name) for name in names)).select_from(condition)
    return insert(table).from_select(list(names), row)


def _value(table: type[Base], column: str) -> ColumnElement[Any]:
    return cast(bindparam(_names(table)[column]), table.__table__.columns[column].type)


@lru_cache(maxsize=len(_WRITTEN))
def _names(table: type[Base]) -> dict[str, str]:
    """What each column is called as a parameter."""
    columns = (column.name for column in table.__table__.columns)
    return {column: f"{table.__tablename__}__{column}" for column in columns}


def _sent(value: object) -> object:
    return Jsonb(value, orjson.dumps) if isinstance(value, dict | list) else value
