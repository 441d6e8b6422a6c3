"""The purge over HTTP: bounded runs, plans, and the brake that a clock jump trips."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert

from service.domain.policy import Action
from service.storage import purges
from service.storage.database import db
from service.storage.tables import Application, AuditEvent
from tests.retention.acts import (
    at,
    change_procedure,
    completed,
    differences,
    erase,
    hold,
    reads,
    rows,
    withdraw,
)
from tests.world import World

DUE = "2027-04-01"  # the day on which the applications below are due


def make_due(world: World, count: int = 1, *, run_before: bool = False) -> list[UUID]:
    """Applications that are due today, 1 April 2027; with or without a run the day before."""
    world.procedure(ends_on="2027-03-01")
    made = [world.apply() for _ in range(count)]
    if run_before:
        world.clock.move_to("2027-03-31")
        completed(world)
    world.clock.move_to(DUE)
    return made


def left(world: World) -> int:
    return int(rows(world, "SELECT count(*) FROM application")[0][0])


def reasons(world: World) -> list[str]:
    refused = world.purge()
    assert refused.status_code == 409, refused.text
    return sorted(world.get(f"/purge-runs/{refused.json['plan']}", "purger").json["run"]["brake"])


def test_a_run_deletes_at_most_its_limit_and_says_what_it_left(world: World):
    make_due(world, 5)
    found = []
    while not found or found[-1][1]:
        run = world.purge(limit=2).json
        found.append((run["purged"], run["remaining"], run["completed"]))
    assert found == [(2, 3, False), (2, 1, False), (1, 0, True)]
    assert left(world) == 0


def test_a_run_counts_what_it_leaves_to_ten_thousand_and_a_plan_counts_all(world: World):
    make_due(world)
    plant(world, 10_002, world.clock.today)
    assert world.purge(dry_run=True).json["remaining"] == 10_002
    found = [world.purge(limit=1).json for _ in range(3)]
    assert [run["remaining"] for run in found] == [10_000, 10_000, 9_999]
    assert world.purge(dry_run=True).json["remaining"] == 9_999


@pytest.mark.parametrize(("at_most", "counted"), [(0, 0), (2, 2), (3, 3), (4, 3)])
def test_what_is_due_is_counted_to_a_bound_and_what_is_held_is_not_counted(
    world: World, at_most: int, counted: int
):
    held = make_due(world, 5, run_before=True)[:2]
    world.clock.move_to("2027-03-31")
    for application_id in held:
        hold(world, application_id, "2027-05-01")
    with world.app.app_context():
        assert purges.count_due_to(db.session(), date(2027, 3, 31), 1) == 0
        assert purges.count_due_to(db.session(), date.fromisoformat(DUE), at_most) == counted


def test_what_holds_keep_is_counted_whatever_a_run_leaves(world: World):
    """A record whose hold is over, or whose day has not come, is not passed over."""
    first, second, third, *_ = make_due(world, 6)
    world.procedure("V-2", ends_on="2027-04-20")
    later = world.apply("V-2")
    world.clock.move_to("2027-03-31")
    for application_id, until in (
        (first, DUE),
        (second, "2027-04-02"),
        (third, "2027-05-01"),
        (later, "2027-05-01"),
    ):
        hold(world, application_id, until)
    world.clock.move_to(DUE)
    run = world.purge(limit=1).json
    assert (run["purged"], run["remaining"], run["passed_over"]) == (1, 3, 2)


@pytest.mark.parametrize("order", [{"limit": 0}, {"limit": 1001}, {"limit": "5"}, {"all": True}])
def test_an_order_that_makes_no_sense_deletes_nothing(world: World, order: dict[str, object]):
    make_due(world)
    assert world.purge(**order).status_code == 422
    assert left(world) == 1


@pytest.mark.parametrize(
    "role", ["website", "recruiter", "interviewer", "screener", "sourcer", "admin"]
)
def test_only_the_purger_purges(sqlite_world: World, role: str):
    make_due(sqlite_world)
    assert sqlite_world.purge(role).status_code == 403
    assert left(sqlite_world) == 1


def test_the_longest_due_go_first(world: World):
    world.procedure(ends_on="2027-03-01")
    world.procedure("V-2", ends_on="2027-02-27")
    later, sooner = world.apply(), world.apply("V-2")
    world.clock.move_to(DUE)
    assert world.purge(limit=1).json["purged"] == 1
    left_now = [UUID(str(row[0])) for row in rows(world, "SELECT id FROM application")]
    assert left_now == [later] != [sooner]


def test_what_a_hold_keeps_is_passed_over_and_does_not_remain(world: World):
    held, _ = make_due(world, 2, run_before=True)
    world.clock.move_to("2027-03-31")
    hold(world, held, "2027-05-01")
    world.clock.move_to(DUE)
    run = completed(world)
    assert (run["purged"], run["remaining"], run["passed_over"]) == (1, 0, 1)


def test_a_dry_run_plans_with_the_same_predicate_and_deletes_nothing(world: World):
    made = make_due(world, 3)
    world.clock.move_to("2027-03-31")
    hold(world, made[0], "2027-05-01")
    world.clock.move_to(DUE)
    plan = world.purge(dry_run=True)
    assert plan.status_code == 201
    assert (plan.json["planned"], plan.json["purged"]) == (True, 0)
    assert (plan.json["remaining"], plan.json["passed_over"]) == (2, 1)
    assert left(world) == 3
    seen = world.get(f"/purge-runs/{plan.json['id']}", "officer").json
    assert set(seen["application_ids"]) == {str(one) for one in made[1:]}
    assert completed(world)["purged"] == 2


def test_the_purger_reads_counts_and_the_officer_ids(world: World):
    made = make_due(world, 2)
    run = completed(world)
    path = f"/purge-runs/{run['id']}"
    counted = world.get(path, "purger").json
    assert (counted["run"]["purged"], counted["application_ids"]) == (2, None)
    known = world.get(path, "officer").json
    assert set(known["application_ids"]) == {str(one) for one in made}
    assert world.get(path, "recruiter").status_code == 403
    assert world.get(f"/purge-runs/{made[0]}", "officer").status_code == 404


def test_what_stays_is_a_receipt_and_audit_rows_by_a_random_id(world: World):
    (application_id,) = make_due(world)
    run = completed(world)
    ((kept_id, run_id, purged_on, rule),) = rows(
        world, "SELECT application_id, run_id, purged_on, rule FROM purge_receipt"
    )
    assert UUID(str(kept_id)) == application_id
    assert UUID(str(run_id)) == UUID(run["id"])
    assert (str(purged_on), rule) == (DUE, "one-month-after-end")
    held = world.get(f"/audit-events?application_id={application_id}", "officer").json["items"]
    assert [event["action"] for event in held] == ["submit-application"]


def test_receipts_name_the_rule(world: World):
    world.wording()
    world.procedure(ends_on="2027-03-01")
    consented = world.apply(consent={"wording_version": "w1"})
    withdraw(world, consented)
    erased = world.apply()
    assert erase(world, erased).status_code == 204
    world.clock.move_to("2027-11-22")
    assert completed(world)["purged"] == 1
    found = {
        UUID(str(row[0])): (row[1], row[2] is None)
        for row in rows(world, "SELECT application_id, rule, run_id FROM purge_receipt")
    }
    assert found == {
        consented: ("one-year-after-end-with-consent", False),
        erased: ("erased-on-request", True),
    }


def test_an_erasure_names_the_version_it_was_read_in(world: World):
    world.procedure()
    application_id = world.apply()
    path = f"/applications/{application_id}"
    assert world.call("DELETE", path, "officer").status_code == 428
    assert world.call("DELETE", path, "officer", version=9).status_code == 412
    assert world.call("DELETE", path, "recruiter", version=1).status_code == 403
    assert reads(world, application_id)
    assert world.call("DELETE", path, "officer", version=1).status_code == 204
    assert world.call("DELETE", path, "officer", version=1).status_code == 404


# The brake


def test_ten_days_of_silence_are_borne_and_eleven_trip_the_brake(world: World):
    make_due(world)
    world.clock.move_to("2027-03-22")
    completed(world)
    world.clock.move_to(DUE)
    assert completed(world)["purged"] == 1
    world.clock.move_to("2027-04-12")
    assert reasons(world) == ["last-completed-run-over-10-days-ago"]


def test_twenty_five_records_that_should_be_gone_are_borne_and_one_more_trips_it(world: World):
    plant_stale(world, 25)
    assert completed(world)["purged"] == 25
    plant_stale(world, 26)
    assert reasons(world) == ["over-25-records-were-due-before-the-last-run"]
    assert left(world) == 26


def plant_stale(world: World, count: int) -> None:
    """Records as a bad import leaves them: due long before the last run, which found nothing."""
    completed(world)
    if not rows(world, "SELECT 1 FROM procedure"):
        world.procedure()
    world.apply()
    plant(world, count, world.clock.today - timedelta(days=30))


def plant(world: World, count: int, purge_on: date) -> None:
    """So many records of that date in place of the one that is there, all at once."""
    with world.app.app_context():
        template = dict(db.session.execute(db.select(Application.__table__)).mappings().first())
        case = world.case()
        case.now = world.clock.now()
        db.session.execute(db.delete(Application))
        made = {**template, "purge_on": purge_on}
        db.session.execute(
            insert(Application), [{**made, "id": case.new_id()} for _ in range(count)]
        )
        db.session.commit()


@pytest.mark.parametrize(
    ("seconds", "braked"), [(300, False), (301, True), (-300, False), (-301, True)]
)
def test_clocks_that_differ_by_more_than_five_minutes_trip_the_brake(
    sqlite_world: World, seconds: int, *, braked: bool
):
    world = sqlite_world
    make_due(world, run_before=True)
    world.clock.skew = timedelta(seconds=seconds)
    if braked:
        assert reasons(world) == ["application-and-database-clocks-differ"]
        assert left(world) == 1
        world.clock.skew = timedelta()
    assert completed(world)["purged"] == 1


def test_the_first_run_ever_is_not_braked_by_silence_or_old_records(world: World):
    world.procedure(ends_on="2027-03-01")
    for _ in range(27):
        world.apply()
    world.clock.move_to("2027-09-01")
    assert completed(world)["purged"] == 27


def test_the_first_run_ever_is_braked_by_clocks_that_differ(world: World):
    make_due(world)
    world.clock.skew = timedelta(hours=1)
    assert reasons(world) == ["application-and-database-clocks-differ"]
    assert left(world) == 1


def test_all_reasons_are_named_together(world: World):
    plant_stale(world, 26)
    world.clock.move_to("2026-12-20")
    world.clock.skew = timedelta(hours=-1)
    assert len(reasons(world)) == 3


def test_a_braked_run_names_the_plan_and_how_much_it_is_about(world: World):
    made = make_due(world, 2)
    world.clock.move_to("2027-03-01")
    completed(world)
    world.clock.move_to(DUE)
    refused = world.purge()
    problem = refused.json
    assert refused.status_code == 409
    assert problem["type"] == "urn:problem-type:kluis:braked"
    assert problem["due"] == "2"
    assert "last-completed-run-over-10-days-ago" in problem["reasons"]
    plan = world.get(f"/purge-runs/{problem['plan']}", "officer").json
    assert plan["run"]["planned"] is True
    assert set(plan["application_ids"]) == {str(one) for one in made}
    assert plan["more_ids"] == 0
    assert left(world) == 2


def braked_plan(world: World, count: int = 2) -> str:
    """A plan that waits for the officer after a long silence, with so many records due."""
    make_due(world, count)
    world.clock.move_to("2027-03-01")
    completed(world)
    world.clock.move_to(DUE)
    plan: str = world.purge().json["plan"]
    return plan


def test_the_purger_may_not_release_the_brake(world: World):
    plan = braked_plan(world)
    assert world.purge(plan=plan).status_code == 403
    assert world.purge().status_code == 409
    assert left(world) == 2


def test_the_officer_confirms_and_the_run_begins(world: World):
    plan = braked_plan(world)
    run = world.purge("officer", plan=plan)
    assert run.status_code == 201
    assert (run.json["purged"], run.json["completed"]) == (2, True)
    assert run.json["plan_id"] == plan
    kept = world.get(f"/purge-runs/{plan}", "officer").json["run"]
    assert kept["confirmed_at"] is not None
    world.clock.move_to("2027-04-02")
    assert completed(world)["purged"] == 0  # and the brake is off


def test_the_job_goes_on_under_the_confirmed_plan(world: World):
    plan = braked_plan(world, 5)
    assert world.purge("officer", plan=plan, limit=2).json["remaining"] == 3
    found = [world.purge(limit=2).json for _ in range(2)]
    assert [(run["purged"], run["plan_id"]) for run in found] == [(2, plan), (1, plan)]
    assert found[-1]["completed"] is True


def test_a_plan_goes_no_further_than_its_own_day(world: World):
    plan = braked_plan(world)
    world.procedure("V-2", ends_on="2027-04-02")
    later = world.apply("V-2")
    world.clock.move_to("2027-05-02")
    run = world.purge("officer", plan=plan).json
    assert (run["purged"], run["today"], run["completed"]) == (2, DUE, True)
    assert left(world) == 1
    assert not reads(world, later)
    assert world.purge().status_code == 409  # what came due since needs a plan of its own


def test_a_confirmed_plan_covers_one_release_only(world: World):
    braked = braked_plan(world)
    at(world, f"{DUE}T10:00:00")
    assert world.purge("officer", plan=braked).json["completed"] is True
    world.clock.move_to("2027-05-01")
    assert world.purge().status_code == 409
    stale = world.purge("officer", plan=braked)
    assert (stale.status_code, stale.json["type"][-13:]) == (409, "plan-outdated")


def test_an_outdated_plan_is_refused(world: World):
    make_due(world, 2)
    world.clock.move_to("2027-03-25")
    plan = world.purge(dry_run=True).json["id"]
    world.clock.move_to("2027-03-26")
    completed(world)
    world.clock.move_to(DUE)
    refused = world.purge("officer", plan=plan)
    assert (refused.status_code, refused.json["type"][-13:]) == (409, "plan-outdated")
    assert left(world) == 2


def test_a_plan_that_is_none_is_a_404(world: World):
    make_due(world)
    run = completed(world)
    for plan in (run["id"], "01a20297-4dc0-7644-8ffe-59814106bb58"):
        assert world.purge("officer", plan=plan).status_code == 404
    assert world.purge("officer").status_code == 422


def test_a_clock_that_jumps_a_year_ahead_deletes_nothing(world: World):
    world.wording()
    procedure_id = world.procedure(ends_on="2027-03-01")
    world.apply()
    world.apply(consent={"wording_version": "w1"})
    withdraw(world, world.apply())
    completed(world)
    world.clock.move_to("2027-11-22")
    for _ in range(3):
        assert reasons(world) == ["last-completed-run-over-10-days-ago"]
    assert left(world) == 3
    world.clock.move_to("2026-11-23")
    assert completed(world)["purged"] == 0
    assert world.get(f"/procedures/{procedure_id}", "recruiter").json["is_running"] is True


def test_a_plan_of_a_wrong_clock_deletes_nothing_early_once_the_clock_is_right(world: World):
    world.procedure(ends_on="2027-03-01")
    application_id = world.apply()
    completed(world)
    world.clock.move_to("2027-11-01")
    plan = world.purge().json["plan"]
    world.clock.move_to("2026-11-22")
    assert world.purge("officer", plan=plan).json["type"].endswith("plan-outdated")
    assert reads(world, application_id)


def test_a_plan_confirmed_under_a_wrong_clock_releases_nothing_later(world: World):
    world.procedure(ends_on="2027-03-01")
    fill(world, 2)
    completed(world)
    world.clock.move_to("2027-11-01")
    plan = world.purge().json["plan"]
    assert world.purge("officer", plan=plan, limit=1).json["remaining"] == 1
    world.clock.move_to("2026-11-23")
    completed(world)
    fill(world, 1)
    world.clock.move_to("2027-10-20")
    assert reasons(world) == ["last-completed-run-over-10-days-ago"]
    assert left(world) == 2


def test_after_a_clock_was_set_right_a_new_plan_can_be_confirmed(world: World):
    world.wording()
    procedure_id = world.procedure(ends_on="2027-03-01")
    made = [world.apply(consent={"wording_version": "w1"}) for _ in range(27)]
    change_procedure(world, procedure_id, closed=True)
    for day in ("2026-12-01", "2026-12-10", "2026-12-20", "2026-12-28", "2027-01-03", "2026-12-29"):
        world.clock.move_to(day)
        completed(world)
    for application_id in made:
        world.consent(application_id, "withdrawn")
    plan = world.purge().json["plan"]
    assert "kluis_purge_plans_waiting 1" in metrics(world)
    world.clock.move_to("2026-12-30")
    assert world.purge("officer", plan=plan).json["purged"] == 27
    assert "kluis_purge_plans_waiting 0" in metrics(world)


def metrics(world: World) -> str:
    return world.app.test_client().get("/metrics").text


def test_who_confirms_a_plan_does_not_ask_for_another(world: World):
    plan = braked_plan(world)
    refused = world.purge("officer", plan=plan, dry_run=True)
    assert refused.json["errors"] == [{"pointer": "/dry_run", "code": "plan-or-dry-run"}]
    assert left(world) == 2


def test_under_a_plan_nothing_but_its_records_goes(world: World):
    plan = braked_plan(world, 3)
    assert world.purge("officer", plan=plan, limit=1).json["remaining"] == 2
    backdate(world, Action.SUBMIT_APPLICATION, "2020-01-01T00:00:00+00:00")
    before = rows(world, "SELECT count(*) FROM audit_event")[0][0]
    assert world.purge().json["plan_id"] == plan
    assert rows(world, "SELECT count(*) FROM audit_event")[0][0] > before


def fill(world: World, count: int) -> Sequence[UUID]:
    return [world.apply() for _ in range(count)]


def test_a_large_closing_never_trips_the_brake(world: World):
    procedure_id = world.procedure(ends_on="2027-03-01")
    fill(world, 60)
    completed(world)
    change_procedure(world, procedure_id, closed=True)
    for today in ("2026-12-01", "2026-12-11", "2026-12-21"):
        world.clock.move_to(today)
        completed(world)
    world.clock.move_to("2026-12-22")
    assert completed(world)["purged"] == 60


def test_a_hold_that_ends_on_many_records_never_trips_the_brake(sqlite_world: World):
    world = sqlite_world
    procedure_id = world.procedure(ends_on="2026-12-01")
    fill(world, 60)
    completed(world)
    hold(world, procedure_id, "2027-01-20", on="procedures")
    for today in ("2026-12-02", "2026-12-12", "2026-12-22", "2027-01-01", "2027-01-11"):
        world.clock.move_to(today)
        completed(world)
    world.clock.move_to("2027-01-20")
    assert completed(world)["purged"] == 60


def test_a_hold_ended_by_the_officer_on_many_records_never_trips_the_brake(sqlite_world: World):
    world = sqlite_world
    procedure_id = world.procedure(ends_on="2026-12-01")
    fill(world, 30)
    completed(world)
    placed = hold(world, procedure_id, "2027-01-20", on="procedures")
    for today in ("2026-12-02", "2026-12-12", "2026-12-22", "2027-01-01", "2027-01-10"):
        world.clock.move_to(today)
        completed(world)
    path = f"/holds/{placed.json['id']}"
    ended = world.patch(path, "officer", version=1, json={"until": "2027-01-10"})
    assert ended.status_code == 200
    assert completed(world)["purged"] == 30


@pytest.mark.parametrize(("count", "status"), [(25, 201), (26, 409)])
def test_more_than_twenty_five_late_withdrawals_of_consent_wait_for_the_officer(
    sqlite_world: World, count: int, status: int
):
    world = sqlite_world
    world.wording()
    world.procedure(ends_on="2026-12-01")
    made = [world.apply(consent={"wording_version": "w1"}) for _ in range(count)]
    for today in ("2026-12-31", "2027-01-10"):
        world.clock.move_to(today)
        completed(world)
    for application_id in made:
        assert world.consent(application_id, "withdrawn").status_code == 201
    assert not any(reads(world, one, "officer") for one in made)
    assert world.purge().status_code == status


# What a run cleans up besides


def test_audit_rows_go_after_twenty_four_months(world: World):
    world.procedure()
    world.apply()
    at(world, "2026-11-22T23:30:00")
    completed(world)
    first = rows(world, "SELECT count(*) FROM audit_event")[0][0]
    backdate(world, Action.SUBMIT_APPLICATION, "2024-11-22T22:59:59+00:00")
    backdate(world, Action.CREATE_PROCEDURE, "2024-11-22T23:00:00+00:00")
    completed(world)
    actions = {row[0] for row in rows(world, "SELECT action FROM audit_event")}
    assert "create-procedure" in actions
    assert "submit-application" not in actions
    assert rows(world, "SELECT count(*) FROM audit_event")[0][0] == first


def backdate(world: World, action: Action, moment: str) -> None:
    with world.app.app_context():
        changed = db.update(AuditEvent).where(AuditEvent.action == action)
        db.session.execute(changed.values(at=datetime.fromisoformat(moment)))
        db.session.commit()


def test_kept_answers_go_after_a_day(world: World):
    world.procedure()
    world.apply()
    at(world, "2026-11-23T09:29:59")
    completed(world)
    assert rows(world, "SELECT count(*) FROM idempotency_key")[0][0] == 1
    at(world, "2026-11-23T09:30:00")
    completed(world)
    assert rows(world, "SELECT count(*) FROM idempotency_key")[0][0] == 0


@pytest.mark.parametrize(
    ("limits", "kept"), [((2, 2, 2), (4, 2, 0)), ((3, 2), (3, 0)), ((5,), (0,))]
)
def test_a_full_run_leaves_what_else_expired_to_the_next_unless_it_is_the_last(
    world: World, limits: tuple[int, ...], kept: tuple[int, ...]
):
    """Kept answers, of which each application has one; that of the sixth goes by its age alone."""
    world.procedure("V-2", ends_on="2027-10-01")
    world.apply("V-2")
    make_due(world, 5)
    for limit, answers in zip(limits, kept, strict=True):
        world.purge(limit=limit)
        assert rows(world, "SELECT count(*) FROM idempotency_key")[0][0] == answers


def test_the_first_completed_run_of_the_day_names_the_open_duties(world: World):
    world.procedure(ends_on="2026-12-01")
    alarms = [duty_alarms(world)]
    for today in ("2026-11-23", "2026-11-23", "2026-11-24"):
        world.clock.move_to(today)
        completed(world)
        alarms.append(duty_alarms(world))
    assert alarms == [0, 1, 1, 2]


def duty_alarms(world: World) -> int:
    told = world.app.test_client().get("/metrics").text
    found = [line for line in told.splitlines() if 'kluis_alarms_total{kind="duty-open"}' in line]
    return int(float(found[0].split()[-1])) if found else 0


def test_after_many_runs_every_stored_date_is_still_what_its_events_give(world: World):
    make_due(world, 3)
    world.procedure("V-2", ends_on="2027-06-01")
    world.apply("V-2")
    completed(world)
    assert differences(world) == []
