"""Idempotency: a repeated POST is answered as before, and done once; the answer is guarded."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from service.crypto.keyring import KeyPurpose, Keyring, KeyState
from service.crypto.keyring_files import write_keyring_file
from service.domain.policy import Role
from service.storage.database import db
from service.storage.tables import (
    Application,
    AuditEvent,
    Base,
    ConsentEvent,
    Document,
    StoredAnswer,
)
from service.usecases.case import Repeatable
from service.usecases.keys import add_key
from service.usecases.repeats import kept_answer
from tests.access.promises import DOORS
from tests.access.scene import everything_stored, token_order, without_request_id
from tests.factories import PDF, multipart
from tests.faults.problems import demand_problem
from tests.world import World

FIELDS = {
    "name": "Sanne Zeekanarie",
    "email": "sanne.zeekanarie@example.org",
    "motivation": "Om de zeekanarie.",
}
BODY = {"procedure_reference": "V-1", "fields": FIELDS}


def count(world: World, table: type[Base]) -> int:
    with world.app.app_context():
        return db.session.scalar(select(func.count()).select_from(table)) or 0


def post(world: World, key: str | None, role: str = "website", **changes: Any) -> TestResponse:
    body = {**BODY, **changes} | ({"channel": "phone"} if role == "recruiter" else {})
    return world.post("/applications", role, key=key, json=body)


def demand_same(first: TestResponse, again: TestResponse) -> None:
    assert again.status_code == first.status_code == 201
    assert again.json == first.json
    for name in ("Location", "ETag", "Content-Type"):
        assert again.headers.get(name) == first.headers.get(name)


def test_the_website_sends_a_key_with_every_post(world: World):
    world.procedure()
    record = world.apply()
    headers = {"Authorization": f"Bearer {world.token('website')}"}
    client, before = world.app.test_client(), count(world, Application)
    for method, rule in DOORS:
        if method == "POST" and "website" in DOORS[method, rule].outcomes:
            path = rule.replace("<uuid:application_id>", str(record))
            response = client.post(path, headers=headers, json=BODY)
            assert response.status_code == 400, rule
            assert response.json["type"].endswith(":idempotency-key-missing")
    assert count(world, Application) == before


def test_the_others_may_do_without_a_key(world: World):
    world.procedure()
    assert post(world, None, "recruiter").status_code == 201
    assert post(world, None, "recruiter").status_code == 201
    assert count(world, Application) == 2
    assert count(world, StoredAnswer) == 0


@pytest.mark.parametrize("key", ["", "k" * 256, "sleutel-é", "tab\tin"])
def test_a_key_is_1_to_255_printable_ascii_characters(shared_world: World, key: str):
    order = {"version": "w-x", "texts": {"nl": "Ja."}}
    response = shared_world.post("/consent-wordings", "officer", key=key, json=order)
    assert response.status_code == 422
    assert response.json["errors"][0]["pointer"] == "/headers/Idempotency-Key"


@pytest.mark.parametrize("role", ["website", "recruiter"])
def test_the_same_request_again_gets_the_same_answer_and_makes_one_record(world: World, role: str):
    world.procedure()
    first = post(world, "k" * 255, role)
    assert first.headers["Location"] == f"/v1/applications/{first.json['id']}"
    assert first.headers["ETag"] == '"1"'
    for _ in range(3):
        demand_same(first, post(world, "k" * 255, role))
    assert count(world, Application) == 1


def test_a_repeated_multipart_request_makes_one_record_with_one_file(world: World):
    world.procedure()

    def send(content: bytes = PDF, name: str = "cv.pdf") -> TestResponse:
        data = multipart(BODY, cv=(name, content))
        return world.post("/applications", "website", key="k", data=data)

    first = send()
    demand_same(first, send())
    assert (count(world, Application), count(world, Document)) == (1, 1)
    for other in (send(PDF + b"\n"), send(name="brief.pdf"), post(world, "k")):
        assert other.status_code == 422
        assert other.json["type"].endswith(":idempotency-key-reused")
    assert (count(world, Application), count(world, Document)) == (1, 1)


def test_a_key_used_for_another_body_or_another_path_is_refused(world: World):
    world.procedure()
    record = post(world, "k").json["id"]
    other_body = post(world, "k", fields={**FIELDS, "name": "Een Ander"})
    other_path = world.post(f"/applications/{record}/withdrawal", "website", key="k")
    for response in (other_body, other_path):
        assert response.status_code == 422
        assert response.json["type"].endswith(":idempotency-key-reused")
        assert "anarie" not in response.text
    assert count(world, Application) == 1
    assert world.get(f"/applications/{record}", "recruiter").json["status"] == "received"


def test_another_subjects_same_key_is_another_key(world: World):
    world.procedure()
    order = {"version": "w1", "texts": {"nl": "Ja."}}
    first = post(world, "k")
    mine = world.post("/applications", "website", subject="second-site", key="k", json=BODY)
    assert mine.status_code == 201
    assert mine.json["id"] != first.json["id"]
    assert world.post("/consent-wordings", "officer", key="k", json=order).status_code == 201
    demand_same(first, post(world, "k"))


def test_another_role_of_the_same_subject_has_keys_of_its_own(world: World):
    world.procedure()
    world.token("website", "recruiter")
    first = post(world, "k", "recruiter")
    second = world.post("/applications", "website", subject="recruiter", key="k", json=BODY)
    assert second.status_code == 201
    assert second.json["id"] != first.json["id"]


def test_a_key_is_free_again_after_24_hours(world: World):
    world.procedure()
    first = post(world, "k")
    world.clock.moment += timedelta(hours=23, minutes=59, seconds=59)
    demand_same(first, post(world, "k"))
    world.clock.moment += timedelta(seconds=1)
    again = post(world, "k")
    assert again.status_code == 201
    assert again.json["id"] != first.json["id"]
    assert count(world, Application) == 2


def test_a_refused_request_keeps_no_answer_so_that_it_can_be_mended(world: World):
    procedure_id = world.procedure(apply_until="2026-11-21")
    assert post(world, "k").status_code == 409
    assert post(world, "k", fields={"name": "Sanne"}).status_code == 422
    assert count(world, StoredAnswer) == 0
    version = world.get(f"/procedures/{procedure_id}", "recruiter").json["version"]
    change = {"apply_until": None}
    world.patch(f"/procedures/{procedure_id}", "recruiter", version=version, json=change)
    assert post(world, "k").status_code == 201


def test_a_recruiter_off_the_team_gets_404_for_what_he_repeats(world: World):
    procedure_id = world.procedure()
    made = post(world, "k", "recruiter")
    path = f"/procedures/{procedure_id}/team/recruiter"
    assert world.call("DELETE", path, "admin").status_code == 204
    again = post(world, "k", "recruiter")
    assert again.status_code == 404
    assert made.json["id"] not in again.text


def test_a_repeat_is_refused_once_the_record_is_past_its_date(world: World):
    world.procedure(ends_on="2026-11-23")
    world.clock.move_to("2026-11-22", hour=22)
    record = post(world, "k").json["id"]
    withdrawal = f"/applications/{record}/withdrawal"
    world.clock.move_to("2026-12-22", hour=22)
    assert world.post(withdrawal, "website", key="w").status_code == 201
    world.clock.move_to("2026-12-23", hour=8)
    again = world.post(withdrawal, "website", key="w")
    missing = world.post(f"/applications/{uuid4()}/withdrawal", "website", key="m")
    assert again.status_code == 404
    assert without_request_id(again) == without_request_id(missing)


def hired(world: World) -> tuple[UUID, str]:
    procedure_id = world.procedure()
    path = f"/applications/{world.apply(fields=FIELDS)}"
    world.patch(path, "recruiter", version=1, json={"status": "hired"})
    return procedure_id, f"{path}/handover"


def hand_over(world: World, path: str) -> TestResponse:
    return world.post(path, "recruiter", key="k", json={"fields": ["name", "email", "motivation"]})


def test_a_repeated_handover_is_answered_and_audited_as_what_it_shows(world: World):
    _, path = hired(world)
    first, again = hand_over(world, path), hand_over(world, path)
    demand_same(first, again)
    with world.app.app_context():
        query = select(AuditEvent).where(AuditEvent.action == "hand-over")
        rows = [(r.outcome, r.purpose, r.fields, r.shown) for r in db.session.scalars(query)]
    assert rows == [("allowed", "selection", ["email", "motivation", "name"], 1)] * 2


def test_a_repeated_handover_shows_nothing_when_the_procedure_is_over(world: World):
    procedure_id, path = hired(world)
    assert hand_over(world, path).status_code == 201
    world.close_procedure(procedure_id)
    again = hand_over(world, path)
    assert again.status_code == 403
    assert "anarie" not in again.text


def test_a_repeated_handover_shows_nothing_to_who_recruits_no_more(world: World):
    procedure_id, path = hired(world)
    assert hand_over(world, path).status_code == 201
    member = f"/procedures/{procedure_id}/team/recruiter"
    world.call("PUT", member, "admin", json={"role": "screener"})
    again = hand_over(world, path)
    assert again.status_code == 403
    assert "anarie" not in again.text


def test_fifty_posts_at_once_with_one_key_make_one_application(world: World):
    world.procedure()
    world.token("website")
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: post(world, "k"), range(50)))
    for answer in answers:
        demand_same(answers[0], answer)
    assert count(world, Application) == 1
    assert count(world, StoredAnswer) == 1
    with world.app.app_context():
        query = select(AuditEvent).where(AuditEvent.action == "submit-application")
        assert {row.outcome for row in db.session.scalars(query)} == {"allowed"}
    assert len({answer.headers["X-Request-Id"] for answer in answers}) == 50


def test_fifty_posts_at_once_with_keys_of_their_own_make_fifty(world: World):
    world.procedure()
    world.token("website")
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda n: post(world, f"k{n}"), range(50)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == count(world, Application) == 50


def test_a_kept_answer_holds_nothing_that_can_be_read(world: World):
    world.procedure()
    world.wording()
    key = "sollicitatie-sanne-zeekanarie"
    record = post(world, key).json["id"]
    token = world.post("/tokens", "admin", key=f"{key}-token", json=token_order("daan")).json
    with world.app.app_context():
        rows = db.session.scalars(select(StoredAnswer)).all()
        kept = [b"".join((row.scope, row.fingerprint, row.sealed or b"")) for row in rows]
    assert len(kept) == 2
    told = (key, "anarie", "purge_on", record, "kluis_", token["token"], token["id"])
    for stored in kept:
        assert [word for word in told if word.encode() in stored] == []
    rows_as_text = repr(everything_stored(world)["idempotency_key"])
    assert [word for word in (key, "anarie", "kluis_") if word in rows_as_text] == []


def test_what_was_erased_does_not_come_back_with_a_repeat(world: World):
    world.procedure()
    world.wording()
    record = UUID(post(world, "k").json["id"])
    given = {"change": "given", "wording_version": "w1"}
    world.clock.moment += timedelta(seconds=1)
    world.post(f"/applications/{record}/consent-events", "website", key="c", json=given)
    assert count(world, StoredAnswer) == 2
    version = world.version_of(record)
    gone = world.call("DELETE", f"/applications/{record}", "officer", version=version)
    assert gone.status_code == 204
    assert count(world, StoredAnswer) == 1
    demand_problem(post(world, "k"), 410, "erased-since", [])
    demand_problem(post(world, "k", procedure_reference="V-2"), 410, "erased-since", [])
    statement = f"/applications/{record}/consent-events"
    repeated = world.post(statement, "website", key="c", json=given)
    demand_problem(repeated, 404, "not-found", [])
    assert count(world, Application) == 0
    world.clock.moment += timedelta(hours=24)
    assert post(world, "k").status_code == 201


def test_of_an_erased_application_its_answers_keep_nothing_but_that_there_were_some(world: World):
    world.procedure()
    record = post(world, "k").json["id"]
    version = world.version_of(UUID(record))
    world.call("DELETE", f"/applications/{record}", "officer", version=version)
    with world.app.app_context():
        (kept,) = db.session.scalars(select(StoredAnswer))
        left = (kept.fingerprint, kept.application_id, kept.kek_id, kept.sealed)
    assert left == (b"", None, None, None)


def test_a_repeated_token_order_gets_the_same_secret_and_makes_one_token(world: World):
    order = token_order("daan")
    first = world.post("/tokens", "admin", key="k", json=order)
    again = world.post("/tokens", "admin", key="k", json=order)
    demand_same(first, again)
    listed = world.get("/tokens?limit=100", "admin").json["items"]
    assert [item["subject"] for item in listed].count("daan") == 1
    stranger = world.post("/tokens", "admin", subject="second-admin", key="k", json=order)
    assert stranger.json["token"] != first.json["token"]
    demoted = world.post("/tokens", "officer", subject="admin", key="k", json=order)
    assert demoted.status_code == 403


def test_a_repeated_statement_of_consent_is_one_event(world: World):
    world.procedure()
    world.wording()
    path = f"/applications/{world.apply()}/consent-events"
    given = {"change": "given", "wording_version": "w1"}
    first = world.post(path, "website", key="k", json=given)
    demand_same(first, world.post(path, "website", key="k", json=given))
    assert count(world, ConsentEvent) == 1


def test_an_answer_that_is_moved_to_another_callers_row_does_not_open(world: World):
    """Both belong to one application: only the caller and the key tell them apart."""
    _, path = hired(world)
    assert hand_over(world, path).status_code == 201
    withdrawal = path.replace("handover", "withdrawal")
    assert world.post(withdrawal, "website", key="w").status_code == 201
    with world.app.app_context():
        rows = db.session.scalars(select(StoredAnswer)).all()
        longest = max((row.sealed or b"" for row in rows), key=len)
        for row in rows:
            row.sealed = longest
        db.session.commit()
    moved = world.post(withdrawal, "website", key="w")
    assert moved.status_code == 500
    assert moved.json["type"].endswith(":unreadable")
    assert "anarie" not in moved.text


def with_another_key(world: World, days: int = 1) -> World:
    """Beside the active index key another, by whose id it comes after it, or before."""
    world.clock.moment += timedelta(days=days)
    with world.app.app_context():
        add_key(world.case(), KeyPurpose.INDEX, partial(write_keyring_file, world.keyring_file))
    world.clock.moment -= timedelta(days=days)
    return world


@pytest.mark.parametrize("days", [-1, 1], ids=["the other first", "the other last"])
def test_beside_another_index_key_a_repeat_is_found_and_claims_nothing(world: World, days: int):
    world.procedure()
    first = post(world, "k")
    with_another_key(world, days)
    demand_same(first, post(world, "k"))
    assert (count(world, Application), count(world, StoredAnswer)) == (1, 1)


def test_under_two_index_keys_an_answer_is_kept_twice_and_emptied_with_its_application(
    world: World,
):
    world.procedure()
    with_another_key(world)
    made = post(world, "k")
    assert count(world, StoredAnswer) == 2
    demand_same(made, post(world, "k"))
    path = f"/applications/{made.json['id']}"
    version = world.version_of(UUID(made.json["id"]))
    assert world.call("DELETE", path, "officer", version=version).status_code == 204
    demand_problem(post(world, "k"), 410, "erased-since", [])
    assert (count(world, Application), count(world, StoredAnswer)) == (0, 2)


def test_under_two_index_keys_a_counted_refusal_leaves_no_claim(world: World):
    world.procedure()
    code = post(with_another_key(world), "k").json["access_code"]
    before = count(world, StoredAnswer)
    body = {"access_code": code, "answers": {"birth_date": "1900-01-01"}}
    assert world.post("/access-tokens", "website", key="wrong", json=body).status_code == 403
    assert count(world, StoredAnswer) == before


def test_hosts_before_and_behind_a_rotation_claim_in_one_order(world: World):
    """Else two of them could wait for each other."""
    before = with_another_key(world).house.keyring.current
    (other,) = before.other_indexes
    new = replace(before.keys[other.key_id], state=KeyState.ACTIVE)

    def claimed(ring: Keyring) -> list[bytes]:
        case = world.case(Role.WEBSITE, "website")
        case.ring, case.now = ring, world.clock.moment
        case.repeatable = Repeatable("k", b"what is asked")
        with world.app.app_context():
            assert kept_answer(case) is None
            case.session.rollback()
        return case.answer_scopes

    assert len(claimed(before)) == 2
    assert claimed(before) == claimed(before.with_key(new))
