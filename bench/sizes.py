"""How much is measured: the same work on fewer or more records, in fewer or more rounds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """Records on PostgreSQL, on SQLite, and for growth; rounds, and the seconds of each."""

    records: int
    records_sqlite: int
    growth: tuple[int, ...]
    rounds: int
    seconds: float


SIZES = {
    "quick": Size(2_000, 1_000, (500, 1_000), rounds=3, seconds=1.0),
    "ordinary": Size(100_000, 20_000, (10_000, 100_000), rounds=7, seconds=3.0),
    "full": Size(1_000_000, 100_000, (10_000, 100_000, 1_000_000), rounds=7, seconds=5.0),
}
