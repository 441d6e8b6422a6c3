"""Kluis beside its plaintext twins: reads, lists, intakes and documents, in alternating rounds."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from itertools import cycle, islice
from random import Random
from uuid import UUID

import orjson

from bench.asked import get, intakes, lists, plain_intakes, plain_lists, plain_reads, post, reads
from bench.databases import databases, migrated
from bench.load import Load, Side
from bench.measures import Measure
from bench.records import A_PROCEDURE, Dataset, dataset, fill_kluis, fill_twin
from bench.rounds import alternate, ratio, told
from bench.served import Service, service, twin
from bench.sizes import Size

# Compressed inside, as documents are: else PostgreSQL would store the plaintext one in no room.
DOCUMENT = b"%PDF-1.7 " + Random(0).randbytes(2 * 1024 * 1024 - 9)  # noqa: S311  # no secret
FORM_TYPE = "multipart/form-data; boundary=a-boundary"
FORM = (
    b'--a-boundary\r\nContent-Disposition: form-data; name="cv"; filename="cv.pdf"\r\n'
    b"Content-Type: application/pdf\r\n\r\n" + DOCUMENT + b"\r\n--a-boundary--\r\n"
)
DOWNLOADED = 16  # documents, again and again
# On the same server as Kluis; and, unless quick, on Granian's own, which has no front before it.
TWINS = {"PostgreSQL": ("ordinary", "bare"), "SQLite": ("ordinary",)}


@dataclass(frozen=True)
class Stage:
    """Three servers that hold the same records, on one database server."""

    data: Dataset
    kluis: Service
    website: str
    ports: dict[str, int]
    pids: dict[str, int]
    database: int | None

    def side(self, name: str, requests: Iterator[bytes]) -> Side:
        return Side(name, self.ports[name], requests, self.pids[name], self.database)

    def added(self, name: str, number: int) -> str:
        """Where a document is that was just put with this record."""
        path = _documents_of(name, self.data.record_id(number))
        headers = {"Content-Type": FORM_TYPE}
        if name == "kluis":
            headers["Authorization"] = f"Bearer {self.data.tokens[number // A_PROCEDURE]}"
        with closing(HTTPConnection("127.0.0.1", self.ports[name])) as connection:
            connection.request("POST", path, FORM, headers)
            made = orjson.loads(connection.getresponse().read())["id"]
        return f"{path}/{made}" if name == "kluis" else f"/files/{made}"


def measure(size: Size) -> Iterator[Measure]:
    for kind in size.records:
        with _stage(kind, size) as stage:
            goals = kind == "PostgreSQL"
            yield from _reads(stage, size, kind, goals=goals)
            yield from _lists(stage, size, kind, goals=goals)
            yield from _intakes(stage, size, kind, goals=goals)
            yield from _documents(stage, size, kind, goals=goals)


@contextmanager
def _stage(kind: str, size: Size) -> Iterator[Stage]:
    data = dataset(size.records[kind])
    with ExitStack() as stack:
        room = stack.enter_context(databases(kind))
        ours, theirs = migrated(room.new("kluis")), room.new("twin")
        fill_twin(theirs, data)
        kluis = stack.enter_context(service(ours, partial(fill_kluis, ours, data=data)))
        ports, pids = {"kluis": kluis.port}, {"kluis": kluis.process.pid}
        for name, running in _twins(kind, theirs, size):
            ports[name], pids[name] = stack.enter_context(running)
        yield Stage(data, kluis, kluis.token("website"), ports, pids, room.pid)


def _twins(
    kind: str, url: str, size: Size
) -> Iterator[tuple[str, AbstractContextManager[tuple[int, int]]]]:
    for name in TWINS[kind]:
        yield name, twin(name, url)
        if kind == "PostgreSQL" and not size.is_quick:
            yield f"{name} without front", twin(name, url, "wsgi")


def _reads(stage: Stage, size: Size, kind: str, *, goals: bool) -> Iterator[Measure]:
    """Twenty fields of one record: authorised, audited and opened, or just read."""
    sides = [
        stage.side(name, reads(stage.data) if name == "kluis" else plain_reads(stage.data))
        for name in stage.ports
    ]
    loads = alternate(sides, size.rounds, size.seconds)
    yield from _compared("read", kind, loads, {"ordinary": 2.0, "bare": 0.5} if goals else {})


def _lists(stage: Stage, size: Size, kind: str, *, goals: bool) -> Iterator[Measure]:
    """A hundred candidates with four fields each."""
    sides = [
        stage.side("kluis", lists(stage.data)),
        stage.side("ordinary", plain_lists(stage.data)),
    ]
    loads = alternate(sides, size.rounds, size.seconds)
    yield from _compared("list", kind, loads, {"ordinary": 1.0} if goals else {})


def _intakes(stage: Stage, size: Size, kind: str, *, goals: bool) -> Iterator[Measure]:
    """A new record, validated by the same code on both sides."""
    sides = [
        stage.side("kluis", intakes(stage.data, stage.website)),
        stage.side("ordinary", plain_intakes(stage.data)),
    ]
    loads = alternate(sides, size.rounds, size.seconds)
    yield from _compared("intake", kind, loads, {"ordinary": 0.85} if goals else {})


def _documents(stage: Stage, size: Size, kind: str, *, goals: bool) -> Iterator[Measure]:
    """Two megabytes up, and down again."""
    data, names = stage.data, ("kluis", "ordinary")

    def up(name: str) -> Iterator[bytes]:
        for number in data.reads(seed=4):
            token = data.tokens[number // A_PROCEDURE] if name == "kluis" else ""
            yield post(_documents_of(name, data.record_id(number)), FORM, FORM_TYPE, token)

    def down(name: str) -> Iterator[bytes]:
        made = [
            (stage.added(name, number), data.tokens[number // A_PROCEDURE])
            for number in islice(data.reads(seed=5), DOWNLOADED)
        ]
        yield from (get(path, token if name == "kluis" else "") for path, token in cycle(made))

    ups = alternate([stage.side(name, up(name)) for name in names], size.rounds, size.seconds)
    yield from _compared("document up", kind, ups, {})
    downs = alternate([stage.side(name, down(name)) for name in names], size.rounds, size.seconds)
    yield from _compared("document down", kind, downs, {})
    ours, theirs = (
        [1 / (1 / one.rate + 1 / other.rate) for one, other in zip(ups[n], downs[n], strict=True)]
        for n in names
    )
    what = f"document up and down, {kind}: rate, to ordinary"
    yield ratio(what, ours, theirs, least=0.8 if goals else None)


def _documents_of(name: str, record_id: UUID) -> str:
    if name == "kluis":
        return f"/v1/applications/{record_id}/documents"
    return f"/candidates/{record_id}/files"


def _compared(
    what: str, kind: str, loads: dict[str, list[Load]], goals: dict[str, float]
) -> Iterator[Measure]:
    """Ours beside each twin's rate, and all of them in numbers."""
    ours = [load.rate for load in loads["kluis"]]
    for name in loads.keys() - {"kluis"}:
        theirs = [load.rate for load in loads[name]]
        yield ratio(f"{what}, {kind}: rate, to {name}", ours, theirs, least=goals.get(name))
    for name, found in loads.items():
        yield from told(f"{what}, {kind}, {name}", found)
