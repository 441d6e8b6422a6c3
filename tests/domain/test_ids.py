"""Identifiers: RFC 9562's version 7, in the order in which they came."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.ids import ENTROPY_BYTES, uuid7

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
MOMENTS = st.timedeltas(timedelta(), timedelta(days=80_000)).map(lambda since: EPOCH + since)
ENTROPY = st.binary(min_size=ENTROPY_BYTES, max_size=ENTROPY_BYTES)


@given(MOMENTS, ENTROPY)
def test_an_id_has_version_7_and_the_variant_of_the_rfc(now, entropy):
    made = uuid7(now, entropy)
    assert (made.version, made.variant) == (7, RFC_4122)


@given(MOMENTS, ENTROPY)
def test_an_id_tells_its_microsecond(now, entropy):
    made = uuid7(now, entropy).int
    microseconds = -(-(made >> 64 & 0xFFF) * 1000 // 4096)
    assert EPOCH + (made >> 80) * MILLISECOND + timedelta(microseconds=microseconds) == now


@given(MOMENTS, MOMENTS, ENTROPY, ENTROPY)
def test_a_later_id_sorts_behind_an_earlier_one(one, other, first_entropy, second_entropy):
    first, second = sorted((one, other))
    if first < second:
        assert uuid7(first, first_entropy) < uuid7(second, second_entropy)


@given(MOMENTS, ENTROPY)
def test_an_id_has_62_random_bits_and_no_others(now, entropy):
    random = int.from_bytes(entropy, "big") & ((1 << 62) - 1)
    assert uuid7(now, entropy).int & ((1 << 62) - 1) == random


@pytest.mark.parametrize(
    ("microsecond", "entropy", "expected"),
    [
        (0, bytes(range(8)), "01a1f84a-95c0-7000-8001-020304050607"),
        (0, bytes(8), "01a1f84a-95c0-7000-8000-000000000000"),
        (999_999, b"\xff" * 8, "01a1f84a-99a7-7ffb-bfff-ffffffffffff"),
        (500, b"\xff" * 8 + b"more", "01a1f84a-95c0-7800-bfff-ffffffffffff"),
    ],
)
def test_a_frozen_moment_gives_a_frozen_id(microsecond, entropy, expected):
    moment = datetime(2026, 11, 20, 9, 30, microsecond=microsecond, tzinfo=UTC)
    assert uuid7(moment, entropy) == UUID(expected)


def test_a_moment_is_the_same_in_every_zone():
    amsterdam = timezone(timedelta(hours=1))
    here = uuid7(datetime(2026, 11, 20, 10, 30, tzinfo=amsterdam), bytes(8))
    assert here == uuid7(datetime(2026, 11, 20, 9, 30, tzinfo=UTC), bytes(8))
