"""Measures what the service must keep to, beside its goals: `python -m bench`.

Prints a table, writes bench/results.json, and exits 1 if a goal is missed.
"""

import json
import os
import platform
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import documents, lists, purging, sealing, throughput
from bench.measures import Measure
from service.telemetry.logs import configure_logs

PARTS: dict[str, Callable[[], Iterator[Measure]]] = {
    "sealing": sealing.measure,
    "lists": lists.measure,
    "purging": purging.measure,
    "documents": documents.measure,
    "throughput": throughput.measure,
}
RESULTS = Path(__file__).with_name("results.json")


def main(chosen: list[str]) -> None:
    """All parts, or those named; only all of them together are kept."""
    configure_logs("error", sys.stderr)
    table = Table("part", "what", "goal", "measured", "met")
    found: dict[str, list[Measure]] = {}
    with Console(stderr=True).status("") as status:
        for part in chosen or PARTS:
            status.update(f"Measuring {part}")
            found[part] = list(PARTS[part]())
            for measure in found[part]:
                table.add_row(part, *_cells(measure))
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    if not chosen:
        RESULTS.write_text(json.dumps(_record(found), indent=2, ensure_ascii=False) + "\n")
    raise SystemExit(not all(one.is_met for measures in found.values() for one in measures))


def _cells(measure: Measure) -> tuple[str, ...]:
    goal = "" if measure.goal is None else f"≤ {measure.goal:,.10g} {measure.unit}"
    met = "" if measure.goal is None else "yes" if measure.is_met else "[bold red]no[/]"
    return measure.what, goal, f"{measure.measured:,.1f} {measure.unit}", met


def _record(found: dict[str, list[Measure]]) -> dict[str, object]:
    return {
        "measured_on": f"{datetime.now(UTC):%Y-%m-%d}",
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
                "goal": one.goal,
                "measured": round(one.measured, 2),
                "met": one.is_met,
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
    main(sys.argv[1:])
