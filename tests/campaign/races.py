"""Races at midnight: two services on one database, whose clocks differ by ten seconds.

For the late one the record may still be consented to, held, prolonged, withdrawn, erased, read and
so on; for the early one it is due and its purge runs. So both have the right on their side, and
whichever commits first must win.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4
from zipfile import ZipFile

import httpx

from service.domain.calendar import add_months
from tests.campaign.evidence import applications_there, committed_first, demand_sound, receipts
from tests.campaign.installation import (
    FIRST_DAY,
    Broken,
    Clock,
    Installation,
    Service,
    demand,
    pause,
)
from tests.campaign.sent import Applicants, Sent, add_wording, open_procedure

APART = 0.02
MOST_TRIES = 50
MOST_DAYS = 300
CREW = (1, 2, 4)
LIMITS = (1000, 3, 2)
BIG_FILE = 1_500_000
HELD_FOR, PROLONGED_BY = timedelta(days=45), timedelta(days=14)
MOST_READS = 2_000
ONE_DAY = timedelta(days=1)
LOST = frozenset({404, 409})


@dataclass
class Rounds:
    """Who won how often, by the kind of race; and how often a 503 was asked again."""

    what: str
    won: dict[str, Counter[str]] = field(default_factory=dict)
    asked_again: Counter[int] = field(default_factory=Counter)
    reads: int = 0
    broken_off: int = 0

    @property
    def count(self) -> int:
        return sum(counter.total() for counter in self.won.values())

    def note(self, kind: str, winner: str) -> None:
        self.won.setdefault(kind, Counter())[winner] += 1


@dataclass
class Workers:
    """How often a crew purged together, how many records, and how many of the crew got some."""

    crews: Counter[int] = field(default_factory=Counter)
    purged: int = 0
    shares: int = 0
    asked_again: int = 0

    def note(self, crew: int, purged: int, shares: int) -> None:
        self.crews[crew] += 1
        self.purged += purged
        self.shares += shares


@dataclass
class Contest:
    """One record, or one procedure's records, that is raced for; and what became of the race."""

    kind: str
    people: list[Sent]
    procedure: UUID
    ends_on: date
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

    def after(self, seconds: float, work: Callable[..., Any], *given: Any) -> Any:
        self.start.wait()
        pause(seconds)
        return work(*given)

    def change(self, contest: Contest, method: str, path: str, role: str, **sent: Any) -> None:
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


def race(
    installation: Installation,
    rounds: int,
    rng: random.Random,
    what: str,
    *,
    to_the_end: bool = True,
) -> Rounds:
    """Race for records, midnight after midnight, until `rounds` of them were raced for.

    In the end go on `to_the_end` of the year for which some were kept.
    """
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
        everyone = [
            one for contests in calendar.values() for each in contests for one in each.people
        ]
        for day, contests in calendar.items():
            early.go_to(day - ONE_DAY)
            early.purge_all()
            late_clock.stand(day - ONE_DAY, "23:59:55")
            early.clock.stand(day, "00:00:05")
            _midnight(Midnight(day, late, early, found, rng), contests, everyone)
        if to_the_end:
            early.go_to(early.clock.day + timedelta(days=400))
            early.purge_all()
            demand(not applications_there(installation), "records are left after the last day")
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
    contest = Contest(kind, people, procedure, ends_on)
    if kind in READS:
        people[0] = applicants.full(reference)
        people[0].consented = False
        size = BIG_FILE if kind in {"download", "export"} else 1_000
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
    limits = [rng.choice(LIMITS) for _ in range(rng.choice(CREW))]
    with ThreadPoolExecutor(len(contests) + len(limits)) as pool:
        racing = [
            pool.submit(midnight.after, rng.uniform(0, APART), KINDS[each.kind], midnight, each)
            for each in contests
        ]
        purging = [
            pool.submit(midnight.after, rng.uniform(0, APART), _work, midnight, limit)
            for limit in limits
        ]
        midnight.start.set()
        runs = [run for worker in purging for run in worker.result()]
        for each in racing:
            each.result()
    _judge(midnight, contests, runs, before)
    midnight.early.purge_all()
    _demand_as_expected(midnight, everyone)


