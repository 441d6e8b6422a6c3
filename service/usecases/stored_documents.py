"""Documents as they are stored: their names, and their bytes, opened piece by piece."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from service.crypto.documents import DocumentOpener, chunk_count
from service.crypto.seals import DocumentLabel
from service.domain.catalogue import DocumentKind
from service.domain.errors import NotFound, Unreadable
from service.domain.media import extension
from service.storage import documents
from service.storage.applications import Found
from service.storage.database import unavailable_when_failing
from service.storage.tables import Document
from service.usecases.case import Case
from service.usecases.reach import open_seal
from service.usecases.views import view_of


@dataclass(frozen=True)
class StoredDocument:
    """A document as it was found: its row may be gone before its reader is done.

    `key` is None where it does not open.
    """

    id: UUID
    application_id: UUID
    kind: DocumentKind
    media_type: str
    size: int
    key: bytes | None = field(repr=False)

    @property
    def filename(self) -> str:
        """A generated name: the applicant's own has no place in a header or a path."""
        return f"{self.kind}-{self.id}.{extension(self.media_type)}"

    def open_all(self, sealed_chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The bytes in these chunks, which must be all there are; Unreadable if they are not."""
        if self.key is None:
            raise Unreadable
        return DocumentOpener(self.key).open_all(sealed_chunks, chunk_count(self.size))


@dataclass(frozen=True)
class Download:
    """A document to be sent. `chunks` opens it, once, by pieces, each from a short transaction."""

    filename: str
    media_type: str
    size: int
    chunks: Iterator[bytes] = field(repr=False)


def stored_document(case: Case, found: Found, row: Document) -> StoredDocument:
    """The document with its key, to be opened when the row is not looked at any more."""
    return view_of(StoredDocument, row, key=key_of_document(case, found, row))


def key_of_document(case: Case, found: Found, row: Document) -> bytes | None:
    """What opens it, and only as what its row tells; None if that is damaged."""
    try:
        return open_seal(case, found).unwrap_document_key(label_of(row), row.header)
    except Unreadable:
        return None


def name_of_document(case: Case, found: Found, row: Document) -> str | None:
    """What the applicant called it; None, with an alarm, if that does not open."""
    try:
        return str(open_seal(case, found).open(name_field(row.id), row.sealed_name))
    except Unreadable:
        case.unreadable(["document-name"], application_id=found.application.id)
        return None


def demand_opening(case: Case, document: StoredDocument, first: Sequence[bytes]) -> None:
    """Unreadable, with an alarm, if not even the first chunk opens."""
    with damage_alarmed(case, document):
        next(document.open_all(first[:1]), None)


def opened(
    case: Case, document: StoredDocument, first: list[bytes] | None = None
) -> Iterator[bytes]:
    """Its bytes, few chunks at a time: no connection waits for a slow reader.

    The `first` chunks were found together with the document, so that a small one is served whole
    even if it is deleted meanwhile; else it breaks off, where a client notices: NotFound if it was
    deleted or the day is over on which it was asked for, Unreadable, with an alarm, if it is
    damaged.
    """
    with damage_alarmed(case, document):
        yield from document.open_all(_sealed_chunks(case, document, first))


def download(case: Case, document: StoredDocument, first: list[bytes]) -> Download:
    """The document to be sent, of which the first chunks are in hand."""
    return Download(
        document.filename, document.media_type, document.size, opened(case, document, first)
    )


@contextmanager
def damage_alarmed(case: Case, document: Document | StoredDocument) -> Iterator[None]:
    """Raise the alarm for a document that does not open; one that was just deleted is no damage."""
    record_id, document_id = document.application_id, document.id
    try:
        yield
    except Unreadable:
        with unavailable_when_failing():
            is_there = documents.find_document(case.session, record_id, document_id) is not None
            case.session.rollback()
        if not is_there:
            raise NotFound from None
        case.house.signals.unreadable(["document"], application_id=record_id)
        raise


def label_of(row: Document) -> DocumentLabel:
    return DocumentLabel(row.id, row.kind, row.media_type, row.size)


def name_field(document_id: UUID) -> str:
    return f"document-name:{document_id}"


def _sealed_chunks(
    case: Case, document: StoredDocument, first: list[bytes] | None
) -> Iterator[bytes]:
    """All sealed chunks, from the first few on, each few more in a short transaction.

    The last few are asked for with one more than there must be: what was added is seen as well,
    and no other query has to find that there is nothing. None is kept longer than it is waited for,
    not in the list of the `first` either: many may read slowly.
    """
    few, left = documents.CHUNKS_AT_A_TIME, chunk_count(document.size)
    sealed, number, most = first or _read_chunks(case, document.id, 0, few), 0, few
    while sealed:
        is_last = len(sealed) < most
        number, left = number + len(sealed), left - len(sealed)
        while sealed:
            yield sealed.pop(0)
        if is_last:
            return
        if case.house.clock_date() > case.today:  # and with the day, maybe, the record's time
            raise NotFound
        most = few if left > few else left + 1
        sealed = _read_chunks(case, document.id, number, most)


def _read_chunks(case: Case, document_id: UUID, number: int, most: int) -> list[bytes]:
    with unavailable_when_failing():
        return documents.read_chunks_alone(case.house.engine, document_id, number, most)
