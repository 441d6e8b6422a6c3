"""PostgreSQL, killed under a running service, which recovers without being started again."""

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import cycle

import httpx

from tests.campaign.evidence import applications_there, demand_sound
from tests.campaign.installation import Broken, Installation, Service, demand, pause
from tests.campaign.moments import Tally
from tests.campaign.postgres import Postgres
from tests.campaign.sent import Applicants, Sent, add_wording, open_procedure

AT_ONCE = 3
MOST_TRIES, PAUSE_SECONDS = 200, 0.05
WITHIN_SECONDS = 0.15


def kill_postgres(
    installation: Installation, postgres: Postgres, kills: int, rng: random.Random
) -> Tally:
    """Kill the database in mid-intake and mid-purge; every request ends well when sent again."""
    tally, applicants = Tally("PostgreSQL"), Applicants(rng)
    people: list[Sent] = []
    ways = {
        "postmaster killed": postgres.kill_postmaster,
        "stopped at once": postgres.stop_immediately,
        "backend killed": postgres.kill_backend,
    }
    with installation.serving() as service:
        add_wording(service)
        for number, (name, kill) in zip(range(kills), cycle(ways.items()), strict=False):
            today = service.clock.day
            open_procedure(service, f"V-{number}", today + timedelta(days=1))
            people += [applicants.small(f"V-{number}").apply(service) for _ in range(AT_ONCE)]
            service.token("purger")
            open_procedure(service, f"W-{number}", today + timedelta(days=60))
            sent = [applicants.full(f"W-{number}") for _ in range(AT_ONCE)]
            is_up = threading.Event()
            with ThreadPoolExecutor(AT_ONCE + 1) as pool:
                posting = [pool.submit(_insist, one, service, is_up) for one in sent]
                purging = pool.submit(_purge_insisting, service, is_up)
                pause(rng.uniform(0, WITHIN_SECONDS))
                kill()
                try:
                    postgres.start()
                finally:
                    is_up.set()
                tries = [one.result() for one in posting] + [purging.result()]
            people += sent
            tally.note(name, *["asked again" for count in tries if count > 1])
            demand_sound(installation)
            _demand_state(installation, service, people)
            service.go_to(service.clock.day + timedelta(days=5))
            service.purge_all()
        for one in people:
            if not one.is_due(service.clock.day):
                one.demand_whole(service)
    installation.run("retention", "verify")
    return tally


def _insist(one: Sent, service: Service, is_up: threading.Event) -> int:
    """Send it with the same key until it is answered; 503 is the only refusal borne."""
    for tries in _tries(is_up):
        answer = one.post(service)
        if answer.status_code == httpx.codes.CREATED:
            return tries
        _demand_unavailable(answer)
    raise Broken(f"not answered after the database was up again: {one.id}")


def _purge_insisting(service: Service, is_up: threading.Event) -> int:
    for tries in _tries(is_up):
        answer = service.call("POST", "/purge-runs", "purger", json={})
        if answer.status_code == httpx.codes.CREATED and answer.json()["remaining"] == 0:
            return tries
        if not answer.is_success:
            _demand_unavailable(answer)
    raise Broken("no purge after the database was up again")


def _tries(is_up: threading.Event) -> Iterator[int]:
    """As many as it takes until the database is up, and a bounded number from then on."""
    tries = left = 0
    while left < MOST_TRIES:
        tries += 1
        left += is_up.is_set()
        yield tries
        pause(PAUSE_SECONDS)


def _demand_unavailable(answer: httpx.Response) -> None:
    demand(answer.status_code == httpx.codes.SERVICE_UNAVAILABLE, answer.text)
    demand("Retry-After" in answer.headers, "a 503 without Retry-After")


def _demand_state(installation: Installation, service: Service, people: list[Sent]) -> None:
    expected = {one.id for one in people if not one.is_due(service.clock.day)}
    demand(applications_there(installation) == expected, "lost, doubled, or deleted early")
