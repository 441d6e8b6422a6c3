"""Rule 5: the date binds the reader, not only the job; and today never runs backwards."""

import pytest

from tests.factories import PDF
from tests.retention.acts import (
    at,
    completed,
    hold,
    open_application,
    reads,
    retention,
    rows,
    set_status,
    withdraw,
)
from tests.world import World

LAST_SECOND = "2027-03-31T21:59:59"
FIRST_SECOND = "2027-03-31T22:00:00"


def test_past_its_date_nobody_reads_a_record_although_no_job_ran(world: World):
    world.wording()
    world.procedure(ends_on="2027-03-01")
    application_id = world.apply(files={"cv": ("cv.pdf", PDF)})
    path = f"/applications/{application_id}"
    at(world, LAST_SECOND)
    document = world.get(f"{path}/documents?purpose=supervision", "officer").json[0]["id"]
    assert reads(world, application_id)
    assert reads(world, application_id, "officer")
    at(world, FIRST_SECOND)
    assert rows(world, "SELECT count(*) FROM application")[0][0] == 1
    purpose = "?purpose=supervision"
    gone = [
        world.get(path, "recruiter"),
        world.get(path, "interviewer"),
        world.get(path, "screener"),
        world.get(path, "sourcer"),
        world.get(path + purpose, "officer"),
        world.get(f"{path}/retention", "recruiter"),
        world.get(f"{path}/retention", "officer"),
        world.get(f"{path}/consent-events", "officer"),
        world.get(f"{path}/documents{purpose}", "officer"),
        world.get(f"{path}/documents/{document}{purpose}", "officer"),
        world.patch(path, "recruiter", version=1, json={"status": "invited"}),
        world.patch(path, "officer", version=1, json={"fields": {"name": "Sam"}}),
        world.call("DELETE", path, "officer", version=1),
        world.call("DELETE", f"{path}/documents/{document}", "officer"),
        world.post(f"{path}/handover", "recruiter", json={"fields": ["name"]}),
        withdraw(world, application_id),
        withdraw(world, application_id, "recruiter"),
        world.consent(application_id),
        hold(world, application_id, "2027-05-01"),
    ]
    assert [answer.status_code for answer in gone] == [404] * len(gone)


def test_past_its_date_a_record_is_in_no_list(world: World):
    procedure_id = world.procedure(ends_on="2027-03-01")
    world.wording()
    gone = world.apply(fields={"name": "Daan", "email": "daan@example.org"})
    stays = world.apply(
        fields={"name": "Daan", "email": "daan@example.org"}, consent={"wording_version": "w1"}
    )
    path = f"/procedures/{procedure_id}/applications"
    at(world, LAST_SECOND)
    listed = world.get(path, "recruiter").json["items"]
    assert {item["id"] for item in listed} == {str(gone), str(stays)}
    at(world, FIRST_SECOND)
    assert world.get(path, "recruiter").json["items"] == []
    pool = world.get("/talent-pool", "sourcer").json["items"]
    assert [item["id"] for item in pool] == [str(stays)]
    at(world, "2028-02-29T22:59:59")
    # the sourcer's own token has lived its year by now: another subject asks
    assert [
        item["id"] for item in world.get("/talent-pool", "sourcer", subject="s2").json["items"]
    ] == [str(stays)]
    at(world, "2028-02-29T23:00:00")
    assert world.get("/talent-pool", "sourcer", subject="s2").json["items"] == []


def test_a_completed_run_binds_although_the_clock_goes_back(world: World):
    world.procedure(ends_on="2027-03-01")
    world.procedure("V-2", ends_on="2027-03-01")
    first = world.apply()
    at(world, "2027-03-31T10:00:00")
    completed(world)
    at(world, "2027-04-01T10:00:00")
    assert completed(world)["purged"] == 1
    late = world.get("/procedures?reference=V-2", "recruiter").json["items"][0]
    assert late["is_running"] is False
    at(world, "2027-01-15T10:00:00")  # the clock goes back by two and a half months
    assert not reads(world, first)
    again = world.get("/procedures?reference=V-2", "recruiter").json["items"][0]
    assert again["is_running"] is False
    body = {"procedure_reference": "V-2", "fields": {"name": "Daan", "phone": "0592 123456"}}
    assert world.post("/applications", "website", json=body).status_code == 409


def test_what_a_completed_run_passed_over_for_a_hold_stays_closed_to_the_recruiter(world: World):
    world.procedure(ends_on="2027-03-01")
    application_id = world.apply()
    world.clock.move_to("2027-03-20")
    assert hold(world, application_id, "2027-06-01").status_code == 201
    world.clock.move_to("2027-04-01")
    assert completed(world)["passed_over"] == 1
    world.clock.move_to("2027-03-20")
    assert not reads(world, application_id)
    assert reads(world, application_id, "officer")


def test_what_only_a_wrong_clock_had_passed_is_readable_again(world: World):
    world.procedure(ends_on="2027-03-01")
    application_id = world.apply()
    completed(world)
    world.clock.move_to("2027-11-01")
    assert not reads(world, application_id)
    assert world.purge().status_code == 409  # the brake: nothing was completed on that day
    world.clock.move_to("2026-11-23")
    assert reads(world, application_id)
    assert completed(world)["purged"] == 0


def test_a_run_that_left_something_due_does_not_move_today(world: World):
    world.procedure(ends_on="2027-03-01")
    world.procedure("V-2", ends_on="2027-03-02")
    world.apply()
    world.apply()
    later = world.apply("V-2")
    world.clock.move_to("2027-04-02")
    run = world.purge(limit=1).json
    assert (run["purged"], run["remaining"], run["completed"]) == (1, 2, False)
    world.clock.move_to("2027-04-01")
    assert reads(world, later)


@pytest.mark.parametrize("channel", ["email", "phone", "branch"])
def test_an_open_application_is_gone_like_any_other(sqlite_world: World, channel: str):
    made = open_application(sqlite_world, "recruiter", channel=channel)
    application_id = made.json["id"]
    sqlite_world.clock.move_to("2027-03-21")
    assert reads(sqlite_world, application_id)
    sqlite_world.clock.move_to("2027-03-22")
    assert not reads(sqlite_world, application_id)


def test_reading_ends_for_the_team_with_each_phase(world: World):
    world.wording()
    world.procedure(ends_on="2027-03-01")
    application_id = world.apply(consent={"wording_version": "w1"})
    seen = {}
    for today in ("2027-02-28", "2027-03-01", "2027-03-31", "2027-04-01"):
        world.clock.move_to(today)
        roles = ("recruiter", "interviewer", "screener", "sourcer", "officer")
        seen[today] = [role for role in roles if reads(world, application_id, role)]
    assert seen == {
        "2027-02-28": ["recruiter", "interviewer", "screener", "officer"],
        "2027-03-01": ["recruiter", "officer"],
        "2027-03-31": ["recruiter", "officer"],
        "2027-04-01": ["sourcer", "officer"],
    }
    assert retention(world, application_id)["phase"] == "talent_pool"


def test_a_hired_applicants_record_follows_the_ordinary_dates(world: World):
    procedure_id = world.procedure(ends_on="2027-03-01")
    application_id = world.apply()
    assert set_status(world, application_id, "hired").status_code == 200
    world.close_procedure(procedure_id)
    world.clock.move_to("2026-12-22")
    assert not reads(world, application_id)
    assert completed(world)["purged"] == 1
