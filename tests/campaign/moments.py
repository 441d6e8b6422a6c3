"""When to kill: at a random moment of work whose usual duration was measured."""

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from time import monotonic

from tests.campaign.installation import Gate, Installation, Service, demand, kill_group, pause

WIDTH = (0.5, 1.3)  # of the moment aimed at
LATER, EARLIER = 1.25, 0.75


@dataclass
class Aim:
    """Around which moment to kill: moved after each kill, so that some fall on either side of it.

    A command commits once or twice in a second's life, at a moment that moves with the machine's
    load. To spread the kills over its whole life would be to miss that moment every time.
    """

    seconds: float

    def moment(self, rng: random.Random) -> float:
        return self.seconds * rng.uniform(*WIDTH)

    def learn(self, state: str) -> None:
        """Kill later where nothing was done yet, and earlier where all was."""
        self.seconds *= {"none": LATER, "all": EARLIER}.get(state, 1)


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
    service: Service, work: Callable[[], object], aim: Aim, rng: random.Random
) -> None:
    """Kill the service while `work` calls it; `work` bears the broken connections."""
    with ThreadPoolExecutor(1) as pool:
        calling = pool.submit(work)
        pause(aim.moment(rng))
        service.kill()
        calling.result()


def time_command(installation: Installation, *command: str) -> float:
    """How long this command works, from its gate to its end."""
    gate = Gate(installation)
    process = installation.start(*command, **gate.settings)
    gate.wait()
    seconds = timed(process.communicate)
    gate.close()
    demand(process.returncode == 0, f"kluis {' '.join(command)} failed")
    return seconds


def kill_command(installation: Installation, *command: str, aim: Aim, rng: random.Random) -> None:
    """Kill this command at a random moment of its work behind the gate."""
    gate = Gate(installation)
    process = installation.start(*command, **gate.settings)
    gate.wait()
    pause(aim.moment(rng))
    kill_group(process)
    gate.close()
