"""Intake, killed: three applications with documents come in, and the service is gone."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx

from tests.campaign.evidence import applications_there, demand_answered, demand_sound
from tests.campaign.installation import FIRST_DAY, Installation, Service, demand
from tests.campaign.moments import Aim, Tally, kill_service_during, timed
from tests.campaign.sent import Applicants, Sent, add_wording, open_procedure

AT_ONCE = 3


def kill_intake(installation: Installation, kills: int, rng: random.Random) -> Tally:
    """Kill while applications come in; then ask for each again with its Idempotency-Key."""
    tally, applicants = Tally("intake"), Applicants(rng)
    kept: list[Sent] = []
    with installation.serving() as service:
        add_wording(service)
        open_procedure(service, "V-1", FIRST_DAY + timedelta(days=90))
        aim = Aim(_usual_duration(service, applicants, kept) * 0.8)
        for _ in range(kills):
            sent = _some(applicants)
            kill_service_during(service, lambda sent=sent: post_all(service, sent), aim, rng)
            stored = _examine(installation, service, kept, sent, tally)
            aim.learn({0: "none", AT_ONCE: "all"}.get(stored, "some"))
        for one in kept:
            one.demand_whole(service, "recruiter")
    installation.run("retention", "verify")
    return tally


def post_all(service: Service, sent: list[Sent]) -> None:
    """Send them at once; a connection that breaks off is borne."""

    def post(one: Sent) -> None:
        try:
            answer = one.post(service)
        except httpx.TransportError:
            return
        demand(answer.status_code == httpx.codes.CREATED, answer.text)

    with ThreadPoolExecutor(len(sent)) as pool:
        list(pool.map(post, sent))


def _some(applicants: Applicants) -> list[Sent]:
    return [applicants.full(None if n == 0 else "V-1") for n in range(AT_ONCE)]


def _usual_duration(service: Service, applicants: Applicants, kept: list[Sent]) -> float:
    durations = []
    for _ in range(4):
        sent = _some(applicants)
        durations.append(timed(lambda sent=sent: post_all(service, sent)))
        kept += sent
    return sorted(durations)[1]


def _examine(
    installation: Installation, service: Service, kept: list[Sent], sent: list[Sent], tally: Tally
) -> int:
    """Look at what the kill left, ask again for all; gives how many had been stored."""
    demand_sound(installation)
    demand_answered(installation)
    answered = {one.id for one in sent if one.id is not None}
    there = applications_there(installation) - {one.id for one in kept}
    demand(answered <= there, "an application that was answered 201 is lost")
    silent = there - answered
    states = ["answered 201"] * len(answered) + ["stored, answer lost"] * len(silent)
    tally.note(*states, *["not stored"] * (AT_ONCE - len(there)))
    service.start()
    for one in sent:
        one.apply(service)
    demand(silent <= {one.id for one in sent}, "a retry made a second application")
    kept += sent
    demand(applications_there(installation) == {one.id for one in kept}, "not exactly one each")
    demand_answered(installation)
    for one in sent:
        one.demand_whole(service, "recruiter")
    return len(there)
