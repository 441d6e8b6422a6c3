"""Documents and their sealed chunks.

Chunks are large: PostgreSQL takes and gives them through its driver in the binary form, since the
ordinary way would write each byte of them as two digits, or send each chunk as a statement.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import cast
from uuid import UUID

import psycopg
from sqlalchemy import Engine, Integer, bindparam, func, insert, select
from sqlalchemy.orm import Session

from service.domain.catalogue import DocumentKind
from service.storage.database import (
    AS_BYTES,
    Statement,
    connect_without_transaction,
    driver_cursor,
    driver_statement,
    engine_of,
    has_driver_cursor,
)
from service.storage.tables import Document, DocumentChunk

CHUNKS_AT_A_TIME = 8
_COPY = "COPY document_chunk (document_id, number, sealed) FROM STDIN (FORMAT BINARY)"
_COPIED = "uuid", "int4", "bytea"
_COUNT = select(func.count()).where(Document.application_id == bindparam("application_id"))
_NEXT_CHUNKS = (
    select(DocumentChunk.sealed)
    .where(
        DocumentChunk.document_id == bindparam("document_id"),
        DocumentChunk.number >= bindparam("first"),
        DocumentChunk.number < bindparam("first", type_=Integer()) + bindparam("most"),
    )
    .order_by(DocumentChunk.number)
)


def list_documents(
    session: Session, application_ids: Collection[UUID], kinds: Collection[DocumentKind]
) -> Sequence[Document]:
    """The documents of these kinds with these applications, oldest first."""
    return session.scalars(
        select(Document)
        .where(Document.application_id.in_(application_ids), Document.kind.in_(kinds))
        .order_by(Document.id)
    ).all()


def find_document(session: Session, application_id: UUID, document_id: UUID) -> Document | None:
    query = select(Document).where(Document.id == document_id)
    return session.scalar(query.where(Document.application_id == application_id))


def count_documents(session: Session, application_id: UUID) -> int:
    return session.scalar(_COUNT, {"application_id": application_id}) or 0


def store_chunks(session: Session, document_id: UUID, chunks: Iterable[bytes]) -> None:
    """Store the sealed chunks, a few at a time, so that no document is in memory as a whole."""
    if has_driver_cursor(engine_of(session)):
        connection = cast("psycopg.Connection", session.connection().connection.driver_connection)
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            copy.set_types(_COPIED)
            for number, sealed in enumerate(chunks):
                copy.write_row((document_id, number, sealed))
        return
    numbered = enumerate(chunks)
    while rows := [
        {"document_id": document_id, "number": number, "sealed": sealed}
        for number, sealed in islice(numbered, CHUNKS_AT_A_TIME)
    ]:
        session.execute(insert(DocumentChunk), rows)


def read_chunks(session: Session, document_id: UUID, first: int) -> list[bytes]:
    """The next few sealed chunks from number `first` on; none when there are no more."""
    place = {"document_id": document_id, "first": first, "most": CHUNKS_AT_A_TIME}
    return list(session.scalars(_NEXT_CHUNKS, place, execution_options=AS_BYTES))


def read_chunks_alone(engine: Engine, document_id: UUID, first: int, most: int) -> list[bytes]:
    """At `most` so many, as a transaction of its own: who reads on and on pays for nothing else."""
    place = {"document_id": document_id, "first": first, "most": most}
    if has_driver_cursor(engine):
        with driver_cursor(engine) as cursor:
            return [sealed for (sealed,) in cursor.fetch_all(_next_chunks(), place)]
    with connect_without_transaction(engine) as connection:
        return list(connection.scalars(_NEXT_CHUNKS, place, execution_options=AS_BYTES))


@cache
def _next_chunks() -> Statement:
    return driver_statement(_NEXT_CHUNKS)


def iterate_chunks(session: Session, document_id: UUID) -> Iterator[bytes]:
    """All sealed chunks in order, a few in memory at a time, within one transaction."""
    number = 0
    while some := read_chunks(session, document_id, number):
        yield from some
        number += len(some)
