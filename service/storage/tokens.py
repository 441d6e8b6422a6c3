"""Tokens by their digest."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.storage.tables import ApiToken


def find_token(session: Session, digest: bytes) -> ApiToken | None:
    return session.scalar(select(ApiToken).where(ApiToken.digest == digest))


def lock_token(session: Session, token_id: UUID) -> ApiToken | None:
    return session.get(ApiToken, token_id, with_for_update=True)


def list_tokens(session: Session, after: UUID | None, limit: int) -> Sequence[ApiToken]:
    """A page of tokens, oldest first, revoked and expired ones included."""
    query = select(ApiToken)
    if after is not None:
        query = query.where(ApiToken.id > after)
    return session.scalars(query.order_by(ApiToken.id).limit(limit)).all()
