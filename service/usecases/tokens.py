"""Tokens: who asks, minting, listing and revoking."""

import hmac
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from service.domain.errors import Conflict, Fault, Invalid, NotFound, Unauthenticated
from service.domain.policy import MINTED_ROLES, Action, Role
from service.domain.tokens import ENTROPY_BYTES, digest, is_subject, is_well_formed, mint
from service.storage import tokens
from service.storage.database import unavailable_when_failing
from service.storage.slices import Slice
from service.storage.tables import ApiToken
from service.telemetry.signals import Alarm
from service.usecases.case import Case, House, Principal
from service.usecases.frame import usecase
from service.usecases.paging import Page, page
from service.usecases.views import view_of

LONGEST_LIFE = timedelta(days=366)


@dataclass(frozen=True)
class NewToken:
    role: Role
    subject: str
    expires_at: datetime


@dataclass(frozen=True)
class TokenView:
    id: UUID
    role: Role
    subject: str
    created_at: datetime
    created_by: str
    expires_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True)
class MintedToken:
    """A new token with its secret, which is shown here and nowhere else."""

    id: UUID
    role: Role
    subject: str
    expires_at: datetime
    token: str


def authenticate(house: House, token: str) -> Principal:
    """Who holds this token; Unauthenticated in one way for all that is wrong with it.

    The connection goes back before anything else is waited for.
    """
    if not is_well_formed(token):
        raise Unauthenticated
    sought = digest(token)
    with unavailable_when_failing():
        holder = tokens.find_holder(house.engine, sought)
    if holder is None or not hmac.compare_digest(holder.digest, sought):
        raise Unauthenticated
    if not holder.holds_at(house.clock.now()):
        raise Unauthenticated
    return Principal(holder.role, holder.subject, holder.id, holder.application_id)


@usecase(Action.CREATE_TOKEN)
def create_token(case: Case, new: NewToken) -> MintedToken:
    """Mint a token; only its digest is kept. An applicant's is had by his access code alone."""
    if new.role not in MINTED_ROLES:
        raise Invalid(faults=[Fault("/role", "not-a-choice")])
    return mint_token(case, new)


def mint_token(case: Case, new: NewToken) -> MintedToken:
    if not is_subject(new.subject):
        detail = "A subject is an opaque id: letters, digits and . _ : @ -, at most 100 of them."
        raise Invalid(detail, [Fault("/subject", "characters")])
    if not case.now < new.expires_at <= case.now + LONGEST_LIFE:
        detail = "A token expires after now and within 366 days."
        raise Invalid(detail, [Fault("/expires_at", "out-of-range")])
    row, token = mint_row(case, new)
    case.entry.details = {"created": str(row.id), "for": new.subject, "as": new.role}
    case.alarm(Alarm.TOKEN_CREATED, token_id=row.id, role=new.role, subject=new.subject)
    return MintedToken(row.id, row.role, row.subject, row.expires_at, token)


def mint_row(case: Case, new: NewToken) -> tuple[ApiToken, str]:
    """A new token: the row with its digest, and its secret."""
    token = mint(new.role, os.urandom(ENTROPY_BYTES))
    row = ApiToken(
        id=case.new_id(),
        digest=digest(token),
        role=new.role,
        subject=new.subject,
        created_at=case.now,
        created_by=case.principal.subject,
        expires_at=new.expires_at,
    )
    case.session.add(row)
    return row, token


@usecase(Action.LIST_TOKENS)
def list_tokens(case: Case, asked: Slice) -> Page[TokenView]:
    """A page of tokens, revoked and expired ones included; no secrets, for none are kept."""
    rows = tokens.list_tokens(case.session, asked)
    return page(rows, asked, lambda row: row.id, lambda row: view_of(TokenView, row))


@usecase(Action.REVOKE_TOKEN)
def revoke_token(case: Case, token_id: UUID) -> None:
    """Revoke a token, from the next request on."""
    row = tokens.lock_token(case.session, token_id)
    if row is None:
        raise NotFound
    if row.revoked_at is not None:
        raise Conflict("already-revoked")
    row.revoked_at = case.now
    case.entry.details = {"revoked": str(token_id)}
    case.alarm(Alarm.TOKEN_REVOKED, token_id=token_id, role=row.role, subject=row.subject)
