"""Tokens by their digest."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.storage.slices import Slice
from service.storage.tables import ApiToken


def find_token(session: Session, digest: bytes) -> ApiToken | None:
    return session.scalar(select(ApiToken).where(ApiToken.digest == digest))


def lock_token(session: Session, token_id: UUID) -> ApiToken | None:
    return session.get(ApiToken, token_id, with_for_update=True)


def list_tokens(session: Session, part: Slice) -> Sequence[ApiToken]:
    """A page of tokens, oldest first, revoked and expired ones included."""
    return session.scalars(part.of(select(ApiToken), ApiToken.id)).all()
