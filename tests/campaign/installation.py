"""One installation with real processes: `kluis serve`, the other commands, and their clocks."""

import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

import httpx

KLUIS = Path(sys.executable).with_name("kluis")
FIRST_DAY = date(2026, 1, 5)
FORWARD = timedelta(days=7)
START_SECONDS = 60
TOKEN_RENEWED_AFTER = timedelta(days=300)


class Broken(AssertionError):
    """A promise that did not hold."""


def demand(condition: object, message: str) -> None:
    if not condition:
        raise Broken(message)


def pause(seconds: float) -> None:
    """Let others go first."""
    threading.Event().wait(seconds)


@dataclass
class Clock:
    """The moment that a process takes for now: a file that is replaced in one step."""

    path: Path
    day: date = FIRST_DAY

    def stand(self, day: date, moment: str = "09:00:00") -> None:
        self.day = day
        fresh = self.path.with_suffix(".new")
        fresh.write_text(f"{day}T{moment}+01:00\n")
        fresh.replace(self.path)


@dataclass
class Installation:
    """A migrated demo database, its keyring, and an admin's token."""

    directory: Path
    database_url: str
    tokens: dict[str, tuple[str, date]] = field(default_factory=dict)

    @classmethod
    def make(cls, directory: Path, database_url: str) -> "Installation":
        directory.mkdir()
        made = cls(directory, database_url)
        made.scratch.mkdir()
        made.clock.stand(FIRST_DAY)
        done = made.run("init", "--demo", KLUIS_DEMO_CLOCK="")
        made.tokens["admin"] = (done.stdout.split()[-1], FIRST_DAY)
        return made

    @cached_property
    def clock(self) -> Clock:
        return Clock(self.directory / "clock")

    @property
    def keyring(self) -> Path:
        return self.directory / "keyring.json"

    @property
    def scratch(self) -> Path:
        """Where the processes make their temporary files."""
        return self.directory / "scratch"

    def environment(self, **settings: str) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("KLUIS_")}
        return own | {
            "TMPDIR": str(self.scratch),
            "KLUIS_DATABASE_URL": self.database_url,
            "KLUIS_KEYRING_FILE": str(self.keyring),
            "KLUIS_DEMO_CLOCK": str(self.clock.path),
            "KLUIS_OPEN_TEAM": "recruiter:recruiter",
            "KLUIS_READ_BUDGET": "1000000",
            "KLUIS_LOG_LEVEL": "warning",
            **settings,
        }

    def start(self, *command: str, **settings: str) -> "subprocess.Popen[str]":
        """A `kluis` command in a process group of its own, so that it is killed whole."""
        return subprocess.Popen(  # our own command
            [KLUIS, *command],
            env=self.environment(**settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *command: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        """A `kluis` command to its end; its failure is ours."""
        process = self.start(*command, **settings)
        out, err = process.communicate(timeout=120)
        demand(process.returncode == 0, f"kluis {' '.join(command)}: {process.returncode}\n{err}")
        return subprocess.CompletedProcess(command, 0, out, err)

    @contextmanager
    def serving(self, clock: Clock | None = None) -> Iterator["Service"]:
        service = Service(self, clock or self.clock)
        try:
            service.start()
            yield service
        finally:
            service.close()


class Service:
    """`kluis serve`: started, called with real tokens, killed, started again."""

    def __init__(self, installation: Installation, clock: Clock) -> None:
        self.installation = installation
        self.clock = clock
        self.client = httpx.Client(timeout=60, trust_env=False)
        self._process: subprocess.Popen[bytes] | None = None
        self._log = (installation.directory / "log").open("ab")

    def start(self) -> None:
        port = free_port()
        self.client.close()
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False)
        self._process = subprocess.Popen(  # our own command
            [KLUIS, "serve"],
            env=self.installation.environment(
                KLUIS_PORT=str(port), KLUIS_DEMO_CLOCK=str(self.clock.path)
            ),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        self._wait_until_ready()

    def kill(self) -> None:
        """SIGKILL, to all processes of the service at once."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def close(self) -> None:
        self.kill()
        self.client.close()
        self._log.close()

    def call(
        self,
        method: str,
        path: str,
        role: str,
        *,
        key: str | None = None,
        version: int | None = None,
        **options: Any,
    ) -> httpx.Response:
        """One request below /v1, as the holder of a real token of this role."""
        headers = {"Authorization": f"Bearer {self.token(role)}"} | options.pop("headers", {})
        if key is not None or (method == "POST" and role == "website"):
            headers["Idempotency-Key"] = key or f"key-{uuid4()}"
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return self.client.request(method, f"/v1{path}", headers=headers, **options)

    def done(self, method: str, path: str, role: str, **options: Any) -> Any:
        """The same where nothing but success will do; what the answer says."""
        answer = self.call(method, path, role, **options)
        demand(answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def token(self, role: str) -> str:
        """A token of this role, renewed long before it expires."""
        known, today = self.installation.tokens, self.clock.day
        if role not in known or today > known[role][1] + TOKEN_RENEWED_AFTER:
            admin = known["admin"][0] if role == "admin" else self.token("admin")
            body = {
                "role": role,
                "subject": role,
                "expires_at": f"{today + timedelta(days=360)}T00:00:00Z",
            }
            by = {"Authorization": f"Bearer {admin}"}
            made = self.client.post("/v1/tokens", json=body, headers=by)
            demand(made.is_success, f"no token: {made.text}")
            known[role] = (made.json()["token"], today)
        return known[role][0]

    def purge_all(self, limit: int = 1000) -> list[dict[str, Any]]:
        """What the deletion job does: call until nothing due is left. Gives the runs."""
        runs = [self.done("POST", "/purge-runs", "purger", json={"limit": limit})]
        while runs[-1]["remaining"]:
            runs.append(self.done("POST", "/purge-runs", "purger", json={"limit": limit}))
        return runs

    def go_to(self, day: date) -> None:
        """Move the clock to `day` as time passes: with a purge run at least every week before."""
        while self.clock.day + FORWARD < day:
            self.clock.stand(self.clock.day + FORWARD)
            self.purge_all()
        self.clock.stand(day)

    def _wait_until_ready(self) -> None:
        until = monotonic() + START_SECONDS
        process = self._process
        while process is not None and process.poll() is None and monotonic() < until:
            try:
                if self.client.get("/readyz").is_success:
                    return
            except httpx.TransportError:
                pause(0.02)
        raise Broken(f"kluis serve did not start: see {self._log.name}")


class Gate:
    """Where a command shows that it starts to work: its keyring comes from a command that tells.

    Before it lies the start of Python, behind it the database: only there a kill is of interest.
    """

    def __init__(self, installation: Installation) -> None:
        self._path = installation.directory / f"gate-{uuid4().hex}"
        os.mkfifo(self._path)
        self._reader = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK)
        script = f"cat {installation.keyring} && echo open > {self._path}"
        self.settings = {"KLUIS_KEYRING_COMMAND": f"sh -c '{script}'"}

    def wait(self) -> None:
        ready, _, _ = select.select([self._reader], [], [], START_SECONDS)
        demand(ready, "the command never asked for its keyring")

    def close(self) -> None:
        os.close(self._reader)
        self._path.unlink()


def kill_group(process: "subprocess.Popen[str]") -> bool:
    """SIGKILL the command; whether it was still running."""
    running = process.poll() is None
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return running


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
