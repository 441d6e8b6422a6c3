"""Retention at the command line."""

import click
from rich.progress import Progress as ProgressBar

from service.cli.root import Root, application, id_table, new_case, print_table
from service.usecases import retention as use

_BATCH = 1_000


@click.group()
def retention() -> None:
    """Check the stored deletion dates."""


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
