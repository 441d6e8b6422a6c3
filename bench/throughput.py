"""How fast a served API answers, for orientation: the clients share the machine with it."""

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from bench.databases import KINDS, database
from bench.measures import Measure
from bench.served import Service, service
from tests.factories import FullFieldsFactory

CLIENTS, SECONDS = 4, 4.0
RECORDS = 50

Request = Callable[[], object]


def measure() -> Iterator[Measure]:
    for kind in KINDS:
        with database(kind) as url, service(url) as served:
            reads = _reads(served)
            yield from _rates(f"reads, {kind}", [reads(number) for number in range(CLIENTS)])
            yield from _rates(f"intakes, {kind}", [_intake(served) for _ in range(CLIENTS)])


def _reads(served: Service) -> Callable[[int], Request]:
    """Readers of the same records, each on a connection of his own."""
    recruiter, intake = served.client("recruiter"), _intake(served)
    ends_on = f"{datetime.now(UTC) + timedelta(days=90):%Y-%m-%d}"
    vacancy = {"reference": "V-1", "title": "Tester", "ends_on": ends_on}
    recruiter.call("POST", "/procedures", vacancy)
    ids = [intake()["id"] for _ in range(RECORDS)]

    def reader(number: int) -> Request:
        client, turn = served.client("recruiter"), iter(range(number, 10**9))
        return lambda: client.call("GET", f"/applications/{ids[next(turn) % RECORDS]}")

    return reader


def _intake(served: Service) -> Callable[[], dict[str, str]]:
    client = served.client("website")

    def post() -> dict[str, str]:
        body = {"procedure_reference": "V-1", "fields": FullFieldsFactory()}
        answer: dict[str, str] = client.call("POST", "/applications", body)
        return answer

    return post


def _rates(what: str, requests: list[Request]) -> Iterator[Measure]:
    """Each request again and again by a thread of its own."""
    until, durations = time.perf_counter() + SECONDS, list[float]()

    def repeat(request: Request) -> None:
        while (began := time.perf_counter()) < until:
            request()
            durations.append(time.perf_counter() - began)

    threads = [threading.Thread(target=repeat, args=[request]) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    hundredths = statistics.quantiles(durations, n=100)
    yield Measure(f"{what}, {CLIENTS} clients", "a second", len(durations) / SECONDS)
    yield Measure(f"{what}: half of them within", "ms", hundredths[49] * 1000)
    yield Measure(f"{what}: 99 of 100 within", "ms", hundredths[98] * 1000)
