"""The demo's fourteen months: what the users do week by week, and what the purge takes."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from service.demo.client import Who
from service.demo.dates import Procedure, Record, months_later
from service.demo.intake import WORDING
from service.demo.stage import (
    INTERVIEWER,
    OFFICER,
    PURGER,
    SCREENER,
    SOURCER,
    WEBSITE,
    Stage,
    recruiter_of,
    show_retention,
    show_sight,
)

MONTHS = 14
_FIRST_RUN, _MISSED = 3, 20
_LONG_SILENCE = timedelta(10)
_BRAKED = 409
_HANDED_OVER = ["name", "email", "phone", "address", "nationality", "work_permit"]
_WHY = {"running": "running", "aftercare": "aftercare", "talent_pool": "consent", "over": "held"}


class Year:
    """From the first run of the deletion job to the last."""

    def __init__(self, stage: Stage, procedures: list[Procedure]) -> None:
        self._stage, self._client, self._tally = stage, stage.client, stage.tally
        self._last_run: date | None = None
        self._a, _, self._c, self._d = procedures
        self._picked: list[Record] = []
        self._deleted = 0
        self._acts: dict[int, Callable[[], None]] = {
            3: self._change_minds,
            4: self._hire,
            5: lambda: self._close(self._a),
            6: self._hold_and_withdraw,
            7: self._reopen,
            8: lambda: self._close(self._c),
            9: self._read_in_aftercare,
            10: lambda: self._close(self._a),
            11: self._explain,
            18: self._end_consents,
            26: lambda: self._close(self._d),
        }

    def perform(self, start: date) -> None:
        self._stage.console.print(
            "[dim]The job runs once a week, at 00:05. Left are those in a running procedure,\n"
            "in the month after it, kept longer with consent, or held.[/]"
        )
        last = months_later(start + timedelta(weeks=_FIRST_RUN), MONTHS)
        for week in range(_FIRST_RUN, (last - start).days // 7 + 1):
            day = start + timedelta(weeks=week)
            if day.month != self._stage.clock.today.month and week > _FIRST_RUN:
                self._sum_up()
            self._stage.clock.move_to(day, 0, 5)
            if week != _MISSED:
                self._purge()
            self._stage.clock.move_to(day)
            self._acts.get(week, lambda: None)()
        self._sum_up()
        kept = [record for record in self._stage.left if self._stage.retention(record)]
        self._tally.add("still there at the end", len(self._stage.left), len(kept))

    def _purge(self) -> None:
        """One run of the job; who is due is unreadable before it and gone after it."""
        stage = self._stage
        day = stage.clock.today
        due = [record for record in stage.left if record.is_due(day, stage.terms)]
        unreadable = sum(self._is_unreadable(record) for record in due)
        self._tally.add("unreadable on the day itself, before the job", len(due), unreadable)
        deleted = self._run()
        for record in due:
            record.gone_on = day
            self._tally.add(f"deleted {record.reason}", 1, record.id in deleted)
        self._tally.add("deleted on any other day", 0, len(deleted - {one.id for one in due}))
        self._deleted += len(deleted)
        if deleted:
            reasons = Counter(record.reason for record in due).items()
            told = "; ".join(f"{count} {reason}" for reason, count in reasons)
            stage.say(f"The job deletes [bold]{len(deleted)}[/]: {told}.")

    def _is_unreadable(self, record: Record) -> bool:
        path = f"/applications/{record.id}"
        return self._client.call("GET", path, recruiter_of(record), accept=(404,)).is_error

    def _run(self) -> set[str]:
        """Run until nothing due is left; the ids that went, from the officer's receipts."""
        deleted: set[str] = set()
        remaining, stops, today = 1, 0, self._stage.clock.today
        while remaining:
            answer = self._client.call("POST", "/purge-runs", PURGER, json={}, accept=(_BRAKED,))
            run = answer.json()
            if answer.status_code == _BRAKED:
                run, stops = self._release_brake(run), stops + 1
            receipt = self._client.get(f"/purge-runs/{run['id']}", OFFICER)
            deleted |= set(receipt["application_ids"])
            remaining = run["remaining"]
        is_late = self._last_run is not None and today - self._last_run > _LONG_SILENCE
        self._tally.add("runs that the brake stopped", is_late, stops)
        self._last_run = today
        return deleted

    def _release_brake(self, problem: dict[str, Any]) -> Any:
        plan = self._client.get(f"/purge-runs/{problem['plan']}", OFFICER)
        count, brake = len(plan["application_ids"]), ", ".join(plan["run"]["brake"])
        self._stage.say(f"[yellow]The job missed a week, and the brake holds:[/] {brake}.")
        self._stage.say(f"The privacy officer looks at the plan ({count} due) and confirms it.")
        return self._client.post("/purge-runs", OFFICER, {"plan": problem["plan"]})

    def _sum_up(self) -> None:
        """What is left after a month, and why, by what the service says of each record."""
        stage = self._stage
        said = [stage.retention(record) for record in stage.left]
        why = Counter(_WHY[one["phase"]] for one in said if one)
        reasons = "  ".join(f"{reason} [bold]{why[reason]:>3}[/]" for reason in _WHY.values())
        stage.console.print(
            f"[cyan]{stage.clock.today:%b %Y}[/]  gone [bold]{self._deleted:>3}[/]  "
            f"left [bold]{why.total():>3}[/]: {reasons}",
            highlight=False,
        )
        self._deleted = 0

    def _change_minds(self) -> None:
        """Some agree later, one takes it back in time, one withdraws."""
        for record in [*self._pick(self._c, 2), *self._pick(self._d, 3)]:
            self._consent(record, "given")
        (repentant,) = self._pick(self._c, 1, consented=True)
        self._consent(repentant, "withdrawn")
        self._withdraw(self._pick(self._a, 1)[0])
        self._stage.say("Five agree to longer keeping after all, one no longer does.")

    def _hire(self) -> None:
        (record,) = self._pick(self._c, 1)
        path, recruiter = f"/applications/{record.id}", recruiter_of(record)
        version = self._client.get(path, recruiter)["version"]
        for status in ("invited", "offered", "hired"):
            version = self._client.patch(path, recruiter, version, {"status": status})["version"]
        over = self._client.post(f"{path}/handover", recruiter, {"fields": _HANDED_OVER})
        self._stage.say(f"{record.name} is hired; to personnel go: {', '.join(over['fields'])}.")

    def _close(self, procedure: Procedure) -> None:
        procedure.ends_on = self._stage.clock.today
        self._change(procedure, {"closed": True})
        self._stage.say(f"{procedure.title} is closed.")

    def _reopen(self) -> None:
        self._a.ends_on = self._stage.clock.today + timedelta(weeks=6)
        body = {"ends_on": f"{self._a.ends_on}", "reason": "candidate-declined"}
        self._change(self._a, body)
        self._stage.say(f"The first choice declined: {self._a.title} is reopened.")

    def _hold_and_withdraw(self) -> None:
        """One is held for a claim; another withdraws, which no reopening undoes."""
        held, withdrawing = self._pick(self._a, 2)
        held.held_until = months_later(self._stage.clock.today, 5)
        order = {"reason": "legal-claim", "case_reference": "2026-014"}
        body = order | {"until": f"{held.held_until}"}
        self._client.post(f"/applications/{held.id}/holds", OFFICER, body)
        self._stage.say(f"{held.name} goes to court: held until {held.held_until:%d %b %Y}.")
        self._withdraw(withdrawing)

    def _read_in_aftercare(self) -> None:
        self._stage.scene("Aftercare: the procedure is over; who still reads this candidate?")
        (record,) = self._pick(self._c, 1)
        show_sight(self._stage, record, (recruiter_of(record), INTERVIEWER, SCREENER))

    def _explain(self) -> None:
        self._stage.scene("Each deletion date, and its reason")
        show_retention(self._stage)
        self._stage.scene("And on, week by week")

    def _end_consents(self) -> None:
        """A sourcer looks around; then two take their consent back, and are due at once."""
        today, terms = self._stage.clock.today, self._stage.terms
        pool = [one for one in self._stage.left if one.is_in_talent_pool(today, terms)]
        listed = self._client.list_all("/talent-pool", SOURCER)
        both = {one["id"] for one in listed} & {one.id for one in pool}
        self._tally.add("found by the sourcer in the talent pool", len(pool), len(both))
        self._stage.say(f"A sourcer finds {len(listed)} people in the talent pool.")
        for record in self._pick(self._c, 2, consented=True):
            self._consent(record, "withdrawn")
            self._stage.say(f"{record.name} withdraws consent after the month: due at once.")

    def _withdraw(self, record: Record) -> None:
        self._client.post(f"/applications/{record.id}/withdrawal", _speaker(record)[0])
        record.withdrawn_on = self._stage.clock.today
        self._stage.say(f"{record.name} withdraws the application.")

    def _consent(self, record: Record, change: str) -> None:
        who, channel = _speaker(record)
        body = {"change": change, "channel": channel}
        body |= {"wording_version": WORDING} if change == "given" else {}
        self._client.post(f"/applications/{record.id}/consent-events", who, body)
        record.consented, record.consent_withdrawn = change == "given", change == "withdrawn"
        self._stage.retention(record)

    def _change(self, procedure: Procedure, body: dict[str, Any]) -> None:
        path, recruiter = f"/procedures/{procedure.id}", Who("recruiter", procedure.recruiter)
        version = self._client.get(path, recruiter)["version"]
        self._client.patch(path, recruiter, version, body)

    def _pick(self, procedure: Procedure, count: int, *, consented: bool = False) -> list[Record]:
        """The next applicants to this vacancy to whom nothing has happened yet."""
        free = [
            record
            for record in self._stage.records
            if record.procedure is procedure
            and record.consented is consented
            and record not in self._picked
        ]
        self._picked += free[:count]
        return free[:count]


def _speaker(record: Record) -> tuple[Who, str]:
    """Who records what the applicant says: what came by the website, the website."""
    if record.channel == "website":
        return WEBSITE, "website"
    return recruiter_of(record), record.channel
