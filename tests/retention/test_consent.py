"""Rule 6: consent is a ledger of events, given until the record is due, withdrawn at any moment."""

from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from tests.retention.acts import (
    at,
    audited,
    change_procedure,
    completed,
    differences,
    hold,
    purge_on,
    reads,
    retention,
    rows,
    set_status,
)
from tests.world import World


def state(
    world: World, application_id: UUID, role: str = "website", **more: object
) -> TestResponse:
    return world.post(f"/applications/{application_id}/consent-events", role, json=more)


def given(
    world: World, application_id: UUID, role: str = "website", **more: object
) -> TestResponse:
    return state(world, application_id, role, change="given", wording_version="w1", **more)


def ledger(world: World, application_id: UUID) -> list[dict[str, object]]:
    events: list[dict[str, object]] = world.get(
        f"/applications/{application_id}/consent-events", "officer"
    ).json
    return events


@pytest.fixture
def applied(world: World) -> UUID:
    """An application in a procedure that ends on 1 March 2027."""
    world.wording()
    world.procedure(ends_on="2027-03-01")
    return world.apply()


def test_silence_is_not_consent(world: World, applied: UUID):
    assert ledger(world, applied) == []
    assert retention(world, applied)["consented"] is False
    assert purge_on(world, applied) == "2027-04-01"


def test_consent_comes_with_the_application(world: World, applied: UUID):
    del applied
    application_id = world.apply(consent={"wording_version": "w1"})
    assert ledger(world, application_id) == [
        {
            "number": 1,
            "change": "given",
            "at": ledger(world, application_id)[0]["at"],
            "wording_version": "w1",
            "channel": "website",
            "recorded_by": "website",
        }
    ]
    assert purge_on(world, application_id) == "2028-03-01"


def test_an_application_by_phone_brings_its_consent_by_phone(world: World, applied: UUID):
    del applied
    body = {
        "procedure_reference": "V-1",
        "channel": "phone",
        "fields": {"name": "Daan Smit", "phone": "0592 123456"},
        "consent": {"wording_version": "w1"},
    }
    made = world.post("/applications", "recruiter", json=body)
    event = ledger(world, made.json["id"])[0]
    assert (event["channel"], event["recorded_by"]) == ("phone", "recruiter")


def test_consent_comes_later_and_the_date_follows_at_once(world: World, applied: UUID):
    world.clock.move_to("2027-03-20")
    answered = given(world, applied)
    assert (answered.status_code, answered.json["purge_on"]) == (201, "2028-03-01")
    assert answered.json["rule"] == "one-year-after-end-with-consent"
    assert answered.headers["Location"] == f"/v1/applications/{applied}/retention"
    assert purge_on(world, applied) == "2028-03-01"


def test_consent_is_withdrawn_the_way_it_was_given(world: World, applied: UUID):
    given(world, applied)
    answered = state(world, applied, change="withdrawn")
    assert (answered.status_code, answered.json["purge_on"]) == (201, "2027-04-01")
    assert [(e["number"], e["change"], e["wording_version"]) for e in ledger(world, applied)] == [
        (1, "given", "w1"),
        (2, "withdrawn", None),
    ]


def test_the_ledger_keeps_every_event_and_the_last_one_counts(world: World, applied: UUID):
    for change in ("given", "withdrawn", "given", "given", "withdrawn", "given"):
        wording = {"wording_version": "w1"} if change == "given" else {}
        assert state(world, applied, change=change, **wording).status_code == 201
        expected = "2028-03-01" if change == "given" else "2027-04-01"
        assert purge_on(world, applied) == expected
        assert differences(world) == []
    assert [event["number"] for event in ledger(world, applied)] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("role", "channel", "status"),
    [
        ("website", "website", 201),
        ("website", "email", 403),
        ("website", "phone", 403),
        ("website", "branch", 403),
        ("recruiter", "website", 403),
        ("recruiter", "email", 201),
        ("recruiter", "phone", 201),
        ("recruiter", "branch", 201),
        ("officer", "website", 403),
        ("officer", "email", 201),
        ("officer", "phone", 201),
        ("officer", "branch", 201),
        ("interviewer", "email", 403),
        ("screener", "email", 403),
        ("sourcer", "email", 403),
        ("purger", "email", 403),
        ("admin", "email", 403),
    ],
)
def test_each_channel_is_recorded_by_whom_it_reaches(
    sqlite_world: World, role: str, channel: str, status: int
):
    world = sqlite_world
    world.wording()
    world.procedure()
    application_id = world.apply()
    assert given(world, application_id, role, channel=channel).status_code == status
    recorded = [(e["channel"], e["recorded_by"]) for e in ledger(world, application_id)]
    assert recorded == ([(channel, role)] if status == 201 else [])


def test_the_channel_is_the_websites_own_unless_said_otherwise(world: World, applied: UUID):
    assert given(world, applied).status_code == 201
    refused = given(world, applied, "recruiter")
    assert refused.json["errors"] == [{"pointer": "/channel", "code": "required"}]


def test_a_recruiter_of_another_procedure_records_nothing(world: World, applied: UUID):
    path = f"/applications/{applied}/consent-events"
    body = {"change": "given", "wording_version": "w1", "channel": "phone"}
    assert world.post(path, "recruiter", subject="elsewhere", json=body).status_code == 404
    assert ledger(world, applied) == []


def test_the_website_does_not_speak_for_who_came_by_another_channel(world: World, applied: UUID):
    del applied
    fields = {"name": "Daan Smit", "phone": "0592 123456"}
    body = {"procedure_reference": "V-1", "channel": "branch", "fields": fields}
    application_id = world.post("/applications", "recruiter", json=body).json["id"]
    assert given(world, application_id).status_code == 404


