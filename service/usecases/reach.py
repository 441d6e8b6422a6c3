"""Whether a record is there for who asks, what of it he may see, and the seal to open it."""

from uuid import UUID

from service.crypto.seals import RecordSeal
from service.domain.errors import NotFound
from service.domain.policy import TEAM_ROLES, Role, Sight, demand, sight
from service.storage.applications import Found
from service.storage.procedures import Member
from service.usecases.case import Case, Principal


def reached(case: Case, found: Found | None) -> Found:
    """What was found, if the role on its team allows the action; else it is not there for him."""
    if found is None:
        raise NotFound
    if found.team_role is not None and case.action is not None:
        demand(found.team_role, case.action)
    return found


def member_of(who: Principal) -> Member | None:
    """As whom he must be on the team of a procedure to know of it; None: he knows of all.

    A recruiter's token opens a procedure only where he recruits; the others' wherever they are on
    its team.
    """
    if who.role not in TEAM_ROLES:
        return None
    return Member(who.subject, frozenset({who.role}) if who.role is Role.RECRUITER else TEAM_ROLES)


def sight_of(case: Case, found: Found) -> Sight:
    """What the principal may see of this record today; what shows him nothing is not found."""
    return sight(case.principal.role, found.phase(case.today), found.team_role)


def open_seal(case: Case, found: Found) -> RecordSeal:
    """The seal of a record; Unreadable if its key does not open."""
    row, key = found.application, found.key
    return open_key(case, row.id, row.procedure_id, key.kek_id, key.wrapped)


def open_key(
    case: Case, application_id: UUID, procedure_id: UUID, kek_id: str, wrapped: bytes
) -> RecordSeal:
    """The same, from the parts of a row."""
    return case.ring_holding(kek_id).open_record(application_id, procedure_id, kek_id, wrapped)
