"""Tokens: the secret is shown once, its digest kept, its end certain, and all of it audited."""

from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from service.storage.database import db
from service.storage.tables import ApiToken, AuditEvent
from tests.access.scene import alarms, everything_stored, token_order
from tests.world import World


def mint(world: World, **changes: object) -> dict[str, str]:
    made = world.post("/tokens", "admin", json={**token_order("daan"), **changes})
    assert made.status_code == 201, made.text
    body: dict[str, str] = made.json
    return body


def status_with(world: World, token: str, path: str = "/duties") -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return world.app.test_client().get(f"/v1{path}", headers=headers).status_code


def raw_bytes(world: World) -> bytes:
    """SQLite's own files; for PostgreSQL, every row of every table."""
    rows = repr(everything_stored(world)).encode()
    _, _, path = world.database_url.partition("sqlite:///")
    files = [f.read_bytes() for f in Path(path).parent.glob(f"{Path(path).name}*")] if path else []
    return rows + b"".join(files)


def test_a_secret_is_shown_in_the_answer_that_mints_it_and_nowhere_else(shared_world: World):
    made = mint(shared_world, role="officer")
    assert set(made) == {"id", "role", "subject", "expires_at", "token"}
    assert made["token"].startswith("kluis_officer_")
    assert len(made["token"]) == len("kluis_officer_") + 49
    listed = shared_world.get("/tokens?limit=100", "admin")
    assert made["id"] in listed.text
    assert made["token"] not in listed.text
    assert made["token"][14:57] not in listed.text
    names = {name for item in listed.json["items"] for name in item}
    assert names == {
        "id",
        "role",
        "subject",
        "created_at",
        "created_by",
        "expires_at",
        "revoked_at",
    }
    events = shared_world.get("/audit-events?limit=100", "officer").text
    assert made["token"][14:57] not in events


def test_the_database_keeps_a_digest_and_no_part_of_the_secret(shared_world: World):
    token = mint(shared_world)["token"]
    stored = raw_bytes(shared_world)
    secret = token.removeprefix("kluis_screener_")
    assert secret.encode() not in stored
    assert secret[:43].encode() not in stored
    assert secret[:20].encode() not in stored
    with shared_world.app.app_context():
        digests = set(db.session.scalars(select(ApiToken.digest)))
    assert sha256(token.encode()).digest() in digests


def test_every_token_is_another(shared_world: World):
    assert len({mint(shared_world)["token"] for _ in range(20)}) == 20


@pytest.mark.parametrize(
    "expires_at",
    [
        None,
        "2026-11-22T09:30:00Z",
        "2020-01-01T00:00:00Z",
        "2027-11-23T09:30:01Z",
        "9999-12-31T23:59:59Z",
        "2027-01-01",
        "2027-01-01T00:00:00",
        "soon",
        1,
    ],
)
def test_a_token_needs_an_end_after_now_and_within_366_days(
    shared_world: World, expires_at: object
):
    order = {**token_order("daan"), "expires_at": expires_at}
    response = shared_world.post("/tokens", "admin", json=order)
    assert response.status_code == 422
    assert [fault["pointer"] for fault in response.json["errors"]] == ["/expires_at"]


def test_a_token_without_an_end_is_refused(shared_world: World):
    response = shared_world.post("/tokens", "admin", json={"role": "screener", "subject": "daan"})
    assert response.status_code == 422
    assert response.json["errors"] == [{"pointer": "/expires_at", "code": "required"}]


def test_a_token_may_last_366_days_to_the_second(shared_world: World):
    longest = (shared_world.clock.now() + timedelta(days=366)).isoformat()
    assert mint(shared_world, expires_at=longest)["token"]


def test_no_token_is_minted_for_the_command_lines_role(shared_world: World):
    order = {**token_order("daan"), "role": "operator"}
    assert shared_world.post("/tokens", "admin", json=order).status_code == 422


def test_a_revoked_token_is_refused_at_the_next_request(shared_world: World):
    made = mint(shared_world, role="officer")
    assert status_with(shared_world, made["token"]) == 200
    assert shared_world.call("DELETE", f"/tokens/{made['id']}", "admin").status_code == 204
    assert status_with(shared_world, made["token"]) == 401
    listed = shared_world.get("/tokens?limit=100", "admin").json["items"]
    revoked = {item["id"]: item["revoked_at"] for item in listed}
    assert revoked[made["id"]] is not None
    again = shared_world.call("DELETE", f"/tokens/{made['id']}", "admin")
    assert again.status_code == 409


def test_revoking_one_token_leaves_the_subjects_others(shared_world: World):
    first, second = (mint(shared_world, role="officer") for _ in range(2))
    assert shared_world.call("DELETE", f"/tokens/{first['id']}", "admin").status_code == 204
    assert status_with(shared_world, second["token"]) == 200


def test_an_admin_who_revokes_his_own_token_is_out(shared_world: World):
    made = mint(shared_world, role="admin")
    client, headers = shared_world.app.test_client(), {"Authorization": f"Bearer {made['token']}"}
    gone = client.delete(f"/v1/tokens/{made['id']}", headers=headers)
    assert gone.status_code == 204
    assert status_with(shared_world, made["token"], "/tokens") == 401


def test_minting_and_revoking_are_audited_and_raise_alarms(shared_world: World):
    shared_world.token("admin")
    before = alarms(shared_world, "token-created"), alarms(shared_world, "token-revoked")
    made = mint(shared_world, subject="fleur")
    shared_world.call("DELETE", f"/tokens/{made['id']}", "admin")
    assert alarms(shared_world, "token-created") == before[0] + 1
    assert alarms(shared_world, "token-revoked") == before[1] + 1
    with shared_world.app.app_context():
        query = select(AuditEvent).where(AuditEvent.subject == "admin")
        rows = [row for row in db.session.scalars(query) if made["id"] in str(row.details)]
    assert {(row.action, row.outcome) for row in rows} == {
        ("create-token", "allowed"),
        ("revoke-token", "allowed"),
    }
    details = {row.action: row.details for row in rows}
    assert details["create-token"] == {"created": made["id"], "for": "fleur", "as": "screener"}
    assert details["revoke-token"] == {"revoked": made["id"]}


def test_the_audit_names_the_token_that_was_used(shared_world: World):
    made = mint(shared_world, role="officer")
    status_with(shared_world, made["token"])
    with shared_world.app.app_context():
        query = select(AuditEvent).where(AuditEvent.token_id == UUID(made["id"]))
        rows = db.session.scalars(query).all()
    assert [(row.action, row.subject) for row in rows] == [("read-duties", "daan")]
