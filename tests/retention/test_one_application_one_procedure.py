"""Rule 7: one application, one procedure; and the open application, whose procedure is its own."""

from collections.abc import Callable
from uuid import UUID

from tests.retention.acts import (
    completed,
    erase,
    hold,
    open_application,
    purge_on,
    reads,
    retention,
    rows,
    withdraw,
)
from tests.world import World

SAME = {"name": "Daan Smit", "email": "daan@example.org"}


def items(world: World, procedure_id: UUID, role: str) -> dict[str, object]:
    listed = world.get(f"/procedures/{procedure_id}/applications", role).json["items"]
    return {item["id"]: item["possible_duplicates"] for item in listed}


def test_one_person_in_two_procedures_is_two_records_with_two_dates(world: World):
    first_id = world.procedure(ends_on="2027-03-01")
    second_id = world.procedure("V-2", ends_on="2027-05-01")
    first, second = world.apply(fields=SAME), world.apply("V-2", fields=SAME)
    assert (purge_on(world, first), purge_on(world, second)) == ("2027-04-01", "2027-06-01")
    assert items(world, first_id, "recruiter") == {str(first): []}
    assert items(world, second_id, "recruiter") == {str(second): []}
    indexes = rows(world, "SELECT DISTINCT email_index FROM application")
    assert len(indexes) == 2
    world.clock.move_to("2027-04-01")
    assert (reads(world, first), reads(world, second)) == (False, True)


def test_each_procedure_has_its_own_team(world: World):
    world.procedure()
    application_id = world.apply()
    body = {"reference": "V-2", "title": "Tester", "ends_on": "2027-03-01"}
    assert world.post("/procedures", "recruiter", subject="r2", json=body).status_code == 201
    path = f"/applications/{application_id}"
    assert world.get(path, "recruiter", subject="r2").status_code == 404
    assert world.get(path, "recruiter").status_code == 200


def test_who_applies_twice_is_shown_to_the_recruiters_only(world: World):
    procedure_id = world.procedure()
    first = world.apply(fields=SAME)
    other = world.apply()
    second = world.apply(fields={**SAME, "email": "DAAN@example.org"})
    assert items(world, procedure_id, "recruiter") == {
        str(first): [str(second)],
        str(other): [],
        str(second): [str(first)],
    }
    for role in ("interviewer", "screener"):
        assert set(items(world, procedure_id, role).values()) <= {None}, role


