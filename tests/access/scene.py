"""A scene: one installation with a record in every phase, and a valid request for every door."""

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import event, select
from werkzeug.test import TestResponse

from service.domain.policy import TEAM_ROLES, Role
from service.storage.database import Base, db
from service.storage.tables import Application, AuditEvent, Document, Hold, Notice, Procedure
from tests.factories import PDF
from tests.world import World

DoorKey = tuple[str, str]

CANARY = "zeekanarie"
BORN = {"birth_date": "1994-02-28"}
AGED = {"age": 87}
SUPPLIED: dict[str, Any] = {
    "name": "Sanne Zeekanarie",
    "email": "sanne.zeekanarie@example.org",
    "phone": "+31 6 87654321",
    "other_contact": [{"kind": "Signal", "value": "zeekanarie.42"}],
    "address": {"street": "Zeekanarie 1", "postal_code": "9401 HS", "city": "Assen"},
    "gender": "unspecified",
    "nationality": "Zeekanarische",
    "work_permit": {"kind": "other", "remarks": "zeekanarie"},
    "education": [{"institution": "Zeekanarie Hogeschool", "started": "2012-09"}],
    "internships": [{"organisation": "Zeekanarie Stichting", "started": "2015"}],
    "work_experience": [{"organisation": "Zeekanarie B.V.", "started": "2016-10-01"}],
    "trainings": [{"title": "Zeekanarie houden"}],
    "certificates": [{"title": "Zeekanarie A"}],
    "availability": {"hours_per_week": 37, "remarks": "zeekanarie"},
    "motivation": "Om de zeekanarie.",
    "other": "Nog een zeekanarie.",
    "references": [{"name": "Daan Zeekanarie"}],
    "assessments": [{"title": "Zeekanarietest"}],
}
COMPANY: dict[str, Any] = {
    "assessment_results": [{"title": "Zeekanarieproef", "result": "goed"}],
    "notes": [{"on": "2026-06-01", "text": "Zeekanarie gezien."}],
}
ANSWERS = {"postal_code": "9401 HS", "phone_digits": "4321"}
FILES = {
    kind: (f"{kind}-zeekanarie.pdf", PDF + f"zeekanarie {kind}\n".encode())
    for kind in ("cv", "letter", "certificate", "other")
}

TODAY = "2026-11-22"
_ENDS_ON = {
    "purged": "2026-07-01",
    "waste": "2026-07-15",
    "over": "2026-08-01",
    "talent_pool": "2026-09-01",
    "aftercare": "2026-11-10",
    "running": "2027-03-01",
}
_SPARES = {"aftercare": 20, "talent_pool": 20, "held": 9}  # enough for one process that runs all


