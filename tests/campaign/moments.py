"""When to kill: at a random moment of work whose usual duration was measured."""

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from time import monotonic

from tests.campaign.installation import (
    Gate,
    Installation,
    Service,
    demand,
    kill_group,
    pause,
)

BEYOND = 1.1  # of the usual duration, so that some kills come after the end
BEFORE, AFTER = 0.4, 1.05  # of a command's first and last change


@dataclass
class Tally:
    """How often it was killed, and in what states it was found."""

    what: str
    kills: int = 0
    found: Counter[str] = field(default_factory=Counter)

    def note(self, *found: str) -> None:
        self.kills += 1
        self.found.update(found)

    def add(self, other: "Tally") -> None:
        self.kills += other.kills
        self.found += other.found


def timed(work: Callable[[], object]) -> float:
    began = monotonic()
    work()
    return monotonic() - began


def kill_service_during(
    service: Service, work: Callable[[], object], usual: float, rng: random.Random
) -> None:
    """Kill the service while `work` calls it; `work` bears the broken connections."""
    with ThreadPoolExecutor(1) as pool:
        calling = pool.submit(work)
        pause(rng.uniform(0, usual * BEYOND))
        service.kill()
        calling.result()


Window = tuple[float, float]


def time_command(installation: Installation, *command: str, progress: Callable[[], int]) -> Window:
    """When this command is at work, in seconds behind its gate: around the first and the last
    change of `progress`."""
    gate = Gate(installation)
    process = installation.start(*command, **gate.settings)
    gate.wait()
    opened, seen, changes = monotonic(), progress(), []
    while process.poll() is None:
        now = progress()
        if now != seen:
            changes.append(monotonic() - opened)
            seen = now
    process.communicate()
    gate.close()
    demand(process.returncode == 0 and changes, f"kluis {' '.join(command)} did nothing")
    return changes[0] * BEFORE, changes[-1] * AFTER


def kill_command(
    installation: Installation, *command: str, window: Window, rng: random.Random
) -> None:
    """Kill this command at a random moment of its work."""
    gate = Gate(installation)
    process = installation.start(*command, **gate.settings)
    gate.wait()
    pause(rng.uniform(*window))
    kill_group(process)
    gate.close()
