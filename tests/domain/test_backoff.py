"""When what failed is tried again: soon at first, ever later, and not for ever."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.backoff import MOST_ATTEMPTS, is_given_up, wait_after

ATTEMPTS = st.integers(1, 10_000)


@pytest.mark.parametrize(
    ("attempts", "minutes"),
    [(1, 1), (2, 2), (3, 4), (4, 8), (8, 128), (9, 256), (10, 360), (11, 360), (10_000, 360)],
)
def test_the_wait_doubles_from_a_minute_to_six_hours(attempts: int, minutes: int):
    assert wait_after(attempts) == timedelta(minutes=minutes)


@given(ATTEMPTS)
def test_no_wait_is_shorter_than_the_one_before(attempts: int):
    assert wait_after(attempts) <= wait_after(attempts + 1)


def test_twenty_attempts_are_enough():
    assert [n for n in range(1, 23) if is_given_up(n)] == [20, 21, 22]


def test_it_is_given_up_after_about_three_days():
    waited = sum((wait_after(n) for n in range(1, MOST_ATTEMPTS)), timedelta())
    assert timedelta(days=2, hours=12) < waited < timedelta(days=3, hours=12)
