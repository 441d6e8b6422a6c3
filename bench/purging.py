"""The purge: beside a bare DELETE, beside a reader, by several workers, its memory, its growth."""

from collections.abc import Iterator, Sequence
from functools import partial
from statistics import median, quantiles

import psycopg

from bench.databases import KINDS, Databases, databases, migrated
from bench.due import Filled, fill, filled
from bench.load import Side, drive
from bench.measures import MEBIBYTE, Measure
from bench.purge_floor import bare_delete
from bench.purger import Purged, Purger
from bench.records import A_PROCEDURE, Dataset, dataset, fill_kluis
from bench.rounds import ratio
from bench.served import Service, service
from bench.sizes import Size
from service.crypto.keyring import Keyring
from tests.harness.postgres import libpq_url

MOST_ROUNDS = 5
GOAL, GOAL_LARGE, LARGE = 1.3, 1.15, 1_000_000  # to a bare DELETE; from so many due on
WORKERS = (1, 2, 4)
FEW, MANY, GOAL_MB = 1_000, 20_000, 5.0
GROWTH = (10_000, 100_000, 1_000_000)
READ = 1_000  # records that a reader reads
GOAL_P99 = 3.0
PURGED_A_SECOND = 10_000  # more than any machine does


def measure(size: Size) -> Iterator[Measure]:
    for kind in KINDS:
        due = size.records if kind == "PostgreSQL" else size.records_sqlite
        with databases(kind) as room:
            with filled(room, due) as data:
                yield from _beside_the_floor(data, min(size.rounds, MOST_ROUNDS))
                if kind == "PostgreSQL":
                    yield from _workers(data)
            yield from _beside_a_reader(room, size)
            yield from _memory(room)


def growth(size: Size) -> Iterator[Measure]:
    """What a purged record costs where ten thousand are due, a hundred thousand, a million."""
    with databases("PostgreSQL") as room:
        for due in GROWTH:
            if due <= max(size.records, GROWTH[0]):
                with filled(room, due) as data:
                    seconds = _purge(data).seconds
                    yield Measure(f"purge of {due:,}: a record", "µs", seconds / due * 1e6)


def _purge(data: Filled) -> Purged:
    """The real purge on a fresh copy, to its end."""
    with data.copy() as environment:
        purger = Purger(environment)
        purger.begin()
        purged = purger.result()
    if purged is None or purged.records != data.due:
        raise RuntimeError(f"of {data.due} due records was purged: {purged}")
    return purged


def _beside_the_floor(data: Filled, rounds: int) -> Iterator[Measure]:
    """Both in turn; the scrubbing by itself, for the floor leaves what it deleted in the files."""
    ours: list[Purged] = []
    floor: list[float] = []
    for number in range(rounds):
        if number % 2:
            ours.append(_purge(data))
        with data.copy() as environment:
            floor.append(bare_delete(environment["KLUIS_DATABASE_URL"], data.due))
        if not number % 2:
            ours.append(_purge(data))
    what, times = f"purge of {data.due:,}, {data.room.kind}", [one.seconds for one in ours]
    most = GOAL_LARGE if data.due >= LARGE else GOAL
    goal = most if data.room.server else None
    yield ratio(f"{what}: time, to a bare DELETE", times, floor, most=goal)
    yield _median(f"{what}: a record", "µs", [time / data.due * 1e6 for time in times])
    yield _median(f"{what}: a bare DELETE, a record", "µs", [one / data.due * 1e6 for one in floor])
    yield _median(f"{what}: longest transaction", "ms", [one.longest * 1e3 for one in ours])
    yield _median(f"{what}: scrubbing behind it", "s", [one.scrubbing for one in ours])


def _median(what: str, unit: str, found: Sequence[float]) -> Measure:
    return Measure(what, unit, median(found), spread=(min(found), max(found)))


