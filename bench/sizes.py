"""How much is measured: the same work on fewer or more records, in fewer or more rounds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """Records on PostgreSQL and on SQLite; rounds, and the seconds of each."""

    records: int
    records_sqlite: int
    rounds: int
    seconds: float


SIZES = {
    "quick": Size(records=2_000, records_sqlite=1_000, rounds=3, seconds=1.0),
    "ordinary": Size(records=100_000, records_sqlite=20_000, rounds=7, seconds=3.0),
    "full": Size(records=1_000_000, records_sqlite=100_000, rounds=7, seconds=5.0),
}
