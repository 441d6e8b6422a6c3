"""Need to know: each role is shown exactly what the table lists for the phase, field by field."""

from itertools import product
from typing import Any
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from service.domain.catalogue import FIELDS as CATALOGUE
from service.domain.catalogue import DocumentKind
from tests.access.promises import (
    BOTH,
    FIELDS,
    KINDS,
    LISTED,
    NEED_TO_KNOW,
    ON_A_TEAM,
    PHASES,
    seen_by,
)
from tests.access.scene import AGED, BORN, CANARY, COMPANY, FILES, SUPPLIED, Scene

READERS = tuple(dict.fromkeys(role for role, _ in NEED_TO_KNOW))
SIGHTS = list(product(READERS, PHASES))
TEAM_SIGHTS = list(product(ON_A_TEAM, PHASES))
STORED = {**SUPPLIED, **COMPANY}
OFFICER_PURPOSES = {
    "access-request",
    "correction",
    "erasure",
    "complaint",
    "legal-claim",
    "supervision",
    "breach",
}


def read(scene: Scene, role: str, record: UUID, fields: str = "", **who: str) -> TestResponse:
    query = {"fields": fields} if fields else {}
    if role == "officer":
        query["purpose"] = "supervision"
    who = as_himself(role, record) | who
    return scene.world.get(f"/applications/{record}", role, query_string=query, **who)


def as_himself(role: str, record: UUID) -> dict[str, str]:
    """An applicant reads as who he is: his record's."""
    return {"subject": str(record)} if role == "applicant" else {}


def records(scene: Scene, phase: str) -> tuple[tuple[UUID, dict[str, Any]], ...]:
    """Two records with all fields between them: age and birth date exclude each other."""
    return ((scene.whole[phase], {**STORED, **BORN}), (scene.aged[phase], {**STORED, **AGED}))


