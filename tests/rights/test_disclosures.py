"""Recipients: who received what is recorded, and each is told of what becomes of it (M14)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from werkzeug.test import TestResponse

from tests.retention.acts import audited, completed, erase, rows, set_status
from tests.rights.applicants import Applicant
from tests.world import World

BUREAU = "Voorbeeld Assessments B.V."
OTHER = "Ander Voorbeeld B.V."


def order(application_id: UUID, **other: Any) -> dict[str, Any]:
    body = {
        "application_id": str(application_id),
        "recipient": BUREAU,
        "kind": "processor",
        "reason": "selection",
        "agreement": "VWO-2026-03",
        "country": "NL",
        "fields": ["name", "email"],
    }
    return {name: value for name, value in {**body, **other}.items() if value is not None}


def disclose(
    world: World, application_id: UUID, role: str = "recruiter", **other: Any
) -> TestResponse:
    return world.post("/disclosures", role, json=order(application_id, **other))


def transfer(world: World, application_id: UUID, role: str = "officer", **other: Any):
    named = {"recipient": OTHER, "kind": "named-by-applicant", "reason": "portability"}
    return disclose(world, application_id, role, **named, agreement=None, **other)


def faults(refused: TestResponse) -> list[tuple[str, str]]:
    return [(fault["pointer"], fault["code"]) for fault in refused.json["errors"]]


def notices(world: World, query: str = "") -> list[dict[str, Any]]:
    asked = world.get(f"/notices{query}", "officer")
    assert asked.status_code == 200, asked.text
    items: list[dict[str, Any]] = asked.json["items"]
    return items


def told(world: World, query: str = "") -> list[tuple[str, str]]:
    return [(notice["recipient"], notice["event"]) for notice in notices(world, query)]


def confirm(world: World, notice: dict[str, Any], version: int | None = None) -> TestResponse:
    version = notice["version"] if version is None else version
    path, body = f"/notices/{notice['id']}", {"confirmed": True}
    return world.patch(path, "officer", version=version, json=body)


def duties(world: World, kind: str) -> list[dict[str, Any]]:
    listed = world.get("/duties", "officer").json
    return [duty for duty in listed if duty["kind"] == kind]


def correct(world: World, application_id: UUID, **fields: Any) -> None:
    path, version = f"/applications/{application_id}", world.version_of(application_id)
    done = world.patch(path, "officer", version=version, json={"fields": fields})
    assert done.status_code == 200, done.text


def later(world: World) -> None:
    """A minute on: what is listed in the order of its making is not made in one moment."""
    world.clock.moment += timedelta(minutes=1)


@pytest.fixture
def applicant(world: World) -> Applicant:
    """One whose fields went to personnel, by the handover, and to an assessment bureau."""
    world.procedure()
    found = Applicant.apply(world)
    set_status(world, found.id, "hired")
    handed = world.post(
        f"/applications/{found.id}/handover", "recruiter", json={"fields": ["name"]}
    )
    assert handed.status_code == 201, handed.text
    later(world)
    recorded = disclose(world, found.id)
    assert recorded.status_code == 201, recorded.text
    return found


def test_who_received_what_why_and_where_is_recorded_and_no_value_is_shown(
    world: World, applicant: Applicant
):
    listed = world.get(f"/disclosures?application_id={applicant.id}", "officer").json
    handover, recorded = listed["items"]
    assert (handover["recipient"], handover["kind"], handover["reason"]) == (
        "personnel",
        "personnel",
        "hired",
    )
    assert recorded == {
        "id": recorded["id"],
        **order(applicant.id, fields=["email", "name"]),
        "at": recorded["at"],
        "disclosed_by": "recruiter",
    }
    event = audited(world, applicant.id, "record-disclosure")
    assert event["fields"] == ["email", "name"]
    assert event["details"] == {
        "disclosure": recorded["id"],
        "kind": "processor",
        "reason": "selection",
    }


def test_the_list_is_read_in_pages_and_audited(world: World, applicant: Applicant):
    first = world.get("/disclosures?limit=1", "officer").json
    second = world.get(f"/disclosures?limit=1&cursor={first['next']}", "officer").json
    assert [first["items"][0]["kind"], second["items"][0]["kind"]] == ["personnel", "processor"]
    assert second["next"] is None
    assert world.get(f"/disclosures?application_id={uuid4()}", "officer").json["items"] == []
    world.get(f"/disclosures?application_id={applicant.id}", "officer")
    assert audited(world, applicant.id, "list-disclosures")["outcome"] == "allowed"


@pytest.mark.parametrize(
    ("other", "fault"),
    [
        ({"country": "DE"}, ("/country", "country-not-allowed")),
        ({"country": "nl"}, ("/country", "characters")),
        ({"country": None}, ("/country", "required")),
        ({"agreement": None}, ("/agreement", "required")),
        ({"kind": "group", "agreement": None}, ("/agreement", "required")),
        ({"kind": "personnel"}, ("/kind", "not-a-choice")),
        ({"reason": "hired"}, ("/reason", "not-a-choice")),
        ({"reason": "legal-duty"}, ("/reason", "not-with-this-kind")),
        ({"kind": "authority"}, ("/reason", "not-with-this-kind")),
        ({"recipient": "Voorbeeld\nB.V."}, ("/recipient", "line-break")),
        ({"recipient": " "}, ("/recipient", "length")),
        ({"recipient": "v" * 201}, ("/recipient", "length")),
        ({"fields": []}, ("/fields", "length")),
        ({"fields": ["name"] * 99}, ("/fields", "length")),
        ({"fields": ["shoe_size"]}, ("/fields/0", "not-a-choice")),
        ({"purge_on": "2099-01-01"}, ("/purge_on", "unknown-property")),
    ],
)
def test_what_can_not_be_recorded(
    sqlite_world: World, other: dict[str, Any], fault: tuple[str, str]
):
    sqlite_world.procedure()
    refused = disclose(sqlite_world, sqlite_world.apply(), **other)
    assert (refused.status_code, faults(refused)) == (422, [fault])
    assert rows(sqlite_world, "SELECT count(*) FROM disclosure")[0][0] == 0


def test_other_countries_are_allowed_where_the_service_is_set_so(make_world: Callable[..., World]):
    world = make_world(KLUIS_COUNTRIES="NL,DE")
    world.procedure()
    application_id = world.apply()
    assert disclose(world, application_id, country="DE").status_code == 201
    assert disclose(world, application_id, country="BE").status_code == 422


def test_a_recruiter_gives_only_fields_that_he_may_see(world: World):
    world.procedure(ends_on="2027-03-01")
    application_id = world.apply()
    empty = disclose(world, application_id, fields=["notes"])
    assert (empty.status_code, faults(empty)) == (422, [("/fields/notes", "holds-nothing")])
    notes = {"fields": {"notes": [{"on": "2026-11-22", "text": "Prettig gesprek."}]}}
    world.patch(f"/applications/{application_id}", "recruiter", version=1, json=notes)
    assert disclose(world, application_id, fields=["notes"]).status_code == 201
    world.clock.move_to("2027-03-02")  # aftercare
    refused = disclose(world, application_id, fields=["name", "notes"])
    assert (refused.status_code, faults(refused)) == (403, [("/fields/notes", "not-for-this-role")])
    assert disclose(world, application_id, fields=["name"]).status_code == 201
    assert disclose(world, application_id, "officer", fields=["notes"]).status_code == 201
    world.clock.move_to("2027-04-01")
    assert disclose(world, application_id, fields=["name"]).status_code == 404
    assert disclose(world, application_id, "officer", fields=["name"]).status_code == 404


def test_a_correction_of_nothing_is_told_to_nobody(world: World):
    world.procedure()
    application_id = world.apply()
    assert disclose(world, application_id).status_code == 201
    version = world.version_of(application_id)
    path = f"/applications/{application_id}"
    assert world.patch(path, "officer", version=version, json={}).status_code == 200
    assert world.get("/notices", "officer").json["items"] == []


def test_a_recruiter_elsewhere_or_who_only_interviews_records_nothing(world: World):
    procedure_id = world.procedure()
    application_id = world.apply()
    elsewhere = world.post("/disclosures", "recruiter", subject="r9", json=order(application_id))
    missing = disclose(world, uuid4())
    assert elsewhere.status_code == missing.status_code == 404
    path = f"/procedures/{procedure_id}/team/r2"
    world.call("PUT", path, "recruiter", json={"role": "interviewer"})
    visiting = world.post("/disclosures", "recruiter", subject="r2", json=order(application_id))
    assert visiting.status_code == 403
    assert rows(world, "SELECT count(*) FROM disclosure")[0][0] == 0


@pytest.mark.parametrize("role", ["interviewer", "screener", "sourcer", "website", "admin"])
def test_nobody_else_records_reads_or_confirms(sqlite_world: World, role: str):
    sqlite_world.procedure()
    application_id = sqlite_world.apply()
    assert disclose(sqlite_world, application_id, role).status_code == 403
    for reader in (role, "recruiter"):
        assert sqlite_world.get("/disclosures", reader).status_code == 403
        assert sqlite_world.get("/notices", reader).status_code == 403
        path, body = f"/notices/{uuid4()}", {"confirmed": True}
        assert sqlite_world.patch(path, reader, version=1, json=body).status_code == 403


def test_a_transfer_that_the_applicant_asks_for_is_the_officers_and_only_of_his_own(
    world: World, applicant: Applicant
):
    refused = transfer(world, applicant.id, "recruiter")
    assert (refused.status_code, faults(refused)) == (403, [("/kind", "not-for-this-role")])
    kept = transfer(world, applicant.id, fields=["name", "references", "notes"])
    assert (kept.status_code, faults(kept)) == (
        422,
        [("/fields/notes", "not-taken-along"), ("/fields/references", "not-taken-along")],
    )
    made = transfer(world, applicant.id, fields=["name", "work_experience"])
    assert (made.status_code, made.json["agreement"]) == (201, None)


def test_recording_twice_with_one_key_records_once(world: World, applicant: Applicant):
    body = order(applicant.id, recipient=OTHER)
    first = world.post("/disclosures", "recruiter", key="once", json=body)
    again = world.post("/disclosures", "recruiter", key="once", json=body)
    assert (again.status_code, again.json) == (201, first.json)
    assert rows(world, "SELECT count(*) FROM disclosure")[0][0] == 3


def test_what_is_due_is_not_listed_any_more_and_goes_with_the_record(world: World):
    world.procedure(ends_on="2027-03-01")
    disclose(world, world.apply())
    world.clock.move_to("2027-03-31")
    assert len(world.get("/disclosures", "officer").json["items"]) == 1
    world.clock.move_to("2027-04-01")
    assert world.get("/disclosures", "officer").json["items"] == []
    completed(world)
    assert rows(world, "SELECT count(*) FROM disclosure")[0][0] == 0


def test_a_correction_is_told_to_who_received_the_fields_and_no_value(
    world: World, applicant: Applicant
):
    correct(world, applicant.id, phone="+31 6 20000001")
    assert notices(world) == []  # nobody has it
    correct(world, applicant.id, email="sanne@example.org", motivation="Graag.")
    later(world)
    applicant.ask("correction", fields={"name": "Sanne Bakker"})
    listed = notices(world)
    assert [(one["recipient"], one["event"], one["fields"]) for one in listed] == [
        (BUREAU, "application.corrected", ["email"]),
        (BUREAU, "application.corrected", ["name"]),
        ("personnel", "application.corrected", ["name"]),
    ]
    assert {one["application_id"] for one in listed} == {str(applicant.id)}
    kept = str(rows(world, "SELECT * FROM notice") + rows(world, "SELECT * FROM disclosure"))
    assert "Sanne" not in kept
    assert "20000001" not in kept


def test_restriction_and_its_end_are_told(world: World, applicant: Applicant):
    asked = applicant.ask("restriction").json
    later(world)
    lifted = applicant.call(
        "PATCH", f"/privacy-requests/{asked['id']}", version=asked["version"], json={"lifted": True}
    )
    assert lifted.status_code == 200, lifted.text
    assert told(world) == [
        (BUREAU, "application.restricted"),
        ("personnel", "application.restricted"),
        (BUREAU, "application.released"),
        ("personnel", "application.released"),
    ]


def test_a_team_that_changes_status_or_notes_tells_nobody(world: World, applicant: Applicant):
    path, version = f"/applications/{applicant.id}", world.version_of(applicant.id)
    notes = {"notes": [{"on": "2026-11-22", "text": "Prettig gesprek."}]}
    changed = world.patch(path, "recruiter", version=version, json={"fields": notes})
    assert changed.status_code == 200
    assert notices(world) == []


def test_a_recipient_who_received_twice_is_told_once(world: World, applicant: Applicant):
    disclose(world, applicant.id, fields=["motivation"])
    correct(world, applicant.id, motivation="Graag.", email="sanne@example.org")
    [notice] = notices(world)
    assert (notice["recipient"], notice["fields"]) == (BUREAU, ["email", "motivation"])


@pytest.mark.parametrize("by", ["officer", "applicant"])
def test_an_erasure_is_told_and_tracked_until_confirmed_though_the_record_is_gone(
    world: World, applicant: Applicant, by: str
):
    if by == "officer":
        assert erase(world, applicant.id).status_code == 204
    else:
        assert applicant.ask("erasure").status_code == 201
    assert rows(world, "SELECT count(*) FROM application")[0][0] == 0
    assert rows(world, "SELECT count(*) FROM disclosure")[0][0] == 0
    bureau, personnel = notices(world, "?open=true")
    assert {bureau["event"], personnel["event"]} == {"application.erased"}
    confirmed = confirm(world, bureau)
    assert confirmed.status_code == 200, confirmed.text
    assert confirmed.headers["ETag"] == '"2"'
    assert (confirmed.json["confirmed_by"], confirmed.json["version"]) == ("officer", 2)
    assert [one["id"] for one in notices(world, "?open=true")] == [personnel["id"]]
    assert notices(world, "?open=false") == [confirmed.json]
    assert len(notices(world)) == 2
    event = audited(world, applicant.id, "confirm-notice")
    assert event["details"] == {"notice": bureau["id"]}


def test_a_notice_is_confirmed_once_by_who_read_it(world: World, applicant: Applicant):
    correct(world, applicant.id, name="Sanne Bakker")
    notice = notices(world)[0]
    path = f"/notices/{notice['id']}"
    assert world.patch(path, "officer", json={"confirmed": True}).status_code == 428
    assert confirm(world, notice, version=2).status_code == 412
    refused = world.patch(path, "officer", version=1, json={"confirmed": False})
    assert (refused.status_code, faults(refused)) == (422, [("/confirmed", "only-true")])
    assert confirm(world, notice).status_code == 200
    again = confirm(world, notice, version=2)
    assert (again.status_code, again.json["type"][-17:]) == (409, "already-confirmed")
    assert confirm(world, {"id": str(uuid4()), "version": 1}).status_code == 404


@pytest.mark.usefixtures("applicant")
def test_the_ordinary_end_is_no_recipients_business(world: World):
    world.clock.move_to("2027-04-01")
    completed(world)
    assert rows(world, "SELECT count(*) FROM application")[0][0] == 0
    assert notices(world) == []


def test_a_notice_that_nobody_confirms_for_14_days_is_a_duty(world: World, applicant: Applicant):
    erase(world, applicant.id)  # on 22 November
    world.clock.move_to("2026-12-05")
    assert duties(world, "notice-unconfirmed") == []
    world.clock.move_to("2026-12-06")
    (duty,) = duties(world, "notice-unconfirmed")
    assert (duty["by"], duty["count"]) == ("2026-12-06", 2)
    for notice in notices(world, "?open=true"):
        confirm(world, notice)
    assert duties(world, "notice-unconfirmed") == []


def test_papers_of_a_confirmed_notice_are_kept_for_24_months(world: World, applicant: Applicant):
    erase(world, applicant.id)
    confirm(world, notices(world)[0])
    for day, left in (("2028-11-21", 2), ("2028-11-23", 1)):
        world.clock.move_to(day)
        completed(world)
        assert rows(world, "SELECT count(*) FROM notice")[0][0] == left
