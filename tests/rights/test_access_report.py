"""Access (art. 15): all that is kept about a person, and who saw it, by role."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Update, select, update

from service.domain.catalogue import COMPANY, FIELDS
from service.domain.policy import Action, Purpose, Role
from service.storage.tables import AuditEvent, Document, PrivacyRequest
from service.usecases.access_report import MOST_READINGS
from tests.factories import PDF, FullFieldsFactory
from tests.faults.damage import behind, flipped, put_seal, sealed, told
from tests.faults.problems import demand_problem
from tests.harness.server import served
from tests.retention.acts import hold, withdraw
from tests.rights.applicants import Applicant
from tests.world import World

REPORT = "/applications/{id}/access-report"
WRITTEN = {
    "notes": [{"on": "2026-11-20", "text": "Prettig gesprek."}],
    "assessment_results": [{"title": "Werkproef", "result": "Ruim voldoende"}],
}


@pytest.fixture
def applicant(world: World) -> Applicant:
    """Somebody whose record holds every field but an age, the company's own included."""
    world.wording()
    world.procedure(ends_on="2027-03-01")
    found = Applicant.apply(world, files={"cv": ("mijn cv.pdf", PDF)}, consents=True)
    path = f"/applications/{found.id}"
    assert world.patch(path, "recruiter", version=1, json={"fields": WRITTEN}).status_code == 200
    return found


def report(applicant: Applicant) -> dict[str, Any]:
    answer = applicant.get(REPORT)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def pass_by(world: World) -> None:
    """A minute passes: what is done in one moment has no order."""
    world.clock.moment += timedelta(minutes=1)


def events(world: World, application_id: UUID, action: Action) -> list[AuditEvent]:
    with behind(world) as session:
        query = select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id)
        session.expire_on_commit = False
        return [row for row in session.scalars(query) if str(application_id) in row.application_ids]


def outcome(applicant: Applicant, asked: str) -> str | None:
    found: str | None = applicant.get(f"/privacy-requests/{asked}").json["outcome"]
    return found


def test_every_field_is_in_it_the_companys_own_included(applicant: Applicant):
    found = report(applicant)
    assert found["fields"].keys() == FIELDS.keys() - {"age"}
    assert {name: found["fields"][name] for name in COMPANY} == WRITTEN
    assert found["unreadable"] == []


def test_an_age_is_in_it_where_there_is_no_birth_date(world: World):
    world.procedure()
    fields = FullFieldsFactory(age=32, address={"postal_code": "9401 HS"}, phone="+31 6 20005678")
    del fields["birth_date"]
    body = {"procedure_reference": "V-1", "fields": fields}
    made = world.post("/applications", "website", json=body).json
    path = f"/applications/{made['id']}/access-report?purpose=access-request"
    assert world.get(path, "officer").json["fields"]["age"] == 32


@pytest.mark.parametrize(("controller", "warnings"), [("", 1), ("Voorbeeld B.V.", 0)])
def test_a_service_that_can_not_name_its_controller_says_so_once(
    tmp_path: Path, controller: str, warnings: int
):
    settings = {"KLUIS_CONTROLLER": controller, "KLUIS_WORKERS": "2"}
    with served(tmp_path, f"sqlite:///{tmp_path}/kluis.db", settings) as running:
        lines = running.log.read_text().splitlines()
    told = [json.loads(line) for line in lines if '"controller-unset"' in line]
    expected = [("warning", "KLUIS_CONTROLLER")] * warnings
    assert [(line["level"], line["setting"]) for line in told] == expected


def test_it_says_where_the_data_came_from_why_it_is_kept_and_by_whom(make_world):
    world = make_world(KLUIS_CONTROLLER="Voorbeeld B.V., privacy@example.org")
    world.procedure(ends_on="2027-03-01")
    applicant = Applicant.apply(world)
    found = report(applicant)
    assert found["controller"] == "Voorbeeld B.V., privacy@example.org"
    assert found["source"] == {
        "channel": "website",
        "received_at": "2026-11-22T09:30:00+00:00",
        "statement_version": "2025-08-04",
    }
    assert (found["id"], found["title"], found["status"]) == (
        str(applicant.id),
        "Ontwikkelaar",
        "received",
    )
    assert found["purposes"] == ["selection"]
    assert found["authority"].startswith("Autoriteit Persoonsgegevens")
    assert {"access", "erasure", "complaint"} < set(found["rights"])
    retention = found["retention"]
    assert (retention["purge_on"], retention["rule"]) == ("2027-04-01", "one-month-after-end")
    assert retention["explanation"].keys() == {"nl", "en", "de"}


