"""A case: who asks, when, with what; and the frame that every use case runs in.

`usecase(action)` makes a function one verb: it opens the transaction, demands the permission,
answers a repeated request from what was kept, runs the function, writes the audit entry and
commits. A refusal rolls back and is audited; a database that fails is Unavailable.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast
from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from service.config.settings import Settings
from service.crypto.keyring import KeyPurpose
from service.crypto.keyring_files import LiveKeyring
from service.crypto.seals import RecordSeal
from service.domain.errors import (
    Forbidden,
    KeyReused,
    NotFound,
    Refusal,
    TooManyReads,
    Unavailable,
    Unreadable,
)
from service.domain.ids import ENTROPY_BYTES, uuid7
from service.domain.policy import Action, Purpose, Role, Sight, demand, readable_fields, sight
from service.domain.retention import today_of
from service.storage import answers, audit, purges
from service.storage.applications import Found, Reach, find_application
from service.storage.database import begin_writing, unavailable_when_failing
from service.storage.tables import AuditEvent, StoredAnswer
from service.telemetry.signals import Alarm, Signals
from service.usecases.clock import Clock

ANSWERS_KEPT = timedelta(hours=24)
# What several queries tell of one record must be of one moment: a purge may be running.
OF_ONE_MOMENT = frozenset(
    {
        Action.READ_APPLICATION,
        Action.LIST_APPLICATIONS,
        Action.READ_RETENTION,
        Action.LIST_DOCUMENTS,
        Action.READ_DOCUMENT,
        Action.READ_CONSENT,
        Action.READ_HOLD,
        Action.SEARCH_TALENT_POOL,
        Action.READ_PURGE_RUN,
        Action.READ_DUTIES,
        Action.VERIFY_RETENTION,
    }
)


@dataclass(frozen=True)
class Principal:
    """Who asks: a role, an opaque subject, and the token if there is one."""

    role: Role
    subject: str
    token_id: UUID | None = None


@dataclass(frozen=True)
class House:
    """The long-lived parts of the service, put together at the composition root."""

    settings: Settings
    keyring: LiveKeyring
    clock: Clock
    signals: Signals

    def today(self, session: Session) -> date:
        """Rule 5: the clock's date in the configured zone, never behind a completed purge run."""
        clock_date = self.clock.now().astimezone(self.settings.timezone).date()
        return today_of(clock_date, purges.last_completed_on(session))


@dataclass(frozen=True)
class Repeatable:
    """A client's Idempotency-Key, and what tells this request from another with the same key."""

    key: str
    request: bytes = field(repr=False)


@dataclass
class Entry:
    """What the audit will say of this case. Ids and names of fields, no values."""

    applications: list[str] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    shown: int = 0
    details: dict[str, object] = field(default_factory=dict)


@dataclass
class Case:
    """One request, seen from the use cases."""

    house: House
    session: Session
    principal: Principal
    request_id: UUID
    purpose: Purpose | None = None
    repeatable: Repeatable | None = None
    entry: Entry = field(default_factory=Entry)
    action: Action | None = None
    now: datetime = field(init=False)
    today: date = field(init=False)
    answer_seal: RecordSeal | None = field(default=None, repr=False)
    effects: list[Callable[[], None]] = field(default_factory=list, repr=False)

    @property
    def reach(self) -> Reach:
        return Reach(self.principal.role, self.principal.subject, self.today)

    def new_id(self) -> UUID:
        return uuid7(self.now, os.urandom(ENTROPY_BYTES))

    def about(self, application_id: UUID) -> None:
        """Name the application that this case is about, whether or not it will be found."""
        self.entry.applications = [str(application_id)]

    def disclose(self, application_ids: Iterable[UUID], fields: Iterable[str]) -> None:
        """Note what is about to be shown, within the read budget; raises TooManyReads."""
        shown = [str(application_id) for application_id in application_ids]
        self._demand_budget(shown)
        self.entry.applications = shown
        self.entry.fields = sorted(fields)
        self.entry.shown = len(shown)

    def alarm(self, kind: Alarm, **facts: object) -> None:
        """Raise an alarm once this case is committed."""
        self.afterwards(lambda: self.house.signals.alarm(kind, **facts))

    def afterwards(self, effect: Callable[[], None]) -> None:
        """Do this once the case is committed, and not at all if it is not."""
        self.effects.append(effect)

    def keep_answer_under(self, seal: RecordSeal) -> None:
        """Keep a repeatable answer under this application's key, so that it goes with it."""
        self.answer_seal = seal

    def _demand_budget(self, shown: list[str]) -> None:
        budget, subject = self.house.settings.read_budget, self.principal.subject
        if audit.count_applications_shown(self.session, subject, self.now) + len(shown) <= budget:
            return
        seen = audit.list_applications_shown(self.session, subject, self.now)
        if len(seen.union(shown)) > budget:
            self.house.signals.alarm(Alarm.READ_BUDGET_SPENT, subject=subject)
            raise TooManyReads(f"the budget is {budget} applications an hour")


P = ParamSpec("P")
R = TypeVar("R")
Verb = Callable[Concatenate[Case, P], R]


def usecase(action: Action) -> Callable[[Verb[P, R]], Verb[P, R]]:
    """Make a function the one verb behind `action`."""

    def decorate(function: Verb[P, R]) -> Verb[P, R]:
        @wraps(function)
        def perform(case: Case, /, *args: P.args, **kwargs: P.kwargs) -> R:
            with _transaction(case, action):
                kept = _kept_answer(case)
                if kept is not None:
                    return cast("R", kept)
                result = function(case, *args, **kwargs)
                _keep_answer(case, result)
                return result

        return perform

    return decorate


