"""Turns: how many files one subject is sent at a time. Each holds a thread until it was taken."""

from collections import Counter
from threading import Lock

from service.domain.errors import TooManyAtOnce
from service.domain.policy import Role

MOST_AT_ONCE = 8  # of one process; a browser asks for six at a time


class Turns:
    """Who is being sent how many files now, in this process."""

    def __init__(self) -> None:
        self._sent: Counter[tuple[Role, str]] = Counter()
        self._lock = Lock()

    def take(self, role: Role, name: str) -> "Turn":
        """A turn for one file; TooManyAtOnce if the subject has as many as one may have."""
        subject = role, name
        with self._lock:
            if self._sent[subject] >= MOST_AT_ONCE:
                raise TooManyAtOnce
            self._sent[subject] += 1
        return Turn(self, subject)

    def end(self, subject: tuple[Role, str]) -> None:
        with self._lock:
            self._sent[subject] -= 1
            if not self._sent[subject]:
                del self._sent[subject]


class Turn:
    """One file on its way; it ends once, however often that is said."""

    def __init__(self, turns: Turns, subject: tuple[Role, str]) -> None:
        self._turns, self._subject, self._ended = turns, subject, Lock()

    def end(self) -> None:
        if self._ended.acquire(blocking=False):
            self._turns.end(self._subject)
