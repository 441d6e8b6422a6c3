"""Who reads running applications, while others are purged and while they are not: his p99.

And while a process only counts: what cores that are all at work do to him, whoever works there.
"""

from collections.abc import Iterator
from functools import partial
from itertools import count

from bench.databases import Databases, migrated
from bench.due import fill
from bench.forks import FORKS
from bench.load import Side, drive
from bench.measures import Measure
from bench.purger import Purger
from bench.records import A_PROCEDURE, Dataset, dataset, fill_kluis
from bench.rounds import median_of, ratio
from bench.served import Service, service
from service.crypto.keyring import Keyring
from service.usecases.purges import MOST_PER_RUN

ROUNDS = 3
MARGIN = 1.5  # times what a purge without a reader beside it would get through
READ = 20_000  # records at most
GOAL = 3.0


def measure(room: Databases, records: int, seconds: float, pace: float) -> Iterator[Measure]:
    """Rounds of both in turn, on one connection.

    What is due for all of them is laid in first, by a purge's `pace` here in records a second; a
    purger ends with a whole run.
    """
    due = int(ROUNDS * (seconds * pace * MARGIN + MOST_PER_RUN))
    data, url = dataset(min(records, READ)), migrated(room.new("read"))
    quiet: list[float] = []
    during: list[float] = []
    counting: list[float] = []
    with service(url, partial(_fill_both, url, data, due)) as kluis:
        side = Side("kluis", kluis.port, _reads(data), kluis.process.pid)
        drive(side, seconds, 1)  # what is only needed once
        for _ in range(ROUNDS):
            quiet.append(_p99(side, seconds))
            during.append(_p99_beside_a_purge(side, kluis, seconds))
            counting.append(_p99_beside_counting(side, seconds))
    goal = GOAL if room.server else None
    beside = f"a reader's p99, {room.kind}: beside a process that counts"
    yield median_of(f"a reader's p99, {room.kind}: quiet", "ms", quiet)
    yield median_of(f"a reader's p99, {room.kind}: beside a purge", "ms", during)
    yield median_of(beside, "ms", counting)
    yield ratio(f"a reader's p99, {room.kind}: to a quiet one", during, quiet, most=goal)
    yield ratio(f"{beside}, to a quiet one", counting, quiet)


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


def _p99_beside_counting(side: Side, seconds: float) -> float:
    counter = FORKS.Process(target=_count)
    counter.start()
    try:
        return _p99(side, seconds)
    finally:
        counter.terminate()
        counter.join()


def _count() -> None:
    for _ in count():
        pass


def _p99(side: Side, seconds: float) -> float:
    """In milliseconds, of one connection; of less than a hundred reads it is the slowest."""
    latencies = sorted(drive(side, seconds, 1).latencies)
    return latencies[len(latencies) * 99 // 100] * 1e3
