"""The real service in its own processes, beside a world on the same database to look behind it."""

import json
import os
import select
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

from sqlalchemy import update

from service.storage.tables import Installation
from tests.faults.damage import behind
from tests.harness.server import await_ready, free_port, start, stop
from tests.world import World

_PACE = 0.01
_PATIENCE = 3000


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Served:
    """A running service: its process, its port, its log, and the world behind it."""

    world: World
    process: "subprocess.Popen[bytes]"
    port: int
    log: Path
    temporary: Path
    clock: Path

    @property
    def workers(self) -> list[int]:
        """The processes that the server has started."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return [int(pid) for task in tasks for pid in (task / "children").read_text().split()]

    def head(self, method: str, path: str, role: str | None, **headers: object) -> bytes:
        """The head of a request below /v1; `_` in a header's name stands for `-`."""
        lines = [f"{method} /v1{path} HTTP/1.1", "Host: kluis"]
        if role is not None:
            lines.append(f"Authorization: Bearer {self.world.token(role)}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def dial(self, raw: bytes = b"", receive_buffer: int | None = None) -> socket.socket:
        """A connection on which these bytes were sent; small buffers make a slow reader."""
        client = socket.socket()
        client.settimeout(30)
        if receive_buffer is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.connect(("127.0.0.1", self.port))
        client.sendall(raw)
        return client

    def call(
        self, method: str, path: str, role: str | None, body: bytes | None = None, **headers: object
    ) -> Answer:
        """One whole request and its whole answer; IncompleteRead where that is cut off."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {name.replace("_", "-"): str(value) for name, value in headers.items()}
        if role is not None:
            sent["Authorization"] = f"Bearer {self.world.token(role)}"
        try:
            connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.headers), answer.read())
        finally:
            connection.close()

    def eventually(self, is_so: Callable[[], bool]) -> bool:
        """Whether it becomes so while the server lives; between looks, wait for its end."""
        ended = os.pidfd_open(self.process.pid)
        try:
            for _ in range(_PATIENCE):
                if is_so():
                    return True
                if select.select([ended], [], [], _PACE)[0]:
                    return is_so()
        finally:
            os.close(ended)
        return False

    def move_clock(self, day: str) -> None:
        """Move the server's clock and the world's."""
        self.world.clock.move_to(day)
        self.clock.write_text(self.world.clock.now().isoformat())

    def forget_peaks(self) -> None:
        for pid in self.workers:
            Path(f"/proc/{pid}/clear_refs").write_text("5")

    def peak(self) -> int:
        """The most bytes that the workers had in memory since their peaks were forgotten."""
        return sum(_kilobytes(pid, "VmHWM:") for pid in self.workers) * 1024


def _kilobytes(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def whole(client: socket.socket) -> bytes:
    """Everything until the other side closes."""
    return b"".join(iter(lambda: client.recv(65536), b""))


def read_answer(client: socket.socket) -> Answer:
    """The next answer on a raw connection."""
    answer = HTTPResponse(client)
    answer.begin()
    return Answer(answer.status, dict(answer.headers), answer.read())


@contextmanager
def served(url: str, directory: Path, environment: Mapping[str, str]) -> Iterator[Served]:
    """The service on this migrated, empty database until the block ends."""
    world = World.make(url, directory)
    with behind(world) as session:
        session.execute(update(Installation).values(is_demo=True))
    clock, temporary, port = directory / "clock", directory / "tmp", free_port()
    clock.write_text(world.clock.now().isoformat())
    temporary.mkdir()
    settings = {
        "KLUIS_DATABASE_URL": url,
        "KLUIS_KEYRING_FILE": str(world.keyring_file),
        "KLUIS_DEMO_CLOCK": str(clock),
        "KLUIS_PORT": str(port),
        "KLUIS_POOL_SIZE": "2",
        "KLUIS_LOG_LEVEL": "debug",
        "TMPDIR": str(temporary),
        **environment,
    }
    log = directory / "server.log"
    with log.open("wb") as output:
        process = start(settings, output)
    try:
        await_ready(port, process)
        yield Served(world, process, port, log, temporary, clock)
    finally:
        stop(process)
        world.close()


def terminate(running: Served) -> None:
    running.process.send_signal(signal.SIGTERM)
