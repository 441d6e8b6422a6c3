"""What things cost as the records grow: to read, take in and list, and to verify and purge one.

Unless the size is quick, it is drawn in docs/growth.svg.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from time import perf_counter

from bench import purging
from bench.asked import intakes, lists, reads
from bench.databases import Databases, databases, migrated
from bench.forks import kluis
from bench.load import Side
from bench.measures import Measure
from bench.plot import draw
from bench.records import Dataset, dataset, fill_kluis
from bench.rounds import alternate, median_of, ratio
from bench.served import Service, service
from bench.sizes import Size

GOAL = 1.3  # times what it costs among the fewest
WITH_GOAL = ("read", "intake")
VERIFICATIONS = 3  # at most
ASKED: dict[str, Callable[[Dataset, Service], Iterator[bytes]]] = {
    "read": lambda data, _: reads(data),
    "intake": lambda data, served: intakes(data, served.token("website")),
    "list": lambda data, _: lists(data),
}

Grown = Mapping[int, tuple[Dataset, Service]]
Times = Mapping[int, Sequence[float]]  # seconds of each round, by the number of records


def measure(size: Size) -> Iterator[Measure]:
    found: dict[str, Times] = {}
    for what, times in _all_times(size):
        found[what] = times
        yield from _told(what, times)
    if not size.is_quick:
        draw(found)


def _all_times(size: Size) -> Iterator[tuple[str, Times]]:
    with databases("PostgreSQL") as room:
        with ExitStack() as stack:
            grown = {count: _grown(stack, room, count) for count in size.growth}
            yield "verify", _verify_times(grown, min(size.rounds, VERIFICATIONS))
            for what, requests in ASKED.items():
                yield what, _request_times(grown, requests, room, size)
        yield "purge", {due: [purging.seconds_a_record(room, due)] for due in size.growth}


def _grown(stack: ExitStack, room: Databases, count: int) -> tuple[Dataset, Service]:
    data, url = dataset(count), migrated(room.new(f"kluis-{count}"))
    return data, stack.enter_context(service(url, partial(fill_kluis, url, data=data)))


def _request_times(
    grown: Grown,
    requests: Callable[[Dataset, Service], Iterator[bytes]],
    room: Databases,
    size: Size,
) -> Times:
    sides = [
        Side(str(count), served.port, requests(data, served), served.process.pid, room.pid)
        for count, (data, served) in grown.items()
    ]
    loads = alternate(sides, size.rounds, size.seconds)
    return {int(name): [1 / one.rate for one in found] for name, found in loads.items()}


def _verify_times(grown: Grown, rounds: int) -> Times:
    """Of a record, by `kluis retention verify`, with the command's own start."""
    times: dict[int, list[float]] = {count: [] for count in grown}
    for _ in range(rounds):
        for count, (_, served) in grown.items():
            began = perf_counter()
            kluis(served.environment, "retention", "verify")
            times[count].append((perf_counter() - began) / count)
    return times


def _told(what: str, times: Times) -> Iterator[Measure]:
    first, *others = times
    for count, found in times.items():
        microseconds = [time * 1e6 for time in found]
        yield median_of(f"{what} among {count:,}: time", "µs", microseconds)
    for count in others:
        told = f"{what} among {count:,}: time, to that among {first:,}"
        yield ratio(told, times[count], times[first], most=GOAL if what in WITH_GOAL else None)
