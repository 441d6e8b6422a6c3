"""When to kill: at a random moment of work whose usual duration was measured."""

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from time import monotonic

from tests.campaign.installation import Gate, Installation, Service, kill_group, pause

BEYOND = 1.1  # of the usual duration, so that some kills come after the end
BEFORE = 0.8  # of a command's, whose last part is the end of Python


@dataclass
class Tally:
    """How often it was killed, and in what states it was found."""

    what: str
    kills: int = 0
    found: Counter[str] = field(default_factory=Counter)

    def note(self, *found: str) -> None:
        self.kills += 1
        self.found.update(found)


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


def time_command(installation: Installation, *command: str) -> float:
    """How long this command works, from its gate to its end."""
    gate = Gate(installation)
    process = installation.start(*command, **gate.settings)
    gate.wait()
    seconds = timed(process.communicate)
    gate.close()
    return seconds


def kill_command(
    installation: Installation, *command: str, usual: float, rng: random.Random
) -> None:
    """Kill this command at a random moment of its work behind the gate."""
    gate = Gate(installation)
    process = installation.start(*command, **gate.settings)
    gate.wait()
    pause(rng.uniform(0, usual * BEFORE))
    kill_group(process)
    gate.close()
