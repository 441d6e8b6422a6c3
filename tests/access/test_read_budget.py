"""The read budget: distinct applications a subject and hour, counted from the audit."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from tests.access.scene import alarms
from tests.factories import PDF
from tests.harness.databases import Databases
from tests.world import World

Small = tuple[World, UUID, list[UUID]]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def made(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Small]:
    """A budget of five, and seven applications in one procedure."""
    url = databases.fresh(request.param)
    world = World.make(url, tmp_path_factory.mktemp("world"), {"KLUIS_READ_BUDGET": "5"})
    procedure_id = world.procedure()
    yield world, procedure_id, [world.apply(files={"cv": ("cv.pdf", PDF)}) for _ in range(7)]
    world.close()
    databases.drop(url)


@pytest.fixture
def small(made: Small) -> Small:
    """The same, hours after the test before."""
    made[0].clock.moment += timedelta(hours=2)
    return made


def read(world: World, record: UUID, role: str = "recruiter", **who: str) -> TestResponse:
    return world.get(f"/applications/{record}", role, **who)


def demand_spent(response: TestResponse) -> None:
    assert response.status_code == 429
    assert response.json["type"].endswith(":read-budget-spent")
    assert int(response.headers["Retry-After"]) > 0
    assert "fields" not in response.json
    assert "items" not in response.json


def test_the_sixth_application_is_refused_with_an_alarm(small: Small):
    world, _, records = small
    assert [read(world, record).status_code for record in records[:5]] == [200] * 5
    before = alarms(world, "read-budget-spent")
    demand_spent(read(world, records[5]))
    assert alarms(world, "read-budget-spent") == before + 1
    demand_spent(read(world, records[6]))
    assert alarms(world, "read-budget-spent") == before + 2


def test_reading_the_same_again_is_free(small: Small):
    world, _, records = small
    again = [read(world, record).status_code for record in records[:5] * 3]
    assert again == [200] * 15
    demand_spent(read(world, records[5]))
    assert read(world, records[0]).status_code == 200


def test_lists_count_what_they_show(small: Small):
    world, procedure_id, records = small
    path = f"/procedures/{procedure_id}/applications"
    demand_spent(world.get(path, "recruiter"))
    page = world.get(f"{path}?limit=5", "recruiter")
    assert len(page.json["items"]) == 5
    shown = {item["id"] for item in page.json["items"]}
    others = [record for record in records if str(record) not in shown]
    demand_spent(read(world, others[0]))
    demand_spent(world.get(f"{path}?limit=5&cursor={page.json['next']}", "recruiter"))
    assert world.get(f"{path}?limit=5", "recruiter").status_code == 200


def test_documents_and_handovers_count_as_reading(small: Small):
    world, _, records = small
    hired = {"status": "hired"}
    path = f"/applications/{records[6]}"
    assert world.patch(path, "recruiter", version=1, json=hired).status_code == 200
    listed = [world.get(f"/applications/{r}/documents", "recruiter") for r in records[:5]]
    assert [answer.status_code for answer in listed] == [200] * 5
    cv = listed[0].json[0]["id"]
    known = world.get(f"/applications/{records[0]}/documents/{cv}", "recruiter", buffered=True)
    assert known.data == PDF
    demand_spent(world.get(f"/applications/{records[5]}/documents", "recruiter"))
    order = {"fields": ["name"]}
    demand_spent(world.post(f"{path}/handover", "recruiter", json=order))
    world.clock.moment += timedelta(hours=1)
    assert world.post(f"{path}/handover", "recruiter", json=order).status_code == 201
    assert [read(world, record).status_code for record in records[:4]] == [200] * 4
    demand_spent(read(world, records[4]))


def test_after_an_hour_there_is_a_budget_again(small: Small):
    world, _, records = small
    for record in records[:5]:
        assert read(world, record).status_code == 200
    world.clock.moment += timedelta(minutes=59, seconds=59)
    demand_spent(read(world, records[5]))
    world.clock.moment += timedelta(seconds=1)
    assert [read(world, record).status_code for record in records[2:]] == [200] * 5
    demand_spent(read(world, records[0]))


def test_the_hour_slides(small: Small):
    world, _, records = small
    for record in records[:5]:
        assert read(world, record).status_code == 200
        world.clock.moment += timedelta(minutes=10)
    world.clock.moment += timedelta(minutes=10)
    assert read(world, records[5]).status_code == 200
    demand_spent(read(world, records[6]))


def test_another_subject_has_a_budget_of_his_own(small: Small):
    world, procedure_id, records = small
    path = f"/procedures/{procedure_id}/team/colleague"
    world.call("PUT", path, "recruiter", json={"role": "recruiter"})
    for record in records[:5]:
        assert read(world, record).status_code == 200
    demand_spent(read(world, records[5]))
    assert read(world, records[5], subject="colleague").status_code == 200
    assert read(world, records[5], "interviewer").status_code == 200


def test_a_second_token_is_no_second_budget(small: Small):
    world, _, records = small
    for record in records[:5]:
        assert read(world, record).status_code == 200
    order = {"role": "recruiter", "subject": "recruiter", "expires_at": "2027-01-01T00:00:00Z"}
    token = world.post("/tokens", "admin", json=order).json["token"]
    headers = {"Authorization": f"Bearer {token}"}
    client = world.app.test_client()
    demand_spent(client.get(f"/v1/applications/{records[5]}", headers=headers))


def test_what_is_refused_counts_for_nothing(small: Small):
    world, procedure_id, records = small
    for record in records:
        assert read(world, record, subject="stranger").status_code == 404
        denied = world.get(f"/applications/{record}?fields=email", "interviewer")
        assert denied.status_code == 403
        assert world.get(f"/applications/{record}", "officer").status_code == 422
    path = f"/procedures/{procedure_id}/team/stranger"
    world.call("PUT", path, "recruiter", json={"role": "recruiter"})
    for record in records[:5]:
        assert read(world, record, subject="stranger").status_code == 200
        assert read(world, record, "interviewer").status_code == 200
        purpose = f"/applications/{record}?purpose=breach"
        assert world.get(purpose, "officer").status_code == 200
    demand_spent(read(world, records[5], subject="stranger"))
    demand_spent(read(world, records[5], "interviewer"))
    demand_spent(world.get(f"/applications/{records[5]}?purpose=breach", "officer"))


def test_the_refused_page_counts_for_nothing(small: Small):
    world, procedure_id, records = small
    for _ in range(3):
        demand_spent(world.get(f"/procedures/{procedure_id}/applications", "recruiter"))
    assert [read(world, record).status_code for record in records[:5]] == [200] * 5


def test_asking_without_reading_the_body_counts_as_reading(small: Small):
    world, _, records = small
    for record in records[:5]:
        assert world.call("HEAD", f"/applications/{record}", "recruiter").status_code == 200
    demand_spent(read(world, records[5]))
