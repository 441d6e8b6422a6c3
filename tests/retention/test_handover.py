"""Rule 9: a hired applicant's necessary fields are handed to personnel, once, while it runs."""

from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from tests.faults.damage import flipped, put_seal, sealed
from tests.retention.acts import audited, purge_on, rows, set_status
from tests.world import World

FIELDS = {"name": "Sanne de Vries", "email": "sanne@example.org", "gender": "female"}


@pytest.fixture
def hired(world: World) -> UUID:
    world.procedure(ends_on="2027-03-01")
    application_id = world.apply(fields=FIELDS)
    assert set_status(world, application_id, "hired").status_code == 200
    return application_id


def hand_over(
    world: World, application_id: UUID, *fields: str, role: str = "recruiter", subject: str = ""
) -> TestResponse:
    path, body = f"/applications/{application_id}/handover", {"fields": list(fields)}
    return world.post(path, role, subject=subject or None, json=body)


def test_the_chosen_fields_are_handed_over_and_it_is_recorded(world: World, hired: UUID):
    before = purge_on(world, hired)
    answered = hand_over(world, hired, "name", "email")
    assert answered.status_code == 201
    assert answered.json["fields"] == {"name": "Sanne de Vries", "email": "sanne@example.org"}
    assert answered.json["unreadable"] == []
    event = audited(world, hired, "hand-over")
    assert event["outcome"] == "allowed"
    assert event["fields"] == ["email", "name"]
    assert event["details"] == {"recipient": "personnel"}
    assert rows(world, "SELECT disclosed_by FROM disclosure")[0][0] == "recruiter"
    assert purge_on(world, hired) == before


def test_what_holds_nothing_is_not_said_to_be_handed_over(world: World, hired: UUID):
    answered = hand_over(world, hired, "name", "birth_date")
    assert answered.json["fields"].keys() == {"name"}
    assert audited(world, hired, "hand-over")["fields"] == ["name"]
    (recorded,) = world.get("/disclosures", "officer").json["items"]
    assert recorded["fields"] == ["name"]


def test_what_does_not_open_is_not_said_to_be_handed_over(world: World, hired: UUID):
    put_seal(world, hired, "email", flipped(sealed(world, hired, "email"), -1))
    answered = hand_over(world, hired, "name", "email")
    assert (answered.json["fields"].keys(), answered.json["unreadable"]) == ({"name"}, ["email"])
    assert audited(world, hired, "hand-over")["fields"] == ["name"]
    (recorded,) = world.get("/disclosures", "officer").json["items"]
    assert recorded["fields"] == ["name"]


def test_it_is_done_once(world: World, hired: UUID):
    hand_over(world, hired, "name")
    again = hand_over(world, hired, "email")
    assert (again.status_code, again.json["type"][-19:]) == (409, "already-handed-over")
    assert "fields" not in again.json


@pytest.mark.parametrize("status", ["received", "invited", "offered", "rejected"])
def test_only_a_hired_applicants_fields_are_handed_over(sqlite_world: World, status: str):
    sqlite_world.procedure()
    application_id = sqlite_world.apply()
    set_status(sqlite_world, application_id, status)
    refused = hand_over(sqlite_world, application_id, "name")
    assert (refused.status_code, refused.json["type"][-9:]) == (409, "not-hired")


def test_not_after_the_procedure(world: World, hired: UUID):
    world.clock.move_to("2027-03-01")
    refused = hand_over(world, hired, "name")
    assert (refused.status_code, refused.json["type"][-14:]) == (409, "procedure-over")
    world.clock.move_to("2027-02-28")
    assert hand_over(world, hired, "name").status_code == 201


@pytest.mark.parametrize("role", ["interviewer", "screener", "officer", "website", "admin"])
def test_only_a_recruiter_hands_over(world: World, role: str):
    world.procedure()
    application_id = world.apply()
    set_status(world, application_id, "hired")
    assert hand_over(world, application_id, "name", role=role).status_code == 403


def test_a_recruiter_elsewhere_hands_nothing_over(world: World, hired: UUID):
    assert hand_over(world, hired, "name", subject="elsewhere").status_code == 404


def test_a_recruiter_who_only_interviews_here_hands_nothing_over(world: World, hired: UUID):
    view = world.get(f"/applications/{hired}", "recruiter").json
    path = f"/procedures/{view['procedure_id']}/team/r2"
    world.call("PUT", path, "recruiter", json={"role": "interviewer"})
    assert hand_over(world, hired, "name", subject="r2").status_code == 403
    assert rows(world, "SELECT count(*) FROM disclosure")[0][0] == 0


@pytest.mark.parametrize("fields", [[], ["shoe_size"], ["name", "purge_on"]])
def test_only_fields_of_the_catalogue_are_handed_over(sqlite_world: World, fields: list[str]):
    sqlite_world.procedure()
    application_id = sqlite_world.apply()
    set_status(sqlite_world, application_id, "hired")
    assert hand_over(sqlite_world, application_id, *fields).status_code == 422
    assert rows(sqlite_world, "SELECT count(*) FROM disclosure")[0][0] == 0
