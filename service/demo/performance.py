"""The whole demo, from the first procedure to the tally."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from service.demo.client import Client, Clock, Unexpected
from service.demo.dates import Terms
from service.demo.intake import open_procedures, post_applications
from service.demo.rights import Rights
from service.demo.stage import INTERVIEWER, SCREENER, Stage, recruiter_of, show_sight
from service.demo.throw_away import Service
from service.demo.year import MONTHS, Year


def perform(service: Service, resume: Path, applications: int, terms: Terms) -> bool:
    """Play it all on a running service; whether what it did is what the model of `terms` expects.

    It begins on the day after the clock's: a service that reads another clock is found out.
    """
    clock = Clock(service.clock_file)
    start = clock.today + timedelta(1)
    clock.move_to(start)
    client = Client(service.url, service.admin_token, clock)
    stage = Stage(client, clock, Console(), terms)
    stage.scene("Voorbeeld Techniek B.V. has four vacancies")
    procedures = open_procedures(stage)
    stage.scene(f"{applications} people apply: website, e-mail, phone, branch")
    post_applications(stage, procedures, applications, _read_resume(resume))
    stage.scene("Need to know: one candidate, as each role on the team sees them")
    candidate = stage.records[1]
    show_sight(stage, candidate, (recruiter_of(candidate), INTERVIEWER, SCREENER))
    stage.scene("One applicant exercises every right")
    Rights(stage, procedures).perform()
    stage.scene(f"{MONTHS} months, week by week")
    Year(stage, procedures).perform(start)
    stage.scene("Tally: the demo's own model against the service")
    stage.console.print(stage.tally.table())
    matches = stage.tally.matches
    stage.console.print("[green]All as expected.[/]" if matches else "[bold red]They differ.[/]")
    return matches


def _read_resume(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    try:
        resume: dict[str, Any] = json.loads(path.read_text())
    except ValueError as error:
        raise Unexpected(f"{path} is no JSON.") from error
    return resume
