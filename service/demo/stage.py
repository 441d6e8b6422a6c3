"""What the demo plays on: the service, the clock, the screen, and the tally of what came of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.demo.client import Client, Clock, Who
from service.demo.dates import Procedure, Record, Terms
from service.domain.catalogue import CATALOGUE

OFFICER, SOURCER = Who("officer", "privacy-officer"), Who("sourcer", "sourcer-1")
WEBSITE, PURGER = Who("website", "werken-bij-site"), Who("purger", "deletion-job")
INTERVIEWER, SCREENER = Who("interviewer", "manager-1"), Who("screener", "screener-1")
HIDDEN = Text("·", style="dim")


class Tally:
    """Counts by the demo's own model beside counts of what the service said."""

    def __init__(self) -> None:
        self.expected: Counter[str] = Counter()
        self.found: Counter[str] = Counter()

    def add(self, what: str, expected: int, found: int) -> None:
        self.expected[what] += expected
        self.found[what] += found

    @property
    def matches(self) -> bool:
        return all(self.expected[what] == self.found[what] for what in self.expected)

    def table(self) -> Table:
        table = Table("", "expected", "found", "", box=None, padding=(0, 2))
        table.columns[1].justify = table.columns[2].justify = "right"
        for what, expected in sorted(self.expected.items()):
            found = self.found[what]
            mark = "[green]✓[/]" if found == expected else "[bold red]✗[/]"
            table.add_row(what, str(expected), str(found), mark)
        return table


@dataclass
class Stage:
    client: Client
    clock: Clock
    console: Console
    terms: Terms
    tally: Tally = field(default_factory=Tally)
    records: list[Record] = field(default_factory=list)
    access_codes: dict[str, str | None] = field(default_factory=dict)

    def scene(self, title: str) -> None:
        self.console.print()
        self.console.rule(f"[bold]{title}[/]", align="left", style="dim")

    def say(self, text: str) -> None:
        line = Table.grid(padding=(0, 2, 0, 0))
        line.add_row(f"[dim]{self.clock.today:%d %b %Y}[/]", text)
        self.console.print(line)

    @property
    def left(self) -> list[Record]:
        return [record for record in self.records if record.gone_on is None]

    def keep(
        self,
        made: dict[str, Any],
        name: str,
        channel: str,
        procedure: Procedure,
        *,
        consented: bool = False,
    ) -> Record:
        """Note an application that was taken in, and compare its date with the model's."""
        record = Record(made["id"], name, channel, procedure, consented)
        self.compare(record, made["purge_on"])
        self.access_codes[record.id] = made["access_code"]
        self.records.append(record)
        return record

    def retention(self, record: Record) -> dict[str, Any] | None:
        """What the service says of a record's date, if it is there; compared with the model."""
        path = f"/applications/{record.id}/retention"
        answer = self.client.call("GET", path, OFFICER, accept=(404,))
        said: dict[str, Any] | None = answer.json() if answer.is_success else None
        self.compare(record, (said or {}).get("purge_on"))
        return said

    def compare(self, record: Record, purge_on: str | None) -> None:
        is_due = record.is_due(self.clock.today, self.terms)
        expected = None if is_due else f"{record.leaves_on(self.terms)}"
        self.tally.add("deletion dates, as the service tells them", 1, purge_on == expected)


def recruiter_of(record: Record) -> Who:
    return Who("recruiter", record.procedure.recruiter)


def show_sight(stage: Stage, record: Record, readers: Sequence[Who]) -> None:
    """One candidate through several pairs of eyes, side by side."""
    seen = {who: _seen(stage, record, who) for who in readers}
    table = Table(box=SIMPLE_HEAD, border_style="dim", expand=True)
    table.add_column("field", style="cyan", no_wrap=True)
    for who in readers:
        table.add_column(who.role, no_wrap=True, overflow="ellipsis", ratio=1)
    labels = {one.name: one.labels.en for one in CATALOGUE} | {"documents": "Documents"}
    for name, label in labels.items():
        shown = [seen[who].get(name) for who in readers]
        if any(shown):
            table.add_row(label, *(Text(_short(one)) if one else HIDDEN for one in shown))
    stage.console.print(table)


def show_retention(stage: Stage) -> None:
    """Each deletion date with its reason, in the service's own words."""
    counts: Counter[tuple[str, str]] = Counter()
    for record in stage.left:
        said = stage.retention(record)
        if said is not None:
            counts[said["purge_on"], said["explanation"]["en"]] += 1
    table = Table("deleted on", "records", "because", box=SIMPLE_HEAD, border_style="dim")
    for (purge_on, because), count in sorted(counts.items()):
        table.add_row(purge_on, str(count), because)
    stage.console.print(table)


def _seen(stage: Stage, record: Record, who: Who) -> Mapping[str, Any]:
    path, refused = f"/applications/{record.id}", (403, 404)
    answer = stage.client.call("GET", path, who, accept=refused)
    if not answer.is_success:
        return {}
    documents = stage.client.call("GET", f"{path}/documents", who, accept=refused)
    names = [one["name"] for one in documents.json()] if documents.is_success else []
    return {**answer.json()["fields"], "documents": names}


def _short(value: object) -> str:
    match value:
        case dict():
            return ", ".join(_short(member) for member in value.values())
        case [first, *more]:
            return _short(first) + (f" (+{len(more)})" if more else "")
    return str(value)
