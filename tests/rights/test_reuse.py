"""Kept data used again (M15): a new application, its own in everything, with what was kept."""

import gc
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from service.domain.catalogue import FIELDS
from service.storage.database import db
from service.storage.tables import Application, AuditEvent, Document, DocumentChunk
from tests.access.scene import everything_stored
from tests.factories import PDF, FieldsFactory, FullFieldsFactory
from tests.faults.damage import behind, damage_key, flipped, put_seal, sealed
from tests.rights.applicants import Applicant
from tests.world import World

CV = PDF + b"0123456789" * 20_000  # four chunks


@pytest.fixture
def applicant(world: World) -> Applicant:
    """Somebody whose record is kept with consent, with a CV, and a second vacancy to apply to."""
    world.wording()
    world.procedure("V-1")
    world.procedure("V-2", ends_on="2027-06-01")
    return Applicant.apply(world, files={"cv": ("mijn cv.pdf", CV)}, consents=True)


def reuse(applicant: Applicant, **more: Any) -> TestResponse:
    body = {"procedure_reference": "V-2", **more}
    return applicant.post("/applications/{id}/reuses", json=body)


def shown(world: World, application_id: str) -> dict[str, Any]:
    view: dict[str, Any] = world.get(f"/applications/{application_id}", "recruiter").json
    return view


def test_all_that_was_supplied_comes_along_unless_some_of_it_is_chosen(applicant: Applicant):
    kept = shown(applicant.world, str(applicant.id))["fields"]
    whole = reuse(applicant).json
    chosen = reuse(applicant, fields=["name", "email", "education"]).json
    assert shown(applicant.world, whole["id"])["fields"] == kept
    some = {name: kept[name] for name in ("name", "email", "education")}
    assert shown(applicant.world, chosen["id"])["fields"] == some


def test_what_the_company_wrote_stays_behind(applicant: Applicant):
    world, path = applicant.world, f"/applications/{applicant.id}"
    notes = {"fields": {"notes": [{"on": "2026-11-20", "text": "Prettig gesprek."}]}}
    assert world.patch(path, "recruiter", version=1, json=notes).status_code == 200
    assert "notes" not in shown(world, reuse(applicant).json["id"])["fields"]
    assert reuse(applicant, fields=["name", "email", "notes"]).status_code == 422


def test_it_is_corrected_first_and_the_kept_record_stays_as_it_was(applicant: Applicant):
    before = shown(applicant.world, str(applicant.id))
    changes = {"phone": None, "address": {"city": "Groningen"}, "motivation": "Opnieuw graag."}
    made = reuse(applicant, fields=["name", "email", "phone", "address"], changes=changes).json
    fields = shown(applicant.world, made["id"])["fields"]
    assert fields["address"] == {**before["fields"]["address"], "city": "Groningen"}
    assert fields["motivation"] == "Opnieuw graag."
    assert "phone" not in fields
    assert shown(applicant.world, str(applicant.id)) == before


def test_documents_come_along_byte_for_byte_under_another_key(applicant: Applicant):
    world = applicant.world
    (kept,) = applicant.get("/applications/{id}/documents").json
    made = reuse(applicant, documents=[kept["id"]]).json
    path = f"/applications/{made['id']}/documents"
    (copied,) = world.get(path, "recruiter").json
    assert {name: copied[name] for name in ("kind", "name", "size", "media_type")} == {
        name: kept[name] for name in ("kind", "name", "size", "media_type")
    }
    assert world.get(f"{path}/{copied['id']}", "recruiter").data == CV
    with world.app.app_context():
        sealed = list(db.session.scalars(select(DocumentChunk.sealed)))
        headers = list(db.session.scalars(select(Document.header)))
    assert len(set(sealed)) == len(sealed) == 8
    assert len(set(headers)) == 2


