"""What a generated request needs in order to be met by something: a role, and things to act on."""

import io
from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

from schemathesis import Case
from sqlalchemy import select

from service.storage.database import db
from service.storage.tables import Notice
from tests.factories import PDF
from tests.world import World

# The role that sends each operation; where none is named it is the recruiter of the team.
ROLES = {
    "submit_application": "website",
    "erase_application": "officer",
    "record_consent": "website",
    "remove_document": "officer",
    "add_wording": "officer",
    "hold_application": "officer",
    "hold_procedure": "officer",
    "read_hold": "officer",
    "change_hold": "officer",
    "list_talent_pool": "sourcer",
    "purge": "purger",
    "read_purge_run": "officer",
    "list_duties": "officer",
    "list_audit_events": "officer",
    "create_token": "admin",
    "list_tokens": "admin",
    "revoke_token": "admin",
    "issue_access_code": "officer",
    "open_access": "website",
    "file_request": "website",
    "list_requests": "officer",
    "read_request": "officer",
    "change_request": "officer",
    "reuse_application": "applicant",
    "read_access_report": "officer",
    "export_application": "officer",
    "record_disclosure": "officer",
    "list_disclosures": "officer",
    "list_notices": "officer",
    "confirm_notice": "officer",
    "search_persons": "officer",
    "list_ending_consents": "mailer",
    "report_breach": "officer",
}
# What these roles say in the query, or the service would not know enough.
QUERIES = {
    "read_access_report": {"purpose": "access-request"},
    "export_application": {"purpose": "access-request"},
    "search_persons": {"purpose": "access-request"},
    "report_breach": {
        "subject": "recruiter",
        "since": "2026-11-01T00:00:00Z",
        "until": "2026-12-01T00:00:00Z",
    },
}
# What there can be once only: a story that is told again must find it free.
UNIQUE = {"create_procedure": "reference", "add_wording": "version"}
# Their body names the application.
ABOUT_ONE = ("file_request", "record_disclosure")
WITHIN = "2027-04-01"  # a day on which procedures and holds may end
_numbers = count(1)


def name_of(case: Case) -> str:
    return str(case.operation.definition.raw["operationId"])


def role_of(case: Case) -> str:
    return ROLES.get(name_of(case), "recruiter")


def is_valid(case: Case) -> bool:
    return case.meta is None or case.meta.generation.mode.is_positive


class Stage:
    """A world with a vacancy and a wording, where each request finds fresh things to act on."""

    def __init__(self, world: World, reference: str = "V-1", wording: str = "w1") -> None:
        self.world = world
        self.reference = reference
        world.procedure(reference)
        world.wording(wording)

    def place(self, case: Case) -> None:
        """Send a valid request to something that is there, in words that are known here."""
        if is_valid(case):
            self.fit(case)
            case.path_parameters = self.path_values(case.path_parameters)
            if "If-Match" in case.headers:
                case.headers["If-Match"] = '"1"'

    def fit(self, case: Case) -> None:
        """A key that no other request has, words that exist here, days that may be."""
        needs_key = case.method == "POST" and role_of(case) == "website"
        if needs_key or "Idempotency-Key" in case.headers:
            case.headers["Idempotency-Key"] = f"staged-{next(_numbers)}"
        if isinstance(case.body, dict):
            case.body = _fitted(case.body)
        unique = UNIQUE.get(name_of(case))
        if unique is not None and isinstance(case.body, dict):
            case.body[unique] = f"staged-{next(_numbers)}"
        if name_of(case) in QUERIES:
            case.query = QUERIES[name_of(case)]
        if name_of(case) in ABOUT_ONE and isinstance(case.body, dict):
            case.body["application_id"] = str(self.world.apply(self.reference))
        if name_of(case) == "record_disclosure" and isinstance(case.body, dict):
            case.body["fields"] = ["name"]  # which every record holds

    def path_values(self, names: Iterable[str]) -> dict[str, str]:
        """Something fresh for each parameter of a path."""
        made = {name: str(self._makers[name]()) for name in names if name != "document_id"}
        if "document_id" in names:
            made["document_id"] = self._document(made["application_id"])
        return made

    @property
    def _makers(self) -> dict[str, Callable[[], object]]:
        return {
            "application_id": lambda: self.world.apply(self.reference),
            "procedure_id": self._procedure,
            "hold_id": self._hold,
            "token_id": self._token,
            "request_id": self._request,
            "notice_id": self._notice,
            "run_id": lambda: self.world.purge().json["id"],
            "subject": lambda: "interviewer",
            "name": lambda: "start.js",
        }

    def _procedure(self) -> object:
        return self.world.procedure(f"V-fresh-{next(_numbers)}")

    def _hold(self) -> object:
        order = {"reason": "investigation", "case_reference": "C-1", "until": "2027-03-01"}
        path = f"/applications/{self.world.apply(self.reference)}/holds"
        return self.world.post(path, "officer", json=order).json["id"]

    def _request(self) -> object:
        about = {"application_id": str(self.world.apply(self.reference)), "channel": "phone"}
        asked = self.world.post("/privacy-requests", "officer", json={"kind": "access", **about})
        return asked.json["id"]

    def _notice(self) -> object:
        """That somebody who received a name has to be told of a correction."""
        application_id = self.world.apply(self.reference)
        disclosure = {"application_id": str(application_id), **DISCLOSED}
        assert self.world.post("/disclosures", "officer", json=disclosure).status_code == 201
        change = {"fields": {"name": "Sanne Bakker"}}
        self.world.patch(f"/applications/{application_id}", "officer", version=1, json=change)
        with self.world.app.app_context():
            query = select(Notice.id).where(Notice.application_id == application_id)
            return db.session.scalars(query).one()

    def _token(self) -> object:
        order = {"role": "screener", "subject": "s", "expires_at": "2027-03-01T00:00:00Z"}
        return self.world.post("/tokens", "admin", json=order).json["id"]

    def _document(self, application_id: str) -> str:
        path = f"/applications/{application_id}/documents"
        files = {"cv": (io.BytesIO(PDF), "cv.pdf")}
        return str(self.world.post(path, "recruiter", data=files).json["id"])


DISCLOSED = {
    "recipient": "Voorbeeld Assessments B.V.",
    "kind": "processor",
    "reason": "selection",
    "agreement": "VWO-2026-03",
    "country": "NL",
    "fields": ["name"],
}
_FITTING = {
    "country": "NL",
    "procedure_reference": "V-1",
    "wording_version": "w1",
    "channel": "website",
    "until": WITHIN,
    "ends_on": WITHIN,
    "apply_until": "2026-12-31",
    "expires_at": f"{WITHIN}T00:00:00Z",
    "consent": {"wording_version": "w1"},
    "resume": {"basics": {"name": "Sanne de Vries", "email": "sanne@example.org"}},
    "cv": PDF.decode(),
    "letter": PDF.decode(),
    "certificate": PDF.decode(),
    "other": PDF.decode(),
}


def _fitted(body: dict[str, Any]) -> dict[str, Any]:
    fitted = {name: _like(body[name], _FITTING.get(name, body[name])) for name in body}
    if isinstance(body.get("application"), dict):
        fitted["application"] = _fitted(body["application"])
    fields = body.get("fields")
    if isinstance(fields, dict) and isinstance(fields.get("birth_date"), str):
        fitted["fields"] = {**fields, "birth_date": "1994-02-28"}
    return fitted


def _like(value: object, fitting: object) -> object:
    """As many fitting values as there were, but no more files than an application may have."""
    is_many = isinstance(value, list) and not isinstance(fitting, list)
    return [fitting for _ in value[:2]] if is_many else fitting
