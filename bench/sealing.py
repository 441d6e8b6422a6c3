"""The CPU time of sealing: one field beside what one would pick instead, and a record of twenty."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from statistics import median
from time import process_time
from uuid import uuid4

from bench.measures import Measure
from bench.records import twenty_fields
from bench.rounds import ratio
from bench.sizes import Size
from bench.ways import ALONE, OURS, RAW, TOGETHER, UTILS, Way, all_ways
from service.crypto.keyring import KeyPurpose, Keyring, make_key

CALLS = 4_000
ROUNDS = 3  # for one of the other parts'
SEAL_GOAL, OPEN_GOAL = 100.0, 80.0  # µs for twenty fields with their key
MOST_TO_RAW, LEAST_TO_UTILS = 2.0, 8.0

Work = tuple[Callable[[], object], int]  # what is called, and how many fields that is


def measure(size: Size) -> Iterator[Measure]:
    yield from _a_field(all_ways(), ROUNDS * size.rounds)
    yield from _a_record(ROUNDS * size.rounds)


def _a_field(ways: Mapping[str, Way], rounds: int) -> Iterator[Measure]:
    for name, way in ways.items():
        if way.open() != way.gives:
            raise RuntimeError(f"what {name} opens is not what was sealed")
    seals = _alternate({name: (way.seal, way.fields) for name, way in ways.items()}, rounds)
    yield from _compared("200 bytes sealed", seals)
    opens = _alternate({name: (way.open, way.fields) for name, way in ways.items()}, rounds)
    yield from _compared("200 bytes opened", opens)


def _compared(what: str, times: Mapping[str, Sequence[float]]) -> Iterator[Measure]:
    for name, found in times.items():
        yield _told(f"{what}, {name}", found)
    for ours, least in ((OURS, LEAST_TO_UTILS), (ALONE, None)):
        yield ratio(f"{what}, {ours}: time, to {RAW}", times[ours], times[RAW], most=MOST_TO_RAW)
        for name in (name for name in times if name.startswith(UTILS)):
            yield ratio(f"{what}, {name}: time, to {ours}", times[name], times[ours], least=least)


def _a_record(rounds: int) -> Iterator[Measure]:
    """Twenty fields with their key: drawn and wrapped, or unwrapped."""
    values = twenty_fields()
    ring = Keyring([make_key(purpose, datetime.now(UTC)) for purpose in KeyPurpose])
    application_id, procedure_id = uuid4(), uuid4()

    def seal() -> tuple[str, bytes, dict[str, bytes]]:
        record = ring.new_record(application_id)
        return *ring.wrap(record, procedure_id), record.seal_all(values)

    kek_id, wrapped, sealed = seal()

    def open_all() -> dict[str, object]:
        record = ring.open_record(application_id, procedure_id, kek_id, wrapped)
        return record.open_all(sealed)[0]

    if open_all() != values:
        raise RuntimeError("what was opened is not what was sealed")
    times = _alternate({"sealed": (seal, TOGETHER), "opened": (open_all, TOGETHER)}, rounds)
    for verb, most in (("sealed", SEAL_GOAL), ("opened", OPEN_GOAL)):
        records = [TOGETHER * seconds for seconds in times[verb]]
        yield _told(f"20 fields {verb}, with their key", records, most)


def _alternate(works: Mapping[str, Work], rounds: int) -> dict[str, list[float]]:
    """CPU seconds of one field: in each round every work has its turn, in a turning order."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds):
        for place in range(len(works)):
            name = list(works)[(number + place) % len(works)]
            times[name].append(_seconds(*works[name]))
    return times


def _seconds(work: Callable[[], object], fields: int) -> float:
    began = process_time()
    for _ in range(CALLS // fields):
        work()
    return (process_time() - began) / CALLS


def _told(what: str, seconds: Sequence[float], most: float | None = None) -> Measure:
    found = [second * 1e6 for second in seconds]
    return Measure(what, "µs CPU", median(found), most, spread=(min(found), max(found)))
