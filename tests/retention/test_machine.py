"""Random events against a model of the rules, written from the mission, not from the code."""

import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.harness.databases import Databases
from tests.retention.acts import change_procedure, differences, hold, rows, withdraw
from tests.world import MORNING, World

DAYS_IN_MONTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def later_by(months: int, day: date) -> date:
    """The same day so many months on, or that month's last day."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12
    leap = month == 1 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return date(year, month + 1, min(day.day, DAYS_IN_MONTH[month] + leap))


@dataclass
class Kept:
    """One application, as the rules see it."""

    procedure: int
    consented: bool = False
    withdrawn_on: date | None = None
    held_until: date | None = None


@dataclass
class Selection:
    """One procedure, as the rules see it."""

    id: UUID
    opened_on: date
    ends_on: date


class Retention(RuleBasedStateMachine):
    """Applying, consenting, withdrawing, closing, prolonging, reopening, holding, purging."""

    databases: Databases
    applications = Bundle("applications")

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.world = World.make(self.databases.fresh("sqlite"), self.directory)
        self.today = MORNING.date()
        self.procedures: list[Selection] = []
        self.kept: dict[UUID, Kept] = {}
        self.gone: set[UUID] = set()
        self.last_run: date | None = None
        self.tokens_from = self.today

    def teardown(self) -> None:
        self.world.close()
        self.databases.drop(self.world.database_url)
        shutil.rmtree(self.directory)

    # the model

    def due_on(self, one: Kept) -> date:
        end = self.procedures[one.procedure].ends_on
        if one.withdrawn_on is not None and one.withdrawn_on < end:
            end = one.withdrawn_on
        return later_by(12 if one.consented else 1, end)

    def is_past(self, one: Kept) -> bool:
        return self.today >= self.due_on(one)

    def is_held(self, one: Kept) -> bool:
        return one.held_until is not None and self.today < one.held_until

    # the events

    @initialize(
        target=applications,
        terms=st.lists(st.integers(5, 120), min_size=2, max_size=2),
        consented=st.booleans(),
    )
    def open_procedures(self, terms: list[int], *, consented: bool) -> UUID | None:
        self.world.wording()
        for number, term in enumerate(terms):
            ends_on = self.today + timedelta(days=term)
            made = self.world.procedure(f"P-{number}", ends_on=f"{ends_on}")
            self.procedures.append(Selection(made, self.today, ends_on))
        return self.apply(0, consented=consented)

    @rule(target=applications, procedure=st.integers(0, 1), consented=st.booleans())
    def apply(self, procedure: int, *, consented: bool) -> UUID | None:
        body: dict[str, object] = {
            "procedure_reference": f"P-{procedure}",
            "fields": {"name": "Daan Smit", "email": "daan@example.org"},
        } | ({"consent": {"wording_version": "w1"}} if consented else {})
        made = self.world.post("/applications", "website", json=body)
        if self.today >= self.procedures[procedure].ends_on:
            assert made.status_code == 409
            return None
        assert made.status_code == 201
        application_id = UUID(made.json["id"])
        self.kept[application_id] = Kept(procedure, consented)
        return application_id

    @rule(one=applications, given=st.booleans())
    def state_consent(self, one: UUID | None, *, given: bool) -> None:
        known = self.kept.get(one) if one else None
        if one is None or known is None:
            return
        answered = self.world.consent(one, "given" if given else "withdrawn")
        assert answered.status_code == (404 if self.is_past(known) else 201)
        if answered.status_code == 201:
            known.consented = given

    @rule(one=applications)
    def withdraw(self, one: UUID | None) -> None:
        known = self.kept.get(one) if one else None
        if one is None or known is None:
            return
        answered = withdraw(self.world, one)
        expected = 404 if self.is_past(known) else 409 if known.withdrawn_on else 201
        assert answered.status_code == expected
        if expected == 201:
            known.withdrawn_on = self.today

    @rule(number=st.integers(0, 1))
    def close(self, number: int) -> None:
        procedure = self.procedures[number]
        answered = change_procedure(self.world, procedure.id, closed=True)
        assert answered.status_code == (409 if self.today >= procedure.ends_on else 200)
        procedure.ends_on = min(procedure.ends_on, self.today)

    @rule(number=st.integers(0, 1), term=st.integers(-5, 400), reason=st.booleans())
    def move_end(self, number: int, term: int, *, reason: bool) -> None:
        procedure = self.procedures[number]
        ends_on = self.today + timedelta(days=term)
        change = {"reason": "selection-resumed"} if reason else {}
        answered = change_procedure(self.world, procedure.id, ends_on=f"{ends_on}", **change)
        ended = self.today >= procedure.ends_on
        allowed = self.today < ends_on <= later_by(12, procedure.opened_on)
        if ended:
            in_time = self.today < later_by(1, procedure.ends_on)
            allowed = allowed and in_time and reason
        else:
            allowed = allowed and ends_on > procedure.ends_on
        assert (answered.status_code == 200) is allowed, answered.text
        if allowed:
            procedure.ends_on = ends_on

    @rule(one=applications, days=st.integers(1, 200))
    def hold(self, one: UUID | None, days: int) -> None:
        known = self.kept.get(one) if one else None
        if one is None or known is None:
            return
        until = self.today + timedelta(days=days)
        answered = hold(self.world, one, f"{until}")
        if self.is_past(known) and not self.is_held(known):
            assert answered.status_code == 404
        elif until > later_by(6, self.today):
            assert answered.status_code == 422
        else:
            assert answered.status_code == 201
            known.held_until = max(known.held_until or until, until)

    @rule(days=st.integers(1, 40))
    def let_days_pass(self, days: int) -> None:
        self.move_to(self.today + timedelta(days=days))

    @rule(before=st.integers(0, 1))
    def go_to_the_next_date_that_matters(self, before: int) -> None:
        """An end, a deletion date or a hold's end; or the last day before it."""
        dates = {procedure.ends_on for procedure in self.procedures}
        for one in self.kept.values():
            dates |= {self.due_on(one), one.held_until or self.today}
        coming = [day for day in dates if day > self.today]
        if coming:
            self.move_to(max(self.today, min(coming) - timedelta(days=before)))

    def move_to(self, today: date) -> None:
        self.today = today
        self.world.clock.move_to(today)
        if today - self.tokens_from > timedelta(days=300):  # tokens live a year: mint new ones
            self.world = replace(self.world, _tokens={})
            self.tokens_from = today

    @rule(number=st.integers(0, 1))
    def set_the_clock_back_behind_a_completed_run(self, number: int) -> None:
        """Rule 5: nothing changes, for today does not follow; then the clock is set right."""
        self.purge()
        self.world.clock.move_to(self.today - timedelta(days=20))
        self.apply(number, consented=False)
        self.nothing_differs()
        self.world.clock.move_to(self.today)

    @rule()
    def purge(self) -> None:
        due = {i for i, one in self.kept.items() if self.is_past(one) and not self.is_held(one)}
        held = {i for i, one in self.kept.items() if self.is_past(one) and self.is_held(one)}
        ran = self.world.purge()
        if self.last_run is not None and (self.today - self.last_run).days > 10:
            assert ran.status_code == 409
            ran = self.world.purge("officer", plan=ran.json["plan"])
        assert ran.status_code == 201, ran.text
        found = ran.json["purged"], ran.json["passed_over"], ran.json["remaining"]
        assert found == (len(due), len(held), 0)
        self.gone |= due
        for application_id in due:
            del self.kept[application_id]
        self.last_run = self.today

    # what must hold after each of them

    @invariant()
    def nothing_differs(self) -> None:
        stored = rows(self.world, "SELECT id, purge_on FROM application")
        assert {UUID(str(row[0])): str(row[1]) for row in stored} == {
            application_id: f"{self.due_on(one)}" for application_id, one in self.kept.items()
        }
        receipts = rows(self.world, "SELECT application_id FROM purge_receipt")
        assert {UUID(str(row[0])) for row in receipts} == self.gone
        for application_id, one in self.kept.items():
            self.readers_are_the_models(application_id, one)
        for application_id in list(self.gone)[-1:]:
            assert self.status(application_id, "officer", "?purpose=supervision") == 404
        assert differences(self.world) == []

    def readers_are_the_models(self, application_id: UUID, one: Kept) -> None:
        past, end = (
            self.is_past(one),
            min(self.procedures[one.procedure].ends_on, one.withdrawn_on or date.max),
        )
        aftercare = self.today < later_by(1, end)
        assert (self.status(application_id, "recruiter") == 200) is (not past and aftercare)
        officer = self.status(application_id, "officer", "?purpose=supervision")
        assert (officer == 200) is (not past or self.is_held(one))

    def status(self, application_id: UUID, role: str, query: str = "") -> int:
        return self.world.get(f"/applications/{application_id}{query}", role).status_code


@pytest.fixture
def machine(databases: Databases) -> type[Retention]:
    Retention.databases = databases
    return Retention


def test_no_order_of_events_reads_keeps_or_deletes_against_the_rules(machine: type[Retention]):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=12,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
