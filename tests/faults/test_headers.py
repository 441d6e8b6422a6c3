"""Headers, methods, paths and queries that are wrong in every way; and the one that is missing."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from werkzeug.test import TestResponse

from service.domain.policy import Role
from service.domain.tokens import ENTROPY_BYTES, mint
from tests.factories import FieldsFactory
from tests.faults.problems import SECRET, demand_problem
from tests.world import World

UNKNOWN_TOKEN = mint(Role.OFFICER, bytes(ENTROPY_BYTES))


def raw(world: World, method: str, path: str, **options: Any) -> TestResponse:
    """A request as it is, without a token unless its headers have one."""
    return world.app.test_client().open(path, method=method, **options)


def without_id(answer: TestResponse) -> tuple[dict[str, object], list[tuple[str, str]]]:
    """Body and headers, but for what differs from request to request."""
    headers = [(name, value) for name, value in answer.headers if name != "X-Request-Id"]
    return {**answer.json, "request_id": None}, sorted(headers)


def test_head_answers_as_get_does_without_the_body(world: World):
    world.procedure()
    path = f"/v1/applications/{world.apply()}"
    sent = {"Authorization": f"Bearer {world.token('recruiter')}"}
    got, head = (raw(world, method, path, headers=sent) for method in ("GET", "HEAD"))
    assert (got.status_code, head.status_code) == (200, 200)
    assert head.data == b""
    assert head.headers["Content-Length"] == str(len(got.data))


BAD_AUTHORIZATIONS = {
    "none": None,
    "empty": "",
    "a scheme only": "Bearer",
    "another scheme": f"Basic {SECRET}",
    "a digest": f'Digest username="{SECRET}"',
    "words": f"Bearer {SECRET}",
    "an unknown token": f"Bearer {UNKNOWN_TOKEN}",
    "a bad checksum": f"Bearer {UNKNOWN_TOKEN[:-1]}~",
    "a changed checksum": "Bearer " + UNKNOWN_TOKEN[:-1] + chr(ord(UNKNOWN_TOKEN[-1]) ^ 1),
    "another role": "Bearer " + UNKNOWN_TOKEN.replace("officer", "admin"),
    "the operator": f"Bearer {mint(Role.OPERATOR, bytes(ENTROPY_BYTES))}",
    "two tokens": f"Bearer {UNKNOWN_TOKEN} {UNKNOWN_TOKEN}",
    "a comma": f"Bearer {UNKNOWN_TOKEN},",
    "a very long one": "Bearer " + "x" * 60_000,
    "not ASCII": "Bearer kluis_officer_é",
    "statements": "Bearer ' OR 1=1 --",
}


@pytest.mark.parametrize("value", BAD_AUTHORIZATIONS.values(), ids=BAD_AUTHORIZATIONS)
def test_whatever_is_wrong_with_a_token_the_answer_is_one_401(shared: World, value: str | None):
    path = f"/v1/applications/{uuid4()}"
    plain = raw(shared, "GET", path)
    demand_problem(plain, 401, "unauthenticated", [])
    assert plain.headers["WWW-Authenticate"] == 'Bearer realm="kluis"'
    headers = {} if value is None else {"Authorization": value}
    answer = raw(shared, "GET", path, headers=headers)
    assert answer.status_code == 401
    assert without_id(answer) == without_id(plain)


def test_a_good_token_is_good_in_its_header_and_nowhere_else(shared: World):
    good = shared.token("officer")
    path = "/v1/duties"
    assert raw(shared, "GET", path, headers={"Authorization": f"bearer {good}"}).status_code == 200
    for name in ("token", "access_token", "authorization", "api_key"):
        answer = raw(shared, "GET", path, query_string={name: good})
        demand_problem(answer, 401, "unauthenticated")
        assert good not in answer.text
    for headers in ({"X-Api-Key": good}, {"Cookie": f"token={good}"}, {"Authorization": good}):
        demand_problem(raw(shared, "GET", path, headers=headers), 401, "unauthenticated")
    form = {"access_token": good}
    demand_problem(raw(shared, "POST", "/v1/tokens", data=form), 401, "unauthenticated")


def test_two_authorization_headers_are_none(shared: World):
    good = f"Bearer {shared.token('officer')}"
    headers = [("Authorization", good), ("Authorization", good)]
    demand_problem(raw(shared, "GET", "/v1/duties", headers=headers), 401, "unauthenticated")


def test_a_token_is_refused_once_expired_or_revoked(world: World):
    first = world.call("GET", "/duties", "officer")
    assert first.status_code == 200
    admin = world.get("/tokens", "admin").json["items"]
    officer = next(token for token in admin if token["role"] == "officer")
    assert world.call("DELETE", f"/tokens/{officer['id']}", "admin").status_code == 204
    demand_problem(world.get("/duties", "officer"), 401, "unauthenticated")
    world.clock.move_to("2027-11-24")
    demand_problem(world.get("/tokens", "admin"), 401, "unauthenticated")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/applications/{canary}",
        "/v1/applications/{id}/{canary}",
        "/v1/{canary}",
        "/{canary}",
        "/v1/applications/{id}/documents/{canary}",
        "/v1/applications/{id}%00",
        "/v1/applications/%ff",
        "/v1/applications/../applications/{canary}",
        "/v1/applications/%2e%2e%2f{canary}",
        "/v1//applications//{id}",
        "/docs/../../{canary}",
        "/docs/%2e%2e/{canary}",
        "/v1/procedures/{id}/team/a/b",
    ],
)
def test_an_unknown_path_is_404_and_not_repeated(shared: World, path: str):
    asked = path.format(canary=SECRET, id=uuid4())
    officer = {"Authorization": f"Bearer {shared.token('officer')}"}
    for headers in (officer, {}):
        answer = raw(shared, "GET", asked, headers=headers)
        demand_problem(answer, 404, "not-found", [])
        assert "Location" not in answer.headers


def test_an_id_is_no_number_and_has_no_other_spelling(shared: World):
    application_id = shared.apply()
    bare = application_id.hex
    for spelled in (bare, f"{{{application_id}}}", f"urn:uuid:{application_id}", "1", "-1"):
        answer = shared.get(f"/applications/{spelled}", "recruiter")
        demand_problem(answer, 404, "not-found", [])


@pytest.mark.parametrize("method", ["PUT", "POST", "TRACE", "OPTIONS", "CONNECT", "PROPFIND"])
def test_a_method_that_a_path_does_not_have_is_405_and_says_which_it_has(
    shared: World, method: str
):
    answer = raw(shared, method, f"/v1/applications/{uuid4()}")
    demand_problem(answer, 405, "http-405", [])
    assert answer.headers["Allow"] == "DELETE, GET, HEAD, PATCH"


def test_there_is_no_sharing_with_other_origins(shared: World):
    asking = {"Origin": "https://example.org", "Access-Control-Request-Method": "GET"}
    for method in ("OPTIONS", "GET"):
        answer = raw(shared, method, "/v1/duties", headers=asking)
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        (f"purge_on={SECRET}", [("/query/purge_on", "unknown-property")]),
        (f"{SECRET}%20{SECRET}=1", [("/query", "unknown-property")]),
        ("limit=1&limit=2", [("/query/limit", "twice")]),
        ("limit=1&%6cimit=1", [("/query/limit", "twice")]),
        (f"cursor={SECRET}", [("/query/cursor", "characters")]),
        (f"limit={SECRET}", [("/query/limit", "wrong-type")]),
        ("limit=", [("/query/limit", "wrong-type")]),
        ("limit=1.0", [("/query/limit", "wrong-type")]),
        ("limit=0", [("/query/limit", "out-of-range")]),
        ("limit=101", [("/query/limit", "out-of-range")]),
        ("limit=" + "9" * 5000, [("/query/limit", "out-of-range")]),
        (f"since={SECRET}", [("/query/since", "not-a-moment-with-offset")]),
        ("since=2026-01-01T00:00:00", [("/query/since", "not-a-moment-with-offset")]),
        ("since=9999-12-31T23:59:59-23:59", [("/query/since", "not-a-moment-with-offset")]),
        ("since=0001-01-01T00:00:00%2B23:59", [("/query/since", "not-a-moment-with-offset")]),
        (f"application_id={SECRET}", [("/query/application_id", "wrong-type")]),
        ("subject=%00", [("/query/subject", "forbidden-character")]),
        ("subject=%ff%fe", [("/query/subject", "characters")]),
        ("subject=a%0d%0ab", [("/query/subject", "characters")]),
        ("subject=" + "x" * 101, [("/query/subject", "characters")]),
    ],
)
def test_a_bad_query_is_422_at_its_place(shared: World, query: str, faults: list[tuple[str, str]]):
    answer = shared.get(f"/audit-events?{query}", "officer")
    demand_problem(answer, 422, "invalid", faults)


def test_a_query_of_very_many_names_is_422(shared: World):
    query = "&".join(f"{n:x}" for n in range(13_000))
    demand_problem(shared.get(f"/audit-events?{query}", "officer"), 422, "invalid")


@pytest.mark.parametrize(
    ("member", "code"), [("{n:x}", "unknown-property"), ("a{n:x}=%00", "forbidden-character")]
)
def test_a_query_of_very_many_faults_gets_a_small_answer(shared: World, member: str, code: str):
    query = "&".join(member.format(n=n) for n in range(6_000))
    answer = shared.get(f"/audit-events?{query}", "officer")
    demand_problem(answer, 422, "invalid")
    assert [fault["code"] for fault in answer.json["errors"]] == [code] * 100


@pytest.mark.parametrize(
    "name", ["nonsense", "name,name,nonsense", "Name", ",", "name,", "%00", "*"]
)
def test_a_field_that_there_is_not_is_422_in_the_query(shared: World, name: str):
    answer = shared.get(f"/applications/{uuid4()}?fields={name}", "recruiter")
    demand_problem(answer, 422, "invalid")
    assert [fault["pointer"] for fault in answer.json["errors"]] == ["/query/fields"]


@pytest.mark.parametrize("subject", ["%00", "a%0d%0aSet-Cookie:x", "%ff", "a%20b", "é", "x" * 101])
def test_a_subject_of_other_characters_is_422(shared: World, subject: str):
    path = f"/procedures/{uuid4()}/team/{subject}"
    answer = shared.call("PUT", path, "admin", json={"role": "recruiter"})
    demand_problem(answer, 422, "invalid", [("/path/subject", "characters")])


@pytest.mark.parametrize(
    "key", ["", " ", "x" * 256, "é", "a\tb", "\x7f", SECRET + "\x1b[31m"], ids=repr
)
def test_an_idempotency_key_of_other_characters_or_length_is_422(shared: World, key: str):
    body = {"procedure_reference": "V-1", "fields": FieldsFactory()}
    answer = shared.post("/applications", "website", json=body, key=key)
    faults = [("/headers/Idempotency-Key", "characters")]
    demand_problem(answer, 422, "invalid", faults)


def test_the_website_sends_a_key_with_every_post(shared: World):
    application_id = shared.apply()
    token = {"Authorization": f"Bearer {shared.token('website')}"}
    for path in ("applications", *(f"applications/{application_id}/{x}" for x in POSTS)):
        answer = raw(shared, "POST", f"/v1/{path}", headers=token, json={})
        demand_problem(answer, 400, "idempotency-key-missing", [])


POSTS = ("documents", "withdrawal", "consent-events")


@pytest.mark.parametrize("sent", [SECRET, "", "1", "../x", "x" * 10_000, f"{UUID(int=7)}x"])
def test_a_request_id_that_is_none_is_replaced(shared: World, sent: str):
    answer = raw(shared, "GET", "/healthz", headers={"X-Request-Id": sent})
    assert UUID(answer.headers["X-Request-Id"]).version == 7
    mine = str(uuid4())
    assert (
        raw(shared, "GET", "/healthz", headers={"X-Request-Id": mine}).headers["X-Request-Id"]
        == mine
    )


def change(world: World, path: str, if_match: str | None) -> TestResponse:
    headers = {} if if_match is None else {"If-Match": if_match}
    if path.startswith("/procedures"):
        return world.patch(path, "recruiter", headers=headers, json={"title": "Tester"})
    if path.startswith("/holds"):
        return world.patch(path, "officer", headers=headers, json={"until": "2027-02-01"})
    return world.patch(path, "recruiter", headers=headers, json={"status": "invited"})


def versioned(world: World) -> list[str]:
    """A procedure, an application and a hold, each at its first version but the application."""
    procedure_id = world.procedure()
    application_id = world.apply()
    order = {"reason": "legal-claim", "case_reference": "Z-1", "until": "2027-01-01"}
    hold = world.post(f"/applications/{application_id}/holds", "officer", json=order)
    assert hold.status_code == 201, hold.text
    return [
        f"/procedures/{procedure_id}",
        f"/applications/{application_id}",
        f"/holds/{hold.json['id']}",
    ]


STALE = ['"0"', '"99"']
NOT_ETAGS = ["*", 'W/"{version}"', '"1", "2"', '"nonsense"', '"-1"', '"1.0"', "{version}"]
NOT_ETAGS += ["nonsense", '""', '"' + "9" * 5000 + '"', '"٢"', SECRET]


def demand_refusal(answer: TestResponse, sent: str) -> None:
    """412 for a version that is not the present one, 422 for what is no version at all."""
    if sent in STALE:
        demand_problem(answer, 412, "version-stale", [])
    else:
        demand_problem(answer, 422, "invalid", [("/headers/If-Match", "not-an-etag")])


def test_a_change_of_a_versioned_thing_needs_its_version(world: World):
    for path in versioned(world):
        who = "officer" if path.startswith("/holds") else "recruiter"
        version = world.get(path, who).headers["ETag"].strip('"')
        for missing in (None, "", "  "):
            demand_problem(change(world, path, missing), 428, "version-missing", [])
        for bad in STALE + NOT_ETAGS:
            demand_refusal(change(world, path, bad.format(version=version)), bad)
        changed = change(world, path, f'"{version}"')
        assert changed.status_code == 200, changed.text
        assert changed.headers["ETag"] == f'"{changed.json["version"]}"'
        demand_problem(change(world, path, f'"{version}"'), 412, "version-stale", [])


def test_an_erasure_needs_the_version_too(world: World):
    world.procedure()
    path = f"/applications/{world.apply()}"
    demand_problem(world.call("DELETE", path, "officer"), 428, "version-missing", [])
    for bad in STALE + NOT_ETAGS:
        headers = {"If-Match": bad.format(version=1)}
        demand_refusal(world.call("DELETE", path, "officer", headers=headers), bad)
    assert world.call("DELETE", path, "officer", version=1).status_code == 204
    demand_problem(world.call("DELETE", path, "officer", version=1), 404, "not-found", [])


def test_a_version_is_no_probe_for_a_foreign_application(world: World):
    world.procedure()
    path = f"/applications/{world.apply()}"
    for version in (1, 9):
        answer = world.patch(
            path, "recruiter", subject="stranger", version=version, json={"status": "invited"}
        )
        demand_problem(answer, 404, "not-found", [])


def test_a_route_without_a_body_takes_none(shared: World):
    path = f"/applications/{shared.apply()}/withdrawal"
    answer = shared.post(path, "website", json={"date": SECRET})
    demand_problem(answer, 422, "invalid", [("/date", "unknown-property")])
    answer = shared.post(path, "website", data=SECRET, content_type="text/plain")
    demand_problem(answer, 415, "unsupported-media-type", [])
    assert shared.post(path, "website", json={}).status_code == 201
