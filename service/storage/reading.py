"""The reads that are done most, each as one statement: who asks, may he, the audit, the rows.

On PostgreSQL a round trip, and what the ORM makes of a row, cost more than opening the fields. The
statements are put together from the conditions of all other queries. They find the ordinary case
only: who finds nothing here asks again, step by step, and is told why.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import product
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CTE,
    ColumnElement,
    DateTime,
    Engine,
    Integer,
    LargeBinary,
    Select,
    String,
    Uuid,
    and_,
    any_,
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
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by, array
from sqlalchemy.orm import InstrumentedAttribute

from service.domain.catalogue import FIELDS, LISTED, Group
from service.domain.policy import PERMISSIONS, TEAM_ROLES, Action, Purpose, Role, sight
from service.domain.retention import Phase
from service.domain.words import Channel, Status
from service.storage.applications import Reach, is_in_phase, reachable, sealed_attribute
from service.storage.database import Statement, driver_cursor, driver_statement, has_driver_cursor
from service.storage.slices import Slice
from service.storage.tables import (
    ApiToken,
    Application,
    AuditEvent,
    Procedure,
    PurgeRun,
    RecordKey,
    TeamMember,
)
from service.storage.tally import counting_up, hour_of, shown_lately


@dataclass(frozen=True)
class Reader:
    """Who reads by what his token says of itself; when and why; how much he may read in an hour."""

    role: Role
    digest: bytes
    purpose: Purpose
    event_id: UUID
    request_id: UUID
    now: datetime
    today: date
    budget: int

    @property
    def hour(self) -> datetime:
        return hour_of(self.now)

    def reads(self, action: Action) -> bool:
        """Whether this is a reader for whom there is a statement."""
        return self.role in TEAM_ROLES & PERMISSIONS[action]


@dataclass(frozen=True)
class ReadRow:
    """An application with the seals that its reader may open."""

    id: UUID
    procedure_id: UUID
    channel: Channel
    status: Status
    received_at: datetime
    withdrawn_on: date | None
    statement_version: str
    purge_on: date
    version: int
    email_index: bytes | None
    ends_on: date
    kek_id: str
    wrapped: bytes
    team_role: Role
    sealed: Mapping[str, bytes]


@dataclass(frozen=True)
class ReadRows:
    """What was read, and is in the audit. A row more than was asked for says that more follow.

    `shown_lately` is the tally of this subject, with what he read in parallel.
    """

    rows: Sequence[ReadRow]
    subject: str
    token_id: UUID
    shown_lately: int


_MOMENT = DateTime(timezone=True)
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
    Application.email_index,
    Procedure.ends_on,
    RecordKey.kek_id,
    RecordKey.wrapped,
    TeamMember.role.label("team_role"),
)
_HOLDER = ("subject", "token_id", "lately")
_KEPT_NAMES = tuple(column.key for column in _KEPT)
_SEALS_FROM = len(_HOLDER) + len(_KEPT)


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


def list_same_email(
    engine: Engine, reach: Reach, procedure_id: UUID, indexes: Collection[bytes]
) -> dict[bytes, list[UUID]]:
    """What is reached in one procedure, by those e-mail indexes that several have."""
    values = {"subject": reach.subject, "procedure_id": procedure_id, "indexes": list(indexes)}
    with driver_cursor(engine) as cursor:
        rows = cursor.fetch_all(_of_same_email(reach.role, reach.today), values)
    return dict(rows)


def _read(
    engine: Engine,
    statement: Statement,
    reader: Reader,
    place: Mapping[str, object],
    fields: Iterable[str],
) -> ReadRows | None:
    with driver_cursor(engine) as cursor:
        found = cursor.fetch_all(statement, {**vars(reader), "hour": reader.hour, **place})
    if not found:
        return None
    names = sorted(fields)
    subject, token_id, shown_lately = found[0][: len(_HOLDER)]
    return ReadRows([_row(names, row) for row in found], subject, token_id, shown_lately)


def _row(names: Sequence[str], row: tuple[Any, ...]) -> ReadRow:
    kept = dict(zip(_KEPT_NAMES, row[len(_HOLDER) : _SEALS_FROM], strict=True))
    words = {
        "channel": Channel(kept["channel"]),
        "status": Status(kept["status"]),
        "team_role": Role(kept["team_role"]),
    }
    seals = zip(names, row[_SEALS_FROM:], strict=True)
    return ReadRow(**kept | words, sealed={name: blob for name, blob in seals if blob is not None})


@lru_cache(maxsize=16)
def _of_one(role: Role, today: date) -> Statement:
    """For one day, as all of them: the rest of what it asks are a Reader and a place."""
    query = _reachable(role, today, FIELDS).where(Application.id == bindparam("application_id"))
    reached = query.cte("reached")
    return _audited(Action.READ_APPLICATION, reached, reached, FIELDS)


@lru_cache(maxsize=16)
def _of_page(role: Role, today: date) -> Statement:
    limit = bindparam("limit", type_=Integer())
    query = _reachable(role, today, LISTED).where(
        Application.procedure_id == bindparam("procedure_id"), Application.id > bindparam("after")
    )
    reached = query.order_by(Application.id).limit(limit + 1).cte("reached")
    page = select(reached).order_by(reached.c.id).limit(limit).cte("page")
    return _audited(Action.LIST_APPLICATIONS, reached, page, LISTED)


@lru_cache(maxsize=16)
def _of_same_email(role: Role, today: date) -> Statement:
    indexes = bindparam("indexes", type_=ARRAY(LargeBinary))
    ids = func.array_agg(aggregate_order_by(Application.id, Application.id))
    query = reachable(Reach(role, bindparam("subject"), today), ())
    return driver_statement(
        query.with_only_columns(Application.email_index, ids)
        .where(
            Application.procedure_id == bindparam("procedure_id"),
            Application.email_index == any_(indexes),
        )
        .group_by(Application.email_index)
        .having(func.count() > 1)
    )


def _reachable(role: Role, today: date, fields: Iterable[str]) -> Select[*tuple[Any, ...]]:
    """What the reader reaches, with which groups of fields he sees of it."""
    sights = (condition.label(group) for group, condition in _sights(role, today).items())
    seals = (sealed_attribute(name) for name in fields)
    return reached_within_budget(role, today, *_KEPT, *sights, *seals)


def reached_within_budget(
    role: Role, today: date, *columns: ColumnElement[Any] | InstrumentedAttribute[Any]
) -> Select[*tuple[Any, ...]]:
    """What the reader reaches within his budget: his subject and token, and these columns of it."""
    holder = _holder(role)
    reach = Reach(role, select(holder.c.subject).scalar_subquery(), today)
    after_today = exists().where(PurgeRun.completed_on > today)  # by rule 5 it is that day then
    return (
        reachable(reach, ())
        .join(holder, true())
        .with_only_columns(holder.c.subject, holder.c.token_id, *columns)
        .where(~after_today)
    )


def _holder(role: Role) -> CTE:
    """Who holds the token, if it holds still and he is far from his budget."""
    more = bindparam("limit", type_=Integer())
    lately = shown_lately(ApiToken.subject, bindparam("hour", type_=_MOMENT))
    query = select(ApiToken.subject, ApiToken.id.label("token_id")).where(
        ApiToken.digest == bindparam("digest", type_=LargeBinary()),
        ApiToken.role == role,
        ApiToken.revoked_at.is_(None),
        ApiToken.expires_at > bindparam("now", type_=_MOMENT),
        lately + more <= bindparam("budget", type_=Integer()),
    )
    return query.cte("holder")


def _sights(role: Role, today: date) -> dict[Group, ColumnElement[bool]]:
    """Need to know as conditions: the roles on the team and the phases that show a group."""
    situations = [
        (sight(role, phase, team_role).groups, TeamMember.role == team_role, phase)
        for team_role, phase in product(sorted(TEAM_ROLES), Phase)
    ]
    return {
        group: or_(
            false(),
            *(
                and_(is_member, is_in_phase(phase, today))
                for groups, is_member, phase in situations
                if group in groups
            ),
        )
        for group in Group
    }


def _audited(action: Action, reached: CTE, page: CTE, fields: Iterable[str]) -> Statement:
    """What was reached, once its page is in the audit and in the tally."""
    names = sorted(fields)
    noted, tallied = _noted(action, page, names), counted_up(page)
    shown = (_shown(reached, name) for name in names)
    kept = (reached.c[column.key] for column in _KEPT)
    query = (
        select(reached.c.subject, reached.c.token_id, tallied.c.lately, *kept, *shown)
        .select_from(reached.join(noted, true()).join(tallied, true()))
        .order_by(reached.c.id)
    )
    return driver_statement(query)


def counted_up(page: CTE) -> CTE:
    """The reader's tally, with these applications."""
    hour = bindparam("hour", type_=_MOMENT)
    shown = select(page.c.subject, hour, func.count()).group_by(page.c.subject)
    return counting_up(shown).cte("tallied")


