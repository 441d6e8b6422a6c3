"""One measurement beside its goal, and how a process's memory and CPU time are read."""

import os
from dataclasses import dataclass
from pathlib import Path

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Measure:
    """A number and what it must be: at most `most`, at least `least`; neither is for orientation.

    `spread` is the lowest and the highest of the rounds whose median was `measured`.
    """

    what: str
    unit: str
    measured: float
    most: float | None = None
    least: float | None = None
    spread: tuple[float, float] | None = None

    @property
    def has_goal(self) -> bool:
        return self.most is not None or self.least is not None

    @property
    def goal(self) -> str:
        """What it must be, in words; empty without a goal."""
        if self.most is not None:
            return f"≤ {self.most:,.10g} {self.unit}"
        return f"≥ {self.least:,.10g} {self.unit}" if self.least is not None else ""

    @property
    def is_met(self) -> bool:
        return (self.most is None or self.measured <= self.most) and (
            self.least is None or self.measured >= self.least
        )


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


def cpu_seconds(pid: int | None) -> float:
    """The CPU time of a process and of all that it started, also of what has ended since."""
    if pid is None:
        return 0.0
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):  # it ended just now: its parent has its time
        return 0.0
    ticks = sum(int(number) for number in stat.rpartition(")")[2].split()[11:15])
    return ticks / os.sysconf("SC_CLK_TCK") + sum(cpu_seconds(int(child)) for child in children)
