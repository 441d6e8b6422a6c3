"""The whole demo, from the first procedure to the tally."""

import json
from pathlib import Path
from typing import Any

from rich.console import Console

from service.demo.client import Client, Clock, Unexpected
from service.demo.dates import Terms
from service.demo.intake import open_procedures, post_applications
from service.demo.stage import INTERVIEWER, SCREENER, Stage, recruiter_of, show_sight
from service.demo.throw_away import throw_away_service
from service.demo.year import MONTHS, Year


def perform_here(resume: Path, applications: int, terms: Terms | None = None) -> bool:
    """The demo against a service of its own."""
    with throw_away_service() as (url, token, clock_file):
        return perform(url, token, clock_file, resume, applications, terms)


def perform(  # noqa: PLR0913, PLR0917
    url: str,
    admin_token: str,
    clock_file: Path,
    resume: Path,
    applications: int,
    terms: Terms | None = None,
) -> bool:
    """The demo against a running service; whether all was as the model of `terms` expects."""
    clock = Clock(clock_file)
    stage = Stage(Client(url, admin_token, clock), clock, Console(), terms or Terms())
    start = clock.today
    clock.move_to(start)
    stage.scene("Voorbeeld Techniek B.V. has four vacancies")
    procedures = open_procedures(stage)
    stage.scene(f"{applications} people apply: website, e-mail, phone, branch")
    post_applications(stage, procedures, applications, _read_resume(stage, resume))
    stage.scene("Need to know: one candidate, as each role on the team sees them")
    candidate = stage.records[1]
    show_sight(stage, candidate, (recruiter_of(candidate), INTERVIEWER, SCREENER))
    stage.scene(f"{MONTHS} months, week by week")
    Year(stage, procedures).perform(start)
    stage.scene("Tally: the demo's own model against the service")
    stage.console.print(stage.tally.table())
    stage.console.print(
        "[green]All as expected.[/]" if stage.tally.matches else "[bold red]They differ.[/]"
    )
    return stage.tally.matches


def _read_resume(stage: Stage, path: Path) -> dict[str, Any] | None:
    if not path.exists():
        stage.say(f"There is no resume at {path}; a generated one takes its place.")
        return None
    try:
        resume: dict[str, Any] = json.loads(path.read_text())
    except ValueError as error:
        raise Unexpected(f"{path} is no JSON.") from error
    return resume
