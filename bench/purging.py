"""The purge beside a bare DELETE and a reader, by several workers, its memory and its growth."""

from collections.abc import Iterator, Sequence
from statistics import median

import psycopg

from bench import purge_reader
from bench.copies import Filled, filled
from bench.databases import Databases, databases
from bench.measures import MEBIBYTE, Measure
from bench.purge_floor import bare_delete
from bench.purger import ONE_RUN, UNLIMITED, Purged, Purger
from bench.rounds import median_of, ratio
from bench.sizes import Size
from service.usecases.purges import MOST_COUNTED
from tests.harness.postgres import libpq_url

ROUNDS = 3  # each of two copies of all the records
GOAL, GOAL_LARGE, LARGE = 1.3, 1.15, 1_000_000  # to a bare DELETE; from so many due on
WORKERS = (1, 2, 4)
GOAL_MB = 5.0


def measure(size: Size) -> Iterator[Measure]:
    for kind, due in size.records.items():
        with databases(kind) as room:
            with filled(room, due) as data:
                ours, floor = _beside_the_floor(data)
                yield from _compared(data, ours, floor)
                yield from _memory(data, ours)
                if kind == "PostgreSQL":
                    yield from _workers(data)
            pace = due / min(one.seconds for one in ours)
            yield from purge_reader.measure(room, due, size.seconds, pace)


def seconds_a_record(room: Databases, due: int) -> float:
    """What it costs to purge one record where so many are due, for the growth."""
    with filled(room, due) as data:
        return _purge(data).seconds / due


def _purge(data: Filled, seconds: float = UNLIMITED) -> Purged:
    """The real purge on a fresh copy, to its end unless the time is limited."""
    with data.copy() as environment:
        purger = Purger(environment, seconds)
        purger.begin()
        purged = purger.result()
    left = None if purged is None else min(data.due - purged.records, MOST_COUNTED)
    if purged is None or purged.remaining != left:
        raise RuntimeError(f"of {data.due} due records was purged: {purged}")
    return purged


def _beside_the_floor(data: Filled) -> tuple[list[Purged], list[float]]:
    """Both in turn; the scrubbing by itself, for the floor leaves what it deleted in the files."""
    ours: list[Purged] = []
    floor: list[float] = []
    for number in range(ROUNDS):
        if number % 2:
            ours.append(_purge(data))
        with data.copy() as environment:
            floor.append(bare_delete(environment["KLUIS_DATABASE_URL"], data.due))
        if not number % 2:
            ours.append(_purge(data))
    return ours, floor


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
        asked = (receipts, left, deadlocks)
        counts = [int(connection.execute(query).fetchall()[0][0]) for query in asked]
    purged = sum(one.records for one in found if one)
    return found.count(None) + abs(due - counts[0]) + abs(due - purged) + counts[1] + counts[2]


def _memory(data: Filled, ours: Sequence[Purged]) -> Iterator[Measure]:
    """As much for all that is due as for the thousand records of one run."""
    rise = _purge(data, ONE_RUN).growth_bytes / MEBIBYTE
    yield Measure(f"purge in one run, {data.room.kind}: growth", "MB", rise)
    beyond = [one.growth_bytes / MEBIBYTE - rise for one in ours]
    what = f"purge of {data.due:,}, {data.room.kind}: growth beyond that"
    yield Measure(what, "MB", median(beyond), GOAL_MB, spread=(min(beyond), max(beyond)))
