"""Identifiers: UUIDv7 (RFC 9562), so that rows lie in the order in which they came."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

ENTROPY_BYTES = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def uuid7(now: datetime, entropy: bytes) -> UUID:
    """Unix milliseconds (48 bits) | version 7 | fraction (12) | variant | 62 random bits.

    The fraction of the millisecond is in 4,096ths (RFC 9562, section 6.2, method 3).
    """
    milliseconds, microseconds = divmod((now - _EPOCH) // timedelta(microseconds=1), 1000)
    fraction = microseconds * 4096 // 1000
    random = int.from_bytes(entropy[:ENTROPY_BYTES], "big") & ((1 << 62) - 1)
    return UUID(int=(milliseconds << 80) | (7 << 76) | (fraction << 64) | (0b10 << 62) | random)
