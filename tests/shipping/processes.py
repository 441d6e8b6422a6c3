"""Processes that serve, started for a test and stopped with it."""

import os
import signal
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

_TRIES, _EVERY_SECONDS = 3000, 0.1


@dataclass
class Process:
    """A running service: where it answers, and what it wrote once it has ended."""

    popen: "subprocess.Popen[str]"
    port: int
    output: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> tuple[int, str]:
        """Status and body."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


@contextmanager
def running(command: Sequence[str], port: int, **options: Any) -> Iterator[Process]:
    """Start it in a session of its own, wait until it answers, and end all of it afterwards."""
    popen = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        **options,
    )
    process = Process(popen, port)
    try:
        _await_answer(popen, port)
        yield process
    finally:
        if popen.poll() is None:
            os.killpg(popen.pid, signal.SIGTERM)
        process.output, _ = popen.communicate(timeout=60)


def _await_answer(popen: "subprocess.Popen[str]", port: int) -> None:
    for _ in range(_TRIES):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert popen.poll() is None, popen.communicate()[0]
        threading.Event().wait(_EVERY_SECONDS)
    raise AssertionError("it does not listen")