def record_refusal(case: Case, action: Action | None, refusal: Refusal) -> None:
    """Audit a refusal that happened before any use case could begin; Unavailable if it can't."""
    with unavailable_when_failing():
        begin_writing(case.session)
        case.now = case.house.clock.now()
        _write_entry(case, action, refusal.code)
        case.session.commit()


@contextmanager
def _transaction(case: Case, action: Action) -> Iterator[None]:
    case.action = action
    try:
        with unavailable_when_failing():
            _begin(case)
            demand(case.principal.role, action)
            yield
            _write_entry(case, action, "allowed")
            case.session.commit()
    except Unavailable:
        case.session.rollback()
        raise
    except Refusal as refusal:
        case.session.rollback()
        refusal.is_audited = True
        record_refusal(case, action, refusal)
        raise
    except BaseException:
        case.session.rollback()
        raise
    for effect in case.effects:
        effect()


def _begin(case: Case) -> None:
    begin_writing(case.session, one_moment=case.action in OF_ONE_MOMENT)
    case.now = case.house.clock.now()
    case.today = case.house.today(case.session)


def _write_entry(case: Case, action: Action | None, outcome: str) -> None:
    entry, who = case.entry, case.principal
    shown = entry.shown if outcome == "allowed" else 0
    case.session.add(
        AuditEvent(
            id=case.new_id(),
            at=case.now,
            role=who.role,
            subject=who.subject,
            token_id=who.token_id,
            action=action,
            outcome=outcome,
            purpose=case.purpose,
            application_ids=entry.applications,
            fields=entry.fields if outcome == "allowed" else [],
            shown=shown,
            details=entry.details,
            request_id=case.request_id,
        )
    )


def _scope_of(case: Case, repeatable: Repeatable) -> bytes:
    index = case.house.keyring.current.index
    who = case.principal
    return index.digest("answer", who.role.encode(), who.subject.encode(), repeatable.key.encode())


def _kept_answer(case: Case) -> Mapping[str, object] | None:
    """The answer to the same request, if it was made before; it is reached like anything else."""
    if case.repeatable is None:
        return None
    scope = _scope_of(case, case.repeatable)
    fingerprint = case.house.keyring.current.index.digest("request", case.repeatable.request)
    kept = answers.claim_answer(case.session, scope, fingerprint, case.now, case.now + ANSWERS_KEPT)
    if kept is None:
        return None
    if kept.fingerprint != fingerprint:
        raise KeyReused
    if kept.application_id is None:
        opened = _opened(_loose_seal(case, kept.kek_id or "", scope), kept)
    else:
        case.about(kept.application_id)
        found = reached(case, find_application(case.session, kept.application_id, case.reach))
        opened = _opened(open_seal(case, found), kept)
        _disclose_again(case, found, opened["fields"])
    case.entry.details = {**opened["details"], "repeated": True}
    case.purpose = opened["purpose"] and Purpose(opened["purpose"])
    answer: Mapping[str, object] = opened["answer"]
    return answer


def _opened(seal: RecordSeal, kept: StoredAnswer) -> dict[str, Any]:
    return cast("dict[str, Any]", seal.open(_answer_field(kept.scope), kept.sealed or b""))


def _disclose_again(case: Case, found: Found, fields: list[str]) -> None:
    """What an answer shows, it shows again only to who may still see it, and it counts as read."""
    if not fields:
        return
    if not readable_fields(sight_of(case, found)).issuperset(fields):
        raise Forbidden
    case.disclose([found.application.id], fields)


def reached(case: Case, found: Found | None) -> Found:
    """What was found, if the role on its team allows the action; else it is not there for him."""
    if found is None:
        raise NotFound
    if found.team_role is not None and case.action is not None:
        demand(found.team_role, case.action)
        sight_of(case, found)  # past the phase in which he sees anything, nothing is there for him
    return found


def sight_of(case: Case, found: Found) -> Sight:
    """What the principal may see of this record today; NotFound where that is nothing."""
    seen = sight(case.principal.role, found.phase(case.today), found.team_role)
    if not seen.groups:
        raise NotFound
    return seen


def open_seal(case: Case, found: Found) -> RecordSeal:
    """The seal of a record; Unreadable if its key does not open."""
    ring = case.house.keyring.holding(found.key.kek_id)
    row = found.application
    return ring.open_record(row.id, row.procedure_id, found.key.kek_id, found.key.wrapped)


def keep_answer_with(case: Case, found: Found) -> None:
    """Keep a repeatable answer with its record; apart from it, if the record's key is damaged.

    For such answers only as hold dates: from a damaged record, too, people withdraw.
    """
    with suppress(Unreadable):
        case.keep_answer_under(open_seal(case, found))


def _keep_answer(case: Case, result: object) -> None:
    if case.repeatable is None:
        return
    row = answers.get_claimed(case.session, _scope_of(case, case.repeatable))
    seal = case.answer_seal
    if seal is None:
        row.kek_id = case.house.keyring.current.active(KeyPurpose.KEK).id
        seal = _loose_seal(case, row.kek_id, row.scope)
    else:
        row.application_id = seal.application_id
    shown = case.entry.fields if case.entry.shown else []
    noted = {"fields": shown, "purpose": case.purpose, "details": case.entry.details}
    kept = {"answer": result, **noted}
    row.sealed = seal.seal(_answer_field(row.scope), orjson.loads(orjson.dumps(kept)))


def _answer_field(scope: bytes) -> str:
    """Tied to its caller and key: an answer moved to another's row does not open."""
    return f"answer:{scope.hex()}"


def _loose_seal(case: Case, kek_id: str, scope: bytes) -> RecordSeal:
    return case.house.keyring.holding(kek_id).loose_seal(kek_id, UUID(bytes=scope[:16]))
