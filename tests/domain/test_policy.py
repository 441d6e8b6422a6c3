"""Who may do what and see what: the table of the mission, written out a second time."""

import itertools

import pytest

from service.domain.catalogue import CATALOGUE, DocumentKind, Group
from service.domain.errors import Forbidden
from service.domain.policy import (
    NEED_TO_KNOW,
    OFFICER_PURPOSES,
    PERMISSIONS,
    TEAM_ROLES,
    TOKEN_ROLES,
    Action,
    Purpose,
    Role,
    Sight,
    demand,
    readable_fields,
    sight,
    widest_sight,
)
from service.domain.retention import Phase
from tests.access.promises import GROUPS

ALL_GROUPS = "identity contact personal permit professional free_text references assessments notes"
ALL_DOCUMENTS = "cv letter certificate other"
TABLE = {
    ("recruiter", "running"): (ALL_GROUPS, ALL_DOCUMENTS),
    ("recruiter", "aftercare"): ("identity contact", ""),
    ("interviewer", "running"): ("identity professional free_text assessments", "cv letter"),
    ("screener", "running"): ("professional", ""),
    ("sourcer", "talent_pool"): ("identity contact professional", "cv"),
    ("officer", "running"): (ALL_GROUPS, ALL_DOCUMENTS),
    ("officer", "aftercare"): (ALL_GROUPS, ALL_DOCUMENTS),
    ("officer", "talent_pool"): (ALL_GROUPS, ALL_DOCUMENTS),
    ("officer", "over"): (ALL_GROUPS, ALL_DOCUMENTS),
    ("applicant", "running"): (ALL_GROUPS, ALL_DOCUMENTS),
    ("applicant", "aftercare"): (ALL_GROUPS, ALL_DOCUMENTS),
    ("applicant", "talent_pool"): (ALL_GROUPS, ALL_DOCUMENTS),
}
TEAM = sorted(TEAM_ROLES)
BLIND = sorted(set(Role) - TEAM_ROLES - {Role.SOURCER, Role.OFFICER, Role.APPLICANT})
EVERY_FIELD = {field.name for field in CATALOGUE}
PERMITTED = {
    "submit-application": "website recruiter",
    "read-application": "recruiter interviewer screener sourcer officer applicant",
    "list-applications": "recruiter interviewer screener",
    "change-application": "recruiter officer",
    "withdraw-application": "website recruiter officer applicant",
    "erase-application": "officer",
    "hand-over": "recruiter",
    "read-retention": "recruiter interviewer screener officer applicant",
    "add-document": "website recruiter officer",
    "list-documents": "recruiter interviewer sourcer officer applicant",
    "read-document": "recruiter interviewer sourcer officer applicant",
    "remove-document": "officer",
    "record-consent": "website recruiter officer applicant",
    "read-consent": "recruiter officer applicant",
    "add-wording": "officer",
    "list-wordings": "website recruiter officer applicant",
    "place-hold": "officer",
    "read-hold": "officer",
    "change-hold": "officer",
    "look-up-vacancy": "website",
    "create-procedure": "admin recruiter",
    "list-procedures": "admin recruiter interviewer screener officer",
    "read-procedure": "admin recruiter interviewer screener officer",
    "change-procedure": "admin recruiter",
    "read-team": "admin recruiter",
    "change-team": "admin recruiter",
    "search-talent-pool": "sourcer",
    "purge": "purger operator",
    "confirm-purge": "officer",
    "read-purge-run": "purger officer",
    "read-duties": "officer",
    "read-audit": "officer",
    "issue-access-code": "officer",
    "open-access": "website",
    "file-request": "applicant website recruiter officer",
    "list-requests": "applicant officer",
    "read-request": "applicant officer",
    "change-request": "applicant officer",
    "read-access-report": "applicant officer",
    "export-application": "applicant officer",
    "reuse-application": "applicant",
    "search-persons": "officer",
    "record-disclosure": "recruiter officer",
    "list-disclosures": "officer",
    "list-notices": "officer",
    "confirm-notice": "officer",
    "list-ending-consents": "mailer officer",
    "report-breach": "officer",
    "create-token": "admin operator",
    "list-tokens": "admin operator",
    "revoke-token": "admin operator",
    "manage-keys": "operator",
    "verify-retention": "operator",
    "erase-again": "operator",
    "deliver-events": "operator",
    "print-register": "operator",
}


def product(*choices: object):
    """Every combination, as a list: the order of the cases is the same in every process."""
    return list(itertools.product(*choices))


def everything(role, phase):
    """What the mission's table shows to somebody of this role, on the team where there is one."""
    groups, documents = TABLE.get((role.value, phase.value), ("", ""))
    return Sight(frozenset(groups.split()), frozenset(documents.split()))


