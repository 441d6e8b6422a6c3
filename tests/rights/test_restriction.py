"""Restriction and objection (art. 18, 21): the team stops reading while they last."""

from typing import Any
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from tests.access.scene import without_request_id
from tests.factories import PDF, FullFieldsFactory
from tests.retention.acts import reads, rows, set_status
from tests.rights.applicants import Applicant
from tests.rights.asking import change, change_own, conflict, disclose, file, notices, refuse
from tests.world import World

TEAM = ("recruiter", "interviewer", "screener")
CV = {"cv": ("cv.pdf", PDF)}


@pytest.fixture
def applicant(world: World) -> Applicant:
    """A hired applicant with a CV and consent, so that there is much to stop."""
    world.wording()
    world.procedure(ends_on="2027-03-01")
    applicant = Applicant.apply(world, files=CV, consents=True)
    set_status(world, applicant.id, "hired")
    return applicant


def procedure_of(world: World) -> str:
    found: str = world.get("/procedures?reference=V-1", "recruiter").json["items"][0]["id"]
    return found


def doors(applicant: Applicant) -> dict[str, tuple[str, str, str, dict[str, Any]]]:
    """What the team and the sourcer do with a record, by what it is."""
    path = f"/applications/{applicant.id}"
    purpose = {"query_string": {"purpose": "supervision"}}
    (cv,) = applicant.world.get(f"{path}/documents", "officer", **purpose).json
    found: dict[str, tuple[str, str, str, dict[str, Any]]] = {
        f"read as {role}": ("GET", path, role, {}) for role in TEAM
    }
    found |= {
        "retention": ("GET", f"{path}/retention", "interviewer", {}),
        "documents": ("GET", f"{path}/documents", "interviewer", {}),
        "download": ("GET", f"{path}/documents/{cv['id']}", "recruiter", {}),
        "consent": ("GET", f"{path}/consent-events", "recruiter", {}),
        "status": ("PATCH", path, "recruiter", {"version": 99, "json": {"status": "invited"}}),
        "handover": ("POST", f"{path}/handover", "recruiter", {"json": {"fields": ["name"]}}),
    }
    return found


def go(world: World, door: tuple[str, str, str, dict[str, Any]]) -> TestResponse:
    method, path, role, options = door
    return world.call(method, path, role, buffered=True, **options)


@pytest.mark.parametrize("kind", ["restriction", "objection"])
def test_the_team_finds_nothing_from_the_next_request_on(applicant: Applicant, kind: str):
    world, tried = applicant.world, doors(applicant)
    missing = without_request_id(world.get(f"/applications/{uuid4()}", "recruiter"))
    assert {name for name, door in tried.items() if go(world, door).status_code == 404} == set()
    asked = applicant.ask(kind)
    assert asked.status_code == 201
    for name, door in tried.items():
        answer = go(world, door)
        assert answer.status_code == 404, name
        assert without_request_id(answer) == missing
    assert applicant.get("/applications/{id}").json["fields"]["name"]
    assert reads(world, applicant.id, "officer")
    assert change_own(applicant, asked, lifted=True).status_code == 200
    for name, door in tried.items():
        assert go(world, door).status_code != 404, name


def test_it_is_in_no_list_and_no_duplicate(applicant: Applicant):
    world = applicant.world
    fields = applicant.get("/applications/{id}").json["fields"]
    twin = Applicant.apply(world, fields=FullFieldsFactory(email=fields["email"]))
    path = f"/procedures/{procedure_of(world)}/applications"

    def listed(role: str) -> dict[str, Any]:
        items = world.get(path, role).json["items"]
        return {item["id"]: item["possible_duplicates"] for item in items}

    assert listed("recruiter") == {
        str(applicant.id): [str(twin.id)],
        str(twin.id): [str(applicant.id)],
    }
    asked = applicant.ask("restriction")
    assert listed("recruiter") == {str(twin.id): []}
    assert set(listed("interviewer")) == set(listed("screener")) == {str(twin.id)}
    change(world, asked, lifted=True)
    assert listed("recruiter")[str(twin.id)] == [str(applicant.id)]


