"""Setting up: what a new installation gets once."""

from datetime import timedelta

from sqlalchemy.orm import Session

from service.domain.policy import Action, Role
from service.storage import keys, tokens
from service.storage.slices import Slice
from service.usecases.case import Case
from service.usecases.frame import usecase
from service.usecases.tokens import MintedToken, NewToken, mint_token


def mark_installation(session: Session, *, is_demo: bool) -> None:
    """Say of a new database what it is for; it does not change afterwards."""
    if not tokens.list_tokens(session, Slice(limit=1)):
        keys.mark_installation(session, is_demo=is_demo)
    session.commit()


def has_keys(session: Session) -> bool:
    """Whether the database was ever used with a keyring: another one would open nothing."""
    return bool(keys.list_known_keys(session))


@usecase(Action.CREATE_TOKEN)
def set_up(case: Case, *, life: timedelta) -> MintedToken | None:
    """Mint the first admin token; None if there are tokens."""
    if tokens.list_tokens(case.session, Slice(limit=1)):
        return None
    return mint_token(case, NewToken(Role.ADMIN, "first-admin", case.now + life))
