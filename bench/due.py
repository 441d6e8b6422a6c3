"""Applications half of which are due today, with what hangs on them.

Due and kept ones lie next to each other, as they came in; all are sealed alike. A record's values
are random bytes of the size of its seals: nothing opens them here. So each table is filled by one
statement, from the numbers of its rows, inside the database.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, LargeBinary, case, cast, create_engine

from bench.loading import leave_unchecked, settle
from bench.numbered import Number, Row, hex_of, id_of, insert_numbered
from bench.records import A_PROCEDURE, BYTES, FIELDS
from service.crypto.keyring import KeyPurpose, Keyring
from service.domain.catalogue import CATALOGUE, DocumentKind
from service.domain.words import Channel, ConsentChange, ProcedureKind, Status
from service.storage.tables import (
    Application,
    ConsentEvent,
    ConsentWording,
    Document,
    DocumentChunk,
    Procedure,
    RecordKey,
    sealed_column,
)

DOCUMENTS = 2  # of each application, each of one chunk
WITHDRAWN = 4  # of so many who consented, one withdrew
VALUE = os.urandom(BYTES // FIELDS + 29)  # version, nonce, tag
CHUNK = os.urandom(1_024)
WRAPPED = os.urandom(61)
CONSENTED_FOR = timedelta(days=300)  # what stays does so by consent


def fill(url: str, keyring: Keyring, due: int) -> None:
    """So many due applications, and as many that stay."""
    engine, count = create_engine(url), 2 * due
    with engine.begin() as connection:
        leave_unchecked(connection)
        rows = _Rows(connection, datetime.now(UTC), keyring.active(KeyPurpose.KEK).id)
        for table, number, row in (
            (ConsentWording, 1, rows.wording),
            (Procedure, -(-count // A_PROCEDURE), rows.procedure),
            (Application, count, rows.application),
            (RecordKey, count, rows.key),
            (ConsentEvent, count, rows.consent),
            (ConsentEvent, -(-count // WITHDRAWN), rows.withdrawal),
            (Document, count * DOCUMENTS, rows.document),
            (DocumentChunk, count * DOCUMENTS, rows.chunk),
        ):
            insert_numbered(connection, table.__table__, number, row)
    engine.dispose()
    settle(url)


@dataclass(frozen=True)
class _Rows:
    """The rows of each table by their numbers."""

    connection: Connection
    now: datetime
    kek_id: str

    def id_of(self, kind: str, number: Number) -> ColumnElement[UUID]:
        return id_of(self.connection, self.now - timedelta(days=60), kind, number)

    def wording(self, _number: Number) -> Row:
        texts = {"nl": "Ik geef toestemming."}
        return {"version": "w1", "texts": texts, "names_talent_pool": True, "added_at": self.now}

    def procedure(self, number: Number) -> Row:
        return {
            "id": self.id_of("p", number),
            "kind": ProcedureKind.VACANCY,
            "reference": "D-" + hex_of(self.connection, number, 8),
            "title": "Ontwikkelaar",
            "opened_on": (self.now - timedelta(days=90)).date(),
            "ends_on": (self.now - timedelta(days=30)).date(),
            "version": 1,
        }

    def application(self, number: Number) -> Row:
        """The even ones are due today."""
        today, later = self.now.date(), (self.now + CONSENTED_FOR).date()
        return {
            "id": self.id_of("a", number),
            "procedure_id": self.id_of("p", number // A_PROCEDURE),
            "channel": Channel.WEBSITE,
            "status": Status.REJECTED,
            "received_at": self.now,
            "statement_version": "2025-08-04",
            "purge_on": case((number % 2 == 0, today), else_=later),
            "email_index": cast(hex_of(self.connection, number, 32), LargeBinary),
            "version": 1,
            **{sealed_column(field.name): VALUE for field in CATALOGUE[:FIELDS]},
        }

    def key(self, number: Number) -> Row:
        application_id = self.id_of("a", number)
        return {"application_id": application_id, "kek_id": self.kek_id, "wrapped": WRAPPED}

    def consent(self, number: Number) -> Row:
        return {
            "application_id": self.id_of("a", number),
            "number": 1,
            "change": ConsentChange.GIVEN,
            "at": self.now,
            "wording_version": "w1",
            "channel": Channel.WEBSITE,
            "recorded_by": "website",
        }

    def withdrawal(self, number: Number) -> Row:
        given = self.consent(number * WITHDRAWN)
        return {**given, "number": 2, "change": ConsentChange.WITHDRAWN, "wording_version": None}

    def document(self, number: Number) -> Row:
        kind = case((number % DOCUMENTS == 0, DocumentKind.CV), else_=DocumentKind.LETTER)
        return {
            "id": self.id_of("d", number),
            "application_id": self.id_of("a", number // DOCUMENTS),
            "kind": kind,
            "media_type": "application/pdf",
            "size": len(CHUNK),
            "added_at": self.now,
            "sealed_name": WRAPPED,
            "header": CHUNK[:8],
        }

    def chunk(self, number: Number) -> Row:
        return {"document_id": self.id_of("d", number), "number": 0, "sealed": CHUNK}
