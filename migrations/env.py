"""How migrations run: in one transaction each, on the database of the application."""

from alembic import context
from flask import current_app
from sqlalchemy import JSON, Enum

from service.storage.types import Instant


def _written(kind, column_type, _context):
    """How a new migration names our column types: by what they are in the database."""
    if kind != "type":
        return False
    if isinstance(column_type, Instant):
        return "sa.DateTime(timezone=True)"
    if isinstance(column_type, Enum):
        return f"sa.String(length={column_type.length})"
    return "JSON" if isinstance(column_type, JSON) else False


database = current_app.extensions["migrate"].db

with database.engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=database.metadata,
        transactional_ddl=True,
        transaction_per_migration=True,
        compare_type=True,
        render_item=_written,
    )
    with context.begin_transaction():
        context.run_migrations()
