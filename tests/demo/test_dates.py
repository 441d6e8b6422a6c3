"""The demo's own model of the dates says what the rules say, though it shares no code with them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.demo.dates import Procedure, Record, Terms, end_of_month, months_later
from service.domain.calendar import add_months
from service.domain.retention import Phase, Retention, is_due, phase_of

days = st.dates(date(1990, 1, 1), date(2100, 1, 1))
TERMS = Terms()


@st.composite
def records(draw):
    procedure = Procedure("p", "Landmeter", draw(days))
    return Record(
        "r",
        "Sanne",
        "website",
        procedure,
        consented=draw(st.booleans()),
        withdrawn_on=draw(st.none() | days),
        held_until=draw(st.none() | days),
    )


def retention_of(record: Record) -> Retention:
    return Retention(
        record.procedure.ends_on, record.withdrawn_on, record.consented, record.held_until
    )


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2026-03-31", 1, "2026-04-30"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2026-11-30", 3, "2027-02-28"),
    ],
)
def test_a_day_that_does_not_exist_is_the_last_of_its_month(day, months, later):
    assert months_later(date.fromisoformat(day), months) == date.fromisoformat(later)


@given(day=days, months=st.integers(0, 240))
def test_the_model_counts_months_as_the_service_does(day, months):
    assert months_later(day, months) == add_months(day, months)


@given(day=days)
def test_the_end_of_a_month_is_followed_by_a_first(day):
    assert end_of_month(day).month == day.month
    assert (end_of_month(day) + timedelta(1)).day == 1


@given(record=records())
def test_a_record_leaves_on_the_day_of_the_rules(record):
    assert record.leaves_on(TERMS) == retention_of(record).purge_on


@given(record=records(), near=st.integers(-2, 2))
def test_a_record_is_due_when_the_rules_say_so(record, near):
    rules = retention_of(record)
    for turn in (record.leaves_on(TERMS), record.held_until or record.end):
        day = turn + timedelta(near)
        assert record.is_due(day, TERMS) == is_due(rules.purge_on, rules.hold_until, day)


@given(record=records(), near=st.integers(-2, 2))
def test_a_record_is_in_the_talent_pool_in_that_phase(record, near):
    rules = retention_of(record)
    for turn in (record.leaves_on(TERMS), months_later(record.end, 1)):
        day = turn + timedelta(near)
        phase = phase_of(rules.end, rules.purge_on, day)
        assert record.is_in_talent_pool(day, TERMS) == (phase is Phase.TALENT_POOL)


@given(record=records())
def test_with_other_terms_the_model_differs_from_the_service(record):
    other = Terms(without_consent=2, with_consent=13)
    assert record.leaves_on(other) > retention_of(record).purge_on
