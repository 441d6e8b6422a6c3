"""Reading JSON strictly: what is passed by quickly is nothing that would have been refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.errors import Invalid, Malformed
from service.web.strict_json import read_json

ALLOWED = {"\t", "\n", "\r"}
FORBIDDEN = [
    chr(code) for code in [*range(0x20), *range(0x7F, 0xA0), 0xD800, 0xDBFF, 0xDC00, 0xDFFF]
]
FORBIDDEN = [character for character in FORBIDDEN if character not in ALLOWED]
SHORT = {"\b": r"\b", "\f": r"\f"}
DEEPEST = 32


def escapes(character):
    """Each way to write it with a backslash."""
    code = f"{ord(character):04x}"
    return {rf"\u{code}", rf"\u{code.upper()}", SHORT.get(character, rf"\u{code}")}


def places(body):
    with pytest.raises(Invalid) as refused:
        read_json(body)
    return [fault.pointer for fault in refused.value.faults]


@pytest.mark.parametrize("character", FORBIDDEN, ids=lambda character: f"{ord(character):04x}")
def test_a_forbidden_character_is_found_however_it_is_escaped(character):
    for escape in escapes(character):
        assert places(f'{{"a": ["b", "c{escape}d"]}}'.encode()) == ["/a/1"]
        assert places(f'{{"a": {{"{escape}": 1}}}}'.encode()) == ["/a"]
        assert places(rf'["\\{escape}"]'.encode()) == ["/0"]


@pytest.mark.parametrize("code", range(0x7F, 0xA0))
def test_a_forbidden_character_is_found_unescaped(code):
    assert places(f'["{chr(code)}"]'.encode()) == ["/0"]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters=ALLOWED)))
def test_all_other_text_is_read_as_it_was_written(text):
    for ascii_only in (True, False):
        assert read_json(json.dumps([text], ensure_ascii=ascii_only).encode()) == [text]


@pytest.mark.parametrize("text", [r"\\u0000", r"\\b", r"\\\\u009f", r"\ud83d\ude00", r"\u0020"])
def test_what_only_looks_like_an_escape_of_one_is_read(text):
    assert read_json(f'["{text}"]'.encode()) == json.loads(f'["{text}"]')


@given(st.recursive(st.text(r'[]{}"\a'), lambda inner: st.lists(inner, max_size=3), max_leaves=9))
def test_brackets_in_a_text_are_no_nesting(value):
    read = read_json(json.dumps(["[" * DEEPEST + '"', value, "{" * DEEPEST]).encode())
    assert read[1] == value


@pytest.mark.parametrize("text", ["", "]", r"\"", r"\\", r"\"]", r"]\\", '", "]'])
def test_nesting_is_counted_past_any_text(text):
    deepest = f'["{text}", ' + "[" * (DEEPEST - 1) + "]" * (DEEPEST - 1) + "]"
    assert read_json(deepest.encode())
    with pytest.raises(Malformed) as refused:
        read_json(f"[{deepest}]".encode())
    assert "nested" in refused.value.detail
