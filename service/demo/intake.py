"""The demo's first weeks: procedures, teams, consent wording, and the applications coming in."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from service.demo.client import Unexpected, Who
from service.demo.dates import Procedure, Record, end_of_month, months_later
from service.demo.people import Applicant, Applicants
from service.demo.stage import INTERVIEWER, OFFICER, SCREENER, WEBSITE, Stage
from service.domain.catalogue import PORTABLE
from service.domain.json_resume import to_resume

WORDING = "2026-01"
VACANCIES = (
    ("VT-101", "Monteur elektrotechniek"),
    ("VT-102", "Werkvoorbereider bouw"),
    ("VT-103", "Servicedeskmedewerker"),
    ("VT-104", "Planner logistiek"),
)
_RECRUITERS = ("recruiter-assen", "recruiter-emmen")
_POSTING_DAYS = (0, 3, 7, 10, 14, 17)
_OTHER_CHANNELS = ("email", "phone", "branch")
_FORGOTTEN = 1
_WITH_RESUME = 4


def open_procedures(stage: Stage) -> list[Procedure]:
    """The vacancies with their teams. The second will be forgotten: it ends by itself."""
    if stage.client.get("/procedures", Who("admin", "demo-admin"))["items"]:
        raise Unexpected("There are procedures already: the demo wants a fresh demo database.")
    today = stage.clock.today
    procedures = []
    for number, (reference, title) in enumerate(VACANCIES):
        recruiter = _RECRUITERS[number // 2]
        ends_on = end_of_month(today + timedelta(75)) if number == _FORGOTTEN else None
        ends_on = ends_on or months_later(today, 9)
        body = {"reference": reference, "title": title, "ends_on": f"{ends_on}"}
        made = stage.client.post("/procedures", Who("recruiter", recruiter), body)
        if made["opened_on"] != f"{today}":
            raise Unexpected("The service does not read its time from --clock-file.")
        _make_team(stage, made["id"], recruiter)
        procedures.append(Procedure(made["id"], title, ends_on, recruiter))
        stage.say(f"{reference}  {title:<23}  ends {ends_on:%d %b %Y}, {recruiter}")
    _add_wording(stage)
    return procedures


def post_applications(
    stage: Stage, procedures: list[Procedure], count: int, resume: dict[str, Any] | None
) -> None:
    """The resume and `count` applicants, over three weeks.

    Each tenth applies to no vacancy, and each tenth sends a resume in place of filling in a form.
    """
    people, start = Applicants(), stage.clock.today
    _post_resume(stage, procedures[2], resume or people.resume())
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=stage.console) as bar:
        task = bar.add_task("Posting applications", total=count)
        for number in range(count):
            stage.clock.move_to(start + timedelta(_POSTING_DAYS[number * 6 // count]))
            target = procedures[number % 4] if (number + 1) % 10 else None
            channel = "website" if (number + 1) % 5 else _OTHER_CHANNELS[number // 5 % 3]
            person, consents = people.next(), number % 3 == 0
            resume = to_resume(person.fields) if number % 10 == _WITH_RESUME else None
            post(stage, person, target, channel, consents=consents, resume=resume)
            bar.advance(task)
    _count_listed(stage, procedures)


def post(  # noqa: PLR0913  # an application has many parts
    stage: Stage,
    person: Applicant,
    target: Procedure | None,
    channel: str,
    *,
    consents: bool,
    resume: dict[str, Any] | None = None,
) -> Record:
    """One application, with its files; `target` None is an open one.

    With a resume only those fields are sent that are never in one.
    """
    procedure = target or Procedure("", "", months_later(stage.clock.today, 3), _RECRUITERS[0])
    fields = {
        name: value for name, value in person.fields.items() if not resume or name not in PORTABLE
    }
    body: dict[str, Any] = {"channel": channel, "fields": fields}
    vacancies = {title: reference for reference, title in VACANCIES}
    body |= {"procedure_reference": vacancies[target.title]} if target else {"kind": "open"}
    body |= {"consent": {"wording_version": WORDING}} if consents else {}
    sent = {"application": body} | ({"resume": resume} if resume else {})
    parts = [
        (name, (f"{name}.json", json.dumps(value).encode(), "application/json"))
        for name, value in sent.items()
    ]
    who = WEBSITE if channel == "website" else Who("recruiter", procedure.recruiter)
    made = stage.client.call("POST", "/applications", who, files=[*parts, *person.files]).json()
    return stage.keep(made, person.fields["name"], channel, procedure, consented=consents)


def _post_resume(stage: Stage, procedure: Procedure, resume: dict[str, Any]) -> None:
    """The resume, through the website; the recruiter finds every text of it, but for the photo."""
    person = Applicant({"name": resume["basics"]["name"]})
    record = post(stage, person, procedure, "website", consents=True, resume=resume)
    recruiter = Who("recruiter", procedure.recruiter)
    read = stage.client.get(f"/applications/{record.id}", recruiter)["fields"]
    kept, said = list(_texts(read)), list(_texts(resume))
    found = sum(any(text in one for one in kept) for text in said)
    stage.tally.add("texts of the resume, found again in its fields", len(said), found)
    stage.say(f"A resume in the JSON Resume format fills {len(read)} fields: {', '.join(read)}")


def _texts(value: object) -> Iterator[str]:
    """Every text in it, but for the photo's address and that of the format."""
    match value:
        case dict():
            for name in value.keys() - {"image", "$schema"}:
                yield from _texts(value[name])
        case list():
            for member in value:
                yield from _texts(member)
        case str():
            yield value


def _add_wording(stage: Stage) -> None:
    nl = "Ik geef toestemming om mijn gegevens een jaar te bewaren voor ander passend werk."
    en = "I agree that my data is kept for one year, for other work that suits me."
    body = {"version": WORDING, "texts": {"nl": nl, "en": en}, "names_talent_pool": True}
    stage.client.post("/consent-wordings", OFFICER, body)


def _make_team(stage: Stage, procedure_id: str, recruiter: str) -> None:
    for member in (INTERVIEWER, SCREENER):
        path = f"/procedures/{procedure_id}/team/{member.subject}"
        stage.client.call("PUT", path, Who("recruiter", recruiter), json={"role": member.role})


def _count_listed(stage: Stage, procedures: list[Procedure]) -> None:
    """What the recruiters' lists hold, against what was posted to their vacancies."""
    for procedure in procedures:
        path, who = (
            f"/procedures/{procedure.id}/applications",
            Who("recruiter", procedure.recruiter),
        )
        posted = {record.id for record in stage.records if record.procedure is procedure}
        listed = {item["id"] for item in stage.client.list_all(path, who)}
        stage.tally.add("candidates on their recruiters' lists", len(posted), len(listed & posted))
