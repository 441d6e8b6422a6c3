"""What all reads at once have in common: who asks, whether he may, the tally and the audit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    DateTime,
    Integer,
    LargeBinary,
    Select,
    String,
    Uuid,
    bindparam,
    func,
    insert,
    literal,
    select,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute

from service.domain.policy import PERMISSIONS, TEAM_ROLES, Action, Purpose, Role
from service.storage.applications import Reach, reachable
from service.storage.purges import was_completed_after
from service.storage.tables import ApiToken, AuditEvent, TeamMember
from service.storage.tally import counting_up, is_within
from service.storage.tokens import holds_at


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

    def reads(self, action: Action) -> bool:
        """Whether this is a reader for whom there is a statement."""
        return self.role in TEAM_ROLES & PERMISSIONS[action]


MOMENT = DateTime(timezone=True)
_HOUR = func.date_trunc("hour", bindparam("now", type_=MOMENT), "UTC", type_=MOMENT)
Column = ColumnElement[Any] | InstrumentedAttribute[Any]


def reached_within_budget(
    action: Action, role: Role, today: date, *columns: Column
) -> Select[*tuple[Any, ...]]:
    """What the reader reaches within his budget: his subject and token, and these columns of it.

    Only where his role on the team allows the action as well.
    """
    holder = _holder(role)
    reach = Reach(role, subject_of(holder), today)
    may_not = TEAM_ROLES - PERMISSIONS[action]
    return (
        reachable(reach, ())
        .join(holder, true())
        .with_only_columns(holder.c.subject, holder.c.token_id, *columns)
        .where(~was_completed_after(today), *(TeamMember.role != one for one in sorted(may_not)))
    )


def subject_of(rows: CTE) -> ColumnElement[str]:
    """The one subject of these rows, if there are any."""
    subject: ColumnElement[str] = select(rows.c.subject).limit(1).scalar_subquery()
    return subject


def _holder(role: Role) -> CTE:
    """Who holds the token, if it holds still and he is far from his budget."""
    more, budget = (bindparam(name, type_=Integer()) for name in ("limit", "budget"))
    query = select(ApiToken.subject, ApiToken.id.label("token_id")).where(
        ApiToken.digest == bindparam("digest", type_=LargeBinary()),
        ApiToken.role == role,
        holds_at(bindparam("now", type_=MOMENT)),
        is_within(ApiToken.subject, _HOUR, more, budget),
    )
    return query.cte("holder")


def counted_up(page: CTE) -> CTE:
    """The reader's tally, with these applications."""
    return counting_up(page.c.subject, _HOUR, func.count()).cte("tallied")


def entered(
    action: Action, page: CTE, told: Mapping[str, ColumnElement[Any]], *, as_one: bool = False
) -> CTE:
    """The entry in the audit, with what is `told` of a row, or `as_one` of all, by aggregates."""
    entry: dict[str, ColumnElement[Any]] = {
        "id": bindparam("event_id", type_=Uuid()),
        "at": bindparam("now", type_=MOMENT),
        "role": bindparam("role", type_=String()),
        "subject": page.c.subject,
        "token_id": page.c.token_id,
        "action": literal(action.value),
        "outcome": literal("allowed"),
        "purpose": bindparam("purpose", type_=String()),
        "request_id": bindparam("request_id", type_=Uuid()),
        **told,
    }
    rows = select(*entry.values()).select_from(page)
    if as_one:
        rows = rows.group_by(page.c.subject, page.c.token_id)
    return insert(AuditEvent).from_select(list(entry), rows).returning(AuditEvent.id).cte("noted")
