"""What a lost token exposed, by a scene that was counted by hand."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select
from werkzeug.test import TestResponse

from service.domain.policy import MINTED_ROLES
from service.storage.database import db
from service.storage.tables import ApiToken, AuditEvent
from tests.access.scene import everything_stored
from tests.factories import PDF, FieldsFactory
from tests.faults.damage import flipped, put_seal, sealed
from tests.world import World

DAY = {"since": "2026-11-22T00:00:00Z", "until": "2026-11-23T00:00:00Z"}
START = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def report(world: World, role: str = "officer", **query: Any) -> TestResponse:
    return world.get("/breach-report", role, query_string={**DAY, **query})


def told(answer: TestResponse) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json
    return body


def audited(world: World) -> AuditEvent:
    """The last report, as the audit has it."""
    with world.app.app_context():
        query = select(AuditEvent).where(AuditEvent.action == "report-breach")
        event: AuditEvent = db.session.scalars(query.order_by(AuditEvent.id.desc())).first()
        return event


@dataclass
class Scene:
    """Six records of four people, and what the recruiter's token was shown of them, by the minute.

    Sanne applied twice and wrote her address in two ways; Noor gave no address; Daan's does not
    open any more; Bram is gone; Emma was shown to nobody.
    """

    world: World
    ids: dict[str, str] = field(default_factory=dict)
    document: str = ""

    @classmethod
    def make(cls, world: World) -> "Scene":
        scene = cls(world)
        world.procedure()
        emails = {
            "sanne": "sanne@example.org",
            "again": "Sanne@example.ORG",
            "daan": "daan@example.org",
            "bram": "bram@example.org",
            "emma": "emma@example.org",
        }
        for name, email in emails.items():
            fields = FieldsFactory(email=email, motivation="Graag.")
            scene.ids[name] = str(world.apply(fields=fields, files={"cv": ("cv.pdf", PDF)}))
        noor = {"name": "Noor Zeekanarie", "phone": "+31 6 20000000"}
        scene.ids["noor"] = str(world.apply(fields=noor))
        return scene

    def at(self, minute: int, path: str, role: str = "recruiter") -> TestResponse:
        self.world.clock.moment = START + timedelta(minutes=minute)
        answer = self.world.get(path, role)
        assert answer.status_code == 200, answer.text
        return answer

    def read(self) -> "Scene":
        for minute, name in enumerate(("sanne", "again", "noor", "daan", "bram"), start=1):
            self.at(minute, f"/applications/{self.ids[name]}?fields=name,email")
        sanne = f"/applications/{self.ids['sanne']}"
        self.document = self.at(10, f"{sanne}/documents").json[0]["id"]
        self.at(11, f"{sanne}/documents/{self.document}")
        self.at(12, f"{sanne}?fields=motivation")
        self.at(13, f"/applications/{self.ids['emma']}", "interviewer")
        return self

    def lose(self) -> "Scene":
        """Daan's address does not open any more, and Bram is gone."""
        daan, bram = UUID(self.ids["daan"]), self.ids["bram"]
        put_seal(self.world, daan, "email", flipped(sealed(self.world, daan, "email"), -1))
        version = self.world.version_of(UUID(bram))
        path = f"/applications/{bram}"
        assert self.world.call("DELETE", path, "officer", version=version).status_code == 204
        return self


@pytest.fixture
def scene(world: World) -> Scene:
    return Scene.make(world).read().lose()


def test_the_numbers_are_those_counted_by_hand(scene: Scene):
    found = told(report(scene.world, subject="recruiter"))
    items = {item["application_id"]: item for item in found.pop("items")}
    assert found == {
        "since": "2026-11-22T00:00:00+00:00",
        "until": "2026-11-23T00:00:00+00:00",
        "first_at": "2026-11-22T09:31:00+00:00",
        "last_at": "2026-11-22T09:42:00+00:00",
        "applications": 5,
        "people": 4,
        "counted_singly": 3,
        "categories": ["contact", "documents", "free_text", "identity"],
        "events_left": 0,
        "next_since": None,
    }
    shown = {scene.ids[name] for name in ("sanne", "again", "noor", "daan", "bram")}
    assert items.keys() == shown
    assert items[scene.ids["sanne"]] == {
        "application_id": scene.ids["sanne"],
        "fields": ["document:cv", "documents", "email", "motivation", "name"],
        "documents": [scene.document],
        "first_at": "2026-11-22T09:31:00+00:00",
        "last_at": "2026-11-22T09:42:00+00:00",
    }
    assert items[scene.ids["bram"]] == {
        "application_id": scene.ids["bram"],
        "fields": ["email", "name"],
        "documents": [],
        "first_at": "2026-11-22T09:35:00+00:00",
        "last_at": "2026-11-22T09:35:00+00:00",
    }


