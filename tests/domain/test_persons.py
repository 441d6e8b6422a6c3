"""Who is one person: how names are compared, what fits how well, and how heads are counted."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.persons import Born, HeadCount, Match, count_people, match_of, normalised_name

BORN = date(1994, 2, 28)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Sanne de Vries", "SANNE DE VRIES"),
        ("Sanne de Vries", "  Sanne \t de\u00a0Vries\n"),
        ("Zoë", "Zoe\u0308"),
        ("Strauß", "STRAUSS"),
        ("Ǆuro", "ǆuro"),
        ("ﬁn", "Fin"),
        ("Ｓａｎｎｅ", "sanne"),
        ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
        ("\u0390", "\u0399\u0308\u0301"),
    ],
)
def test_two_spellings_of_one_name_are_equal(one: str, other: str):
    assert normalised_name(one) == normalised_name(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Sanne de Vries", "Sanne Vries"),
        ("Sanne de Vries", "Sannede Vries"),
        ("Zoë", "Zoe"),
        ("Jansen", "Janssen"),
        ("de Vries, Sanne", "Sanne de Vries"),
    ],
)
def test_two_names_are_not(one: str, other: str):
    assert normalised_name(one) != normalised_name(other)


@given(st.text())
def test_a_normalised_name_is_its_own_normal_form(name: str):
    once = normalised_name(name)
    assert normalised_name(once) == once
    assert once == once.strip()
    assert "  " not in once


@pytest.mark.parametrize(
    ("name", "birth_date", "match"),
    [
        ("Sanne de Vries", "1994-02-28", "name-and-birth-date"),
        ("SANNE  DE VRIES", "1994-02-28", "name-and-birth-date"),
        ("Sanne de Vries", None, "name"),
        ("Sanne de Vries", "1994-02-27", None),
        ("Sanne de Vries", "", None),
        ("Noor Bakker", "1994-02-28", None),
        ("Noor Bakker", None, None),
        (None, "1994-02-28", None),
        (7, "1994-02-28", None),
    ],
)
def test_a_record_fits_by_name_and_birth_date_or_by_name_where_it_has_none(
    name: object, birth_date: object, match: str | None
):
    assert match_of(Born("sanne de vries", BORN), name, birth_date) == match


def test_the_words_of_a_match_are_the_apis():
    assert [match.value for match in Match] == ["email", "name-and-birth-date", "name"]


def test_who_is_sought_does_not_show_in_a_repr():
    assert repr(Born("Sanne de Vries", BORN)) == "Born()"


@pytest.mark.parametrize(
    ("addresses", "people", "counted_singly"),
    [
        ([], 0, 0),
        (["a"], 1, 0),
        (["a", "b", "a"], 2, 0),
        ([None], 1, 1),
        ([None, None], 2, 2),
        (["a", None, "a", None, "b"], 4, 2),
    ],
)
def test_equal_addresses_are_one_person_and_no_address_is_one_by_itself(
    addresses: list[str | None], people: int, counted_singly: int
):
    assert count_people(addresses) == HeadCount(people, counted_singly)


@given(st.lists(st.none() | st.sampled_from("abc")))
def test_there_are_never_more_people_than_records(addresses: list[str | None]):
    counted = count_people(iter(addresses))
    assert counted.counted_singly <= counted.people <= len(addresses)
