"""The process that purges: `python -m bench.purger SECONDS`, on the database of its settings.

It says when it is ready, begins when it is told, and purges run by run until nothing is left or
the seconds are over. If nothing is left it scrubs, and in the end it says what it did.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import IO, cast

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
        self._process = subprocess.Popen(  # noqa: S603  # ours
            [sys.executable, "-m", "bench.purger", str(seconds)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        cast("IO[str]", self._process.stdout).readline()

    def begin(self) -> None:
        told = cast("IO[str]", self._process.stdin)
        told.write("begin\n")
        told.flush()

    def result(self) -> Purged | None:
        """What it did, once it is through; None if it failed."""
        said, _ = self._process.communicate()
        return None if self._process.returncode else Purged(**json.loads(said))


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
        finish_run(house, db.session(), db.engine)
    scrubbing = perf_counter() - began
    return Purged(records, remaining, sum(runs), max(runs), scrubbing, growth)


def main() -> None:
    configure_logs("error", sys.stderr)
    app = create_app(load_settings(os.environ))
    with at_work(app):
        print("ready", flush=True)
        sys.stdin.readline()
        print(json.dumps(asdict(purge(app.extensions["kluis"], float(sys.argv[1])))))


if __name__ == "__main__":
    main()
