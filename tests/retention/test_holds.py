"""Rule 8: a legal hold keeps a record past its date, for a reason and with an end."""

from uuid import UUID

import pytest

from tests.retention.acts import (
    audited,
    change_procedure,
    completed,
    differences,
    erase,
    hold,
    purge_on,
    reads,
    renew,
    retention,
    rows,
    withdraw,
)
from tests.world import World


@pytest.fixture
def applied(world: World) -> UUID:
    """An application that is due on 1 April 2027, looked at on 20 March."""
    world.procedure(ends_on="2027-03-01")
    application_id = world.apply()
    world.clock.move_to("2027-03-20")
    return application_id


def daily_runs(world: World, *days: str) -> list[tuple[int, int]]:
    """What runs on these days purged and passed over; each is completed."""
    found = []
    for day in days:
        world.clock.move_to(day)
        run = completed(world)
        found.append((run["purged"], run["passed_over"]))
    return found


def test_a_hold_is_placed_by_the_officer_with_a_reason_and_a_reference(world: World, applied: UUID):
    placed = hold(world, applied, "2027-05-01")
    assert placed.status_code == 201
    assert placed.json["reason"] == "legal-claim"
    assert placed.json["case_reference"] == "2027/18"
    event = audited(world, applied, "place-hold")
    assert event["purpose"] == "legal-claim"
    assert event["details"]["hold_id"] == placed.json["id"]
    assert world.get(f"/holds/{placed.json['id']}", "officer").json == placed.json
    assert retention(world, applied)["hold_until"] == "2027-05-01"


@pytest.mark.parametrize("role", ["recruiter", "website", "interviewer", "purger", "admin"])
def test_nobody_but_the_officer_holds(sqlite_world: World, role: str):
    procedure_id = sqlite_world.procedure()
    application_id = sqlite_world.apply()
    refused = hold(sqlite_world, application_id, "2027-01-01", role=role)
    assert refused.status_code == 403
    whole = hold(sqlite_world, procedure_id, "2027-01-01", on="procedures", role=role)
    assert whole.status_code == 403


@pytest.mark.parametrize(
    ("today", "until", "status"),
    [
        ("2027-02-20", "2027-02-20", 422),
        ("2027-02-20", "2027-02-19", 422),
        ("2027-02-20", "2027-02-21", 201),
        ("2027-02-20", "2027-08-20", 201),
        ("2027-02-20", "2027-08-21", 422),
        ("2027-02-28", "2027-08-28", 201),
        ("2027-02-28", "2027-08-29", 422),
        ("2026-12-31", "2027-06-30", 201),
        ("2026-12-31", "2027-07-01", 422),
    ],
)
def test_a_hold_ends_within_six_months(sqlite_world: World, today: str, until: str, status: int):
    sqlite_world.procedure(ends_on="2027-03-01")
    application_id = sqlite_world.apply()
    sqlite_world.clock.move_to(today)
    assert hold(sqlite_world, application_id, until).status_code == status


@pytest.mark.parametrize("missing", ["reason", "case_reference", "until"])
def test_a_hold_without_reason_reference_or_end_is_refused(sqlite_world: World, missing: str):
    sqlite_world.procedure()
    application_id = sqlite_world.apply()
    body = {"reason": "investigation", "case_reference": "2027/18", "until": "2027-01-01"}
    del body[missing]
    refused = sqlite_world.post(f"/applications/{application_id}/holds", "officer", json=body)
    assert refused.json["errors"] == [{"pointer": f"/{missing}", "code": "required"}]


def test_the_case_reference_is_sealed(world: World, applied: UUID):
    hold(world, applied, "2027-05-01")
    sealed = bytes(rows(world, "SELECT sealed_reference FROM hold")[0][0])
    assert b"2027/18" not in sealed


def test_while_held_the_purge_passes_it_over_and_only_the_officer_reads(
    world: World, applied: UUID
):
    hold(world, applied, "2027-04-10")
    assert reads(world, applied)  # until its date the hold takes nothing from its readers
    assert daily_runs(world, "2027-03-31", "2027-04-01", "2027-04-09") == [(0, 0), (0, 1), (0, 1)]
    for role in ("recruiter", "interviewer", "screener", "sourcer"):
        assert not reads(world, applied, role)
    assert reads(world, applied, "officer")
    assert retention(world, applied)["phase"] == "over"
    assert world.consent(applied, "withdrawn").status_code == 404  # the website, too
    assert withdraw(world, applied).status_code == 404


