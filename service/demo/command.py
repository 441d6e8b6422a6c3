"""`kluis demo`: what the users do, at the command line."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import click

from service.demo.dates import Terms

_EXTRAS = frozenset({"docx", "faker", "fpdf", "httpx"})
_SAMPLE = Path("../shared/data/jsonresume/sample.resume.json")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--throw-away", is_flag=True, help="Start a service for the demo, and remove it.")
@click.option("--url", help="The running service, made with `kluis init --demo`.")
@click.option("--admin-token-file", type=_FILE, help="An admin's token, valid at the clock.")
@click.option("--clock-file", type=_FILE, help="The file named in the service's KLUIS_DEMO_CLOCK.")
@click.option(
    "--resume",
    type=click.Path(dir_okay=False, path_type=Path),
    default=_SAMPLE,
    help="A resume in the JSON Resume format; without one, one is generated.",
)
@click.option(
    "--applications",
    type=click.IntRange(40, 900),
    default=200,
    show_default=True,
    help="How many applications are posted.",
)
@click.option(
    "--model-months",
    type=click.IntRange(1, 11),
    default=1,
    show_default=True,
    help="Months after the end, by the demo's own model; with any but 1 the tally must differ.",
)
def demo(  # noqa: PLR0913  # one parameter an option
    *,
    throw_away: bool,
    url: str | None,
    admin_token_file: Path | None,
    clock_file: Path | None,
    resume: Path,
    applications: int,
    model_months: int,
) -> None:
    """Play fourteen months of Kluis over HTTP.

    It ends with a tally of expected against found. Exit code 1 if the service does otherwise than
    the privacy statement promises.
    """
    try:
        from service.demo.client import Unexpected  # noqa: PLC0415  # optional packages
        from service.demo.performance import perform  # noqa: PLC0415  # the same
        from service.demo.throw_away import Service, throw_away_service  # noqa: PLC0415  # the same
    except ModuleNotFoundError as error:
        if error.name not in _EXTRAS:
            raise
        raise click.ClickException(f"{error.name} is missing: install kluis[demo].") from error
    if throw_away:
        place: AbstractContextManager[Service] = throw_away_service()
    elif url and admin_token_file and clock_file:
        place = nullcontext(Service(url, admin_token_file.read_text().strip(), clock_file))
    else:
        raise click.UsageError("Give --url, --admin-token-file, --clock-file; or --throw-away.")
    try:
        with place as service:
            matches = perform(service, resume, applications, Terms(model_months))
    except Unexpected as error:
        raise click.ClickException(f"{error}") from error
    if not matches:
        raise SystemExit(1)
