"""Empty databases of either kind, thrown away afterwards."""

import atexit
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from flask_migrate import upgrade

from service.app import create_bare_app
from service.config.settings import load_settings
from service.storage.database import db
from tests.harness.postgres import Server, drop_database, running_postgres

KINDS = ("SQLite", "PostgreSQL")
# What a production server of a few gigabytes is given; the rest is as it comes, and durable.
ORDINARY = {
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "wal_compression": "off",
}


@dataclass(frozen=True)
class Databases:
    """Where databases can be made: a PostgreSQL server, or a folder for SQLite's files."""

    kind: str
    directory: Path
    server: Server | None
    _made: list[str] = field(default_factory=list)

    @property
    def pid(self) -> int | None:
        """The server's process."""
        if self.server is None:
            return None
        return int((self.server.data / "postmaster.pid").read_text().split()[0])

    def new(self, name: str) -> str:
        """The SQLAlchemy URL of an empty database."""
        if self.server is None:
            return f"sqlite:///{tempfile.mkdtemp(dir=self.directory)}/{name}.db"
        self._made.append(self.server.new_database())
        return self._made[-1]

    def drop_all(self) -> None:
        if self.server is not None:
            for url in self._made:
                drop_database(self.server.url, url)


@contextmanager
def databases(kind: str) -> Iterator[Databases]:
    """Room for databases, which are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="kluis-bench-") as directory:
        room = Databases(kind, Path(directory), _server() if kind == "PostgreSQL" else None)
        try:
            yield room
        finally:
            room.drop_all()


@cache
def _server() -> Server:
    """One for all parts; it syncs to disk, as in production, and ends with this process."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(running_postgres(durable=True, settings=ORDINARY))


@contextmanager
def database(kind: str) -> Iterator[str]:
    """The SQLAlchemy URL of one database that has Kluis' tables."""
    with databases(kind) as room:
        yield migrated(room.new("kluis"))


def migrated(url: str) -> str:
    """The same URL, now with Kluis' tables."""
    app = create_bare_app(load_settings({"KLUIS_DATABASE_URL": url}))
    with app.app_context():
        upgrade()
        db.engine.dispose()
    return url
