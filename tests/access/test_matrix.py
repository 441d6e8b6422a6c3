"""The matrix: every door, for every role, own, foreign, missing and past-date, in every phase."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from tests.access.promises import (
    APPLICATION_DOORS,
    ON_A_TEAM,
    OTHER_DOORS,
    PHASES,
    PROCEDURE_DOORS,
    ROLES,
    WITH_THEIR_OWN,
)
from tests.access.scene import DoorKey, Scene

READING = ("GET", "HEAD")
Cell = tuple[str, str, str]


def cells(outcomes: dict[str, dict[str, int]]) -> Iterator[Cell]:
    """Role, whose record, phase; fewer for the roles that are to get no further than the door."""
    for role in sorted(ROLES):
        for phase in PHASES if role in outcomes else ("running", "over"):
            yield role, "own", phase
            if role in WITH_THEIR_OWN:
                yield role, "foreign", phase
        yield role, "missing", "running"
        if role in outcomes:
            yield role, "purged", "over"


def expected(outcomes: dict[str, dict[str, int]], cell: Cell) -> int:
    role, whose, phase = cell
    if role not in outcomes:
        return 403
    return outcomes[role].get(phase, 404) if whose == "own" else 404


def subject_of(scene: Scene, cell: Cell, record: UUID) -> str:
    """An applicant is who his record is; in any other he is a stranger."""
    role, whose, _ = cell
    if role == "applicant":
        return str(record if whose == "own" else scene.stranger)
    return f"other-{role}" if whose == "foreign" else role


def record_of(scene: Scene, door: DoorKey, cell: Cell, status: int) -> UUID:
    """The record asked for; one that can go where it is about to be changed."""
    _, whose, phase = cell
    if whose in ("missing", "purged"):
        return uuid4() if whose == "missing" else scene.purged
    if status < 300 and door[0] not in READING:
        return scene.spare(phase, door)
    return scene.whole[phase]


def titled(door: DoorKey) -> str:
    return " ".join(door)


@pytest.mark.parametrize("door", APPLICATION_DOORS, ids=titled)
def test_a_record_answers_each_role_as_promised(scene: Scene, door: DoorKey):
    wrong = {}
    outcomes = APPLICATION_DOORS[door].outcomes
    for cell in cells(outcomes):
        status = expected(outcomes, cell)
        record = record_of(scene, door, cell, status)
        subject = subject_of(scene, cell, record)
        response = scene.ask(door, cell[0], subject=subject, application=record)
        if response.status_code != status:
            wrong[cell] = (response.status_code, status, response.text)
    assert wrong == {}


@pytest.mark.parametrize("door", PROCEDURE_DOORS, ids=titled)
def test_a_procedure_answers_each_role_as_promised(scene: Scene, door: DoorKey):
    wrong = {}
    outcomes = PROCEDURE_DOORS[door].outcomes
    for cell in cells(outcomes):
        role, whose, phase = cell
        status = expected(outcomes, cell)
        known = scene.empty if door[1].endswith("/holds") else scene.procedures
        procedure = uuid4() if whose in ("missing", "purged") else known[phase]
        subject = subject_of(scene, cell, scene.stranger)
        response = scene.ask(door, role, subject=subject, procedure=procedure)
        if response.status_code != status:
            wrong[cell] = (response.status_code, status, response.text)
    assert wrong == {}


@pytest.mark.parametrize("door", OTHER_DOORS, ids=titled)
def test_every_other_door_answers_each_role_as_promised(scene: Scene, door: DoorKey):
    wrong = {}
    for role in sorted(ROLES):
        status = OTHER_DOORS[door].outcomes.get(role, {}).get("none", 403)
        response = scene.ask(door, role)
        if response.status_code != status:
            wrong[role] = (response.status_code, status, response.text)
    assert wrong == {}


def test_the_website_reads_nothing_that_it_wrote(scene: Scene):
    record = scene.whole["running"]
    for door in (*APPLICATION_DOORS, *PROCEDURE_DOORS):
        if door[0] == "GET":
            response = scene.ask(door, "website", application=record)
            assert response.status_code == 403, door
            assert "anarie" not in response.text


def test_an_application_of_another_channel_is_not_the_websites(scene: Scene):
    made = scene.ask(("POST", "/v1/applications"), "recruiter").json["id"]
    for what in ("withdrawal", "consent-events", "documents"):
        door = ("POST", f"/v1/applications/<uuid:application_id>/{what}")
        assert scene.ask(door, "website", application=UUID(made)).status_code == 404, what


def test_a_role_answers_for_its_own_channel_only(scene: Scene):
    fields = {"name": "Sanne", "email": "s@example.org"}
    for role, channel, told in (
        ("website", "phone", "Leave channel out"),
        ("recruiter", "website", "name email, phone or branch"),
    ):
        body = {"procedure_reference": "V-running", "channel": channel, "fields": fields}
        response = scene.world.post("/applications", role, json=body)
        assert response.status_code == 403
        assert response.json["errors"] == [{"pointer": "/channel", "code": "not-for-this-role"}]
        assert told in response.json["detail"]


def test_a_recruiter_takes_in_for_his_own_procedures_only(scene: Scene):
    body = {"procedure_reference": "V-foreign", "channel": "phone", "fields": {"name": "Sanne"}}
    body["fields"]["email"] = "s@example.org"
    foreign = scene.world.post("/applications", "recruiter", json=body)
    body["procedure_reference"] = "V-none"
    missing = scene.world.post("/applications", "recruiter", json=body)
    assert foreign.status_code == missing.status_code == 422
    assert foreign.json["errors"] == missing.json["errors"]


@pytest.mark.parametrize("role", ON_A_TEAM)
def test_who_selects_lists_his_own_procedures_only(scene: Scene, role: str):
    listed = {row["reference"] for row in scene.world.get("/procedures", role).json["items"]}
    assert "V-running" in listed
    assert "V-foreign" not in listed
    other = scene.world.get("/procedures", "recruiter", subject="other-recruiter").json["items"]
    assert [row["reference"] for row in other] == ["V-foreign"]
    named = scene.world.get("/procedures?reference=V-foreign", role).json["items"]
    assert named == []


def test_the_website_learns_four_things_of_one_vacancy(scene: Scene):
    asked = scene.world.get("/procedures?reference=V-running", "website").json["items"]
    assert [set(item) for item in asked] == [{"id", "title", "apply_until", "is_open"}]
    assert scene.world.get("/procedures", "website").status_code == 422


def test_the_purger_sees_counts_and_the_officer_ids(scene: Scene):
    plan = scene.world.purge(dry_run=True).json["id"]
    assert scene.world.get(f"/purge-runs/{plan}", "purger").json["application_ids"] is None
    ids = scene.world.get(f"/purge-runs/{plan}", "officer").json["application_ids"]
    assert str(scene.whole["over"]) in ids


def test_only_the_officer_confirms_a_plan(scene: Scene):
    plan = scene.world.purge(dry_run=True).json["id"]
    response = scene.world.purge(plan=plan)
    assert response.status_code == 403
    assert response.json["errors"] == [{"pointer": "/plan", "code": "not-for-this-role"}]
    assert scene.world.purge("officer").status_code == 422
