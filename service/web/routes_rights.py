"""The routes of the applicant's rights: access, requests, what is taken along and used again."""

from typing import Any

from service.domain.access import Question
from service.domain.policy import Action
from service.domain.words import (
    IdentityCheck,
    Outcome,
    ProlongationReason,
    RefusalReason,
    RequestKind,
)
from service.storage.requests import RequestFilter
from service.usecases import access, answering, filing, new_record, requests, reuse
from service.usecases.carrying_out import Correction
from service.usecases.case import Case
from service.usecases.paging import Page
from service.web import schemas_rights as schemas
from service.web.doors import Asked, door
from service.web.routes_applications import channel_of, revised

_APPLICATION = "/applications/<uuid:application_id>"


@door("POST", "/access-tokens", Action.OPEN_ACCESS, body=schemas.AccessAttempt)
def open_access(case: Case, asked: Asked) -> access.OpenedAccess:
    """Turn an access code and answers from the record into the applicant's token.

    The website passes on what the applicant types: his code, and at least two of date of birth,
    postal code and the last four digits of the phone number, as he gave them. The token lasts
    half an hour and is for that one application. Whatever does not fit is refused in one way, so
    that nobody learns what is there; from the third wrong answer on the code is locked, each time
    twice as long, for a day at most. Who can not answer asks by another channel, and the
    privacy officer checks who he is; a copy of an identity document is never asked for.
    """
    answers = {Question(name): f"{text}" for name, text in asked.body["answers"].items()}
    return access.open_access(case, asked.body["access_code"], answers)


@door(
    "POST",
    f"{_APPLICATION}/access-codes",
    Action.ISSUE_ACCESS_CODE,
    location="/applications/{application_id}",
)
def issue_access_code(case: Case, asked: Asked) -> access.IssuedCode:
    """A new access code for the applicant, shown in this answer and nowhere else.

    For who applied by e-mail, by phone or at a branch, or lost his code: the former one ends, and
    all access that it gave. Send it to the address in the record; it raises an alarm event.
    """
    return access.issue_access_code(case, asked.path["application_id"])


@door(
    "POST",
    "/privacy-requests",
    Action.FILE_REQUEST,
    body=schemas.NewRequest,
    location="/privacy-requests/{id}",
    conflicts=("too-many-requests",),
)
def file_request(case: Case, asked: Asked) -> requests.RequestView:
    """File a request under the law: what can be done at once is done at once and closes itself.

    With the applicant's own token: `consent-withdrawal`, `restriction`, `erasure` and a
    `correction` with `fields` are carried out by this call; an `objection` stops the team's
    reading while it is judged; `access` and `portability` close when report and export are
    fetched, and hold the record until then. An erasure that a legal hold forbids is refused,
    with the reason and the authority to turn to.

    Website, recruiter and privacy officer file what came in by other ways: the officer then
    checks who asks. He may leave `application_id` out while he does not know which it is, and
    says later whose it is; what was said (`text`) is kept with a record only, under its key.
    """
    body = asked.body
    patch: dict[str, Any] = body.get("values", {})
    order = filing.RequestOrder(
        kind=RequestKind(body["kind"]),
        application_id=body.get("application_id"),
        channel=channel_of(body),
        received_on=body.get("received_on"),
        identity_check=_word(IdentityCheck, body, "identity_check"),
        text=body.get("text"),
        correction=Correction(frozenset(patch), lambda old: revised(old, patch)),
    )
    return filing.file_request(case, order)


@door("GET", "/privacy-requests", Action.LIST_REQUESTS, query=schemas.RequestsQuery)
def list_requests(case: Case, asked: Asked) -> Page[requests.RequestItem]:
    """The queue, the first due first; for the applicant his own."""
    query = asked.query
    is_open = None if "open" not in query else query["open"] == "true"
    wanted = RequestFilter(is_open, query.get("application_id"), _word(RequestKind, query, "kind"))
    return requests.list_requests(case, wanted, asked.page)


@door("GET", "/privacy-requests/<uuid:request_id>", Action.READ_REQUEST)
def read_request(case: Case, asked: Asked) -> requests.RequestView:
    """One request, with what was said."""
    return requests.read_request(case, asked.path["request_id"])


@door(
    "PATCH",
    "/privacy-requests/<uuid:request_id>",
    Action.CHANGE_REQUEST,
    body=schemas.RequestPatch,
    versioned=True,
    conflicts=(
        "already-assigned",
        "already-closed",
        "already-lifted",
        "already-prolonged",
        "identity-unchecked",
        "no-ground",
        "not-assigned",
        "not-erased",
        "not-judged",
    ),
)
def change_request(case: Case, asked: Asked) -> requests.RequestView:
    """Say whose request it is, check who asks, put off, answer or refuse it, or lift it.

    Once it is known who asks, restriction, objection and the end of consent take effect at once;
    an erasure is the officer's `DELETE` of the application, which closes the request. Of several
    restrictions each lasts until it is lifted itself. The answer
    may be put off once, inside the first month, with a reason. The applicant withdraws
    (`"outcome": "withdrawn"`) or lifts (`"lifted": true`) what he asked for.
    """
    body = asked.body
    change = answering.RequestChange(
        application_id=body.get("application_id"),
        identity_check=_word(IdentityCheck, body, "identity_check"),
        prolonged_months=body.get("prolonged_months"),
        prolongation_reason=_word(ProlongationReason, body, "prolongation_reason"),
        outcome=_word(Outcome, body, "outcome"),
        refusal_reason=_word(RefusalReason, body, "refusal_reason"),
        lifted=body.get("lifted", False),
    )
    return answering.change_request(case, asked.path["request_id"], asked.version, change)


@door(
    "POST",
    f"{_APPLICATION}/reuses",
    Action.REUSE_APPLICATION,
    body=schemas.Reuse,
    location="/applications/{id}",
    conflicts=("no-consent", "intake-closed"),
)
def reuse_application(case: Case, asked: Asked) -> new_record.Receipt:
    """Apply anew with data that is kept with consent, without supplying it once more.

    The applicant names the vacancy, or `kind: open`; which `fields` to take (all that he supplied
    unless he says so), `changes` to correct them first, and which `documents`. It is a new
    application with its own access code, key, team and dates; consent to keeping it longer is
    given anew, or not. Nothing links the two but this act in the audit.
    """
    body = asked.body
    changes: dict[str, Any] = body["changes"]
    order = reuse.ReuseOrder(
        procedure_reference=body.get("procedure_reference"),
        fields=frozenset(body["chosen"]),
        revise=lambda old: revised(old, changes),
        documents=body["documents"],
        consent_wording=body.get("consent", {}).get("wording_version"),
        statement_version=body.get("statement_version"),
    )
    return reuse.reuse_application(case, asked.path["application_id"], order)


def _word(kind: Any, body: dict[str, Any], name: str) -> Any:
    """The member of an enumeration that the body names, or None."""
    return kind(body[name]) if name in body else None
