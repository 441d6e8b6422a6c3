"""Tokens at the command line."""

from datetime import timedelta
from uuid import UUID

import click

from service.cli.root import Root, application, id_table, new_case, print_table
from service.domain.policy import MINTED_ROLES, Role
from service.storage.slices import Slice
from service.usecases import tokens as use

_PAGE = 100


@click.group()
def tokens() -> None:
    """Create, list and revoke tokens."""


@tokens.command()
@click.argument("role", type=click.Choice(sorted(role.value for role in MINTED_ROLES)))
@click.argument("subject")
@click.option(
    "--days",
    type=click.IntRange(1, use.LONGEST_LIFE.days),
    default=90,
    show_default=True,
    help="How long it lasts.",
)
@click.pass_obj
def create(root: Root, role: str, subject: str, days: int) -> None:
    """Mint a token for SUBJECT, an opaque id of a person or system. It is printed this once."""
    with application(root) as house:
        case = new_case(house)
        expires_at = house.clock.now() + timedelta(days=days)
        minted = use.create_token(case, use.NewToken(Role(role), subject, expires_at))
    click.echo(minted.token)


@tokens.command("list")
@click.pass_obj
def show(root: Root) -> None:
    """List all tokens, without their secrets."""
    table = id_table("role", "subject", "created by", "expires (UTC)", "revoked (UTC)")
    with application(root) as house:
        asked: Slice | None = Slice(limit=_PAGE)
        while asked is not None:
            found = use.list_tokens(new_case(house), asked)
            for token in found.items:
                revoked = f"{token.revoked_at:%Y-%m-%d %H:%M}" if token.revoked_at else ""
                expires = f"{token.expires_at:%Y-%m-%d %H:%M}"
                table.add_row(
                    str(token.id), token.role, token.subject, token.created_by, expires, revoked
                )
            asked = Slice(found.next_after, _PAGE) if found.next_after else None
    print_table(table)


@tokens.command()
@click.argument("token_id", type=click.UUID)
@click.pass_obj
def revoke(root: Root, token_id: UUID) -> None:
    """Revoke the token with this id, from the next request on."""
    with application(root) as house:
        use.revoke_token(new_case(house), token_id)
    click.echo("Revoked.")
