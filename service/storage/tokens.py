"""Tokens by their digest."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from service.storage.slices import Slice
from service.storage.tables import ApiToken


def find_token(session: Session, digest: bytes) -> ApiToken | None:
    return session.scalar(select(ApiToken).where(ApiToken.digest == digest))


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
