"""Requests under the law: filed through any channel, checked, answered in time or refused."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from service.domain.requests import MOST_OF_ONE_RECORD
from service.domain.words import Channel, RequestKind
from service.storage.database import db
from service.storage.tables import AuditEvent, PrivacyRequest
from tests.access.scene import alarms, everything_stored, without_request_id
from tests.factories import SubmissionFactory
from tests.faults.damage import behind, damage_key, flipped
from tests.retention.acts import completed, hold, reads, rows
from tests.rights.applicants import Applicant
from tests.rights.asking import (
    STAYS,
    audited,
    change,
    change_own,
    conflict,
    file,
    path_of,
    refuse,
    stored,
)
from tests.world import MORNING, World

AUTHORITY = "Autoriteit Persoonsgegevens, https://autoriteitpersoonsgegevens.nl"
AT_ONCE = ("restriction", "consent-withdrawal")
WAITING = ("access", "portability", "correction", "objection", "complaint")


@pytest.fixture
def applicant(world: World) -> Applicant:
    """Somebody who applied, has logged in, and whose record stays until 1 April 2027."""
    world.procedure(ends_on="2027-03-01")
    return Applicant.apply(world)


@pytest.fixture
def here(shared_world: World) -> Applicant:
    """The same, in one world for all, where neither database nor neighbour makes a difference."""
    shared_world.clock.moment = MORNING
    return Applicant.apply(shared_world)


def requests_of(applicant: Applicant) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = applicant.get("/privacy-requests").json["items"]
    return items


def errors(response: Any) -> list[tuple[str, str]]:
    return [(fault["pointer"], fault["code"]) for fault in response.json["errors"]]


# From the applicant's side


@pytest.mark.parametrize("kind", [*AT_ONCE, *WAITING])
def test_what_can_be_done_at_once_is_and_the_rest_waits(applicant: Applicant, kind: str):
    world = applicant.world
    asked = applicant.ask(kind, text="Dank bij voorbaat.")
    assert asked.status_code == 201
    assert asked.headers["Location"] == f"/v1{path_of(asked)}"
    view = asked.json
    assert view["outcome"] == ("answered" if kind in AT_ONCE else None)
    assert (view["received_on"], view["due_on"]) == ("2026-11-22", "2026-12-22")
    assert (view["channel"], view["identity_check"]) == ("website", "control-questions")
    assert (view["text"], view["purge_on"]) == ("Dank bij voorbaat.", "2027-04-01")
    assert view["authority"] == AUTHORITY
    assert applicant.get(path_of(asked)).json == view
    assert asked.headers["ETag"] == f'"{view["version"]}"'
    listed = applicant.get("/privacy-requests").json["items"]
    assert [item["id"] for item in listed] == [view["id"]]
    assert "text" not in listed[0]
    row = stored(world, asked)
    assert (row["recorded_by"], row["identity_checked_by"]) == ("applicant", "applicant")
    assert row["closed_by"] == ("applicant" if kind in AT_ONCE else None)


def test_every_kind_is_among_them():
    assert set(RequestKind) == {*AT_ONCE, *WAITING, "erasure"}


@pytest.mark.parametrize(
    ("kind", "path"), [("access", "access-report"), ("portability", "portability")]
)
def test_what_is_asked_for_and_fetched_closes_the_request(
    applicant: Applicant, kind: str, path: str
):
    asked = applicant.ask(kind)
    other = applicant.ask("portability" if kind == "access" else "access")
    fetched = applicant.get(f"/applications/{{id}}/{path}", buffered=True)
    assert fetched.status_code == 200
    assert fetched.data
    closed = applicant.get(path_of(asked)).json
    assert (closed["outcome"], closed["version"]) == ("answered", 2)
    assert applicant.get(path_of(other)).json["outcome"] is None


def test_what_the_officer_fetches_closes_nothing(applicant: Applicant):
    asked = applicant.ask("access")
    path = f"/applications/{applicant.id}/access-report?purpose=access-request"
    assert applicant.world.get(path, "officer").status_code == 200
    assert applicant.get(path_of(asked)).json["outcome"] is None


def test_a_complaint_is_handled_to_its_end(applicant: Applicant):
    asked = applicant.ask("complaint", text="Ik hoorde niets.")
    read = applicant.world.get(path_of(asked), "officer")
    assert read.json["text"] == "Ik hoorde niets."
    row = audited(applicant.world, read)
    assert (row.purpose, row.fields, row.shown) == ("complaint", ["request_text"], 1)
    answered = change(applicant.world, asked, outcome="answered")
    assert answered.json["outcome"] == "answered"
    assert applicant.get(path_of(asked)).json["closed_at"] == answered.json["closed_at"]


def test_the_applicant_takes_back_what_he_asked_for(applicant: Applicant):
    asked = applicant.ask("access")
    taken = change_own(applicant, asked, outcome="withdrawn")
    assert (taken.status_code, taken.json["outcome"]) == (200, "withdrawn")
    assert stored(applicant.world, asked)["closed_by"] == "applicant"


@pytest.mark.parametrize(
    "what",
    [
        {"outcome": "answered"},
        {"outcome": "refused", "refusal_reason": "excessive"},
        {"identity_check": "in-person"},
        {"identity_check": "in-person", "outcome": "withdrawn"},
        {"prolonged_months": 1, "prolongation_reason": "complexity"},
        {"application_id": "01890000-0000-7000-8000-000000000000"},
    ],
)
def test_the_applicant_may_do_no_more_than_that(here: Applicant, what: dict[str, Any]):
    asked = here.ask("objection")
    assert change_own(here, asked, **what).status_code == 403
    assert here.get(path_of(asked)).json["outcome"] is None


def test_an_applicant_has_no_requests_but_his_own(applicant: Applicant):
    other = Applicant.apply(applicant.world)
    foreign = path_of(other.ask("complaint"))
    missing = f"/privacy-requests/{uuid4()}"
    withdrawn = {"outcome": "withdrawn"}
    for method, options in (("GET", {}), ("PATCH", {"version": 1, "json": withdrawn})):
        answers = [applicant.call(method, path, **options) for path in (foreign, missing)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert without_request_id(answers[0]) == without_request_id(answers[1])
    assert applicant.get("/privacy-requests").json["items"] == []
    mine = applicant.get(f"/privacy-requests?application_id={applicant.id}")
    assert mine.json["items"] == []
    assert applicant.get(f"/privacy-requests?application_id={other.id}").status_code == 404
    asked = [applicant.ask("access", application_id=str(one)) for one in (other.id, uuid4())]
    assert [answer.status_code for answer in asked] == [404, 404]
    assert without_request_id(asked[0]) == without_request_id(asked[1])


def test_he_may_name_his_own_application(here: Applicant):
    assert here.ask("access", application_id=str(here.id)).status_code == 201


# Through any channel


@pytest.mark.parametrize(
    ("role", "channel", "status"),
    [
        ("website", None, 201),
        ("website", "website", 201),
        ("website", "email", 403),
        ("recruiter", None, 422),
        ("recruiter", "email", 201),
        ("recruiter", "phone", 201),
        ("recruiter", "branch", 201),
        ("recruiter", "website", 403),
        ("officer", None, 422),
        ("officer", "email", 201),
        ("officer", "phone", 201),
        ("officer", "branch", 201),
        ("officer", "website", 403),
        ("interviewer", "phone", 403),
        ("screener", "phone", 403),
        ("sourcer", "phone", 403),
        ("admin", "phone", 403),
        ("mailer", "email", 403),
    ],
)
def test_a_request_is_filed_by_who_answers_for_the_channel(
    here: Applicant, role: str, channel: str | None, status: int
):
    body = {"kind": "access", "application_id": str(here.id)}
    body |= {} if channel is None else {"channel": channel}
    filed = here.world.post("/privacy-requests", role, json=body)
    assert filed.status_code == status, filed.text
    if status == 201:
        assert filed.json["channel"] == (channel or "website")
        assert (filed.json["identity_check"], filed.json["outcome"]) == (None, None)
        assert stored(here.world, filed)["recorded_by"] == role


def test_who_does_not_reach_the_record_files_nothing_about_it(applicant: Applicant):
    world = applicant.world
    phoned = world.post("/applications", "recruiter", json=SubmissionFactory(channel="phone")).json[
        "id"
    ]
    body = {"kind": "access", "application_id": str(applicant.id), "channel": "phone"}
    stranger = world.post("/privacy-requests", "recruiter", subject="elsewhere", json=body)
    assert stranger.status_code == 404
    assert file(world, "website", "access", UUID(phoned)).status_code == 404
    assert file(world, "officer", "access", uuid4()).status_code == 404
    assert rows(world, "SELECT count(*) FROM privacy_request")[0][0] == 0


def test_the_team_files_and_does_not_follow_what_became_of_it(here: Applicant):
    asked = file(here.world, "recruiter", "access", here.id)
    for role in ("recruiter", "website", "interviewer", "admin", "purger"):
        assert here.world.get(path_of(asked), role).status_code == 403
        assert here.world.get("/privacy-requests", role).status_code == 403
        changed = here.world.patch(path_of(asked), role, version=1, json={"outcome": "answered"})
        assert changed.status_code == 403


def test_the_officer_files_what_he_knows_no_application_of_yet_and_says_later_whose_it_is(
    applicant: Applicant,
):
    world = applicant.world
    asked = file(world, "officer", "restriction", received_on="2026-11-20")
    assert asked.status_code == 201
    assert (asked.json["application_id"], asked.json["due_on"]) == (None, "2026-12-20")
    known = change(world, asked, application_id=str(applicant.id), identity_check="call-back")
    assert known.status_code == 200, known.text
    assert known.json["application_id"] == str(applicant.id)
    assert known.json["outcome"] == "answered"
    assert not reads(world, applicant.id)
    other = Applicant.apply(world)
    again = change(world, asked, application_id=str(other.id))
    assert conflict(again) == "already-assigned"


def test_whose_it_is_can_be_said_without_more(applicant: Applicant):
    asked = file(applicant.world, "officer", "access")
    known = change(applicant.world, asked, application_id=str(applicant.id))
    assert (known.json["identity_check"], known.json["outcome"]) == (None, None)
    assert change(applicant.world, asked, application_id=str(uuid4())).status_code == 409


@pytest.mark.parametrize("kind", sorted({*RequestKind} - {"complaint"}))
def test_nothing_was_answered_about_nobodys_record(world: World, kind: str):
    asked = file(world, "officer", kind, identity_check="call-back")
    assert conflict(change(world, asked, outcome="answered")) == "not-assigned"
    assert refuse(world, asked, "nothing-kept").json["outcome"] == "refused"


def test_a_complaint_is_answered_though_nothing_is_kept(world: World):
    asked = file(world, "officer", "complaint")
    assert change(world, asked, outcome="answered").json["outcome"] == "answered"


def test_what_is_answered_by_being_done_is_done_first(world: World):
    world.wording()
    world.procedure(ends_on="2027-03-01")
    applicant = Applicant.apply(world, consents=True)
    asked = file(world, "officer", "consent-withdrawal")
    answered = change(world, asked, application_id=str(applicant.id), outcome="answered")
    assert answered.json["outcome"] == "answered"
    retention = world.get(f"/applications/{applicant.id}/retention", "officer").json
    assert (retention["consented"], retention["purge_on"]) == (False, "2027-04-01")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("erasure", "legal-hold"),
        ("objection", "legal-hold"),
        ("access", "nothing-kept"),
        ("complaint", "compelling-grounds"),
    ],
)
def test_no_reason_is_given_that_is_seen_to_be_untrue(applicant: Applicant, kind: str, reason: str):
    world = applicant.world
    asked = file(world, "officer", kind, applicant.id, identity_check="call-back")
    assert conflict(refuse(world, asked, reason)) == "no-ground"
    assert refuse(world, asked, "excessive").json["refusal_reason"] == "excessive"


def test_an_erasure_is_refused_for_a_hold_while_it_lasts(applicant: Applicant):
    world = applicant.world
    asked = file(world, "officer", "erasure", applicant.id, identity_check="call-back")
    hold(world, applicant.id, "2027-04-01")
    assert refuse(world, asked, "legal-hold").json["refusal_reason"] == "legal-hold"


def test_a_correction_says_what_is_to_be_corrected(applicant: Applicant):
    refused = applicant.ask("correction")
    assert (refused.status_code, errors(refused)) == (422, [("/fields", "required")])
    assert applicant.ask("correction", text="Mijn naam is anders.").status_code == 201


def test_one_change_is_one_version(applicant: Applicant):
    asked = applicant.ask("complaint")
    answered = change(applicant.world, asked, outcome="answered").json
    assert answered["version"] == asked.json["version"] + 1


def test_the_audit_names_what_was_changed(applicant: Applicant):
    asked = applicant.ask("complaint")
    months = {"prolonged_months": 1, "prolongation_reason": "complexity"}
    put_off = change(applicant.world, asked, **months)
    details = audited(applicant.world, put_off).details
    assert details["changed"] == ["prolonged_months", "prolongation_reason"]


def test_a_request_of_nobody_known_is_closed_as_it_is(applicant: Applicant):
    world = applicant.world
    asked = file(world, "officer", "access")
    assert change(world, asked, application_id=str(uuid4())).status_code == 404
    assert refuse(world, asked, "nothing-kept").json["refusal_reason"] == "nothing-kept"
    late = change(world, asked, application_id=str(applicant.id))
    assert conflict(late) == "already-assigned"


@pytest.mark.parametrize("more", [{"text": "Over mij."}, {"fields": {"name": "Sanne"}}])
def test_what_is_said_is_kept_with_a_record_only(here: Applicant, more: dict[str, Any]):
    asked = file(here.world, "officer", "correction", identity_check="call-back", **more)
    assert errors(asked) == [("/application_id", "required")]


@pytest.mark.parametrize("role", ["website", "recruiter"])
def test_only_the_officer_leaves_the_application_out(here: Applicant, role: str):
    assert errors(file(here.world, role, "access")) == [("/application_id", "required")]


@pytest.mark.parametrize(
    ("role", "more", "pointer"),
    [
        ("website", {"identity_check": "call-back"}, "/identity_check"),
        ("recruiter", {"identity_check": "call-back"}, "/identity_check"),
        ("website", {"received_on": "2026-11-20"}, "/received_on"),
        ("website", {"fields": {"motivation": "Nu wel."}}, "/fields"),
        ("recruiter", {"fields": {"motivation": "Nu wel."}}, "/fields"),
    ],
)
def test_what_only_some_may_say_is_refused_of_others(
    here: Applicant, role: str, more: dict[str, Any], pointer: str
):
    refused = file(here.world, role, "correction", here.id, **more)
    assert refused.status_code == 403
    assert errors(refused) == [(pointer, "not-for-this-role")]


@pytest.mark.parametrize("more", [{"received_on": "2026-11-20"}, {"identity_check": "call-back"}])
def test_an_applicant_says_neither_when_it_came_in_nor_how_he_was_checked(
    here: Applicant, more: dict[str, Any]
):
    assert here.ask("access", **more).status_code == 403


@pytest.mark.parametrize(
    ("received_on", "status"),
    [
        ("2026-11-22", 201),
        ("2026-11-23", 422),
        ("2026-10-01", 201),
        ("2025-11-22", 201),
        ("2025-11-21", 422),
    ],
)
def test_a_request_came_in_today_or_within_the_year_before(
    here: Applicant, received_on: str, status: int
):
    asked = file(here.world, "recruiter", "complaint", here.id, received_on=received_on)
    assert asked.status_code == status
    if status == 422:
        assert errors(asked) == [("/received_on", "out-of-range")]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"kind": "complaint", "text": "x" * 5_001}, ("/text", "length")),
        ({"kind": "complaint", "text": ""}, ("/text", "length")),
        ({"kind": "complaint", "text": "BSN 123456782"}, ("/text", "looks-like-bsn")),
        ({"kind": "forgetting"}, ("/kind", "not-a-choice")),
        ({}, ("/kind", "required")),
        ({"kind": "access", "due_on": "2027-01-01"}, ("/due_on", "unknown-property")),
        ({"kind": "access", "outcome": "answered"}, ("/outcome", "unknown-property")),
        ({"kind": "access", "fields": {"name": "Sanne"}}, ("/fields", "only-to-correct")),
        ({"kind": "correction", "fields": {"shoe": 1}}, ("/fields/shoe", "unknown-property")),
    ],
)
def test_what_is_not_acceptable_is_refused_by_its_place(
    here: Applicant, body: dict[str, Any], fault: tuple[str, str]
):
    refused = here.post("/privacy-requests", json=body)
    assert refused.status_code == 422
    assert errors(refused) == [fault]
    assert "123456782" not in refused.text
    assert requests_of(here) == []


def test_a_text_of_five_thousand_characters_on_lines_is_taken(here: Applicant):
    text = "Regel.\n" * 714 + "xx"
    assert here.ask("complaint", text=text).json["text"] == text


def test_a_repeated_filing_is_one_request(applicant: Applicant):
    sent = {"json": {"kind": "access", "text": "Graag."}, "headers": {"Idempotency-Key": "k"}}
    first, again = (applicant.post("/privacy-requests", **sent) for _ in range(2))
    assert (again.status_code, again.json) == (201, first.json)
    assert rows(applicant.world, "SELECT count(*) FROM privacy_request")[0][0] == 1


def test_from_a_damaged_record_people_ask_as_well(applicant: Applicant):
    damage_key(applicant.world, applicant.id)
    headers = {"Idempotency-Key": "k"}
    asked = applicant.post("/privacy-requests", json={"kind": "access"}, headers=headers)
    assert asked.status_code == 201


def test_what_was_said_of_a_damaged_record_is_lost_with_an_alarm_and_the_request_is_not(
    applicant: Applicant,
):
    damage_key(applicant.world, applicant.id)
    asked = applicant.ask("complaint", text="Het antwoord kwam laat.")
    assert (asked.status_code, asked.json["text"]) == (201, None)
    assert alarms(applicant.world, "field-unreadable") == 1


def filed_often(applicant: Applicant, by: str) -> None:
    """As many requests as anybody may file about one record lie there, by this subject."""
    with behind(applicant.world) as session:
        for _ in range(MOST_OF_ONE_RECORD):
            day, kind = applicant.world.clock.today, RequestKind.COMPLAINT
            row = PrivacyRequest(id=uuid4(), kind=kind, received_on=day, due_on=day)
            row.prolonged_months, row.version, row.application_id = 0, 1, applicant.id
            row.channel, row.recorded_by = Channel.WEBSITE, by
            session.add(row)


def test_so_many_requests_about_one_record_are_enough_but_for_the_officer_and_an_erasure(
    applicant: Applicant,
):
    filed_often(applicant, "applicant")
    assert conflict(applicant.ask("complaint")) == "too-many-requests"
    assert file(applicant.world, "officer", "complaint", applicant.id).status_code == 201
    assert applicant.ask("erasure").json["outcome"] == "answered"


def test_erasures_that_a_hold_forbids_are_counted_too(applicant: Applicant):
    hold(applicant.world, applicant.id, "2027-04-01")
    filed_often(applicant, "applicant")
    assert conflict(applicant.ask("erasure")) == "too-many-requests"


def test_nobody_uses_up_the_applicants_requests(applicant: Applicant):
    world = applicant.world
    filed_often(applicant, "website")
    assert conflict(file(world, "website", "complaint", applicant.id)) == "too-many-requests"
    assert applicant.ask("restriction").status_code == 201


# Who asks is checked


@pytest.mark.parametrize(
    ("kind", "outcome", "restricts"),
    [
        ("access", None, False),
        ("portability", None, False),
        ("correction", None, False),
        ("erasure", None, False),
        ("complaint", None, False),
        ("objection", None, True),
        ("restriction", "answered", True),
    ],
)
def test_what_was_filed_for_somebody_takes_effect_when_the_officer_knows_him(
    applicant: Applicant, kind: str, outcome: str | None, *, restricts: bool
):
    world = applicant.world
    asked = file(world, "website", kind, applicant.id)
    assert asked.json["outcome"] is None
    assert reads(world, applicant.id)
    checked = change(world, asked, identity_check="known-address")
    assert checked.status_code == 200, checked.text
    assert (checked.json["identity_check"], checked.json["outcome"]) == ("known-address", outcome)
    assert checked.json["identity_checked_at"] == "2026-11-22T09:30:00+00:00"
    assert stored(world, asked)["identity_checked_by"] == "officer"
    assert reads(world, applicant.id) is not restricts
    assert reads(world, applicant.id, "officer")


def test_the_officer_who_knows_the_asker_files_and_does_it_at_once(applicant: Applicant):
    world = applicant.world
    asked = file(world, "officer", "restriction", applicant.id, identity_check="in-person")
    assert (asked.json["outcome"], asked.json["identity_check"]) == ("answered", "in-person")
    assert not reads(world, applicant.id)


def test_nothing_is_answered_before_it_is_known_who_asks(applicant: Applicant):
    asked = file(applicant.world, "website", "access", applicant.id)
    assert conflict(change(applicant.world, asked, outcome="answered")) == "identity-unchecked"
    done = change(applicant.world, asked, outcome="answered", identity_check="call-back")
    assert (done.json["outcome"], done.json["identity_check"]) == ("answered", "call-back")


def test_an_asker_who_can_not_be_checked_is_refused_or_takes_it_back(applicant: Applicant):
    first, second = (file(applicant.world, "website", "access", applicant.id) for _ in range(2))
    refused = refuse(applicant.world, first, "identity-not-established")
    assert refused.json["refusal_reason"] == "identity-not-established"
    assert change(applicant.world, second, outcome="withdrawn").json["outcome"] == "withdrawn"


def test_a_complaint_needs_no_check(applicant: Applicant):
    asked = file(applicant.world, "recruiter", "complaint", applicant.id)
    assert change(applicant.world, asked, outcome="answered").status_code == 200


# In time, put off once, or refused with a reason


def prolong(world: World, asked: Any, months: int) -> Any:
    return change(world, asked, prolonged_months=months, prolongation_reason="complexity")


@pytest.mark.parametrize(
    ("received_on", "months", "today", "due_on"),
    [
        ("2026-11-22", 1, "2026-11-22", "2027-01-22"),
        ("2026-11-22", 2, "2026-12-22", "2027-02-22"),
        ("2026-11-22", 2, "2026-12-23", None),
        ("2026-10-31", 1, "2026-11-30", "2026-12-31"),
        ("2026-10-31", 1, "2026-12-01", None),
        ("2026-10-01", 1, "2026-11-22", None),
    ],
)
def test_an_answer_is_put_off_inside_the_first_month(
    here: Applicant, received_on: str, months: int, today: str, due_on: str | None
):
    world = here.world
    asked = file(world, "officer", "complaint", here.id, received_on=received_on)
    world.clock.move_to(today)
    put_off = prolong(world, asked, months)
    if due_on is None:
        assert conflict(put_off) == "already-prolonged"
    else:
        assert (put_off.json["due_on"], put_off.json["prolonged_months"]) == (due_on, months)
        assert put_off.json["prolongation_reason"] == "complexity"
        assert stored(world, asked)["prolonged_at"] == world.clock.now()
        assert conflict(prolong(world, asked, 1)) == "already-prolonged"


@pytest.mark.parametrize(
    ("what", "fault"),
    [
        ({}, ("", "empty-entry")),
        ({"prolonged_months": 1}, ("/prolongation_reason", "with-months-and-only-then")),
        (
            {"prolongation_reason": "complexity"},
            ("/prolongation_reason", "with-months-and-only-then"),
        ),
        (
            {"prolonged_months": 3, "prolongation_reason": "complexity"},
            ("/prolonged_months", "out-of-range"),
        ),
        (
            {"prolonged_months": 0, "prolongation_reason": "complexity"},
            ("/prolonged_months", "out-of-range"),
        ),
        (
            {"prolonged_months": 1, "prolongation_reason": "complexity", "outcome": "answered"},
            ("/prolonged_months", "stands-alone"),
        ),
        ({"lifted": True, "outcome": "withdrawn"}, ("/lifted", "stands-alone")),
        ({"lifted": False}, ("/lifted", "only-true")),
        ({"outcome": "refused"}, ("/refusal_reason", "with-refused-and-only-then")),
        (
            {"outcome": "answered", "refusal_reason": "excessive"},
            ("/refusal_reason", "with-refused-and-only-then"),
        ),
        ({"refusal_reason": "excessive"}, ("/refusal_reason", "with-refused-and-only-then")),
        ({"outcome": "ignored"}, ("/outcome", "not-a-choice")),
        ({"identity_check": "passport-copy"}, ("/identity_check", "not-a-choice")),
        ({"due_on": "2028-01-01"}, ("/due_on", "unknown-property")),
        ({"kind": "complaint"}, ("/kind", "unknown-property")),
    ],
)
def test_a_change_that_is_not_acceptable_is_refused_by_its_place(
    here: Applicant, what: dict[str, Any], fault: tuple[str, str]
):
    asked = here.ask("objection")
    before = stored(here.world, asked)
    refused = change(here.world, asked, **what)
    assert refused.status_code == 422
    assert errors(refused) == [fault]
    assert stored(here.world, asked) == before


def test_a_refusal_says_why_and_where_to_go(applicant: Applicant):
    asked = applicant.ask("objection")
    assert refuse(applicant.world, asked, "compelling-grounds").status_code == 200
    told = applicant.get(path_of(asked)).json
    assert (told["outcome"], told["refusal_reason"]) == ("refused", "compelling-grounds")
    assert told["authority"] == AUTHORITY


@pytest.mark.parametrize(
    "what",
    [
        {"outcome": "answered"},
        {"outcome": "withdrawn"},
        {"identity_check": "in-person"},
        {"prolonged_months": 1, "prolongation_reason": "complexity"},
    ],
)
def test_what_is_closed_stays_closed(here: Applicant, what: dict[str, Any]):
    asked = here.ask("complaint")
    change(here.world, asked, outcome="answered")
    assert conflict(change(here.world, asked, **what)) == "already-closed"


def test_a_change_names_the_version_that_was_read(applicant: Applicant):
    asked, what = applicant.ask("complaint"), {"outcome": "answered"}
    path, version = path_of(asked), asked.json["version"]
    patch = applicant.world.patch
    assert patch(path, "officer", json=what).status_code == 428
    assert patch(path, "officer", version=version + 1, json=what).status_code == 412
    assert patch(path, "officer", version=version, json=what).status_code == 200
    assert patch(path, "officer", version=version, json=what).status_code == 412


def test_what_is_done_with_a_request_is_audited(applicant: Applicant):
    world = applicant.world
    filed = file(world, "website", "correction", applicant.id)
    row = audited(world, filed)
    assert (row.action, row.application_ids) == ("file-request", [str(applicant.id)])
    assert row.details == {"request": filed.json["id"], "kind": "correction"}
    row = audited(world, refuse(world, filed, "excessive"))
    assert (row.action, row.purpose) == ("change-request", "correction")
    assert row.details == {
        "request": filed.json["id"],
        "changed": ["outcome", "refusal_reason"],
        "outcome": "refused",
        "reason": "excessive",
    }
    row = audited(world, applicant.get(path_of(filed)))
    assert (row.action, row.purpose) == ("read-request", "own-record")


# What was said is sealed


def test_what_was_said_is_nowhere_but_under_the_records_key(applicant: Applicant):
    asked = applicant.ask("complaint", text="Een zeekanarie floot.")
    stored_text = repr(everything_stored(applicant.world))
    assert "zeekanarie" not in stored_text
    assert "zeekanarie" not in applicant.world.get("/privacy-requests", "officer").text
    assert applicant.get(path_of(asked)).json["text"] == "Een zeekanarie floot."


def test_what_was_said_and_does_not_open_is_null_and_raises_an_alarm(applicant: Applicant):
    world, asked = applicant.world, applicant.ask("complaint", text="Een zeekanarie floot.")
    with behind(world) as session:
        row = session.scalars(select(PrivacyRequest)).one()
        row.sealed_text = flipped(row.sealed_text or b"", -1)
    read = world.get(path_of(asked), "officer")
    assert (read.status_code, read.json["text"]) == (200, None)
    assert alarms(world, "field-unreadable") == 1
    assert change(world, asked, outcome="answered").status_code == 200


def test_what_was_said_to_one_request_does_not_open_in_another(applicant: Applicant):
    world = applicant.world
    made = []
    for text in ("Het een.", "Het ander."):
        made.append(applicant.ask("complaint", text=text))
        world.clock.moment += timedelta(seconds=1)
    with behind(world) as session:
        first, second = session.scalars(select(PrivacyRequest).order_by(PrivacyRequest.id))
        first.sealed_text = second.sealed_text
    texts = [applicant.get(path_of(asked)).json["text"] for asked in made]
    assert texts == [None, "Het ander."]


# The queue


def queue(world: World, limit: int, then: Any = None, query: str = "") -> list[str]:
    """All requests, page by page; `then` is done with each page before the next is fetched."""
    seen: list[str] = []
    path = f"/privacy-requests?limit={limit}{query}"
    while True:
        page = world.get(path, "officer")
        assert page.status_code == 200, page.text
        seen += [item["id"] for item in page.json["items"]]
        if page.json["next"] is None:
            assert "Link" not in page.headers
            return seen
        if then is not None:
            then(page.json["items"])
        path = f"/privacy-requests?limit={limit}{query}&cursor={page.json['next']}"
        assert f"/v1{path}".split("cursor=")[1] in page.headers["Link"]


@pytest.fixture
def queued(applicant: Applicant) -> dict[str, str]:
    """Requests by the day they came in, filed in another order; two on one day."""
    days = ("2026-11-20", "2026-11-02", "2026-11-22", "2026-11-02", "2026-11-10", "2026-10-30")
    made = {}
    for number, day in enumerate(days):
        asked = file(applicant.world, "officer", "complaint", applicant.id, received_on=day)
        made[f"{day} {number}"] = asked.json["id"]
        applicant.world.clock.moment += timedelta(seconds=1)
    return made


@pytest.mark.parametrize("limit", [1, 2, 4, 6, 100])
def test_the_queue_goes_by_due_date_and_loses_nothing(
    applicant: Applicant, queued: dict[str, str], limit: int
):
    assert queue(applicant.world, limit) == [queued[day] for day in sorted(queued)]


def test_the_queue_loses_nothing_while_it_is_worked_on(
    applicant: Applicant, queued: dict[str, str]
):
    world = applicant.world

    def work(items: list[dict[str, Any]]) -> None:
        """Put off the last of the page, which moves it to the end of the queue."""
        if not items[-1]["prolonged_months"]:
            assert prolong(world, items[-1], 2).status_code == 200

    seen = queue(world, 2, work)
    assert set(seen) == set(queued.values())
    assert seen[:4] == [queued[day] for day in sorted(queued)][:4]


def test_the_queue_loses_nothing_while_it_is_answered(applicant: Applicant, queued: dict[str, str]):
    world = applicant.world

    def work(items: list[dict[str, Any]]) -> None:
        for item in items:
            change(world, item, outcome="answered")

    assert queue(world, 2, work, "&open=true") == [queued[day] for day in sorted(queued)]


def test_the_queue_is_filtered(applicant: Applicant):
    world, other = applicant.world, Applicant.apply(applicant.world)
    made = {
        "open": applicant.ask("access").json["id"],
        "closed": applicant.ask("restriction").json["id"],
        "other": other.ask("access").json["id"],
    }
    asked = {
        "": {"open", "closed", "other"},
        "&open=true": {"open", "other"},
        "&open=false": {"closed"},
        f"&application_id={applicant.id}": {"open", "closed"},
        "&kind=access": {"open", "other"},
        f"&kind=access&application_id={other.id}&open=true": {"other"},
        "&kind=erasure": set(),
    }
    for query, names in asked.items():
        assert set(queue(world, 1, query=query)) == {made[name] for name in names}, query


@pytest.mark.parametrize(
    "query", ["open=yes", "kind=none", "application_id=1", "cursor=abc", f"cursor={'A' * 22}"]
)
def test_a_question_to_the_queue_that_is_none_is_refused(here: Applicant, query: str):
    refused = here.world.get(f"/privacy-requests?{query}", "officer")
    assert refused.status_code == 422
    assert errors(refused)[0][0] == f"/query/{query.partition('=')[0]}"


@pytest.mark.parametrize("cursor", ["A" * 24, "_" * 24])
def test_any_cursor_is_a_place_in_the_queue(here: Applicant, cursor: str):
    here.ask("access")
    page = here.world.get(f"/privacy-requests?cursor={cursor}", "officer")
    assert page.status_code == 200
    assert bool(page.json["items"]) is cursor.startswith("A")


# Duties before it is late


def told(world: World, name: str) -> int:
    lines = world.app.test_client().get("/metrics").text.splitlines()
    return next(int(float(line.split()[-1])) for line in lines if line.startswith(f"{name} "))


def test_what_is_due_is_a_duty_ten_and_three_days_before_and_until_it_is_answered(
    applicant: Applicant,
):
    world, asked = applicant.world, applicant.ask("complaint")
    found, numbers = {}, {}
    for today in (
        "2026-12-11",
        "2026-12-12",
        "2026-12-18",
        "2026-12-19",
        "2026-12-22",
        "2027-02-01",
    ):
        world.clock.move_to(today)
        duties = world.get("/duties", "officer").json
        found[today] = [
            (duty["within_days"], duty["by"], duty["request_id"])
            for duty in duties
            if duty["kind"] == "request-due"
        ]
        numbers[today] = told(world, "kluis_requests_open"), told(world, "kluis_requests_overdue")
    due = ("2026-12-22", asked.json["id"])
    assert found == {
        "2026-12-11": [],
        "2026-12-12": [(10, *due)],
        "2026-12-18": [(10, *due)],
        "2026-12-19": [(3, *due)],
        "2026-12-22": [(3, *due)],
        "2027-02-01": [(3, *due)],
    }
    assert numbers == {day: (1, int(day == "2027-02-01")) for day in found}
    change(world, asked, outcome="answered")
    assert [d for d in world.get("/duties", "officer").json if d["kind"] == "request-due"] == []
    assert (told(world, "kluis_requests_open"), told(world, "kluis_requests_overdue")) == (0, 0)


def test_the_day_after_is_the_first_that_is_late(applicant: Applicant):
    applicant.ask("complaint")
    late = {}
    for today in ("2026-12-22", "2026-12-23"):
        applicant.world.clock.move_to(today)
        late[today] = told(applicant.world, "kluis_requests_overdue")
    assert late == {"2026-12-22": 0, "2026-12-23": 1}


def test_what_is_due_raises_an_alarm_with_the_first_run_of_the_day(applicant: Applicant):
    world = applicant.world
    applicant.ask("complaint")
    world.clock.move_to("2026-12-11")
    completed(world)
    before = alarms(world, "duty-open")
    world.clock.move_to("2026-12-12")
    completed(world)
    completed(world)
    assert alarms(world, "duty-open") == before + 1


def test_while_the_brake_holds_what_is_due_raises_its_alarm_all_the_same(applicant: Applicant):
    world = applicant.world
    completed(world)
    applicant.ask("complaint")
    world.clock.move_to("2026-12-19")
    before = alarms(world, "duty-open")
    assert world.purge().status_code == 409  # after so long a silence
    assert alarms(world, "duty-open") == before + 2  # the request, and the job that stopped


# What stays when the record goes


def test_a_request_outlives_its_record_as_dates_kind_and_outcome(applicant: Applicant):
    world = applicant.world
    closed = applicant.ask("restriction", text="Een zeekanarie floot.")
    opened = applicant.ask("correction", text="Een zeekanarie floot.")
    before = {asked.json["id"]: stored(world, asked) for asked in (closed, opened)}
    assert all(row["sealed_text"] and row["channel"] for row in before.values())
    world.clock.move_to("2027-04-01")
    assert completed(world)["purged"] == 1
    for asked in (closed, opened):
        row, was = stored(world, asked), before[asked.json["id"]]
        assert {name for name, value in row.items() if value is not None} <= STAYS
        assert {name: row[name] for name in STAYS} == {name: was[name] for name in STAYS}
        view = world.get(path_of(asked), "officer").json
        assert (view["text"], view["application_id"], view["purge_on"]) == (None, None, None)


def test_what_is_still_open_then_is_answered_all_the_same(applicant: Applicant):
    world, asked = applicant.world, applicant.ask("correction", text="Mijn naam is anders.")
    world.clock.move_to("2027-04-01")
    completed(world)
    assert conflict(change(world, asked, application_id=str(uuid4()))) == "already-assigned"
    checked = change(world, asked, identity_check="call-back")
    assert (checked.status_code, checked.json["outcome"]) == (200, None)
    assert refuse(world, asked, "nothing-kept").json["outcome"] == "refused"


def test_closed_requests_go_after_24_months_and_open_ones_stay(applicant: Applicant):
    world = applicant.world
    world.wording()
    for asked in (applicant.ask("restriction"), applicant.ask("complaint")):
        assert asked.status_code == 201
    counts = {}
    for today in ("2028-11-22", "2028-11-23"):
        world.clock.move_to(today)
        completed(world)
        counts[today] = [row[0] for row in rows(world, "SELECT kind FROM privacy_request")]
    assert counts == {"2028-11-22": ["restriction", "complaint"], "2028-11-23": ["complaint"]}


def test_reading_is_counted_like_all_reading(applicant: Applicant):
    world, asked = applicant.world, applicant.ask("complaint", text="Graag antwoord.")
    read = world.get(path_of(asked), "officer")
    with world.app.app_context():
        query = select(AuditEvent).where(
            AuditEvent.request_id == UUID(read.headers["X-Request-Id"])
        )
        assert db.session.scalars(query).one().shown == 1
    row = audited(world, change(world, asked, outcome="answered"))  # its answer shows it as well
    assert (row.fields, row.shown) == (["request_text"], 1)
    silent = applicant.ask("complaint")
    assert audited(world, world.get(path_of(silent), "officer")).shown == 0
