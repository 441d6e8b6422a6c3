"""Answers kept for 24 hours, so that a repeated POST is answered and not done again."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.storage.tables import Application, StoredAnswer


def claim_answer(
    session: Session, scope: bytes, fingerprint: bytes, now: datetime, expires_at: datetime
) -> StoredAnswer | None:
    """Claim the scope for this transaction; the answer that is already there, if there is one.

    While another transaction holds the claim, this one waits for it to end: the unique key is
    the lock, and it ends with its transaction.
    """
    session.execute(
        delete(StoredAnswer).where(StoredAnswer.scope == scope, StoredAnswer.expires_at <= now)
    )
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    row = {"scope": scope, "fingerprint": fingerprint, "expires_at": expires_at}
    claim = dialect.insert(StoredAnswer).values(row).on_conflict_do_nothing()
    query = select(StoredAnswer).where(StoredAnswer.scope == scope)
    while session.scalar(claim.returning(StoredAnswer.scope)) is None:
        kept = session.scalar(query.execution_options(populate_existing=True))
        if kept is not None:
            return kept  # else it went with its record meanwhile, and the scope is free
    return None


def get_claimed(session: Session, scope: bytes) -> StoredAnswer:
    """The row that this transaction claimed."""
    return session.scalars(select(StoredAnswer).where(StoredAnswer.scope == scope)).one()


def empty_answer_that_made(session: Session, application_id: UUID, kept: timedelta) -> None:
    """Leave of the answer with which an application began only that there was such a request.

    It is the one that is `kept` from the moment at which the application came in.
    """
    began = select(Application.received_at).where(Application.id == application_id)
    emptied = {"application_id": None, "kek_id": None, "sealed": None, "fingerprint": b""}
    made_it = (
        StoredAnswer.application_id == application_id,
        StoredAnswer.expires_at == session.scalars(began).one() + kept,
    )
    session.execute(update(StoredAnswer).where(*made_it).values(emptied))


def delete_expired_answers(session: Session, now: datetime, limit: int) -> None:
    """Delete at most `limit` that have had their day, but for what another transaction holds."""
    expired = select(StoredAnswer.scope).where(StoredAnswer.expires_at <= now).limit(limit)
    free = expired.with_for_update(skip_locked=True).scalar_subquery()
    session.execute(delete(StoredAnswer).where(StoredAnswer.scope.in_(free)))
