"""Whether the database has the schema that this code expects."""

from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from service.storage.database import Base

MIGRATIONS = Path(__file__).parents[2] / "migrations"


def newest_revision() -> str:
    """The revision that the code was written for."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head() or ""


def schema_faults(connection: Connection) -> list[str]:
    """What is missing: the wrong revision, or a table or column that a half migration left out."""
    found = MigrationContext.configure(connection).get_current_revision()
    if found != newest_revision():
        return [f"it is at revision {found or 'none'}, the code needs {newest_revision()}"]
    present = {
        name: {column["name"] for column in columns}
        for (_, name), columns in inspect(connection).get_multi_columns().items()
    }
    return [
        f"table {table.name} lacks {column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if column.name not in present.get(table.name, set())
    ]
