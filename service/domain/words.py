"""Words that records, consent, holds, requests and disclosures are told in: the API's own."""

from enum import StrEnum


class ProcedureKind(StrEnum):
    VACANCY = "vacancy"
    OPEN = "open"


class Channel(StrEnum):
    """How an application, a request or a statement of consent came in."""

    WEBSITE = "website"
    EMAIL = "email"
    PHONE = "phone"
    BRANCH = "branch"


class Status(StrEnum):
    RECEIVED = "received"
    IN_REVIEW = "in_review"
    INVITED = "invited"
    OFFERED = "offered"
    HIRED = "hired"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class HoldReason(StrEnum):
    LEGAL_CLAIM = "legal-claim"
    INVESTIGATION = "investigation"
    AUTHORITY_ORDER = "authority-order"


class ConsentChange(StrEnum):
    GIVEN = "given"
    WITHDRAWN = "withdrawn"


class RequestKind(StrEnum):
    """What a person asks for under the law (GDPR art. 7(3), 15 to 18, 20, 21), or complains of."""

    ACCESS = "access"
    CORRECTION = "correction"
    ERASURE = "erasure"
    PORTABILITY = "portability"
    RESTRICTION = "restriction"
    OBJECTION = "objection"
    CONSENT_WITHDRAWAL = "consent-withdrawal"
    COMPLAINT = "complaint"


class IdentityCheck(StrEnum):
    """How the asker was found to be the person. No copy of an identity document is among them."""

    CONTROL_QUESTIONS = "control-questions"
    CALL_BACK = "call-back"
    KNOWN_ADDRESS = "known-address"
    IN_PERSON = "in-person"


class Outcome(StrEnum):
    ANSWERED = "answered"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class RefusalReason(StrEnum):
    """Why a request is refused; each is a ground that the law knows."""

    IDENTITY_NOT_ESTABLISHED = "identity-not-established"
    NOTHING_KEPT = "nothing-kept"
    UNFOUNDED = "manifestly-unfounded"
    EXCESSIVE = "excessive"
    LEGAL_HOLD = "legal-hold"
    LEGAL_DUTY = "legal-duty"
    RIGHTS_OF_OTHERS = "rights-of-others"
    COMPELLING_GROUNDS = "compelling-grounds"


class ProlongationReason(StrEnum):
    """Why an answer takes longer than a month (GDPR art. 12(3))."""

    COMPLEXITY = "complexity"
    NUMBER_OF_REQUESTS = "number-of-requests"


class RecipientKind(StrEnum):
    """Who may receive fields: nobody else does."""

    PERSONNEL = "personnel"
    GROUP = "group"
    PROCESSOR = "processor"
    AUTHORITY = "authority"
    NAMED_BY_APPLICANT = "named-by-applicant"


class DisclosureReason(StrEnum):
    HIRED = "hired"
    SELECTION = "selection"
    PROCESSING = "processing"
    LEGAL_DUTY = "legal-duty"
    PORTABILITY = "portability"


class Event(StrEnum):
    """What recipients and subscribed systems are told of an application."""

    CORRECTED = "application.corrected"
    RESTRICTED = "application.restricted"
    RELEASED = "application.released"
    ERASED = "application.erased"
    PURGED = "application.purged"
