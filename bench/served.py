"""A real service in processes of its own, with real tokens, and a client that keeps alive."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import IO, Any

from bench.forks import kluis
from service.crypto.keyring import Keyring
from service.crypto.keyring_files import read_keyring_file

KLUIS = Path(sys.executable).with_name("kluis")
_numbers = count(1)


@dataclass
class Service:
    """A running service."""

    port: int
    process: "subprocess.Popen[bytes]"
    environment: dict[str, str]
    _tokens: dict[str, str] = field(default_factory=dict)

    @property
    def workers(self) -> list[int]:
        """The processes that serve requests."""
        pid = self.process.pid
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def token(self, role: str) -> str:
        if role not in self._tokens:
            self._tokens[role] = kluis(self.environment, "tokens", "create", role, role).strip()
        return self._tokens[role]

    def client(self, role: str) -> "Client":
        return Client(HTTPConnection("127.0.0.1", self.port, timeout=60), self.token(role))


@dataclass
class Client:
    """One connection that is kept open, with one token."""

    connection: HTTPConnection
    token: str = field(repr=False)

    def call(self, method: str, path: str, body: object = None) -> Any:
        """The answer's JSON; raises where the status is no success."""
        sent = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if sent else {}
        return json.loads(self.send(method, path, sent, headers))

    def send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> bytes:
        key = {"Idempotency-Key": f"bench-{next(_numbers)}"} if method == "POST" else {}
        known = {"Authorization": f"Bearer {self.token}", **key, **headers}
        self.connection.request(method, f"/v1{path}", body, known)
        with self.connection.getresponse() as answer:
            content = answer.read()
            if answer.status not in (200, 201):
                raise RuntimeError(f"{method} {path}: {answer.status} {content[:300]!r}")
            return content


@contextmanager
def service(
    database_url: str, furnish: Callable[[Keyring], None] | None = None, **settings: str
) -> Iterator[Service]:
    """A service on this database until the end of the block; `furnish` fills it before."""
    with tempfile.TemporaryDirectory(prefix="kluis-bench-") as directory:
        port = _free_port()
        environment = {
            **{name: text for name, text in os.environ.items() if not name.startswith("KLUIS_")},
            "KLUIS_DATABASE_URL": database_url,
            "KLUIS_KEYRING_FILE": f"{directory}/keyring.json",
            "KLUIS_PORT": str(port),
            "KLUIS_READ_BUDGET": "1000000",  # a few readers ask what many would
            **settings,
        }
        kluis(environment, "init")
        if furnish is not None:
            furnish(read_keyring_file(Path(directory, "keyring.json")))
        with (
            Path(directory, "log").open("wb") as log,
            _running([KLUIS, "serve"], environment, port, log) as process,
        ):
            yield Service(port, process, environment)


@contextmanager
def twin(name: str, database_url: str, way: str = "front") -> Iterator[tuple[int, int]]:
    """A plaintext twin until the end of the block: its port and its process."""
    port = _free_port()
    command = [sys.executable, "-m", "bench.twins", name, str(port), way]
    environment = {**os.environ, "TWIN_DATABASE_URL": database_url}
    with tempfile.TemporaryFile() as log, _running(command, environment, port, log) as process:
        yield port, process.pid


@contextmanager
def _running(
    command: Sequence[str | Path], environment: dict[str, str], port: int, log: IO[bytes]
) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)  # noqa: S603  # ours
    try:
        _await_port(port)
        yield process
    finally:
        process.terminate()
        process.wait(60)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def _await_port(port: int) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("the service does not listen")