def test_need_to_know_is_the_table_of_the_mission():
    written_out = {
        (Role(role), Phase(phase)): Sight(
            frozenset(map(Group, groups.split())), frozenset(map(DocumentKind, documents.split()))
        )
        for (role, phase), (groups, documents) in TABLE.items()
    }
    assert written_out == NEED_TO_KNOW


@pytest.mark.parametrize(("role", "phase"), product(Role, Phase))
def test_a_role_sees_what_the_table_lists_and_an_unlisted_one_nothing(role, phase):
    assert sight(role, phase, role) == everything(role, phase)


@pytest.mark.parametrize(("role", "phase"), product(BLIND, Phase))
def test_website_purger_mailer_admin_and_operator_see_nothing_ever(role, phase):
    for team_role in (None, *Role):
        assert sight(role, phase, team_role) == Sight()


@pytest.mark.parametrize(("role", "phase"), product(TEAM, Phase))
def test_a_team_role_off_the_team_sees_nothing(role, phase):
    assert sight(role, phase) == Sight()


@pytest.mark.parametrize(("token", "team", "phase"), product(TEAM, Role, Phase))
def test_shown_is_exactly_what_token_and_team_role_both_allow(token, team, phase):
    shown, by_token, by_team = (
        sight(token, phase, team),
        everything(token, phase),
        everything(team, phase),
    )
    assert shown.groups == by_token.groups & by_team.groups
    assert shown.documents == by_token.documents & by_team.documents


@pytest.mark.parametrize(("token", "team", "phase"), product(Role, Role, Phase))
def test_no_role_on_a_team_ever_widens_what_a_token_shows(token, team, phase):
    shown, most = sight(token, phase, team), everything(token, phase)
    assert shown.groups <= most.groups
    assert shown.documents <= most.documents


def test_a_recruiters_token_of_a_screener_shows_no_name():
    shown = readable_fields(sight(Role.RECRUITER, Phase.RUNNING, Role.SCREENER))
    assert shown == GROUPS["professional"]


@pytest.mark.parametrize("group", Group)
def test_a_group_shows_its_fields_and_no_others(group):
    assert readable_fields(Sight(frozenset({group}))) == GROUPS[group.value]


def test_no_sight_shows_no_field():
    assert readable_fields(Sight(documents=frozenset(DocumentKind))) == frozenset()


@pytest.mark.parametrize(
    ("role", "fields"),
    [
        (Role.RECRUITER, EVERY_FIELD),
        (Role.OFFICER, EVERY_FIELD),
        (
            Role.INTERVIEWER,
            GROUPS["identity"]
            | GROUPS["professional"]
            | GROUPS["free_text"]
            | GROUPS["assessments"],
        ),
        (Role.SCREENER, GROUPS["professional"]),
        (Role.SOURCER, GROUPS["identity"] | GROUPS["contact"] | GROUPS["professional"]),
        (Role.WEBSITE, set()),
        (Role.PURGER, set()),
        (Role.ADMIN, set()),
        (Role.OPERATOR, set()),
    ],
)
def test_the_widest_sight_is_the_union_over_the_phases(role, fields):
    assert widest_sight(role) == fields


@pytest.mark.parametrize("action", Action)
def test_every_action_has_a_permission_and_somebody_may_take_it(action):
    assert PERMISSIONS[action]


def test_the_permissions_are_these():
    assert {
        action.value: {role.value for role in roles} for action, roles in PERMISSIONS.items()
    } == {action: set(roles.split()) for action, roles in PERMITTED.items()}


@pytest.mark.parametrize(("role", "action"), product(Role, Action))
def test_a_role_may_do_what_is_listed_and_nothing_else(role, action):
    try:
        demand(role, action)
    except Forbidden:
        allowed = False
    else:
        allowed = True
    assert allowed is (role.value in PERMITTED[action.value].split())


@pytest.mark.parametrize("role", Role)
def test_an_action_nobody_thought_of_is_forbidden_to_all(role):
    with pytest.raises(Forbidden):
        demand(role, "open-the-vault")


def test_the_operator_is_never_a_tokens_role():
    assert TOKEN_ROLES | {Role.OPERATOR} == set(Role)
    assert Role.OPERATOR not in TOKEN_ROLES


def test_what_only_the_command_line_does_no_token_can():
    command_line = {action for action, roles in PERMISSIONS.items() if roles == {Role.OPERATOR}}
    assert command_line == {
        Action.MANAGE_KEYS,
        Action.VERIFY_RETENTION,
        Action.ERASE_AGAIN,
        Action.DELIVER_EVENTS,
        Action.PRINT_REGISTER,
    }


def test_only_the_officer_states_a_purpose_that_is_not_the_roles_own():
    own = {Purpose("selection"), Purpose("talent-pool"), Purpose("own-record")}
    assert set(Purpose) - own == OFFICER_PURPOSES
