"""A service of the demo's own: made in a temporary directory, and always stopped and removed."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from service.demo.client import Unexpected

_STARTS_AT = "2026-01-04T12:00:00+01:00"
_KLUIS = [sys.executable, "-c", "from service.app import main; main()"]
_START_SECONDS, _STOP_SECONDS = 60, 30


@dataclass(frozen=True)
class Service:
    """Where a service is, its admin's token, and the file that its clock reads."""

    url: str
    admin_token: str = field(repr=False)
    clock_file: Path


@contextmanager
def throw_away_service() -> Iterator[Service]:
    """A service that lasts as long as the context."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        with TemporaryDirectory(prefix="kluis-demo-") as directory:
            place = Path(directory)
            port = _free_port()
            environment = _environment(place, port)
            token = _initialise(environment)
            clock = place / "clock"
            clock.write_text(_STARTS_AT)
            with _serving(environment | {"KLUIS_DEMO_CLOCK": str(clock)}, port) as url:
                yield Service(url, token, clock)
    finally:
        signal.signal(signal.SIGTERM, before)


def _environment(place: Path, port: int) -> dict[str, str]:
    """The settings of this service alone, whatever settings surround the demo."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("KLUIS_")}
    return plain | {
        "KLUIS_DATABASE_URL": f"sqlite:///{place / 'kluis.db'}",
        "KLUIS_KEYRING_FILE": str(place / "keyring.json"),
        "KLUIS_OPEN_TEAM": "recruiter-assen:recruiter,manager-1:interviewer",
        "KLUIS_LOG_LEVEL": "warning",
        "KLUIS_PORT": str(port),
    }


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _initialise(environment: dict[str, str]) -> str:
    command = [*_KLUIS, "init", "--demo"]
    made = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  # this very program
    if made.returncode:
        raise Unexpected(f"kluis init failed: {made.stderr.strip()}")
    return made.stdout.strip()


@contextmanager
def _serving(environment: dict[str, str], port: int) -> Iterator[str]:
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(  # noqa: S603  # this very program
        [*_KLUIS, "serve"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait_until_ready(url, process)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/readyz").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise Unexpected("The throw-away service did not start.")
