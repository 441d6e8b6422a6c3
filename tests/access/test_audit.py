"""The audit: every decision leaves one row, of ids and words; without it nothing happens."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from service.storage.database import db
from service.storage.tables import AuditEvent
from tests.access.promises import (
    APPLICATION_DOORS,
    DOORS,
    ON_A_TEAM,
    PROCEDURE_DOORS,
    ROLES,
    action_of,
)
from tests.access.scene import CANARY, DoorKey, Scene, everything_stored

READING = ("GET", "HEAD")
Request = Callable[[], TestResponse]


def allowed(scene: Scene, door: DoorKey, role: str) -> tuple[Request, UUID | None]:
    """A request that this role's is to be answered, and the one record that it is about."""
    outcomes = DOORS[door].outcomes[role]
    phase = next(phase for phase, status in outcomes.items() if status < 300)
    if door in PROCEDURE_DOORS:
        known = scene.empty if door[1].endswith("/holds") else scene.procedures
        return scene.prepared(door, role, procedure=known[phase]), None
    if door not in APPLICATION_DOORS:
        return scene.prepared(door, role), None
    record = scene.whole[phase] if door[0] in READING else scene.spare(phase, door)
    return scene.prepared(door, role, application=record), record


def demand_one_row(
    scene: Scene,
    response: TestResponse,
    role: str,
    action: str,
    outcome: str,
    *,
    about: UUID | None = None,
) -> AuditEvent:
    rows = scene.audited(response)
    subject = scene.subject(role, about or scene.whole["running"])
    assert [(row.role, row.subject, row.action, row.outcome) for row in rows] == [
        (role, subject, action, outcome)
    ]
    assert rows[0].at == scene.world.clock.now()
    assert rows[0].token_id is not None
    return rows[0]


@pytest.mark.parametrize("door", DOORS, ids=" ".join)
def test_what_is_allowed_leaves_one_row_that_says_who_did_what(scene: Scene, door: DoorKey):
    for role in sorted(DOORS[door].outcomes):
        request, record = allowed(scene, door, role)
        response = request()
        assert response.status_code < 300, response.text
        row = demand_one_row(scene, response, role, action_of(door, role), "allowed", about=record)
        if record is not None:
            assert row.application_ids == [str(record)]


@pytest.mark.parametrize("door", DOORS, ids=" ".join)
def test_what_a_role_is_denied_leaves_one_row_as_well(scene: Scene, door: DoorKey):
    record = scene.whole["running"]
    for role in sorted(ROLES - DOORS[door].outcomes.keys()):
        response = scene.ask(door, role, application=record)
        assert response.status_code == 403
        row = demand_one_row(scene, response, role, DOORS[door].action, "forbidden")
        assert row.application_ids == ([str(record)] if door in APPLICATION_DOORS else [])
        assert (row.fields, row.shown) == ([], 0)


@pytest.mark.parametrize("door", APPLICATION_DOORS, ids=" ".join)
def test_what_is_out_of_reach_leaves_one_row_that_names_what_was_asked(scene: Scene, door: DoorKey):
    for role in sorted(APPLICATION_DOORS[door].outcomes):
        record = scene.whole["running"] if role in ON_A_TEAM else uuid4()
        subject = f"other-{role}" if role in ON_A_TEAM else scene.subject(role, record)
        response = scene.ask(door, role, subject=subject, application=record)
        assert response.status_code == 404
        (row,) = scene.audited(response)
        assert (row.action, row.outcome) == (APPLICATION_DOORS[door].action, "not-found")
        assert (row.subject, row.application_ids) == (subject, [str(record)])
        assert (row.fields, row.shown) == ([], 0)


def test_a_row_names_the_fields_that_were_shown(scene: Scene):
    record = scene.whole["running"]
    path = f"/applications/{record}"
    shown = scene.world.get(f"{path}?fields=name,email", "recruiter")
    (row,) = scene.audited(shown)
    assert (row.fields, row.shown, row.purpose) == (["email", "name"], 1, "selection")
    denied = scene.world.get(f"{path}?fields=name,email", "interviewer")
    (row,) = scene.audited(denied)
    assert (row.outcome, row.fields, row.shown) == ("forbidden", [], 0)
    listed = scene.world.get(f"/procedures/{scene.procedures['running']}/applications", "screener")
    (row,) = scene.audited(listed)
    assert row.fields == ["availability"]
    assert row.application_ids == [item["id"] for item in listed.json["items"]]
    assert row.shown == len(row.application_ids)


def test_a_field_that_holds_nothing_was_not_shown(scene: Scene):
    path = f"/applications/{scene.whole['running']}?fields=name,age"
    shown = scene.world.get(path, "recruiter")
    assert shown.json["fields"].keys() == {"name"}
    (row,) = scene.audited(shown)
    assert row.fields == ["name"]


