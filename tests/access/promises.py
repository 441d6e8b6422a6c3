"""What the pages promise, written out by hand: doors, roles, phases, fields, documents.

Nothing here comes from the code under test, so that the two can disagree.
"""

from dataclasses import dataclass

ROLES = frozenset(
    {
        "website",
        "recruiter",
        "interviewer",
        "screener",
        "sourcer",
        "officer",
        "purger",
        "mailer",
        "admin",
        "applicant",
    }
)
ON_A_TEAM = ("recruiter", "interviewer", "screener")
# Who reaches some records and not others, by who he is.
WITH_THEIR_OWN = (*ON_A_TEAM, "applicant")
OPEN_PAGES = {"/healthz", "/readyz", "/metrics", "/openapi.yaml", "/docs", "/docs/<name>"}

# `held` is `over` with a hold that lasts.
PHASES = ("running", "aftercare", "talent_pool", "over", "held")

GROUPS = {
    "identity": {"name"},
    "contact": {"email", "phone", "other_contact", "address"},
    "personal": {"birth_date", "age", "gender", "nationality"},
    "permit": {"work_permit"},
    "professional": {
        "education",
        "internships",
        "work_experience",
        "trainings",
        "certificates",
        "availability",
    },
    "free_text": {"motivation", "other"},
    "references": {"references"},
    "assessments": {"assessments", "assessment_results"},
    "notes": {"notes"},
}
FIELDS = frozenset().union(*GROUPS.values())
KINDS = frozenset({"cv", "letter", "certificate", "other"})
LISTED = {"name", "email", "phone", "availability"}


@dataclass(frozen=True)
class Sees:
    """The fields and documents that one role is shown in one phase."""

    fields: frozenset[str] = frozenset()
    documents: frozenset[str] = frozenset()


def _sees(groups: str, documents: str = "") -> Sees:
    named = (GROUPS[group] for group in groups.split())
    return Sees(frozenset().union(*named), frozenset(documents.split()))


_ALL = Sees(FIELDS, KINDS)
_REACHABLE = _sees("identity contact")
_INTERVIEW = _sees("identity professional free_text assessments", "cv letter")
_ANONYMOUS = _sees("professional")
_POOL = _sees("identity contact professional", "cv")

NEED_TO_KNOW = {
    ("recruiter", "running"): _ALL,
    ("recruiter", "aftercare"): _REACHABLE,
    ("interviewer", "running"): _INTERVIEW,
    ("screener", "running"): _ANONYMOUS,
    ("sourcer", "talent_pool"): _POOL,
    ("officer", "running"): _ALL,
    ("officer", "aftercare"): _ALL,
    ("officer", "talent_pool"): _ALL,
    ("officer", "held"): _ALL,
    ("applicant", "running"): _ALL,
    ("applicant", "aftercare"): _ALL,
    ("applicant", "talent_pool"): _ALL,
}


def seen_by(role: str, phase: str) -> Sees:
    return NEED_TO_KNOW.get((role, phase), Sees())


# Token's role and team's role, while the procedure runs: what both allow.
BOTH = {
    ("recruiter", "recruiter"): _ALL,
    ("recruiter", "interviewer"): _INTERVIEW,
    ("recruiter", "screener"): _ANONYMOUS,
    ("interviewer", "recruiter"): _INTERVIEW,
    ("interviewer", "interviewer"): _INTERVIEW,
    ("interviewer", "screener"): _ANONYMOUS,
    ("screener", "recruiter"): _ANONYMOUS,
    ("screener", "interviewer"): _ANONYMOUS,
    ("screener", "screener"): _ANONYMOUS,
}


@dataclass(frozen=True)
class Door:
    """One route: the word that the audit has for it, and by role what a caller gets in a phase.

    A role that is not listed gets 403, whatever it asks for; a phase that is not listed is 404.
    """

    action: str
    outcomes: dict[str, dict[str, int]]


def _in(statuses: str) -> dict[str, int]:
    """Statuses by phase: `running:200 aftercare:200`."""
    pairs = (pair.split(":") for pair in statuses.split())
    return {phase: int(status) for phase, status in pairs}


def _while_alive(status: int, held: int | None = None) -> dict[str, int]:
    phases = dict.fromkeys(("running", "aftercare", "talent_pool"), status)
    return phases if held is None else {**phases, "held": held}


_A = "/v1/applications/<uuid:application_id>"
_P = "/v1/procedures/<uuid:procedure_id>"
_D = f"{_A}/documents/<uuid:document_id>"
_REQUEST = "/v1/privacy-requests/<uuid:request_id>"

