"""A whole service for one test: a real database, a clock that the test moves, real tokens."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID, uuid4

from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from service.app import Parts, create_app, furnish
from service.config.settings import Settings, load_settings
from service.crypto.keyring import KeyPurpose, Keyring, make_key
from service.crypto.keyring_files import write_keyring_file
from service.domain.policy import TEAM_ROLES, Role
from service.storage.database import db
from service.usecases import setup, tokens
from service.usecases.case import Case, House, Principal
from tests.factories import SubmissionFactory, multipart
from tests.harness.pgbouncer import direct

MORNING = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
_numbers = count(1)


@dataclass
class FakeClock:
    """A clock that stands still until it is moved; the database's may differ by `skew`."""

    moment: datetime = MORNING
    skew: timedelta = timedelta()

    def now(self) -> datetime:
        return self.moment

    def database_now(self, session: Session) -> datetime:
        del session
        return self.moment - self.skew

    @property
    def today(self) -> date:
        return self.moment.date()

    def move_to(self, day: date | str, hour: int = 9) -> None:
        day = date.fromisoformat(day) if isinstance(day, str) else day
        self.moment = datetime(day.year, day.month, day.day, hour, 30, tzinfo=UTC)


def write_keyring(path: Path) -> Keyring:
    ring = Keyring([make_key(purpose, MORNING) for purpose in KeyPurpose])
    write_keyring_file(path, ring)
    return ring


class _Shelf:
    """Apps of closed worlds, for the next world on a database of the same name.

    What makes an app slow to start is kept: its compiled routes and statements. Clock, keys,
    settings and signals are new for each world. As statements take room, only a few are kept.
    """

    def __init__(self, room: int) -> None:
        self._apps: deque[Flask] = deque(maxlen=room)

    def take(self, settings: Settings, parts: Parts) -> Flask:
        for app in self._apps:
            if self._made_of(app.extensions["kluis"].settings) == self._made_of(settings):
                self._apps.remove(app)
                furnish(app, settings, parts)
                return app
        return create_app(settings, parts)

    def put_back(self, app: Flask) -> None:
        self._apps.append(app)

    def _made_of(self, settings: Settings) -> tuple[object, ...]:
        """What a bare app is made of."""
        return settings.database_url, settings.pool_size, settings.pooler, settings.max_body_bytes


_shelf = _Shelf(room=6)


