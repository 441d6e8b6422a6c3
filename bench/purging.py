"""The memory of a purge: as much for twenty thousand due records as for one thousand.

`python -m bench.purging URL DIRECTORY` is the purging process; it prints by how many bytes its
resident memory rose at most.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy import insert

from bench.databases import KINDS, database
from bench.measures import MEBIBYTE, Measure, forget_peak, peak_bytes, resident_bytes
from bench.sizes import Size
from service.crypto.keyring import KeyPurpose
from service.domain.catalogue import CATALOGUE
from service.domain.words import Channel, Status
from service.storage.database import begin_writing, db
from service.storage.tables import Application, RecordKey, sealed_column
from service.telemetry.logs import configure_logs
from service.usecases.purges import MOST_PER_RUN, run_purge
from tests.world import World

FEW, MANY = 1_000, 20_000
GOAL_MB = 5.0
SEALED = os.urandom(157)
DUE = timedelta(days=200)


def measure(_size: Size) -> Iterator[Measure]:
    for kind in KINDS:
        rises = [_rise(kind, due) for due in (FEW, MANY)]
        yield Measure(f"purge of {FEW:,}, {kind}: growth", "MB", rises[0])
        yield Measure(
            f"purge of {MANY:,}, {kind}: growth beyond that", "MB", rises[1] - rises[0], GOAL_MB
        )


def _rise(kind: str, due: int) -> float:
    with database(kind) as url, tempfile.TemporaryDirectory() as directory:
        _fill(url, Path(directory), due)
        command = [sys.executable, "-m", "bench.purging", url, directory]
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  # ours
        purged, rise = done.stdout.split()
    if int(purged) != due:
        raise RuntimeError(f"{purged} were purged, not {due}")
    return int(rise) / MEBIBYTE


def _fill(url: str, directory: Path, due: int) -> None:
    """One procedure with so many applications of the usual size, due together."""
    world = World.make(url, directory)
    common = {
        "procedure_id": world.procedure(),
        "channel": Channel.WEBSITE,
        "status": Status.RECEIVED,
        "received_at": world.clock.now(),
        "statement_version": "2025-08-04",
        "purge_on": (world.clock.now() + DUE).date(),
        "version": 1,
        **{sealed_column(field.name): SEALED for field in CATALOGUE},
    }
    kek_id = world.house.keyring.current.active(KeyPurpose.KEK).id
    with world.app.app_context():
        for _ in range(due // FEW):
            ids = [uuid4() for _ in range(FEW)]
            keys = [{"application_id": one, "kek_id": kek_id, "wrapped": SEALED} for one in ids]
            begin_writing(db.session())
            db.session.execute(insert(Application), [{"id": one, **common} for one in ids])
            db.session.execute(insert(RecordKey), keys)
            db.session.commit()
    world.close()


def purge(url: str, directory: Path) -> tuple[int, int]:
    """Purge until nothing is left; how many went, and by how much the memory rose."""
    world = World.make(url, directory)
    world.purge(dry_run=True)
    world.clock.moment += DUE
    with world.app.app_context():
        forget_peak()
        before, purged, remaining = resident_bytes(), 0, 1
        while remaining:
            run = run_purge(world.case(), MOST_PER_RUN)
            purged, remaining = purged + run.purged, run.remaining
            db.session.remove()
        return purged, peak_bytes() - before


if __name__ == "__main__":
    configure_logs("error", sys.stderr)
    print(*purge(sys.argv[1], Path(sys.argv[2])))
