"""Portability (GDPR art. 20): what the applicant supplied, to be taken along."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from service.domain.catalogue import PORTABLE, DocumentKind
from service.domain.errors import Unreadable
from service.domain.policy import Action, readable_fields
from service.domain.words import Channel, RequestKind
from service.storage import documents
from service.storage.applications import Found
from service.storage.tables import Document
from service.usecases.answering import list_waiting
from service.usecases.case import Case
from service.usecases.frame import usecase
from service.usecases.reach import sight_of
from service.usecases.records import get_record, held, open_fields, state_purpose
from service.usecases.stored_documents import (
    StoredDocument,
    key_of_document,
    name_of_document,
    opened,
)
from service.usecases.views import view_of


@dataclass(frozen=True)
class PortableDocument:
    """A file of the archive, under its generated name; `name` is what the applicant called it."""

    file: str
    kind: DocumentKind
    name: str | None
    media_type: str
    size: int
    added_at: datetime


@dataclass(frozen=True)
class PortableApplication:
    """What the applicant supplied. `unreadable` names the fields and files that are damaged."""

    id: UUID
    exported_at: datetime
    received_at: datetime
    channel: Channel
    statement_version: str
    purge_on: date
    fields: dict[str, object]
    documents: list[PortableDocument]
    unreadable: list[str]


@dataclass(frozen=True)
class SuppliedDocument(StoredDocument):
    """A stored document, and what the applicant called it."""

    name: str | None
    added_at: datetime

    @property
    def file(self) -> str:
        """Where it stands in the archive."""
        return f"documents/{self.filename}"


@dataclass(frozen=True)
class Portable:
    """An application to be taken along, and its documents, which are still to be read.

    `waiting` are the open requests of the applicant who fetches it, which it answers.
    """

    application: PortableApplication
    documents: Sequence[SuppliedDocument]
    waiting: Sequence[UUID]


@usecase(Action.EXPORT_APPLICATION, one_moment=True)
def export_application(case: Case, application_id: UUID) -> Portable:
    """What the applicant supplied, and which documents go with it."""
    found = get_record(case, application_id, PORTABLE)
    seen = sight_of(case, found)
    state_purpose(case)
    names = held(found, readable_fields(seen).intersection(PORTABLE))
    rows = documents.list_documents(case.session, [application_id], seen.documents)
    case.disclose([application_id], names | {f"document:{row.kind}" for row in rows})
    case.entry.details = {"document_ids": [str(row.id) for row in rows]}
    values, unreadable = open_fields(case, found, sorted(names))
    application = view_of(
        PortableApplication,
        found.application,
        exported_at=case.now,
        fields=values,
        documents=[],
        unreadable=unreadable,
    )
    supplied = [_supplied(case, found, row) for row in rows]
    is_whole = not unreadable and all(document.name is not None for document in supplied)
    waiting = list_waiting(case, application_id, RequestKind.PORTABILITY, is_whole=is_whole)
    return Portable(application, supplied, waiting)


def verified(case: Case, found: Portable) -> Portable:
    """The same with those documents that open from end to end; the damaged ones are named.

    Each is read once before anything is promised, so that damage costs the applicant no more than
    what is damaged. NotFound if one was deleted meanwhile.
    """
    whole = [document for document in found.documents if _is_whole(case, document)]
    damaged = [f"documents/{one.kind}-{one.id}" for one in found.documents if one not in whole]
    application = replace(
        found.application,
        documents=[view_of(PortableDocument, document) for document in whole],
        unreadable=[*found.application.unreadable, *damaged],
    )
    waiting = () if damaged else found.waiting
    return replace(found, application=application, documents=whole, waiting=waiting)


def _supplied(case: Case, found: Found, row: Document) -> SuppliedDocument:
    key, name = key_of_document(case, found, row), name_of_document(case, found, row)
    return view_of(SuppliedDocument, row, key=key, name=name)


def _is_whole(case: Case, document: SuppliedDocument) -> bool:
    try:
        deque(opened(case, document), maxlen=0)  # to its end, and nothing of it is kept
    except Unreadable:
        return False
    return True