def test_when_it_ends_deletion_resumes_by_itself(world: World, applied: UUID):
    hold(world, applied, "2027-04-10")
    assert daily_runs(world, "2027-04-09", "2027-04-10") == [(0, 1), (1, 0)]
    assert rows(world, "SELECT count(*) FROM hold")[0][0] == 0


def test_a_hold_that_ends_before_the_date_changes_nothing(world: World, applied: UUID):
    hold(world, applied, "2027-03-25")
    assert daily_runs(world, "2027-03-31", "2027-04-01") == [(0, 0), (1, 0)]


def test_when_it_ends_nobody_reads_any_more_before_the_job_has_run(world: World, applied: UUID):
    hold(world, applied, "2027-04-10")
    world.clock.move_to("2027-04-09")
    assert reads(world, applied, "officer")
    world.clock.move_to("2027-04-10", hour=0)
    assert not reads(world, applied, "officer")


def test_an_erasure_is_refused_while_held(world: World, applied: UUID):
    placed = hold(world, applied, "2027-05-01")
    refused = erase(world, applied)
    assert (refused.status_code, refused.json["type"][-5:]) == (409, ":held")
    assert refused.json["until"] == "2027-05-01"
    assert reads(world, applied)
    assert renew(world, placed, "2027-03-20").status_code == 200  # ended today
    assert erase(world, applied).status_code == 204
    assert not reads(world, applied)


def test_a_hold_is_renewed_again_and_again_by_six_months(world: World, applied: UUID):
    placed = hold(world, applied, "2027-09-20")
    world.clock.move_to("2027-09-19")
    assert renew(world, placed, "2028-03-20").status_code == 422
    assert renew(world, placed, "2028-03-19").status_code == 200
    assert retention(world, applied)["hold_until"] == "2028-03-19"
    assert reads(world, applied, "officer")
    assert differences(world) == []


def test_a_hold_ends_at_once_when_the_officer_ends_it_today(world: World, applied: UUID):
    placed = hold(world, applied, "2027-06-01")
    world.clock.move_to("2027-04-05")
    assert renew(world, placed, "2027-04-05").status_code == 200
    assert not reads(world, applied, "officer")
    assert completed(world)["purged"] == 1


def test_a_hold_that_ended_stays_ended(world: World, applied: UUID):
    placed = hold(world, applied, "2027-03-25")
    world.clock.move_to("2027-03-25")
    refused = renew(world, placed, "2027-05-01")
    assert (refused.status_code, refused.json["type"][-10:]) == (409, "hold-ended")
    assert hold(world, applied, "2027-05-01").status_code == 201  # a new one, in time


def test_a_changed_hold_names_the_version_it_was_read_in(world: World, applied: UUID):
    placed = hold(world, applied, "2027-05-01")
    path, change = f"/holds/{placed.json['id']}", {"until": "2027-06-01"}
    assert world.patch(path, "officer", json=change).status_code == 428
    assert world.patch(path, "officer", version=1, json=change).status_code == 200
    stale = world.patch(path, "officer", version=1, json={"until": "2027-07-01"})
    assert stale.status_code == 412
    assert retention(world, applied)["hold_until"] == "2027-06-01"


def test_nothing_that_is_due_is_held(world: World, applied: UUID):
    world.clock.move_to("2027-04-01")
    assert hold(world, applied, "2027-05-01").status_code == 404
    assert completed(world)["purged"] == 1


def test_a_second_hold_may_outlast_the_first(world: World, applied: UUID):
    first = hold(world, applied, "2027-04-20")
    world.clock.move_to("2027-04-05")
    assert hold(world, applied, "2027-05-05").status_code == 201
    assert retention(world, applied)["hold_until"] == "2027-05-05"
    assert renew(world, first, "2027-04-05").status_code == 200
    assert retention(world, applied)["hold_until"] == "2027-05-05"
    assert differences(world) == []


# A hold on a whole procedure


