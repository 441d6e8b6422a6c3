"""The purge beside a bare DELETE and a reader, by several workers, its memory and its growth."""

from collections.abc import Iterator, Sequence

import psycopg

from bench import purge_reader
from bench.copies import Filled, filled
from bench.databases import KINDS, Databases, databases
from bench.measures import MEBIBYTE, Measure
from bench.purge_floor import bare_delete
from bench.purger import Purged, Purger
from bench.rounds import median_of, ratio
from bench.sizes import Size
from tests.harness.postgres import libpq_url

MOST_ROUNDS = 5
GOAL, GOAL_LARGE, LARGE = 1.3, 1.15, 1_000_000  # to a bare DELETE; from so many due on
WORKERS = (1, 2, 4)
FEW, MANY, GOAL_MB = 1_000, 20_000, 5.0


def measure(size: Size) -> Iterator[Measure]:
    for kind in KINDS:
        due = size.records if kind == "PostgreSQL" else size.records_sqlite
        with databases(kind) as room:
            rounds = min(size.rounds, MOST_ROUNDS)
            with filled(room, due) as data:
                yield from _beside_the_floor(data, rounds)
                if kind == "PostgreSQL":
                    yield from _workers(data)
            yield from purge_reader.measure(room, rounds, size.seconds)
            yield from _memory(room)


def growth(size: Size) -> Iterator[Measure]:
    """What a purged record costs, by how many are due."""
    with databases("PostgreSQL") as room:
        for due in size.growth:
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
    yield from _compared(data, ours, floor)


def _compared(data: Filled, ours: Sequence[Purged], floor: Sequence[float]) -> Iterator[Measure]:
    what, times = f"purge of {data.due:,}, {data.room.kind}", [one.seconds for one in ours]
    most = GOAL_LARGE if data.due >= LARGE else GOAL
    goal = most if data.room.server else None
    yield ratio(f"{what}: time, to a bare DELETE", times, floor, most=goal)
    bare = [one / data.due * 1e6 for one in floor]
    yield median_of(f"{what}: a record", "µs", [time / data.due * 1e6 for time in times])
    yield median_of(f"{what}: a record of a bare DELETE", "µs", bare)
    yield median_of(f"{what}: longest transaction", "ms", [one.longest * 1e3 for one in ours])
    yield median_of(f"{what}: scrubbing behind it", "s", [one.scrubbing for one in ours])


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
        times = [one.seconds for one in found if one]
        yield Measure(f"{what}: failures, deadlocks, records not purged once", "", wrong, most=0)
        yield Measure(f"{what}: time", "s", max(times, default=0.0))


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


def _memory(room: Databases) -> Iterator[Measure]:
    """As much for twenty thousand due records as for one thousand."""
    rises = []
    for due in (FEW, MANY):
        with filled(room, due) as data:
            rises.append(_purge(data).growth_bytes / MEBIBYTE)
    yield Measure(f"purge of {FEW:,}, {room.kind}: growth", "MB", rises[0])
    beyond = rises[1] - rises[0]
    yield Measure(f"purge of {MANY:,}, {room.kind}: growth beyond that", "MB", beyond, GOAL_MB)
