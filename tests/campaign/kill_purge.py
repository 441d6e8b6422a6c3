"""The purge, killed: week after week records fall due, and the run that deletes them is gone."""

import random
from datetime import timedelta
from uuid import UUID

import httpx

from service.domain.calendar import add_months
from tests.campaign.evidence import applications_there, demand_scrubbed, demand_sound, receipts
from tests.campaign.installation import FIRST_DAY, Installation, Service, demand
from tests.campaign.moments import (
    Aim,
    Tally,
    kill_command,
    kill_service_during,
    time_command,
    timed,
)
from tests.campaign.sent import Applicants, Sent, add_wording, open_procedure

DUE_A_WEEK = 12
KEPT_A_WEEK = 2
MEASURED = 2
MOST_KILLS = 44  # with those measured, a year's weeks before the last procedure's end
LIMIT = 4


def kill_purge(
    installation: Installation, kills: int, rng: random.Random, *, to_the_end: bool = True
) -> Tally:
    """Kill each week's run, the service's and the command's in turn; then run once more.

    In the end go on `to_the_end` of the year for which some had agreed to be kept.
    """
    tally = Tally("purge")
    with installation.serving() as service:
        people = _people(service, kills + MEASURED, rng)
        weeks = sorted({one.purge_on for one in people if one.purge_on and not one.consented})
        service.go_to(weeks[0])
        by_service = Aim(timed(lambda: service.purge_all(LIMIT)) / 3)
        service.go_to(weeks[1])
        by_command = Aim(time_command(installation, "purge") / 3)
        for number, week in enumerate(weeks[MEASURED:]):
            service.go_to(week)
            before = _due(installation, people)
            aim = by_command if number % 2 else by_service
            if number % 2:
                kill_command(installation, "purge", aim=aim, rng=rng)
            else:
                kill_service_during(service, lambda: _purge(service), aim, rng)
                service.start()
            left = _examine(installation, people) & before
            state = "all" if not left else "some" if left < before else "none"
            aim.learn(state)
            tally.note(f"{'command' if number % 2 else 'service'}: {state} deleted")
            service.purge_all()
            _demand_purged(installation, people)
        if to_the_end:
            _live_on(installation, service, people)
    installation.run("retention", "verify")
    return tally


def _purge(service: Service) -> None:
    """Purge until nothing is left, or until the connection breaks."""
    try:
        service.purge_all(LIMIT)
    except httpx.TransportError:
        return


def _people(service: Service, weeks: int, rng: random.Random) -> list[Sent]:
    """Applications that fall due week after week; of each week some agreed to a year."""
    demand(weeks <= MOST_KILLS + MEASURED, f"a year has room for {MOST_KILLS} kills")
    add_wording(service)
    applicants, people = Applicants(rng), []
    for week in range(weeks):
        reference, ends_on = f"V-{week}", FIRST_DAY + timedelta(days=7 * (week + 1))
        open_procedure(service, reference, ends_on)
        sent = [applicants.small(reference) for _ in range(DUE_A_WEEK)]
        sent[0].files = (applicants.file("cv", 300_000),)
        sent += [applicants.small(reference, consented=True) for _ in range(KEPT_A_WEEK)]
        for one in sent:
            one.apply(service)
            day = add_months(ends_on, 12 if one.consented else 1)
            demand(one.purge_on == day, f"{one.id}: {one.purge_on} in the place of {day}")
        people += sent
    return people


def _due(installation: Installation, people: list[Sent]) -> set[UUID | None]:
    today = installation.clock.day
    return {one.id for one in people if one.is_due(today)} & applications_there(installation)


def _examine(installation: Installation, people: list[Sent]) -> set[UUID]:
    """Each due record is there whole or gone whole, and no other is gone. Gives what is there."""
    demand_sound(installation)
    there, written = applications_there(installation), receipts(installation)
    today = installation.clock.day
    for one in people:
        demand(one.id in there or one.is_due(today), f"{one.id} was deleted early")
        demand((one.id in there) != (one.id in written), f"{one.id}: row and receipt disagree")
    return there


def _demand_purged(installation: Installation, people: list[Sent]) -> None:
    today = installation.clock.day
    there = _examine(installation, people)
    demand(there == {one.id for one in people if not one.is_due(today)}, f"left on {today}")
    demand_scrubbed(installation)


def _live_on(installation: Installation, service: Service, people: list[Sent]) -> None:
    """What was kept with consent is whole until its year is over, and gone then."""
    kept = [one for one in people if one.consented]
    for one in kept:
        one.demand_whole(service)
    for day in sorted({one.purge_on for one in kept if one.purge_on}):
        service.go_to(day)
        service.purge_all()
        _demand_purged(installation, people)
    demand(not applications_there(installation), "records are left after the last day of all")
