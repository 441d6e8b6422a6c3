"""One measurement beside its goal, and how a process's memory is read."""

import os
from dataclasses import dataclass
from pathlib import Path

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Measure:
    """A number and the most it may be; without a goal it is for orientation only."""

    what: str
    unit: str
    measured: float
    goal: float | None = None

    @property
    def is_met(self) -> bool:
        return self.goal is None or self.measured <= self.goal


def resident_bytes(pid: int | str = "self") -> int:
    """What the process has in memory now."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def peak_bytes(pid: int | str = "self") -> int:
    """The most it had in memory since its start, or since `forget_peak`."""
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def forget_peak(pid: int | str = "self") -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")
