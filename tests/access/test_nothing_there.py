"""Foreign, missing, purged and past its date look the same: body, headers, statements."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from tests.access.promises import APPLICATION_DOORS, ON_A_TEAM, PHASES, PROCEDURE_DOORS
from tests.access.scene import DoorKey, Scene, statements, without_request_id


@dataclass(frozen=True)
class Looks:
    """All that a caller can tell of an answer, and what it cost."""

    status: int
    body: tuple[tuple[str, object], ...]
    headers: tuple[tuple[str, str], ...]
    statements: tuple[str, ...]


def looks(scene: Scene, door: DoorKey, role: str, subject: str, **ids: UUID) -> Looks:
    request = scene.prepared(door, role, subject=subject, **ids)
    with statements(scene.world) as seen:
        response = request()
    body = {} if door[0] == "HEAD" else without_request_id(response)
    headers = ((n, v) for n, v in response.headers.items() if n not in ("X-Request-Id", "Date"))
    return Looks(
        response.status_code, tuple(sorted(body.items())), tuple(sorted(headers)), tuple(seen)
    )


def with_heads(known: dict[DoorKey, object]) -> list[DoorKey]:
    """The doors, and HEAD where there is GET."""
    return [*known, *(("HEAD", path) for method, path in known if method == "GET")]


def somebody(scene: Scene, role: str) -> str:
    """A subject of this role to whom most is foreign or missing."""
    return str(scene.stranger) if role == "applicant" else role


def unreachable(scene: Scene, role: str) -> Iterator[tuple[str, str, UUID]]:
    """What is not there for this role: why, as whom, which."""
    if role == "applicant":
        yield from unreachable_to_applicants(scene)
        return
    yield "purged", role, scene.purged
    yield "past its date", role, scene.whole["over"]
    if role != "officer":
        yield "held past its date", role, scene.whole["held"]
    if role in ON_A_TEAM:
        for phase in PHASES:
            yield f"foreign, {phase}", f"other-{role}", scene.whole[phase]
            yield f"foreign to who is on no team, {phase}", "nobody", scene.whole[phase]
        if role != "recruiter":
            yield "in aftercare", role, scene.whole["aftercare"]
        yield "in the talent pool", role, scene.whole["talent_pool"]
    if role == "sourcer":
        yield "consented on another wording", role, scene.unnamed
        yield "running", role, scene.whole["running"]
        yield "in aftercare", role, scene.whole["aftercare"]


def unreachable_to_applicants(scene: Scene) -> Iterator[tuple[str, str, UUID]]:
    yield "purged", str(scene.stranger), scene.purged
    for phase in ("over", "held"):
        yield f"his own, {phase}", str(scene.whole[phase]), scene.whole[phase]
    for phase in PHASES:
        yield f"another's, {phase}", str(scene.stranger), scene.whole[phase]


@pytest.mark.parametrize("door", with_heads(APPLICATION_DOORS), ids=" ".join)
def test_a_record_out_of_reach_looks_like_a_missing_one(scene: Scene, door: DoorKey):
    known = APPLICATION_DOORS[("GET" if door[0] == "HEAD" else door[0], door[1])]
    different = []
    for role in known.outcomes:
        missing = looks(scene, door, role, somebody(scene, role), application=uuid4())
        assert missing.status == 404
        assert len(missing.statements) > 2
        for why, subject, record in unreachable(scene, role):
            document = scene.documents.get(record, {}).get("cv", uuid4())
            there = looks(scene, door, role, subject, application=record, document=document)
            if there != missing:
                different.append((role, why, there, missing))
    assert different == []


@pytest.mark.parametrize("door", with_heads(PROCEDURE_DOORS), ids=" ".join)
def test_a_foreign_procedure_looks_like_a_missing_one(scene: Scene, door: DoorKey):
    known = PROCEDURE_DOORS[("GET" if door[0] == "HEAD" else door[0], door[1])]
    different = []
    for role in known.outcomes.keys() & set(ON_A_TEAM):
        missing = looks(scene, door, role, role, procedure=uuid4())
        assert missing.status == 404
        for phase in PHASES:
            procedure = scene.procedures[phase]
            there = looks(scene, door, role, f"other-{role}", procedure=procedure)
            if there != missing:
                different.append((role, phase, there, missing))
    assert different == []


def test_a_document_that_the_role_may_not_see_looks_like_a_missing_one(scene: Scene):
    door = ("GET", "/v1/applications/<uuid:application_id>/documents/<uuid:document_id>")
    record = scene.whole["running"]
    missing = looks(scene, door, "interviewer", "interviewer", application=record, document=uuid4())
    assert missing.status == 404
    for kind in ("certificate", "other"):
        document = scene.documents[record][kind]
        there = looks(
            scene, door, "interviewer", "interviewer", application=record, document=document
        )
        assert there == missing


def test_a_document_is_found_with_its_own_application_only(scene: Scene):
    door = ("GET", "/v1/applications/<uuid:application_id>/documents/<uuid:document_id>")
    cv = scene.documents[scene.whole["talent_pool"]]["cv"]
    record = scene.whole["running"]
    assert scene.ask(door, "recruiter", application=record, document=cv).status_code == 404


def test_wrong_version_and_wrong_body_tell_nothing_of_a_foreign_record(scene: Scene):
    door = ("PATCH", "/v1/applications/<uuid:application_id>")
    for options in (
        {"version": 999},
        {"json": {"fields": {"name": "Een Ander"}}},
        {"json": {"status": "nonsense"}},
        {"headers": {"If-Match": "*"}},
    ):
        answers = [
            scene.ask(door, "recruiter", subject="other-recruiter", application=record, **options)
            for record in (scene.whole["running"], scene.purged, uuid4())
        ]
        assert len({answer.status_code for answer in answers}) == 1
        bodies = [without_request_id(answer) for answer in answers]
        assert bodies[0] == bodies[1] == bodies[2]


def test_a_repeated_request_tells_nothing_of_a_foreign_record(scene: Scene):
    path = "/v1/applications/<uuid:application_id>/withdrawal"
    for record in (scene.whole["running"], uuid4()):
        keys = [
            scene.ask(
                ("POST", path), "recruiter", subject="nobody", application=record, key=f"k-{record}"
            ).status_code
            for _ in range(2)
        ]
        assert keys == [404, 404]


def test_an_application_tells_nobody_that_the_person_applied_before(scene: Scene):
    fields = {"name": "Sanne", "email": "twice@example.org"}
    procedure_id = scene.world.procedure("V-twice")  # with room in its list
    body = {"procedure_reference": "V-twice", "fields": fields}
    first = scene.world.post("/applications", "website", json=body)
    again = scene.world.post("/applications", "website", json=body)
    assert first.status_code == again.status_code == 201
    assert first.json.keys() == again.json.keys()
    differing = {name for name in first.json if first.json[name] != again.json[name]}
    assert differing == {"id", "access_code"}
    path = f"/procedures/{procedure_id}/applications"
    twins = {first.json["id"], again.json["id"]}
    for role in ON_A_TEAM:
        items = {item["id"]: item for item in scene.world.get(path, role).json["items"]}
        for twin in twins:
            known = items[twin]["possible_duplicates"]
            assert known == ([*twins - {twin}] if role == "recruiter" else None)
