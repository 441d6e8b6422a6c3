"""What a team may no longer see is not there for it: in no list, cursor, duplicate or status."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from service.storage.tables import Procedure
from tests.faults.damage import behind
from tests.harness.databases import Databases
from tests.world import World

EMAIL = "sanne@example.org"
CONSENT = {"consent": {"wording_version": "w1"}}


@pytest.fixture
def running(world: World) -> UUID:
    """A procedure that runs long, with an interviewer whose token is a recruiter's."""
    world.wording()
    procedure_id = world.procedure(ends_on="2027-10-01")
    path = f"/procedures/{procedure_id}/team/guest"
    assert world.call("PUT", path, "recruiter", json={"role": "interviewer"}).status_code == 200
    return procedure_id


@pytest.fixture
def pooled(world: World, running: UUID) -> UUID:
    """Withdrawn with consent, a month and more ago: nobody of the team sees it any more."""
    del running
    application_id = world.apply(fields={"name": "Sanne", "email": EMAIL}, **CONSENT)
    withdrawn = world.post(f"/applications/{application_id}/withdrawal", "website")
    assert withdrawn.status_code == 201
    world.clock.move_to("2027-01-10")
    return application_id


def listed(world: World, procedure_id: UUID, query: str = "", **who: Any) -> dict[str, Any]:
    path = f"/procedures/{procedure_id}/applications{query}"
    return dict(world.get(path, who.pop("role", "recruiter"), **who).json)


@pytest.mark.parametrize("role", ["recruiter", "interviewer"])
def test_a_list_and_its_cursors_tell_nothing_of_it(
    world: World, running: UUID, pooled: UUID, role: str
):
    del pooled
    assert listed(world, running, "?limit=1", role=role) == {"items": [], "next": None}
    second = world.apply(fields={"name": "Daan", "phone": "0592 123456"})
    page = listed(world, running, "?limit=1", role=role)
    assert ([item["id"] for item in page["items"]], page["next"]) == ([str(second)], None)


def test_it_is_nobodys_duplicate(world: World, running: UUID, pooled: UUID):
    again = world.apply(fields={"name": "Sanne", "email": EMAIL})
    (item,) = listed(world, running)["items"]
    assert (item["id"], item["possible_duplicates"]) == (str(again), [])
    assert str(pooled) not in f"{item}"


def attempts(world: World, application_id: UUID, subject: str) -> list[int]:
    path, who = f"/applications/{application_id}", {"subject": subject}
    consent = {"change": "withdrawn", "channel": "phone"}
    return [
        world.patch(path, "recruiter", version=1, json={"status": "invited"}, **who).status_code,
        world.post(f"{path}/withdrawal", "recruiter", **who).status_code,
        world.post(f"{path}/consent-events", "recruiter", json=consent, **who).status_code,
        world.get(f"{path}/consent-events", "recruiter", **who).status_code,
    ]


def test_what_a_guest_may_not_do_here_tells_him_only_of_what_he_sees(world: World, pooled: UUID):
    assert attempts(world, pooled, "guest") == [404] * 4
    seen = world.apply()
    assert attempts(world, seen, "guest") == [403] * 4
    assert attempts(world, pooled, "recruiter") == [404] * 4


def test_a_list_refuses_by_name_what_no_phase_after_the_end_shows(world: World, running: UUID):
    world.apply(fields={"name": "Daan", "email": EMAIL, "motivation": "Graag."})
    path = f"/procedures/{running}/applications?fields=name,motivation"
    assert world.get(path, "recruiter").status_code == 200
    world.close_procedure(running)
    refused = world.get(path, "recruiter")
    assert refused.status_code == 403
    fault = {"pointer": "/query/fields/motivation", "code": "not-for-this-role"}
    assert refused.json["errors"] == [fault]


def test_a_stranger_waits_for_nobodys_lock(postgresql_world: World):
    world = postgresql_world
    procedure_id = world.procedure()
    with behind(world) as other:
        locked = select(Procedure).where(Procedure.id == procedure_id).with_for_update()
        assert other.scalars(locked).one().id == procedure_id
        refused = world.patch(
            f"/procedures/{procedure_id}",
            "recruiter",
            subject="stranger",
            version=1,
            json={"title": "Anders"},
        )
        assert refused.status_code == 404


@pytest.fixture
def postgresql_world(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    url = databases.fresh("postgresql")
    world = World.make(url, tmp_path_factory.mktemp("world"), {"KLUIS_READ_BUDGET": "30"})
    yield world
    world.close()
    databases.drop(url)


def test_who_reads_in_parallel_has_one_budget(postgresql_world: World):
    world = postgresql_world
    procedures = [world.procedure(f"V-{number}") for number in range(8)]
    for number in range(80):
        world.apply(f"V-{number % 8}")
    world.token("recruiter")
    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(lambda one: listed(world, one), procedures))
    shown = {item["id"] for page in pages for item in page.get("items", [])}
    assert len(shown) <= 30
    assert {page["type"] for page in pages if "type" in page} <= {
        "urn:problem-type:kluis:read-budget-spent"
    }
