"""Labels: nothing of the catalogue is without a name in the applicant's language."""

from dataclasses import astuple

import pytest

from service.domain.catalogue import (
    CATALOGUE,
    DocumentKind,
    Gender,
    Labels,
    PermitKind,
    TakenThrough,
)
from service.domain.labels import CHOICES, MEMBERS, Language, write_day, written
from service.domain.shapes import Choice, Day, Entry, Flag, Many, PartialDay, Text, Whole

LEAVES = [
    pytest.param(Text(), "Brink 1", ("Brink 1", "Brink 1", "Brink 1"), id="text"),
    pytest.param(Whole(1, 60), 36, ("36", "36", "36"), id="whole"),
    pytest.param(Flag(), True, ("Ja", "Yes", "Ja"), id="true"),
    pytest.param(Flag(), False, ("Nee", "No", "Nein"), id="false"),
    pytest.param(Day(), "2014-06-30", ("30-06-2014", "2014-06-30", "30.06.2014"), id="day"),
    pytest.param(PartialDay(), "2014-06", ("06-2014", "2014-06", "06.2014"), id="month"),
    pytest.param(PartialDay(), "2014", ("2014", "2014", "2014"), id="year"),
    pytest.param(Choice(Gender), "other", ("Anders", "Other", "Divers"), id="gender"),
    pytest.param(Choice(PermitKind), "other", ("Anders", "Other", "Sonstige"), id="permit"),
    pytest.param(Choice(DocumentKind), "other", ("Overig", "Other", "Sonstiges"), id="document"),
    pytest.param(Choice(TakenThrough), "self", ("Zelf", "By oneself", "Selbst"), id="through"),
]


def members(shape):
    """The names of all members in a shape, and its lists of choices."""
    match shape:
        case Many():
            return members(shape.entry)
        case Entry():
            below = [members(inner) for inner in shape.members.values()]
            names = set(shape.members).union(*(names for names, _ in below))
            return names, set().union(*(lists for _, lists in below))
        case Choice():
            return set(), {shape.values}
        case _:
            return set(), set()


EVERYTHING = [members(field.shape) for field in CATALOGUE]


def test_every_member_of_an_entry_has_a_label_and_no_label_is_left_over():
    assert MEMBERS.keys() == set().union(*(names for names, _ in EVERYTHING))


def test_every_choice_has_a_label_and_no_label_is_left_over():
    lists = set().union(*(lists for _, lists in EVERYTHING)) | {DocumentKind}
    assert CHOICES.keys() == lists
    for values in lists:
        assert list(CHOICES[values]) == list(values)


@pytest.mark.parametrize(
    "labels", [*MEMBERS.values(), *(label for of in CHOICES.values() for label in of.values())]
)
def test_a_label_is_a_word_in_each_language(labels):
    assert all(text.strip() == text and text[:1].isupper() for text in astuple(labels))


def test_languages_are_those_of_the_labels():
    assert [str(language) for language in Language] == ["nl", "en", "de"]
    assert [language.of(Labels("een", "one", "eins")) for language in Language] == [
        "een",
        "one",
        "eins",
    ]


@pytest.mark.parametrize(("shape", "value", "expected"), LEAVES)
def test_a_value_is_written_as_its_readers_write(shape, value, expected):
    assert tuple(written(shape, value, language) for language in Language) == expected


def test_a_day_that_is_only_a_year_stays_one():
    assert [write_day("1999", language) for language in Language] == ["1999"] * 3


def test_labels_read_as_they_should():
    """Pinned, for nothing else would notice one that moved to its neighbour's place."""
    assert Language.DE.of(MEMBERS["postal_code"]) == "Postleitzahl"
    assert Language.NL.of(MEMBERS["hours_per_week"]) == "Uren per week"
    assert Language.EN.of(CHOICES[PermitKind]["highly-skilled-migrant"]) == "Highly skilled migrant"
