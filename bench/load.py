"""Clients on kept-alive connections, in one thread, that cost the machine as little as may be."""

import re
import selectors
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

from bench.measures import cpu_seconds

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_STATUSES = (b"HTTP/1.1 200", b"HTTP/1.1 201")


@dataclass(frozen=True)
class Load:
    """What a server did in a stretch of time; CPU in seconds."""

    requests: int
    seconds: float
    latencies: list[float]
    server_cpu: float
    database_cpu: float

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


@dataclass(frozen=True)
class Side:
    """A server with the requests that it is asked, and whose CPU time counts as whose."""

    name: str
    port: int
    requests: Iterator[bytes]
    server: int
    database: int | None = None


class _Connection:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.began = 0.0
        self.received = b""
        self.missing = 0

    def ask(self, request: bytes) -> None:
        self.began, self.received, self.missing = perf_counter(), b"", -1
        self.socket.sendall(request)

    def is_answered(self) -> bool:
        """Take what has come; whether the answer is whole. RuntimeError if it is no success."""
        chunk = self.socket.recv(1 << 18)
        if self.missing < 0:
            self.received += chunk
            head, end, rest = self.received.partition(b"\r\n\r\n")
            length = _LENGTH.search(head)
            if not chunk or (end and (length is None or not head.startswith(_STATUSES))):
                raise RuntimeError(f"a server answered {self.received[:300]!r}")
            if end and length is not None:
                self.missing = int(length[1]) - len(rest)
        else:
            self.missing -= len(chunk)
        return self.missing == 0


def drive(side: Side, seconds: float, connections: int) -> Load:
    """Ask for so long, one request after the other on each connection."""
    latencies: list[float] = []
    with selectors.DefaultSelector() as selector:
        clients = [_Connection(side.port) for _ in range(connections)]
        server, database = cpu_seconds(side.server), cpu_seconds(side.database)
        began = perf_counter()
        for client in clients:
            selector.register(client.socket, selectors.EVENT_READ, client)
            client.ask(next(side.requests))
        waiting = connections
        while waiting:
            for key, _ in selector.select():
                client = key.data
                if not client.is_answered():
                    continue
                now = perf_counter()
                latencies.append(now - client.began)
                if now - began < seconds:
                    client.ask(next(side.requests))
                else:
                    waiting -= 1
        took = perf_counter() - began
        server = cpu_seconds(side.server) - server
        database = cpu_seconds(side.database) - database
        for client in clients:
            client.socket.close()
    return Load(len(latencies), took, latencies, server, database)