def test_applying_twice_is_answered_like_applying_once(world: World):
    world.procedure()
    body = {"procedure_reference": "V-1", "fields": SAME}
    answers = [world.post("/applications", "website", json=body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json.keys() == answers[1].json.keys()
    assert answers[0].json["id"] != answers[1].json["id"]


def test_a_duplicate_past_its_date_is_no_longer_named(world: World):
    procedure_id = world.procedure(ends_on="2027-06-01")
    first, second = world.apply(fields=SAME), world.apply(fields=SAME)
    withdraw(world, first)
    world.clock.move_to("2026-12-22")
    assert items(world, procedure_id, "recruiter") == {str(second): []}


def test_a_duplicate_is_withdrawn_and_purged_alone(world: World):
    world.procedure(ends_on="2027-06-01")
    first, second = world.apply(fields=SAME), world.apply(fields=SAME)
    withdraw(world, first)
    world.clock.move_to("2026-12-22")
    assert completed(world)["purged"] == 1
    assert reads(world, second)


# Open applications


def test_an_open_application_gets_a_procedure_of_its_own_for_three_months(world: World):
    world.clock.move_to("2026-11-30")
    made = open_application(world).json
    twin = open_application(world).json
    assert made["purge_on"] == made["purge_on_without_consent"] == "2027-03-28"
    assert made["purge_on_with_consent"] == "2028-02-28"
    view = world.get(f"/applications/{made['id']}", "recruiter").json
    other = world.get(f"/applications/{twin['id']}", "recruiter").json
    assert view["procedure_id"] != other["procedure_id"]
    procedure = world.get(f"/procedures/{view['procedure_id']}", "recruiter").json
    assert (procedure["kind"], procedure["reference"]) == ("open", None)
    assert (procedure["opened_on"], procedure["ends_on"]) == ("2026-11-30", "2027-02-28")
    assert procedure["title"] == "Open application 2026-11-30"


def test_an_open_application_goes_to_the_configured_team(make_world: Callable[..., World]):
    world = make_world(KLUIS_OPEN_TEAM="anna:recruiter, ben:interviewer")
    application_id = open_application(world).json["id"]
    path = f"/applications/{application_id}"
    assert world.get(path, "recruiter", subject="anna").status_code == 200
    assert world.get(path, "interviewer", subject="ben").status_code == 200
    assert world.get(path, "recruiter").status_code == 404


def test_the_recruiter_who_takes_one_in_is_on_its_team(make_world: Callable[..., World]):
    world = make_world(KLUIS_OPEN_TEAM="anna:recruiter")
    made = open_application(world, "recruiter", channel="branch").json
    procedure_id = world.get(f"/applications/{made['id']}", "recruiter").json["procedure_id"]
    team = world.get(f"/procedures/{procedure_id}/team", "recruiter").json
    assert {member["subject"]: member["role"] for member in team} == {
        "anna": "recruiter",
        "recruiter": "recruiter",
    }


def test_without_a_configured_team_no_open_applications_are_taken(make_world: Callable[..., World]):
    world = make_world(KLUIS_OPEN_TEAM="")
    refused = open_application(world)
    assert (refused.status_code, refused.json["type"][-13:]) == (409, "intake-closed")
    assert rows(world, "SELECT count(*) FROM procedure")[0][0] == 0


def test_its_procedure_goes_with_it_in_the_purge(world: World):
    made = open_application(world)
    world.procedure(ends_on="2027-02-01")
    world.apply()
    assert made.json["purge_on"] == "2027-03-22"
    world.clock.move_to("2027-03-22")
    assert completed(world)["purged"] == 2
    assert [row[0] for row in rows(world, "SELECT reference FROM procedure")] == ["V-1"]
    assert rows(world, "SELECT count(*) FROM team_member")[0][0] == 3
    assert rows(world, "SELECT count(*) FROM purge_receipt")[0][0] == 2


def test_its_procedure_goes_with_it_in_an_erasure(world: World):
    made, twin = open_application(world).json, open_application(world).json
    assert erase(world, made["id"]).status_code == 204
    assert rows(world, "SELECT count(*) FROM procedure")[0][0] == 1
    assert rows(world, "SELECT count(*) FROM team_member")[0][0] == 1
    assert reads(world, twin["id"])


def test_a_hold_on_its_procedure_keeps_it_and_then_goes_with_it(world: World):
    made = open_application(world).json
    procedure_id = world.get(f"/applications/{made['id']}", "recruiter").json["procedure_id"]
    world.clock.move_to("2027-03-21")
    held = hold(world, procedure_id, "2027-05-01", on="procedures")
    assert held.status_code == 201
    world.clock.move_to("2027-03-22")
    assert completed(world)["passed_over"] == 1
    world.clock.move_to("2027-05-01")
    assert world.purge().status_code == 409  # 40 days without a run: the brake, not the hold
    confirmed = world.purge("officer", plan=world.purge().json["plan"])
    assert confirmed.json["purged"] == 1
    for table in ("procedure", "hold", "team_member", "application"):
        assert rows(world, f"SELECT count(*) FROM {table}")[0][0] == 0, table


def test_an_open_application_is_prolonged_to_a_year_at_most(world: World):
    made = open_application(world).json
    procedure_id = world.get(f"/applications/{made['id']}", "recruiter").json["procedure_id"]
    path = f"/procedures/{procedure_id}"
    late = world.patch(path, "recruiter", version=1, json={"ends_on": "2027-11-23"})
    assert late.status_code == 422
    later = world.patch(path, "recruiter", version=1, json={"ends_on": "2027-11-22"})
    assert later.status_code == 200
    assert retention(world, made["id"])["purge_on"] == "2027-12-22"
