"""The records that everything is measured on: twenty fields, four kilobytes, sealed and plain."""

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import tee
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import create_engine

from bench.loading import Row, load, parts, settle
from bench.twins import ordinary
from service.crypto.keyring import Keyring
from service.domain.ids import uuid7
from service.domain.policy import Action, Role
from service.domain.retention import purge_on
from service.domain.tokens import digest, mint
from service.domain.words import Channel, ProcedureKind, Status
from service.storage.tables import (
    ApiToken,
    Application,
    AuditEvent,
    Procedure,
    RecordKey,
    TeamMember,
    sealed_column,
)
from tests.factories import FullFieldsFactory

A_PROCEDURE = 100  # records
RECRUITERS = 1_000  # who read, each the records of his own procedure
SAMPLES = 64
FIELDS, BYTES = 20, 4_096  # of each record, as JSON
# What every record has beside its fields, as the twin keeps it.
_OUTSIDE = {"id", "procedure_id", "status", "received_at", "purge_on"}
AT_ONCE = 10_000  # sealed and stored; as many are kept in memory until their keys are stored
ENDS_AFTER = timedelta(days=90)


@dataclass(frozen=True)
class Dataset:
    """So many records, a hundred to a procedure; their ids are the same sealed and plain."""

    count: int
    now: datetime
    tokens: tuple[str, ...] = field(repr=False)

    @property
    def ends_on(self) -> date:
        return (self.now + ENDS_AFTER).date()

    def record_id(self, number: int) -> UUID:
        return _id(self.now, b"a", number)

    def procedure_id(self, number: int) -> UUID:
        return _id(self.now, b"p", number)

    def reads(self, seed: int) -> Iterator[int]:
        """Numbers of records, as they come, all of them in reach of the recruiters."""
        reachable = min(self.count, RECRUITERS * A_PROCEDURE)
        chance = random.Random(seed)  # noqa: S311  # not a secret: the same for each side
        while True:
            yield chance.randrange(reachable)


