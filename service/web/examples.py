"""Examples in the OpenAPI document: one vacancy, one applicant, from intake to deletion."""

from dataclasses import is_dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from service.domain.catalogue import CATALOGUE, SUPPLIED
from service.domain.requests import AUTHORITY
from service.usecases.paging import Page

PROCEDURE = "01a20297-4dc0-721f-8249-731a7d9064b8"
APPLICATION = "01a20298-3820-7f8a-8920-5936c3fdb611"
DOCUMENT = "01a20299-2280-7f30-a3fa-52b87b4cc1d0"
HOLD = "01a2029a-0ce0-72c8-ad83-b417e85ba4f2"
TOKEN = "01a2029a-f740-711a-9e9d-6c5875d37a43"  # noqa: S105  # the id of one
RUN = "01a2029b-e1a0-72e8-a551-2100f80b56fc"
PLAN = "01a2029c-cc00-721e-9f7d-6b960a019097"
NOTICE = "01a2029e-a0c0-7a1f-9c11-0b6d3e0f4a72"
DISCLOSURE = "01a2029f-8b20-75c3-8d2e-6f1a9b3c5d47"
ASKED = "01a202a0-7580-7e94-a4b8-2c3d4e5f6a71"
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
_RESUME = {
    "basics": {**_SHORT, "location": {"city": "Assen", "countryCode": "NL"}},
    "work": [{"name": "Voorbeeld B.V.", "position": "Ontwikkelaar", "startDate": "2016-10-01"}],
    "languages": [{"language": "Nederlands", "fluency": "Moedertaal"}],
}

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
        "A resume in the JSON Resume format, and what it does not say": {
            "procedure_reference": "V-2026-014",
            "resume": _RESUME,
            "fields": {"motivation": _EXAMPLES["motivation"]},
        },
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
REQUESTS |= {
    "open_access": {
        "Two answers from the record": {
            "access_code": "7KQ2M-9XR4T-B3WZ6-HN8PD",
            "answers": {"birth_date": "1994-02-28", "phone_digits": "5678"},
        }
    },
    "file_request": {
        "To know all that is kept": {"kind": "access"},
        "Another address": {"kind": "correction", "fields": {"address": {"street": "Brink 2"}}},
        "Said on the phone, and taken down": {
            "kind": "objection",
            "application_id": APPLICATION,
            "channel": "phone",
            "text": "Wil niet dat het team dit nog leest.",
        },
    },
    "reuse_application": {
        "To another vacancy, with another phone number": {
            "procedure_reference": "V-2026-021",
            "fields": ["name", "email", "education", "work_experience"],
            "changes": {"phone": "+31 6 87654321"},
            "documents": [DOCUMENT],
        }
    },
    "change_request": {
        "Known by a call back": {"identity_check": "call-back"},
        "Put off": {"prolonged_months": 1, "prolongation_reason": "complexity"},
        "Answered": {"outcome": "answered"},
        "Refused": {"outcome": "refused", "refusal_reason": "manifestly-unfounded"},
    },
}
REQUESTS["search_persons"] = {
    "By e-mail address": {"email": _EXAMPLES["email"]},
    "By name and date of birth": {"name": _EXAMPLES["name"], "birth_date": _EXAMPLES["birth_date"]},
}
REQUESTS |= {
    "record_disclosure": {
        "To an assessment bureau": {
            "application_id": APPLICATION,
            "recipient": "Voorbeeld Assessments B.V.",
            "kind": "processor",
            "reason": "selection",
            "agreement": "VWO-2026-03",
            "country": "NL",
            "fields": ["name", "email"],
        },
        "To an organisation that the applicant named": {
            "application_id": APPLICATION,
            "recipient": "Ander Voorbeeld B.V.",
            "kind": "named-by-applicant",
            "reason": "portability",
            "country": "NL",
            "fields": ["name", "work_experience"],
        },
    },
    "confirm_notice": {"The recipient was told": {"confirmed": True}},
}
FILES: dict[str, dict[str, object]] = {
    "submit_application": {
        "With a CV": {"application": _INTAKE, "cv": [_PDF]},
        "With a resume as a part": {
            "application": {"procedure_reference": "V-2026-014"},
            "resume": _RESUME,
        },
    },
    "add_document": {"A CV": {"cv": _PDF}},
}

