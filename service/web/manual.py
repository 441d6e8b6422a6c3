"""The words of the OpenAPI document: what the doors and the schemas can not say of themselves."""

from typing import Any

from service.domain.media import MediaType
from service.domain.words import Event

INTRODUCTION = """\
Kluis keeps job applications sealed, shows them only to the people in the selection, and deletes
them on their day.

## Tokens
Every request below `/v1` carries a token: `Authorization: Bearer kluis_<role>_…`. An admin makes
tokens with `POST /v1/tokens`; each has one role, one subject (an opaque id of who uses it) and an
expiry of at most 366 days. An applicant's own token is had with his access code
(`POST /v1/access-tokens`), lasts half an hour and is for his one application. Tokens travel in the
`Authorization` header only. This is an API from server to server: there is no CORS, and a token has
no place in a browser.

## Need to know
What an answer holds follows from the token's role, the role on the procedure's team and the phase
of the application: `running` until the procedure ends, `aftercare` for a month after it,
`talent_pool` after that for who consented, `over` from the deletion date on. Fields outside it are
left out; asked for by name, they are refused with 403. The privacy officer says why he reads with
`?purpose=`. What a token may not know of, what is past its date and what never was all answer 404
in the same way.

## Errors
Every refusal is a problem after RFC 9457 (`application/problem+json`) with a stable `type`, a
`request_id` to find it by in the log, and, where something in the request is wrong, `errors`: JSON
pointers, each with a stable code (listed below). A pointer begins at the body, or with `/query`,
`/path`, `/headers` or `/parts`. `/parts/cv/0` is the first of the files; a part whose name there is
not is told by its place among all parts, from `/parts/0` on. No problem repeats a value that was
sent. Codes and types are for programs; `title` and `detail` are for people and may be reworded.

## Repeating a request
A POST with an `Idempotency-Key` is done once: sent again within 24 hours, with the same key and
the same body, it gets the first answer again. Another body under the same key is refused. The
website must send a key with every POST; use a new one for each form that is sent in.

## Changing what others may change
What has a `version` is read with an `ETag`. A change names it in `If-Match`: without it the answer
is 428; when somebody else was first it is 412, and one reads again. Bodies of PATCH are JSON merge
patches (RFC 7396): a property that is left out stays, null clears it, a list is replaced whole.

## Lists
A list that can grow long answers `items` and `next`. While there is more, `next` is the `cursor` of
the next page, and a `Link` header with `rel="next"` (RFC 8288) holds its whole address; there are
no totals. Short lists come whole, as arrays: a team, the duties, the wordings of the consent, and
the consents and documents of one application.

## Bodies and dates
JSON in UTF-8, without duplicate keys, unknown properties or more than 32 levels; at most 1 MiB
unless the service is set otherwise. Dates are civil dates in the service's time zone, moments are
RFC 3339 with their offset. A caller's own `X-Request-Id`, if it is a UUID, is taken over.

## Types of problems
A method that a path does not have is answered with `http-405`. For all else:

"""

MEANINGS = {
    400: "The request could not be read.",
    401: "No valid token in the Authorization header.",
    403: "The role may not do this, or not with these fields.",
    404: "Nothing here for this token.",
    408: "The body did not arrive in time.",
    409: "The present state does not allow it.",
    410: "What the same request made before was erased since.",
    412: "It was changed since: read again.",
    413: "Larger than allowed.",
    415: "Not a content type that is read here.",
    422: "Read, but something in it is not acceptable.",
    428: "If-Match is missing.",
    429: "The read budget of this hour is spent, or too many files are being sent at once.",
    500: "What is stored does not open, or the service has a defect.",
    503: "Not possible right now; nothing was changed. Try again later.",
}

