"""Joining parts so that no two different lists of parts give the same bytes."""

_LENGTH_BYTES = 4


def frame(*parts: bytes) -> bytes:
    """Each part behind its length (4 bytes, big-endian)."""
    return b"".join([len(part).to_bytes(_LENGTH_BYTES, "big") + part for part in parts])