def _workers(data: Filled) -> Iterator[Measure]:
    """Several processes on the same records: each has one receipt, and no process fails."""
    for count in WORKERS:
        what = f"purge of {data.due:,} by {count}"
        with data.copy() as environment:
            purgers = [Purger(environment) for _ in range(count)]
            for purger in purgers:
                purger.begin()
            found = [purger.result() for purger in purgers]
            wrong = _wrong(environment["KLUIS_DATABASE_URL"], data.due, found)
        yield Measure(f"{what}: failures, deadlocks, records not purged once", "", wrong, most=0)
        yield Measure(f"{what}: time", "s", max(one.seconds for one in found if one))


def _wrong(url: str, due: int, found: Sequence[Purged | None]) -> int:
    """How many processes failed, how many deadlocks there were, and by how many records we err."""
    receipts, left, deadlocks = (
        "SELECT count(*) FROM purge_receipt",
        "SELECT count(*) FROM application WHERE purge_on <= CURRENT_DATE",
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()",
    )
    with psycopg.connect(libpq_url(url)) as connection:
        counts = [connection.execute(q).fetchall()[0][0] for q in (receipts, left, deadlocks)]
    purged = sum(one.records for one in found if one)
    return found.count(None) + abs(due - counts[0]) + abs(due - purged) + counts[1] + counts[2]


def _beside_a_reader(room: Databases, size: Size) -> Iterator[Measure]:
    """One who reads running applications, while others are purged and while they are not."""
    rounds = min(size.rounds, MOST_ROUNDS)
    due = int(rounds * size.seconds * PURGED_A_SECOND)
    data, url = dataset(READ), migrated(room.new("read"))
    quiet: list[float] = []
    during: list[float] = []
    with service(url, partial(_fill_both, url, data, due)) as kluis:
        side = Side("kluis", kluis.port, _reads(data), kluis.process.pid)
        drive(side, size.seconds, 1)  # what is only needed once
        for _ in range(rounds):
            quiet.append(_p99(side, size.seconds))
            during.append(_p99_beside_a_purge(side, kluis, size.seconds))
    goal = GOAL_P99 if room.server else None
    yield _median(f"a reader's p99, {room.kind}: quiet", "ms", quiet)
    yield _median(f"a reader's p99, {room.kind}: beside a purge", "ms", during)
    yield ratio(f"a reader's p99, {room.kind}: to a quiet one", during, quiet, most=goal)


def _fill_both(url: str, data: Dataset, due: int, keyring: Keyring) -> None:
    fill_kluis(url, keyring, data)
    fill(url, keyring, due)


def _reads(data: Dataset) -> Iterator[bytes]:
    for number in data.reads(seed=5):
        token = data.tokens[number // A_PROCEDURE]
        path = f"/v1/applications/{data.record_id(number)}"
        yield (
            f"GET {path} HTTP/1.1\r\nHost: kluis\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        )


def _p99_beside_a_purge(side: Side, kluis: Service, seconds: float) -> float:
    purger = Purger(kluis.environment, seconds)
    purger.begin()
    found = _p99(side, seconds)
    purged = purger.result()
    if purged is None or not purged.remaining:
        raise RuntimeError("the purge failed, or was over before the reading was")
    return found


def _p99(side: Side, seconds: float) -> float:
    """In milliseconds, of one connection."""
    return quantiles(drive(side, seconds, 1).latencies, n=100)[98] * 1e3


def _memory(room: Databases) -> Iterator[Measure]:
    """As much for twenty thousand due records as for one thousand."""
    rises = []
    for due in (FEW, MANY):
        with filled(room, due) as data:
            rises.append(_purge(data).growth_bytes / MEBIBYTE)
    yield Measure(f"purge of {FEW:,}, {room.kind}: growth", "MB", rises[0])
    beyond = rises[1] - rises[0]
    yield Measure(f"purge of {MANY:,}, {room.kind}: growth beyond that", "MB", beyond, GOAL_MB)
