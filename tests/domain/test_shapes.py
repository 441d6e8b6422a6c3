"""What a value may look like."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.shapes import Numbers, Text, is_partial_day


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("2014", True),
        ("2014-06", True),
        ("2014-06-30", True),
        ("0001", True),
        ("9999-12-31", True),
        ("2024-02-29", True),
        ("2023-02-29", False),
        ("2014-06-31", False),
        ("2014-13", False),
        ("2014-00", False),
        ("2014-01-00", False),
        ("2014-01-32", False),
        ("0000", False),
        ("0000-01", False),
        ("", False),
        ("14", False),
        ("20140", False),
        ("2014-6", False),
        ("2014-06-3", False),
        ("2014-06-", False),
        ("2014-", False),
        ("2014/06", False),
        ("201406", False),
        ("-2014", False),
        ("2014-06-30T00:00", False),
        (" 2014", False),
        ("2014\n", False),
        ("\u0662\u0660\u0661\u0664", False),
        ("zomer 2014", False),
    ],
)
def test_a_partial_day_is_a_year_a_month_or_a_day_that_exists(text, is_one):
    assert is_partial_day(text) is is_one


@given(st.dates(), st.sampled_from([4, 7, 10]))
def test_every_day_may_be_remembered_less_precisely(day, length):
    assert is_partial_day(day.isoformat()[:length])


@given(st.integers(0, 9999), st.integers(0, 99), st.integers(0, 99))
def test_a_day_counts_just_when_the_calendar_has_it(year, month, day):
    text = f"{year:04}-{month:02}-{day:02}"
    try:
        exists = date.fromisoformat(text).isoformat() == text
    except ValueError:
        exists = False
    assert is_partial_day(text) is exists


def test_a_text_is_short_on_one_line_and_looked_through_unless_it_says_otherwise():
    assert Text() == Text(limit=200, lines=False, numbers=Numbers.CHECKED)
