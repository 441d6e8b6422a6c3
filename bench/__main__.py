"""Measures what the service must keep to, beside its goals: `python -m bench`.

Prints a table, and exits 1 if a goal is missed. All parts together write bench/results.json.
"""

import json
import os
import platform
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGTERM, signal

from rich.console import Console
from rich.table import Table

from bench import beside, growth, memory, purging, sealing, statements, validation
from bench.measures import Measure
from bench.sizes import SIZES, Size
from service.telemetry.logs import configure_logs

PARTS: dict[str, Callable[[Size], Iterator[Measure]]] = {
    "beside": beside.measure,
    "sealing": sealing.measure,
    "validation": validation.measure,
    "statements": statements.measure,
    "purging": purging.measure,
    "growth": growth.measure,
    "memory": memory.measure,
}
RESULTS = Path(__file__).with_name("results.json")

Found = Mapping[str, Sequence[Measure]]


def main() -> None:
    """All parts, or those named; only all of them together are kept.

    Each figure is told at once too: a run of hours that breaks off has not measured for nothing.
    """
    parser = ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="ordinary")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    asked = parser.parse_args()
    configure_logs("error", sys.stderr)
    signal(SIGTERM, lambda *_: sys.exit(128 + SIGTERM))  # databases and folders are thrown away
    found = _measured(asked.parts or list(PARTS), SIZES[asked.size])
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(_table("All that was measured", found, lambda _: True))
    console.print(_table("The goals", found, lambda measure: measure.has_goal))
    if not asked.parts:
        record = _record(asked.size, found)
        RESULTS.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n")
    raise SystemExit(not all(one.is_met for measures in found.values() for one in measures))


def _measured(parts: Sequence[str], size: Size) -> dict[str, list[Measure]]:
    found: dict[str, list[Measure]] = {}
    console = Console(stderr=True)
    with console.status("") as status:
        for part in parts:
            found[part] = []
            status.update(f"Measuring {part}")
            for measure in PARTS[part](size):
                found[part].append(measure)
                told = ", ".join(filter(None, _cells(measure)))
                console.print(f"{part}: {told}", soft_wrap=True)
    return found


def _table(title: str, found: Found, wanted: Callable[[Measure], bool]) -> Table:
    table = Table("part", "what", "goal", "measured", "lowest to highest", "met", title=title)
    for part, measures in found.items():
        for measure in filter(wanted, measures):
            table.add_row(part, *_cells(measure))
    return table


def _cells(measure: Measure) -> tuple[str, ...]:
    low, high = measure.spread or (0.0, 0.0)
    spread = f"{low:,.4g} to {high:,.4g}" if measure.spread else ""
    met = "" if not measure.has_goal else "yes" if measure.is_met else "[bold red]no[/]"
    return measure.what, measure.goal, f"{measure.measured:,.4g} {measure.unit}", spread, met


def _record(size: str, found: Found) -> dict[str, object]:
    return {
        "measured_on": f"{datetime.now(UTC):%Y-%m-%d}",
        "size": size,
        "machine": {
            "cores": os.cpu_count(),
            "cpu": _cpu(),
            "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(),
        },
        "measures": [
            {
                "part": part,
                "what": one.what,
                "unit": one.unit,
                "goal": one.goal or None,
                "measured": round(one.measured, 4),
                "spread": one.spread and [round(end, 4) for end in one.spread],
                "met": one.is_met if one.has_goal else None,
            }
            for part, measures in found.items()
            for one in measures
        ],
    }


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


if __name__ == "__main__":
    main()
