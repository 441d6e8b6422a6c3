"""Reading candidates: only what role, team and phase allow, and only that is opened."""

from collections.abc import Sequence
from uuid import UUID

from service.domain.catalogue import LISTED
from service.domain.errors import NotFound
from service.domain.policy import Action, Role, demand, readable_fields, sight, widest_sight
from service.domain.retention import Phase
from service.storage import applications, procedures
from service.storage.applications import Found
from service.storage.slices import Slice
from service.usecases.case import Case
from service.usecases.frame import usecase
from service.usecases.paging import Page, next_after
from service.usecases.reach import sight_of
from service.usecases.records import demand_fields, get_record, held, open_fields, state_purpose
from service.usecases.shown import ApplicationItem, ApplicationView
from service.usecases.views import view_of


@usecase(Action.READ_APPLICATION, one_moment=True)
def read_application(
    case: Case, application_id: UUID, fields: frozenset[str] | None
) -> ApplicationView:
    """One application; all fields that the reader may see, or those of them that he names."""
    loaded = widest_sight(case.principal.role)
    found = get_record(case, application_id, loaded if fields is None else fields & loaded)
    readable = readable_fields(sight_of(case, found))
    wanted = readable if fields is None else fields
    demand_fields(wanted, readable, "/query/fields")
    state_purpose(case)
    shown = held(found, wanted)
    case.disclose([application_id], shown)
    values, unreadable = open_fields(case, found, sorted(shown))
    return view_of(
        ApplicationView,
        found.application,
        phase=found.phase(case.today),
        fields=values,
        unreadable=unreadable,
    )


@usecase(Action.LIST_APPLICATIONS, one_moment=True)
def list_applications(
    case: Case, procedure_id: UUID, fields: frozenset[str] | None, asked: Slice
) -> Page[ApplicationItem]:
    """A page of a procedure's candidates, each with what its reader may see of it."""
    case.entry.details = {"procedure_id": str(procedure_id)}
    member = procedures.find_member(case.session, procedure_id, case.principal.subject)
    if member is None:
        raise NotFound
    demand(member.role, Action.LIST_APPLICATIONS)
    ended = procedures.has_ended(case.session, procedure_id, case.today)
    phases = set(Phase) - {Phase.RUNNING} if ended else set(Phase)
    loaded = _listed(fields, widest_sight(case.principal.role, phases, member.role))
    rows = applications.list_applications(case.session, procedure_id, case.reach, loaded, asked)
    return _shown_page(case, rows, fields, asked)


@usecase(Action.SEARCH_TALENT_POOL, one_moment=True)
def list_talent_pool(
    case: Case, fields: frozenset[str] | None, asked: Slice
) -> Page[ApplicationItem]:
    """A page of the people who agreed to be found for other work."""
    loaded = _listed(fields, widest_sight(case.principal.role))
    rows = applications.list_talent_pool(case.session, case.reach, loaded, asked)
    return _shown_page(case, rows, fields, asked)


def _listed(fields: frozenset[str] | None, widest: frozenset[str]) -> frozenset[str]:
    """The fields to load: those asked for, or those that lists show; never more than the role's."""
    if fields is None:
        return LISTED & widest
    demand_fields(fields, widest, "/query/fields")
    return fields


def _shown_page(
    case: Case, rows: Sequence[Found], fields: frozenset[str] | None, asked: Slice
) -> Page[ApplicationItem]:
    state_purpose(case)
    shown = rows[: asked.limit]
    visible = {found: held(found, _visible(case, found, fields)) for found in shown}
    case.disclose([found.application.id for found in visible], frozenset().union(*visible.values()))
    same = _possible_duplicates(case, list(visible))
    views = [_item(case, found, visible[found], same) for found in visible]
    return Page(views, next_after(rows, asked, lambda found: found.application.id))


def _visible(case: Case, found: Found, fields: frozenset[str] | None) -> frozenset[str]:
    """The fields of this record that are shown in the list."""
    seen = sight(case.principal.role, found.phase(case.today), found.team_role)
    readable = readable_fields(seen)
    return readable & LISTED if fields is None else readable & fields


def _possible_duplicates(case: Case, shown: Sequence[Found]) -> dict[bytes, list[UUID]]:
    """Who applied twice, for recruiters only: one more query a page, none a row."""
    rows = [found.application for found in shown if found.team_role is Role.RECRUITER]
    indexes = [row.email_index for row in rows if row.email_index is not None]
    if case.principal.role is not Role.RECRUITER or not indexes:
        return {}
    return applications.find_same_email(case.session, rows[0].procedure_id, case.reach, indexes)


def _item(
    case: Case, found: Found, names: frozenset[str], same: dict[bytes, list[UUID]]
) -> ApplicationItem:
    row = found.application
    values, unreadable = open_fields(case, found, sorted(names))
    recruits = case.principal.role is found.team_role is Role.RECRUITER
    twins = same.get(row.email_index or b"", [])
    return view_of(
        ApplicationItem,
        row,
        phase=found.phase(case.today),
        fields=values,
        unreadable=unreadable,
        possible_duplicates=[twin for twin in twins if twin != row.id] if recruits else None,
    )
