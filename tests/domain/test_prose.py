"""JSON told as text for people to read."""

import pytest

from service.domain.prose import label, lines, says


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("Een tekst\nvan twee regels", "Een tekst\nvan twee regels"),
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        (1.5, "1.5"),
        ([], ""),
        (["a", "", None, "b"], "- a\n- b"),
        ([["a", " ", "b"], {"c": "d", "e": None, "f": ["g", "h"]}], "- a, b\n- C: d; F: g, h"),
        ({"a": "b", "c": "\u200b", "d": ["e", "f"]}, "A: b\nD:\n- e\n- f"),
        ({"a": {"b": "c", "d": {"e": False}}}, "A: B: c; D: E: no"),
    ],
)
def test_values_are_told_with_their_labels_and_without_brackets(value, told):
    assert lines(value) == told


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("name", "Name"),
        ("startDate", "Start date"),
        ("lastModifiedAt", "Last modified at"),
        ("$schema", "$schema"),
        ("KPN", "KPN"),
        ("eigenB", "eigenB"),
        ("Ervaring bij KPN", "Ervaring bij KPN"),
        ("", ""),
    ],
)
def test_a_name_for_programs_becomes_words_and_any_other_stays(key, told):
    assert label(key) == told


@pytest.mark.parametrize("value", [None, "", " \n\u2028\u200b\x00", [], {}, [None, {"a": [""]}]])
def test_there_is_nothing_in_it(value):
    assert says(value) is False


@pytest.mark.parametrize("value", ["a", "-", 0, False, 0.0, ["", 0], {"a": {"b": False}}])
def test_there_is_something_in_it(value):
    assert says(value) is True
