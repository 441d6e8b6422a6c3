"""Erasure (art. 17): at once, to the last byte, unless a legal hold forbids it and that is said."""

from typing import Any
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from tests.factories import PDF, FullFieldsFactory
from tests.retention.acts import completed, erase, hold, reads, renew, rows
from tests.retention.test_gone import Installation, in_tables, sealed_things, still_there
from tests.rights.applicants import Applicant
from tests.rights.asking import (
    STAYS,
    audited,
    change,
    conflict,
    disclose,
    file,
    notices,
    path_of,
    refuse,
    stored,
)
from tests.world import World

CV = PDF + bytes(range(256)) * 600
OF_THE_APPLICATION = (
    "application",
    "record_key",
    "document",
    "document_chunk",
    "consent_event",
    "disclosure",
    "access_code",
)


@pytest.fixture
def applicant(world: World) -> Applicant:
    world.wording()
    world.procedure(ends_on="2027-03-01")
    return Applicant.apply(world, files={"cv": ("cv.pdf", CV)}, consents=True)


def counts(world: World) -> dict[str, int]:
    return {t: rows(world, f"SELECT count(*) FROM {t}")[0][0] for t in OF_THE_APPLICATION}


def view(world: World, asked: TestResponse) -> Any:
    return world.get(path_of(asked), "officer").json


def test_the_applicant_erases_his_record_at_once(applicant: Applicant):
    world = applicant.world
    disclose(world, applicant.id)
    assert all(counts(world).values())
    erased = applicant.ask("erasure", text="Nu graag.")
    assert erased.status_code == 201
    assert (erased.json["outcome"], erased.json["application_id"]) == ("answered", None)
    assert (erased.json["text"], erased.json["purge_on"]) == (None, None)
    assert not any(counts(world).values())
    for role in ("recruiter", "officer"):
        assert not reads(world, applicant.id, role)
    assert applicant.get("/applications/{id}").status_code == 401
    assert applicant.attempt().status_code == 403
    assert rows(world, "SELECT rule FROM purge_receipt") == [("erased-on-request",)]


def test_it_is_audited_as_an_erasure_by_the_id_that_stays(applicant: Applicant):
    row = audited(applicant.world, applicant.ask("erasure"))
    assert (row.action, row.purpose) == ("file-request", "erasure")
    assert row.application_ids == [str(applicant.id)]


def test_the_request_stays_as_dates_kind_and_outcome(applicant: Applicant):
    world = applicant.world
    other = applicant.ask("complaint", text="Een zeekanarie floot.")
    erased = applicant.ask("erasure", text="Nog een zeekanarie.")
    for asked in (erased, other):
        row = stored(world, asked)
        assert {name for name, value in row.items() if value is not None} <= STAYS
    assert view(world, erased)["closed_at"] == "2026-11-22T09:30:00+00:00"
    assert view(world, other)["outcome"] is None  # that one still is to be handled
    change(world, other, identity_check="call-back")
    assert change(world, other, outcome="answered").json["outcome"] == "answered"
    row = stored(world, other)
    assert {name for name, value in row.items() if value is not None} <= STAYS


@pytest.mark.parametrize("kind", ["access", "portability", "correction", "objection"])
def test_what_else_he_had_asked_is_moot(applicant: Applicant, kind: str):
    before = applicant.ask(kind, text="Graag.")
    assert applicant.ask("erasure").json["outcome"] == "answered"
    assert view(applicant.world, before)["outcome"] == "withdrawn"


def test_a_legal_hold_forbids_it_and_that_is_said(applicant: Applicant):
    world = applicant.world
    access = applicant.ask("access")
    placed = hold(world, applicant.id, "2027-02-01")
    refused = applicant.ask("erasure")
    assert refused.status_code == 201
    told = applicant.get(path_of(refused)).json
    assert (told["outcome"], told["refusal_reason"]) == ("refused", "legal-hold")
    assert told["authority"].startswith("Autoriteit Persoonsgegevens")
    assert applicant.get("/applications/{id}").status_code == 200
    assert view(world, access)["outcome"] is None
    renew(world, placed, "2026-11-22")
    assert applicant.ask("erasure").json["outcome"] == "answered"
    assert not any(counts(world).values())