def kept(values: dict[str, Any], names: frozenset[str] | set[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in names}


def denied(names: set[str] | frozenset[str], at: str = "/query/fields") -> list[dict[str, str]]:
    return [{"pointer": f"{at}/{name}", "code": "not-for-this-role"} for name in sorted(names)]


def test_the_table_is_about_every_field_and_every_kind_of_document():
    assert set(CATALOGUE) == FIELDS == STORED.keys() | BORN.keys() | AGED.keys()
    assert set(DocumentKind) == KINDS


@pytest.mark.parametrize(("role", "phase"), SIGHTS)
def test_a_reader_is_shown_exactly_what_the_table_lists(scene: Scene, role: str, phase: str):
    seen = seen_by(role, phase).fields
    for record, values in records(scene, phase):
        response = read(scene, role, record)
        if not seen:
            assert response.status_code == 404
            assert CANARY not in response.text.lower()
            continue
        assert response.json["fields"] == kept(values, seen)
        assert response.json["unreadable"] == []


@pytest.mark.parametrize(("role", "phase"), SIGHTS)
def test_a_field_is_shown_by_name_or_refused_by_name(scene: Scene, role: str, phase: str):
    seen = seen_by(role, phase).fields
    (born, values), (aged, _) = records(scene, phase)
    for name in sorted(FIELDS if seen else {"name", "education"}):
        response = read(scene, role, aged if name in AGED else born, name)
        if name in seen:
            assert response.json["fields"] == kept({**values, **AGED}, {name})
        elif seen:
            assert response.status_code == 403, name
            assert response.json["errors"] == denied({name})
        else:
            assert response.status_code == 404, name


@pytest.mark.parametrize(("role", "phase"), SIGHTS)
def test_one_denied_field_among_others_refuses_them_all(scene: Scene, role: str, phase: str):
    seen = seen_by(role, phase).fields
    response = read(scene, role, scene.whole[phase], ",".join(sorted(FIELDS)))
    if seen == FIELDS:
        assert response.status_code == 200
    elif seen:
        assert response.status_code == 403
        assert response.json["errors"] == denied(FIELDS - seen)
        assert CANARY not in response.text.lower()
    else:
        assert response.status_code == 404


@pytest.mark.parametrize(("role", "phase"), TEAM_SIGHTS)
def test_a_list_shows_of_each_record_what_its_reader_may_see(scene: Scene, role: str, phase: str):
    seen = seen_by(role, phase).fields
    items = listed(scene, role, phase, "")
    if phase in ("over", "held") or not seen:
        assert items == {}
        return
    for record, values in records(scene, phase):
        assert items[str(record)]["fields"] == kept(values, seen & LISTED)


@pytest.mark.parametrize(("role", "phase"), TEAM_SIGHTS)
def test_a_list_by_name_shows_no_more_than_the_record_itself(scene: Scene, role: str, phase: str):
    seen = seen_by(role, phase).fields
    ever = seen_by(role, "running" if phase == "running" else "aftercare").fields
    items = listed(scene, role, phase, ",".join(sorted(ever)))
    for record, values in records(scene, phase):
        if seen:
            assert items[str(record)]["fields"] == kept(values, seen)
        else:
            assert str(record) not in items


@pytest.mark.parametrize("phase", ["aftercare", "talent_pool", "over"])
@pytest.mark.parametrize("role", ON_A_TEAM)
def test_a_list_refuses_by_name_what_is_not_shown_once_it_has_ended(
    scene: Scene, role: str, phase: str
):
    path = f"/procedures/{scene.procedures[phase]}/applications"
    no_more = seen_by(role, "running").fields - seen_by(role, "aftercare").fields
    refused = scene.world.get(f"{path}?fields={','.join(sorted(no_more))}", role)
    assert (refused.status_code, refused.json["errors"]) == (403, denied(no_more))


@pytest.mark.parametrize("role", [*ON_A_TEAM, "sourcer"])
def test_a_list_refuses_by_name_what_its_reader_may_never_see(scene: Scene, role: str):
    phase, path = ("talent_pool", "/talent-pool")
    if role != "sourcer":
        phase, path = "running", f"/procedures/{scene.procedures['running']}/applications"
    never = FIELDS - seen_by(role, phase).fields
    for name in sorted(never):
        response = scene.world.get(f"{path}?fields=name,{name}", role)
        assert response.status_code == 403, name
        assert response.json["errors"] == denied(({"name"} & never) | {name})
        assert CANARY not in response.text.lower()


def listed(scene: Scene, role: str, phase: str, fields: str) -> dict[str, dict[str, Any]]:
    """The items of a procedure's list, all pages, by id."""
    path = f"/procedures/{scene.procedures[phase]}/applications"
    return all_items(scene, role, path, fields)


def all_items(scene: Scene, role: str, path: str, fields: str) -> dict[str, dict[str, Any]]:
    query: dict[str, str] = {"limit": "20"} | ({"fields": fields} if fields else {})
    items: dict[str, dict[str, Any]] = {}
    while True:
        response = scene.world.get(path, role, query_string=query)
        assert response.status_code == 200, response.text
        items |= {item["id"]: item for item in response.json["items"]}
        if response.json["next"] is None:
            return items
        query["cursor"] = response.json["next"]


@pytest.mark.parametrize("named", [True, False])
def test_the_talent_pool_shows_its_groups_of_those_who_agreed_to_it(scene: Scene, *, named: bool):
    pool = seen_by("sourcer", "talent_pool").fields
    items = all_items(scene, "sourcer", "/talent-pool", ",".join(sorted(pool)) if named else "")
    for record, values in records(scene, "talent_pool"):
        assert items[str(record)]["fields"] == kept(values, pool if named else pool & LISTED)
    assert str(scene.unnamed) not in items
    assert {item["phase"] for item in items.values()} == {"talent_pool"}
    assert {item["possible_duplicates"] for item in items.values()} == {None}


def test_a_sourcer_finds_nobody_whose_consent_did_not_name_the_pool(scene: Scene):
    assert read(scene, "sourcer", scene.unnamed).status_code == 404
    assert read(scene, "officer", scene.unnamed).status_code == 200


def test_the_pool_loses_who_withdraws_or_agrees_to_less(scene: Scene):
    for change in ({"change": "withdrawn"}, {"change": "given", "wording_version": "w2"}):
        record = scene.spares["talent_pool"].pop()
        assert read(scene, "sourcer", record).status_code == 200
        path = f"/applications/{record}/consent-events"
        assert scene.world.post(path, "website", json=change).status_code == 201
        assert read(scene, "sourcer", record).status_code == 404
        assert str(record) not in all_items(scene, "sourcer", "/talent-pool", "")


def documents_of(scene: Scene, role: str, record: UUID, **who: str) -> TestResponse:
    query = {"purpose": "supervision"} if role == "officer" else {}
    who = as_himself(role, record) | who
    return scene.world.get(f"/applications/{record}/documents", role, query_string=query, **who)


def download(scene: Scene, role: str, record: UUID, kind: str, **who: str) -> TestResponse:
    query = {"purpose": "supervision"} if role == "officer" else {}
    path = f"/applications/{record}/documents/{scene.documents[record][kind]}"
    who = as_himself(role, record) | who
    return scene.world.get(path, role, query_string=query, buffered=True, **who)


@pytest.mark.parametrize(("role", "phase"), SIGHTS)
def test_documents_are_listed_and_served_by_kind(scene: Scene, role: str, phase: str):
    record, seen = scene.whole[phase], seen_by(role, phase)
    response = documents_of(scene, role, record)
    if role == "screener":
        assert response.status_code == 403
    elif not seen.fields:
        assert response.status_code == 404
    else:
        names = {item["kind"]: item["name"] for item in response.json}
        assert names == {kind: FILES[kind][0] for kind in seen.documents}
    for kind in KINDS:
        served = download(scene, role, record, kind)
        if kind in seen.documents:
            assert served.data == FILES[kind][1]
        else:
            assert served.status_code == (403 if role == "screener" else 404)
            assert CANARY not in served.text.lower()


def test_a_document_is_served_under_a_name_that_tells_nothing(scene: Scene):
    served = download(scene, "recruiter", scene.whole["running"], "cv")
    assert CANARY not in str(served.headers).lower()
    assert served.headers["Content-Disposition"].startswith("attachment; filename=")


def test_a_screener_never_meets_a_name(scene: Scene):
    record, procedure = scene.whole["running"], scene.procedures["running"]
    paths = [
        f"/applications/{record}",
        f"/applications/{record}/retention",
        f"/applications/{record}/documents",
        f"/applications/{record}/documents/{scene.documents[record]['cv']}",
        f"/applications/{record}/consent-events",
        f"/applications/{record}?fields=name",
        f"/procedures/{procedure}",
        f"/procedures/{procedure}/team",
        f"/procedures/{procedure}/applications?limit=100",
        f"/procedures/{procedure}/applications?limit=100&fields=name",
        f"/procedures/{procedure}/applications?limit=100&fields=education,availability",
    ]
    for path in paths:
        response = scene.world.get(path, "screener")
        for telling in ("Sanne", "sanne.zeekanarie", "87654321", ".pdf", "Brink", "1994-02-28"):
            assert telling not in response.text, (path, telling)
            assert telling not in str(response.headers), (path, telling)


@pytest.mark.parametrize(("token_role", "team_role"), list(BOTH))
def test_what_is_shown_is_what_token_and_team_both_allow(
    scene: Scene, token_role: str, team_role: str
):
    record, values = records(scene, "running")[0]
    subject, seen = as_both(scene, token_role, team_role), BOTH[token_role, team_role]
    response = read(scene, token_role, record, subject=subject)
    assert response.json["fields"] == kept(values, seen.fields)
    for name in sorted(values.keys() - seen.fields):
        response = read(scene, token_role, record, name, subject=subject)
        assert response.status_code == 403
        assert response.json["errors"] == denied({name})
    path = f"/procedures/{scene.procedures['running']}/applications?limit=100"
    items = scene.world.get(path, token_role, subject=subject).json["items"]
    named = scene.world.get(f"{path}&fields=email", token_role, subject=subject)
    assert named.status_code == (200 if "email" in seen.fields else 403)
    found = {item["id"]: item for item in items}
    assert found[str(record)]["fields"] == kept(values, seen.fields & LISTED)
    for kind in KINDS:
        served = download(scene, token_role, record, kind, subject=subject)
        refused = 403 if "screener" in (token_role, team_role) else 404
        assert served.status_code == (200 if kind in seen.documents else refused)


@pytest.mark.parametrize(("token_role", "team_role"), list(BOTH))
def test_what_is_done_is_what_token_and_team_both_allow(
    scene: Scene, token_role: str, team_role: str
):
    subject = as_both(scene, token_role, team_role)
    both_recruit = token_role == team_role == "recruiter"
    path = "/v1/applications/<uuid:application_id>"
    for door in (("PATCH", path), ("POST", f"{path}/documents"), ("POST", f"{path}/withdrawal")):
        record = scene.spare("running", door) if both_recruit else scene.whole["running"]
        response = scene.ask(door, token_role, subject=subject, application=record)
        assert response.status_code in ((200, 201) if both_recruit else (403,)), door
    procedure = f"/procedures/{scene.procedures['running']}"
    recruits, refused = token_role == "recruiter", 404 if token_role == "recruiter" else 403
    found = scene.world.get(procedure, token_role, subject=subject)
    assert found.status_code == (200 if both_recruit or not recruits else refused)
    team = scene.world.get(f"{procedure}/team", token_role, subject=subject)
    assert team.status_code == (200 if both_recruit else refused)
    items = scene.world.get(f"{procedure}/applications", token_role, subject=subject).json["items"]
    knows = {item["possible_duplicates"] is not None for item in items}
    assert knows == {both_recruit}


def as_both(scene: Scene, token_role: str, team_role: str) -> str:
    """A subject with one role on the team of the running procedure and another on his token."""
    subject = f"{token_role}-as-{team_role}"
    path = f"/procedures/{scene.procedures['running']}/team/{subject}"
    put = scene.world.call("PUT", path, "recruiter", json={"role": team_role})
    assert put.status_code == 200
    return subject


@pytest.mark.parametrize("role", ["sourcer", "officer", "website", "purger", "mailer", "admin"])
def test_a_place_on_the_team_adds_nothing_to_a_role_that_has_none(scene: Scene, role: str):
    subject = as_both(scene, role, "recruiter")
    running = read(scene, role, scene.whole["running"], subject=subject)
    assert running.status_code == {"sourcer": 404, "officer": 200}.get(role, 403)
    path = f"/procedures/{scene.procedures['running']}/applications"
    assert scene.world.get(path, role, subject=subject).status_code == 403


@pytest.mark.parametrize("below", ["", "/documents", "/documents/{document}"])
def test_the_officer_states_a_purpose_before_he_reads(scene: Scene, below: str):
    record = scene.whole["running"]
    path = f"/applications/{record}{below.format(document=scene.documents[record]['cv'])}"
    silent = scene.world.get(path, "officer")
    assert silent.status_code == 422
    assert silent.json["errors"] == [{"pointer": "/query/purpose", "code": "required"}]
    assert CANARY not in silent.text.lower()
    for purpose in ("selection", "talent-pool", "curiosity", ""):
        response = scene.world.get(f"{path}?purpose={purpose}", "officer")
        assert response.status_code == 422, purpose
        assert CANARY not in response.text.lower()
    for purpose in sorted(OFFICER_PURPOSES):
        response = scene.world.get(f"{path}?purpose={purpose}", "officer", buffered=True)
        assert response.status_code == 200, purpose
        stated = scene.audited(response)
        assert [row.purpose for row in stated] == [purpose]


def test_nobody_else_chooses_a_purpose(scene: Scene):
    for role, record, purpose in (
        ("recruiter", scene.whole["running"], "selection"),
        ("sourcer", scene.whole["talent_pool"], "talent-pool"),
        ("applicant", scene.whole["running"], "own-record"),
    ):
        for query in ("", "?purpose=legal-claim"):
            who = as_himself(role, record)
            response = scene.world.get(f"/applications/{record}{query}", role, **who)
            assert response.status_code == 200
            assert [row.purpose for row in scene.audited(response)] == [purpose]


def test_a_recruiter_writes_the_teams_fields_and_no_others(scene: Scene):
    record = scene.newcomer()
    path, values = f"/applications/{record}", {**SUPPLIED, **BORN, **COMPANY}
    for name in sorted(values):
        version = scene.world.version_of(record)
        change = {"fields": {name: values[name]}}
        response = scene.world.patch(path, "recruiter", version=version, json=change)
        assert response.status_code == (200 if name in COMPANY else 403), name
    assert response.status_code == 403
    change = {"fields": {"notes": [], "name": "Een Ander"}}
    response = scene.world.patch(path, "recruiter", version=version, json=change)
    assert response.json["errors"] == denied({"name"}, "/fields")
    assert read(scene, "recruiter", record).json["fields"]["name"] == SUPPLIED["name"]


def test_a_recruiter_hands_over_nothing_after_the_procedure(scene: Scene):
    path = f"/applications/{scene.whole['aftercare']}/handover"
    response = scene.world.post(path, "recruiter", json={"fields": ["name"]})
    assert response.status_code == 409
    assert CANARY not in response.text.lower()
