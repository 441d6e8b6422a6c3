"""What readers are shown of applications."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from service.domain.retention import Phase
from service.domain.words import Channel, Status


@dataclass(frozen=True)
class ApplicationView:
    """One application as its reader may see it. A field that is empty is left out of `fields`."""

    id: UUID
    procedure_id: UUID
    channel: Channel
    status: Status
    phase: Phase
    received_at: datetime
    withdrawn_on: date | None
    statement_version: str
    purge_on: date
    version: int
    fields: dict[str, object]
    unreadable: list[str]


@dataclass(frozen=True)
class ApplicationItem:
    """One line of a list. `possible_duplicates` is null for everybody but a recruiter."""

    id: UUID
    procedure_id: UUID
    status: Status
    phase: Phase
    received_at: datetime
    purge_on: date
    fields: dict[str, object]
    unreadable: list[str]
    possible_duplicates: list[UUID] | None
