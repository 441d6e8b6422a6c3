"""Records across all procedures, oldest first: walked through, and found by their e-mail index."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import tuple_
from sqlalchemy.orm import Session

from service.storage.applications import Found, Reach, reachable
from service.storage.slices import Slice
from service.storage.tables import Application


class Place(NamedTuple):
    """A record and its procedure, by their ids."""

    application_id: UUID
    procedure_id: UUID


def list_places(session: Session, reach: Reach, part: Slice) -> Sequence[Place]:
    """A stretch of all that the principal reaches, without loading any of it."""
    query = reachable(reach, ()).with_only_columns(Application.id, Application.procedure_id)
    return [Place(*row) for row in session.execute(part.of(query, Application.id))]


def list_records(
    session: Session, reach: Reach, fields: Iterable[str], part: Slice
) -> Sequence[Found]:
    """A stretch of all that the principal reaches, with the seals of `fields` loaded."""
    rows = session.execute(part.of(reachable(reach, fields), Application.id))
    return [Found(*row) for row in rows]


def list_of_ids(
    session: Session, reach: Reach, fields: Iterable[str], ids: Collection[UUID]
) -> Sequence[Found]:
    """What the principal reaches of these, with the seals of `fields` loaded."""
    query = reachable(reach, fields).where(Application.id.in_(ids))
    return [Found(*row) for row in session.execute(query)]


def list_with_email(
    session: Session, reach: Reach, indexes: Collection[tuple[UUID, bytes]], part: Slice
) -> Sequence[Found]:
    """What the principal reaches under one of these indexes, each within its own procedure."""
    indexed = tuple_(Application.procedure_id, Application.email_index)
    query = reachable(reach, ()).where(indexed.in_(indexes))
    return [Found(*row) for row in session.execute(part.of(query, Application.id))]
