"""Tokens by their digest."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, LargeBinary, and_, bindparam, delete, select
from sqlalchemy.orm import Session

from service.domain.policy import Role
from service.storage.database import driver_rows, driver_statement, has_driver_cursor
from service.storage.slices import Slice
from service.storage.tables import ApiToken


class Holder(NamedTuple):
    """Whose token it is, and how long it is one."""

    id: UUID
    digest: bytes
    role: Role
    subject: str
    expires_at: datetime
    revoked_at: datetime | None
    application_id: UUID | None

    def holds_at(self, now: datetime) -> bool:
        return self.revoked_at is None and self.expires_at > now


def holds_at(now: ColumnElement[datetime]) -> ColumnElement[bool]:
    """The same of a token, as a condition."""
    return and_(ApiToken.revoked_at.is_(None), ApiToken.expires_at > now)


_HOLDER = select(*(getattr(ApiToken, name) for name in Holder._fields)).where(
    ApiToken.digest == bindparam("digest", type_=LargeBinary())
)
FIND_HOLDER = driver_statement(_HOLDER)


def find_holder(engine: Engine, digest: bytes) -> Holder | None:
    """Who holds the token with this digest. The connection is given back at once."""
    sought = {"digest": digest}
    if has_driver_cursor(engine):
        rows = driver_rows(engine, FIND_HOLDER, sought)
    else:
        with engine.connect() as connection:
            rows = [tuple(row) for row in connection.execute(_HOLDER, sought)]
    if not rows:
        return None
    holder = Holder(*rows[0])
    return holder._replace(role=Role(holder.role))


def lock_token(session: Session, token_id: UUID) -> ApiToken | None:
    return session.get(ApiToken, token_id, with_for_update=True)


def list_tokens(session: Session, part: Slice) -> Sequence[ApiToken]:
    """A page of tokens, oldest first, revoked and expired ones included; no applicant's."""
    query = select(ApiToken).where(ApiToken.application_id.is_(None))
    return session.scalars(part.of(query, ApiToken.id)).all()


def delete_applicant_tokens(session: Session, application_id: UUID) -> None:
    """End the access that a former code gave."""
    session.execute(delete(ApiToken).where(ApiToken.application_id == application_id))


def delete_expired_applicant_tokens(session: Session, now: datetime, limit: int) -> None:
    """Applicants' tokens live for minutes: delete at most `limit` of those that expired."""
    expired = ApiToken.application_id.is_not(None) & (ApiToken.expires_at <= now)
    free = select(ApiToken.id).where(expired).limit(limit).with_for_update(skip_locked=True)
    session.execute(delete(ApiToken).where(ApiToken.id.in_(free.scalar_subquery())))
