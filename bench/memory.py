"""The memory of a worker while a document of 25 MB goes up and comes down."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from bench.databases import KINDS, database
from bench.measures import MEBIBYTE, Measure, forget_peak, peak_bytes, resident_bytes
from bench.served import Client, Service, service
from bench.sizes import Size
from tests.factories import FieldsFactory

SMALL, LARGE = MEBIBYTE, 25 * MEBIBYTE
GOAL_MB = 10.0
BLOCK = b"%PDF-1.7 " + b"\x5a" * (65_536 - 9)


def measure(_size: Size) -> Iterator[Measure]:
    for kind in KINDS:
        with database(kind) as url, service(url) as served:
            recruiter = served.client("recruiter")
            path = _application(recruiter)
            _down(recruiter, path, _up(recruiter, path, SMALL))  # what is only needed once
            before = _watch(served)
            document_id = _up(recruiter, path, LARGE)
            yield Measure(f"25 MB up, {kind}: growth", "MB", _rise(served, before), GOAL_MB)
            before = _watch(served)
            _down(recruiter, path, document_id)
            yield Measure(f"25 MB down, {kind}: growth", "MB", _rise(served, before), GOAL_MB)


def _application(recruiter: Client) -> str:
    ends_on = f"{datetime.now(UTC) + timedelta(days=90):%Y-%m-%d}"
    vacancy = {"reference": "V-1", "title": "Tester", "ends_on": ends_on}
    recruiter.call("POST", "/procedures", vacancy)
    body = {"procedure_reference": "V-1", "channel": "email", "fields": FieldsFactory()}
    return f"/applications/{recruiter.call('POST', '/applications', body)['id']}"


def _up(recruiter: Client, path: str, size: int) -> str:
    head = b'--x\r\nContent-Disposition: form-data; name="cv"; filename="cv.pdf"\r\n\r\n'
    tail = b"\r\n--x--\r\n"
    headers = {
        "Content-Type": "multipart/form-data; boundary=x",
        "Content-Length": str(len(head) + size + len(tail)),
    }
    body = (part for part in (head, *[BLOCK] * (size // len(BLOCK)), tail))
    made = json.loads(recruiter.send("POST", f"{path}/documents", body, headers))
    return str(made["id"])


def _down(recruiter: Client, path: str, document_id: str) -> None:
    content = recruiter.send("GET", f"{path}/documents/{document_id}", None, {})
    expected = BLOCK * (len(content) // len(BLOCK))
    if sha256(content).digest() != sha256(expected).digest():
        raise RuntimeError("what came down is not what went up")


def _watch(served: Service) -> dict[int, int]:
    """The workers' memory now; their peaks are counted from here."""
    for pid in served.workers:
        forget_peak(pid)
    return {pid: resident_bytes(pid) for pid in served.workers}


def _rise(served: Service, before: dict[int, int]) -> float:
    return max(peak_bytes(pid) - before[pid] for pid in served.workers) / MEBIBYTE