def _shown(reached: CTE, name: str) -> ColumnElement[bytes | None]:
    """The seal of a field, if the reader sees its group."""
    return case((reached.c[FIELDS[name].group], reached.c[sealed_attribute(name).key]))


def _noted(action: Action, page: CTE, names: Iterable[str]) -> CTE:
    """Which applications are shown, and which fields of any of them."""
    held = ((name, func.bool_or(_shown(page, name).is_not(None))) for name in names)
    fields = array([case((is_held, literal(name))) for name, is_held in held])
    details = func.jsonb_build_object("procedure_id", bindparam("procedure_id", type_=Uuid()))
    is_list = action is Action.LIST_APPLICATIONS
    shown = func.to_jsonb(func.array_remove(fields, null()))
    return entered(action, page, shown, details if is_list else literal({}, JSONB()))


def entered(
    action: Action, page: CTE, fields: ColumnElement[Any], details: ColumnElement[Any]
) -> CTE:
    """The entry in the audit: the reader was shown these applications."""
    entry: dict[str, ColumnElement[Any]] = {
        "id": bindparam("event_id", type_=Uuid()),
        "at": bindparam("now", type_=_MOMENT),
        "role": bindparam("role", type_=String()),
        "subject": page.c.subject,
        "token_id": page.c.token_id,
        "action": literal(action.value),
        "outcome": literal("allowed"),
        "purpose": bindparam("purpose", type_=String()),
        "application_ids": func.jsonb_agg(aggregate_order_by(page.c.id, page.c.id)),
        "fields": fields,
        "shown": func.count(),
        "details": details,
        "request_id": bindparam("request_id", type_=Uuid()),
    }
    rows = select(*entry.values()).select_from(page).group_by(page.c.subject, page.c.token_id)
    return insert(AuditEvent).from_select(list(entry), rows).returning(AuditEvent.id).cte("noted")
