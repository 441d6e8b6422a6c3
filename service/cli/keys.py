"""The keyring at the command line."""

from collections.abc import Callable
from uuid import UUID

import click
from rich.progress import Progress as ProgressBar

from service.cli.root import Root, application, id_table, new_case, print_table
from service.crypto.keyring import KeyPurpose, Keyring
from service.crypto.keyring_files import write_keyring_file
from service.domain.errors import Conflict
from service.usecases import keys as use
from service.usecases.case import Case, House
from service.usecases.keys import Progress

Batch = Callable[[Case, UUID | None], Progress]


@click.group()
def keys() -> None:
    """Show, add, rotate, rewrap, reindex and destroy keys.

    A rotation: `rotate`, then `rewrap`, then `destroy` once no backup needs the old key.
    """


@keys.command()
@click.pass_obj
def show(root: Root) -> None:
    """List the keys, their use, and from when each may be destroyed."""
    table = id_table("purpose", "state", "created", "rows", "destroyable from (UTC)")
    with application(root) as house:
        for key in use.list_keys(new_case(house)):
            free = f"{key.destroyable_from:%Y-%m-%d %H:%M}" if key.destroyable_from else ""
            created = f"{key.created_at:%Y-%m-%d}"
            table.add_row(key.id, key.purpose, key.state, created, str(key.rows), free)
    print_table(table)


_purpose = click.option(
    "--purpose",
    type=click.Choice([purpose.value for purpose in KeyPurpose]),
    default="kek",
    show_default=True,
)


@keys.command()
@_purpose
@click.pass_obj
def add(root: Root, purpose: str) -> None:
    """Add a key that nothing is sealed under yet.

    For hosts that each have a keyring: all get it before one of them seals under it.
    """
    with application(root) as house:
        new = use.add_key(new_case(house), KeyPurpose(purpose), _writer(house))
    click.echo(f"{new.id} is added. Once every host has it: `kluis keys rotate --key {new.id}`.")


@keys.command()
@_purpose
@click.option("--key", "key_id", help="A key that was added; without it a new one is made.")
@click.pass_obj
def rotate(root: Root, purpose: str, key_id: str | None) -> None:
    """Make a new key active; the one before only decrypts from now on."""
    with application(root) as house:
        new = use.rotate_key(new_case(house), KeyPurpose(purpose), _writer(house), key_id)
    following = "rewrap" if new.purpose is KeyPurpose.KEK else "reindex"
    click.echo(f"{new.id} is active. Go on with `kluis keys {following}`.")


@keys.command()
@click.pass_obj
def rewrap(root: Root) -> None:
    """Wrap every data key under the active key. It may be stopped, and goes on where it was."""
    _work(root, KeyPurpose.KEK, "Rewrapping", use.rewrap_batch, use.rewrap_holds_batch)


@keys.command()
@click.pass_obj
def reindex(root: Root) -> None:
    """Make every look-up digest anew under the active index key. It may be stopped."""
    _work(root, KeyPurpose.INDEX, "Reindexing", use.reindex_batch)


@keys.command()
@click.argument("key_id")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def destroy(root: Root, key_id: str, *, yes: bool) -> None:
    """Destroy a key that no row uses and no living backup can need."""
    with application(root) as house:
        write = _writer(house)
        if key_id not in house.keyring.current.keys:
            raise click.UsageError("There is no such key: `kluis keys show` lists them.")
        if not yes:
            use.demand_destroyable(new_case(house), key_id)
            click.confirm("What backups hold under this key is lost. Destroy it?", abort=True)
        use.destroy_key(new_case(house), key_id, write)
    click.echo("Destroyed.")


def _work(root: Root, purpose: KeyPurpose, title: str, *batches: Batch) -> None:
    failed = 0
    with application(root) as house, ProgressBar(transient=True) as bar:
        task = bar.add_task(title, total=use.count_work(new_case(house), purpose))
        for batch in batches:
            after, more = None, True
            while more:
                step = batch(new_case(house), after)
                failed += step.failed
                bar.advance(task, step.done + step.failed)
                after, more = step.next_after, step.next_after is not None
        left = use.count_work(new_case(house), purpose)
    click.echo(f"{title} is done. Left: {left}; did not open: {failed}.")
    if left:
        raise SystemExit(1)


def _writer(house: House) -> Callable[[Keyring], None]:
    """The way to write the keyring; where a command provides it, it is changed where it lives."""
    if house.settings.keyring_command:
        raise Conflict(
            "keyring-elsewhere", "KLUIS_KEYRING_COMMAND provides the keyring: change it there."
        )
    return lambda ring: write_keyring_file(house.settings.keyring_file, ring)
