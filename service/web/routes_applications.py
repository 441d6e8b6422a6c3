"""The routes of applications: intake, reading, changing, consent, documents, holds, erasure."""

from collections.abc import Mapping
from typing import Any

from flask import Response, request, stream_with_context

from service.domain.catalogue import FIELDS
from service.domain.errors import Fault, Invalid
from service.domain.policy import Action
from service.domain.words import Channel, ConsentChange, HoldReason, Status
from service.usecases import (
    applications,
    consents,
    documents,
    holds,
    intake,
    new_record,
    reading,
    retention,
)
from service.usecases.case import Case
from service.usecases.download_at_once import download_at_once
from service.usecases.paging import Page
from service.usecases.reading_at_once import Knock, Told, list_at_once, read_at_once
from service.usecases.records import Fields, Standing
from service.usecases.shown import ApplicationItem, ApplicationView
from service.usecases.stored_documents import Download
from service.web import schemas
from service.web.doors import Asked, door

_APPLICATION = "/applications/<uuid:application_id>"
_OF_APPLICATION = "/applications/{application_id}"


@door(
    "POST",
    "/applications",
    Action.SUBMIT_APPLICATION,
    body=schemas.Submission,
    takes_files=True,
    location="/applications/{id}",
    conflicts=("intake-closed",),
)
def submit_application(case: Case, asked: Asked) -> new_record.Receipt:
    """Post an application, as JSON or as multipart with its files.

    Name the vacancy with `procedure_reference`, or send `kind: open` for an unsolicited
    application, which gets a procedure of its own. Required are a name and one way of contact.
    Consent to longer retention is never a condition: leave `consent` out, and nothing is
    consented to. Files travel as multipart: part `application` is this JSON, each file's part
    is named after its kind. A file's kind is told by its first bytes: PDF, DOCX, ODT, JPEG or
    PNG.

    A `resume` in the JSON Resume format, as a property or as a part of its own, fills the
    fields that are not sent. What it says beyond them is told in `other`; its photo is dropped.

    The website sends channel `website`; a recruiter enters for his own procedures what came by
    `email`, by `phone` or at a `branch`. The answer tells the deletion dates, and nothing of
    the applicant.
    """
    body = asked.body
    submission = new_record.Submission(
        fields=body["values"],
        channel=channel_of(body),
        procedure_reference=body.get("procedure_reference"),
        consent_wording=body.get("consent", {}).get("wording_version"),
        statement_version=body.get("statement_version"),
        uploads=asked.uploads,
    )
    return intake.submit_application(case, submission)


def _read_at_once(knock: Knock, asked: Asked) -> Told | None:
    return None if asked.query else read_at_once(knock, asked.path["application_id"])


@door(
    "GET", _APPLICATION, Action.READ_APPLICATION, query=schemas.FieldsQuery, at_once=_read_at_once
)
def read_application(case: Case, asked: Asked) -> ApplicationView:
    """Read one application: the fields that role and phase allow, or those of them named.

    The privacy officer must state a purpose.
    """
    return reading.read_application(case, asked.path["application_id"], _fields(asked))


@door(
    "PATCH",
    _APPLICATION,
    Action.CHANGE_APPLICATION,
    body=schemas.ApplicationPatch,
    versioned=True,
    conflicts=("already-withdrawn",),
)
def change_application(case: Case, asked: Asked) -> Standing:
    """Change status and company fields (recruiter) or correct what was supplied (officer).

    A recruiter of the team sets `status` and the company's fields `assessment_results` and
    `notes`; the privacy officer corrects any field.
    """
    patch: dict[str, Any] = asked.body.get("values", {})
    status = asked.body.get("status")
    change = applications.Change(
        status=None if status is None else Status(status),
        fields=frozenset(patch),
        revise=lambda old: revised(old, patch),
    )
    return applications.change_application(
        case, asked.path["application_id"], asked.version, change
    )


@door(
    "DELETE",
    _APPLICATION,
    Action.ERASE_APPLICATION,
    versioned=True,
    conflicts=("held", "request-open"),
)
def erase_application(case: Case, asked: Asked) -> None:
    """Erase an application now, for good, unless a legal hold forbids it.

    Every row, file and key of the application goes, at once.
    """
    applications.erase_application(case, asked.path["application_id"], asked.version)


@door(
    "POST",
    f"{_APPLICATION}/withdrawal",
    Action.WITHDRAW_APPLICATION,
    location=f"{_OF_APPLICATION}/retention",
    conflicts=("already-withdrawn",),
)
def withdraw_application(case: Case, asked: Asked) -> Standing:
    """Withdraw an application, today and for good.

    Dated by the server, and final: a change of mind is a new application. The retention term
    counts from today, or from the procedure's end if that was earlier.
    """
    return applications.withdraw_application(case, asked.path["application_id"])


