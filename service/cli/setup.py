"""Setting up and serving."""

import multiprocessing
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from tempfile import TemporaryDirectory

import click
from flask_migrate import upgrade
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from service.cli.root import Root, application, at_work, new_case, refusals_said
from service.config.settings import Settings, load_settings
from service.crypto.keyring import KeyPurpose, Keyring, make_key
from service.crypto.keyring_files import write_keyring_file
from service.domain.errors import Misconfigured
from service.storage.database import db, make_file
from service.usecases import setup

_FIRST_TOKEN_LIFE = timedelta(days=90)
_HEADERS_WITHIN_MS = 15_000
_LAST_REQUESTS_SECONDS = 25
_SHARED_COUNTERS = "PROMETHEUS_MULTIPROC_DIR"
_log = get_logger()


@click.command()
@click.option("--demo", is_flag=True, help="Make a demo's database: it accepts KLUIS_DEMO_CLOCK.")
@click.pass_obj
def init(root: Root, *, demo: bool) -> None:
    """Make keyring, database and first admin token.

    What is there already stays as it is.
    """
    with refusals_said():
        settings = load_settings()
        _migrate(root, settings)
        with at_work(root.create_bare_app(settings)):
            setup.mark_installation(db.session(), is_demo=demo)
            if not setup.has_keys(db.session()):
                _make_keyring(settings)
    with application(root) as house:
        token = setup.set_up(new_case(house), life=_FIRST_TOKEN_LIFE)
    if token is None:
        click.echo("Everything is there already.", err=True)
        return
    click.echo("The first admin token; it is shown this once and lasts 90 days:", err=True)
    click.echo(token.token)


@click.command()
@click.pass_obj
def migrate(root: Root) -> None:
    """Bring the database to the schema of this version."""
    with refusals_said():
        _migrate(root, load_settings())
    click.echo("The database has the schema of this version.", err=True)


@click.command()
@click.pass_obj
def serve(root: Root) -> None:
    """Serve the API with Granian."""
    with application(root) as house:  # a bad setting is said here, once, and not by each process
        settings = house.settings
        _demand_free(settings.host, settings.port)
        if not settings.controller:  # GDPR art. 15: who asks for access is told who is responsible
            _log.warning("controller-unset", setting="KLUIS_CONTROLLER")
    address = f"http://{settings.host}:{settings.port}"
    click.echo(f"Kluis serves on {address}; {address}/docs tells how to use it.", err=True)
    with _counters_shared(settings.workers):
        Granian(
            "service.app:create_front",
            factory=True,
            address=settings.host,
            port=settings.port,
            interface=Interfaces.ASGINL,
            http=HTTPModes.http1,
            websockets=False,
            workers=settings.workers,
            respawn_failed_workers=True,  # one that was killed must not end those of the others
            backlog=2048,
            http1_settings=HTTP1Settings(header_read_timeout=_HEADERS_WITHIN_MS),
            workers_kill_timeout=_LAST_REQUESTS_SECONDS,
            log_enabled=False,
        ).serve()


@click.command()
@click.pass_obj
def openapi(root: Root) -> None:
    """Print the OpenAPI document, as openapi.yaml holds it."""
    click.echo(root.render_openapi(), nl=False)


def _make_keyring(settings: Settings) -> None:
    """A new keyring, only where there is none and no command to get one from."""
    if settings.keyring_command or settings.keyring_file.exists():
        return
    now = datetime.now(UTC)
    write_keyring_file(
        settings.keyring_file, Keyring([make_key(purpose, now) for purpose in KeyPurpose])
    )
    click.echo(
        f"A new keyring lies in {settings.keyring_file}. Without it nothing can be read:", err=True
    )
    click.echo("back it up, apart from the database.", err=True)


def _demand_free(host: str, port: int) -> None:
    """Granian shares a port with whoever listens there already: that is never meant here."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Misconfigured(
                f"KLUIS_HOST, KLUIS_PORT: nothing can listen there ({error.strerror})"
            ) from error


@contextmanager
def _counters_shared(workers: int) -> Iterator[None]:
    """A folder in which several processes add up their counters; gone when serving ends."""
    if workers == 1 or _SHARED_COUNTERS in os.environ:
        yield
        return
    with TemporaryDirectory(prefix="kluis-metrics-") as folder:
        os.environ[_SHARED_COUNTERS] = folder
        # The library looks at the variable when it is imported: the processes import it anew.
        multiprocessing.set_start_method("spawn")
        yield


def _migrate(root: Root, settings: Settings) -> None:
    with at_work(root.create_bare_app(settings)):
        try:
            make_file(db.engine)
            upgrade()
        except SQLAlchemyError as error:
            raise Misconfigured(
                f"KLUIS_DATABASE_URL: the database does not migrate ({type(error).__name__})"
            ) from error
