"""Correction (art. 16) keeps only the fact; consent is taken back as easily as it was given."""

import json
from typing import Any

import pytest

from tests.access.scene import everything_stored
from tests.faults.damage import flipped, put_seal, sealed
from tests.retention.acts import completed, differences, purge_on, reads, rows
from tests.rights.applicants import Applicant
from tests.rights.asking import audited, change, disclose, file, notices, path_of, stored
from tests.world import World


@pytest.fixture
def applicant(world: World) -> Applicant:
    world.wording()
    world.procedure(ends_on="2027-03-01")
    return Applicant.apply(world, consents=True)


def fields_of(applicant: Applicant) -> dict[str, Any]:
    found: dict[str, Any] = applicant.get("/applications/{id}").json["fields"]
    return found


def errors(response: Any) -> list[tuple[str, str]]:
    return [(fault["pointer"], fault["code"]) for fault in response.json["errors"]]


def test_the_applicant_corrects_what_he_supplied_and_only_the_fact_is_kept(applicant: Applicant):
    world = applicant.world
    first = {"motivation": "Een zeekanarie floot.", "address": {"city": "Groningen"}}
    assert applicant.ask("correction", fields=first).json["outcome"] == "answered"
    asked = applicant.ask("correction", fields={"motivation": "Niets floot.", "gender": None})
    assert (asked.status_code, asked.json["outcome"]) == (201, "answered")
    fields = fields_of(applicant)
    assert fields["motivation"] == "Niets floot."
    assert (fields["address"]["city"], fields["address"]["street"]) == ("Groningen", "Brink 1")
    assert "gender" not in fields
    assert reads(world, applicant.id)
    row = audited(world, asked)
    assert (row.fields, row.shown) == (["gender", "motivation"], 0)
    assert row.details == {"request": asked.json["id"], "kind": "correction"}
    assert "floot" not in json.dumps(everything_stored(world))
    assert "floot" not in asked.text


def test_no_old_value_is_anywhere_any_more(applicant: Applicant):
    world = applicant.world
    before = {bytes(row[0]) for row in rows(world, "SELECT sealed_motivation FROM application")}
    headers = {"Idempotency-Key": "k"}
    body = {"kind": "correction", "fields": {"motivation": "Nu wel."}}
    assert applicant.post("/privacy-requests", json=body, headers=headers).status_code == 201
    after = {bytes(row[0]) for row in rows(world, "SELECT sealed_motivation FROM application")}
    assert before.isdisjoint(after)
    stored_text = json.dumps(everything_stored(world))
    assert all(repr(blob)[2:30] not in stored_text for blob in before)


def test_recipients_are_told_which_fields_changed(applicant: Applicant):
    disclose(applicant.world, applicant.id, "Bureau A")
    applicant.ask("correction", fields={"motivation": "Nu wel.", "email": "nieuw@example.org"})
    assert notices(applicant.world) == [("Bureau A", "application.corrected", ["email"])]


@pytest.mark.parametrize(
    ("fields", "status", "fault"),
    [
        ({"notes": []}, 403, ("/fields/notes", "not-for-this-role")),
        ({"name": None}, 422, ("/fields/name", "required")),
        ({"age": 32}, 422, ("/fields/age", "birth-date-says-it")),
        ({"birth_date": "2026-11-23"}, 422, ("/fields/birth_date", "out-of-range")),
        ({"motivation": "BSN 123456782"}, 422, ("/fields/motivation", "looks-like-bsn")),
        ({"email": "geen adres"}, 422, ("/fields/email", "not-an-email-address")),
    ],
)
def test_what_is_not_his_or_not_acceptable_changes_nothing(
    applicant: Applicant, fields: dict[str, Any], status: int, fault: tuple[str, str]
):
    before = fields_of(applicant)
    refused = applicant.ask("correction", fields=fields)
    assert refused.status_code == status
    assert errors(refused) == [fault]
    assert fields_of(applicant) == before
    assert rows(applicant.world, "SELECT count(*) FROM privacy_request")[0][0] == 0


