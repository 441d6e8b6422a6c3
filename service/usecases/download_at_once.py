"""Downloads in the ordinary case, by one statement; see reading_at_once.py."""

from collections.abc import Callable
from uuid import UUID

from service.crypto.seals import DocumentLabel
from service.domain.errors import Unreadable
from service.domain.policy import Action
from service.storage.database import driver_transaction, has_driver_cursor, unavailable_when_failing
from service.storage.reading_documents import ReadDocument, read_document_and_audit
from service.usecases.case import Case
from service.usecases.reach import open_key
from service.usecases.reading_at_once import Knock, case_of, demand_budget, reader_of
from service.usecases.stored_documents import Download, StoredDocument, download
from service.usecases.views import view_of


def download_at_once(
    knock: Knock, application_id: UUID, document_id: UUID
) -> tuple[Case, Callable[[], Download]] | None:
    """One document, if the reader is on the team; in the audit, if its first chunk opens."""
    reader = reader_of(knock)
    if not reader.reads(Action.READ_DOCUMENT) or not has_driver_cursor(knock.house.engine):
        return None
    try:
        with unavailable_when_failing(), driver_transaction(knock.house.engine) as cursor:
            found = read_document_and_audit(cursor, reader, application_id, document_id)
            if found is None:
                return None
            case = case_of(knock, reader, Action.READ_DOCUMENT, found.subject, found.token_id)
            case.about(application_id)
            case.entry.details = {"document_id": str(document_id)}
            document = _with_key(case, found)
            next(document.open_all(found.first[:1]))
    except Unreadable:  # and nothing is in the audit yet: the long way raises the alarm
        return None

    def tell() -> Download:
        demand_budget(case, found.shown_lately)
        return download(case, document, found.first)

    return case, tell


def _with_key(case: Case, found: ReadDocument) -> StoredDocument:
    if found.kek_id not in case.house.keyring.current.keys:
        raise Unreadable  # to look for a key may take long, and others wait for this tally
    seal = open_key(case, found.application_id, found.procedure_id, found.kek_id, found.wrapped)
    label = DocumentLabel(found.id, found.kind, found.media_type, found.size)
    return view_of(StoredDocument, found, key=seal.unwrap_document_key(label, found.header))