def test_it_has_its_own_dates_code_and_key(applicant: Applicant):
    made = reuse(applicant)
    assert made.status_code == 201
    assert made.headers["Location"] == f"/v1/applications/{made.json['id']}"
    assert made.json["purge_on"] == "2027-07-01"  # no consent was given for this one
    assert made.json["access_code"] not in (None, applicant.code)
    again = Applicant(applicant.world, UUID(made.json["id"]), made.json["access_code"]).logged_in()
    assert again.get("/applications/{id}").status_code == 200
    assert applicant.get(f"/applications/{again.id}").status_code == 404
    assert again.get(f"/applications/{applicant.id}").status_code == 404


def test_consent_for_the_new_one_is_given_anew(applicant: Applicant):
    made = reuse(applicant, consent={"wording_version": "w1"}).json
    assert made["purge_on"] == "2028-06-01"


def test_an_open_application_is_made_of_kept_data_too(applicant: Applicant):
    made = applicant.post("/applications/{id}/reuses", json={"kind": "open"})
    assert made.status_code == 201
    assert made.json["purge_on"] == "2027-03-22"


def test_nothing_but_the_audit_links_the_two(applicant: Applicant):
    """Not a column of any row of the one names the other; not in a day either, once it is over."""
    world = applicant.world
    made = reuse(applicant, consent={"wording_version": "w1"}).json
    ids = {str(applicant.id), made["id"]}
    for table, rows in everything_stored(world).items():
        naming = [row for row in rows if all(one in row for one in ids)]
        assert bool(naming) == (table == "audit_event"), table
    with world.app.app_context():
        query = select(AuditEvent).where(AuditEvent.action == "reuse-application")
        entry = db.session.scalars(query).one()
        rows = db.session.scalars(select(Application)).all()
        indexes = [row.email_index for row in rows]
    assert entry.application_ids == [str(applicant.id)]
    assert entry.details == {"reused_as": made["id"]}
    assert entry.subject == str(applicant.id)
    assert len(set(indexes)) == 2


def test_it_outlives_what_it_was_taken_from(applicant: Applicant):
    made = reuse(applicant).json
    assert applicant.ask("erasure").json["outcome"] == "answered"
    assert shown(applicant.world, made["id"])["fields"]["name"]


@pytest.mark.parametrize("how", ["never", "withdrawn"])
def test_without_standing_consent_nothing_is_used_again(applicant: Applicant, how: str):
    if how == "never":
        applicant = Applicant.apply(applicant.world)
    else:
        assert applicant.ask("consent-withdrawal").json["outcome"] == "answered"
    refused = reuse(applicant)
    assert refused.status_code == 409
    assert refused.json["type"].endswith(":no-consent")


def test_withdrawn_and_kept_it_is_used_until_the_last_day(applicant: Applicant):
    world = applicant.world
    world.clock.move_to("2026-11-21")
    assert applicant.logged_in().post("/applications/{id}/withdrawal").status_code == 201
    world.procedure("V-3", ends_on="2027-11-21")
    world.clock.move_to("2027-11-20")
    assert reuse(applicant.logged_in(), procedure_reference="V-3").status_code == 201
    world.clock.move_to("2027-11-21")
    assert applicant.attempt().status_code == 403


@pytest.mark.parametrize(
    ("more", "status", "pointer"),
    [
        ({"fields": ["email"]}, 422, "/fields/name"),
        ({"fields": ["name"]}, 422, "/fields"),
        ({"fields": ["name", "email"], "changes": {"name": None}}, 422, "/fields/name"),
        ({"changes": {"motivation": "Mijn nummer is 111222333."}}, 422, "/fields/motivation"),
        ({"changes": {"email": "geen adres"}}, 422, "/changes/email"),
        ({"changes": {"notes": []}}, 422, "/changes/notes"),
        ({"procedure_reference": "V-9"}, 422, "/procedure_reference"),
        ({"kind": "open"}, 422, "/procedure_reference"),
        ({"documents": ["01a20297-4dc0-7000-8000-000000000000"]}, 422, "/documents/0"),
        ({"purge_on": "2030-01-01"}, 422, "/purge_on"),
    ],
)
def test_what_is_not_acceptable_is_named_and_nothing_is_made(
    applicant: Applicant, more: dict[str, Any], status: int, pointer: str
):
    refused = reuse(applicant, **more)
    assert refused.status_code == status, refused.text
    assert pointer in [fault["pointer"] for fault in refused.json["errors"]]
    with applicant.world.app.app_context():
        assert len(db.session.scalars(select(Application.id)).all()) == 1