def _work(midnight: Midnight, limit: int, service: Service | None = None) -> list[dict[str, Any]]:
    """One worker of the deletion job, until nothing due is left."""
    runs: list[dict[str, Any]] = []
    tries, service = 0, service or midnight.early
    while not runs or runs[-1]["remaining"]:
        answer = service.call("POST", "/purge-runs", "purger", json={"limit": limit})
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
    """Whoever committed first has won; each record is gone once at most, and never in part."""
    installation = midnight.early.installation
    there, written = applications_there(installation), receipts(installation)
    _demand_disjoint(midnight, runs, before & written)
    for contest in contests:
        gone = [one for one in contest.people if one.id not in there]
        demand(all(one.id in written for one in gone), f"{contest.kind}: gone without receipt")
        winner = JUDGES.get(contest.kind, _judge_keeping)(midnight, contest, gone)
        midnight.rounds.note(contest.kind, winner)
        for one in gone:
            one.purge_on, one.hold_until = midnight.day, None


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
    """What keeps nothing: the purge has the record too, or the other was first."""
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
    demand(there <= expected, f"records are left on {midnight.day}")
    demand(there >= expected, f"records are lost on {midnight.day}")
    demand_sound(installation)


def _consent(midnight: Midnight, contest: Contest) -> None:
    body = {"change": "given", "wording_version": "w1"}
    midnight.change(contest, "POST", f"{contest.path}/consent-events", "website", json=body)
    if contest.status == httpx.codes.CREATED:
        contest.people[0].purge_on = add_months(contest.ends_on, 12)


def _withdraw_consent(midnight: Midnight, contest: Contest) -> None:
    body = {"change": "withdrawn"}
    midnight.change(contest, "POST", f"{contest.path}/consent-events", "website", json=body)
    demand(contest.status == httpx.codes.CREATED, f"consent not withdrawn: {contest.status}")
    contest.people[0].purge_on = midnight.day


def _withdraw(midnight: Midnight, contest: Contest) -> None:
    midnight.change(contest, "POST", f"{contest.path}/withdrawal", "website")


def _erase(midnight: Midnight, contest: Contest) -> None:
    midnight.change(contest, "DELETE", contest.path, "officer", version=1)


def _correct(midnight: Midnight, contest: Contest) -> None:
    body = {"fields": {"name": "Nova Verbeterd"}}
    midnight.change(contest, "PATCH", contest.path, "officer", version=1, json=body)


def _request_access(midnight: Midnight, contest: Contest) -> None:
    """Until it is answered, and no longer than the law's month, the request holds the record."""
    (one,) = contest.people
    body = {"kind": "access", "application_id": str(one.id)}
    midnight.change(contest, "POST", "/privacy-requests", "website", json=body)
    if contest.status == httpx.codes.CREATED:
        one.hold_until = add_months(midnight.day - ONE_DAY, 1) + ONE_DAY


def _hold(midnight: Midnight, contest: Contest) -> None:
    _place_hold(midnight, contest, contest.path)


def _hold_procedure(midnight: Midnight, contest: Contest) -> None:
    _place_hold(midnight, contest, f"/procedures/{contest.procedure}")


def _place_hold(midnight: Midnight, contest: Contest, path: str) -> None:
    until = midnight.day + HELD_FOR
    body = {"reason": "legal-claim", "case_reference": "C-1", "until": str(until)}
    midnight.change(contest, "POST", f"{path}/holds", "officer", json=body)
    if contest.status == httpx.codes.CREATED:
        for one in contest.people:
            one.hold_until = until


def _prolong(midnight: Midnight, contest: Contest) -> None:
    ends_on = midnight.day + PROLONGED_BY
    body = {"ends_on": str(ends_on), "reason": "candidate-declined"}
    path = f"/procedures/{contest.procedure}"
    midnight.change(contest, "PATCH", path, "recruiter", version=1, json=body)
    if contest.status == httpx.codes.OK:
        for one in contest.people:
            one.purge_on = add_months(ends_on, 1)


def _read(midnight: Midnight, contest: Contest) -> None:
    """Read until it is gone: each answer is the whole record, or that there is none."""
    (one,) = contest.people

    def demand_whole(answer: httpx.Response) -> None:
        told = answer.json()
        demand(told["fields"] == one.fields and not told["unreadable"], "half a record was read")

    _read_on(midnight, contest, contest.path, demand_whole)


def _list_documents(midnight: Midnight, contest: Contest) -> None:
    def demand_whole(answer: httpx.Response) -> None:
        demand(len(answer.json()) == 1, "a record was read without its documents")

    _read_on(midnight, contest, f"{contest.path}/documents", demand_whole)


