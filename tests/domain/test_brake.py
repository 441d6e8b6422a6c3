"""The purge brake, each reason at its boundary."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.brake import BrakeReason, Situation, brake_reasons

TODAY = date(2026, 11, 20)
NONE = timedelta()
SILENCE, STALE, SKEW = BrakeReason
FIVE_MINUTES, MICROSECOND = timedelta(minutes=5), timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("last_completed_on", "stale", "skew", "reasons"),
    [
        pytest.param(date(2026, 11, 19), 0, NONE, (), id="an ordinary night"),
        pytest.param(date(2026, 11, 10), 0, NONE, (), id="ten days of silence"),
        pytest.param(date(2026, 11, 9), 0, NONE, (SILENCE,), id="eleven days of silence"),
        pytest.param(date(2025, 11, 20), 0, NONE, (SILENCE,), id="the clock a year ahead"),
        pytest.param(date(2027, 11, 20), 0, NONE, (), id="the clock a year behind"),
        pytest.param(date(2026, 11, 19), 25, NONE, (), id="25 stale records"),
        pytest.param(date(2026, 11, 19), 26, NONE, (STALE,), id="26 stale records"),
        pytest.param(date(2026, 11, 19), 0, FIVE_MINUTES, (), id="five minutes ahead"),
        pytest.param(date(2026, 11, 19), 0, -FIVE_MINUTES, (), id="five minutes behind"),
        pytest.param(
            date(2026, 11, 19), 0, FIVE_MINUTES + MICROSECOND, (SKEW,), id="just over, ahead"
        ),
        pytest.param(
            date(2026, 11, 19), 0, -FIVE_MINUTES - MICROSECOND, (SKEW,), id="just over, behind"
        ),
        pytest.param(None, 0, NONE, (), id="the first run"),
        pytest.param(None, 100_000, NONE, (), id="the first run, with an imported backlog"),
        pytest.param(
            None, 0, FIVE_MINUTES + MICROSECOND, (SKEW,), id="the first run, clocks apart"
        ),
        pytest.param(
            date(2026, 1, 1), 26, timedelta(hours=1), (SILENCE, STALE, SKEW), id="all at once"
        ),
    ],
)
def test_a_run_waits_for_the_officer_just_beyond_each_boundary(
    last_completed_on, stale, skew, reasons
):
    assert brake_reasons(Situation(TODAY, last_completed_on, stale, skew)) == reasons


def test_the_reasons_have_the_words_of_the_api():
    assert [reason.value for reason in BrakeReason] == [
        "last-completed-run-over-10-days-ago",
        "over-25-records-were-due-before-the-last-run",
        "application-and-database-clocks-differ",
    ]


@given(
    st.dates(date(2026, 1, 1), TODAY),
    st.integers(0, 60),
    st.timedeltas(timedelta(minutes=-9), timedelta(minutes=9)),
    st.integers(0, 30),
    st.integers(0, 30),
)
def test_a_worse_situation_never_loses_a_reason(last, stale, skew, days, more):
    reasons = brake_reasons(Situation(TODAY, last, stale, skew))
    worse = brake_reasons(Situation(TODAY + timedelta(days=days), last, stale + more, skew * 2))
    assert set(reasons) <= set(worse)
