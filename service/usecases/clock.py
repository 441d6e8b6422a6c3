"""What time it is, and whether the database agrees."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy.orm import Session

from service.storage.database import database_now


class Clock(Protocol):
    """The moment, by the application and by the database, both aware."""

    def now(self) -> datetime: ...

    def database_now(self, session: Session) -> datetime: ...


class SystemClock:
    """The machine's clock and the database's own."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def database_now(self, session: Session) -> datetime:
        return database_now(session)


class DemoClock:
    """A clock that stands at the moment written in a file, so that a demo can move it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> datetime:
        return datetime.fromisoformat(self._path.read_text().strip()).astimezone(UTC)

    def database_now(self, session: Session) -> datetime:
        del session
        return self.now()