def test_a_sourcer_does_not_find_it(applicant: Applicant):
    world = applicant.world
    world.clock.move_to("2027-04-02")
    applicant.logged_in()

    def pool() -> list[str]:
        return [item["id"] for item in world.get("/talent-pool", "sourcer").json["items"]]

    assert pool() == [str(applicant.id)]
    applicant.ask("restriction")
    assert pool() == []
    assert not reads(world, applicant.id, "sourcer")


def test_a_restriction_stays_while_others_end(applicant: Applicant):
    world = applicant.world
    first = applicant.ask("restriction")
    second = applicant.ask("objection")
    change_own(applicant, first, lifted=True)
    assert not reads(world, applicant.id)
    refuse(world, second, "compelling-grounds")
    assert reads(world, applicant.id)


@pytest.mark.parametrize(
    ("outcome", "stops"),
    [
        ({"outcome": "answered"}, True),
        ({"outcome": "refused", "refusal_reason": "compelling-grounds"}, False),
        ({"outcome": "withdrawn"}, False),
    ],
)
def test_an_objection_stops_while_it_is_judged_and_after_that_if_it_was_right(
    applicant: Applicant, outcome: dict[str, Any], *, stops: bool
):
    world, asked = applicant.world, applicant.ask("objection")
    assert not reads(world, applicant.id)
    assert change(world, asked, **outcome).status_code == 200
    assert reads(world, applicant.id) is not stops
    lifted = change(world, asked, lifted=True)
    assert lifted.status_code == (200 if stops else 409)
    assert reads(world, applicant.id)


def test_an_objection_that_nobody_judged_is_its_owners_to_take_back(applicant: Applicant):
    world, asked = applicant.world, applicant.ask("objection")
    assert conflict(change(world, asked, lifted=True)) == "not-judged"
    assert not reads(world, applicant.id)
    taken_back = change_own(applicant, asked, lifted=True)
    assert taken_back.json["outcome"] == "withdrawn"
    assert reads(world, applicant.id)


def test_what_was_lifted_or_never_lasted_is_not_lifted_again(applicant: Applicant):
    world = applicant.world
    restriction, complaint = applicant.ask("restriction"), applicant.ask("complaint")
    unknown = file(world, "website", "restriction", applicant.id)
    assert change_own(applicant, restriction, lifted=True).json["lifted_at"] is not None
    for asked in (restriction, complaint, unknown):
        refused = change(world, asked, lifted=True)
        assert (refused.status_code, refused.json["type"][-14:]) == (409, "already-lifted")


def test_nobody_is_stopped_by_who_is_not_known(applicant: Applicant):
    for kind in ("restriction", "objection"):
        for role in ("website", "recruiter"):
            file(applicant.world, role, kind, applicant.id)
    assert reads(applicant.world, applicant.id)


def test_recipients_are_told_where_it_begins_and_where_it_ends_and_only_there(applicant: Applicant):
    world = applicant.world
    disclose(world, applicant.id, "Bureau A")
    asked = [applicant.ask("restriction"), applicant.ask("objection")]
    assert notices(world) == [("Bureau A", "application.restricted", [])]
    world.clock.move_to("2026-11-23")
    applicant.logged_in()
    for one in asked:
        change_own(applicant, one, lifted=True)
    assert notices(world) == [
        ("Bureau A", "application.restricted", []),
        ("Bureau A", "application.released", []),
    ]


def test_it_is_restricted_since_the_first_of_those_that_last(applicant: Applicant):
    world, since = applicant.world, []

    def restricted_at() -> Any:
        return rows(world, "SELECT restricted_at FROM application")[0][0]

    first = applicant.ask("restriction")
    since.append(restricted_at())
    world.clock.move_to("2026-11-23")
    applicant.logged_in()
    second = applicant.ask("objection")
    since.append(restricted_at())
    change_own(applicant, first, lifted=True)
    since.append(restricted_at())
    change_own(applicant, second, lifted=True)
    since.append(restricted_at())
    assert since[0] == since[1]
    assert str(since[0]) < str(since[2])
    assert since[3] is None
