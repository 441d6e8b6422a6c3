"""A migrated, empty database of either kind, thrown away afterwards."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask_migrate import upgrade

from service.app import create_bare_app
from service.config.settings import load_settings
from service.storage.database import db
from tests.harness.postgres import running_postgres

KINDS = ("SQLite", "PostgreSQL")


@contextmanager
def database(kind: str) -> Iterator[str]:
    """Its SQLAlchemy URL; PostgreSQL syncs to disk here, as it does in production."""
    if kind == "SQLite":
        with tempfile.TemporaryDirectory(prefix="kluis-bench-") as directory:
            yield _migrated(f"sqlite:///{Path(directory, 'kluis.db')}")
    else:
        with running_postgres(durable=True) as server:
            yield _migrated(server.new_database())


def _migrated(url: str) -> str:
    app = create_bare_app(load_settings({"KLUIS_DATABASE_URL": url}))
    with app.app_context():
        upgrade()
        db.engine.dispose()
    return url
