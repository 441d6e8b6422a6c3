"""Access codes by their digest, and how often their questions were failed."""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from service.storage.tables import AccessCode


def find_code(session: Session, digest: bytes) -> AccessCode | None:
    """The code with this digest, as it is now."""
    query = select(AccessCode).where(AccessCode.digest == digest)
    return session.scalar(query.execution_options(populate_existing=True))


def replace_code(session: Session, row: AccessCode) -> None:
    """Put a new code in the place of the one before, of which nothing stays."""
    former = AccessCode.application_id == row.application_id
    session.execute(delete(AccessCode).where(former))
    session.add(row)


def note_failures(
    session: Session, digest: bytes, failures: int, locked_until: datetime | None
) -> None:
    """How often in a row, and until when. Of no code too: that takes as many statements."""
    noted = {"failures": failures, "locked_until": locked_until}
    session.execute(update(AccessCode).where(AccessCode.digest == digest).values(noted))
