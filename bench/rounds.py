"""Rounds that alternate between the sides, and what is told of them: ratios, never the best."""

from collections.abc import Iterator, Sequence
from statistics import median, quantiles

from bench.load import Load, Side, drive
from bench.measures import Measure

CONNECTIONS = 8
WARM_UP = 1.0  # seconds for what is only needed once


def alternate(sides: Sequence[Side], rounds: int, seconds: float) -> dict[str, list[Load]]:
    """Each side's loads; in each round every side has its turn, in a turning order."""
    for side in sides:
        drive(side, WARM_UP, CONNECTIONS)
    loads: dict[str, list[Load]] = {side.name: [] for side in sides}
    for number in range(rounds):
        for place in range(len(sides)):
            side = sides[(number + place) % len(sides)]
            loads[side.name].append(drive(side, seconds, CONNECTIONS))
    return loads


def ratio(
    what: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    *,
    least: float | None = None,
    most: float | None = None,
) -> Measure:
    """The median of the rounds' ratios, ours to theirs, with its spread."""
    found = [one / other for one, other in zip(ours, theirs, strict=True)]
    return Measure(what, "x", median(found), most, least, (min(found), max(found)))


def median_of(what: str, unit: str, found: Sequence[float]) -> Measure:
    """The median of the rounds, with its spread."""
    return Measure(what, unit, median(found), spread=(min(found), max(found)))


def told(what: str, loads: Sequence[Load]) -> Iterator[Measure]:
    """A side in numbers: the median round's rate, latencies and CPU time a request."""
    rates = [load.rate for load in loads]
    every = [latency for load in loads for latency in load.latencies]
    hundredths = quantiles(every, n=100)
    server = [load.server_cpu / load.requests * 1e6 for load in loads]
    database = [load.database_cpu / load.requests * 1e6 for load in loads]
    yield Measure(f"{what}: rate", "/s", median(rates), spread=(min(rates), max(rates)))
    yield Measure(f"{what}: p50", "ms", hundredths[49] * 1e3)
    yield Measure(f"{what}: p99", "ms", hundredths[98] * 1e3)
    yield Measure(f"{what}: server CPU a request", "µs", median(server))
    if any(database):
        yield Measure(f"{what}: database CPU a request", "µs", median(database))
