"""Serve a twin: `python -m bench.twins ordinary|bare PORT front|wsgi`.

Behind the front that Kluis has, on the same Granian; or on Granian's own WSGI server, which bounds
no body and waits for no slow client, to tell what the front costs.
"""

import sys
from importlib import import_module
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces

from bench.twins import BODY_SECONDS, THREADS
from service.web.front import ASGIApp, bounded

WAYS: dict[str, dict[str, Any]] = {
    "front": {"interface": Interfaces.ASGINL},
    "wsgi": {"interface": Interfaces.WSGI, "blocking_threads": THREADS},
}


def behind_front() -> ASGIApp:
    """What a server process runs: the twin named on the command line, behind the front."""
    twin = import_module(f"bench.twins.{sys.argv[1]}")
    return bounded(twin.create_app().wsgi_app, body_seconds=BODY_SECONDS, threads=250)


if __name__ == "__main__":
    name, port, way = sys.argv[1:]
    Granian(
        "bench.twins.__main__:behind_front" if way == "front" else f"bench.twins.{name}:create_app",
        factory=True,
        address="127.0.0.1",
        port=int(port),
        http=HTTPModes.http1,
        websockets=False,
        workers=1,
        backlog=2048,
        log_enabled=False,
        **WAYS[way],
    ).serve()
