"""A toy WSGI app behind the real front and a real Granian: `python -m tests.web.toy PORT`."""

import json
import os
import sys
import threading
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server import Server

from service.domain.errors import TooSlow
from service.web.front import ASGIApp, ClientGone, bounded

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CHUNK = bytes(65536)
BIG = 400 * len(CHUNK)
events: list[str] = []
said = threading.Event()


class Stream:
    """Chunks that note how many were taken, and that they were closed."""

    def __init__(self, name: str, *, chunks: int, breaks: bool = False) -> None:
        self.name, self.chunks, self.breaks, self.taken = name, chunks, breaks, 0

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(self.chunks):
            self.taken += 1
            yield CHUNK
        if self.breaks:
            raise RuntimeError

    def close(self) -> None:
        events.append(f"{self.name} closed, all taken: {self.taken == self.chunks}")


def ahead() -> Iterator[bytes]:
    """What goes on behind its answer, once somebody says so."""
    yield b"first"
    yield b""
    said.wait(5)
    events.append("went on")


def toy(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
    path = environ["PATH_INFO"].strip("/")
    if path in {"big", "abandoned"}:
        start("200 OK", [("Content-Length", str(BIG))])
        return Stream(path, chunks=BIG // len(CHUNK))
    if path == "ahead":
        start("200 OK", [("Content-Length", "5")])
        return ahead()
    if path.startswith("broken"):
        start("200 OK", [("Content-Length", str(BIG))] if "sized" in path else [])
        return Stream(path, chunks=3, breaks=True)
    status, answer = answers(path, environ)
    start(f"{status} {status.phrase}", [("Content-Length", str(len(answer)))])
    return [answer]


def answers(path: str, environ: "WSGIEnvironment") -> tuple[HTTPStatus, bytes]:
    if path == "read":
        return read(environ)
    if path == "environ":
        shown = {key: value for key, value in environ.items() if isinstance(value, str)}
        return HTTPStatus.OK, json.dumps(shown).encode()
    if path == "go":
        said.set()
    if path == "wait":
        events.append("waiting")
        threading.Event().wait(2)
    return HTTPStatus.OK, ";".join(events).encode() if path == "events" else b"fine"


def read(environ: "WSGIEnvironment") -> tuple[HTTPStatus, bytes]:
    size = 0
    try:
        while chunk := environ["wsgi.input"].read(65536):
            size += len(chunk)
    except TooSlow:
        return again(environ)
    except ClientGone:
        events.append("upload broken off")
        raise
    return HTTPStatus.OK, str(size).encode()


def again(environ: "WSGIEnvironment") -> tuple[HTTPStatus, bytes]:
    try:
        environ["wsgi.input"].read()
    except TooSlow:
        return HTTPStatus.REQUEST_TIMEOUT, b"too slow, twice"
    return HTTPStatus.OK, b"the fault was forgotten"


def create() -> ASGIApp:
    return bounded(toy, body_seconds=float(os.environ["SECONDS"]), threads=250)


if __name__ == "__main__":
    Server(
        "tests.web.toy:create",
        factory=True,
        address="127.0.0.1",
        port=int(sys.argv[1]),
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        http1_settings=HTTP1Settings(header_read_timeout=2000),
        workers_kill_timeout=3,
    ).serve()