def test_a_hold_on_the_procedure_forbids_it_too(applicant: Applicant):
    world = applicant.world
    procedure_id = world.get("/procedures?reference=V-1", "officer").json["items"][0]["id"]
    hold(world, procedure_id, "2027-02-01", on="procedures")
    assert applicant.ask("erasure").json["refusal_reason"] == "legal-hold"


def test_what_else_was_asked_of_the_record_is_moot_with_it_and_a_complaint_is_not(
    applicant: Applicant,
):
    world = applicant.world
    asked = {
        kind: file(world, "website", kind, applicant.id).json["id"]
        for kind in ("correction", "objection", "restriction", "complaint")
    }
    assert erase(world, applicant.id).status_code == 204
    outcomes = {
        kind: world.get(f"/privacy-requests/{one}", "officer").json["outcome"]
        for kind, one in asked.items()
    }
    moot = dict.fromkeys(("correction", "objection", "restriction"), "withdrawn")
    assert outcomes == moot | {"complaint": None}


def test_one_that_came_in_by_phone_waits_for_the_officer_who_erases_and_so_answers(
    applicant: Applicant,
):
    world = applicant.world
    asked = file(world, "recruiter", "erasure", applicant.id)
    checked = change(world, asked, identity_check="call-back")
    assert checked.json["outcome"] is None
    assert reads(world, applicant.id)
    assert erase(world, applicant.id).status_code == 204
    answered = view(world, asked)
    assert (answered["outcome"], answered["application_id"]) == ("answered", None)
    assert not any(counts(world).values())


def test_the_officer_who_knows_the_asker_erases_by_himself_and_not_as_he_files(
    applicant: Applicant,
):
    world = applicant.world
    asked = file(world, "officer", "erasure", applicant.id, identity_check="in-person")
    assert asked.json["outcome"] is None
    assert reads(world, applicant.id)
    assert conflict(change(world, asked, outcome="answered")) == "not-erased"
    erase(world, applicant.id)
    assert stored(world, asked)["outcome"] == "answered"
    assert not any(counts(world).values())


def test_an_erasure_that_is_refused_leaves_the_record(applicant: Applicant):
    asked = file(applicant.world, "website", "erasure", applicant.id)
    assert refuse(applicant.world, asked, "legal-duty").status_code == 200
    assert reads(applicant.world, applicant.id)


def test_recipients_are_told_and_the_notice_outlives_the_record(applicant: Applicant):
    world = applicant.world
    disclose(world, applicant.id, "Bureau A")
    disclose(world, applicant.id, "Bureau B")
    disclose(world, applicant.id, "Bureau A")
    applicant.ask("erasure")
    assert notices(world) == [
        ("Bureau A", "application.erased", []),
        ("Bureau B", "application.erased", []),
    ]


def test_the_ordinary_end_of_a_record_is_no_recipients_business(applicant: Applicant):
    disclose(applicant.world, applicant.id)
    applicant.world.clock.move_to("2028-03-01")
    assert completed(applicant.world)["purged"] == 1
    assert notices(applicant.world) == []


def test_an_open_applications_procedure_goes_with_it(world: World):
    body = {"kind": "open", "fields": FullFieldsFactory()}
    made = world.post("/applications", "website", json=body).json
    applicant = Applicant(world, UUID(made["id"]), made["access_code"]).logged_in()
    assert rows(world, "SELECT count(*) FROM procedure")[0][0] == 1
    assert applicant.ask("erasure").json["outcome"] == "answered"
    assert rows(world, "SELECT count(*) FROM procedure")[0][0] == 0


def test_not_a_byte_of_it_is_left_in_tables_and_after_the_next_run_in_files(
    installation: Installation,
):
    world = installation.world
    world.procedure(ends_on="2027-03-01")
    applicant = Applicant.apply(world, files={"cv": ("cv.pdf", CV)})
    applicant.ask("complaint", text="Een lange klacht, met zeekanarie. " * 20)
    goes = sealed_things(world)
    assert {name.partition(".")[0] for name in goes} >= {"access_code", "privacy_request"}
    completed(world)
    assert still_there(goes, installation.bytes_on_disk()) == goes.keys()
    assert applicant.ask("erasure").json["outcome"] == "answered"
    assert in_tables(world, goes) == set()
    completed(world)
    assert still_there(goes, installation.bytes_on_disk()) == set()