@dataclass
class Scene:
    """Records by phase: `whole` holds every field but the age, `aged` the age, `spares` can go.

    Procedures by phase as well: `procedures` hold these records, `empty` none. The `stranger` is
    an applicant to whom all but his own running record is foreign.
    """

    world: World
    procedures: dict[str, UUID] = field(default_factory=dict)
    empty: dict[str, UUID] = field(default_factory=dict)
    whole: dict[str, UUID] = field(default_factory=dict)
    aged: dict[str, UUID] = field(default_factory=dict)
    spares: dict[str, list[UUID]] = field(default_factory=dict)
    documents: dict[UUID, dict[str, UUID]] = field(default_factory=dict)
    stranger: UUID = field(default_factory=uuid4)
    unnamed: UUID = field(default_factory=uuid4)
    purged: UUID = field(default_factory=uuid4)
    hold: UUID = field(default_factory=uuid4)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @classmethod
    def make(cls, world: World) -> "Scene":
        """Live through half a year, so that today there is a record in every phase."""
        scene = cls(world)
        world.clock.move_to("2026-06-01")
        world.wording("w1", talent_pool=True)
        world.wording("w2", talent_pool=False)
        for name, ends_on in _ENDS_ON.items():
            scene.procedures[name] = world.procedure(f"V-{name}", ends_on=ends_on)
            scene.empty[name] = world.procedure(f"E-{name}", ends_on=ends_on)
        scene.procedures["held"], scene.empty["held"] = (
            scene.procedures["over"],
            scene.empty["over"],
        )
        for phase in ("aftercare", "talent_pool", "over", "held"):
            scene._fill(phase)
        scene.unnamed = scene._apply("talent_pool", consent={"wording_version": "w2"})
        scene.purged = scene._apply("purged")
        for _ in range(4):
            scene._apply("waste")
        scene._put_other_teams()
        scene._live_until_today()
        scene._fill("running")
        scene.stranger = scene.newcomer()
        return scene

    def ask(
        self,
        door: DoorKey,
        role: str | None,
        *,
        subject: str | None = None,
        application: UUID | None = None,
        procedure: UUID | None = None,
        document: UUID | None = None,
        **options: Any,
    ) -> TestResponse:
        """A request that is valid in everything but, perhaps, who asks for what."""
        return self.prepared(
            door,
            role,
            subject=subject,
            application=application,
            procedure=procedure,
            document=document,
            **options,
        )()

    def prepared(
        self,
        door: DoorKey,
        role: str | None,
        *,
        subject: str | None = None,
        application: UUID | None = None,
        procedure: UUID | None = None,
        document: UUID | None = None,
        **options: Any,
    ) -> Callable[[], TestResponse]:
        """The same, with everything that it needs made ready, to be sent by calling it."""
        application = application or self.whole["running"]
        subject = subject or self.subject(role or "", application)
        if role == "applicant":
            self._log_in(subject)
        ids = {
            "application_id": application,
            "procedure_id": procedure or self.procedures["running"],
            "document_id": document or self.documents.get(application, {}).get("cv", uuid4()),
        }
        sent = self._request(door, role or "", ids) | options
        path = sent.pop("path", door[1]).removeprefix("/v1")
        for name, value in ids.items():
            path = path.replace(f"<uuid:{name}>", str(value))
        if "version" not in sent and door[0] in ("PATCH", "DELETE"):
            sent["version"] = self._version(path, ids)
        if role is not None:
            self.world.token(role, subject)
        return lambda: self.world.call(door[0], path, role, subject=subject, buffered=True, **sent)

    def subject(self, role: str, application: UUID) -> str:
        """Who asks unless a test says so: the role's namesake; of applicants, whose record it is.

        What is not there is nobody's: the stranger asks for it.
        """
        if role != "applicant":
            return role
        with self.world.app.app_context():
            is_there = db.session.get(Application, application) is not None
        return str(application if is_there else self.stranger)

    def newcomer(self) -> UUID:
        """A record that runs and that can go, with a CV."""
        application = self._apply("running", files={"cv": FILES["cv"]})
        self._note_documents(application)
        return application

    def spare(self, phase: str, door: DoorKey) -> UUID:
        """A record of its own for a door that changes it, hired where the door wants that."""
        application = self.spares[phase].pop() if phase != "running" else self.newcomer()
        if door[1].endswith("/handover") and phase == "running":
            hired = self.world.patch(
                f"/applications/{application}", "recruiter", version=1, json={"status": "hired"}
            )
            assert hired.status_code == 200, hired.text
        return application

    def _log_in(self, application: str) -> None:
        """As the applicant does it; what is past its date he can only have logged in to before."""
        if self.world.has_token("applicant", application):
            return
        issued = self.world.post(f"/applications/{application}/access-codes", "officer")
        if issued.status_code == 201:
            body = {"access_code": issued.json["access_code"], "answers": ANSWERS}
            opened = self.world.post("/access-tokens", "website", json=body)
            if opened.status_code == 200:
                self.world.keep_token("applicant", application, opened.json["token"])

    def audited(self, response: TestResponse) -> list[AuditEvent]:
        """The audit rows that this request left."""
        request_id = UUID(response.headers["X-Request-Id"])
        with self.world.app.app_context():
            query = select(AuditEvent).where(AuditEvent.request_id == request_id)
            return list(db.session.scalars(query))

    def _request(  # noqa: C901, PLR0911, PLR0912  # one case a door
        self, door: DoorKey, role: str, ids: Mapping[str, UUID]
    ) -> dict[str, Any]:
        number = next(self._numbers)
        channel = "website" if role in ("website", "applicant") else "phone"
        method = "GET" if door[0] == "HEAD" else door[0]
        match method, door[1].removeprefix("/v1").split("/")[1:]:
            case "POST", ["applications"]:
                named = {"procedure_reference": "V-running", "channel": channel}
                return {"json": {**named, "fields": {**SUPPLIED, **BORN}}}
            case "GET", ["applications", _] | [
                "applications",
                _,
                "documents" | "access-report" | "portability",
                *_,
            ]:
                return {"query_string": {"purpose": "supervision"} if role == "officer" else {}}
            case "PATCH", ["applications", _]:
                fields = {"fields": {"motivation": f"De zeekanarie, {number}."}}
                return {"json": fields if role == "officer" else {"status": "in_review"}}
            case "POST", ["applications", _, "handover"]:
                return {"json": {"fields": ["name", "email"]}}
            case "POST", ["applications", _, "consent-events"]:
                given = {"change": "given", "wording_version": "w1", "channel": channel}
                return {"json": given}
            case "POST", ["applications", _, "documents"]:
                return {"data": {"cv": (io.BytesIO(PDF), "zeekanarie.pdf")}}
            case "POST", [_, _, "holds"]:
                return {"json": hold_order()}
            case _, ["holds", _]:
                path = f"/holds/{self.hold}"
                renewed = {"json": {"until": "2027-05-01"}, "version": self._hold_version()}
                return {"path": path} | ({} if door[0] == "GET" else renewed)
            case "POST", ["consent-wordings"]:
                return {"json": {"version": f"w-{number}", "texts": {"nl": "Ja."}}}
            case "POST", ["procedures"]:
                new = {"reference": f"R-{number}", "title": "Tester", "ends_on": "2027-03-01"}
                return {"json": new}
            case "PATCH", ["procedures", _]:
                return {"json": {"title": f"Tester {number}"}}
            case "GET", ["procedures"]:
                return {"query_string": {"reference": "V-running"}}
            case method, ["procedures", _, "team", _]:
                return self._team_request(method, door, number, ids["procedure_id"])
            case method, ["purge-runs", *_]:
                return self._purge_request(method, role)
            case "POST", ["applications", _, "reuses"]:
                return {"json": {"procedure_reference": "V-running"}}
            case "POST", ["access-tokens"]:
                path = f"/applications/{self.newcomer()}/access-codes"
                code = self.world.post(path, "officer").json["access_code"]
                return {"json": {"access_code": code, "answers": ANSWERS}}
            case method, ["privacy-requests", *_]:
                return self._privacy_request(method, door, role, ids["application_id"])
            case method, ["disclosures" | "notices", *_]:
                return self._recipient_request(method)
            case "POST", ["person-searches"]:
                sought = {"json": {"email": SUPPLIED["email"]}}
                return sought | {"query_string": {"purpose": "access-request"}}
            case "GET", ["breach-report"]:
                span = {"since": "2026-11-01T00:00:00Z", "until": "2026-12-01T00:00:00Z"}
                return {"query_string": {"subject": "recruiter", **span}}
            case "POST", ["tokens"]:
                return {"json": token_order(f"new-{number}")}
            case "DELETE", ["tokens", _]:
                made = self.world.post("/tokens", "admin", json=token_order(f"gone-{number}"))
                return {"path": f"/tokens/{made.json['id']}"}
        return {}

    def _privacy_request(
        self, method: str, door: DoorKey, role: str, application: UUID
    ) -> dict[str, Any]:
        """A complaint, and one that was made before and is withdrawn."""
        order = {"kind": "complaint", "application_id": str(application)}
        if method == "POST":
            channel = "website" if role in ("website", "applicant") else "phone"
            return {"json": {**order, "channel": channel}}
        if not door[1].endswith("<uuid:request_id>"):
            return {}
        made = self.world.post("/privacy-requests", "officer", json={**order, "channel": "phone"})
        sent = {"path": f"/privacy-requests/{made.json['id']}"}
        return sent | ({} if method == "GET" else {"json": {"outcome": "withdrawn"}, "version": 1})

    def _recipient_request(self, method: str) -> dict[str, Any]:
        """A disclosure, and a notice of a correction to who received it."""
        if method == "GET":
            return {}
        application = str(self.newcomer())
        disclosure = {
            "application_id": application,
            "recipient": "Voorbeeld Assessments B.V.",
            "kind": "processor",
            "reason": "selection",
            "agreement": "VO-2026-1",
            "country": "NL",
            "fields": ["name", "email"],
        }
        if method == "POST":
            return {"json": disclosure}
        assert self.world.post("/disclosures", "officer", json=disclosure).status_code == 201
        path, change = f"/applications/{application}", {"fields": {"name": "Nova Zeekanarie"}}
        assert self.world.patch(path, "officer", version=1, json=change).status_code == 200
        with self.world.app.app_context():
            query = select(Notice.id).where(Notice.application_id == UUID(application))
            notice = db.session.scalars(query).one()
        return {"path": f"/notices/{notice}", "json": {"confirmed": True}, "version": 1}

    def _team_request(
        self, method: str, door: DoorKey, number: int, procedure: UUID
    ) -> dict[str, Any]:
        if method == "GET":
            return {"path": door[1].replace("<subject>", "interviewer")}
        member, role = f"member-{number}", {"role": "screener"}
        path = door[1].replace("<subject>", member)
        if method == "PUT":
            return {"path": path, "json": role}
        self.world.call("PUT", f"/procedures/{procedure}/team/{member}", "recruiter", json=role)
        return {"path": path}

    def _purge_request(self, method: str, role: str) -> dict[str, Any]:
        """Plans, and for the officer one record of the wasted ones: the oldest go first."""
        if method == "POST" and role != "officer":
            return {"json": {"dry_run": True}}
        plan = self.world.purge(dry_run=True).json["id"]
        order = {"json": {"plan": plan, "limit": 1}}
        return order if method == "POST" else {"path": f"/purge-runs/{plan}"}

    def _hold_version(self) -> int:
        with self.world.app.app_context():
            hold = db.session.get(Hold, self.hold)
            return hold.version if hold else 1

    def _version(self, path: str, ids: Mapping[str, UUID]) -> int:
        kind = Application if path.startswith("/applications") else Procedure
        name = "application_id" if kind is Application else "procedure_id"
        with self.world.app.app_context():
            row = db.session.get(kind, ids[name])
            return row.version if row else 1

    def _fill(self, phase: str) -> None:
        self.whole[phase] = self._apply(phase, files=FILES, fields={**SUPPLIED, **BORN})
        self.aged[phase] = self._apply(phase, fields={**SUPPLIED, **AGED})
        for application in (self.whole[phase], self.aged[phase]):
            path = f"/applications/{application}"
            noted = self.world.patch(path, "recruiter", version=1, json={"fields": COMPANY})
            assert noted.status_code == 200, noted.text
        files, spares = {"cv": FILES["cv"]}, _SPARES.get(phase, 0)
        self.spares[phase] = [self._apply(phase, files=files) for _ in range(spares)]
        self._note_documents(self.whole[phase], *self.spares[phase])

    def _note_documents(self, *applications: UUID) -> None:
        with self.world.app.app_context():
            query = select(Document).where(Document.application_id.in_(applications))
            for row in db.session.scalars(query):
                self.documents.setdefault(row.application_id, {})[row.kind] = row.id

    def _apply(self, phase: str, **more: Any) -> UUID:
        if phase == "talent_pool":
            more.setdefault("consent", {"wording_version": "w1"})
        more.setdefault("fields", {**SUPPLIED, **BORN})
        return self.world.apply("V-over" if phase == "held" else f"V-{phase}", **more)

    def _put_other_teams(self) -> None:
        """Each team role has a namesake of another procedure, to whom all of this is foreign."""
        new = {"reference": "V-foreign", "title": "Elders", "ends_on": "2027-03-01"}
        made = self.world.post("/procedures", "recruiter", subject="other-recruiter", json=new)
        self.procedures["foreign"] = UUID(made.json["id"])
        for role in sorted(TEAM_ROLES - {Role.RECRUITER}):
            path = f"/procedures/{made.json['id']}/team/other-{role}"
            body = {"role": role}
            self.world.call("PUT", path, "recruiter", subject="other-recruiter", json=body)

    def _live_until_today(self) -> None:
        self.world.clock.move_to("2026-08-02")
        assert self.world.purge().json["purged"] == 1
        self.world.clock.move_to("2026-08-20")
        held = [self.whole["held"], self.aged["held"], *self.spares["held"]]
        for application in held:
            path, order = f"/applications/{application}/holds", hold_order("2027-02-20")
            placed = self.world.post(path, "officer", json=order)
            assert placed.status_code == 201, placed.text
        self.hold = UUID(placed.json["id"])
        self.world.clock.move_to(TODAY)