def test_documents_are_listed_with_their_names(applicant: Applicant):
    [document] = report(applicant)["documents"]
    told_of = {name: document[name] for name in ("kind", "name", "size", "added_at")}
    assert told_of == {
        "kind": "cv",
        "name": "mijn cv.pdf",
        "size": len(PDF),
        "added_at": "2026-11-22T09:30:00+00:00",
    }


def test_the_ledger_of_consent_is_in_it_and_the_purpose_that_was_agreed_to(
    world: World, applicant: Applicant
):
    assert report(applicant)["purposes"] == ["selection", "talent-pool"]
    world.consent(applicant.id, "withdrawn")
    found = report(applicant)
    assert found["purposes"] == ["selection"]
    assert [
        (one["number"], one["change"], one["wording_version"]) for one in found["consents"]
    ] == [(1, "given", "w1"), (2, "withdrawn", None)]


def test_consent_that_does_not_name_the_talent_pool_adds_no_purpose(world: World):
    world.wording(talent_pool=False)
    world.procedure()
    assert report(Applicant.apply(world, consents=True))["purposes"] == ["selection"]


def test_it_names_who_received_what(world: World, applicant: Applicant):
    path, version = f"/applications/{applicant.id}", world.version_of(applicant.id)
    world.patch(path, "recruiter", version=version, json={"status": "hired"})
    handed = {"fields": ["name", "birth_date"]}
    assert world.post(f"{path}/handover", "recruiter", json=handed).status_code == 201
    assert report(applicant)["recipients"] == [
        {
            "recipient": "personnel",
            "kind": "personnel",
            "reason": "hired",
            "agreement": None,
            "country": "NL",
            "fields": ["birth_date", "name"],
            "at": "2026-11-22T09:30:00+00:00",
        }
    ]


def test_it_tells_of_holds_that_last_and_of_no_others(world: World, applicant: Applicant):
    procedure_id = UUID(
        world.get(f"/applications/{applicant.id}", "recruiter").json["procedure_id"]
    )
    hold(world, applicant.id, "2026-11-25")
    pass_by(world)
    hold(world, procedure_id, "2027-05-01", on="procedures")
    both = report(applicant)
    assert both["purposes"][-1] == "legal-claim"
    assert [(one["reason"], one["until"]) for one in both["holds"]] == [
        ("legal-claim", "2026-11-25"),
        ("legal-claim", "2027-05-01"),
    ]
    world.clock.move_to("2026-11-25")
    [left] = report(applicant.logged_in())["holds"]
    assert left["until"] == "2027-05-01"
    assert "2027/18" not in str(both)  # the reference is of the company's case


def test_it_tells_of_requests_and_of_what_was_said(applicant: Applicant):
    applicant.ask("complaint", text="Ik kreeg geen antwoord.")
    pass_by(applicant.world)
    applicant.ask("objection")
    asked = report(applicant)["requests"]
    assert [(one["kind"], one["text"]) for one in asked] == [
        ("complaint", "Ik kreeg geen antwoord."),
        ("objection", None),
    ]


def test_a_withdrawn_and_restricted_record_says_so_and_is_still_shown(
    world: World, applicant: Applicant
):
    withdraw(world, applicant.id)
    applicant.ask("restriction")
    found = report(applicant)
    assert (found["status"], found["withdrawn_on"]) == ("withdrawn", "2026-11-22")
    assert found["restricted_at"] == "2026-11-22T09:30:00+00:00"


# Who read what and when.


def test_it_tells_who_read_what_and_when_by_role(world: World, applicant: Applicant):
    pass_by(world)
    world.get(f"/applications/{applicant.id}?fields=name,email", "interviewer")  # denied: email
    world.get(f"/applications/{applicant.id}?fields=name,motivation", "interviewer")
    pass_by(world)
    world.get(f"/applications/{applicant.id}?fields=phone&purpose=complaint", "officer")
    other = Applicant.apply(world)
    world.get(f"/applications/{other.id}", "recruiter")
    officer, interviewer = report(applicant)["readings"]
    assert interviewer == {
        "at": "2026-11-22T09:31:00+00:00",
        "role": "interviewer",
        "action": "read-application",
        "fields": ["motivation", "name"],
        "purpose": "selection",
    }
    assert (officer["role"], officer["fields"], officer["purpose"]) == (
        "officer",
        ["phone"],
        "complaint",
    )


def test_a_list_counts_as_read_for_all_who_were_in_it(world: World, applicant: Applicant):
    other = Applicant.apply(world)
    procedure_id = world.get(f"/applications/{other.id}", "recruiter").json["procedure_id"]
    world.get(f"/procedures/{procedure_id}/applications", "screener")
    for each in (applicant, other):
        assert ["availability"] in [one["fields"] for one in report(each)["readings"]]


