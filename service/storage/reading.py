"""The read that is done most, as one statement that decides, writes the audit and reads.

On PostgreSQL a round trip, and what the ORM makes of a row, cost more than opening twenty fields.
The statement is put together from the conditions of all other queries, and finds the ordinary case
only: whoever finds nothing here asks again step by step, and is told why.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import product
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    DateTime,
    String,
    Uuid,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB, array
from sqlalchemy.orm import Session

from service.domain.catalogue import CATALOGUE, Group
from service.domain.policy import PERMISSIONS, TEAM_ROLES, Action, Purpose, Role, sight
from service.domain.retention import Phase
from service.domain.words import Channel, Status
from service.storage.applications import Reach, is_in_phase, reachable, sealed_attribute
from service.storage.audit import sum_of_shown
from service.storage.database import Statement, driver_cursor, driver_statement, has_driver_cursor
from service.storage.tables import (
    Application,
    AuditEvent,
    Procedure,
    PurgeRun,
    RecordKey,
    TeamMember,
)


@dataclass(frozen=True)
class Reading:
    """Who reads which application, when and why, as the audit will say it."""

    role: Role
    subject: str
    token_id: UUID | None
    application_id: UUID
    purpose: Purpose
    event_id: UUID
    now: datetime
    request_id: UUID
    budget: int


@dataclass(frozen=True)
class ReadRow:
    """An application with the seals that its reader may open. That he did is in the audit.

    `spent` is how many were shown to him in the last hour, repeats counted; those as well that
    were read in parallel.
    """

    id: UUID
    procedure_id: UUID
    channel: Channel
    status: Status
    received_at: datetime
    withdrawn_on: date | None
    statement_version: str
    purge_on: date
    version: int
    ends_on: date
    kek_id: str
    wrapped: bytes
    sealed: Mapping[str, bytes]
    spent: int


_READERS = sorted(TEAM_ROLES & PERMISSIONS[Action.READ_APPLICATION])
_GROUPS = {field.name: field.group for field in CATALOGUE}
_KEPT = (
    Application.id,
    Application.procedure_id,
    Application.channel,
    Application.status,
    Application.received_at,
    Application.withdrawn_on,
    Application.statement_version,
    Application.purge_on,
    Application.version,
    Procedure.ends_on,
    RecordKey.kek_id,
    RecordKey.wrapped,
)
_SPENT = driver_statement(
    sum_of_shown(bindparam("subject"), bindparam("now", type_=DateTime(timezone=True)))
)


def read_and_audit(
    session: Session, reading: Reading, today: date, wanted: frozenset[str] | None
) -> ReadRow | None:
    """One application, if the reader is on its team and may see all that he wants of it today.

    None says nothing of the reason: it may be a database that knows no such statement.
    """
    if reading.role not in _READERS or not has_driver_cursor(session):
        return None
    with driver_cursor(session) as cursor:
        row = cursor.fetch_one(_statement(reading.role, wanted, today), vars(reading))
        if row is None:
            return None
        (spent,) = cursor.fetch_one(_SPENT, vars(reading)) or (0,)
    plain = dict(zip((column.key for column in _KEPT), row, strict=False))
    plain |= {"channel": Channel(plain["channel"]), "status": Status(plain["status"])}
    seals = zip(sorted(wanted or _GROUPS), row[len(_KEPT) :], strict=True)
    sealed = {name: blob for name, blob in seals if blob is not None}
    return ReadRow(**plain, sealed=sealed, spent=spent)


@lru_cache(maxsize=64)
def _statement(role: Role, wanted: frozenset[str] | None, today: date) -> Statement:
    """The statement of one day; what varies are the parts of a Reading."""
    reached = _reached(role, wanted, today)
    shown = {name: _shown(reached, name) for name in sorted(wanted or _GROUPS)}
    noted = _noted(reached, shown)
    kept = (reached.c[column.key] for column in _KEPT)
    return driver_statement(select(*kept, *shown.values()).select_from(reached.join(noted, true())))


def _reached(role: Role, wanted: frozenset[str] | None, today: date) -> CTE:
    """The record, and which groups of fields the reader sees of it."""
    sees = {group: _sees(role, group, today) for group in Group}
    reach = Reach(role, bindparam("subject"), today)
    after_today = exists().where(PurgeRun.completed_on > today)  # by rule 5 it is that day then
    spent = sum_of_shown(bindparam("subject"), bindparam("now", type_=DateTime(timezone=True)))
    return (
        reachable(reach, ())
        .with_only_columns(
            *_KEPT,
            *(condition.label(group) for group, condition in sees.items()),
            *(sealed_attribute(name) for name in _GROUPS),
        )
        .where(
            Application.id == bindparam("application_id"),
            ~after_today,
            spent.scalar_subquery() < bindparam("budget"),
            *(sees[_GROUPS[name]] for name in wanted or ()),
        )
        .cte("reached")
    )


def _sees(role: Role, group: Group, today: date) -> ColumnElement[bool]:
    """Need to know as a condition: the roles on the team and the phases that show the group."""
    return or_(
        false(),
        *(
            and_(TeamMember.role == team_role, is_in_phase(phase, today))
            for team_role, phase in product(_READERS, Phase)
            if group in sight(role, phase, team_role).groups
        ),
    )


def _shown(reached: CTE, name: str) -> ColumnElement[bytes | None]:
    """The seal of a field, if the reader sees its group."""
    return case((reached.c[_GROUPS[name]], reached.c[sealed_attribute(name).key])).label(name)


def _noted(reached: CTE, shown: Mapping[str, ColumnElement[bytes | None]]) -> CTE:
    """The entry in the audit: it names the fields that are shown."""
    names = array([case((seal.is_not(None), literal(name))) for name, seal in shown.items()])
    entry: dict[str, ColumnElement[Any]] = {
        "id": bindparam("event_id", type_=Uuid()),
        "at": bindparam("now", type_=DateTime(timezone=True)),
        "role": bindparam("role", type_=String()),
        "subject": bindparam("subject", type_=String()),
        "token_id": bindparam("token_id", type_=Uuid()),
        "action": literal(Action.READ_APPLICATION.value),
        "outcome": literal("allowed"),
        "purpose": bindparam("purpose", type_=String()),
        "application_ids": func.jsonb_build_array(reached.c.id),
        "fields": func.to_jsonb(func.array_remove(names, null())),
        "shown": literal(1),
        "details": literal({}, JSONB()),
        "request_id": bindparam("request_id", type_=Uuid()),
    }
    return (
        insert(AuditEvent)
        .from_select(list(entry), select(*entry.values()).select_from(reached))
        .returning(AuditEvent.id)
        .cte("noted")
    )
