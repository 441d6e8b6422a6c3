"""A case: who asks, when, with what; and what the audit will say of it."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from service.config.settings import Settings
from service.config.webhooks import Subscriber
from service.crypto.keyring import Keyring
from service.crypto.keyring_files import LiveKeyring
from service.crypto.seals import RecordSeal
from service.domain.errors import TooManyReads
from service.domain.ids import ENTROPY_BYTES, uuid7
from service.domain.policy import Action, Purpose, Role
from service.domain.retention import today_of
from service.storage import audit, purges, tally
from service.storage.applications import Reach
from service.storage.intake import Vacancies
from service.telemetry.signals import Alarm, Signals
from service.usecases.clock import Clock
from service.usecases.turns import Turns


@dataclass(frozen=True)
class Principal:
    """Who asks: a role, an opaque subject, the token if there is one, and an applicant's record."""

    role: Role
    subject: str
    token_id: UUID | None = None
    application_id: UUID | None = None


@dataclass(frozen=True)
class House:
    """The long-lived parts of the service, put together at the composition root."""

    settings: Settings
    engine: Engine
    keyring: LiveKeyring
    clock: Clock
    signals: Signals
    subscribers: tuple[Subscriber, ...] = ()
    vacancies: Vacancies = field(default_factory=Vacancies)
    turns: Turns = field(default_factory=Turns)

    def today(self, session: Session) -> date:
        """Rule 5: the clock's date in the configured zone, never behind a completed purge run."""
        return today_of(self.clock_date(), purges.last_completed_on(session))

    def clock_date(self) -> date:
        """The clock's date in the configured zone, which a completed purge run may be ahead of."""
        return self.clock.now().astimezone(self.settings.timezone).date()


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
    open_session: Callable[[], Session] = field(repr=False)
    principal: Principal
    request_id: UUID
    purpose: Purpose | None = None
    repeatable: Repeatable | None = None
    entry: Entry = field(default_factory=Entry)
    action: Action | None = None
    ids_made: int = 0
    now: datetime = field(init=False)
    today: date = field(init=False)
    answer_scopes: list[bytes] = field(default_factory=list, repr=False)
    answer_seal: RecordSeal | None = field(default=None, repr=False)
    answer_about: UUID | None = None
    is_answer_kept: bool = True
    ring: Keyring | None = field(default=None, repr=False)
    effects: list[Callable[[], None]] = field(default_factory=list, repr=False)

    @cached_property
    def session(self) -> Session:
        """Its session, opened when it is first needed: what goes at once needs none."""
        return self.open_session()

    @property
    def reach(self) -> Reach:
        who = self.principal
        return Reach(who.role, who.subject, self.today, who.application_id)

    @property
    def recorder(self) -> str:
        """Who did it, as a record says: of an applicant only that he did it.

        His subject is the id of his record, and would link a new one to it.
        """
        is_own = self.principal.role is Role.APPLICANT
        return Role.APPLICANT if is_own else self.principal.subject

    @property
    def current_ring(self) -> Keyring:
        """The keyring of this case: as it first was, unless it lacked a key since."""
        if self.ring is None:
            self.ring = self.house.keyring.current
        return self.ring

    def ring_holding(self, key_id: str) -> Keyring:
        """A keyring with this key in it; looked for once a case, for a list opens many keys."""
        if self.ring is None or key_id not in self.ring.keys:
            self.ring = self.house.keyring.holding(key_id)
        return self.ring

    def new_id(self) -> UUID:
        """An id of its own microsecond: what one case makes lies in the order of making."""
        self.ids_made += 1
        moment = self.now + timedelta(microseconds=self.ids_made)
        return uuid7(moment, os.urandom(ENTROPY_BYTES))

    def about(self, application_id: UUID) -> None:
        """Name the application that this case is about, whether or not it will be found."""
        self.entry.applications = [str(application_id)]

    def disclose(self, application_ids: Iterable[UUID], fields: Iterable[str]) -> None:
        """Note what is about to be shown, within the read budget; raises TooManyReads."""
        shown = [str(application_id) for application_id in application_ids]
        self.demand_budget(shown)
        # Who reads in parallel is unseen by this transaction; once all are committed, the last of
        # them sees the others. The tally lets those who read at once see this one.
        self.afterwards(lambda: self._count_up(len(shown)))
        self.afterwards(self.demand_budget)
        self.entry.applications = shown
        self.entry.fields = sorted(fields)
        self.entry.shown = len(shown)

    def alarm(self, kind: Alarm, **facts: object) -> None:
        """Raise an alarm once this case is committed."""
        self.afterwards(lambda: self.house.signals.alarm(kind, **facts))

    def unreadable(self, what: list[str], **ids: UUID) -> None:
        """Raise the alarm for what does not open, once this case is committed."""
        self.afterwards(lambda: self.house.signals.unreadable(what, **ids))

    def afterwards(self, effect: Callable[[], None]) -> None:
        """Do this once the case is committed, and not at all if it is not."""
        self.effects.append(effect)

    def keep_answer_under(self, seal: RecordSeal) -> None:
        """Keep a repeatable answer under this application's key, so that it goes with it."""
        self.answer_seal, self.answer_about = seal, seal.application_id

    def keep_no_answer(self, about: UUID | None = None) -> None:
        """Keep only that it was asked, as long as what it was about is there.

        Repeated, it is done anew on what is there by then.
        """
        self.is_answer_kept, self.answer_about = False, about

    def _count_up(self, shown: int) -> None:
        """Commit it at once: it stands whatever the look behind it finds."""
        if self.principal.role is not Role.APPLICANT:
            tally.count_up(self.session, self.principal.subject, self.now, shown)
            self.session.commit()

    def demand_budget(self, shown: Sequence[str] = ()) -> None:
        """TooManyReads, and an alarm, if with these more would be shown than in an hour may be."""
        budget, subject = self.house.settings.read_budget, self.principal.subject
        if audit.count_applications_shown(self.session, subject, self.now) + len(shown) <= budget:
            return
        seen = audit.list_applications_shown(self.session, subject, self.now)
        if len(seen.union(shown)) > budget:
            self.house.signals.alarm(Alarm.READ_BUDGET_SPENT, subject=subject)
            raise TooManyReads(f"the budget is {budget} applications an hour")
