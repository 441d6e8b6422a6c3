"""Retention: why a record stays until its day, and whether every stored date is right."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from service.domain.explanations import explain
from service.domain.policy import Action
from service.domain.requests import kept_until
from service.domain.retention import EndedBy, Phase, Retention, Rule, is_held, later
from service.storage import consents, holds, verification
from service.storage.applications import Found
from service.usecases.case import Case
from service.usecases.frame import usecase
from service.usecases.records import get_record


@dataclass(frozen=True)
class RetentionView:
    """The date, the rule, what it was computed from, and what consent would change today."""

    id: UUID
    purge_on: date
    rule: Rule
    phase: Phase
    ends_on: date
    withdrawn_on: date | None
    end: date
    ended_by: EndedBy
    consented: bool
    hold_until: date | None
    purge_on_if_given_today: date
    purge_on_if_withdrawn_today: date
    explanation: dict[str, str]


@dataclass(frozen=True)
class Difference:
    """A stored date that is not what its events give."""

    application_id: UUID
    column: str
    stored: date | None
    computed: date | None


@usecase(Action.READ_RETENTION, one_moment=True)
def read_retention(case: Case, application_id: UUID) -> RetentionView:
    """Explain one record's deletion date."""
    return explained(case, get_record(case, application_id))


def explained(case: Case, found: Found) -> RetentionView:
    """The record's deletion date, explained."""
    events = consents.list_consent_events(case.session, found.application.id)
    retention = found.retention(consented=consents.is_consent_standing(events))
    phase = found.phase(case.today)
    held = is_held(retention.hold_until, case.today)
    legal = holds.latest_legal_hold(case.session, found.application)
    asked = holds.open_request_hold(case.session, found.application.id)
    return RetentionView(
        id=found.application.id,
        purge_on=retention.purge_on,
        rule=retention.rule,
        phase=phase,
        ends_on=retention.ends_on,
        withdrawn_on=retention.withdrawn_on,
        end=retention.end,
        ended_by=retention.ended_by,
        consented=retention.consented,
        hold_until=retention.hold_until if held else None,
        purge_on_if_given_today=replace(retention, consented=True).purge_on,
        purge_on_if_withdrawn_today=replace(retention, consented=False).purge_on,
        explanation=explain(replace(retention, hold_until=legal), phase, case.today, asked),
    )


@usecase(Action.VERIFY_RETENTION, one_moment=True)
def find_differences(
    case: Case, after: UUID | None, limit: int
) -> tuple[list[Difference], UUID | None]:
    """Recompute the next `limit` records from their events: what differs, and where to go on."""
    rows = verification.list_with_events(case.session, after, limit)
    differences = [difference for row in rows for difference in _differences(row, case.today)]
    return differences, rows[-1].application_id if len(rows) == limit else None


def _differences(row: verification.Recomputable, today: date) -> Iterator[Difference]:
    retention = Retention(row.ends_on, row.withdrawn_on, row.consented)
    if row.purge_on != retention.purge_on:
        yield Difference(row.application_id, "purge_on", row.purge_on, retention.purge_on)
    asked = None if row.last_answer_due is None else kept_until(row.last_answer_due)
    held = later(row.latest_hold, asked)
    if row.hold_until != held and (is_held(row.hold_until, today) or is_held(held, today)):
        yield Difference(row.application_id, "hold_until", row.hold_until, held)
