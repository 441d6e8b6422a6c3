"""The composition root: settings in, Flask app out. Fakes enter here and nowhere else."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import monotonic

from flask import Flask
from flask_migrate import Migrate
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from service.cli import kluis
from service.cli.root import Root
from service.config.settings import Settings, load_settings
from service.config.webhooks import read_subscribers
from service.crypto.keyring import Keyring
from service.crypto.keyring_files import (
    LiveKeyring,
    file_signature,
    read_keyring_command,
    read_keyring_file,
)
from service.demo.command import demo
from service.domain.errors import Misconfigured
from service.storage import keys
from service.storage.database import db, engine_options, is_absent, prepare_engine
from service.storage.schema import MIGRATIONS, schema_faults
from service.telemetry.logs import configure_logs
from service.telemetry.signals import Alarm, Signals
from service.usecases.case import House
from service.usecases.clock import Clock, DemoClock, SystemClock
from service.usecases.keys import missing_keys, register_keys
from service.web import (
    routes_applications,
    routes_exports,
    routes_officer,
    routes_operation,
    routes_procedures,
    routes_recipients,
    routes_rights,
)
from service.web.doors import api
from service.web.every_request import Service
from service.web.front import ASGIApp, bounded
from service.web.openapi import render_openapi
from service.web.pages import pages
from service.web.problems import register_problems

ROUTES = (
    routes_applications,
    routes_procedures,
    routes_rights,
    routes_exports,
    routes_recipients,
    routes_officer,
    routes_operation,
)


@dataclass(frozen=True)
class Parts:
    """What a test may put in the place of the real thing; None is the real thing."""

    clock: Clock | None = None
    signals: Signals | None = None
    monotonic: Callable[[], float] = monotonic


def create_app(settings: Settings, parts: Parts | None = None) -> Flask:
    """The whole service. Misconfigured if it can not keep its promises with what it was given."""
    app = create_bare_app(settings)
    furnish(app, settings, parts or Parts())
    _register(app)
    return app


def furnish(app: Flask, settings: Settings, parts: Parts) -> None:
    """Give a bare app its clock, keys and signals, anew if it had them; see `create_app`."""
    clock = parts.clock or _clock(settings)
    signals = parts.signals or Signals()
    keyring = LiveKeyring(
        partial(_read_keyring, settings),
        parts.monotonic,
        partial(file_signature, settings.keyring_file),
        partial(signals.alarm, Alarm.KEYRING_REFUSED),
    )
    subscribers = read_subscribers(settings.webhooks_file)
    with app.app_context():
        house = House(settings, db.engine, keyring, clock, signals, subscribers)
    app.extensions["kluis"] = house
    _demand_ready(app, house)


def create_bare_app(settings: Settings) -> Flask:
    """Database and migrations only: what can be had before there are keys and tables."""
    app = Service("kluis", static_folder=None)
    app.config |= {
        "SQLALCHEMY_DATABASE_URI": _absolute(settings.database_url),
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(
            settings.database_url, settings.pool_size, settings.pooler
        ),
        "MAX_CONTENT_LENGTH": settings.max_body_bytes,
        "PROVIDE_AUTOMATIC_OPTIONS": False,
    }
    db.init_app(app)
    Migrate(app, db, directory=str(MIGRATIONS))
    with app.app_context():
        prepare_engine(db.engine)
    return app


def create_front() -> ASGIApp:
    """What a server process runs: the service behind its front."""
    settings = load_settings()
    configure_logs(settings.log_level)
    app = create_app(settings)
    return bounded(app.wsgi_app, body_seconds=settings.body_seconds, threads=settings.threads)


def main() -> None:
    """The command `kluis`."""
    kluis.add_command(demo)
    kluis(obj=Root(create_app, create_bare_app, render_openapi), prog_name="kluis")


def _absolute(url: str) -> str:
    """Flask-SQLAlchemy looks for a relative SQLite file in the instance folder, we do not."""
    scheme, relative, path = url.partition("sqlite:///")
    if relative and not path.startswith("/"):
        return f"{scheme}sqlite:///{os.path.abspath(path)}"  # noqa: PTH100  # it need not exist
    return url


def _clock(settings: Settings) -> Clock:
    return SystemClock() if settings.demo_clock is None else DemoClock(settings.demo_clock)


def _read_keyring(settings: Settings) -> Keyring:
    if settings.keyring_command:
        return read_keyring_command(settings.keyring_command)
    return read_keyring_file(settings.keyring_file)


def _demand_ready(app: Flask, house: House) -> None:
    """Fail at start-up, and say which setting is to blame."""
    with app.app_context():
        try:
            _demand_schema()
            session = db.session()
            _demand_keys(house, session)
            if house.settings.demo_clock is not None and not keys.is_demo(session):
                raise Misconfigured("KLUIS_DEMO_CLOCK: this database is not a demo's")
            register_keys(session, house.keyring.current, house.clock.now())
            session.commit()
        except SQLAlchemyError as error:
            raise Misconfigured(
                f"KLUIS_DATABASE_URL: the database does not answer ({type(error).__name__})"
            ) from error
        finally:
            db.session.remove()
            db.engine.dispose()  # an app that is not made leaves no connection behind


def _demand_schema() -> None:
    if is_absent(db.engine):
        raise Misconfigured(
            "KLUIS_DATABASE_URL: there is no database there; `kluis init` makes a new one"
        )
    with db.engine.connect() as connection:
        faults = schema_faults(connection)
    if faults:
        raise Misconfigured(
            f"KLUIS_DATABASE_URL: the schema does not fit: {faults[0]}; run `kluis migrate`"
        )


def _demand_keys(house: House, session: Session) -> None:
    missing = missing_keys(session, house.keyring.current)
    if missing:
        command = house.settings.keyring_command
        setting = "KLUIS_KEYRING_COMMAND" if command else "KLUIS_KEYRING_FILE"
        raise Misconfigured(f"{setting}: key {missing[0]}, which the database uses, is not in it")


def _register(app: Flask) -> None:
    app.url_map.merge_slashes = False  # a path has one spelling; another is no redirect, but 404
    app.register_blueprint(api)
    app.register_blueprint(pages)
    register_problems(app)
