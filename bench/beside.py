"""Kluis beside its plaintext twins: reads, lists, intakes and documents, in alternating rounds."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from itertools import count, cycle, islice
from random import Random
from uuid import UUID

import orjson

from bench.databases import KINDS, databases, migrated
from bench.load import Load, Side
from bench.measures import Measure
from bench.records import A_PROCEDURE, Dataset, dataset, fill_kluis, fill_twin, samples
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
LISTED = 100


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
    for kind in KINDS:
        with _stage(kind, size) as stage:
            goals = kind == "PostgreSQL"
            yield from _reads(stage, size, kind, goals=goals)
            yield from _lists(stage, size, kind, goals=goals)
            yield from _intakes(stage, size, kind, goals=goals)
            yield from _documents(stage, size, kind, goals=goals)


@contextmanager
def _stage(kind: str, size: Size) -> Iterator[Stage]:
    data = dataset(size.records if kind == "PostgreSQL" else size.records_sqlite)
    with ExitStack() as stack:
        room = stack.enter_context(databases(kind))
        ours, theirs = migrated(room.new("kluis")), room.new("twin")
        fill_twin(theirs, data)
        furnish = partial(_furnish, ours, data)
        kluis = stack.enter_context(service(ours, furnish))
        ports, pids = {"kluis": kluis.port}, {"kluis": kluis.process.pid}
        for name in ("ordinary", "bare") if kind == "PostgreSQL" else ("ordinary",):
            ports[name], pids[name] = stack.enter_context(twin(name, theirs))
        yield Stage(data, kluis, kluis.token("website"), ports, pids, room.pid)


def _furnish(url: str, data: Dataset, keyring: object) -> None:
    fill_kluis(url, keyring, data)  # type: ignore[arg-type]


def _reads(stage: Stage, size: Size, kind: str, *, goals: bool) -> Iterator[Measure]:
    """Twenty fields of one record: authorised, audited and opened, or just read."""
    data = stage.data

    def ours() -> Iterator[bytes]:
        for number in data.reads(seed=1):
            token = data.tokens[number // A_PROCEDURE]
            yield _get(f"/v1/applications/{data.record_id(number)}", token)

    def theirs() -> Iterator[bytes]:
        for number in data.reads(seed=1):
            yield _get(f"/candidates/{data.record_id(number)}")

    sides = [stage.side(name, ours() if name == "kluis" else theirs()) for name in stage.ports]
    loads = alternate(sides, size.rounds, size.seconds)
    yield from _compared("read", kind, loads, {"ordinary": 2.0, "bare": 0.5} if goals else {})


def _lists(stage: Stage, size: Size, kind: str, *, goals: bool) -> Iterator[Measure]:
    """A hundred candidates with four fields each."""
    data = stage.data

    def ours() -> Iterator[bytes]:
        for number in data.reads(seed=2):
            procedure = number // A_PROCEDURE
            path = f"/v1/procedures/{data.procedure_id(procedure)}/applications?limit={LISTED}"
            yield _get(path, data.tokens[procedure])

    def theirs() -> Iterator[bytes]:
        for number in data.reads(seed=2):
            procedure_id = data.procedure_id(number // A_PROCEDURE)
            yield _get(f"/procedures/{procedure_id}/candidates?limit={LISTED}")

    sides = [stage.side("kluis", ours()), stage.side("ordinary", theirs())]
    loads = alternate(sides, size.rounds, size.seconds)
    yield from _compared("list", kind, loads, {"ordinary": 1.0} if goals else {})


def _intakes(stage: Stage, size: Size, kind: str, *, goals: bool) -> Iterator[Measure]:
    """A new record of twenty fields."""
    bodies = [
        {name: value for name, value in sample.items() if name != "notes"} for sample in samples()
    ]

    def requests(path: str, reference: Callable[[int], str], token: str = "") -> Iterator[bytes]:
        for number, chosen in zip(count(), stage.data.reads(seed=3), strict=False):
            fields = {**bodies[number % len(bodies)], "email": f"nieuw{number}@example.org"}
            body = {"procedure_reference": reference(chosen // A_PROCEDURE), "fields": fields}
            yield _post(path, orjson.dumps(body), "application/json", token, f"in-{number}")

    sides = [
        stage.side("kluis", requests("/v1/applications", lambda n: f"V-{n}", stage.website)),
        stage.side("ordinary", requests("/candidates", lambda n: str(stage.data.procedure_id(n)))),
    ]
    loads = alternate(sides, size.rounds, size.seconds)
    yield from _compared("intake", kind, loads, {"ordinary": 0.85} if goals else {})


def _documents(stage: Stage, size: Size, kind: str, *, goals: bool) -> Iterator[Measure]:
    """Two megabytes up, and down again."""
    data, names = stage.data, ("kluis", "ordinary")

    def up(name: str) -> Iterator[bytes]:
        for number in data.reads(seed=4):
            token = data.tokens[number // A_PROCEDURE] if name == "kluis" else ""
            yield _post(_documents_of(name, data.record_id(number)), FORM, FORM_TYPE, token)

    def down(name: str) -> Iterator[bytes]:
        made = [
            (stage.added(name, number), data.tokens[number // A_PROCEDURE])
            for number in islice(data.reads(seed=5), DOWNLOADED)
        ]
        yield from (_get(path, token if name == "kluis" else "") for path, token in cycle(made))

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


def _get(path: str, token: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: kluis\r\n{_authorization(token)}\r\n".encode()


def _post(path: str, body: bytes, media_type: str, token: str = "", key: str = "") -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: kluis\r\n{_authorization(token)}"
        f"Content-Type: {media_type}\r\nContent-Length: {len(body)}\r\n"
    )
    return (head + (f"Idempotency-Key: {key}\r\n" if key else "") + "\r\n").encode() + body


def _authorization(token: str) -> str:
    return f"Authorization: Bearer {token}\r\n" if token else ""
