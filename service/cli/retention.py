"""Retention at the command line."""

from collections.abc import Iterable
from contextlib import suppress
from itertools import islice
from typing import Any
from uuid import UUID

import click
import orjson
from rich.progress import Progress as ProgressBar

from service.cli.root import Root, application, id_table, new_case, print_table
from service.telemetry.signals import ERASED
from service.usecases import erasing
from service.usecases import retention as use

_BATCH = 1_000


@click.group()
def retention() -> None:
    """Check the stored deletion dates; erase again behind a restore."""


@retention.command()
@click.pass_obj
def verify(root: Root) -> None:
    """Recompute every deletion date from its events; exit code 1 if any differs."""
    differences, after, more = [], None, True
    with application(root) as house, ProgressBar(transient=True) as bar:
        task = bar.add_task("Verifying", total=None)
        while more:
            found, after = use.find_differences(new_case(house), after, _BATCH)
            differences += found
            bar.advance(task, _BATCH)
            more = after is not None
    if not differences:
        click.echo("Every date is what its events give.")
        return
    table = id_table("column", "stored", "computed")
    for one in differences:
        table.add_row(str(one.application_id), one.column, f"{one.stored}", f"{one.computed}")
    print_table(table)
    raise SystemExit(1)


@retention.command("erase-again")
@click.argument("logs", nargs=-1, type=click.File("rb"), required=True)
@click.pass_obj
def erase_again(root: Root, logs: tuple[Iterable[bytes], ...]) -> None:
    """Erase what a restored backup brought back, by the service's LOGS since that backup.

    They are its lines of JSON, in files or, for -, on standard input, whatever stands before them;
    other lines are passed over. Not one that is the service's is an error. What else is to be done
    behind a restore tells the README.
    """
    told: dict[UUID, None] = {}
    known = 0
    for event in (event for log in logs for event in map(_event_in, log) if event):
        known += 1
        if event["event"] == ERASED:
            told[_id_in(event)] = None
    if not known:
        raise click.ClickException("No line there is one of the service's log, and nothing is done")
    again, ids = 0, iter(told)
    with application(root) as house:
        while batch := list(islice(ids, _BATCH)):
            again += erasing.erase_again(new_case(house), batch)
    click.echo(
        f"Erased since, by {known} lines of log: {len(told)}. Back, and erased again: {again}."
    )


def _id_in(event: dict[str, str]) -> UUID:
    try:
        return UUID(event["application_id"])
    except (KeyError, ValueError) as error:
        message = "A line tells of an erasure, and not of what: is it whole? Nothing is done"
        raise click.ClickException(message) from error


def _event_in(line: bytes) -> Any:
    """What a line of the service's log tells; None for any other line."""
    with suppress(ValueError):
        event = orjson.loads(line[line.find(b"{") :])
        return event if isinstance(event, dict) and "event" in event else None
    return None
