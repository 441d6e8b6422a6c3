"""Retention at the command line."""

from collections.abc import Iterable, Iterator
from itertools import islice
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
@click.argument("logs", nargs=-1, type=click.File("rb"))
@click.pass_obj
def erase_again(root: Root, logs: tuple[Iterable[bytes], ...]) -> None:
    """Erase what a restored backup brought back, by the service's LOGS since that backup.

    They are its lines of JSON, in files or, for -, on standard input; all that is no line of an
    erasure is passed over. Restore, run this and `kluis purge`, and serve then.
    """
    told = {application_id: None for log in logs for application_id in _erased_in(log)}
    again, ids = 0, iter(told)
    with application(root) as house:
        while batch := list(islice(ids, _BATCH)):
            again += erasing.erase_again(new_case(house), batch)
    click.echo(f"The logs tell of {len(told)} erased; {again} were back, and are erased again.")


def _erased_in(log: Iterable[bytes]) -> Iterator[UUID]:
    for line in log:
        try:
            event = orjson.loads(line)
            if event["event"] == ERASED:
                yield UUID(event["application_id"])
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # a line of something else
