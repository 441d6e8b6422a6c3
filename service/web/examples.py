"""Examples in the OpenAPI document: one vacancy, one applicant, from intake to deletion."""

from types import UnionType
from typing import Any, Union, get_args, get_origin

from service.domain.catalogue import CATALOGUE, SUPPLIED
from service.usecases import (
    applications,
    auditing,
    consents,
    documents,
    duties,
    holds,
    intake,
    procedures,
    purges,
    reading,
    records,
    retention,
    tokens,
)
from service.usecases.paging import Page

PROCEDURE = "01a20297-4dc0-721f-8249-731a7d9064b8"
APPLICATION = "01a20298-3820-7f8a-8920-5936c3fdb611"
DOCUMENT = "01a20299-2280-7f30-a3fa-52b87b4cc1d0"
HOLD = "01a2029a-0ce0-72c8-ad83-b417e85ba4f2"
TOKEN = "01a2029a-f740-711a-9e9d-6c5875d37a43"  # noqa: S105  # the id of one
RUN = "01a2029b-e1a0-72e8-a551-2100f80b56fc"
PLAN = "01a2029c-cc00-721e-9f7d-6b960a019097"
REQUEST = "01a2029d-b660-7d62-b914-5b24d108d7ac"

_EXAMPLES = {field.name: field.example for field in CATALOGUE}
_SUPPLIED = {name: value for name, value in _EXAMPLES.items() if name in SUPPLIED and name != "age"}
_LISTED = {field.name: field.example for field in CATALOGUE if field.listed}
_SHORT = {"name": _EXAMPLES["name"], "email": _EXAMPLES["email"]}
_TEXTS = {
    "nl": "Bewaar mijn gegevens tot een jaar na deze procedure, ook voor ander werk.",
    "en": "Keep my data for up to one year after this procedure, for other work as well.",
}
_PDF = "%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"
_INTAKE = {"procedure_reference": "V-2026-014", "fields": _SHORT}

REQUESTS: dict[str, dict[str, object]] = {
    "submit_application": {
        "The least that is needed": _INTAKE,
        "All that an applicant can supply, with consent": {
            "procedure_reference": "V-2026-014",
            "statement_version": "2025-08-04",
            "consent": {"wording_version": "2026-1"},
            "fields": _SUPPLIED,
        },
        "An open application": {"kind": "open", "fields": _SHORT},
    },
    "change_application": {
        "Another status": {"status": "invited"},
        "A note of the team": {"fields": {"notes": _EXAMPLES["notes"]}},
    },
    "hand_over": {"What personnel needs": {"fields": ["name", "email", "birth_date"]}},
    "record_consent": {
        "Given": {"change": "given", "wording_version": "2026-1"},
        "Withdrawn": {"change": "withdrawn"},
    },
    "add_wording": {
        "A wording that names the talent pool": {
            "version": "2026-2",
            "texts": _TEXTS,
            "names_talent_pool": True,
        }
    },
    "hold_application": {
        "A claim in court": {
            "reason": "legal-claim",
            "case_reference": "C-2026-77",
            "until": "2027-05-01",
        }
    },
    "hold_procedure": {
        "An investigation": {
            "reason": "investigation",
            "case_reference": "C-2026-78",
            "until": "2027-05-01",
        }
    },
    "change_hold": {"Renewed": {"until": "2027-05-20"}},
    "create_procedure": {
        "A vacancy": {
            "reference": "V-2026-015",
            "title": "Ontwikkelaar",
            "ends_on": "2027-03-01",
            "apply_until": "2027-01-31",
        }
    },
    "change_procedure": {
        "Close it today": {"closed": True},
        "Prolong it": {"ends_on": "2027-04-01"},
        "Reopen it": {"ends_on": "2027-04-01", "reason": "candidate-declined"},
        "Rename it": {"title": "Ontwikkelaar Python"},
    },
    "set_member": {"An interviewer": {"role": "interviewer"}},
    "purge": {
        "Delete what is due": {},
        "Only plan it": {"dry_run": True},
        "Confirm a plan": {"plan": PLAN},
    },
    "create_token": {
        "For a recruiter": {
            "role": "recruiter",
            "subject": "r.jansen",
            "expires_at": "2027-11-01T00:00:00+01:00",
        }
    },
}
FILES: dict[str, dict[str, object]] = {
    "submit_application": {"With a CV": {"application": _INTAKE, "cv": [_PDF]}},
    "add_document": {"A CV": {"cv": _PDF}},
}

