"""Races at midnight: two services on one database, whose clocks differ by ten seconds.

For the late one the record may still be consented to, held, prolonged, withdrawn, erased, read;
for the early one it is due and its purge runs. So both have the right on their side, and whichever
commits first must win.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from service.domain.calendar import add_months
from tests.campaign.evidence import (
    applications_there,
    committed_first,
    demand_scrubbed,
    demand_sound,
    receipts,
)
from tests.campaign.installation import (
    FIRST_DAY,
    Clock,
    Installation,
    Service,
    demand,
    pause,
)
from tests.campaign.sent import Applicants, Sent, add_wording, open_procedure

APART = 0.02
MOST_TRIES = 50
MOST_DAYS = 320
CREW = (1, 2, 4)
LIMITS = (1000, 3, 2)
BIG_FILE = 1_500_000
HELD_DAYS = 45
ONE_DAY = timedelta(days=1)
LOST = frozenset({404, 409})


@dataclass
class Rounds:
    """Who won how often, by the kind of race; and how often a 503 was asked again."""

    what: str
    won: dict[str, Counter[str]] = field(default_factory=dict)
    asked_again: Counter[int] = field(default_factory=Counter)
    reads: int = 0

    @property
    def count(self) -> int:
        return sum(counter.total() for counter in self.won.values())

    def note(self, kind: str, winner: str) -> None:
        self.won.setdefault(kind, Counter())[winner] += 1


@dataclass
class Contest:
    """One record, or one procedure's records, that is raced for; and what became of the race."""

    kind: str
    people: list[Sent]
    procedure: UUID
    document: UUID | None = None
    request: UUID = field(default_factory=uuid4)
    status: int = 0

    @property
    def path(self) -> str:
        return f"/applications/{self.people[0].id}"


@dataclass
class Midnight:
    """A day's first second: the early service purges, the late one still serves."""

    day: date
    late: Service
    early: Service
    rounds: Rounds
    rng: random.Random
    start: threading.Event = field(default_factory=threading.Event)

    def after(self, seconds: float, work: Callable[[], Any]) -> Any:  # noqa: ANN401
        self.start.wait()
        pause(seconds)
        return work()

    def change(self, contest: Contest, method: str, path: str, role: str, **sent: Any) -> None:  # noqa: ANN401
        """Make the change; a 503 is asked again, with the same Idempotency-Key."""
        key = str(contest.request)
        headers = {"X-Request-Id": str(contest.request)}
        for _ in range(MOST_TRIES):
            answer = self.late.call(method, path, role, key=key, headers=headers, **sent)
            contest.status = answer.status_code
            if contest.status != httpx.codes.SERVICE_UNAVAILABLE:
                break
            self.rounds.asked_again[contest.status] += 1
            pause(0.02)
        well = answer.is_success or contest.status in LOST
        demand(well, f"{contest.kind}: {contest.status} {answer.text}")


