"""The migrations make exactly the tables that the code declares."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from service.storage.database import Base
from tests.harness.databases import Databases


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_the_migrations_make_is_what_the_tables_say(databases: Databases, kind: str):
    with create_engine(databases.fresh(kind), poolclass=NullPool).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, Base.metadata)
    assert differences == [], "write a migration: make migration m=…"
