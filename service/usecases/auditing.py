"""Reading the audit: who did what, and who saw whom."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service.domain.policy import Action, Purpose, Role
from service.storage.audit import AuditFilter, list_audit_events
from service.storage.slices import Slice
from service.usecases.case import Case
from service.usecases.frame import usecase
from service.usecases.paging import Page, page
from service.usecases.views import view_of


@dataclass(frozen=True)
class AuditView:
    id: UUID
    at: datetime
    role: Role
    subject: str
    action: Action
    outcome: str
    purpose: Purpose | None
    application_ids: list[str]
    fields: list[str]
    details: dict[str, object]
    request_id: UUID


@usecase(Action.READ_AUDIT)
def list_events(case: Case, wanted: AuditFilter, asked: Slice) -> Page[AuditView]:
    """A page of audit events, oldest first."""
    rows = list_audit_events(case.session, wanted, asked)
    return page(rows, asked, lambda row: row.id, lambda row: view_of(AuditView, row))
