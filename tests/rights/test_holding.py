"""Rule 8: an open request for access or portability holds the record until it is answered."""

from typing import Any

import pytest

from tests.retention.acts import (
    change_procedure,
    completed,
    differences,
    erase,
    hold,
    purge_on,
    reads,
    renew,
    retention,
    withdraw,
)
from tests.rights.applicants import Applicant
from tests.rights.asking import change, change_own, file, refuse, stored
from tests.world import World


@pytest.fixture
def applicant(world: World) -> Applicant:
    """Somebody whose record is due on 1 April 2027, logged in on 20 March."""
    world.procedure(ends_on="2027-03-01")
    applicant = Applicant.apply(world)
    world.clock.move_to("2027-03-20")
    return applicant.logged_in()


def runs(world: World, *days: str) -> list[tuple[int, int]]:
    """What the daily runs delete and pass over, and that the stored dates are right each day."""
    found = []
    for day in days:
        world.clock.move_to(day)
        run = completed(world)
        found.append((run["purged"], run["passed_over"]))
        assert differences(world) == []
    return found


def held_until(world: World, applicant: Applicant) -> Any:
    assert differences(world) == []
    return retention(world, applicant.id)["hold_until"]


@pytest.mark.parametrize("kind", ["access", "portability"])
def test_the_purge_passes_it_over_and_only_the_officer_reads_until_it_is_answered(
    applicant: Applicant, kind: str
):
    world, asked = applicant.world, applicant.ask(kind)
    assert held_until(world, applicant) == "2027-04-21"  # through the last day for the answer
    assert reads(world, applicant.id, "officer")
    assert applicant.get("/applications/{id}").status_code == 200
    assert runs(world, "2027-03-31", "2027-04-01", "2027-04-10") == [(0, 0), (0, 1), (0, 1)]
    for role in ("recruiter", "interviewer", "screener", "sourcer"):
        assert not reads(world, applicant.id, role)
    assert applicant.attempt().status_code == 403
    assert withdraw(world, applicant.id).status_code == 404
    assert reads(world, applicant.id, "officer")
    assert change(world, asked, outcome="answered").status_code == 200
    assert differences(world) == []
    assert not reads(world, applicant.id, "officer")
    assert completed(world)["purged"] == 1


def test_at_most_until_the_legal_due_date(applicant: Applicant):
    asked = applicant.ask("access")
    assert runs(applicant.world, "2027-04-20", "2027-04-21") == [(0, 1), (1, 0)]
    assert stored(applicant.world, asked)["outcome"] is None  # the officer still owes an answer


def test_one_that_comes_when_the_record_is_due_holds_nothing_anew(applicant: Applicant):
    """Else requests could keep a record without end, each filed while the one before holds."""
    world = applicant.world
    applicant.ask("access")
    world.clock.move_to("2027-04-10")
    late = file(world, "officer", "access", applicant.id)
    assert late.status_code == 201
    unknown = file(world, "officer", "portability")
    assert change(world, unknown, application_id=str(applicant.id)).status_code == 200
    assert held_until(world, applicant) == "2027-04-21"
    assert runs(world, "2027-04-20", "2027-04-21") == [(0, 1), (1, 0)]


def test_putting_off_the_answer_keeps_the_record_for_it(applicant: Applicant):
    world, asked = applicant.world, applicant.ask("access")
    world.clock.move_to("2027-04-20")
    put_off = change(world, asked, prolonged_months=2, prolongation_reason="complexity")
    assert put_off.json["due_on"] == "2027-06-20"
    assert held_until(world, applicant) == "2027-06-21"
    assert runs(world, "2027-06-20", "2027-06-21") == [(0, 1), (1, 0)]


def test_an_answer_that_comes_late_leaves_the_dates_right(applicant: Applicant):
    world, asked = applicant.world, applicant.ask("access")
    world.clock.move_to("2027-04-21")
    assert not reads(world, applicant.id, "officer")
    late = change(world, asked, outcome="answered")
    assert (late.status_code, late.json["outcome"]) == (200, "answered")
    assert differences(world) == []
    assert completed(world)["purged"] == 1


