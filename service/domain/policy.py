"""Who may do what, and who may see what: two tables. What is not listed is denied."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from service.domain.catalogue import CATALOGUE, DocumentKind, Group
from service.domain.errors import Forbidden
from service.domain.retention import Phase


class Role(StrEnum):
    """What a token is for. `operator` is the command line, and never a token's.

    An `applicant` token is for one application, and had by its access code alone.
    """

    WEBSITE = "website"
    RECRUITER = "recruiter"
    INTERVIEWER = "interviewer"
    SCREENER = "screener"
    SOURCER = "sourcer"
    OFFICER = "officer"
    PURGER = "purger"
    MAILER = "mailer"
    ADMIN = "admin"
    APPLICANT = "applicant"
    OPERATOR = "operator"


TEAM_ROLES = frozenset({Role.RECRUITER, Role.INTERVIEWER, Role.SCREENER})
TOKEN_ROLES = frozenset(Role) - {Role.OPERATOR}
MINTED_ROLES = TOKEN_ROLES - {Role.APPLICANT}


class Action(StrEnum):
    """One verb, one permission, one transaction, one audit entry."""

    SUBMIT_APPLICATION = "submit-application"
    READ_APPLICATION = "read-application"
    LIST_APPLICATIONS = "list-applications"
    CHANGE_APPLICATION = "change-application"
    WITHDRAW_APPLICATION = "withdraw-application"
    ERASE_APPLICATION = "erase-application"
    HAND_OVER = "hand-over"
    READ_RETENTION = "read-retention"
    ADD_DOCUMENT = "add-document"
    LIST_DOCUMENTS = "list-documents"
    READ_DOCUMENT = "read-document"
    REMOVE_DOCUMENT = "remove-document"
    RECORD_CONSENT = "record-consent"
    READ_CONSENT = "read-consent"
    ADD_WORDING = "add-wording"
    LIST_WORDINGS = "list-wordings"
    PLACE_HOLD = "place-hold"
    READ_HOLD = "read-hold"
    CHANGE_HOLD = "change-hold"
    LOOK_UP_VACANCY = "look-up-vacancy"
    CREATE_PROCEDURE = "create-procedure"
    LIST_PROCEDURES = "list-procedures"
    READ_PROCEDURE = "read-procedure"
    CHANGE_PROCEDURE = "change-procedure"
    READ_TEAM = "read-team"
    CHANGE_TEAM = "change-team"
    SEARCH_TALENT_POOL = "search-talent-pool"
    PURGE = "purge"
    CONFIRM_PURGE = "confirm-purge"
    READ_PURGE_RUN = "read-purge-run"
    READ_DUTIES = "read-duties"
    READ_AUDIT = "read-audit"
    ISSUE_ACCESS_CODE = "issue-access-code"
    OPEN_ACCESS = "open-access"
    FILE_REQUEST = "file-request"
    LIST_REQUESTS = "list-requests"
    READ_REQUEST = "read-request"
    CHANGE_REQUEST = "change-request"
    READ_ACCESS_REPORT = "read-access-report"
    EXPORT_APPLICATION = "export-application"
    REUSE_APPLICATION = "reuse-application"
    SEARCH_PERSONS = "search-persons"
    RECORD_DISCLOSURE = "record-disclosure"
    LIST_DISCLOSURES = "list-disclosures"
    LIST_NOTICES = "list-notices"
    CONFIRM_NOTICE = "confirm-notice"
    LIST_ENDING_CONSENTS = "list-ending-consents"
    REPORT_BREACH = "report-breach"
    CREATE_TOKEN = "create-token"  # noqa: S105  # a verb, not a secret
    LIST_TOKENS = "list-tokens"
    REVOKE_TOKEN = "revoke-token"  # noqa: S105  # a verb, not a secret
    MANAGE_KEYS = "manage-keys"
    VERIFY_RETENTION = "verify-retention"
    ERASE_AGAIN = "erase-again"
    DELIVER_EVENTS = "deliver-events"
    PRINT_REGISTER = "print-register"


class Purpose(StrEnum):
    """Why somebody reads; the privacy officer states it, for the others their role does."""

    SELECTION = "selection"
    TALENT_POOL = "talent-pool"
    ACCESS_REQUEST = "access-request"
    CORRECTION = "correction"
    ERASURE = "erasure"
    COMPLAINT = "complaint"
    LEGAL_CLAIM = "legal-claim"
    SUPERVISION = "supervision"
    BREACH = "breach"
    OWN_RECORD = "own-record"


OFFICER_PURPOSES = frozenset(Purpose) - {Purpose.SELECTION, Purpose.TALENT_POOL, Purpose.OWN_RECORD}

_W, _R, _I, _S = Role.WEBSITE, Role.RECRUITER, Role.INTERVIEWER, Role.SCREENER
_POOL, _O, _P, _A, _CLI = Role.SOURCER, Role.OFFICER, Role.PURGER, Role.ADMIN, Role.OPERATOR
_OWN, _MAIL = Role.APPLICANT, Role.MAILER

PERMISSIONS: dict[Action, frozenset[Role]] = {
    Action.SUBMIT_APPLICATION: frozenset({_W, _R}),
    Action.READ_APPLICATION: frozenset({_R, _I, _S, _POOL, _O, _OWN}),
    Action.LIST_APPLICATIONS: frozenset({_R, _I, _S}),
    Action.CHANGE_APPLICATION: frozenset({_R, _O}),
    Action.WITHDRAW_APPLICATION: frozenset({_W, _R, _O, _OWN}),
    Action.ERASE_APPLICATION: frozenset({_O}),
    Action.HAND_OVER: frozenset({_R}),
    Action.READ_RETENTION: frozenset({_R, _I, _S, _O, _OWN}),
    Action.ADD_DOCUMENT: frozenset({_W, _R, _O}),
    Action.LIST_DOCUMENTS: frozenset({_R, _I, _POOL, _O, _OWN}),
    Action.READ_DOCUMENT: frozenset({_R, _I, _POOL, _O, _OWN}),
    Action.REMOVE_DOCUMENT: frozenset({_O}),
    Action.RECORD_CONSENT: frozenset({_W, _R, _O, _OWN}),
    Action.READ_CONSENT: frozenset({_R, _O, _OWN}),
    Action.ADD_WORDING: frozenset({_O}),
    Action.LIST_WORDINGS: frozenset({_W, _R, _O, _OWN}),
    Action.PLACE_HOLD: frozenset({_O}),
    Action.READ_HOLD: frozenset({_O}),
    Action.CHANGE_HOLD: frozenset({_O}),
    Action.LOOK_UP_VACANCY: frozenset({_W}),
    Action.CREATE_PROCEDURE: frozenset({_A, _R}),
    Action.LIST_PROCEDURES: frozenset({_A, _R, _I, _S, _O}),
    Action.READ_PROCEDURE: frozenset({_A, _R, _I, _S, _O}),
    Action.CHANGE_PROCEDURE: frozenset({_A, _R}),
    Action.READ_TEAM: frozenset({_A, _R}),
    Action.CHANGE_TEAM: frozenset({_A, _R}),
    Action.SEARCH_TALENT_POOL: frozenset({_POOL}),
    Action.PURGE: frozenset({_P, _CLI}),
    Action.CONFIRM_PURGE: frozenset({_O}),
    Action.READ_PURGE_RUN: frozenset({_P, _O}),
    Action.READ_DUTIES: frozenset({_O}),
    Action.READ_AUDIT: frozenset({_O}),
    Action.ISSUE_ACCESS_CODE: frozenset({_O}),
    Action.OPEN_ACCESS: frozenset({_W}),
    Action.FILE_REQUEST: frozenset({_OWN, _W, _R, _O}),
    Action.LIST_REQUESTS: frozenset({_OWN, _O}),
    Action.READ_REQUEST: frozenset({_OWN, _O}),
    Action.CHANGE_REQUEST: frozenset({_OWN, _O}),
    Action.READ_ACCESS_REPORT: frozenset({_OWN, _O}),
    Action.EXPORT_APPLICATION: frozenset({_OWN, _O}),
    Action.REUSE_APPLICATION: frozenset({_OWN}),
    Action.SEARCH_PERSONS: frozenset({_O}),
    Action.RECORD_DISCLOSURE: frozenset({_R, _O}),
    Action.LIST_DISCLOSURES: frozenset({_O}),
    Action.LIST_NOTICES: frozenset({_O}),
    Action.CONFIRM_NOTICE: frozenset({_O}),
    Action.LIST_ENDING_CONSENTS: frozenset({_MAIL, _O}),
    Action.REPORT_BREACH: frozenset({_O}),
    Action.CREATE_TOKEN: frozenset({_A, _CLI}),
    Action.LIST_TOKENS: frozenset({_A, _CLI}),
    Action.REVOKE_TOKEN: frozenset({_A, _CLI}),
    Action.MANAGE_KEYS: frozenset({_CLI}),
    Action.VERIFY_RETENTION: frozenset({_CLI}),
    Action.ERASE_AGAIN: frozenset({_CLI}),
    Action.DELIVER_EVENTS: frozenset({_CLI}),
    Action.PRINT_REGISTER: frozenset({_CLI}),
}


@dataclass(frozen=True)
class Sight:
    """What one role may see in one phase: groups of fields and kinds of documents."""

    groups: frozenset[Group] = frozenset()
    documents: frozenset[DocumentKind] = frozenset()


NOTHING = Sight()
EVERYTHING = Sight(frozenset(Group), frozenset(DocumentKind))
_REACHABLE = Sight(frozenset({Group.IDENTITY, Group.CONTACT}))
_INTERVIEW = Sight(
    frozenset({Group.IDENTITY, Group.PROFESSIONAL, Group.FREE_TEXT, Group.ASSESSMENTS}),
    frozenset({DocumentKind.CV, DocumentKind.LETTER}),
)
_ANONYMOUS = Sight(frozenset({Group.PROFESSIONAL}))
_SOURCING = Sight(
    frozenset({Group.IDENTITY, Group.CONTACT, Group.PROFESSIONAL}), frozenset({DocumentKind.CV})
)

# The officer reads in `over` only while a hold lasts, the sourcer only where the consent's wording
# names the talent pool: both are conditions of reaching the record, checked where it is loaded.
NEED_TO_KNOW: dict[tuple[Role, Phase], Sight] = {
    (Role.RECRUITER, Phase.RUNNING): EVERYTHING,
    (Role.RECRUITER, Phase.AFTERCARE): _REACHABLE,
    (Role.INTERVIEWER, Phase.RUNNING): _INTERVIEW,
    (Role.SCREENER, Phase.RUNNING): _ANONYMOUS,
    (Role.SOURCER, Phase.TALENT_POOL): _SOURCING,
    (Role.OFFICER, Phase.RUNNING): EVERYTHING,
    (Role.OFFICER, Phase.AFTERCARE): EVERYTHING,
    (Role.OFFICER, Phase.TALENT_POOL): EVERYTHING,
    (Role.OFFICER, Phase.OVER): EVERYTHING,
    (Role.APPLICANT, Phase.RUNNING): EVERYTHING,
    (Role.APPLICANT, Phase.AFTERCARE): EVERYTHING,
    (Role.APPLICANT, Phase.TALENT_POOL): EVERYTHING,
}


def demand(role: Role, action: Action) -> None:
    """Raise Forbidden unless the role may take this action at all."""
    if role not in PERMISSIONS.get(action, frozenset()):
        raise Forbidden


def sight(role: Role, phase: Phase, team_role: Role | None = None) -> Sight:
    """What is shown: what the token's role and the role on the team both allow."""
    own = NEED_TO_KNOW.get((role, phase), NOTHING)
    if role not in TEAM_ROLES:
        return own
    if team_role is None:
        return NOTHING
    team = NEED_TO_KNOW.get((team_role, phase), NOTHING)
    return Sight(own.groups & team.groups, own.documents & team.documents)


def readable_fields(seen: Sight) -> frozenset[str]:
    """The names of the fields in the groups of `seen`."""
    return frozenset(field.name for field in CATALOGUE if field.group in seen.groups)


def widest_sight(
    role: Role, phases: Iterable[Phase] = Phase, team_role: Role | None = None
) -> frozenset[str]:
    """Every field the role may see in any of these phases: no query needs to fetch more."""
    seen = (sight(role, phase, team_role or role) for phase in phases)
    return frozenset().union(*(readable_fields(one) for one in seen))
