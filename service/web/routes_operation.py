"""The routes of operation: the purge, duties, the audit and tokens."""

from collections.abc import Mapping
from dataclasses import replace

from service.domain.errors import Conflict, Fault, Forbidden, Invalid
from service.domain.policy import Action, Role
from service.storage.audit import AuditFilter
from service.usecases import auditing, duties, purges, tokens
from service.usecases.case import Case
from service.usecases.paging import Page
from service.usecases.scrubbing import finish_run
from service.web import schemas
from service.web.doors import Asked, door


@door(
    "POST",
    "/purge-runs",
    Action.PURGE,
    Action.CONFIRM_PURGE,
    body=schemas.PurgeOrder,
    may_be_empty=True,
    location="/purge-runs/{id}",
    conflicts=("braked", "plan-outdated"),
)
def purge(case: Case, asked: Asked) -> purges.PurgeView:
    """Delete what is due; or only plan it; or confirm a plan.

    At most `limit` records go at a time: the job calls until `remaining` is 0. A run counts
    `remaining` to 10,000, which then means so many or more; a plan counts all. After a long
    silence, a clock that jumped or a bad import the brake refuses with `braked` and names a plan,
    which the privacy officer looks at and confirms by sending `plan`.
    """
    body = asked.body
    if case.principal.role is Role.OFFICER:
        if "plan" not in body:
            raise Invalid("The privacy officer confirms a plan.", [Fault("/plan", "required")])
        return _finished(case, purges.confirm_plan(case, body["plan"], body["limit"]))
    if "plan" in body:
        raise Forbidden(
            "A plan is the privacy officer's to confirm.", [Fault("/plan", "not-for-this-role")]
        )
    if body["dry_run"]:
        return purges.plan_purge(case)
    return _finished(case, purges.run_purge(case, body["limit"]))


@door("GET", "/purge-runs/<uuid:run_id>", Action.READ_PURGE_RUN)
def read_purge_run(case: Case, asked: Asked) -> purges.PurgeDetails:
    """A run or a plan: counts, and the ids for the privacy officer."""
    return purges.read_purge_run(case, asked.path["run_id"])


@door("GET", "/duties", Action.READ_DUTIES)
def list_duties(case: Case, asked: Asked) -> list[duties.Duty]:
    """What must happen in time.

    Deletions, the job that stopped, procedures and holds that end, requests that are due, notices
    that nobody confirmed, events that were not delivered.
    """
    del asked
    return duties.list_duties(case)


@door("GET", "/audit-events", Action.READ_AUDIT, query=schemas.AuditQuery)
def list_audit_events(case: Case, asked: Asked) -> Page[auditing.AuditView]:
    """Who did what and saw whom, oldest first."""
    names = ("application_id", "subject", "since", "until")
    wanted = AuditFilter(**{name: asked.query.get(name) for name in names})
    return auditing.list_events(case, wanted, asked.page)


@door("POST", "/tokens", Action.CREATE_TOKEN, body=schemas.NewToken, location="/tokens")
def create_token(case: Case, asked: Asked) -> tokens.MintedToken:
    """Mint a token; its secret is shown in this answer and nowhere else.

    Minting raises an alarm event.
    """
    body = asked.body
    new = tokens.NewToken(Role(body["role"]), body["subject"], body["expires_at"])
    return tokens.create_token(case, new)


@door("GET", "/tokens", Action.LIST_TOKENS, query=schemas.PageQuery)
def list_tokens(case: Case, asked: Asked) -> Page[tokens.TokenView]:
    """All tokens, without their secrets."""
    return tokens.list_tokens(case, asked.page)


@door("DELETE", "/tokens/<uuid:token_id>", Action.REVOKE_TOKEN, conflicts=("already-revoked",))
def revoke_token(case: Case, asked: Asked) -> None:
    """Revoke a token, from the next request on."""
    tokens.revoke_token(case, asked.path["token_id"])


def _finished(case: Case, answered: purges.PurgeView) -> purges.PurgeView:
    """A run that was carried out, cleaned up behind; a braked one as the conflict that it is."""
    run = purges.PurgeView(**answered) if isinstance(answered, Mapping) else answered  # repeated
    if run.planned:
        raise Conflict("braked", plan=run.id, due=run.remaining, reasons=run.brake)
    return replace(run, scrubbed=run.completed and finish_run(case.house, case.session))
