"""Serve a twin with Granian: `python -m bench.twins ordinary|bare PORT`."""

import sys

from granian import Granian
from granian.constants import HTTPModes, Interfaces

from bench.twins import THREADS

if __name__ == "__main__":
    name, port = sys.argv[1:]
    Granian(
        f"bench.twins.{name}:create_app",
        factory=True,
        address="127.0.0.1",
        port=int(port),
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=1,
        blocking_threads=THREADS,
        backlog=2048,
        log_enabled=False,
    ).serve()
