"""A real server process: `kluis init`, then `kluis serve` on a free port of 127.0.0.1."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import IO
from urllib.error import URLError
from urllib.request import urlopen

KLUIS = str(Path(sys.executable).parent / "kluis")
_READY_TRIES = 300
_TRY_SECONDS = 0.1


@dataclass(frozen=True)
class Installation:
    """A served installation, and the environment that its commands need."""

    port: int
    environment: dict[str, str]
    admin_token: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run `kluis …` on the same database and keyring."""
        return subprocess.run(
            [KLUIS, *arguments],
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def mint(self, role: str, subject: str) -> str:
        made = self.command("tokens", "create", role, subject)
        assert made.returncode == 0, made.stderr
        return made.stdout.strip()


@contextmanager
def served(
    directory: Path, database_url: str, settings: Mapping[str, str] | None = None, *flags: str
) -> Iterator[Installation]:
    """An installation of its own, served until the block ends. `flags` go to `kluis init`."""
    port = free_port()
    environment = {
        "KLUIS_DATABASE_URL": database_url,
        "KLUIS_KEYRING_FILE": str(directory / "keyring.json"),
        "KLUIS_PORT": str(port),
        **(settings or {}),
    }
    made = subprocess.run(
        [KLUIS, "init", *flags],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    log = directory / "server.log"
    with log.open("wb") as output:
        process = start(environment, output)
    try:
        await_ready(port, process)
        yield Installation(port, environment, made.stdout.strip(), process, log)
    finally:
        stop(process)


def start(environment: Mapping[str, str], output: IO[bytes]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [KLUIS, "serve"], env={**os.environ, **environment}, stdout=output, stderr=output
    )


def stop(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    process.wait(30)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def await_ready(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Block until the server says that it is ready; between tries, on the process's own end."""
    with DefaultSelector() as selector:
        ended = os.pidfd_open(process.pid)
        try:
            selector.register(ended, EVENT_READ)
            for _ in range(_READY_TRIES):
                try:
                    with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                        return
                except (URLError, OSError):
                    assert not selector.select(_TRY_SECONDS), "the server ended"
        finally:
            os.close(ended)
    raise AssertionError("the server did not become ready")
