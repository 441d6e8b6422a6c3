"""Requests under the law: by when they are answered, what holds a record, who restricts it."""

from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain import requests
from service.domain.requests import (
    due_on,
    is_allowed_receipt,
    is_ground,
    is_restricting,
    kept_until,
    may_prolong,
)
from service.domain.words import Outcome, RefusalReason, RequestKind

DAYS = st.dates(date(2020, 1, 1), date(2032, 12, 31))
DAY = timedelta(days=1)


def on(text):
    return date.fromisoformat(text)


# Rule M12: one month, prolonged once by two at most


@pytest.mark.parametrize(
    ("received", "months", "due"),
    [
        ("2026-11-22", 0, "2026-12-22"),
        ("2026-11-22", 1, "2027-01-22"),
        ("2026-11-22", 2, "2027-02-22"),
        ("2026-01-31", 0, "2026-02-28"),
        ("2028-01-31", 0, "2028-02-29"),
        ("2026-01-31", 1, "2026-03-31"),
        ("2026-01-31", 2, "2026-04-30"),
        ("2028-02-29", 0, "2028-03-29"),
        ("2028-02-29", 1, "2028-04-29"),
        ("2026-12-31", 0, "2027-01-31"),
        ("2026-12-31", 1, "2027-02-28"),
        ("2026-12-31", 2, "2027-03-31"),
        ("2026-11-30", 0, "2026-12-30"),
        ("2027-11-30", 2, "2028-02-29"),
    ],
)
def test_the_due_date_is_computed_from_the_receipt_itself(received, months, due):
    assert due_on(on(received), months) == on(due)


def test_an_answer_is_due_in_a_month_and_put_off_by_two_at_most():
    assert requests.ANSWER_MONTHS == 1
    assert requests.LONGEST_PROLONGATION_MONTHS == 2
    assert due_on(on("2026-11-22")) == on("2026-12-22")


@pytest.mark.parametrize(
    ("received", "prolonged", "today", "allowed"),
    [
        ("2026-11-22", 0, "2026-11-22", True),
        ("2026-11-22", 0, "2026-12-22", True),
        ("2026-11-22", 0, "2026-12-23", False),
        ("2026-11-22", 1, "2026-11-22", False),
        ("2026-11-22", 2, "2026-12-22", False),
        ("2026-01-31", 0, "2026-02-28", True),
        ("2026-01-31", 0, "2026-03-01", False),
        ("2028-01-31", 0, "2028-02-29", True),
    ],
)
def test_the_answer_is_put_off_once_and_inside_the_first_month(received, prolonged, today, allowed):
    assert may_prolong(on(received), prolonged, on(today)) is allowed


@given(DAYS, st.integers(0, 2))
def test_prolonging_never_brings_the_date_nearer_nor_moves_the_receipt(received, months):
    assert due_on(received) <= due_on(received, months) <= due_on(received, 2)
    assert timedelta(days=28) <= due_on(received) - received <= timedelta(days=31)


# Rule 8: what holds a record


def test_access_and_portability_hold_the_record_and_nothing_else_does():
    assert {RequestKind.ACCESS, RequestKind.PORTABILITY} == requests.HOLDING


@given(DAYS)
def test_the_record_is_held_through_the_last_day_for_the_answer(received):
    last = due_on(received)
    assert kept_until(last) == last + DAY


# Who restricts


@pytest.mark.parametrize(
    ("kind", "outcome", "is_checked", "is_lifted"),
    list(product(RequestKind, [None, *Outcome], [True, False], [True, False])),
)
def test_the_team_stops_reading_for_who_is_known_until_it_is_refused_taken_back_or_lifted(
    kind, outcome, is_checked, is_lifted
):
    stops = {
        (kind, outcome) for kind in ("restriction", "objection") for outcome in (None, "answered")
    }
    expected = (kind, outcome) in stops and is_checked and not is_lifted
    found = is_restricting(kind, outcome, is_checked=is_checked, is_lifted=is_lifted)
    assert found is expected


def test_restriction_and_objection_restrict_and_nothing_else_does():
    assert {RequestKind.RESTRICTION, RequestKind.OBJECTION} == requests.RESTRICTING


def test_nobody_proves_who_he_is_to_complain_or_to_take_consent_back():
    assert {RequestKind.COMPLAINT, RequestKind.CONSENT_WITHDRAWAL} == requests.UNCHECKED


# What it may be refused for


@pytest.mark.parametrize("kind", list(RequestKind))
@pytest.mark.parametrize(("is_kept", "is_held"), list(product([True, False], repeat=2)))
def test_no_reason_is_a_ground_that_is_seen_to_be_untrue(
    kind: RequestKind, *, is_kept: bool, is_held: bool
):
    untrue = {
        RefusalReason.NOTHING_KEPT: is_kept,
        RefusalReason.LEGAL_HOLD: not is_held or kind != "erasure",
        RefusalReason.COMPELLING_GROUNDS: kind != "objection",
    }
    for reason in RefusalReason:
        found = is_ground(reason, kind, is_kept=is_kept, is_held=is_held)
        assert found is not untrue.get(reason, False), reason


# When it came in


@pytest.mark.parametrize(
    ("received", "today", "allowed"),
    [
        ("2026-11-22", "2026-11-22", True),
        ("2026-11-23", "2026-11-22", False),
        ("2026-11-21", "2026-11-22", True),
        ("2025-11-22", "2026-11-22", True),
        ("2025-11-21", "2026-11-22", False),
        ("2027-02-28", "2028-02-29", True),
        ("2027-02-27", "2028-02-29", False),
    ],
)
def test_a_request_came_in_today_or_within_the_year_before(received, today, allowed):
    assert is_allowed_receipt(on(received), on(today)) is allowed


def test_the_authority_is_named_with_its_address():
    name, address = requests.AUTHORITY.split(", ")
    assert name == "Autoriteit Persoonsgegevens"
    assert address == "https://autoriteitpersoonsgegevens.nl"
