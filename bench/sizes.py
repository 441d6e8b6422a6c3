"""How much is measured: the same work on fewer or more records, in fewer or more rounds."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """Records by kind of database, and on PostgreSQL for growth; rounds, and the seconds of each.

    A quick one sets sides beside each other on PostgreSQL alone, and on no second server.
    """

    records: Mapping[str, int]
    growth: tuple[int, ...]
    rounds: int
    seconds: float
    is_quick: bool = False


SIZES = {
    "quick": Size({"PostgreSQL": 2_000}, (500, 1_000), rounds=3, seconds=0.4, is_quick=True),
    "ordinary": Size(
        {"SQLite": 10_000, "PostgreSQL": 100_000}, (10_000, 100_000), rounds=5, seconds=3.0
    ),
    "full": Size(
        {"SQLite": 100_000, "PostgreSQL": 1_000_000},
        (10_000, 100_000, 1_000_000),
        rounds=5,
        seconds=5.0,
    ),
}
