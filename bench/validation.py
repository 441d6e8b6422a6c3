"""The CPU time that a body of twenty fields, 4 KB, takes before its use case; for orientation."""

from collections.abc import Callable, Iterator
from statistics import median
from time import process_time

import orjson

from bench.measures import Measure
from bench.records import samples
from bench.sizes import Size
from service.domain.errors import Invalid
from service.domain.record import bsn_faults
from service.web.schemas import Submission, load
from service.web.strict_json import read_json

ROUNDS, CALLS = 15, 100


def measure(_size: Size) -> Iterator[Measure]:
    fields = {name: value for name, value in samples()[0].items() if name != "notes"}
    body = orjson.dumps({"procedure_reference": "V-1", "fields": fields})
    value = read_json(body)
    values = load(Submission, value)["values"]
    yield _told("JSON read strictly", lambda: read_json(body))
    yield _told("fields validated", lambda: load(Submission, value))
    # A text in a number: all that the shorter way for well-formed fields leaves to the schema.
    wrong = {**value, "fields": {**fields, "age": "x"}}
    yield _told("fields refused", lambda: _refused(wrong))
    yield _told("citizen service numbers looked for", lambda: bsn_faults(values))


def _refused(value: object) -> None:
    try:
        load(Submission, value)
    except Invalid:
        return
    raise RuntimeError("what is wrong was taken")


def _told(what: str, work: Callable[[], object]) -> Measure:
    times = [_microseconds(work) for _ in range(ROUNDS)]
    return Measure(what, "µs CPU", median(times), spread=(min(times), max(times)))


def _microseconds(work: Callable[[], object]) -> float:
    began = process_time()
    for _ in range(CALLS):
        work()
    return (process_time() - began) / CALLS * 1e6
