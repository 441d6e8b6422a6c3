"""Access codes by their digest, and how often their questions were failed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from service.storage.tables import AccessCode


def find_code(session: Session, digest: bytes) -> AccessCode | None:
    """The code with this digest, as it is now."""
    query = select(AccessCode).where(AccessCode.digest == digest)
    return session.scalar(query.execution_options(populate_existing=True))


def replace_code(
    session: Session, application_id: UUID, digest: bytes, now: datetime, issued_by: str
) -> None:
    """Put a new code in the place of the one before, of which nothing stays."""
    session.execute(delete(AccessCode).where(AccessCode.application_id == application_id))
    row = AccessCode(application_id=application_id, digest=digest, issued_at=now)
    row.issued_by = issued_by
    session.add(row)


def note_failures(
    session: Session, digest: bytes, failures: int, locked_until: datetime | None
) -> None:
    """How often in a row, and until when. Of no code too: that takes as many statements."""
    noted = {"failures": failures, "locked_until": locked_until}
    session.execute(update(AccessCode).where(AccessCode.digest == digest).values(noted))