def race(installation: Installation, rounds: int, rng: random.Random, what: str) -> Rounds:
    """Race for records, midnight after midnight, until `rounds` of them were raced for."""
    found = Rounds(what)
    late_clock = Clock(installation.directory / "late")
    late_clock.stand(FIRST_DAY)
    with ExitStack() as stack:
        early = stack.enter_context(installation.serving())
        late = stack.enter_context(installation.serving(late_clock))
        add_wording(early)
        for role in ("officer", "recruiter", "purger", "website"):
            early.token(role)
        calendar = _calendar(early, -(-rounds // len(KINDS)), rng)
        everyone = [one for contests in calendar.values() for each in contests for one in each.people]
        for day, contests in calendar.items():
            early.go_to(day - ONE_DAY)
            early.purge_all()
            late_clock.stand(day - ONE_DAY, "23:59:55")
            early.clock.stand(day, "00:00:05")
            _midnight(Midnight(day, late, early, found, rng), contests, everyone)
        early.go_to(early.clock.day + timedelta(days=400))
        early.purge_all()
        demand(not applications_there(installation), "records are left after the last day of all")
    return found


def _calendar(service: Service, midnights: int, rng: random.Random) -> dict[date, list[Contest]]:
    """For each midnight a contest of each kind, all taken in on the first day."""
    applicants, calendar = Applicants(rng), {}
    for offset in range(1, MOST_DAYS):
        ends_on = FIRST_DAY + timedelta(days=offset)
        day = add_months(ends_on, 1)
        if day not in calendar and len(calendar) < midnights:
            calendar[day] = [_contest(service, applicants, kind, ends_on) for kind in KINDS]
    demand(len(calendar) == midnights, "a year has too few midnights for so many rounds")
    return calendar


def _contest(service: Service, applicants: Applicants, kind: str, ends_on: date) -> Contest:
    reference = f"{kind}-{ends_on}"
    procedure = open_procedure(service, reference, ends_on)
    consented = kind == "consent withdrawn"
    count = 3 if kind in PROCEDURE_KINDS else 1
    people = [applicants.small(reference, consented=consented) for _ in range(count)]
    contest = Contest(kind, people, procedure)
    if kind in READS:
        people[0] = applicants.full(reference)
        people[0].consented = False
        size = BIG_FILE if kind == "download" else 1_000
        people[0].files = (applicants.file("cv", size),)
    for one in people:
        one.apply(service)
    if kind in READS:
        query = {"purpose": "supervision"}
        told = service.done("GET", f"{contest.path}/documents", "officer", params=query)
        contest.document = UUID(told[0]["id"])
    return contest


def _midnight(midnight: Midnight, contests: list[Contest], everyone: list[Sent]) -> None:
    rng, installation = midnight.rng, midnight.early.installation
    before = applications_there(installation)
    crew = rng.choice(CREW)
    with ThreadPoolExecutor(len(contests) + crew) as pool:
        racing = [
            pool.submit(midnight.after, rng.uniform(0, APART), lambda c=c: KINDS[c.kind](midnight, c))
            for c in contests
        ]
        purging = [
            pool.submit(midnight.after, rng.uniform(0, APART), lambda: _work(midnight))
            for _ in range(crew)
        ]
        midnight.start.set()
        runs = [run for worker in purging for run in worker.result()]
        for each in racing:
            each.result()
    _judge(midnight, contests, runs, before)
    midnight.early.purge_all()
    _demand_as_expected(midnight, everyone)


def _work(midnight: Midnight) -> list[dict[str, Any]]:
    """One worker of the deletion job, until nothing due is left."""
    limit, runs, tries = midnight.rng.choice(LIMITS), [], 0
    while not runs or runs[-1]["remaining"]:
        answer = midnight.early.call("POST", "/purge-runs", "purger", json={"limit": limit})
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            midnight.rounds.asked_again[answer.status_code] += 1
            demand((tries := tries + 1) < MOST_TRIES, answer.text)
            continue
        demand(answer.is_success, f"purge: {answer.status_code} {answer.text}")
        runs.append(answer.json())
        demand(len(runs) < 10 * MOST_TRIES, "the purge comes to no end")
    return runs


def _judge(
    midnight: Midnight, contests: list[Contest], runs: list[dict[str, Any]], before: set[UUID]
) -> None:
    """Whoever committed first has won, each record is gone once at most, and none is gone in part."""
    installation = midnight.early.installation
    there, written = applications_there(installation), receipts(installation)
    _demand_disjoint(midnight, runs, before & written)
    for contest in contests:
        gone = [one for one in contest.people if one.id not in there]
        demand(all(one.id in written for one in gone), f"{contest.kind}: gone without receipt")
        winner = JUDGES.get(contest.kind, _judge_keeping)(midnight, contest, gone)
        midnight.rounds.note(contest.kind, winner)


def _demand_disjoint(midnight: Midnight, runs: list[dict[str, Any]], gone: set[UUID]) -> None:
    """No two runs name the same record, and together they name all that the runs deleted."""
    named: list[str] = []
    for run in runs:
        told = midnight.early.done("GET", f"/purge-runs/{run['id']}", "officer")
        demand(len(told["application_ids"]) == run["purged"], "a run names not what it counts")
        named += told["application_ids"]
    demand(len(named) == len(set(named)), "two runs deleted the same record")
    demand({UUID(each) for each in named} <= gone, "a run names a record that is not gone")


def _judge_keeping(midnight: Midnight, contest: Contest, gone: list[Sent]) -> str:
    """Consent and hold of one record: answered 201 it is there, refused it is gone."""
    del midnight
    if contest.status in LOST:
        demand(len(gone) == len(contest.people), f"{contest.kind} was refused, the record is there")
        return "purge"
    demand(not gone, f"{contest.kind} was answered {contest.status}, and the record is gone")
    return "change"


def _judge_procedure(midnight: Midnight, contest: Contest, gone: list[Sent]) -> str:
    """A change of a whole procedure: what is gone was gone before it was committed."""
    if contest.status in LOST:
        return "purge"
    installation = midnight.early.installation
    for one in gone:
        demand(one.id is not None, "it was never taken in")
        early = one.id and committed_first(installation, contest.request, one.id)
        demand(not early, f"{contest.kind} was committed, and {one.id} deleted afterwards")
    return "change" if not gone else "purge" if len(gone) == len(contest.people) else "each some"


def _judge_ending(midnight: Midnight, contest: Contest, gone: list[Sent]) -> str:
    """Withdrawal and erasure keep nothing: the purge has it too, or the other was first."""
    del midnight
    demand(gone or contest.kind == "consent withdrawn", f"{contest.kind}: the record is left")
    return "purge" if contest.status in LOST else "change"


def _judge_reading(midnight: Midnight, contest: Contest, gone: list[Sent]) -> str:
    del midnight
    demand(gone, f"{contest.kind}: the record is left")
    return "change" if contest.status == httpx.codes.OK else "purge"


def _demand_as_expected(midnight: Midnight, everyone: list[Sent]) -> None:
    installation = midnight.early.installation
    there = applications_there(installation)
    expected = {one.id for one in everyone if one.id and not one.is_due(midnight.day)}
    erased = expected - there
    demand(there <= expected, f"records are left on {midnight.day}")
    demand(not erased, f"records are lost on {midnight.day}")
    demand_sound(installation)


def _consent(midnight: Midnight, contest: Contest) -> None:
    body = {"change": "given", "wording_version": "w1"}
    midnight.change(contest, "POST", f"{contest.path}/consent-events", "website", json=body)
    if contest.status == httpx.codes.CREATED:
        (one,) = contest.people
        one.purge_on = add_months(one.purge_on or midnight.day, 11)


