"""Words that records, consent, holds and procedures are told in: the API's own."""

from enum import StrEnum


class ProcedureKind(StrEnum):
    VACANCY = "vacancy"
    OPEN = "open"


class Channel(StrEnum):
    """How an application, or a statement of consent, came in."""

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