@door(
    "POST",
    f"{_APPLICATION}/handover",
    Action.HAND_OVER,
    body=schemas.HandoverOrder,
    location=_OF_APPLICATION,
    conflicts=("procedure-over", "not-hired", "already-handed-over"),
)
def hand_over(case: Case, asked: Asked) -> applications.HandedOver:
    """Hand the necessary fields of a hired applicant over to personnel, once.

    The answer holds the values, this once; the record then follows its dates.
    """
    chosen = frozenset(asked.body["chosen"])
    return applications.hand_over(case, asked.path["application_id"], chosen)


@door("GET", f"{_APPLICATION}/retention", Action.READ_RETENTION)
def read_retention(case: Case, asked: Asked) -> retention.RetentionView:
    """Explain the deletion date: the rule, its inputs, and what consent would change today.

    With the explanation in Dutch, English and German, to show to the applicant.
    """
    return retention.read_retention(case, asked.path["application_id"])


@door(
    "POST",
    f"{_APPLICATION}/consent-events",
    Action.RECORD_CONSENT,
    body=schemas.ConsentStatement,
    location=f"{_OF_APPLICATION}/retention",
    conflicts=("record-due",),
)
def record_consent(case: Case, asked: Asked) -> Standing:
    """Record that consent to longer retention was given or withdrawn.

    Consent is given on a wording version, and withdrawn without one, at any time until the
    record is due. The answer tells the new deletion date at once. A recruiter or the privacy
    officer records what was said by e-mail, by phone or at a branch.
    """
    statement = consents.ConsentStatement(
        ConsentChange(asked.body["change"]),
        channel_of(asked.body),
        asked.body.get("wording_version"),
    )
    return consents.record_consent(case, asked.path["application_id"], statement)


@door("GET", f"{_APPLICATION}/consent-events", Action.READ_CONSENT)
def list_consent_events(case: Case, asked: Asked) -> list[consents.ConsentView]:
    """The ledger of consent, oldest first."""
    return consents.list_consent_events(case, asked.path["application_id"])


@door(
    "POST",
    "/consent-wordings",
    Action.ADD_WORDING,
    body=schemas.NewWording,
    location="/consent-wordings",
    conflicts=("wording-exists",),
)
def add_wording(case: Case, asked: Asked) -> consents.WordingView:
    """Add a wording of the consent under a new version."""
    body = asked.body
    return consents.add_wording(
        case, body["version"], body["texts"], names_talent_pool=body["names_talent_pool"]
    )


@door("GET", "/consent-wordings", Action.LIST_WORDINGS)
def list_wordings(case: Case, asked: Asked) -> list[consents.WordingView]:
    """All wordings of the consent, oldest first."""
    del asked
    return consents.list_wordings(case)


@door(
    "POST",
    f"{_APPLICATION}/documents",
    Action.ADD_DOCUMENT,
    takes_files=True,
    location=f"{_OF_APPLICATION}/documents/{{id}}",
    conflicts=("too-late",),
)
def add_document(case: Case, asked: Asked) -> documents.DocumentView:
    """Add one file; its part is named after its kind: cv, letter, certificate or other.

    The website may do so within the hour of intake, the recruiter while he sees such
    documents, the privacy officer as a correction.
    """
    if len(asked.uploads) != 1:
        raise Invalid("Send exactly one file.", [Fault("/parts", "one-file")])
    return documents.add_document(case, asked.path["application_id"], asked.uploads[0])


@door("GET", f"{_APPLICATION}/documents", Action.LIST_DOCUMENTS, query=schemas.PurposeQuery)
def list_documents(case: Case, asked: Asked) -> list[documents.DocumentView]:
    """The documents that role and phase allow, with their names."""
    return documents.list_documents(case, asked.path["application_id"])


def _document_at_once(knock: Knock, asked: Asked) -> Told | None:
    told = None if asked.query else download_at_once(knock, **asked.path)
    if told is None:
        return None
    case, tell = told
    return case, lambda: _download(tell())


@door(
    "GET",
    f"{_APPLICATION}/documents/<uuid:document_id>",
    Action.READ_DOCUMENT,
    query=schemas.PurposeQuery,
    at_once=_document_at_once,
)
def read_document(case: Case, asked: Asked) -> Response:
    """The file itself, as it was given, under a generated name.

    Served under a generated name, as an attachment; never shown inline.
    """
    path = asked.path
    return _download(documents.read_document(case, path["application_id"], path["document_id"]))