def test_what_went_with_a_report_or_an_export_is_told_and_nothing_besides(world: World):
    world.procedure()
    bare, full = world.apply(), world.apply(files={"cv": ("cv.pdf", PDF)})
    for path in (f"{bare}/access-report", f"{full}/portability"):
        purpose = "?purpose=access-request"
        assert world.get(f"/applications/{path}{purpose}", "officer").status_code == 200
    items = {i["application_id"]: i for i in told(report(world, subject="officer"))["items"]}
    assert {"documents", "request_text"}.isdisjoint(items[str(bare)]["fields"])
    path = f"/applications/{full}/documents?purpose=supervision"
    [document] = world.get(path, "officer").json
    assert items[str(full)]["documents"] == [document["id"]]


def test_the_span_takes_in_its_first_moment_and_not_its_last(scene: Scene):
    span = {"since": "2026-11-22T09:32:00Z", "until": "2026-11-22T09:34:00Z"}
    found = told(report(scene.world, subject="recruiter", **span))
    named = {scene.ids[name] for name in ("again", "noor")}
    assert {item["application_id"] for item in found["items"]} == named
    assert (found["applications"], found["people"], found["counted_singly"]) == (2, 2, 1)


def test_a_token_is_told_apart_from_its_subjects_others(scene: Scene):
    world = scene.world
    order = {"role": "recruiter", "subject": "recruiter", "expires_at": "2027-01-01T00:00:00Z"}
    lost = world.post("/tokens", "admin", json=order).json
    headers = {"Authorization": f"Bearer {lost['token']}"}
    client = world.app.test_client()
    path = f"/v1/applications/{scene.ids['emma']}?fields=name"
    assert client.get(path, headers=headers).status_code == 200
    found = told(report(world, token_id=lost["id"]))
    assert [(item["application_id"], item["fields"]) for item in found["items"]] == [
        (scene.ids["emma"], ["name"])
    ]
    assert told(report(world, subject="recruiter"))["applications"] == 6
    with world.app.app_context():
        query = select(ApiToken.id).where(ApiToken.subject == "interviewer")
        others = [str(token_id) for token_id in db.session.scalars(query)]
    assert [told(report(world, token_id=other))["applications"] for other in others] == [1]


def test_a_list_exposes_each_application_on_its_page(world: World):
    scene = Scene.make(world)
    (procedure,) = world.get("/procedures", "recruiter").json["items"]
    scene.at(1, f"/procedures/{procedure['id']}/applications")
    found = told(report(world, subject="recruiter"))
    assert (found["applications"], found["people"], found["counted_singly"]) == (6, 5, 1)
    assert found["categories"] == ["contact", "identity", "professional"]


def test_what_was_refused_or_only_reported_exposed_nothing(world: World):
    scene = Scene.make(world)
    path = f"/applications/{scene.ids['emma']}"
    assert world.get(path, "recruiter", subject="stranger").status_code == 404
    assert world.get(f"{path}?fields=email", "screener").status_code == 403
    for subject in ("stranger", "screener"):
        found = told(report(world, subject=subject))
        assert (found["applications"], found["people"], found["first_at"]) == (0, 0, None)
    scene.read()
    told(report(world, subject="recruiter"))
    assert told(report(world, subject="officer"))["applications"] == 0


def test_opening_the_addresses_is_audited_and_counts_as_no_reading(scene: Scene):
    told(report(scene.world, subject="recruiter"))
    event = audited(scene.world)
    opened = {scene.ids[name] for name in ("sanne", "again", "noor", "daan")}
    assert (event.purpose, event.fields, event.shown) == ("breach", ["email"], 0)
    assert set(event.application_ids) == opened
    assert event.details == {
        "subject": "recruiter",
        "token_id": None,
        "since": "2026-11-22T00:00:00+00:00",
        "until": "2026-11-23T00:00:00+00:00",
    }


def test_a_report_is_had_although_the_read_budget_is_spent(make_world: Callable[..., World]):
    world = make_world(KLUIS_READ_BUDGET="2")
    scene = Scene.make(world)
    for minute, name in enumerate(("sanne", "again"), start=1):
        scene.at(minute, f"/applications/{scene.ids[name]}")
        scene.at(minute, f"/applications/{scene.ids[name]}?purpose=breach", "officer")
    assert told(report(world, subject="recruiter"))["people"] == 1
    assert told(report(world, subject="recruiter"))["applications"] == 2


def test_neither_answer_nor_audit_holds_a_value(scene: Scene, capfd: pytest.CaptureFixture[str]):
    answer = report(scene.world, subject="recruiter").text.lower()
    stored = repr(everything_stored(scene.world)).lower()
    said = capfd.readouterr()
    for where in (answer, stored, said.out.lower(), said.err.lower()):
        assert [word for word in ("example.org", "zeekanarie") if word in where] == []


