"""Worlds on one kind of database, for what hangs on no database or on one alone."""

from tests.retention.conftest import postgres_world, sqlite_world

__all__ = ["postgres_world", "sqlite_world"]
