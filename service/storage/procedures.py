"""Procedures and their teams."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from service.domain.policy import Role
from service.storage.applications import is_consented
from service.storage.slices import Slice
from service.storage.tables import Application, Procedure, TeamMember


@dataclass(frozen=True)
class ProcedureFilter:
    """Which procedures are asked for; None asks for all."""

    reference: str | None = None
    ends_before: date | None = None


@dataclass(frozen=True)
class Member:
    """Somebody on teams, in one of these roles there."""

    subject: str
    roles: frozenset[Role]


def find_procedure(session: Session, procedure_id: UUID, member: Member | None) -> Procedure | None:
    """The procedure; if `member` is given, only where he is on the team."""
    query = select(Procedure).where(Procedure.id == procedure_id)
    if member is not None:
        query = query.where(_has(member))
    return session.scalar(query)


def has_ended(session: Session, procedure_id: UUID, today: date) -> bool:
    query = select(Procedure.ends_on <= today).where(Procedure.id == procedure_id)
    return bool(session.scalar(query))


def find_vacancy(
    session: Session, reference: str, member: Member | None = None
) -> Procedure | None:
    """The procedure with this reference; if `member` is given, only where he is on the team."""
    query = select(Procedure).where(Procedure.reference == reference)
    if member is not None:
        query = query.where(_has(member))
    return session.scalar(query)


def list_procedures(
    session: Session, member: Member | None, wanted: ProcedureFilter, part: Slice
) -> Sequence[Procedure]:
    """A page of procedures, oldest first: all, or those with `member` on their team."""
    query = select(Procedure)
    if member is not None:
        query = query.where(_has(member))
    if wanted.reference is not None:
        query = query.where(Procedure.reference == wanted.reference)
    if wanted.ends_before is not None:
        query = query.where(Procedure.ends_on < wanted.ends_before)
    return session.scalars(part.of(query, Procedure.id)).all()


def list_team(session: Session, procedure_id: UUID) -> Sequence[TeamMember]:
    """The members of one team; a team is small, so there are no pages."""
    query = select(TeamMember).where(TeamMember.procedure_id == procedure_id)
    return session.scalars(query.order_by(TeamMember.subject)).all()


def find_member(session: Session, procedure_id: UUID, subject: str) -> TeamMember | None:
    return session.get(TeamMember, (procedure_id, subject))


def lock_applications_of(
    session: Session, procedure_id: UUID
) -> Sequence[tuple[Application, bool]]:
    """Every application of a procedure, locked, with whether consent stands; in order of id."""
    rows = session.execute(
        select(Application, is_consented())
        .where(Application.procedure_id == procedure_id)
        .order_by(Application.id)
        .with_for_update(of=Application)
        .execution_options(populate_existing=True)
    )
    return [(row[0], bool(row[1])) for row in rows]


def _has(member: Member) -> ColumnElement[bool]:
    return exists().where(
        TeamMember.procedure_id == Procedure.id,
        TeamMember.subject == member.subject,
        TeamMember.role.in_(sorted(member.roles)),
    )
