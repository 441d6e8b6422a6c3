"""Identifiers: UUIDv7 (RFC 9562), so that rows lie in the order in which they came."""

from datetime import datetime
from uuid import UUID

ENTROPY_BYTES = 10


def uuid7(now: datetime, entropy: bytes) -> UUID:
    """Unix milliseconds (48 bits) | version 7 | 12 random bits | variant | 62 random bits."""
    milliseconds = int(now.timestamp() * 1000)
    random = int.from_bytes(entropy[:ENTROPY_BYTES], "big")
    high, low = (random >> 62) & 0xFFF, random & ((1 << 62) - 1)
    return UUID(int=(milliseconds << 80) | (7 << 76) | (high << 64) | (0b10 << 62) | low)
