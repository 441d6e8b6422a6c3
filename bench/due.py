"""Applications half of which are due today, with what hangs on them.

Due and kept ones lie next to each other, as they came in; all are sealed alike. A record's values
are random bytes of the size of its seals: nothing opens them here.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import create_engine

from bench.records import A_PROCEDURE, BYTES, FIELDS, Row, load, parts, settle
from service.crypto.keyring import KeyPurpose, Keyring
from service.domain.catalogue import CATALOGUE, DocumentKind
from service.domain.ids import uuid7
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
VALUE = os.urandom(BYTES // FIELDS + 29)  # version, nonce, tag
CHUNK = os.urandom(1_024)
WRAPPED = os.urandom(61)
CONSENTED_FOR = timedelta(days=300)  # what stays does so by consent


@dataclass(frozen=True)
class DueRecords:
    """`count` applications of which the even ones are due today."""

    count: int
    kek_id: str
    now: datetime

    def id_of(self, kind: bytes, number: int) -> UUID:
        moment = self.now - timedelta(days=60) + timedelta(milliseconds=number)
        return uuid7(moment, kind * 4 + number.to_bytes(4, "big"))

    def purge_on(self, number: int) -> date:
        return (self.now + CONSENTED_FOR * (number % 2)).date()


def fill(url: str, keyring: Keyring, due: int) -> None:
    """So many due applications, and as many that stay."""
    data = DueRecords(2 * due, keyring.active(KeyPurpose.KEK).id, datetime.now(UTC))
    engine = create_engine(url)
    load(engine, ConsentWording.__table__, [_wording(data)])
    procedures = range(-(-data.count // A_PROCEDURE))
    load(engine, Procedure.__table__, (_procedure(data, number) for number in procedures))
    for part in parts(range(data.count)):
        for table, rows in _hanging_together(data, part).items():
            load(engine, table, rows)
    engine.dispose()
    settle(url)


def _hanging_together(data: DueRecords, numbers: Sequence[int]) -> dict[Any, Iterator[Row]]:
    """The rows of these records by table, each table after what it refers to."""
    files = [(number, place) for number in numbers for place in range(DOCUMENTS)]
    return {
        Application.__table__: (_application(data, number) for number in numbers),
        RecordKey.__table__: (_key(data, number) for number in numbers),
        ConsentEvent.__table__: (row for number in numbers for row in _consents(data, number)),
        Document.__table__: (_document(data, *file) for file in files),
        DocumentChunk.__table__: (_chunk(data, *file) for file in files),
    }


def _wording(data: DueRecords) -> Row:
    texts = {"nl": "Ik geef toestemming."}
    return {"version": "w1", "texts": texts, "names_talent_pool": True, "added_at": data.now}


def _procedure(data: DueRecords, number: int) -> Row:
    return {
        "id": data.id_of(b"p", number),
        "kind": ProcedureKind.VACANCY,
        "reference": f"D-{number}",
        "title": "Ontwikkelaar",
        "opened_on": (data.now - timedelta(days=90)).date(),
        "ends_on": (data.now - timedelta(days=30)).date(),
        "version": 1,
    }


def _application(data: DueRecords, number: int) -> Row:
    return {
        "id": data.id_of(b"a", number),
        "procedure_id": data.id_of(b"p", number // A_PROCEDURE),
        "channel": Channel.WEBSITE,
        "status": Status.REJECTED,
        "received_at": data.now,
        "statement_version": "2025-08-04",
        "purge_on": data.purge_on(number),
        "email_index": os.urandom(32),
        "version": 1,
        **{sealed_column(field.name): VALUE for field in CATALOGUE[:FIELDS]},
    }


def _key(data: DueRecords, number: int) -> Row:
    return {"application_id": data.id_of(b"a", number), "kek_id": data.kek_id, "wrapped": WRAPPED}


def _consents(data: DueRecords, number: int) -> Iterator[Row]:
    """Given by all, withdrawn again by every fourth."""
    changes = (ConsentChange.GIVEN, ConsentChange.WITHDRAWN)
    for place, change in enumerate(changes if number % 4 == 0 else changes[:1]):
        yield {
            "application_id": data.id_of(b"a", number),
            "number": place + 1,
            "change": change,
            "at": data.now,
            "wording_version": "w1" if change is ConsentChange.GIVEN else None,
            "channel": Channel.WEBSITE,
            "recorded_by": "website",
        }


def _document(data: DueRecords, number: int, place: int) -> Row:
    return {
        "id": data.id_of(b"d", number * DOCUMENTS + place),
        "application_id": data.id_of(b"a", number),
        "kind": DocumentKind.CV if place == 0 else DocumentKind.LETTER,
        "media_type": "application/pdf",
        "size": len(CHUNK),
        "added_at": data.now,
        "sealed_name": WRAPPED,
        "header": CHUNK[:8],
    }


def _chunk(data: DueRecords, number: int, place: int) -> Row:
    document_id = data.id_of(b"d", number * DOCUMENTS + place)
    return {"document_id": document_id, "number": 0, "sealed": CHUNK}