_RUN = {
    "id": RUN,
    "planned": False,
    "at": "2026-11-22T23:05:00+00:00",
    "today": "2026-11-23",
    "purged": 12,
    "remaining": 0,
    "passed_over": 1,
    "completed": True,
    "scrubbed": True,
    "brake": [],
    "confirmed_at": None,
    "plan_id": None,
}
_ANSWERS: dict[type, dict[str, object]] = {
    intake.Receipt: {
        "id": APPLICATION,
        "received_at": "2026-11-22T09:31:00+00:00",
        "purge_on": "2027-04-01",
        "purge_on_without_consent": "2027-04-01",
        "purge_on_with_consent": "2028-03-01",
        "version": 1,
    },
    applications.HandedOver: {
        "application_id": APPLICATION,
        "at": "2026-11-22T09:40:00+00:00",
        "fields": {**_SHORT, "birth_date": _EXAMPLES["birth_date"]},
        "unreadable": [],
    },
    auditing.AuditView: {
        "id": REQUEST,
        "at": "2026-11-22T09:35:00+00:00",
        "role": "recruiter",
        "subject": "r.jansen",
        "action": "read-application",
        "outcome": "allowed",
        "purpose": "selection",
        "application_ids": [APPLICATION],
        "fields": ["email", "name"],
        "details": {},
        "request_id": REQUEST,
    },
    consents.ConsentView: {
        "number": 1,
        "change": "given",
        "at": "2026-11-22T09:31:00+00:00",
        "wording_version": "2026-1",
        "channel": "website",
        "recorded_by": "website",
    },
    consents.WordingView: {
        "version": "2026-2",
        "texts": _TEXTS,
        "names_talent_pool": True,
        "added_at": "2026-11-22T09:00:00+00:00",
    },
    documents.DocumentView: {
        "id": DOCUMENT,
        "kind": "cv",
        "name": "cv-sanne.pdf",
        "media_type": "application/pdf",
        "size": 48_213,
        "added_at": "2026-11-22T09:31:00+00:00",
    },
    duties.Duty: {
        "kind": "procedure-ending",
        "by": "2026-12-01",
        "within_days": 14,
        "count": 1,
        "procedure_id": PROCEDURE,
        "hold_id": None,
        "recruiters": ["r.jansen"],
    },
    holds.HoldView: {
        "id": HOLD,
        "application_id": APPLICATION,
        "procedure_id": None,
        "reason": "legal-claim",
        "case_reference": "C-2026-77",
        "until": "2027-05-01",
        "version": 1,
    },
    procedures.MemberView: {"subject": "i.visser", "role": "interviewer"},
    procedures.ProcedureView: {
        "id": PROCEDURE,
        "kind": "vacancy",
        "reference": "V-2026-014",
        "title": "Ontwikkelaar",
        "opened_on": "2026-11-22",
        "apply_until": "2027-01-31",
        "ends_on": "2027-03-01",
        "latest_end": "2027-11-22",
        "is_running": True,
        "ends_soon": False,
        "version": 1,
    },
    procedures.VacancyView: {
        "id": PROCEDURE,
        "title": "Ontwikkelaar",
        "apply_until": "2027-01-31",
        "is_open": True,
    },
    purges.PurgeView: _RUN,
    purges.PurgeDetails: {"run": _RUN, "application_ids": [APPLICATION], "more_ids": 0},
    reading.ApplicationItem: {
        "id": APPLICATION,
        "procedure_id": PROCEDURE,
        "status": "in_review",
        "phase": "running",
        "received_at": "2026-11-22T09:31:00+00:00",
        "purge_on": "2027-04-01",
        "fields": _LISTED,
        "unreadable": [],
        "possible_duplicates": [],
    },
    reading.ApplicationView: {
        "id": APPLICATION,
        "procedure_id": PROCEDURE,
        "channel": "website",
        "status": "in_review",
        "phase": "running",
        "received_at": "2026-11-22T09:31:00+00:00",
        "withdrawn_on": None,
        "statement_version": "2025-08-04",
        "purge_on": "2027-04-01",
        "version": 2,
        "fields": _SUPPLIED,
        "unreadable": [],
    },
    records.Standing: {
        "id": APPLICATION,
        "purge_on": "2028-03-01",
        "rule": "one-year-after-end-with-consent",
        "phase": "running",
        "hold_until": None,
        "version": 2,
    },
    retention.RetentionView: {
        "id": APPLICATION,
        "purge_on": "2027-04-01",
        "rule": "one-month-after-end",
        "phase": "running",
        "ends_on": "2027-03-01",
        "withdrawn_on": None,
        "end": "2027-03-01",
        "ended_by": "procedure",
        "consented": False,
        "hold_until": None,
        "purge_on_if_given_today": "2028-03-01",
        "purge_on_if_withdrawn_today": "2027-04-01",
        "explanation": {
            "nl": "De procedure eindigt op 01-03-2027; zonder toestemming voor langer bewaren"
            " wordt alles een maand later verwijderd, op 01-04-2027.",
            "en": "The procedure ends on 01-03-2027; without consent to longer retention"
            " all is deleted one month later, on 01-04-2027.",
        },
    },
    tokens.MintedToken: {
        "id": TOKEN,
        "role": "recruiter",
        "subject": "r.jansen",
        "expires_at": "2027-10-31T23:00:00+00:00",
        "token": "kluis_recruiter_" + "0" * 49,
    },
    tokens.TokenView: {
        "id": TOKEN,
        "role": "recruiter",
        "subject": "r.jansen",
        "created_at": "2026-11-22T09:00:00+00:00",
        "created_by": "admin",
        "expires_at": "2027-10-31T23:00:00+00:00",
        "revoked_at": None,
    },
}


def answers(kind: Any) -> dict[str, object]:
    """Examples of an answer, by their titles."""
    if get_origin(kind) in (Union, UnionType):
        return {_title(part): _answer(part) for part in get_args(kind)}
    return {_title(kind): _answer(kind)}


def _answer(kind: Any) -> object:
    if get_origin(kind) is list:
        return [_ANSWERS[get_args(kind)[0]]]
    if get_origin(kind) is Page:
        return {"items": [_ANSWERS[get_args(kind)[0]]], "next": None}
    return _ANSWERS[kind]


def _title(kind: Any) -> str:
    (inner,) = get_args(kind) or (kind,)
    name = str(inner.__name__).removesuffix("View")
    return f"{name} list" if get_args(kind) else name
