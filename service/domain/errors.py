"""Every way in which Kluis says no. Each refusal has a stable code and never carries a value."""

from collections.abc import Iterable
from dataclasses import dataclass

# What stands in the way, and what can be done, by the code of the conflict.
CONFLICTS = {
    "already-assigned": "It is known already whose request this is, or it was forgotten.",
    "already-closed": "The request was closed before; a new one can be made.",
    "already-confirmed": "The notice was confirmed before.",
    "already-ended": "The procedure is over.",
    "already-handed-over": "This was done before; it is done once.",
    "already-lifted": "It does not stop the team, or not any more.",
    "already-prolonged": "The answer was put off before, or its first month is over.",
    "already-revoked": "The token was revoked before.",
    "already-withdrawn": "The application was withdrawn before.",
    "braked": "Nothing was deleted. The privacy officer confirms the plan.",
    "held": "A legal hold forbids the erasure.",
    "hold-ended": "A hold that ended stays ended; place a new one in time.",
    "identity-unchecked": "Say first how the asker was found to be the person.",
    "intake-closed": "Intake of this procedure is over, or open applications are not taken here.",
    "no-consent": "Kept data is used again only while consent to longer retention lasts.",
    "no-ground": "That reason is not true of this request: no hold lasts, or its record is there.",
    "not-assigned": "Say first whose request it is; where nothing is kept, refuse it for that.",
    "not-erased": "Its record is still there: erase it, and the request is answered by that.",
    "not-hired": "Only a hired applicant's fields are handed over.",
    "not-judged": "Answer the objection or refuse it: then it is judged.",
    "plan-outdated": "A run was completed since this plan was made, or the clock ran ahead then.",
    "procedure-over": "Fields are handed over while the procedure runs.",
    "record-due": "The record is due; consent brings nothing back.",
    "records-due": "Some records are due: let the purge run first, or hold single applications.",
    "reference-exists": "Another procedure has this reference.",
    "request-open": "A request of the applicant is to be answered first, or withdrawn by him.",
    "too-late": "The website adds documents within the hour of intake.",
    "too-late-to-reopen": "Its first records are due.",
    "too-many-requests": "So many requests were made about this record: ask the privacy officer.",
    "wording-exists": "A wording is never changed: add it under a new version.",
}


@dataclass(frozen=True)
class Fault:
    """One place in a request and what is wrong there: a JSON pointer and a code."""

    pointer: str
    code: str


class Refusal(Exception):
    """The base of all refusals. `facts` are safe to show: codes, ids, dates, counts.

    What was noted before one that `is_counted` stays noted: the attempt counts, though it failed.
    """

    code: str = "refused"
    title: str = "The request was refused."
    is_counted: bool = False

    def __init__(self, detail: str = "", faults: Iterable[Fault] = (), **facts: object) -> None:
        super().__init__(self.code)
        self.detail = detail
        self.faults = tuple(faults)
        self.facts = facts
        self.is_audited = False


class Unauthenticated(Refusal):
    code = "unauthenticated"
    title = "A valid token is needed, in the Authorization header."


class Forbidden(Refusal):
    code = "forbidden"
    title = "This token's role may not do this."


class NotAdmitted(Refusal):
    """A code that is unknown, locked or over and answers that are wrong are one and the same."""

    code = "not-admitted"
    title = "Code and answers do not fit, or were tried too often: wait, or ask by another way."
    is_counted = True


class NotFound(Refusal):
    """Foreign, purged, past its date and missing are one and the same."""

    code = "not-found"
    title = "There is nothing here for this token."


class Malformed(Refusal):
    code = "malformed"
    title = "The body could not be read."


class Invalid(Refusal):
    code = "invalid"
    title = "The request was read, but something in it is not acceptable."


class TooLarge(Refusal):
    code = "too-large"
    title = "The request is larger than allowed."


class UnsupportedMedia(Refusal):
    code = "unsupported-media-type"
    title = "The content type of the body is not one that is read here."


class TooSlow(Refusal):
    code = "body-timeout"
    title = "The body did not arrive in time."


class Conflict(Refusal):
    """The request is fine, the state of things is not; `code` says in which way."""

    code = "conflict"
    title = "The present state does not allow this."

    def __init__(self, code: str, detail: str = "", **facts: object) -> None:
        super().__init__(detail or CONFLICTS.get(code, ""), (), **facts)
        self.code = code


class KeyMissing(Refusal):
    code = "idempotency-key-missing"
    title = "This role sends an Idempotency-Key with every POST."


class KeyReused(Refusal):
    code = "idempotency-key-reused"
    title = "This Idempotency-Key was used before, for another request."


class ErasedSince(Refusal):
    code = "erased-since"
    title = "The application that this request made was erased since: it is not made again."


class VersionMissing(Refusal):
    code = "version-missing"
    title = "Send If-Match with the ETag that you last read."


class VersionStale(Refusal):
    code = "version-stale"
    title = "It was changed since you read it: read it again, then send your change."


class TooManyAtOnce(Refusal):
    code = "too-many-at-once"
    title = "So many files are being sent to this subject now: let one of them end first."


class TooManyReads(Refusal):
    code = "read-budget-spent"
    title = "This subject has read as many applications this hour as it may."


class Unavailable(Refusal):
    code = "unavailable"
    title = "The service can not do this right now; nothing was changed. Try again later."


class Busy(Unavailable):
    """A lock or a connection was waited for in vain: asked again at once, one would wait again."""


class Misconfigured(Refusal):
    """Start-up stops: names the setting or file, never its value."""

    code = "misconfigured"
    title = "The service does not start."

    def __str__(self) -> str:
        return self.detail


class Unreadable(Refusal):
    """Sealed bytes that do not open: damaged, moved, of another key or another version."""

    code = "unreadable"
    title = "What is stored here does not open; the rest of the record is served."