APPLICATION_DOORS = {
    ("GET", _A): Door(
        "read-application",
        {
            "recruiter": _in("running:200 aftercare:200"),
            "interviewer": _in("running:200"),
            "screener": _in("running:200"),
            "sourcer": _in("talent_pool:200"),
            "applicant": _while_alive(200),
            "officer": _while_alive(200, held=200),
        },
    ),
    ("PATCH", _A): Door(
        "change-application",
        {"recruiter": _in("running:200 aftercare:200"), "officer": _while_alive(200, held=200)},
    ),
    ("DELETE", _A): Door("erase-application", {"officer": _while_alive(204, held=409)}),
    ("POST", f"{_A}/withdrawal"): Door(
        "withdraw-application",
        {
            "website": _while_alive(201),
            "recruiter": _in("running:201 aftercare:201"),
            "applicant": _while_alive(201),
            "officer": _while_alive(201, held=201),
        },
    ),
    ("POST", f"{_A}/handover"): Door("hand-over", {"recruiter": _in("running:201 aftercare:409")}),
    ("GET", f"{_A}/retention"): Door(
        "read-retention",
        {
            "recruiter": _in("running:200 aftercare:200"),
            "interviewer": _in("running:200"),
            "screener": _in("running:200"),
            "applicant": _while_alive(200),
            "officer": _while_alive(200, held=200),
        },
    ),
    ("POST", f"{_A}/consent-events"): Door(
        "record-consent",
        {
            "website": _while_alive(201),
            "recruiter": _in("running:201 aftercare:201"),
            "applicant": _while_alive(201),
            "officer": _while_alive(201, held=409),
        },
    ),
    ("GET", f"{_A}/consent-events"): Door(
        "read-consent",
        {
            "recruiter": _in("running:200 aftercare:200"),
            "applicant": _while_alive(200),
            "officer": _while_alive(200, held=200),
        },
    ),
    ("POST", f"{_A}/documents"): Door(
        "add-document",
        {
            # Only the running ones of the scene came in within the hour.
            "website": _in("running:201 aftercare:409 talent_pool:409"),
            "recruiter": _in("running:201 aftercare:403"),
            "officer": _while_alive(201, held=201),
        },
    ),
    ("GET", f"{_A}/documents"): Door(
        "list-documents",
        {
            "recruiter": _in("running:200 aftercare:200"),
            "interviewer": _in("running:200"),
            "sourcer": _in("talent_pool:200"),
            "applicant": _while_alive(200),
            "officer": _while_alive(200, held=200),
        },
    ),
    ("GET", _D): Door(
        "read-document",
        {
            "recruiter": _in("running:200"),
            "interviewer": _in("running:200"),
            "sourcer": _in("talent_pool:200"),
            "applicant": _while_alive(200),
            "officer": _while_alive(200, held=200),
        },
    ),
    ("DELETE", _D): Door("remove-document", {"officer": _while_alive(204, held=204)}),
    ("POST", f"{_A}/holds"): Door("place-hold", {"officer": _while_alive(201, held=201)}),
    ("POST", f"{_A}/access-codes"): Door(
        "issue-access-code", {"officer": _while_alive(201, held=201)}
    ),
    ("GET", f"{_A}/access-report"): Door(
        "read-access-report",
        {"applicant": _while_alive(200), "officer": _while_alive(200, held=200)},
    ),
    ("GET", f"{_A}/portability"): Door(
        "export-application",
        {"applicant": _while_alive(200), "officer": _while_alive(200, held=200)},
    ),
    ("POST", f"{_A}/reuses"): Door(
        "reuse-application",
        # Only those in the talent pool agreed to be kept for longer.
        {"applicant": _in("running:409 aftercare:409 talent_pool:201")},
    ),
}

# Here the phases are those of the procedure; `none` is a door that stands by itself.
_ALWAYS = "running:{0} aftercare:{0} talent_pool:{0} over:{0} held:{0}"


def _any(status: int) -> dict[str, int]:
    return _in(_ALWAYS.format(status))