def test_the_officer_reports_and_nobody_else(world: World):
    for role in sorted(MINTED_ROLES):
        expected = 200 if role == "officer" else 403
        assert report(world, role, subject="recruiter").status_code == expected, role


REFUSED = [
    ({}, "/query/subject", "subject-or-token-id"),
    ({"subject": "a", "token_id": str(uuid4())}, "/query/subject", "subject-or-token-id"),
    ({"subject": "zee kanarie"}, "/query/subject", "characters"),
    ({"token_id": "zeekanarie"}, "/query/token_id", "wrong-type"),
    ({"subject": "a", "since": "2026-11-22"}, "/query/since", "not-a-moment-with-offset"),
    ({"subject": "a", "until": DAY["since"]}, "/query/until", "out-of-range"),
    ({"subject": "a", "until": "2026-11-21T00:00:00Z"}, "/query/until", "out-of-range"),
    ({"subject": "a", "until": "2028-11-23T00:00:00Z"}, "/query/until", "out-of-range"),
]


def test_what_is_asked_for_wrongly_is_named_and_not_repeated(world: World):
    for query, pointer, code in REFUSED:
        refused = report(world, **query)
        assert refused.status_code == 422, query
        assert refused.json["errors"] == [{"pointer": pointer, "code": code}]
        assert "kanarie" not in refused.text
    assert report(world, subject="a", until="2028-11-22T23:59:59Z").status_code == 200


def test_the_span_must_be_given(world: World):
    for name in DAY:
        query = {"subject": "a", **DAY}
        del query[name]
        refused = world.get("/breach-report", "officer", query_string=query)
        assert refused.json["errors"] == [{"pointer": f"/query/{name}", "code": "required"}]


# Bounded, and what is left is said


def plant(world: World, *applications_shown: int) -> list[list[str]]:
    """Events of a scraper, a second apart, each showing so many applications that are gone."""
    shown = [[str(uuid4()) for _ in range(count)] for count in applications_shown]
    with world.app.app_context():
        case = world.case()
        case.now = START
        db.session.execute(
            insert(AuditEvent),
            [
                {
                    "id": case.new_id(),
                    "at": START + timedelta(seconds=number),
                    "role": "recruiter",
                    "subject": "scraper",
                    "token_id": None,
                    "action": "list-applications",
                    "outcome": "allowed",
                    "purpose": "selection",
                    "application_ids": ids,
                    "fields": ["name"],
                    "shown": len(ids),
                    "details": {},
                    "request_id": uuid4(),
                }
                for number, ids in enumerate(shown)
            ],
        )
        db.session.commit()
    return shown


def reports(world: World) -> list[dict[str, Any]]:
    """Every report of the scraper, each from where the one before it ended."""
    made = [told(report(world, subject="scraper"))]
    while made[-1]["next_since"] is not None:
        made.append(told(report(world, subject="scraper", since=made[-1]["next_since"])))
    return made


def test_a_report_takes_in_ten_thousand_applications_and_says_where_to_go_on(world: World):
    shown = plant(world, *[1_000] * 9, 999, 2, 1)
    one, two = reports(world)
    assert (one["applications"], one["people"], one["counted_singly"]) == (9_999,) * 3
    assert (one["events_left"], one["next_since"]) == (2, "2026-11-22T09:30:10+00:00")
    assert (two["applications"], two["events_left"]) == (3, 0)
    listed = [item["application_id"] for found in (one, two) for item in found["items"]]
    assert sorted(listed) == sorted(one for ids in shown for one in ids)


def test_exactly_ten_thousand_are_taken_in(world: World):
    plant(world, *[1_000] * 10)
    (whole,) = reports(world)
    assert (whole["applications"], whole["events_left"]) == (10_000, 0)


def test_a_report_takes_in_twenty_thousand_events(world: World):
    shown = plant(world, *[1] * 500)
    with world.app.app_context():
        rows = db.session.execute(select(AuditEvent.__table__).where(AuditEvent.shown == 1))
        template = [dict(row) for row in rows.mappings()]
        case = world.case()
        for copy in range(1, 41):
            case.now = START + timedelta(hours=copy)
            again = [
                {**row, "id": case.new_id(), "at": row["at"] + timedelta(minutes=copy)}
                for row in template
            ]
            db.session.execute(insert(AuditEvent), again)
        db.session.commit()
    found = told(report(world, subject="scraper"))
    assert found["applications"] == len(shown)
    assert found["events_left"] == 500
    assert found["next_since"] == "2026-11-22T10:10:00+00:00"