def test_an_unknown_wording_is_refused_by_its_place(world: World, applied: UUID):
    answered = state(world, applied, change="given", wording_version="w9")
    assert answered.status_code == 422
    assert answered.json["errors"] == [{"pointer": "/wording_version", "code": "unknown"}]
    body = {
        "procedure_reference": "V-1",
        "fields": {"name": "Daan Smit", "phone": "0592 123456"},
        "consent": {"wording_version": "w9"},
    }
    posted = world.post("/applications", "website", json=body)
    assert posted.json["errors"] == [{"pointer": "/consent/wording_version", "code": "unknown"}]
    assert rows(world, "SELECT count(*) FROM application")[0][0] == 1


@pytest.mark.parametrize(
    "statement",
    [{"change": "given"}, {"change": "withdrawn", "wording_version": "w1"}, {"change": "yes"}, {}],
)
def test_consent_names_its_wording_and_a_withdrawal_does_not(
    sqlite_world: World, statement: dict[str, str]
):
    sqlite_world.wording()
    sqlite_world.procedure()
    application_id = sqlite_world.apply()
    assert state(sqlite_world, application_id, **statement).status_code == 422
    assert ledger(sqlite_world, application_id) == []


def test_consent_is_given_until_the_record_is_due_and_never_after(world: World, applied: UUID):
    late = world.apply()
    at(world, "2027-03-31T21:59:59")
    assert given(world, applied).status_code == 201
    at(world, "2027-03-31T22:00:00")
    assert given(world, late).status_code == 404
    assert given(world, late, "recruiter", channel="phone").status_code == 404
    assert given(world, late, "officer", channel="phone").status_code == 404
    assert completed(world)["purged"] == 1
    assert [str(one) for (one,) in rows(world, "SELECT id FROM application")] != []
    assert reads(world, applied, "officer")


def test_consent_during_a_hold_past_the_date_brings_nothing_back(world: World, applied: UUID):
    hold(world, applied, "2027-05-01")
    world.clock.move_to("2027-04-01")
    refused = given(world, applied, "officer", channel="email")
    assert (refused.status_code, refused.json["type"][-10:]) == (409, "record-due")
    assert purge_on(world, applied) == "2027-04-01"


def test_consent_withdrawn_within_the_month_keeps_the_month(world: World, applied: UUID):
    given(world, applied)
    world.clock.move_to("2027-03-31")
    assert state(world, applied, change="withdrawn").json["purge_on"] == "2027-04-01"
    assert reads(world, applied)


@pytest.mark.parametrize("today", ["2027-04-01", "2027-04-02", "2027-09-15"])
def test_consent_withdrawn_after_the_first_month_makes_it_due_at_once(world: World, today: str):
    world.wording()
    world.procedure(ends_on="2027-03-01")
    application_id = world.apply(consent={"wording_version": "w1"})
    world.clock.move_to(today)
    assert reads(world, application_id, "officer")
    answered = world.consent(application_id, "withdrawn")
    assert (answered.status_code, answered.json["phase"]) == (201, "over")
    assert answered.json["purge_on"] == "2027-04-01"
    assert not reads(world, application_id, "officer")
    assert world.get("/talent-pool", "sourcer").json["items"] == []
    assert completed(world)["purged"] == 1
    assert rows(world, "SELECT count(*) FROM application")[0][0] == 0


def test_withdrawing_what_was_never_given_shortens_nothing(world: World, applied: UUID):
    assert world.consent(applied, "withdrawn").json["purge_on"] == "2027-04-01"


def test_contact_with_the_applicant_resets_nothing(world: World, applied: UUID):
    world.clock.move_to("2027-02-20")
    before = purge_on(world, applied)
    assert reads(world, applied)
    set_status(world, applied, "invited")
    version = world.version_of(applied)
    corrected = {"fields": {"phone": "+31 6 12345678"}}
    path = f"/applications/{applied}"
    assert world.patch(path, "officer", version=version, json=corrected).status_code == 200
    assert purge_on(world, applied) == before


def test_consent_moves_along_with_the_end(world: World, applied: UUID):
    given(world, applied)
    procedure_id = world.get(f"/applications/{applied}", "recruiter").json["procedure_id"]
    world.clock.move_to("2027-01-31")
    change_procedure(world, procedure_id, closed=True)
    assert purge_on(world, applied) == "2028-01-31"
    world.consent(applied, "withdrawn")
    assert purge_on(world, applied) == "2027-02-28"


def test_a_wording_once_shown_is_never_changed(world: World, applied: UUID):
    del applied
    body = {"version": "w1", "texts": {"nl": "Anders"}, "names_talent_pool": False}
    refused = world.post("/consent-wordings", "officer", json=body)
    assert (refused.status_code, refused.json["type"][-14:]) == (409, "wording-exists")
    (kept,) = world.get("/consent-wordings", "website").json
    assert kept["texts"]["nl"] == "Ik geef toestemming."


def test_each_statement_is_audited_with_its_wording(world: World, applied: UUID):
    given(world, applied, "recruiter", channel="phone")
    event = audited(world, applied, "record-consent")
    assert event["outcome"] == "allowed"
    assert event["details"] == {"change": "given", "wording": "w1"}


def test_a_repeated_statement_is_recorded_once(world: World, applied: UUID):
    body = {"change": "given", "wording_version": "w1"}
    path = f"/applications/{applied}/consent-events"
    answers = [world.post(path, "website", key="same", json=body) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.get_data() for answer in answers}) == 1
    assert len(ledger(world, applied)) == 1
