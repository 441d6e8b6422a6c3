"""The doors: no route but the declared ones, and no way in without a token that holds."""

import re
from collections.abc import Mapping
from datetime import timedelta
from itertools import product
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from service.app import create_app
from service.domain.policy import TEAM_ROLES, TOKEN_ROLES
from service.domain.tokens import mint
from service.storage.database import db
from service.web import doors
from tests.access.promises import BOTH, DOORS, ON_A_TEAM, OPEN_PAGES, ROLES
from tests.access.scene import statements, without_request_id
from tests.world import World


def rules_of(app: Flask) -> dict[tuple[str, str], str]:
    """Every method and path that the router knows, and the endpoint behind it."""
    return {
        (method, rule.rule): rule.endpoint
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD"}
    }


def routes_without_a_policy(app: Flask) -> list[str]:
    """What the router lets through although no door declares who may pass."""
    declared = {
        (made.method, f"/v1{made.path}", f"v1.{made.name}")
        for made in doors.DOORS
        if made.actions and made.roles
    }
    return [
        f"{method} {rule}"
        for (method, rule), endpoint in rules_of(app).items()
        if rule not in OPEN_PAGES and (method, rule, endpoint) not in declared
    ]


def path_to(rule: str) -> str:
    return re.sub(r"<[^>]+>", lambda _: str(uuid4()), rule)


def test_every_route_has_a_policy(shared_world: World):
    assert routes_without_a_policy(shared_world.app) == []


def test_a_route_without_a_policy_is_found(shared_world: World):
    app = create_app(shared_world.house.settings)
    app.add_url_rule("/v1/applications/all", "back_door", lambda: "all", methods=["GET"])
    back_way = app.view_functions["v1.read_application"]
    app.add_url_rule("/v2/anything", "v1.read_application", back_way, methods=["GET"])
    assert sorted(routes_without_a_policy(app)) == ["GET /v1/applications/all", "GET /v2/anything"]


def test_the_routes_are_those_of_the_table_and_no_others(shared_world: World):
    known = rules_of(shared_world.app).keys()
    assert known == DOORS.keys() | {("GET", page) for page in OPEN_PAGES}


def test_the_table_names_no_role_that_there_is_not():
    named = {role for door in DOORS.values() for role in door.outcomes}
    assert named == ROLES == set(TOKEN_ROLES)


def test_the_pages_promise_something_for_every_role_on_a_team_and_every_pair():
    assert set(ON_A_TEAM) == set(TEAM_ROLES)
    assert BOTH.keys() == set(product(ON_A_TEAM, ON_A_TEAM))


def test_the_open_pages_need_no_token_and_every_other_path_does(shared_world: World):
    client = shared_world.app.test_client()
    pages = {page.replace("<name>", "start.js") for page in OPEN_PAGES}
    assert {client.get(page).status_code for page in pages} == {200}
    asked = [
        client.open(path_to(rule), method=method)
        for method, rule in rules_of(shared_world.app)
        if rule not in OPEN_PAGES
    ]
    assert {response.status_code for response in asked} == {401}


def test_options_and_trace_are_answered_405_on_every_path(shared_world: World):
    client = shared_world.app.test_client()
    paths = {path_to(rule) for _, rule in rules_of(shared_world.app)}
    answers = [client.open(path, method=m) for path in paths for m in ("OPTIONS", "TRACE")]
    assert {response.status_code for response in answers} == {405}
    for response in answers:
        assert "Access-Control-Allow-Origin" not in response.headers


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def expired_token(world: World) -> str:
    order = {"role": "officer", "subject": "late"}
    order["expires_at"] = (world.clock.now() + timedelta(hours=1)).isoformat()
    token = world.post("/tokens", "admin", json=order).json["token"]
    world.clock.moment += timedelta(hours=1)
    return token


def revoked_token(world: World) -> str:
    order = {"role": "officer", "subject": "gone", "expires_at": "2027-01-01T00:00:00Z"}
    made = world.post("/tokens", "admin", json=order).json
    assert world.call("DELETE", f"/tokens/{made['id']}", "admin").status_code == 204
    return made["token"]


def with_another_checksum(token: str) -> str:
    return token[:-1] + ("0" if token[-1] != "0" else "1")


BAD = {
    "no header": lambda _: {},
    "an empty header": lambda _: {"Authorization": ""},
    "no token": lambda _: {"Authorization": "Bearer "},
    "another scheme": lambda w: {"Authorization": f"Basic {w.token('officer')}"},
    "no scheme": lambda w: {"Authorization": w.token("officer")},
    "malformed": lambda _: bearer("kluis_officer_short"),
    "not ASCII": lambda w: bearer(w.token("officer")[:-1] + "é"),
    "a role that there is not": lambda _: bearer(f"kluis_operator_{'0' * 49}"),
    "bad checksum": lambda w: bearer(with_another_checksum(w.token("officer"))),
    "another role before it": lambda w: bearer(w.token("officer").replace("officer", "admin")),
    "two tokens": lambda w: bearer(f"{w.token('officer')} {w.token('officer')}"),
    "unknown": lambda _: bearer(mint("officer", b"\x07" * 32)),
    "revoked": lambda w: bearer(revoked_token(w)),
    "expired": lambda w: bearer(expired_token(w)),
}
NEEDS_THE_DATABASE = ("unknown", "revoked", "expired")


