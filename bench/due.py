"""Applications half of which are due today, with what hangs on them, and copies of their database.

Due and kept ones lie next to each other, as they came in; all are sealed alike. A record's values
are random bytes of the size of its seals: nothing opens them here.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from sqlalchemy import create_engine, make_url

from bench.databases import Databases
from bench.records import A_PROCEDURE, BYTES, FIELDS, Row, load, parts, settle
from bench.served import KLUIS
from service.crypto.keyring import KeyPurpose, Keyring
from service.crypto.keyring_files import read_keyring_file
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
from tests.harness.postgres import drop_database, libpq_url

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


@dataclass(frozen=True)
class Filled:
    """A database with due records that copies are taken of, and the settings to work on one."""

    room: Databases
    url: str
    due: int
    environment: dict[str, str]

    @contextmanager
    def copy(self) -> Iterator[dict[str, str]]:
        """The settings of a fresh copy, which is thrown away."""
        copied = _copied_file(self.url) if self.room.server is None else _copied(self.url)
        try:
            yield {**self.environment, "KLUIS_DATABASE_URL": copied}
        finally:
            _drop(self.room, copied)


@contextmanager
def filled(room: Databases, due: int) -> Iterator[Filled]:
    """A new database with a keyring of its own, and so many due among as many that stay."""
    with tempfile.TemporaryDirectory(prefix="kluis-bench-") as directory:
        url, keyring_file = room.new(f"due-{due}"), Path(directory, "keyring.json")
        chosen = {"KLUIS_DATABASE_URL": url, "KLUIS_KEYRING_FILE": str(keyring_file)}
        environment = {**os.environ, **chosen}
        subprocess.run([KLUIS, "init"], env=environment, check=True, capture_output=True)  # noqa: S603  # ours
        fill(url, read_keyring_file(keyring_file), due)
        yield Filled(room, url, due, environment)


def _copied(url: str) -> str:
    """A copy on the same server, file by file: it lies on the disk before anything is measured."""
    source = make_url(url)
    copy = source.set(database=f"{source.database}_copy")
    command = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
        sql.Identifier(str(copy.database)), sql.Identifier(str(source.database))
    )
    maintenance = libpq_url(source.set(database="postgres").render_as_string(hide_password=False))
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(command)
    return copy.render_as_string(hide_password=False)


def _copied_file(url: str) -> str:
    copy = f"{url}-copy"
    shutil.copyfile(_file(url), _file(copy))
    return copy


def _drop(room: Databases, url: str) -> None:
    if room.server is not None:
        drop_database(room.server.url, url)
        return
    for suffix in ("", "-wal", "-shm"):
        Path(f"{_file(url)}{suffix}").unlink(missing_ok=True)


def _file(url: str) -> str:
    return str(make_url(url).database)