def test_no_more_files_are_taken_than_an_application_may_have_and_each_once(
    make_world: Callable[..., World],
):
    world = make_world(KLUIS_MAX_FILES="2")
    world.wording()
    world.procedure("V-1")
    world.procedure("V-2")
    files = {"cv": ("a.pdf", PDF), "letter": ("b.pdf", PDF)}
    applicant = Applicant.apply(world, files=files, consents=True)
    one, other = (kept["id"] for kept in applicant.get("/applications/{id}/documents").json)
    assert reuse(applicant, documents=[one, other, one]).status_code == 413
    twice = reuse(applicant, documents=[one, one])
    assert (twice.status_code, twice.json["errors"]) == (
        422,
        [{"pointer": "/documents/1", "code": "twice"}],
    )
    assert reuse(applicant, documents=[one, other]).status_code == 201


def test_a_closed_intake_takes_no_reuse(applicant: Applicant):
    applicant.world.clock.move_to("2027-06-01")
    assert reuse(applicant.logged_in()).status_code == 409


def test_a_repeated_reuse_is_one_application(applicant: Applicant):
    sent = {"json": {"procedure_reference": "V-2"}, "headers": {"Idempotency-Key": "again-1"}}
    first = applicant.post("/applications/{id}/reuses", **sent)
    second = applicant.post("/applications/{id}/reuses", **sent)
    assert first.json == second.json
    with applicant.world.app.app_context():
        assert len(db.session.scalars(select(Application.id)).all()) == 2


def test_nobody_else_reuses_and_no_other_record_is_reused(applicant: Applicant):
    other = Applicant.apply(applicant.world, consents=True)
    path = f"/applications/{other.id}/reuses"
    assert applicant.post(path, json={"procedure_reference": "V-2"}).status_code == 404
    for role in ("website", "recruiter", "officer", "mailer"):
        denied = applicant.world.post(path, role, json={"procedure_reference": "V-2"})
        assert denied.status_code == 403, role


def test_nothing_of_a_record_with_a_damaged_key_is_used_again(applicant: Applicant):
    damage_key(applicant.world, applicant.id)
    refused = reuse(applicant, fields=[], changes=FieldsFactory())
    assert refused.status_code == 422
    assert refused.json["errors"] == [{"pointer": "/fields", "code": "does-not-open"}]


def test_a_damaged_document_is_named_and_leaves_no_file_open(applicant: Applicant):
    with behind(applicant.world) as session:
        chunk = session.scalars(select(DocumentChunk).where(DocumentChunk.number == 0)).one()
        chunk.sealed, document_id = flipped(chunk.sealed, -1), chunk.document_id
    refused = reuse(applicant, documents=[str(document_id)])
    assert refused.status_code == 422
    assert refused.json["errors"] == [{"pointer": "/documents/0", "code": "does-not-open"}]
    gc.collect()  # a file that nobody closed is told of now
    assert reuse(applicant).status_code == 201


def test_a_damaged_field_is_named_and_can_be_replaced_or_left_out(applicant: Applicant):
    blob = sealed(applicant.world, applicant.id, "motivation")
    put_seal(applicant.world, applicant.id, "motivation", flipped(blob, 20))
    refused = reuse(applicant)
    assert refused.status_code == 422
    assert refused.json["errors"] == [{"pointer": "/fields/motivation", "code": "does-not-open"}]
    assert reuse(applicant, changes={"motivation": "Nieuw."}).status_code == 201
    left = sorted(FullFieldsFactory().keys() - {"motivation"})
    assert reuse(applicant, fields=left).status_code == 201
    assert set(left) < FIELDS.keys()
