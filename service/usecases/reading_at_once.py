"""Reading in the ordinary case, at a fraction of its cost: one statement is the whole transaction.

It demands what the use case demands, and puts the same into the audit. None asks for the long way,
in which whatever is not ordinary is decided and told.
"""

from collections.abc import Sequence
from uuid import UUID

from service.domain.policy import Purpose, Role
from service.domain.retention import Phase, end_of, phase_of
from service.storage.database import unavailable_when_failing
from service.storage.reading import (
    Reader,
    ReadRow,
    ReadRows,
    list_and_audit,
    list_same_email,
    read_and_audit,
)
from service.storage.slices import Slice
from service.usecases.case import Case
from service.usecases.paging import Page, next_after
from service.usecases.reach import open_key
from service.usecases.records import open_each
from service.usecases.shown import ApplicationItem, ApplicationView
from service.usecases.views import view_of


def read_at_once(case: Case, application_id: UUID) -> ApplicationView | None:
    """One application with all that its reader may see, if he is on its team."""
    with unavailable_when_failing():
        reader = _reader(case)
        found = _within_budget(case, read_and_audit(case.session, reader, application_id))
    if found is None:
        return None
    (row,) = found.rows
    values, unreadable = _opened(case, row)
    phase = _phase(case, row)
    return view_of(ApplicationView, row, phase=phase, fields=values, unreadable=unreadable)


def list_at_once(case: Case, procedure_id: UUID, asked: Slice) -> Page[ApplicationItem] | None:
    """A page of a procedure's candidates with what lists show, if there is any."""
    with unavailable_when_failing():
        reader = _reader(case)
        found = _within_budget(case, list_and_audit(case.session, reader, procedure_id, asked))
        if found is None:
            return None
        shown = found.rows[: asked.limit]
        same = _same_email(case, reader, procedure_id, shown)
    items = [_item(case, reader, row, same) for row in shown]
    return Page(items, next_after(found.rows, asked, lambda row: row.id))


def _reader(case: Case) -> Reader:
    who, house = case.principal, case.house
    case.now, case.today = house.clock.now(), house.clock_date()
    return Reader(
        role=who.role,
        subject=who.subject,
        token_id=who.token_id,
        purpose=Purpose.SELECTION,
        event_id=case.new_id(),
        request_id=case.request_id,
        now=case.now,
        today=case.today,
        budget=house.settings.read_budget,
    )


def _within_budget(case: Case, found: ReadRows | None) -> ReadRows | None:
    """What was read; or TooManyReads, if with what was read in parallel it is too much."""
    if found is not None and not found.within_budget:
        case.demand_budget()
    return found


def _opened(case: Case, row: ReadRow) -> tuple[dict[str, object], list[str]]:
    values, unreadable = open_each(
        lambda: open_key(case, row.id, row.procedure_id, row.kek_id, row.wrapped), row.sealed
    )
    if unreadable:
        case.house.signals.unreadable(unreadable, application_id=row.id)
    return values, unreadable


def _phase(case: Case, row: ReadRow) -> Phase:
    return phase_of(end_of(row.ends_on, row.withdrawn_on), row.purge_on, case.today)


def _same_email(
    case: Case, reader: Reader, procedure_id: UUID, rows: Sequence[ReadRow]
) -> dict[bytes, list[UUID]]:
    """Who applied twice, for recruiters only."""
    indexes = [row.email_index for row in rows if row.email_index is not None]
    if not indexes or not _recruits(reader, rows[0]):
        return {}
    return list_same_email(case.session, reader, procedure_id, indexes)


def _recruits(reader: Reader, row: ReadRow) -> bool:
    return reader.role is row.team_role is Role.RECRUITER


def _item(
    case: Case, reader: Reader, row: ReadRow, same: dict[bytes, list[UUID]]
) -> ApplicationItem:
    values, unreadable = _opened(case, row)
    twins = same.get(row.email_index or b"", [])
    others = [twin for twin in twins if twin != row.id]
    return ApplicationItem(
        id=row.id,
        procedure_id=row.procedure_id,
        status=row.status,
        phase=_phase(case, row),
        received_at=row.received_at,
        purge_on=row.purge_on,
        fields=values,
        unreadable=unreadable,
        possible_duplicates=others if _recruits(reader, row) else None,
    )
