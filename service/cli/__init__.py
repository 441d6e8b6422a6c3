"""The command line: `kluis --help`."""

import click

from service.cli.deliver import deliver
from service.cli.keys import keys
from service.cli.purge import purge
from service.cli.register import register
from service.cli.retention import retention
from service.cli.setup import init, migrate, openapi, serve
from service.cli.tokens import tokens


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kluis")
def kluis() -> None:
    """Kluis keeps job applications sealed, and deletes them on their day.

    All settings are KLUIS_* variables; the README lists them.
    """


for command in (init, migrate, serve, purge, deliver, tokens, keys, retention, register, openapi):
    kluis.add_command(command)