def hold_order(until: str = "2027-05-20") -> dict[str, str]:
    return {"reason": "legal-claim", "case_reference": "zeekanarie 7", "until": until}


def token_order(subject: str, expires_at: str = "2027-01-01T00:00:00Z") -> dict[str, str]:
    return {"role": "screener", "subject": subject, "expires_at": expires_at}


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    """Every statement that reaches the database inside the block."""
    seen: list[str] = []

    def note(*arguments: Any) -> None:
        seen.append(arguments[2])

    with world.app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def everything_stored(world: World) -> dict[str, list[str]]:
    """All rows of all tables, as text."""
    with world.app.app_context(), db.engine.connect() as connection:
        return {
            table.name: sorted(repr(tuple(row)) for row in connection.execute(select(table)))
            for table in Base.metadata.sorted_tables
        }


def without_request_id(response: TestResponse) -> dict[str, Any]:
    """The body of a problem, apart from what differs between any two requests."""
    body = dict(response.json)
    assert body.pop("request_id") == response.headers["X-Request-Id"]
    return body


def alarms(world: World, kind: str) -> int:
    """How often this alarm was raised, as the metrics tell it."""
    name = f'kluis_alarms_total{{kind="{kind}"}} '
    lines = world.app.test_client().get("/metrics").text.splitlines()
    return sum(int(float(line.removeprefix(name))) for line in lines if line.startswith(name))