@door("DELETE", f"{_APPLICATION}/documents/<uuid:document_id>", Action.REMOVE_DOCUMENT)
def remove_document(case: Case, asked: Asked) -> None:
    """Remove a file, as a correction."""
    documents.remove_document(case, asked.path["application_id"], asked.path["document_id"])


def _list_at_once(knock: Knock, asked: Asked) -> Told | None:
    is_plain = asked.query.keys() <= {"limit", "cursor"}
    return list_at_once(knock, asked.path["procedure_id"], asked.page) if is_plain else None


@door(
    "GET",
    "/procedures/<uuid:procedure_id>/applications",
    Action.LIST_APPLICATIONS,
    query=schemas.FieldsPageQuery,
    at_once=_list_at_once,
)
def list_applications(case: Case, asked: Asked) -> Page[ApplicationItem]:
    """The candidates of a procedure, each with what role and phase allow.

    Lists show name, e-mail address, phone number and availability, unless `fields` names
    others. A recruiter sees `possible_duplicates`: applications in the same procedure with the
    same e-mail address.
    """
    return reading.list_applications(case, asked.path["procedure_id"], _fields(asked), asked.page)


@door("GET", "/talent-pool", Action.SEARCH_TALENT_POOL, query=schemas.FieldsPageQuery)
def list_talent_pool(case: Case, asked: Asked) -> Page[ApplicationItem]:
    """The people who agreed, on a wording that says so, to be found for other work."""
    return reading.list_talent_pool(case, _fields(asked), asked.page)


@door(
    "POST",
    f"{_APPLICATION}/holds",
    Action.PLACE_HOLD,
    body=schemas.HoldOrder,
    location="/holds/{id}",
)
def hold_application(case: Case, asked: Asked) -> holds.HoldView:
    """Keep one application past its date, for a legal reason and with an end.

    At most six months ahead; it can be renewed.
    """
    return holds.hold_application(case, asked.path["application_id"], _order(asked))


@door(
    "POST",
    "/procedures/<uuid:procedure_id>/holds",
    Action.PLACE_HOLD,
    body=schemas.HoldOrder,
    location="/holds/{id}",
    conflicts=("records-due",),
)
def hold_procedure(case: Case, asked: Asked) -> holds.HoldView:
    """Keep all applications of a procedure past their dates.

    It holds the applications that are still to come as well.
    """
    return holds.hold_procedure(case, asked.path["procedure_id"], _order(asked))


@door("GET", "/holds/<uuid:hold_id>", Action.READ_HOLD)
def read_hold(case: Case, asked: Asked) -> holds.HoldView:
    """One hold with its case reference."""
    return holds.read_hold(case, asked.path["hold_id"])


@door(
    "PATCH",
    "/holds/<uuid:hold_id>",
    Action.CHANGE_HOLD,
    body=schemas.HoldPatch,
    versioned=True,
    conflicts=("hold-ended",),
)
def change_hold(case: Case, asked: Asked) -> holds.HoldView:
    """Renew a hold, or end it.

    `until` today ends it at once.
    """
    return holds.change_hold(case, asked.path["hold_id"], asked.version, asked.body["until"])


def channel_of(body: Mapping[str, Any]) -> Channel | None:
    return Channel(body["channel"]) if "channel" in body else None


def _fields(asked: Asked) -> frozenset[str] | None:
    """The fields named in the query; Invalid names those that there are none of."""
    if "named" not in asked.query:
        return None
    named = frozenset(asked.query["named"].split(","))
    if named - FIELDS.keys():
        raise Invalid("There is no such field.", [Fault("/query/fields", "unknown")])
    return named


def _order(asked: Asked) -> holds.HoldOrder:
    body = asked.body
    return holds.HoldOrder(HoldReason(body["reason"]), body["case_reference"], body["until"])


def revised(old: Fields, patch: dict[str, Any]) -> Fields:
    """The patch merged into the old values (RFC 7396) and checked as if it had come in whole."""
    merged = {name: _merged(old.get(name), value) for name, value in patch.items()}
    kept = {name: value for name, value in merged.items() if value not in (None, [])}
    checked = schemas.load(schemas.Fields, kept, "/fields")
    return {name: checked.get(name) for name in merged}


def _merged(old: object, patch: object) -> object:
    if not isinstance(patch, dict):
        return patch
    base = dict(old) if isinstance(old, dict) else {}
    for name, value in patch.items():
        if value is None:
            base.pop(name, None)
        else:
            base[name] = _merged(base.get(name), value)
    return base


def _download(download: Download) -> Response:
    body = () if request.method == "HEAD" else stream_with_context(download.chunks)
    response = Response(body, mimetype=download.media_type)
    response.content_length = download.size
    response.headers["Content-Disposition"] = f'attachment; filename="{download.filename}"'
    return response