def test_its_own_readings_are_told_of_the_next_time(applicant: Applicant):
    report(applicant)
    [before] = report(applicant)["readings"]
    assert (before["role"], before["action"], before["purpose"]) == (
        "applicant",
        "read-access-report",
        "own-record",
    )


def read_often(world: World, application_id: UUID, times: int) -> None:
    with behind(world) as session:
        session.add_all(
            AuditEvent(
                id=UUID(int=number + 1),
                at=world.clock.now() + timedelta(seconds=number),
                role=Role.RECRUITER,
                subject="recruiter",
                action=Action.READ_APPLICATION,
                outcome="allowed",
                purpose=Purpose.SELECTION,
                application_ids=[str(application_id)],
                fields=["name"],
                shown=1,
                details={},
                request_id=UUID(int=0),
            )
            for number in range(times)
        )


@pytest.mark.parametrize("beyond", [0, 3])
def test_the_latest_readings_are_told_and_how_many_there_were_before(
    world: World, applicant: Applicant, beyond: int
):
    read_often(world, applicant.id, MOST_READINGS + beyond)
    found = report(applicant)
    assert (len(found["readings"]), found["more_readings"]) == (MOST_READINGS, beyond)
    moments = [one["at"] for one in found["readings"]]
    assert moments == sorted(moments, reverse=True)
    last = world.clock.now() + timedelta(seconds=MOST_READINGS + beyond - 1)
    assert moments[0] == last.isoformat()


def test_nobody_of_the_staff_is_named(world: World):
    """Each of them does what he can, under a name that is found nowhere else."""
    staff = {role: f"staf.{role}.7f3a" for role in ("recruiter", "officer", "interviewer")}
    new = {"reference": "V-1", "title": "Tester", "ends_on": "2027-03-01"}
    made = world.post("/procedures", "recruiter", subject=staff["recruiter"], json=new).json
    member = f"/procedures/{made['id']}/team/{staff['interviewer']}"
    role = {"role": "interviewer"}
    world.call("PUT", member, "recruiter", subject=staff["recruiter"], json=role)
    world.wording()
    applicant = Applicant.apply(world)
    path = f"/applications/{applicant.id}"
    consent = {"change": "given", "wording_version": "w1", "channel": "phone"}
    order = {"reason": "legal-claim", "case_reference": "Z-1", "until": "2027-02-01"}
    request = {"kind": "complaint", "application_id": str(applicant.id), "channel": "phone"}
    asked = request | {"kind": "access", "identity_check": "call-back"}
    acts = [
        ("POST", f"{path}/consent-events", "recruiter", {"json": consent}),
        ("PATCH", path, "recruiter", {"json": {"status": "hired"}, "version": 2}),
        ("POST", f"{path}/handover", "recruiter", {"json": {"fields": ["name"]}}),
        ("POST", f"{path}/holds", "officer", {"json": order}),
        ("POST", "/privacy-requests", "recruiter", {"json": request}),
        ("POST", "/privacy-requests", "officer", {"json": asked}),
        ("GET", path, "interviewer", {}),
        ("GET", f"{path}?purpose=complaint", "officer", {}),
    ]
    for method, where, who, options in acts:
        done = world.call(method, where, who, subject=staff[who], **options)
        assert done.status_code in (200, 201), done.text
    text = applicant.get(REPORT).text
    assert "7f3a" not in text
    assert "call-back" in text
    assert {"recruiter", "interviewer", "officer"} <= {
        reading["role"] for reading in report(applicant)["readings"]
    }


# Who may fetch it, and what is noted.


def test_other_peoples_records_and_those_past_their_date_are_not_there(
    world: World, applicant: Applicant
):
    other = Applicant.apply(world)
    path = f"/applications/{other.id}/access-report"
    demand_problem(applicant.get(path), 404, "not-found", [])
    hold(world, other.id, "2027-05-01")
    world.clock.move_to("2027-04-01")
    late = applicant.logged_in()  # his consent keeps it for a year
    assert late.get(REPORT).status_code == 200
    officer = f"{path}?purpose=legal-claim"
    assert world.get(officer, "officer").status_code == 200
    world.clock.move_to("2027-05-01")
    demand_problem(world.get(officer, "officer"), 404, "not-found", [])


