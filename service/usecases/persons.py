"""Finding all records of one person, which nobody but the privacy officer can.

Both ways walk the same line, oldest record first, and say where the next call goes on: by e-mail
address through the look-up digests, opening nothing; by name and date of birth by opening names.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from service.domain.persons import Born, Match, match_of
from service.domain.policy import Action
from service.domain.retention import Phase
from service.domain.words import Status
from service.storage import persons
from service.storage.applications import Found
from service.storage.persons import Place
from service.storage.slices import Slice
from service.usecases.case import Case
from service.usecases.frame import usecase
from service.usecases.records import open_fields, state_purpose
from service.usecases.views import view_of

MOST_LOOKED_UP = 10_000
MOST_OPENED = 2_000
_PROCEDURES_AT_ONCE = 500
_COMPARED = {Match.EMAIL: {"email"}, Match.NAME_AND_BIRTH_DATE: {"name", "birth_date"}}


@dataclass(frozen=True)
class PersonMatch:
    """One record that fits, and how well. Nothing of what it holds."""

    application_id: UUID
    procedure_id: UUID
    reference: str | None
    title: str
    status: Status
    phase: Phase
    received_at: datetime
    purge_on: date
    match: Match


@dataclass(frozen=True)
class PersonsFound:
    """What one call found in how many records, how many did not open, and where to go on."""

    items: list[PersonMatch]
    looked_through: int
    unreadable: int
    next: UUID | None


@dataclass(frozen=True)
class _Stretch:
    """What was found in one stretch of the line; with `next`, something lies behind it."""

    matches: Sequence[tuple[Found, Match]]
    looked_through: int
    next: UUID | None
    opened: int = 0
    unreadable: int = 0


@usecase(Action.SEARCH_PERSONS)
def search_persons(case: Case, sought: str | Born, asked: Slice) -> PersonsFound:
    """The records of a person, by his e-mail address or by name and date of birth."""
    state_purpose(case)
    case.keep_no_answer()  # what it found may be gone by then, and counts each time
    if isinstance(sought, str):
        by, stretch = Match.EMAIL, _with_email(case, sought, asked)
    else:
        by, stretch = Match.NAME_AND_BIRTH_DATE, _with_name(case, sought, asked)
    if stretch.matches:
        case.disclose([found.application.id for found, _ in stretch.matches], _COMPARED[by])
    case.entry.details = {
        "by": by,
        "looked_through": stretch.looked_through,
        "opened": stretch.opened,
    }
    items = [_item(case, found, match) for found, match in stretch.matches]
    return PersonsFound(items, stretch.looked_through, stretch.unreadable, stretch.next)


def _with_email(case: Case, address: str, asked: Slice) -> _Stretch:
    places = persons.list_places(case.session, case.reach, Slice(asked.after, MOST_LOOKED_UP))
    line = places[:MOST_LOOKED_UP]
    matches = sorted(_indexed(case, address, line, asked), key=lambda found: found.application.id)
    end = line[-1].application_id if len(places) > len(line) else None
    if len(matches) > asked.limit:
        matches = matches[: asked.limit]
        end = matches[-1].application.id
    looked_through = sum(end is None or place.application_id <= end for place in line)
    return _Stretch([(found, Match.EMAIL) for found in matches], looked_through, end)


def _indexed(case: Case, address: str, line: Sequence[Place], asked: Slice) -> Iterator[Found]:
    """What is indexed under this address along the line: one digest a procedure and index key."""
    ring = case.house.keyring.current
    keys = [ring.index, *ring.other_indexes]
    procedures = list(dict.fromkeys(place.procedure_id for place in line))
    for at in range(0, len(procedures), _PROCEDURES_AT_ONCE):
        some = procedures[at : at + _PROCEDURES_AT_ONCE]
        indexes = [(procedure, key.email(procedure, address)) for procedure in some for key in keys]
        for found in persons.list_with_email(case.session, case.reach, indexes, asked):
            if found.application.id <= line[-1].application_id:
                yield found


def _with_name(case: Case, sought: Born, asked: Slice) -> _Stretch:
    part = Slice(asked.after, MOST_OPENED)
    rows = persons.list_records(case.session, case.reach, ("name", "birth_date"), part)
    matches: list[tuple[Found, Match]] = []
    opened = unreadable = 0
    for found in rows[:MOST_OPENED]:
        match, is_whole = _compared(case, sought, found)
        opened, unreadable = opened + 1, unreadable + (not is_whole)
        if match is not None:
            matches.append((found, match))
        if len(matches) == asked.limit:
            break
    end = rows[opened - 1].application.id if len(rows) > opened else None
    return _Stretch(matches, opened, end, opened, unreadable)


def _compared(case: Case, sought: Born, found: Found) -> tuple[Match | None, bool]:
    """How the record fits, and whether all that was needed opened: its birth date for a namesake.

    One whose birth date does not open fits by its name.
    """
    values, unreadable = open_fields(case, found, ["name"])
    if match_of(sought, values.get("name"), None) is None:
        return None, not unreadable
    born, unreadable = open_fields(case, found, ["birth_date"])
    return match_of(sought, values["name"], born.get("birth_date")), not unreadable


def _item(case: Case, found: Found, match: Match) -> PersonMatch:
    return view_of(
        PersonMatch,
        found.application,
        application_id=found.application.id,
        reference=found.procedure.reference,
        title=found.procedure.title,
        phase=found.phase(case.today),
        match=match,
    )
