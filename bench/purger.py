"""The process that purges, on the database of the settings it is given.

It says when it is ready, begins when it is told, and purges run by run until nothing is left or
the seconds are over. If nothing is left it scrubs, and in the end it says what it did.
"""

import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection
from time import perf_counter

from bench.forks import FORKS
from bench.measures import forget_peak, peak_bytes, resident_bytes
from service.app import create_app
from service.cli.root import at_work, new_case
from service.config.settings import load_settings
from service.storage.database import db
from service.telemetry.logs import configure_logs
from service.usecases.case import House
from service.usecases.purges import run_purge
from service.usecases.scrubbing import finish_run

UNLIMITED = 1e9
ONE_RUN = 1e-9  # the seconds are over before it ends


@dataclass(frozen=True)
class Purged:
    """What a process purged: the seconds of its runs, of the longest one, and of its scrubbing."""

    records: int
    remaining: int
    seconds: float
    longest: float
    scrubbing: float
    growth_bytes: int


class Purger:
    """A purging process, ready to begin."""

    def __init__(self, environment: dict[str, str], seconds: float = UNLIMITED) -> None:
        self._pipe, theirs = FORKS.Pipe()
        self._process = FORKS.Process(target=_work, args=(environment, seconds, theirs))
        self._process.start()
        theirs.close()
        self._pipe.recv()

    def begin(self) -> None:
        self._pipe.send("begin")

    def result(self) -> Purged | None:
        """What it did, once it is through; None if it failed."""
        try:
            purged: Purged = self._pipe.recv()
        except EOFError:
            return None
        finally:
            self._process.join()
        return purged


def _work(environment: dict[str, str], seconds: float, pipe: Connection) -> None:
    configure_logs("error", sys.stderr)
    app = create_app(load_settings(environment))
    with at_work(app):
        pipe.send("ready")
        pipe.recv()
        pipe.send(purge(app.extensions["kluis"], seconds))


def purge(house: House, seconds: float) -> Purged:
    """Purge in this process."""
    forget_peak()
    before, records, remaining, runs = resident_bytes(), 0, 1, [0.0]
    while remaining and sum(runs) < seconds:
        began = perf_counter()
        run = run_purge(new_case(house))
        db.session.remove()
        runs.append(perf_counter() - began)
        records, remaining = records + run.purged, run.remaining
    growth, began = peak_bytes() - before, perf_counter()
    if not remaining:
        finish_run(house, db.session())
    scrubbing = perf_counter() - began
    return Purged(records, remaining, sum(runs), max(runs), scrubbing, growth)
