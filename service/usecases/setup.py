"""Setting up: what a new installation gets once."""

from datetime import timedelta

from service.domain.policy import Action, Role
from service.storage import keys, tokens
from service.storage.slices import Slice
from service.usecases.case import Case
from service.usecases.frame import usecase
from service.usecases.tokens import MintedToken, NewToken, mint_token


@usecase(Action.CREATE_TOKEN)
def set_up(case: Case, *, is_demo: bool, life: timedelta) -> MintedToken | None:
    """Say what this database is, and mint its first admin token; None if it has tokens."""
    if tokens.list_tokens(case.session, Slice(limit=1)):
        return None
    keys.mark_installation(case.session, is_demo=is_demo)
    return mint_token(case, NewToken(Role.ADMIN, "first-admin", case.now + life))