def test_a_caller_that_names_its_request_finds_it_in_the_audit(scene: Scene):
    name = str(uuid4())
    response = scene.world.get("/duties", "officer", headers={"X-Request-Id": name})
    assert response.headers["X-Request-Id"] == name
    assert [row.action for row in scene.audited(response)] == ["read-duties"]


def test_a_request_id_holds_nothing_but_an_id(scene: Scene):
    response = scene.world.get("/duties", "officer", headers={"X-Request-Id": CANARY})
    assert CANARY not in str(response.headers)
    assert UUID(response.headers["X-Request-Id"])


REFUSED = {
    "version-missing": {"headers": {"If-Match": ""}, "version": None},
    "version-stale": {"version": 999},
    "unsupported-media-type": {"json": None, "data": CANARY, "content_type": "text/plain"},
    "malformed": {"json": None, "data": f'{{"{CANARY}"', "content_type": "application/json"},
    "invalid": {"json": {CANARY: CANARY, "status": CANARY}},
}


@pytest.mark.parametrize("outcome", REFUSED)
def test_a_refused_request_leaves_one_row_with_the_code_of_the_refusal(scene: Scene, outcome: str):
    door = ("PATCH", "/v1/applications/<uuid:application_id>")
    response = scene.ask(door, "recruiter", **REFUSED[outcome])
    assert response.json["type"].endswith(f":{outcome}")
    demand_one_row(scene, response, "recruiter", "change-application", outcome)


def test_no_row_holds_anything_of_an_applicant(scene: Scene):
    record = scene.whole["running"]
    for kind in ("cv", "other"):
        document = scene.documents[record][kind]
        path = f"/applications/{record}/documents/{document}"
        assert scene.world.get(path, "recruiter", buffered=True).status_code == 200
    scene.world.get(f"/applications/{record}?fields={CANARY}", "recruiter")
    scene.world.get(f"/applications/{record}?{CANARY}={CANARY}", "recruiter")
    scene.world.get(f"/procedures?reference={CANARY}", "website")
    with scene.world.app.app_context():
        rows = db.session.execute(select(AuditEvent.__table__)).all()
    assert len(rows) > 100
    told = ("anarie", "sanne", "87654321", "1994-02-28", ".pdf")
    assert [row for row in rows if any(word in repr(tuple(row)).lower() for word in told)] == []


_NO_AUDIT = {
    "sqlite": (
        """CREATE TRIGGER no_audit BEFORE INSERT ON audit_event
        BEGIN SELECT RAISE(ABORT, 'no audit'); END""",
        "DROP TRIGGER no_audit",
    ),
    "postgresql": (
        """CREATE FUNCTION no_audit() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'no audit'; END $$;
        CREATE TRIGGER no_audit BEFORE INSERT ON audit_event
        FOR EACH ROW EXECUTE FUNCTION no_audit()""",
        "DROP FUNCTION no_audit() CASCADE",
    ),
}


@contextmanager
def unwritable_audit(scene: Scene) -> Iterator[None]:
    """The database refuses every insert into the audit table."""
    with scene.world.app.app_context():
        engine = db.engine
    raising, clearing = _NO_AUDIT[engine.dialect.name]
    with engine.begin() as connection:
        connection.exec_driver_sql(raising)
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql(clearing)


def test_without_the_audit_nothing_is_disclosed_and_nothing_changes(scene: Scene):
    requests = [
        (door, role, allowed(scene, door, role)[0])
        for door in DOORS
        for role in sorted(DOORS[door].outcomes)
    ]
    before = everything_stored(scene.world)
    with unwritable_audit(scene):
        answers = [(door, role, request()) for door, role, request in requests]
    assert everything_stored(scene.world) == before
    for door, role, response in answers:
        assert response.status_code == 503, (door, role, response.text)
        assert set(response.json) == {"type", "title", "status", "request_id"}
        assert response.headers["Retry-After"]
        assert "ETag" not in response.headers
        assert "Location" not in response.headers


def test_without_the_audit_a_refusal_is_503_too_and_tells_nothing(scene: Scene):
    requests = [
        scene.prepared(door, role, application=record)
        for door in APPLICATION_DOORS
        for role in sorted(ROLES)
        for record in (uuid4(), scene.purged)
    ]
    before = everything_stored(scene.world)
    with unwritable_audit(scene):
        answers = [request() for request in requests]
    assert {response.status_code for response in answers} == {503}
    assert everything_stored(scene.world) == before


def test_once_the_audit_can_be_written_again_all_works_again(scene: Scene):
    door = ("GET", "/v1/applications/<uuid:application_id>")
    with unwritable_audit(scene):
        assert scene.ask(door, "recruiter").status_code == 503
    response = scene.ask(door, "recruiter")
    assert response.status_code == 200
    demand_one_row(scene, response, "recruiter", "read-application", "allowed")