def test_a_hold_on_a_procedure_keeps_all_its_applications(world: World):
    procedure_id = world.procedure(ends_on="2027-03-01")
    world.procedure("V-2", ends_on="2027-03-01")
    held = [world.apply(), world.apply()]
    elsewhere = world.apply("V-2")
    world.clock.move_to("2027-03-20")
    placed = hold(world, procedure_id, "2027-04-10", on="procedures")
    assert (placed.status_code, placed.json["procedure_id"]) == (201, str(procedure_id))
    assert placed.json["application_id"] is None
    assert daily_runs(world, "2027-03-31", "2027-04-01") == [(0, 0), (1, 2)]
    assert [reads(world, one, "officer") for one in [*held, elsewhere]] == [True, True, False]
    assert [reads(world, one) for one in held] == [False, False]
    assert differences(world) == []
    assert daily_runs(world, "2027-04-09", "2027-04-10") == [(0, 2), (2, 0)]


def test_an_application_that_comes_into_a_held_procedure_is_held(world: World):
    procedure_id = world.procedure(ends_on="2027-01-10")
    hold(world, procedure_id, "2027-05-01", on="procedures")
    application_id = world.apply()
    assert retention(world, application_id)["hold_until"] == "2027-05-01"
    withdraw(world, application_id)
    world.clock.move_to("2026-12-22")
    assert completed(world)["passed_over"] == 1
    assert differences(world) == []


def test_a_procedure_with_records_due_is_not_held_before_the_purge_has_run(world: World):
    procedure_id = world.procedure(ends_on="2027-03-01")
    due, stays = world.apply(), world.apply()
    withdraw(world, due)
    world.clock.move_to("2026-12-22")
    refused = hold(world, procedure_id, "2027-02-01", on="procedures")
    assert (refused.status_code, refused.json["type"][-11:]) == (409, "records-due")
    assert completed(world)["purged"] == 1
    assert hold(world, procedure_id, "2027-02-01", on="procedures").status_code == 201
    assert retention(world, stays)["hold_until"] == "2027-02-01"


def test_the_later_of_both_holds_counts(world: World):
    procedure_id = world.procedure(ends_on="2027-03-01")
    first, second = world.apply(), world.apply()
    single = hold(world, first, "2027-05-01")
    whole = hold(world, procedure_id, "2027-04-01", on="procedures")

    def until() -> list[str]:
        return [retention(world, one)["hold_until"] for one in (first, second)]

    assert until() == ["2027-05-01", "2027-04-01"]
    renew(world, whole, "2027-05-20")
    assert until() == ["2027-05-20", "2027-05-20"]
    renew(world, whole, "2026-11-22")
    assert until() == ["2027-05-01", None]
    renew(world, single, "2026-11-22")
    assert until() == [None, None]
    assert differences(world) == []


def test_a_held_procedure_is_still_prolonged_and_closed(world: World):
    procedure_id = world.procedure(ends_on="2027-03-01")
    application_id = world.apply()
    hold(world, procedure_id, "2027-05-01", on="procedures")
    change_procedure(world, procedure_id, ends_on="2027-04-01")
    assert purge_on(world, application_id) == "2027-05-01"
    change_procedure(world, procedure_id, closed=True)
    assert purge_on(world, application_id) == "2026-12-22"
    assert retention(world, application_id)["hold_until"] == "2027-05-01"


def test_a_hold_on_nothing_is_a_404(world: World, applied: UUID):
    nothing = UUID(int=applied.int + 1)
    assert hold(world, nothing, "2027-05-01").status_code == 404
    assert hold(world, nothing, "2027-05-01", on="procedures").status_code == 404
    assert world.get(f"/holds/{nothing}", "officer").status_code == 404


def test_holds_are_warned_of_thirty_and_seven_days_before(world: World, applied: UUID):
    hold(world, applied, "2027-05-20")
    found = {}
    for today in ("2027-04-19", "2027-04-20", "2027-05-12", "2027-05-13", "2027-05-20"):
        world.clock.move_to(today)
        duties = world.get("/duties", "officer").json
        found[today] = [d["within_days"] for d in duties if d["kind"] == "hold-ending"]
    assert found == {
        "2027-04-19": [],
        "2027-04-20": [30],
        "2027-05-12": [30],
        "2027-05-13": [7],
        "2027-05-20": [],
    }
