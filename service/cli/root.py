"""What the commands are given: the ways to make the application, and who is at the keyboard."""

import os
import pwd
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import click
from flask import Flask
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text
from sqlalchemy.orm import Session

from service.config.settings import Settings, load_settings
from service.domain.errors import NotFound, Refusal
from service.domain.ids import ENTROPY_BYTES, uuid7
from service.domain.policy import Role
from service.storage.database import db
from service.telemetry.logs import configure_logs
from service.usecases.case import Case, House, Principal


@dataclass(frozen=True)
class Root:
    """The composition root, handed down."""

    create_app: Callable[[Settings], Flask]
    create_bare_app: Callable[[Settings], Flask]
    render_openapi: Callable[[], str]


_WIDE = 160


class Failure(click.ClickException):
    """A refusal, said at the command line."""

    def __init__(self, refusal: Refusal) -> None:
        places = "".join(f"\n  {fault.pointer}: {fault.code}" for fault in refusal.faults)
        title = "There is nothing with this id." if type(refusal) is NotFound else refusal.title
        super().__init__((refusal.detail or title) + places)


@contextmanager
def refusals_said() -> Iterator[None]:
    """Turn refusals into messages; they carry no values and no traceback."""
    try:
        yield
    except Refusal as refusal:
        raise Failure(refusal) from refusal


@contextmanager
def application(root: Root) -> Iterator[House]:
    """The whole service, at work for one command."""
    with refusals_said():
        settings = load_settings()
        configure_logs(settings.log_level, sys.stderr, for_people=sys.stderr.isatty())
        app = root.create_app(settings)
        with at_work(app):
            yield app.extensions["kluis"]


@contextmanager
def at_work(app: Flask) -> Iterator[None]:
    """An application in use by this process; no connection of it lives on in others."""
    with app.app_context():
        try:
            yield
        finally:
            db.session.remove()
            db.engine.dispose()


class IdTable:
    """Rows behind an id, which is never cut off: other commands are given it."""

    def __init__(self, *others: str) -> None:
        self.table = Table(Column("id", no_wrap=True), *others)

    def add_row(self, *cells: str) -> None:
        """Add a row. A cell is shown as it is: rich reads no markup in it, a terminal no order."""
        self.table.add_row(*(Text(shown(cell)) for cell in cells))


def id_table(*others: str) -> IdTable:
    return IdTable(*others)


def print_table(table: IdTable) -> None:
    """Print it as wide as the terminal is; in a pipe or a log as wide as it needs."""
    Console(width=None if sys.stdout.isatty() else _WIDE).print(table.table)


def shown(text: str) -> str:
    """The text with whatever does not print written as an escape, so that no terminal obeys it."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def new_case(house: House, session: Session | None = None) -> Case:
    """A case of the person at the command line; permission is demanded of him like of anyone.

    The session is this thread's own, unless one is given.
    """
    principal = Principal(Role.OPERATOR, f"cli:{_operating_system_user()}")
    request_id: UUID = uuid7(house.clock.now(), os.urandom(ENTROPY_BYTES))
    return Case(house, db.session if session is None else lambda: session, principal, request_id)


def _operating_system_user() -> str:
    """The account of this process: not what LOGNAME says, and the number where it has no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