def ask(world: World, headers: Mapping[str, str], query: str = "") -> list[TestResponse]:
    """The same at every door."""
    client = world.app.test_client()
    return [
        client.open(path_to(rule) + query, method=method, headers=headers) for method, rule in DOORS
    ]


def refusal(world: World) -> dict[str, object]:
    """How a request without any token is refused."""
    response = world.get("/duties", None)
    assert response.status_code == 401
    return without_request_id(response)


@pytest.mark.parametrize("why", BAD)
def test_a_token_that_does_not_hold_is_refused_in_one_way_at_every_door(
    shared_world: World, why: str
):
    expected, headers = refusal(shared_world), BAD[why](shared_world)
    for response in ask(shared_world, headers):
        assert response.status_code == 401, why
        assert without_request_id(response) == expected
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="kluis"'
        assert response.mimetype == "application/problem+json"


@pytest.mark.parametrize("name", ["token", "access_token", "authorization"])
def test_a_token_in_the_query_string_lets_nobody_in(shared_world: World, name: str):
    expected, query = refusal(shared_world), f"?{name}={shared_world.token('officer')}"
    for response in ask(shared_world, {}, query):
        assert response.status_code == 401
        assert without_request_id(response) == expected


def test_a_token_in_a_cookie_or_a_body_lets_nobody_in(shared_world: World):
    token, client = shared_world.token("officer"), shared_world.app.test_client()
    client.set_cookie("Authorization", f"Bearer {token}")
    asked = client.post("/v1/consent-wordings", json={"token": token, "Authorization": token})
    assert asked.status_code == 401


def test_two_authorization_headers_let_nobody_in(shared_world: World):
    one = ("Authorization", f"Bearer {shared_world.token('officer')}")
    client = shared_world.app.test_client()
    assert client.get("/v1/duties", headers=[one]).status_code == 200
    assert client.get("/v1/duties", headers=[one, one]).status_code == 401


@pytest.mark.parametrize("why", sorted(BAD.keys() - set(NEEDS_THE_DATABASE)))
def test_what_is_no_token_is_refused_before_any_query(shared_world: World, why: str):
    headers = BAD[why](shared_world)
    with statements(shared_world) as seen:
        assert {response.status_code for response in ask(shared_world, headers)} == {401}
    assert seen == []


def prepared(world: World) -> list[str]:
    """The statements about tokens that the driver prepared, by the database's own word."""
    with world.app.app_context(), db.engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT statement FROM pg_prepared_statements")
        return [statement for (statement,) in found if "FROM api_token" in statement]


def test_a_token_is_looked_up_by_its_digest_alone(shared_world: World):
    token = mint("officer", b"\x07" * 32)
    with statements(shared_world) as seen:
        ask(shared_world, bearer(token))
    selects = [statement for statement in seen if statement.startswith("SELECT")]
    if shared_world.database_url.startswith("postgresql"):  # past SQLAlchemy, which is listened to
        assert selects == []
        selects = prepared(shared_world)
        if shared_world.house.settings.pooler:
            assert selects == []  # nothing stays prepared there
            return
    else:
        assert len(selects) == len(DOORS)
    assert selects
    assert all("api_token.digest =" in statement for statement in selects)


def test_the_refused_leave_no_row_and_change_nothing(shared_world: World):
    shared_world.procedure()
    for headers in (BAD["no header"](shared_world), BAD["unknown"](shared_world)):
        with statements(shared_world) as seen:
            ask(shared_world, headers)
        assert [s for s in seen if not s.startswith(("SELECT", "BEGIN"))] == []


def test_a_token_holds_until_its_last_second_and_from_no_other_role(world: World):
    order = {"role": "purger", "subject": "job", "expires_at": "2026-11-22T10:00:00Z"}
    token = world.post("/tokens", "admin", json=order).json["token"]
    client = world.app.test_client()
    world.clock.moment = world.clock.moment.replace(minute=59, second=59)
    asked = client.post("/v1/purge-runs", headers=bearer(token), json={"dry_run": True})
    assert asked.status_code == 201
    assert client.get("/v1/duties", headers=bearer(token)).status_code == 403
    world.clock.moment += timedelta(seconds=1)
    asked = client.post("/v1/purge-runs", headers=bearer(token), json={"dry_run": True})
    assert asked.status_code == 401
