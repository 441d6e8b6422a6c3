"""Documents: sealed while they arrive, stored in one short transaction, served chunk by chunk."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import IO, Self
from uuid import UUID

from service.crypto.documents import SEALED_CHUNK_BYTES, DocumentOpener, DocumentSealer, chunk_count
from service.crypto.seals import RecordSeal
from service.domain.bsn import holds_bsn
from service.domain.catalogue import DocumentKind
from service.domain.errors import (
    Conflict,
    Fault,
    Forbidden,
    Invalid,
    NotFound,
    TooLarge,
    Unavailable,
    Unreadable,
)
from service.domain.media import LEADING_BYTES, media_type_of
from service.domain.policy import Action, Purpose, Role, Sight
from service.domain.words import Event
from service.storage import documents
from service.storage.applications import Found
from service.storage.tables import Document
from service.usecases.case import Case
from service.usecases.frame import usecase
from service.usecases.reach import open_seal, sight_of
from service.usecases.records import get_record, lock_record, state_purpose
from service.usecases.stored_documents import (
    Download,
    damage_alarmed,
    demand_opening,
    download,
    label_of,
    name_field,
    name_of_document,
    stored_document,
)
from service.usecases.telling import tell_systems
from service.usecases.views import view_of

WEBSITE_ADDS_WITHIN = timedelta(hours=1)
# Two chunks at a time: at each write or read this thread lets others go first. Every file that is
# on its way in has such a buffer.
_BUFFER_BYTES = 2 * SEALED_CHUNK_BYTES


class Upload:
    """A file on its way in: what is written to it is sealed at once and kept sealed.

    The sealed chunks wait in a temporary file without a name; their key is in memory only, so
    that nothing of an upload that breaks off can ever be read. Its digest takes as long as its
    sealing, and is taken where it is asked for.
    """

    def __init__(self, most_bytes: int, *, digested: bool = False) -> None:
        self._sealer = DocumentSealer()
        with _room(), ExitStack() as files:
            self._sealed: IO[bytes] = files.enter_context(
                tempfile.TemporaryFile(buffering=_BUFFER_BYTES)
            )
            self._files = files.pop_all()
        self._most_bytes = most_bytes
        self._leading = b""
        self._digest = sha256() if digested else None
        self.kind = DocumentKind.OTHER
        self.name = ""

    @property
    def size(self) -> int:
        return self._sealer.size

    @property
    def key(self) -> bytes:
        return self._sealer.key

    @property
    def media_type(self) -> str | None:
        return media_type_of(self._leading)

    @property
    def digest(self) -> bytes:
        """Of the plaintext, if it is taken; only a keyed digest over it ever leaves the process."""
        return self._digest.digest() if self._digest else b""

    def write(self, data: bytes) -> int:
        """Seal what arrived; TooLarge as soon as it is more than a document may be."""
        if self.size + len(data) > self._most_bytes:
            raise TooLarge(f"A document holds at most {self._most_bytes:,} bytes here.")
        if len(self._leading) < LEADING_BYTES:
            self._leading = (self._leading + data)[:LEADING_BYTES]
        if self._digest:
            self._digest.update(data)
        with _room():
            for sealed in self._sealer.write(data):
                self._sealed.write(sealed)
        return len(data)

    def sealed_chunks(self) -> Iterator[bytes]:
        """The whole document in sealed chunks, once."""
        with _room():
            self._sealed.write(self._sealer.finish())
            self._sealed.seek(0)
        while chunk := self._sealed.read(SEALED_CHUNK_BYTES):
            yield chunk

    def close(self) -> None:
        with suppress(OSError):  # what finds no room to wait, when nobody waits for it any more
            self._files.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def _room() -> Iterator[None]:
    """Turn a full or missing directory for temporary files into Unavailable."""
    try:
        yield
    except OSError as error:
        raise Unavailable from error


@dataclass(frozen=True)
class DocumentView:
    """What is told of a document; `name` is null where it does not open."""

    id: UUID
    kind: DocumentKind
    name: str | None
    media_type: str
    size: int
    added_at: datetime


def upload_faults(upload: Upload, pointer: str) -> list[Fault]:
    """What is not acceptable about a file that has arrived whole."""
    if upload.size == 0:
        return [Fault(pointer, "empty")]
    if upload.media_type is None:
        return [Fault(pointer, "not-an-accepted-kind-of-file")]
    if holds_bsn(upload.name):
        return [Fault(f"{pointer}/name", "looks-like-bsn")]
    return []


def store_upload(case: Case, seal: RecordSeal, upload: Upload) -> Document:
    """Store a sealed upload with the record of `seal`."""
    row = Document(
        id=case.new_id(),
        application_id=seal.application_id,
        kind=upload.kind,
        media_type=upload.media_type,
        size=upload.size,
        added_at=case.now,
    )
    row.sealed_name = seal.seal(name_field(row.id), upload.name)
    row.header = seal.wrap_document_key(label_of(row), upload.key)
    case.session.add(row)
    case.session.flush()
    documents.store_chunks(case.session, row.id, upload.sealed_chunks())
    return row


def copy_of(case: Case, found: Found, document_id: UUID, pointer: str) -> Upload:
    """A document of this record as an upload for another: sealed anew, under a key of its own."""
    row = documents.find_document(case.session, found.application.id, document_id)
    if row is None:
        raise Invalid(faults=[Fault(pointer, "unknown")])
    upload = Upload(max(row.size, case.house.settings.max_file_bytes))
    with ExitStack() as closing:
        closing.callback(upload.close)
        try:
            with damage_alarmed(case, row):
                _fill(case, upload, found, row)
        except Unreadable:
            raise Invalid(faults=[Fault(pointer, "does-not-open")]) from None
        closing.pop_all()  # from here on it is the caller's to close
    return upload


def _fill(case: Case, upload: Upload, found: Found, row: Document) -> None:
    seal = open_seal(case, found)
    key = seal.unwrap_document_key(label_of(row), row.header)
    chunks = documents.iterate_chunks(case.session, row.id)
    for chunk in DocumentOpener(key).open_all(chunks, chunk_count(row.size)):
        upload.write(chunk)
    upload.name = str(seal.open(name_field(row.id), row.sealed_name))
    upload.kind = row.kind


@usecase(Action.ADD_DOCUMENT)
def add_document(case: Case, application_id: UUID, upload: Upload) -> DocumentView:
    """Add a document: the website within the hour of intake, recruiter and officer at any time."""
    found = lock_record(case, application_id)
    if case.principal.role is Role.WEBSITE:
        if case.now >= found.application.received_at + WEBSITE_ADDS_WITHIN:
            raise Conflict("too-late")
    else:
        _demand_kind(sight_of(case, found), upload.kind)
    present = documents.count_documents(case.session, application_id)
    if present >= case.house.settings.max_files:
        raise TooLarge(f"This application has its {present} documents, as many as may be.")
    seal = open_seal(case, found)
    _count_on(found)  # before the document, with which it then goes to the database
    row = store_upload(case, seal, upload)
    case.entry.details = {"document_id": str(row.id)}
    case.keep_answer_under(seal)
    return view_of(DocumentView, row, name=upload.name)


@usecase(Action.LIST_DOCUMENTS, one_moment=True)
def list_documents(case: Case, application_id: UUID) -> list[DocumentView]:
    """The documents that the reader may see, with their names."""
    found = get_record(case, application_id)
    seen = sight_of(case, found)
    state_purpose(case)
    case.disclose([application_id], ["documents"])
    rows = documents.list_documents(case.session, [application_id], seen.documents)
    return [view_document(case, found, row) for row in rows]


@usecase(Action.READ_DOCUMENT, one_moment=True)
def read_document(case: Case, application_id: UUID, document_id: UUID) -> Download:
    """One document, to be streamed. Its first chunk is opened before anything is promised."""
    found = get_record(case, application_id)
    row = _get_document(case, found, document_id)
    state_purpose(case)
    case.disclose([application_id], [f"document:{row.kind}"])
    case.entry.details = {"document_id": str(row.id)}
    document = stored_document(case, found, row)
    first = documents.read_chunks(case.session, row.id, 0)
    demand_opening(case, document, first)
    return download(case, document, first)


@usecase(Action.REMOVE_DOCUMENT)
def remove_document(case: Case, application_id: UUID, document_id: UUID) -> None:
    """Remove a document, as a correction."""
    found = lock_record(case, application_id)
    row = _get_document(case, found, document_id)
    case.purpose = Purpose.CORRECTION
    case.entry.details = {"document_id": str(row.id)}
    case.session.delete(row)
    tell_systems(case, [application_id], Event.CORRECTED)  # no recipient is given documents
    _count_on(found)


def view_document(case: Case, found: Found, row: Document) -> DocumentView:
    """What is told of this document."""
    return view_of(DocumentView, row, name=name_of_document(case, found, row))


def _count_on(found: Found) -> None:
    """A document that comes or goes changes the record, and moves no date of it."""
    found.application.version += 1


def _get_document(case: Case, found: Found, document_id: UUID) -> Document:
    row = documents.find_document(case.session, found.application.id, document_id)
    if row is None or row.kind not in sight_of(case, found).documents:
        raise NotFound
    return row


def _demand_kind(seen: Sight, kind: DocumentKind) -> None:
    if kind not in seen.documents:
        raise Forbidden(
            "This kind of document is not for this role.", [Fault("/kind", "not-for-this-role")]
        )