def dataset(count: int) -> Dataset:
    recruiters = min(RECRUITERS, -(-count // A_PROCEDURE))
    tokens = tuple(mint(Role.RECRUITER, os.urandom(32)) for _ in range(recruiters))
    return Dataset(count, datetime.now(UTC).replace(microsecond=0), tokens)


def _id(now: datetime, kind: bytes, number: int) -> UUID:
    moment = now - timedelta(days=30) + timedelta(milliseconds=number)
    return uuid7(moment, kind * 4 + number.to_bytes(4, "big"))


@cache
def samples() -> tuple[dict[str, Any], ...]:
    """The values of some records; the rest have the same, sealed anew."""
    return tuple(_sample(number) for number in range(SAMPLES))


def twenty_fields() -> dict[str, Any]:
    """Values of those fields that the twin has: what the catalogue gains since changes nothing."""
    full: dict[str, Any] = FullFieldsFactory(notes=[{"text": "Goed gesprek.", "by": "r-7"}])
    names = {column.name for column in ordinary.Record.__table__.columns} - _OUTSIDE
    if len(names) != FIELDS:
        raise RuntimeError(f"a record has {FIELDS} fields, the twin's {len(names)}")
    return {name: value for name, value in full.items() if name in names}


def _sample(number: int) -> dict[str, Any]:
    values = twenty_fields()
    values["email"] = f"sollicitant{number}@example.org"
    job = {
        "organisation": "Voorbeeld B.V.",
        "position": "Ontwikkelaar",
        "started": "2016-10-01",
        "description": "Bouwde en onderhield software voor gemeenten in het noorden. " * 4,
    }
    values["work_experience"] = [job, {**job, "started": "2012"}, {**job, "started": "2009-05"}]
    values["education"] = [{**values["education"][0], "description": "Met lof afgerond. " * 12}] * 2
    values["other"] = "Vrijwilliger bij de plaatselijke codeclub. " * 8
    missing = BYTES - sum(len(orjson.dumps(value)) for value in values.values())
    values["motivation"] = (values["motivation"] + " Graag werk ik mee." * 200)[
        : max(len(values["motivation"]) + missing, 10)
    ]
    return values


def fill_kluis(url: str, keyring: Keyring, data: Dataset) -> None:
    """Sealed, each under its own key, with a recruiter to each of the first procedures."""
    engine = create_engine(url)
    procedures = range(-(-data.count // A_PROCEDURE))
    load(engine, Procedure.__table__, (_procedure(data, number) for number in procedures))
    recruiters = range(len(data.tokens))
    load(engine, ApiToken.__table__, (_token(data, number) for number in recruiters))
    load(engine, TeamMember.__table__, (_member(data, number) for number in recruiters))
    for part in parts(range(data.count), AT_ONCE):
        sealed, kept = tee(_sealed(keyring, data, number) for number in part)
        load(engine, Application.__table__, (row for row, _ in sealed))
        load(engine, RecordKey.__table__, (key for _, key in kept))
        load(engine, AuditEvent.__table__, (_submitted(data, number) for number in part))
    engine.dispose()
    settle(url)


def fill_twin(url: str, data: Dataset) -> None:
    """The same in the clear."""
    engine = create_engine(url)
    ordinary.Base.metadata.create_all(engine)
    load(engine, ordinary.Record.__table__, (plain(data, n) for n in range(data.count)))
    engine.dispose()
    settle(url)


def _procedure(data: Dataset, number: int) -> Row:
    return {
        "id": data.procedure_id(number),
        "kind": ProcedureKind.VACANCY,
        "reference": f"V-{number}",
        "title": "Ontwikkelaar",
        "opened_on": data.now.date(),
        "ends_on": data.ends_on,
        "version": 1,
    }


def _token(data: Dataset, number: int) -> Row:
    return {
        "id": _id(data.now, b"t", number),
        "digest": digest(data.tokens[number]),
        "role": Role.RECRUITER,
        "subject": f"recruiter-{number}",
        "created_at": data.now,
        "created_by": "bench",
        "expires_at": data.now + timedelta(days=30),
    }


def _member(data: Dataset, number: int) -> Row:
    member = {"procedure_id": data.procedure_id(number), "subject": f"recruiter-{number}"}
    return {**member, "role": Role.RECRUITER}


def _sealed(keyring: Keyring, data: Dataset, number: int) -> tuple[Row, Row]:
    record_id, procedure_id = data.record_id(number), data.procedure_id(number // A_PROCEDURE)
    seal, values = keyring.new_record(record_id), samples()[number % SAMPLES]
    kek_id, wrapped = keyring.wrap(seal, procedure_id)
    row = {
        "id": record_id,
        "procedure_id": procedure_id,
        "channel": Channel.WEBSITE,
        "status": Status.RECEIVED,
        "received_at": data.now,
        "statement_version": "2025-08-04",
        "purge_on": purge_on(data.ends_on, consented=False),
        "email_index": keyring.index.email(procedure_id, f"sollicitant{number}@example.org"),
        "index_key_id": keyring.index.key_id,
        "version": 1,
        **{sealed_column(name): blob for name, blob in seal.seal_all(values).items()},
    }
    return row, {"application_id": record_id, "kek_id": kek_id, "wrapped": wrapped}


def _submitted(data: Dataset, number: int) -> Row:
    """What the audit says of the record's coming in."""
    return {
        "id": _id(data.now, b"e", number),
        "at": data.now - timedelta(days=30) + timedelta(milliseconds=number),
        "role": Role.WEBSITE,
        "subject": "hr-site",
        "action": Action.SUBMIT_APPLICATION,
        "outcome": "allowed",
        "application_ids": [str(data.record_id(number))],
        "fields": [],
        "shown": 0,
        "details": {},
        "request_id": _id(data.now, b"r", number),
    }


def plain(data: Dataset, number: int) -> Row:
    values = samples()[number % SAMPLES]
    return {
        "id": data.record_id(number),
        "procedure_id": data.procedure_id(number // A_PROCEDURE),
        "status": "received",
        "received_at": data.now,
        "purge_on": purge_on(data.ends_on, consented=False),
        **values,
        "birth_date": date.fromisoformat(values["birth_date"]),
    }