PROCEDURE_DOORS = {
    ("GET", f"{_P}/applications"): Door(
        "list-applications",
        {"recruiter": _any(200), "interviewer": _any(200), "screener": _any(200)},
    ),
    # Who selects finds his work there; the privacy officer places holds on procedures.
    ("GET", _P): Door(
        "read-procedure",
        {
            "admin": _any(200),
            "recruiter": _any(200),
            "interviewer": _any(200),
            "screener": _any(200),
            "officer": _any(200),
        },
    ),
    ("PATCH", _P): Door("change-procedure", {"admin": _any(200), "recruiter": _any(200)}),
    ("GET", f"{_P}/team"): Door("read-team", {"admin": _any(200), "recruiter": _any(200)}),
    ("GET", f"{_P}/team/<subject>"): Door(
        "read-team", {"admin": _any(200), "recruiter": _any(200)}
    ),
    ("PUT", f"{_P}/team/<subject>"): Door(
        "change-team", {"admin": _any(200), "recruiter": _any(200)}
    ),
    ("DELETE", f"{_P}/team/<subject>"): Door(
        "change-team", {"admin": _any(204), "recruiter": _any(204)}
    ),
    ("POST", f"{_P}/holds"): Door("place-hold", {"officer": _any(201)}),
}


def _by_itself(action: str, status: int, roles: str) -> Door:
    return Door(action, {role: {"none": status} for role in roles.split()})


OTHER_DOORS = {
    ("POST", "/v1/applications"): _by_itself("submit-application", 201, "website recruiter"),
    ("POST", "/v1/consent-wordings"): _by_itself("add-wording", 201, "officer"),
    ("GET", "/v1/consent-wordings"): _by_itself(
        "list-wordings", 200, "website recruiter officer applicant"
    ),
    ("POST", "/v1/procedures"): _by_itself("create-procedure", 201, "admin recruiter"),
    ("GET", "/v1/procedures"): _by_itself(
        "list-procedures", 200, "admin recruiter interviewer screener officer website"
    ),
    ("GET", "/v1/talent-pool"): _by_itself("search-talent-pool", 200, "sourcer"),
    ("GET", "/v1/holds/<uuid:hold_id>"): _by_itself("read-hold", 200, "officer"),
    ("PATCH", "/v1/holds/<uuid:hold_id>"): _by_itself("change-hold", 200, "officer"),
    ("POST", "/v1/purge-runs"): _by_itself("purge", 201, "purger officer"),
    ("GET", "/v1/purge-runs/<uuid:run_id>"): _by_itself("read-purge-run", 200, "purger officer"),
    ("GET", "/v1/duties"): _by_itself("read-duties", 200, "officer"),
    ("GET", "/v1/audit-events"): _by_itself("read-audit", 200, "officer"),
    ("POST", "/v1/access-tokens"): _by_itself("open-access", 200, "website"),
    ("POST", "/v1/privacy-requests"): _by_itself(
        "file-request", 201, "website recruiter officer applicant"
    ),
    ("GET", "/v1/privacy-requests"): _by_itself("list-requests", 200, "officer applicant"),
    ("GET", _REQUEST): _by_itself("read-request", 200, "officer applicant"),
    ("PATCH", _REQUEST): _by_itself("change-request", 200, "officer applicant"),
    ("POST", "/v1/disclosures"): _by_itself("record-disclosure", 201, "recruiter officer"),
    ("GET", "/v1/disclosures"): _by_itself("list-disclosures", 200, "officer"),
    ("GET", "/v1/notices"): _by_itself("list-notices", 200, "officer"),
    ("PATCH", "/v1/notices/<uuid:notice_id>"): _by_itself("confirm-notice", 200, "officer"),
    ("POST", "/v1/person-searches"): _by_itself("search-persons", 200, "officer"),
    ("GET", "/v1/ending-consents"): _by_itself("list-ending-consents", 200, "mailer officer"),
    ("GET", "/v1/breach-report"): _by_itself("report-breach", 200, "officer"),
    ("POST", "/v1/tokens"): _by_itself("create-token", 201, "admin"),
    ("GET", "/v1/tokens"): _by_itself("list-tokens", 200, "admin"),
    ("DELETE", "/v1/tokens/<uuid:token_id>"): _by_itself("revoke-token", 204, "admin"),
}
# Two doors have a second verb behind them, for one of their roles.
OTHER_ACTIONS = {
    ("GET", "/v1/procedures", "website"): "look-up-vacancy",
    ("POST", "/v1/purge-runs", "officer"): "confirm-purge",
}

DOORS = {**APPLICATION_DOORS, **PROCEDURE_DOORS, **OTHER_DOORS}


def action_of(door: tuple[str, str], role: str) -> str:
    return OTHER_ACTIONS.get((*door, role), DOORS[door].action)