# What a member of an answer holds, by its name; for one view, where the name says different things.
_MEMBERS: dict[str, object] = {
    "access_code": "7KQ2M-9XR4T-B3WZ6-HN8PD",
    "action": "read-application",
    "added_at": "2026-11-22T09:31:00+00:00",
    "agreement": "VWO-2026-03",
    "application_id": APPLICATION,
    "application_ids": [APPLICATION],
    "applications": 1,
    "apply_until": "2027-01-31",
    "at": "2026-11-22T09:31:00+00:00",
    "authority": AUTHORITY,
    "brake": [],
    "by": "2026-12-01",
    "case_reference": "C-2026-77",
    "categories": ["contact", "identity"],
    "change": "given",
    "channel": "website",
    "closed_at": None,
    "completed": True,
    "confirmed_at": None,
    "confirmed_by": None,
    "consented": False,
    "controller": "Smart2Cloud B.V., Assen, privacy@example.org",
    "count": 1,
    "counted_singly": 0,
    "control_questions": ["birth_date", "phone_digits"],
    "country": "NL",
    "created_at": "2026-11-22T09:00:00+00:00",
    "created_by": "admin",
    "details": {},
    "disclosed_by": "r.jansen",
    "due_on": "2026-12-22",
    "end": "2027-03-01",
    "ended_by": "procedure",
    "ends_on": "2027-03-01",
    "ends_soon": False,
    "events_left": 0,
    "event": "application.corrected",
    "expires_at": "2027-10-31T23:00:00+00:00",
    "explanation": {
        "nl": "De procedure eindigt op 01-03-2027; zonder toestemming voor langer bewaren"
        " wordt alles een maand later verwijderd, op 01-04-2027.",
        "en": "The procedure ends on 2027-03-01; without consent to longer retention"
        " all is deleted one month later, on 2027-04-01.",
        "de": "Das Verfahren endet am 01.03.2027; ohne Einwilligung in längere Speicherung"
        " wird alles einen Monat später gelöscht, am 01.04.2027.",
    },
    "fields": _SUPPLIED,
    "first_at": "2026-11-22T09:31:00+00:00",
    "hold_id": None,
    "hold_until": None,
    "id": APPLICATION,
    "identity_check": "control-questions",
    "identity_checked_at": "2026-11-22T09:31:00+00:00",
    "is_open": True,
    "is_running": True,
    "kind": "vacancy",
    "last_at": "2026-11-23T16:02:00+00:00",
    "latest_end": "2027-11-22",
    "lifted_at": None,
    "looked_through": 312,
    "match": "name-and-birth-date",
    "made_on": "2026-11-22",
    "media_type": "application/pdf",
    "more_ids": 0,
    "more_readings": 0,
    "name": "cv-sanne.pdf",
    "names_talent_pool": True,
    "next": None,
    "next_since": None,
    "number": 1,
    "opened_on": "2026-11-22",
    "outcome": "allowed",
    "passed_over": 1,
    "people": 1,
    "phase": "running",
    "placed_at": "2026-11-22T09:31:00+00:00",
    "plan_id": None,
    "planned": False,
    "prolongation_reason": None,
    "prolonged_months": 0,
    "possible_duplicates": [],
    "procedure_id": PROCEDURE,
    "purge_on": "2027-04-01",
    "purge_on_if_given_today": "2028-03-01",
    "purge_on_if_withdrawn_today": "2027-04-01",
    "purge_on_with_consent": "2028-03-01",
    "purge_on_without_consent": "2027-04-01",
    "purged": 12,
    "purpose": "selection",
    "purposes": ["selection"],
    "reason": "legal-claim",
    "received_on": "2026-11-22",
    "received_at": "2026-11-22T09:31:00+00:00",
    "recipient": "Voorbeeld Assessments B.V.",
    "recorded_by": "website",
    "recruiters": ["r.jansen"],
    "reference": "V-2026-014",
    "refusal_reason": None,
    "remaining": 0,
    "request_id": REQUEST,
    "restricted_at": None,
    "revoked_at": None,
    "rights": ["access", "correction", "erasure", "portability"],
    "role": "recruiter",
    "rule": "one-month-after-end",
    "scrubbed": True,
    "since": "2026-11-22T00:00:00+00:00",
    "size": 48_213,
    "statement_version": "2025-08-04",
    "status": "in_review",
    "subject": "r.jansen",
    "text": None,
    "texts": _TEXTS,
    "title": "Ontwikkelaar",
    "today": "2026-11-23",
    "token": "kluis_recruiter_" + "0" * 49,
    "unreadable": [],
    "until": "2027-05-01",
    "version": 1,
    "withdrawn_on": None,
    "within_days": 14,
    "wording_version": "2026-1",
}
_EXPOSED = {
    "application_id": APPLICATION,
    "fields": ["email", "name"],
    "documents": [DOCUMENT],
    "first_at": "2026-11-22T09:31:00+00:00",
    "last_at": "2026-11-23T16:02:00+00:00",
}
_MATCHED = {
    "application_id": APPLICATION,
    "procedure_id": PROCEDURE,
    "reference": "V-2026-014",
    "title": "Ontwikkelaar",
    "status": "in_review",
    "phase": "running",
    "received_at": "2026-11-22T09:31:00+00:00",
    "purge_on": "2027-04-01",
    "match": "name-and-birth-date",
}
_OF_ONE_VIEW: dict[str, dict[str, object]] = {
    "AccessReport": {"fields": {**_SUPPLIED, "notes": _EXAMPLES["notes"]}},
    "ApplicationItem": {"fields": _LISTED},
    "AuditView": {"id": REQUEST, "fields": ["email", "name"]},
    "BreachReport": {"items": [_EXPOSED], "until": "2026-11-25T00:00:00+00:00"},
    "DisclosureView": {
        "id": DISCLOSURE,
        "kind": "processor",
        "reason": "selection",
        "fields": ["email", "name"],
    },
    "DocumentView": {"id": DOCUMENT, "kind": "cv"},
    "Duty": {"kind": "procedure-ending", "request_id": None},
    "HandedOver": {"fields": {**_SHORT, "birth_date": _EXAMPLES["birth_date"]}},
    "HoldView": {"id": HOLD, "procedure_id": None},
    "MemberView": {"subject": "i.visser", "role": "interviewer"},
    "MintedToken": {"id": TOKEN},
    "NoticeView": {"id": NOTICE, "fields": ["email"]},
    "ProcedureView": {"id": PROCEDURE},
    "PersonsFound": {"items": [_MATCHED], "unreadable": 0},
    "OpenedAccess": {
        "expires_at": "2026-11-22T10:01:00+00:00",
        "token": "kluis_applicant_" + "0" * 49,
    },
    "Reading": {"fields": ["email", "name"]},
    "Recipient": {"kind": "processor", "reason": "selection", "fields": ["email", "name"]},
    "RequestItem": {"id": ASKED, "kind": "access", "outcome": None},
    "RequestView": {"id": ASKED, "kind": "access", "outcome": None},
    "PurgeView": {"id": RUN, "at": "2026-11-22T23:05:00+00:00"},
    "Standing": {"purge_on": "2028-03-01", "rule": "one-year-after-end-with-consent", "version": 2},
    "TokenView": {"id": TOKEN},
    "VacancyView": {"id": PROCEDURE},
    "WordingView": {"version": "2026-2"},
}


def answers(kind: Any) -> dict[str, object]:
    """Examples of an answer, by their titles."""
    if get_origin(kind) in (Union, UnionType):
        return {_title(part): _answer(part) for part in get_args(kind)}
    return {_title(kind): _answer(kind)}


def _answer(kind: Any) -> object:
    if get_origin(kind) is list:
        return [_answer(get_args(kind)[0])]
    if get_origin(kind) is Page:
        return {"items": [_answer(get_args(kind)[0])], "next": None}
    members = {**_MEMBERS, **_OF_ONE_VIEW.get(kind.__name__, {})}
    hints = get_type_hints(kind)
    return {name: _member(name, hint, members) for name, hint in hints.items()}


def _member(name: str, hint: Any, members: dict[str, object]) -> object:
    """What is said of a member here; of a view, or a list of views, what is said of those."""
    is_list = get_origin(hint) is list and is_dataclass(get_args(hint)[0])
    if is_dataclass(hint) or (is_list and name not in members):
        return _answer(hint)
    return members[name]


def _title(kind: Any) -> str:
    (inner,) = get_args(kind) or (kind,)
    name = str(inner.__name__).removesuffix("View")
    return f"{name} list" if get_args(kind) else name
