"""The CPU time of sealing and opening one record of twenty fields, its keys included."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from statistics import median
from time import process_time
from uuid import uuid4

from bench.measures import Measure
from bench.sizes import Size
from service.crypto.keyring import KeyPurpose, Keyring, make_key
from tests.factories import FullFieldsFactory

ROUNDS, RECORDS = 9, 1_500
SEAL_GOAL, OPEN_GOAL = 100.0, 80.0


def measure(_size: Size) -> Iterator[Measure]:
    values = FullFieldsFactory(notes=[{"text": "Goed gesprek.", "by": "recruiter-7"}])
    if len(values) != 20:  # noqa: PLR2004  # the goal says so
        raise RuntimeError(f"the goal is for 20 fields, these are {len(values)}")
    ring = Keyring([make_key(purpose, datetime.now(UTC)) for purpose in KeyPurpose])
    application_id, procedure_id = uuid4(), uuid4()

    def seal() -> tuple[str, bytes, dict[str, bytes]]:
        record = ring.new_record(application_id)
        sealed = {name: record.seal(name, value) for name, value in values.items()}
        return *ring.wrap(record, procedure_id), sealed

    kek_id, wrapped, sealed = seal()

    def open_all() -> dict[str, object]:
        record = ring.open_record(application_id, procedure_id, kek_id, wrapped)
        return {name: record.open(name, blob) for name, blob in sealed.items()}

    if open_all() != values:
        raise RuntimeError("what was opened is not what was sealed")
    yield Measure("20 fields sealed, with their key", "µs CPU", _microseconds(seal), SEAL_GOAL)
    yield Measure("20 fields opened, with their key", "µs CPU", _microseconds(open_all), OPEN_GOAL)


def _microseconds(work: Callable[[], object]) -> float:
    """The median round's CPU time for one call."""
    return median(_round(work) for _ in range(ROUNDS)) / RECORDS * 1e6


def _round(work: Callable[[], object]) -> float:
    began = process_time()
    for _ in range(RECORDS):
        work()
    return process_time() - began
