"""Reading in the ordinary case, at a fraction of its cost: one statement is the whole transaction.

It authenticates, demands what the use case demands, and puts the same into the audit. None asks for
the long way, in which whatever is not ordinary is decided and told.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from service.domain.ids import ENTROPY_BYTES, uuid7
from service.domain.policy import Action, Purpose, Role
from service.domain.retention import Phase, end_of, phase_of
from service.domain.tokens import claimed_role, digest
from service.storage.database import unavailable_when_failing
from service.storage.reader import Reader
from service.storage.reading import ReadRow, list_and_audit, read_and_audit
from service.storage.slices import Slice
from service.usecases.case import Case, House, Principal
from service.usecases.paging import Page, next_after
from service.usecases.reach import open_key
from service.usecases.records import open_each
from service.usecases.shown import ApplicationItem, ApplicationView
from service.usecases.views import view_of


@dataclass(frozen=True)
class Knock:
    """A request with a well-formed token: whose it is will be known with what it may read."""

    house: House
    open_session: Callable[[], Session]
    token: str
    request_id: UUID


# The case of who asked, now that he is known, and what he is told in it.
Told = tuple[Case, Callable[[], object]]


def read_at_once(knock: Knock, application_id: UUID) -> Told | None:
    """One application with all that its reader may see, if he is on its team."""
    reader = reader_of(knock)
    with unavailable_when_failing():
        found = read_and_audit(knock.house.engine, reader, application_id)
    if found is None:
        return None
    case = case_of(knock, reader, Action.READ_APPLICATION, found.subject, found.token_id)
    case.about(application_id)

    def tell() -> ApplicationView:
        demand_budget(case, found.shown_lately)
        (row,) = found.rows
        values, unreadable = _opened(case, row)
        phase = _phase(case, row)
        return view_of(ApplicationView, row, phase=phase, fields=values, unreadable=unreadable)

    return case, tell


def list_at_once(knock: Knock, procedure_id: UUID, asked: Slice) -> Told | None:
    """A page of a procedure's candidates with what lists show, if there is any."""
    reader = reader_of(knock)
    with unavailable_when_failing():
        found = list_and_audit(knock.house.engine, reader, procedure_id, asked)
    if found is None:
        return None
    case = case_of(knock, reader, Action.LIST_APPLICATIONS, found.subject, found.token_id)
    case.entry.applications = [str(row.id) for row in found.rows[: asked.limit]]
    case.entry.details = {"procedure_id": str(procedure_id)}

    def tell() -> Page[ApplicationItem]:
        demand_budget(case, found.shown_lately)
        items = [_item(case, row) for row in found.rows[: asked.limit]]
        return Page(items, next_after(found.rows, asked, lambda row: row.id))

    return case, tell


def reader_of(knock: Knock) -> Reader:
    """Who reads, as the statement asks for him."""
    house, now = knock.house, knock.house.clock.now()
    return Reader(
        role=claimed_role(knock.token),
        digest=digest(knock.token),
        purpose=Purpose.SELECTION,
        event_id=uuid7(now, os.urandom(ENTROPY_BYTES)),
        request_id=knock.request_id,
        now=now,
        today=house.clock_date(),
        budget=house.settings.read_budget,
    )


def case_of(knock: Knock, reader: Reader, action: Action, subject: str, token_id: UUID) -> Case:
    """His case, now that the statement has told who he is; a refusal may yet come."""
    principal = Principal(reader.role, subject, token_id)
    case = Case(knock.house, knock.open_session, principal, knock.request_id, action=action)
    case.now, case.today = reader.now, reader.today
    return case


def demand_budget(case: Case, shown_lately: int | None) -> None:
    """TooManyReads if, with what he read in parallel, it is too much; exactly, if it may be."""
    if shown_lately is None or shown_lately > case.house.settings.read_budget:
        with unavailable_when_failing():
            case.demand_budget()
            case.session.rollback()  # what follows may be a long download


def _opened(case: Case, row: ReadRow) -> tuple[dict[str, object], list[str]]:
    values, unreadable = open_each(
        lambda: open_key(case, row.id, row.procedure_id, row.kek_id, row.wrapped), row.sealed
    )
    if unreadable:
        case.house.signals.unreadable(unreadable, application_id=row.id)
    return values, unreadable


def _phase(case: Case, row: ReadRow) -> Phase:
    return phase_of(end_of(row.ends_on, row.withdrawn_on), row.purge_on, case.today)


def _item(case: Case, row: ReadRow) -> ApplicationItem:
    values, unreadable = _opened(case, row)
    recruits = case.principal.role is row.team_role is Role.RECRUITER
    others = [twin for twin in row.same_email or () if twin != row.id]
    return ApplicationItem(
        id=row.id,
        procedure_id=row.procedure_id,
        status=row.status,
        phase=_phase(case, row),
        received_at=row.received_at,
        purge_on=row.purge_on,
        fields=values,
        unreadable=unreadable,
        possible_duplicates=others if recruits else None,
    )