def test_a_corrected_address_is_what_duplicates_are_found_by(applicant: Applicant):
    world, twin = applicant.world, Applicant.apply(applicant.world)
    email = twin.get("/applications/{id}").json["fields"]["email"]
    applicant.ask("correction", fields={"email": email.upper()})
    procedure = world.get("/procedures?reference=V-1", "recruiter").json["items"][0]["id"]
    items = world.get(f"/procedures/{procedure}/applications", "recruiter").json["items"]
    found = {item["id"]: item["possible_duplicates"] for item in items}
    assert found[str(twin.id)] == [str(applicant.id)]


def test_the_officer_corrects_for_whom_he_knows(applicant: Applicant):
    world, fields = applicant.world, {"fields": {"motivation": "Nu wel."}}
    unknown = file(world, "officer", "correction", applicant.id, **fields)
    assert errors(unknown) == [("/identity_check", "required")]
    asked = file(world, "officer", "correction", applicant.id, identity_check="call-back", **fields)
    assert asked.json["outcome"] == "answered"
    assert fields_of(applicant)["motivation"] == "Nu wel."


def test_one_in_words_waits_for_the_officer_who_corrects_and_answers(applicant: Applicant):
    world, asked = applicant.world, applicant.ask("correction", text="Mijn cijfer klopt niet.")
    assert asked.json["outcome"] is None
    path, results = f"/applications/{applicant.id}", [{"title": "Proef", "result": "goed"}]
    version = world.version_of(applicant.id)
    fields = {"fields": {"assessment_results": results}}
    assert world.patch(path, "officer", version=version, json=fields).status_code == 200
    assert change(world, asked, outcome="answered").status_code == 200
    assert applicant.get(path_of(asked)).json["outcome"] == "answered"


def test_a_correction_that_says_what_in_words_waits_too(applicant: Applicant):
    assert applicant.ask("correction", fields={}, text="Alles.").json["outcome"] is None


def test_a_field_that_is_damaged_is_corrected_whole(applicant: Applicant):
    blob = sealed(applicant.world, applicant.id, "motivation")
    put_seal(applicant.world, applicant.id, "motivation", flipped(blob, -1))
    asked = applicant.ask("correction", fields={"motivation": "Opnieuw."})
    assert asked.json["outcome"] == "answered"
    assert fields_of(applicant)["motivation"] == "Opnieuw."


# Consent


def ledger(world: World) -> list[str]:
    return [row[0] for row in rows(world, "SELECT change FROM consent_event ORDER BY number")]


def test_consent_is_taken_back_and_the_date_follows(applicant: Applicant):
    world = applicant.world
    assert purge_on(world, applicant.id) == "2028-03-01"
    asked = applicant.ask("consent-withdrawal")
    assert (asked.json["outcome"], asked.json["purge_on"]) == ("answered", "2027-04-01")
    assert ledger(world) == ["given", "withdrawn"]
    (_, event) = world.get(f"/applications/{applicant.id}/consent-events", "officer").json
    assert (event["channel"], event["recorded_by"]) == ("website", "applicant")
    (_, own) = applicant.get("/applications/{id}/consent-events").json
    assert own == {**event, "recorded_by": None}
    assert differences(world) == []


def test_where_none_stands_there_is_nothing_to_take_back(applicant: Applicant):
    applicant.ask("consent-withdrawal")
    assert applicant.ask("consent-withdrawal").json["outcome"] == "answered"
    assert ledger(applicant.world) == ["given", "withdrawn"]


def test_taken_back_after_the_first_month_the_record_is_due_at_once(applicant: Applicant):
    world = applicant.world
    world.clock.move_to("2027-06-01")
    applicant.logged_in()
    asked = applicant.ask("consent-withdrawal")
    assert asked.json["purge_on"] == "2027-04-01"
    assert applicant.get("/applications/{id}").status_code == 404
    assert not reads(world, applicant.id, "officer")
    assert completed(world)["purged"] == 1
    assert stored(world, asked)["outcome"] == "answered"


@pytest.mark.parametrize(("role", "channel"), [("website", "website"), ("recruiter", "phone")])
def test_nobody_needs_to_prove_who_he_is_to_take_consent_back(
    applicant: Applicant, role: str, channel: str
):
    asked = file(applicant.world, role, "consent-withdrawal", applicant.id)
    assert asked.json["outcome"] == "answered"
    assert ledger(applicant.world) == ["given", "withdrawn"]
    path = f"/applications/{applicant.id}/consent-events"
    (_, event) = applicant.world.get(path, "officer").json
    assert (event["channel"], event["recorded_by"]) == (channel, role)
