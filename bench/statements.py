"""How many statements a list takes: as many for a hundred rows as for one."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Engine, event

from bench.databases import KINDS, database
from bench.measures import Measure
from bench.sizes import Size
from service.storage.database import db
from tests.world import World

SIZES = (1, 10, 100)
_SENT = re.compile(r"\tF\t\d+\t(?:Bind|Query)\t")  # as libpq traces it
IN_THE_TALENT_POOL = timedelta(days=40)


def measure(_size: Size) -> Iterator[Measure]:
    for kind in KINDS:
        with database(kind) as url, tempfile.TemporaryDirectory() as directory:
            world = World.make(url, Path(directory), {"KLUIS_READ_BUDGET": "1000000"})
            procedure_id = _fill(world)
            candidates = f"/procedures/{procedure_id}/applications"
            yield _compared(world, kind, candidates, "recruiter")
            if kind == "PostgreSQL":
                sent = _statements(world, candidates, "recruiter", max(SIZES))
                yield Measure(f"applications, {kind}: statements for 100 rows", "", sent, most=1)
            yield _compared(world, kind, "/procedures", "recruiter")
            yield _compared(world, kind, "/audit-events", "officer")
            world.clock.moment += IN_THE_TALENT_POOL
            yield _compared(world, kind, "/talent-pool", "sourcer")
            world.close()


def _fill(world: World) -> UUID:
    """A hundred rows of each kind; the procedure of the applications, which is closed."""
    world.wording()
    procedure_id = world.procedure()
    for number in range(max(SIZES)):
        world.apply(consent={"wording_version": "w1"})
        _post_procedure(world, f"V-{number + 2}")
    world.close_procedure(procedure_id)
    world.clock.moment += timedelta(days=1)
    return procedure_id


def _compared(world: World, kind: str, path: str, role: str) -> Measure:
    counts = [_statements(world, path, role, size) for size in SIZES]
    what = f"{path.rpartition('/')[2]}, {kind}: statements for 100 rows, beyond {counts[0]} for 1"
    return Measure(what, "", max(counts) - counts[0], most=0)


def _post_procedure(world: World, reference: str) -> None:
    body = {"reference": reference, "title": "Tester", "ends_on": "2027-03-01"}
    world.post("/procedures", "recruiter", json=body)


def _statements(world: World, path: str, role: str, size: int) -> int:
    world.token(role)
    with world.app.app_context():
        engine = db.engine
    statements_of = _on_the_wire if engine.dialect.name == "postgresql" else _by_event
    with statements_of(engine) as seen:
        answer = world.get(f"{path}?limit={size}", role)
    if answer.status_code != HTTPStatus.OK or len((answer.json or {})["items"]) != size:
        raise RuntimeError(f"{path} answered {answer.status_code}, not {size} rows")
    return len(seen)


@contextmanager
def _on_the_wire(engine: Engine) -> Iterator[list[str]]:
    """What PostgreSQL's client was told to do, by whatever part of the service, BEGIN as well.

    The list is filled when this ends.
    """
    seen: list[str] = []
    followed: dict[int, psycopg.Connection[Any]] = {}
    with tempfile.NamedTemporaryFile() as trace:

        def follow(connection: "psycopg.Connection[Any]", *_: object) -> None:
            written = os.dup(trace.fileno())  # libpq leaves it open
            connection.pgconn.trace(written)
            followed[written] = connection

        engine.dispose()  # what follows goes over new connections, behind what prepares them
        event.listen(engine, "connect", follow)
        try:
            yield seen
        finally:
            event.remove(engine, "connect", follow)
            for written, connection in followed.items():
                connection.pgconn.untrace()
                os.close(written)
            engine.dispose()
        seen += _SENT.findall(Path(trace.name).read_text(errors="replace"))


@contextmanager
def _by_event(engine: Engine) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
