"""Consents that end: ids and dates for the mailing system, and a cap that no renewal moves."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from werkzeug.test import TestResponse

from service.domain.calendar import add_months
from service.domain.policy import MINTED_ROLES
from service.domain.retention import Retention
from service.storage.database import db
from service.storage.tables import AuditEvent
from tests.retention.acts import purge_on, withdraw
from tests.world import World

DAYS = st.dates(date(2020, 1, 1), date(2032, 12, 31))


def ending(world: World, role: str = "mailer", **query: Any) -> TestResponse:
    return world.get("/ending-consents", role, query_string=query)


def listed(world: World, **query: Any) -> dict[str, str]:
    answer = ending(world, **query)
    assert answer.status_code == 200, answer.text
    return {item["id"]: item["purge_on"] for item in answer.json["items"]}


def kept(world: World, ends_on: str, *, consents: bool = True) -> UUID:
    """An application in a procedure of its own that ends on this day."""
    reference = f"V-{ends_on}-{consents}"
    world.procedure(reference, ends_on=ends_on)
    application_id = world.apply(reference)
    if consents:
        assert world.consent(application_id).status_code == 201
    return application_id


# The law


@given(
    ends_on=DAYS,
    withdrawn_on=st.none() | DAYS,
    ledger=st.lists(st.booleans(), max_size=8),
    renewals=st.integers(0, 5),
)
def test_consent_given_again_never_moves_the_cap_of_one_year(
    ends_on: date, withdrawn_on: date | None, ledger: list[bool], renewals: int
):
    """Whatever was given and withdrawn, and however often it is given again behind that."""

    def deleted_on(events: list[bool]) -> date:
        return Retention(ends_on, withdrawn_on, consented=bool(events) and events[-1]).purge_on

    cap = add_months(min(ends_on, withdrawn_on or ends_on), 12)
    once = deleted_on([*ledger, True])
    assert once == cap
    assert deleted_on([*ledger, *[True] * (renewals + 1)]) == once
    assert all(deleted_on(ledger[:n]) <= cap for n in range(len(ledger) + 1))


def test_consent_given_again_neither_moves_the_date_nor_leaves_the_list(world: World):
    world.wording()
    application_id = kept(world, "2026-12-01")
    world.clock.move_to("2027-11-15")
    before = listed(world)
    assert before == {str(application_id): "2027-12-01"}
    renewed = world.consent(application_id)
    assert renewed.status_code == 201
    assert (renewed.json["purge_on"], purge_on(world, application_id)) == ("2027-12-01",) * 2
    assert listed(world) == before


# The list


def test_those_that_end_within_the_days_asked_for_are_listed(world: World):
    world.wording()
    world.clock.move_to("2026-11-01")
    ends = ["2026-11-21", "2026-11-22", "2026-11-23", "2026-12-21", "2026-12-22", "2026-12-23"]
    ids = {day: str(kept(world, day)) for day in ends}
    world.clock.move_to("2027-11-21")
    year_later = {
        ids[day]: str(add_months(date.fromisoformat(day), 12)) for day in ends if day > ends[0]
    }
    assert listed(world, within_days=1) == dict(list(year_later.items())[:1])
    assert listed(world) == listed(world, within_days=30) == dict(list(year_later.items())[:3])
    assert listed(world, within_days=31) == dict(list(year_later.items())[:4])
    assert listed(world, within_days=366) == year_later


def test_only_what_goes_by_its_consent_is_listed(world: World):
    world.wording()
    world.clock.move_to("2026-11-22")
    consented = kept(world, "2026-12-01")
    kept(world, "2026-12-01", consents=False)
    taken_back = kept(world, "2026-12-02")
    world.consent(taken_back, "withdrawn")
    given_anew = kept(world, "2026-12-03")
    world.consent(given_anew, "withdrawn")
    world.consent(given_anew)
    withdrawn = kept(world, "2027-06-01")
    assert withdraw(world, withdrawn).status_code == 201
    world.clock.move_to("2026-12-02")
    assert listed(world, within_days=366) == {
        str(consented): "2027-12-01",
        str(given_anew): "2027-12-03",
        str(withdrawn): "2027-11-22",
    }


def test_a_restricted_record_is_not_listed_while_that_lasts(world: World):
    world.wording()
    application_id = kept(world, "2026-12-01")
    world.clock.move_to("2027-11-15")
    body = {
        "kind": "restriction",
        "application_id": str(application_id),
        "channel": "phone",
        "identity_check": "call-back",
    }
    asked = world.post("/privacy-requests", "officer", json=body)
    assert asked.status_code == 201, asked.text
    assert listed(world) == {}
    path = f"/privacy-requests/{asked.json['id']}"
    version = asked.json["version"]
    lifted = world.patch(path, "officer", version=version, json={"lifted": True})
    assert lifted.status_code == 200, lifted.text
    assert listed(world) == {str(application_id): "2027-12-01"}


def test_pages_lead_to_the_end_oldest_first(world: World):
    world.wording()
    world.procedure(ends_on="2026-12-01")
    ids = []
    for _ in range(5):
        world.clock.moment += timedelta(seconds=1)
        ids.append(str(world.apply(consent={"wording_version": "w1"})))
    world.clock.move_to("2027-11-15")
    seen, query = [], {"limit": 2}
    while True:
        answer = ending(world, **query)
        seen += [item["id"] for item in answer.json["items"]]
        if answer.json["next"] is None:
            break
        query = {"limit": 2, "cursor": answer.json["next"]}
    assert seen == ids


def test_an_item_is_an_id_and_a_date(world: World):
    world.wording()
    kept(world, "2026-12-01")
    world.clock.move_to("2027-11-15")
    (item,) = ending(world).json["items"]
    assert item.keys() == {"id", "purge_on"}
    assert "example.org" not in ending(world).text


# Who, and how it is noted


def test_mailer_and_officer_list_them_and_nobody_else(world: World):
    for role in sorted(MINTED_ROLES):
        expected = 200 if role in ("mailer", "officer") else 403
        assert ending(world, role).status_code == expected, role


def test_the_mailer_reads_nothing_of_a_record(world: World):
    world.procedure()
    path = f"/applications/{world.apply()}"
    for behind in ("", "/retention", "/documents", "/consent-events"):
        assert world.get(path + behind, "mailer").status_code == 403


def test_days_are_1_to_366(world: World):
    for days in ("0", "367", "-1", "1.5", "zeekanarie", ""):
        refused = ending(world, within_days=days)
        assert refused.status_code == 422, days
        assert refused.json["errors"][0]["pointer"] == "/query/within_days"
        assert "anarie" not in refused.text


def test_the_audit_says_how_far_ahead_was_looked(world: World):
    ending(world, within_days=14)
    with world.app.app_context():
        query = select(AuditEvent).where(AuditEvent.action == "list-ending-consents")
        (event,) = db.session.scalars(query)
    assert (event.role, event.outcome, event.details) == ("mailer", "allowed", {"within_days": 14})
    assert (event.application_ids, event.fields, event.shown) == ([], [], 0)
