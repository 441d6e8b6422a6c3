"""Parts joined so that they can be told apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.crypto.framing import frame

PARTS = st.lists(st.binary(max_size=12), max_size=4)


@given(PARTS, PARTS)
def test_no_two_lists_of_parts_give_the_same_bytes(one, other):
    assert (frame(*one) == frame(*other)) is (one == other)


@pytest.mark.parametrize(
    ("parts", "framed"),
    [
        ([], b""),
        ([b""], b"\x00\x00\x00\x00"),
        ([b"ab", b"c"], b"\x00\x00\x00\x02ab\x00\x00\x00\x01c"),
        ([b"x" * 256], b"\x00\x00\x01\x00" + b"x" * 256),
    ],
)
def test_each_part_stands_behind_its_length(parts, framed):
    assert frame(*parts) == framed


@given(PARTS, PARTS)
def test_framing_a_longer_list_continues_the_shorter_one(one, other):
    assert frame(*one, *other) == frame(*one) + frame(*other)