def _download(midnight: Midnight, contest: Contest) -> None:
    ((_, _, content),) = contest.people[0].files

    def demand_whole(answer: httpx.Response) -> None:
        demand(answer.content == content, "half a document was served as a whole one")

    path = f"{contest.path}/documents/{contest.document}"
    _read_on(midnight, contest, path, demand_whole)


def _export(midnight: Midnight, contest: Contest) -> None:
    """Each archive that opens is the whole one: one that broke off is none."""
    ((_, _, content),) = contest.people[0].files

    def demand_whole(answer: httpx.Response) -> None:
        with ZipFile(BytesIO(answer.content)) as archive:
            demand(archive.testzip() is None, "a damaged archive was served as a whole one")
            files = [archive.read(name) for name in archive.namelist()]
        demand(len(files) == 4 and files[-1] == content, "a short archive was served as a whole")

    _read_on(midnight, contest, f"{contest.path}/portability", demand_whole)


def _read_on(
    midnight: Midnight, contest: Contest, path: str, demand_whole: Callable[[httpx.Response], None]
) -> None:
    for _ in range(MOST_READS):
        try:
            answer = midnight.late.call("GET", path, "officer", params={"purpose": "supervision"})
        except httpx.RemoteProtocolError:
            midnight.rounds.broken_off += 1
            continue
        contest.status = contest.status or answer.status_code
        if answer.status_code == httpx.codes.NOT_FOUND:
            return
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            midnight.rounds.asked_again[answer.status_code] += 1
            continue
        demand(answer.is_success, f"{contest.kind}: {answer.status_code} {answer.text[:500]}")
        demand_whole(answer)
        midnight.rounds.reads += 1
    raise Broken(f"{contest.kind}: it is still read after the purge")


PROCEDURE_KINDS = {"prolongation", "hold on a procedure"}
READS = {"read", "list of documents", "download", "export"}
KINDS: dict[str, Callable[[Midnight, Contest], None]] = {
    "consent given": _consent,
    "consent withdrawn": _withdraw_consent,
    "request for access": _request_access,
    "hold": _hold,
    "hold on a procedure": _hold_procedure,
    "prolongation": _prolong,
    "withdrawal": _withdraw,
    "erasure": _erase,
    "correction": _correct,
    "read": _read,
    "list of documents": _list_documents,
    "download": _download,
    "export": _export,
}
JUDGES: dict[str, Callable[[Midnight, Contest, list[Sent]], str]] = {
    "hold on a procedure": _judge_procedure,
    "prolongation": _judge_procedure,
    "consent withdrawn": _judge_ending,
    "withdrawal": _judge_ending,
    "erasure": _judge_ending,
    "correction": _judge_ending,
} | dict.fromkeys(READS, _judge_reading)


def race_workers(installation: Installation, times: int, due: int, rng: random.Random) -> Workers:
    """Two and four workers of the deletion job, over two services, share out what is due."""
    found = Workers()
    with installation.serving() as one, installation.serving() as other:
        add_wording(one)
        applicants = Applicants(rng)
        weeks = [FIRST_DAY + timedelta(days=7 * week) for week in range(1, times + 1)]
        people = []
        for ends_on in weeks:
            open_procedure(one, f"V-{ends_on}", ends_on)
            people += [applicants.small(f"V-{ends_on}").apply(one) for _ in range(due)]
        for number, ends_on in enumerate(weeks):
            one.go_to(add_months(ends_on, 1))
            midnight = Midnight(one.clock.day, other, one, Rounds("workers"), rng)
            crew = (2, 4)[number % 2]
            with ThreadPoolExecutor(crew) as pool:
                working = [
                    pool.submit(_work, midnight, rng.randint(2, 7), (one, other)[each % 2])
                    for each in range(crew)
                ]
                shares = [each.result() for each in working]
            runs = [run for share in shares for run in share]
            demand(sum(run["purged"] for run in runs) == due, "the shares are not the whole")
            _demand_disjoint(midnight, runs, receipts(installation))
            demand(
                applications_there(installation)
                == {each.id for each in people if not each.is_due(one.clock.day)},
                "too many or too few are gone",
            )
            demand_sound(installation)
            found.note(crew, due, sum(1 for share in shares if any(r["purged"] for r in share)))
            found.asked_again += midnight.rounds.asked_again.total()
    return found
