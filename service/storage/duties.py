"""What is coming up: procedures that end, plans that wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.domain.policy import Role
from service.storage.tables import Procedure, PurgeRun, TeamMember


@dataclass(frozen=True)
class EndingProcedure:
    procedure_id: UUID
    ends_on: date
    recruiters: tuple[str, ...]


def list_procedures_ending(
    session: Session, after: date, before: date, limit: int
) -> Sequence[EndingProcedure]:
    """Procedures that end after `after` and not after `before`, with whom to warn."""
    ending = (
        select(Procedure.id, Procedure.ends_on)
        .where(Procedure.ends_on > after, Procedure.ends_on <= before)
        .order_by(Procedure.ends_on, Procedure.id)
        .limit(limit)
    )
    rows = session.execute(ending).all()
    members = session.execute(
        select(TeamMember.procedure_id, TeamMember.subject).where(
            TeamMember.procedure_id.in_([row.id for row in rows]), TeamMember.role == Role.RECRUITER
        )
    ).all()
    return [
        EndingProcedure(
            row.id, row.ends_on, tuple(sorted(m.subject for m in members if m[0] == row.id))
        )
        for row in rows
    ]


def count_plans_waiting(session: Session) -> int:
    """Plans that the brake made, that no run has outdated and nobody confirmed."""
    query = select(func.count()).where(
        PurgeRun.braked, PurgeRun.confirmed_at.is_(None), PurgeRun.outdated.is_(False)
    )
    return session.scalar(query) or 0