_KINDS_OF_FILES = ", ".join(kind.name for kind in MediaType)
# What the codes in `errors` mean; a problem without a detail of its own says it in its place.
FAULTS = {
    "birth-date-says-it": "An age is for who gives no birth date.",
    "characters": "It holds characters that it may not, or too many.",
    "closed-or-ends-on": "Close it or give it another end, not both.",
    "does-not-open": "It is damaged where it is kept: leave it out, or give it anew.",
    "email-or-name-and-birth-date": "Name an e-mail address, or a name with a date of birth.",
    "country-not-allowed": "To this country nothing is disclosed.",
    "empty": "The file is empty.",
    "empty-entry": "Something must be in it.",
    "forbidden-character": "Control characters and lone surrogates are taken nowhere.",
    "holds-nothing": "The record holds no value there, so that nobody can have received one.",
    "length": "It is empty, or longer than allowed.",
    "line-break": "It stands on one line.",
    "looks-like-bsn": "It looks like a citizen service number (BSN), which is not kept here.",
    "not-a-choice": "It is none of the words that may stand here; the description lists them.",
    "not-a-date": "A date is written 2026-11-30, and is a day that exists. A month or a year"
    " alone, 2014-06 or 2014, is taken only where the description says partial-date.",
    "not-a-moment-with-offset": "A moment is written 2026-11-30T09:00:00+01:00; in a query the + is"
    " written %2B, or the moment ends in Z: 2026-11-30T08:00:00Z.",
    "not-a-phone-number": "It can not be a phone number; one from abroad begins with + or 00.",
    "not-acceptable": "It is not acceptable.",
    "not-an-accepted-kind-of-file": f"Files of these kinds are taken: {_KINDS_OF_FILES}. By its"
    " first bytes it is none of them.",
    "not-an-email-address": "It can not be an e-mail address.",
    "not-an-etag": "It is not an ETag as it was read, with its quotes.",
    "not-json": "It is not JSON as it is read here.",
    "not-for-this-role": "It is not for this token's role.",
    "not-later": "Prolonging moves the end later.",
    "not-taken-along": "It is not what an applicant takes along.",
    "not-with-this-kind": "Such a recipient gets nothing for this reason.",
    "null": "It may not be null.",
    "one-file": "Exactly one file is sent.",
    "only-true": "Only true may stand here.",
    "only-to-correct": "New values go with a correction, and only with that.",
    "out-of-range": "It is smaller or larger, earlier or later than allowed.",
    "plan-or-dry-run": "Confirm a plan or make one, not both.",
    "reference-or-kind-open": "Name a procedure_reference, or send kind: open; one of the two.",
    "required": "It must be there.",
    "resume-too-long": "What has no field of its own is more than `other` can hold.",
    "stands-alone": "It is asked for by itself.",
    "subject-or-token-id": "Name a subject or a token_id; one of the two.",
    "too-many": "There are more than allowed.",
    "twice": "It is there twice.",
    "unknown": "There is none of that name.",
    "unknown-property": "There is no such property.",
    "way-of-contact-required": "There must be one of email, phone, address, other_contact.",
    "with-given-and-only-then": "A wording version goes with consent given, and only with that.",
    "with-months-and-only-then": "A reason goes with the months of putting off, and only then.",
    "with-refused-and-only-then": "A reason goes with a refusal, and only with that.",
    "wrong-type": "It is of another type than the description says.",
}

TAGS = {
    "applications": "Intake, reading, consent, documents, holds and erasure.",
    "rights": "The applicant's own access, requests under the law, and reuse of what is kept.",
    "exports": "What an applicant sees of his data, and takes along.",
    "recipients": "Who received what, and who must be told of a change.",
    "officer": "Person searches, ending consents, and what a breach exposed.",
    "procedures": "Procedures and the people who select in them.",
    "operation": "The purge, duties, the audit and tokens.",
    "pages": "Health, metrics and this document: open, and without personal data.",
}

PARAMETERS = {
    "application_id": "The id of an application.",
    "cursor": "`next` of the page before this one.",
    "document_id": "The id of a document of this application.",
    "ends_before": "Only procedures that end before this date.",
    "fields": "Names of fields, separated by commas: show these and no others.",
    "hold_id": "The id of a hold.",
    "language": "Of the page that people read; nl unless another is asked for.",
    "limit": "How many items at most.",
    "notice_id": "The id of a notice.",
    "name": "Which of the page's own files.",
    "procedure_id": "The id of a procedure.",
    "kind": "Only requests of this kind.",
    "open": "Only what is open, or only what is closed.",
    "request_id": "The id of a request.",
    "purpose": "Why the privacy officer reads; noted in the audit.",
    "reference": "The website's own number of the vacancy.",
    "run_id": "The id of a purge run or plan.",
    "since": "Only from this moment on.",
    "subject": "The opaque id of somebody who holds a token.",
    "token_id": "The id of a token, which is not its secret.",
    "until": "Only before this moment.",
    "within_days": "In how many days from today at most.",
}

# Path: operation id, summary, media types, and what else it may answer.
PAGES: dict[str, tuple[str, str, str, tuple[int, ...]]] = {
    "/healthz": ("healthz", "Whether the process answers", "text/plain", ()),
    "/readyz": ("readyz", "Whether it can serve: database, schema and keys", "text/plain", (503,)),
    "/metrics": (
        "metrics",
        "Counters and gauges, for the networks in KLUIS_METRICS_FROM",
        "text/plain",
        (404, 503),
    ),
    "/openapi.yaml": ("openapi", "This document", "application/yaml", ()),
    "/docs": ("docs", "This document, to be read by people", "text/html", ()),
    "/docs/{name}": ("docs_asset", "What that page is made of", "text/css text/javascript", (404,)),
}


def event_operation() -> dict[str, Any]:
    """What `kluis deliver` sends to subscribed systems, for their makers."""
    headers = {
        "webhook-id": "The same each time this message is sent.",
        "webhook-timestamp": "When it was sent, in whole seconds since 1970 UTC.",
        "webhook-signature": "`v1,` and the base64 of an HMAC-SHA-256 over id, timestamp and body.",
    }
    members = {
        "type": {"type": "string", "enum": [event.value for event in Event]},
        "timestamp": {"type": "string", "format": "date-time"},
        "data": {
            "type": "object",
            "required": ["application_id"],
            "properties": {"application_id": {"type": "string", "format": "uuid"}},
        },
    }
    body = {"type": "object", "required": list(members), "properties": members}
    return {
        "operationId": "receive_event",
        "summary": "What became of an application, told to subscribed systems",
        "description": "Signed as Standard Webhooks are; at least once, known by its id.",
        "tags": ["recipients"],
        "security": [],
        "parameters": [
            {
                "in": "header",
                "name": name,
                "required": True,
                "description": meaning,
                "schema": {"type": "string"},
            }
            for name, meaning in headers.items()
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            "2XX": {"description": "Taken. Whatever else is answered, it is sent again."}
        },
    }
