"""The reads that are done most, each as one statement: who asks, may he, the audit, the rows.

On PostgreSQL a round trip, and what the ORM makes of a row, cost more than opening the fields. The
statements are put together from the conditions of all other queries. They find the ordinary case
only: who finds nothing here asks again, step by step, and is told why.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Engine,
    FromClause,
    Integer,
    Select,
    Uuid,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    null,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by, array

from service.domain.catalogue import FIELDS, LISTED, Group
from service.domain.policy import Action, Role
from service.domain.words import Channel, Status
from service.storage.applications import Reach, reachable, sealed_attribute, sights
from service.storage.database import Statement, driver_rows, driver_statement, has_driver_cursor
from service.storage.reader import Reader, counted_up, entered, reached_within_budget, subject_of
from service.storage.slices import Slice
from service.storage.tables import Application, Procedure, RecordKey, TeamMember


class ReadRow(NamedTuple):
    """An application with the seals that its reader may open.

    `same_email` is who has its e-mail address in the same procedure, itself included, if it is
    more than one and the reader recruits.
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
    team_role: Role
    same_email: Sequence[UUID] | None
    sealed: Mapping[str, bytes]


@dataclass(frozen=True)
class ReadRows:
    """What was read, and is in the audit. A row more than was asked for says that more follow.

    `shown_lately` is the tally of this subject, with what he read in parallel; None is unknown.
    """

    rows: Sequence[ReadRow]
    subject: str
    token_id: UUID
    shown_lately: int | None


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
    TeamMember.role.label("team_role"),
)
_REACHED = (*_KEPT, Application.email_index)  # this one is looked for, and not handed out
_BIT = {group: 1 << place for place, group in enumerate(Group)}
# How a row of each statement begins, and where the seals follow.
_HOLDER = ("subject", "token_id", "lately")
_SEALS_FROM = len(_HOLDER) + len(_KEPT) + 1


def read_and_audit(engine: Engine, reader: Reader, application_id: UUID) -> ReadRows | None:
    """One application, if the reader is on its team, with all that he may see of it today.

    None says nothing of the reason: it may be a database that knows no such statement.
    """
    if not reader.reads(Action.READ_APPLICATION) or not has_driver_cursor(engine):
        return None
    place = {"application_id": application_id, "limit": 1}
    return _read(engine, _of_one(reader.role, reader.today), reader, place, FIELDS)


def list_and_audit(
    engine: Engine, reader: Reader, procedure_id: UUID, part: Slice
) -> ReadRows | None:
    """A page of a procedure's applications, oldest first, with the fields that lists show.

    None, as above, and for an empty page too.
    """
    if not reader.reads(Action.LIST_APPLICATIONS) or not has_driver_cursor(engine):
        return None
    place = {"procedure_id": procedure_id, "after": part.after or UUID(int=0), "limit": part.limit}
    return _read(engine, _of_page(reader.role, reader.today), reader, place, LISTED)


def _read(
    engine: Engine,
    statement: Statement,
    reader: Reader,
    place: Mapping[str, object],
    fields: Iterable[str],
) -> ReadRows | None:
    found = driver_rows(engine, statement, {**vars(reader), **place})
    if not found:
        return None
    names = sorted(fields)
    subject, token_id, shown_lately = found[0][: len(_HOLDER)]
    return ReadRows([_row(names, row) for row in found], subject, token_id, shown_lately)


def _row(names: Sequence[str], row: tuple[Any, ...]) -> ReadRow:
    seals = zip(names, row[_SEALS_FROM:], strict=True)
    sealed = {name: blob for name, blob in seals if blob is not None}
    record, procedure, channel, status, *others, role, same = row[len(_HOLDER) : _SEALS_FROM]
    words = Channel(channel), Status(status)
    return ReadRow._make((record, procedure, *words, *others, Role(role), same, sealed))


@lru_cache(maxsize=16)
def _of_one(role: Role, today: date) -> Statement:
    """For one day, as all of them: the rest of what it asks are a Reader and a place."""
    action = Action.READ_APPLICATION
    query = _reached(action, role, today, FIELDS)
    shown = _shown(query.where(Application.id == bindparam("application_id")), FIELDS)
    noted = entered(action, shown, _told_of_one(shown))
    return _audited(shown, noted, counted_up(shown), FIELDS)