@pytest.mark.parametrize(
    "kind", ["correction", "restriction", "objection", "complaint", "consent-withdrawal"]
)
def test_nothing_else_holds(applicant: Applicant, kind: str):
    applicant.ask(kind)
    assert held_until(applicant.world, applicant) is None
    assert runs(applicant.world, "2027-04-01") == [(1, 0)]


def test_it_holds_before_it_is_known_who_asks_and_no_longer_when_he_is_not_the_person(
    applicant: Applicant,
):
    world = applicant.world
    asked = file(world, "website", "access", applicant.id)
    assert held_until(world, applicant) == "2027-04-21"
    refuse(world, asked, "identity-not-established")
    assert held_until(world, applicant) is None


def test_the_last_of_several_decides(applicant: Applicant):
    world = applicant.world
    earlier = file(world, "officer", "access", applicant.id, received_on="2027-03-10")
    later = applicant.ask("portability")
    assert held_until(world, applicant) == "2027-04-21"
    change_own(applicant, later, outcome="withdrawn")
    assert held_until(world, applicant) == "2027-04-11"
    refuse(world, earlier)
    assert held_until(world, applicant) is None


def test_one_that_came_in_long_ago_holds_nothing_any_more(applicant: Applicant):
    world = applicant.world
    file(world, "officer", "access", applicant.id, received_on="2027-01-10")
    assert held_until(world, applicant) is None
    assert runs(world, "2027-04-01") == [(1, 0)]


def test_whose_it_is_said_later_is_held_from_then_on(applicant: Applicant):
    world, asked = applicant.world, file(applicant.world, "officer", "access")
    assert held_until(world, applicant) is None
    change(world, asked, application_id=str(applicant.id))
    assert held_until(world, applicant) == "2027-04-21"


def test_the_later_of_hold_and_request_counts(applicant: Applicant):
    world, asked = applicant.world, applicant.ask("access")
    single = hold(world, applicant.id, "2027-05-01")
    assert held_until(world, applicant) == "2027-05-01"
    renew(world, single, "2027-04-05")
    assert held_until(world, applicant) == "2027-04-21"
    refuse(world, asked)
    assert held_until(world, applicant) == "2027-04-05"


def test_holds_on_both_and_a_request_keep_each_its_own(applicant: Applicant):
    world = applicant.world
    procedure_id = world.get("/procedures?reference=V-1", "officer").json["items"][0]["id"]
    asked = applicant.ask("access")
    single = hold(world, applicant.id, "2027-05-01")
    whole = hold(world, procedure_id, "2027-04-10", on="procedures")
    assert held_until(world, applicant) == "2027-05-01"
    renew(world, whole, "2027-06-01")
    assert held_until(world, applicant) == "2027-06-01"
    renew(world, single, "2027-04-05")
    renew(world, whole, "2027-03-20")
    assert held_until(world, applicant) == "2027-04-21"
    change(world, asked, outcome="answered")
    assert held_until(world, applicant) == "2027-04-05"


def test_closing_prolonging_and_reopening_the_procedure_leave_it_held(world: World):
    procedure_id = world.procedure(ends_on="2027-03-01")
    applicant = Applicant.apply(world)
    applicant.ask("access")
    for step, date in (
        ({"ends_on": "2027-04-01"}, "2027-05-01"),
        ({"closed": True}, "2026-12-22"),
        ({"ends_on": "2027-02-01", "reason": "candidate-declined"}, "2027-03-01"),
    ):
        assert change_procedure(world, procedure_id, **step).status_code == 200
        assert purge_on(world, applicant.id) == date
        assert held_until(world, applicant) == "2026-12-23"


def test_the_officer_erases_no_record_that_is_asked_after(applicant: Applicant):
    world, asked = applicant.world, applicant.ask("portability")
    refused = erase(world, applicant.id)
    assert (refused.status_code, refused.json["type"][-13:]) == (409, ":request-open")
    assert refused.json["until"] == "2027-04-21"
    assert reads(world, applicant.id)
    change_own(applicant, asked, outcome="withdrawn")
    assert erase(world, applicant.id).status_code == 204


def test_a_legal_hold_is_named_first(applicant: Applicant):
    applicant.ask("access")
    hold(applicant.world, applicant.id, "2027-05-01")
    refused = erase(applicant.world, applicant.id)
    assert (refused.json["type"][-5:], refused.json["until"]) == (":held", "2027-05-01")
