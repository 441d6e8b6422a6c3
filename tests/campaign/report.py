"""The table in docs/reliability.md, between its two markers: what the last whole campaign found."""

import os
import platform
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from tests.campaign.moments import Tally
from tests.campaign.races import Rounds, Workers

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"


def write_section(name: str, text: str, page: Path = PAGE) -> None:
    """Put the text between the two markers of that name; all else on the page stays."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, _, rest = page.read_text().partition(begin)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}\n{text.strip()}\n{end}{after}")


def heading(seed: int, seconds: float) -> str:
    today, minutes = datetime.now(UTC).date(), seconds / 60
    return f"{today}, seed {seed}, {minutes:.0f} minutes on {machine()}. No promise was broken."


def machine() -> str:
    """Cores and kind of processor; no name of the machine."""
    cores, model = os.cpu_count(), platform.machine()
    known = Path("/proc/cpuinfo")
    if known.exists():
        names = [line for line in known.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    return f"{cores} cores ({model}), Python {platform.python_version()}"


def kills_table(tallies: dict[str, list[Tally]]) -> str:
    rows = [
        (database, tally.what, str(tally.kills), _counts(tally.found))
        for database, found in tallies.items()
        for tally in found
    ]
    total = sum(tally.kills for found in tallies.values() for tally in found)
    return _table(
        ("database", "killed", "times", "found afterwards"), [*rows, ("", "in all", str(total), "")]
    )


def rounds_table(all_rounds: Iterable[Rounds]) -> str:
    rows = []
    for rounds in all_rounds:
        for kind, won in rounds.won.items():
            numbers = (won["change"], won["purge"], won["each some"])
            rows.append((rounds.what, kind, str(won.total()), *(str(each) for each in numbers)))
        rows.append((rounds.what, "in all", str(rounds.count), "", "", ""))
    return _table(
        ("database", "against the purge", "rounds", "it came first", "purge first", "each some"),
        rows,
    )


def notes(all_rounds: Iterable[Rounds], workers: Workers, deadlocks: int) -> str:
    lines = [
        f"- {rounds.what}: {rounds.reads} whole reads during these purges, {rounds.broken_off} "
        f"downloads that broke off and said so; {rounds.asked_again.total()} answers 503 that were "
        "good when asked again; no other 5xx."
        for rounds in all_rounds
    ]
    crews = ", ".join(f"{times} times {crew}" for crew, times in sorted(workers.crews.items()))
    lines.append(
        f"- Workers of the deletion job side by side on PostgreSQL: {crews}; they shared "
        f"{workers.purged} records, none twice, none left; {workers.asked_again} answers 503."
    )
    lines.append(f"- Deadlocks in PostgreSQL's log in all of this: {deadlocks}.")
    return "\n".join(lines)


def _counts(found: Counter[str]) -> str:
    return ", ".join(f"{state}: {count}" for state, count in sorted(found.items()))


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
