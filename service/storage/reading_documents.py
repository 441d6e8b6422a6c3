"""Reading a document in the ordinary case: one statement, as in reading.py.

It gives the document together with its first chunks, so that a small one is served whole.
"""

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, false, func, literal, or_, select, true

from service.domain.catalogue import DocumentKind
from service.domain.policy import Action, Role
from service.storage.applications import sights
from service.storage.database import DriverCursor, Statement, driver_statement
from service.storage.documents import CHUNKS_AT_A_TIME
from service.storage.reader import Column, Reader, counted_up, entered, reached_within_budget
from service.storage.tables import Application, Document, DocumentChunk, RecordKey

# By the names that they have in a ReadDocument; `id` in the query is the application's.
_READ: dict[str, Column] = {
    "application_id": Application.id,
    "id": Document.id.label("document_id"),
    "kind": Document.kind,
    "media_type": Document.media_type,
    "size": Document.size,
    "header": Document.header,
    "procedure_id": Application.procedure_id,
    "kek_id": RecordKey.kek_id,
    "wrapped": RecordKey.wrapped,
}
_NAMES = ("subject", "token_id", *_READ, "shown_lately")


@dataclass(frozen=True)
class ReadDocument:
    """A document that is in the audit as read, what opens it, and its first chunks."""

    subject: str
    token_id: UUID
    application_id: UUID
    id: UUID
    kind: DocumentKind
    media_type: str
    size: int
    header: bytes
    procedure_id: UUID
    kek_id: str
    wrapped: bytes
    shown_lately: int | None
    first: list[bytes] = field(repr=False)


def read_document_and_audit(
    cursor: DriverCursor, reader: Reader, application_id: UUID, document_id: UUID
) -> ReadDocument | None:
    """One document, if the reader is on the team and may see its kind today. None is no reason."""
    place = {"application_id": application_id, "document_id": document_id, "limit": 1}
    values = {**vars(reader), **place}
    rows = cursor.fetch_all(_of_document(reader.role, reader.today), values)
    if not rows:
        return None
    told = dict(zip(_NAMES, rows[0], strict=False))
    first = [sealed for *_, sealed in rows if sealed is not None]
    return ReadDocument(**told | {"kind": DocumentKind(told["kind"])}, first=first)


@lru_cache(maxsize=16)
def _of_document(role: Role, today: date) -> Statement:
    action = Action.READ_DOCUMENT
    query = (
        reached_within_budget(action, role, today, *_READ.values())
        .join(Document, Document.application_id == Application.id)
        .where(
            Application.id == bindparam("application_id"),
            Document.id == bindparam("document_id"),
            _is_seen(role, today),
        )
    )
    page = query.cte("page")
    told: dict[str, ColumnElement[Any]] = {
        "application_ids": func.jsonb_build_array(page.c.id),
        "fields": func.jsonb_build_array(literal("document:").concat(page.c.kind)),
        "shown": literal(1),
        "details": func.jsonb_build_object("document_id", page.c.document_id),
    }
    noted, tallied = entered(action, page, told), counted_up(page)
    chunk = DocumentChunk
    first = and_(chunk.document_id == page.c.document_id, chunk.number < CHUNKS_AT_A_TIME)
    return driver_statement(
        select(*page.c, tallied.c.lately, chunk.sealed)
        .select_from(page.join(noted, true()).join(tallied, true()).outerjoin(chunk, first))
        .order_by(chunk.number)
    )


def _is_seen(role: Role, today: date) -> ColumnElement[bool]:
    """Need to know of documents as a condition: by the role on the team, the phase and the kind."""
    seen = (
        and_(condition, or_(*(Document.kind == kind for kind in sorted(seen.documents))))
        for condition, seen in sights(role, today)
        if seen.documents
    )
    return or_(false(), *seen)
