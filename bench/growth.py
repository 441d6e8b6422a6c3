"""What a request costs as the records grow: reads, lists and intakes, and the purge of a record."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

from bench import purging
from bench.asked import intakes, lists, reads
from bench.databases import Databases, databases, migrated
from bench.load import Side
from bench.measures import Measure
from bench.records import Dataset, dataset, fill_kluis
from bench.rounds import alternate, ratio
from bench.served import Service, service
from bench.sizes import Size

GOAL = 1.3  # times what it costs among the fewest
Grown = dict[int, tuple[Dataset, Service]]


def measure(size: Size) -> Iterator[Measure]:
    with databases("PostgreSQL") as room, ExitStack() as stack:
        grown = {count: _grown(stack, room, count) for count in size.growth}
        asked: dict[str, Callable[[Dataset, Service], Iterator[bytes]]] = {
            "read": lambda data, _: reads(data),
            "intake": lambda data, served: intakes(data, served.token("website")),
            "list": lambda data, _: lists(data),
        }
        for what, requests in asked.items():
            yield from _compared(what, grown, requests, room, size)
    yield from purging.growth(size)


def _grown(stack: ExitStack, room: Databases, count: int) -> tuple[Dataset, Service]:
    data, url = dataset(count), migrated(room.new(f"kluis-{count}"))
    return data, stack.enter_context(service(url, partial(fill_kluis, url, data=data)))


def _compared(
    what: str,
    grown: Grown,
    requests: Callable[[Dataset, Service], Iterator[bytes]],
    room: Databases,
    size: Size,
) -> Iterator[Measure]:
    sides = [
        Side(str(count), served.port, requests(data, served), served.process.pid, room.pid)
        for count, (data, served) in grown.items()
    ]
    loads = alternate(sides, size.rounds, size.seconds)
    first, *others = grown
    times = {int(name): [1 / one.rate for one in found] for name, found in loads.items()}
    for count in others:
        told = f"{what} among {count:,}: time, to that among {first:,}"
        yield ratio(told, times[count], times[first], most=None if what == "list" else GOAL)