def test_the_officer_says_why_he_reads(world: World, applicant: Applicant):
    path = f"/applications/{applicant.id}/access-report"
    refused = world.get(path, "officer")
    pass_by(world)
    assert refused.json["errors"] == [{"pointer": "/query/purpose", "code": "required"}]
    assert world.get(f"{path}?purpose=access-request", "officer").status_code == 200
    [denied, allowed] = events(world, applicant.id, Action.READ_ACCESS_REPORT)
    assert (denied.outcome, denied.shown, denied.fields) == ("invalid", 0, [])
    assert (allowed.outcome, allowed.purpose) == ("allowed", Purpose.ACCESS_REQUEST)


def test_it_is_audited_with_all_that_it_shows(world: World, applicant: Applicant):
    found = report(applicant)
    [event] = events(world, applicant.id, Action.READ_ACCESS_REPORT)
    assert event.fields == sorted([*found["fields"], "documents"])
    applicant.ask("complaint", text="Niemand belde terug.")
    pass_by(world)
    report(applicant)
    [_, later] = events(world, applicant.id, Action.READ_ACCESS_REPORT)
    assert later.fields == sorted([*found["fields"], "documents", "request_text"])
    assert (event.role, event.purpose, event.shown) == (Role.APPLICANT, Purpose.OWN_RECORD, 1)


def test_it_counts_in_the_read_budget(make_world):
    world = make_world(KLUIS_READ_BUDGET="1")
    world.procedure()
    one, other = (world.apply() for _ in range(2))
    path = "/applications/{}/access-report?purpose=access-request"
    assert world.get(path.format(one), "officer").status_code == 200
    assert world.get(path.format(one), "officer").status_code == 200
    assert world.get(path.format(other), "officer").status_code == 429


# What he asked for under the law is answered by it.


def test_his_request_for_access_is_answered_by_fetching_it(applicant: Applicant):
    access = applicant.ask("access").json["id"]
    pass_by(applicant.world)
    portability = applicant.ask("portability").json["id"]
    assert applicant.call("HEAD", REPORT).status_code == 200
    assert outcome(applicant, access) is None
    [told_of, _] = report(applicant)["requests"]
    assert told_of["outcome"] is None
    assert outcome(applicant, access) == "answered"
    assert outcome(applicant, portability) is None
    hold_until = applicant.get("/applications/{id}/retention").json["hold_until"]
    assert hold_until == "2026-12-23"  # for what is still open


def test_who_left_before_it_was_sent_has_no_answer(applicant: Applicant):
    access = applicant.ask("access").json["id"]
    with applicant.call("GET", REPORT, buffered=False) as left:
        assert left.status_code == 200  # and no more of it is read
    assert outcome(applicant, access) is None
    assert report(applicant)["requests"][0]["outcome"] is None
    assert outcome(applicant, access) == "answered"


def test_that_is_a_decision_of_its_own_in_the_audit(world: World, applicant: Applicant):
    applicant.ask("access")
    report(applicant)
    [closed] = events(world, applicant.id, Action.CHANGE_REQUEST)
    assert closed.details == {"fetched": "access"}
    assert (closed.shown, closed.fields) == (0, [])
    report(applicant)  # once is enough
    assert len(events(world, applicant.id, Action.CHANGE_REQUEST)) == 1


def test_damage_is_alarmed_once_where_a_request_is_closed_besides(
    world: World, applicant: Applicant
):
    applicant.ask("access")
    put_seal(world, applicant.id, "notes", flipped(sealed(world, applicant.id, "notes"), -1))
    assert report(applicant)["unreadable"] == ["notes"]
    assert told(world, "kluis_unreadable_fields_total") == 1


@pytest.mark.parametrize(
    "damage",
    [
        update(Document).values(sealed_name=b"\x01" * 60),
        update(PrivacyRequest).values(sealed_text=b"\x01" * 60),
    ],
    ids=["name", "text"],
)
def test_with_a_part_that_can_not_be_read_it_answers_nothing(
    world: World, applicant: Applicant, damage: Update
):
    asked = applicant.ask("access", text="Alles graag.").json["id"]
    with behind(world) as session:
        session.execute(damage)
    assert report(applicant)["unreadable"] == []
    assert outcome(applicant, asked) is None


def test_the_officers_reading_answers_nothing(world: World, applicant: Applicant):
    asked = applicant.ask("access").json["id"]
    world.get(f"/applications/{applicant.id}/access-report?purpose=access-request", "officer")
    assert outcome(applicant, asked) is None


def test_a_document_whose_name_is_damaged_is_listed_without_it(world: World, applicant: Applicant):
    with behind(world) as session:
        session.execute(update(Document).values(sealed_name=b"\x01" * 60))
    [document] = report(applicant)["documents"]
    assert (document["name"], document["kind"]) == (None, "cv")
    assert told(world, "kluis_unreadable_fields_total") == 1