@lru_cache(maxsize=16)
def _of_page(role: Role, today: date) -> Statement:
    action, limit = Action.LIST_APPLICATIONS, bindparam("limit", type_=Integer())
    query = _reached(action, role, today, LISTED).where(
        Application.procedure_id == bindparam("procedure_id"), Application.id > bindparam("after")
    )
    shown = _shown(query.order_by(Application.id).limit(limit + 1), LISTED)
    page = select(shown).order_by(shown.c.id).limit(limit).cte("page")
    same = _same_email(Reach(role, subject_of(shown), today), page)
    noted = entered(action, page, _told_of_page(page), as_one=True)
    return _audited(shown, noted, counted_up(page), LISTED, same)


def _same_email(reach: Reach, page: CTE) -> CTE | None:
    """Who is reached in the procedure by those addresses of the page that several have."""
    if reach.role is not Role.RECRUITER:
        return None
    in_procedure = Application.procedure_id == bindparam("procedure_id")
    twice = (  # asked of the index alone, for in most lists nobody applied twice
        select(Application.email_index)
        .where(in_procedure, Application.email_index.in_(select(page.c.email_index)))
        .group_by(Application.email_index)
        .having(func.count() > 1)
    )
    ids = func.array_agg(aggregate_order_by(Application.id, Application.id))
    return (
        reachable(reach, ())
        .with_only_columns(Application.email_index, ids.label("ids"))
        .where(TeamMember.role == reach.role, in_procedure, Application.email_index.in_(twice))
        .group_by(Application.email_index)
        .having(func.count() > 1)
        .cte("same_email")
        .prefix_with("MATERIALIZED")  # else it is looked for row by row
    )


def _reached(
    action: Action, role: Role, today: date, fields: Iterable[str]
) -> Select[*tuple[Any, ...]]:
    """What the reader reaches, with which groups of fields he sees of it."""
    sight, seals = _sight(role, today).label("sight"), map(sealed_attribute, fields)
    return reached_within_budget(action, role, today, *_REACHED, sight, *seals)


def _sight(role: Role, today: date) -> ColumnElement[int]:
    """Which groups of fields the reader sees, as a number with a bit for each."""
    shown = (
        (condition, sum(_BIT[group] for group in seen.groups))
        for condition, seen in sights(role, today)
    )
    return case(*shown, else_=0)


def _shown(query: Select[*tuple[Any, ...]], fields: Iterable[str]) -> CTE:
    """What is reached, with the seals of those groups that its reader sees."""
    reached = query.cte("reached").prefix_with("MATERIALIZED")  # else each seal decides anew
    seals = (
        case(
            (
                reached.c.sight.bitwise_and(literal_column(str(_BIT[FIELDS[name].group]))) != 0,
                reached.c[sealed_attribute(name).key],
            )
        ).label(name)
        for name in fields
    )
    kept = (reached.c[column.key] for column in _REACHED)
    return select(reached.c.subject, reached.c.token_id, *kept, *seals).cte("shown")


def _audited(
    shown: CTE, noted: CTE, tallied: CTE, names: Iterable[str], same: CTE | None = None
) -> Statement:
    """What is shown, once it is in the audit and in the tally."""
    rows: FromClause = shown.join(noted, true()).join(tallied, true())
    ids: ColumnElement[Any] = null()
    if same is not None:
        ids = same.c.ids
        rows = rows.outerjoin(same, same.c.email_index == shown.c.email_index)
    kept = (shown.c[column.key] for column in _KEPT)
    seals = (shown.c[name] for name in sorted(names))
    query = select(shown.c.subject, shown.c.token_id, tallied.c.lately, *kept, ids, *seals)
    return driver_statement(query.select_from(rows).order_by(shown.c.id))


def _told_of_one(shown: CTE) -> dict[str, ColumnElement[Any]]:
    return {
        "application_ids": func.jsonb_build_array(shown.c.id),
        "fields": _names_that_hold({name: shown.c[name].is_not(None) for name in FIELDS}),
        "shown": literal(1),
        "details": literal({}, JSONB()),
    }


def _told_of_page(page: CTE) -> dict[str, ColumnElement[Any]]:
    held = {name: func.bool_or(page.c[name].is_not(None)) for name in LISTED}
    procedure = bindparam("procedure_id", type_=Uuid())
    return {
        "application_ids": func.jsonb_agg(aggregate_order_by(page.c.id, page.c.id)),
        "fields": _names_that_hold(held),
        "shown": func.count(),
        "details": func.jsonb_build_object("procedure_id", procedure),
    }


def _names_that_hold(held: Mapping[str, ColumnElement[bool]]) -> ColumnElement[Any]:
    """The names of the fields that are shown of any application, as the audit keeps them."""
    names = array([case((held[name], literal(name))) for name in sorted(held)])
    return func.to_jsonb(func.array_remove(names, null()))