@dataclass
class World:
    """One installation, driven over HTTP through Flask's client.

    The test knows its database by `database_url`; the service may reach it in another way.
    """

    app: Flask
    clock: FakeClock
    keyring_file: Path
    database_url: str
    is_altered: bool = False  # its app was, by the test: no other may have it
    _tokens: dict[tuple[str, str], str] = field(default_factory=dict)
    way_in: ClassVar[Callable[[str], Mapping[str, str]]] = direct

    @classmethod
    def make(
        cls, database_url: str, directory: Path, environment: Mapping[str, str] | None = None
    ) -> "World":
        """A new installation on a migrated, empty database."""
        keyring_file = directory / "keyring.json"
        if not keyring_file.exists():
            write_keyring(keyring_file)
        settings = load_settings(
            {
                **cls.way_in(database_url),
                "KLUIS_KEYRING_FILE": str(keyring_file),
                "KLUIS_OPEN_TEAM": "recruiter:recruiter",
                **(environment or {}),
            }
        )
        clock = FakeClock()
        app = _shelf.take(settings, Parts(clock=clock))
        world = cls(app, clock, keyring_file, database_url)
        with app.app_context():
            setup.mark_installation(db.session(), is_demo=False)
            setup.set_up(world.case(), life=timedelta(days=90))
        return world

    def close(self) -> None:
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()
        if not self.is_altered:
            _shelf.put_back(self.app)

    @property
    def house(self) -> House:
        house: House = self.app.extensions["kluis"]
        return house

    def case(self, role: Role = Role.OPERATOR, subject: str = "cli:test") -> Case:
        """A case for calling a use case directly; inside `app.app_context()`."""
        return Case(self.house, db.session, Principal(role, subject), uuid4())

    def token(self, role: str, subject: str | None = None) -> str:
        """A real token; the subject is the role's own name unless given.

        An applicant's is for the record whose id is the subject, as if he had logged in; without
        one it is for a record that is gone.
        """
        who = (role, subject or role)
        if who not in self._tokens and role == Role.APPLICANT:
            self._tokens[who] = self._applicant_token(subject)
        elif who not in self._tokens:
            with self.app.app_context():
                expires_at = self.clock.now() + timedelta(days=366)
                new = tokens.NewToken(Role(role), who[1], expires_at)
                self._tokens[who] = tokens.create_token(self.case(), new).token
        return self._tokens[who]

    def has_token(self, role: str, subject: str) -> bool:
        return (role, subject) in self._tokens

    def keep_token(self, role: str, subject: str, token: str) -> None:
        """Use this token for that subject from now on."""
        self._tokens[role, subject] = token

    def _applicant_token(self, application_id: str | None) -> str:
        with self.app.app_context():
            case = self.case()
            case.now = self.clock.now()
            expires_at = case.now + timedelta(days=366)
            new = tokens.NewToken(Role.APPLICANT, application_id or str(uuid4()), expires_at)
            row, token = tokens.mint_row(case, new)
            row.application_id = None if application_id is None else UUID(application_id)
            case.session.commit()
        return token

    def call(
        self,
        method: str,
        path: str,
        role: str | None,
        *,
        subject: str | None = None,
        version: int | None = None,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> TestResponse:
        """One request below /v1; a POST by the website gets an Idempotency-Key by itself."""
        sent = dict(headers or {})
        if role is not None:
            sent["Authorization"] = f"Bearer {self.token(role, subject)}"
        if version is not None:
            sent["If-Match"] = f'"{version}"'
        if key is None and role == "website" and method == "POST":
            key = f"key-{next(_numbers)}"
        if key is not None:
            sent["Idempotency-Key"] = key
        return self.app.test_client().open(f"/v1{path}", method=method, headers=sent, **options)

    def get(self, path: str, role: str | None, **options: Any) -> TestResponse:
        return self.call("GET", path, role, **options)

    def post(self, path: str, role: str | None, **options: Any) -> TestResponse:
        return self.call("POST", path, role, **options)

    def patch(self, path: str, role: str | None, **options: Any) -> TestResponse:
        return self.call("PATCH", path, role, **options)

    def procedure(self, reference: str = "V-1", **more: Any) -> UUID:
        """A vacancy's procedure with every role on its team, each by its own name."""
        body = {"reference": reference, "title": "Ontwikkelaar", "ends_on": "2027-03-01", **more}
        made = self.post("/procedures", "recruiter", json=body)
        assert made.status_code == 201, made.text
        procedure_id = UUID(made.json["id"])
        for role in sorted(TEAM_ROLES - {Role.RECRUITER}):
            path = f"/procedures/{procedure_id}/team/{role}"
            put = self.call("PUT", path, "recruiter", json={"role": role})
            assert put.status_code == 200, put.text
        return procedure_id

    def apply(
        self,
        reference: str = "V-1",
        files: Mapping[str, tuple[str, bytes]] | None = None,
        **more: Any,
    ) -> UUID:
        """An application through the website; gives its id."""
        body = SubmissionFactory(procedure_reference=reference, **more)
        sent = {"data": multipart(body, **files)} if files else {"json": body}
        made = self.post("/applications", "website", **sent)
        assert made.status_code == 201, made.text
        return UUID(made.json["id"])

    def wording(self, version: str = "w1", *, talent_pool: bool = True) -> str:
        """A consent wording; gives its version."""
        texts = {"nl": "Ik geef toestemming.", "en": "I consent."}
        body = {"version": version, "texts": texts, "names_talent_pool": talent_pool}
        made = self.post("/consent-wordings", "officer", json=body)
        assert made.status_code == 201, made.text
        return version

    def consent(self, application_id: UUID, change: str = "given") -> TestResponse:
        """Consent given (on wording w1) or withdrawn, through the website."""
        body = {"change": change} | ({"wording_version": "w1"} if change == "given" else {})
        return self.post(f"/applications/{application_id}/consent-events", "website", json=body)

    def close_procedure(self, procedure_id: UUID) -> None:
        version = self.get(f"/procedures/{procedure_id}", "recruiter").json["version"]
        path = f"/procedures/{procedure_id}"
        closed = self.patch(path, "recruiter", version=version, json={"closed": True})
        assert closed.status_code == 200, closed.text

    def version_of(self, application_id: UUID) -> int:
        path = f"/applications/{application_id}?purpose=supervision"
        version: int = self.get(path, "officer").json["version"]
        return version

    def purge(self, role: str = "purger", **order: Any) -> TestResponse:
        return self.post("/purge-runs", role, json=order)
