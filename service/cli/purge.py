"""The deletion job: here, or as the scheduled client of a service elsewhere."""

import json
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import IO, Any, NoReturn, Self
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.progress import Progress as ProgressBar

from service.cli.root import Root, application, new_case, shown
from service.storage.database import db
from service.usecases import purges as use
from service.usecases.scrubbing import finish_run

BRAKED, FAILED, UNREACHABLE, UNSCRUBBED = 3, 4, 5, 6
_PAUSE_SECONDS = 1.0
_IDLE_ROUNDS = 60
_TIMEOUT_SECONDS = 120


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """The token is for the address that was given, and for no other that one names."""

    def redirect_request(self, *_: Any) -> None:
        """Follow nowhere: the redirect is an answer like any other."""


_OPENER = urllib.request.build_opener(_NoRedirects)


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@click.option("--url", help="Ask the service at this address instead of the database here.")
@click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The file with the purger's token, for --url.",
)
@click.pass_obj
def purge(root: Root, *, dry_run: bool, url: str | None, token_file: Path | None) -> None:
    """Delete every record whose day has come.

    Exit codes for a scheduler: 0 nothing due is left; 3 the brake holds, the privacy officer must
    confirm a plan; 4 refused, or records remain; 5 the service could not be reached, or what
    answered is no Kluis; 6 deleted, but a transaction elsewhere still keeps deleted bytes in the
    database's files.
    """
    if url is None:
        _purge_here(root, dry_run=dry_run)
    elif token_file is None:
        raise click.UsageError("--url needs --token-file.")
    else:
        _purge_there(url, token_file.read_text().strip(), dry_run=dry_run)


def _purge_here(root: Root, *, dry_run: bool) -> None:
    with application(root) as house:
        if dry_run:
            plan = use.plan_purge(new_case(house))
            _say_plan({"remaining": plan.remaining, "passed_over": plan.passed_over})
            return
        with _Rounds() as rounds:
            while rounds.go_on:
                run = use.run_purge(new_case(house))
                if run.planned:
                    _braked(str(run.id), ",".join(run.brake))
                rounds.note(run.purged, run.remaining, run.passed_over)
        _demand_scrubbed(scrubbed=finish_run(house, db.session()))


def _purge_there(url: str, token: str, *, dry_run: bool) -> None:
    if dry_run:
        _say_plan(_demand(_post(url, token, {"dry_run": True}), remaining=int, passed_over=int))
        return
    with _Rounds() as rounds:
        while rounds.go_on:
            run = _demand(
                _post(url, token, {}), purged=int, remaining=int, passed_over=int, scrubbed=bool
            )
            rounds.note(run["purged"], run["remaining"], run["passed_over"])
    _demand_scrubbed(scrubbed=run["scrubbed"])


def _demand_scrubbed(*, scrubbed: bool) -> None:
    if not scrubbed:
        _fail("A transaction elsewhere keeps deleted bytes in the files; run again.", UNSCRUBBED)


class _Rounds:
    """Calls until nothing due is left; waits for records that another run holds.

    Who sits at a terminal sees how many are gone, and a bar: without an end until a run has
    counted all that it leaves.
    """

    def __init__(self) -> None:
        console = Console()
        self._bar = ProgressBar(console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task("Purging", total=None)
        self._idle = 0
        self.purged = 0
        self.passed_over = 0
        self.go_on = True

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._bar.stop()
        if kind is None:
            click.echo(f"Purged {self.purged}; held back by a legal hold: {self.passed_over}.")

    def note(self, purged: int, remaining: int, passed_over: int) -> None:
        self.purged += purged
        self.passed_over = passed_over
        self.go_on = remaining > 0
        total = None if remaining >= use.MOST_COUNTED else self.purged + remaining
        said = f"Purged {self.purged}"
        self._bar.update(
            self._task, description=said, completed=self.purged, total=total, refresh=True
        )
        self._idle = 0 if purged else self._idle + 1
        if self.go_on and self._idle > _IDLE_ROUNDS:
            _fail(f"{counted(remaining)} due records are held by other transactions.", FAILED)
        if self.go_on and not purged:
            time.sleep(_PAUSE_SECONDS)


def counted(remaining: int) -> str:
    """What a run left, in words."""
    return f"{remaining} or more" if remaining >= use.MOST_COUNTED else str(remaining)


def _post(url: str, token: str, order: dict[str, Any]) -> object:
    _demand_address(url)
    request = urllib.request.Request(  # noqa: S310  # the scheme was looked at
        f"{url.rstrip('/')}/v1/purge-runs",
        json.dumps(order).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    try:
        with _OPENER.open(request, timeout=_TIMEOUT_SECONDS) as response:
            return _content(response)
    except urllib.error.HTTPError as error:
        with error:
            _refused(error)
    except (OSError, ValueError, HTTPException) as error:
        _fail(f"The service could not be reached ({_reason(error)}).", UNREACHABLE)


def _demand_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # no such port
        is_address = False
    if not is_address:
        raise click.UsageError("--url is an address that begins with http:// or https://.")


def _content(answer: IO[bytes]) -> object:
    """What the answer says; None where it is cut off or no JSON."""
    try:
        content: object = json.load(answer)
    except (ValueError, RecursionError, HTTPException):
        return None
    return content


def _demand(content: object, **kinds: type) -> dict[str, Any]:
    """The answer, if it is an object whose members are of these types, as Kluis's are."""
    answer = content if isinstance(content, dict) else {}
    if any(type(answer.get(name)) is not kind for name, kind in kinds.items()):
        _fail("The service answered in a way that is not Kluis's: is --url right?", UNREACHABLE)
    return answer


def _refused(error: urllib.error.HTTPError) -> NoReturn:
    if error.code < HTTPStatus.BAD_REQUEST:
        moved = "The service is not at this address but names another, which was not followed"
        _fail(f"{moved} ({error.code}).", FAILED)
    problem = _demand(_content(error), type=str, title=str)
    if problem["type"].endswith(":braked"):
        braked = _demand(problem, plan=str, reasons=list)
        _braked(shown(braked["plan"]), shown(",".join(map(str, braked["reasons"]))))
    code = UNREACHABLE if error.code == HTTPStatus.SERVICE_UNAVAILABLE else FAILED
    _fail(f"The service refused ({error.code}): {shown(problem['title'])}", code)


def _braked(plan: str, reasons: str) -> NoReturn:
    confirmation = f'POST /v1/purge-runs with {{"plan": "{plan}"}}'
    message = f"The brake holds, nothing was deleted ({reasons}).\nThe privacy officer looks at"
    _fail(f"{message} plan {plan} and confirms it: {confirmation}", BRAKED)


def _reason(error: Exception) -> str:
    """Why, in the system's words; these tell of addresses and connections, not of people."""
    cause = getattr(error, "reason", error)
    return getattr(cause, "strerror", None) or type(cause).__name__


def _fail(message: str, code: int) -> NoReturn:
    click.echo(message, err=True)
    raise SystemExit(code)


def _say_plan(plan: dict[str, Any]) -> None:
    click.echo(f"Due: {plan['remaining']}; held back by a legal hold: {plan['passed_over']}.")
