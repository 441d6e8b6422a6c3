"""The front on a real Granian, spoken to over raw sockets."""

import json
import os
import signal
import socket
import string
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from service.web.front import path_info

ROOT = Path(__file__).parents[2]
BIG = 400 * 65536
DRIBBLERS = 200


class Served:
    """One running toy: its port and its process."""

    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self.process, self.port = process, port

    def dial(self, raw: bytes) -> socket.socket:
        client = socket.create_connection(("127.0.0.1", self.port), timeout=5)
        client.sendall(raw)
        return client

    def ask(self, raw: bytes) -> bytes:
        """Everything the server says until it closes the connection."""
        with self.dial(raw) as client:
            return whole(client)

    def get(self, path: str) -> bytes:
        return self.ask(request("GET", path, "Connection: close"))

    def memory(self) -> int:
        """The resident bytes of all of the server's processes."""
        pid = self.process.pid
        workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        pages = [Path(f"/proc/{one}/statm").read_text().split()[1] for one in (pid, *workers)]
        return sum(map(int, pages)) * os.sysconf("SC_PAGE_SIZE")

    def told(self, event: str) -> bool:
        """Whether the toy notes this event, asked until it does."""
        return any(event.encode() in self.get("/events") for _ in range(500))


def whole(client: socket.socket) -> bytes:
    return b"".join(iter(lambda: client.recv(65536), b""))


def request(method: str, path: str, *headers: str, body: bytes = b"") -> bytes:
    lines = (f"{method} {path} HTTP/1.1", "Host: toy", *headers, "", "")
    return "\r\n".join(lines).encode("latin-1") + body


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def start() -> Served:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.web.toy", str(port)],
        cwd=ROOT,
        env={**os.environ, "SECONDS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    assert any("Started worker" in line for line in iter(process.stdout.readline, ""))
    # The worker says so a moment before it listens.
    assert any(listens(port) for _ in range(100_000))
    return Served(process, port)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    running = start()
    yield running
    stop(running)


def stop(running: Served) -> None:
    running.process.send_signal(signal.SIGTERM)
    running.process.communicate(timeout=10)


def test_a_stalled_body_is_told_408_and_then_the_connection_closes(served: Served) -> None:
    said = served.ask(request("POST", "/read", "Content-Length: 9", body=b"half"))
    assert said.startswith(b"HTTP/1.1 408 ")
    assert said.endswith(b"too slow, twice")


def test_dribbled_chunks_do_not_move_the_deadline(served: Served) -> None:
    with served.dial(request("POST", "/read", "Transfer-Encoding: chunked")) as client:
        client.settimeout(0.3)
        said = b""
        for _ in range(10):
            client.sendall(b"1\r\nx\r\n")
            try:
                said = client.recv(65536)
                break
            except TimeoutError:
                continue
    assert said.startswith(b"HTTP/1.1 408 ")


def test_behind_an_empty_chunk_the_app_goes_on_when_what_came_before_was_taken(
    served: Served,
) -> None:
    with served.dial(request("GET", "/ahead")) as client:
        taken = b""
        while not taken.endswith(b"first"):
            taken += client.recv(65536)
        assert b"went on" not in served.get("/events")
        served.get("/go")
    assert served.told("went on")


@pytest.mark.parametrize("framing", ["Content-Length: 99", "Transfer-Encoding: chunked"])
def test_a_body_that_breaks_off_is_never_taken_for_a_whole_one(
    served: Served, framing: str
) -> None:
    noted = served.get("/events").count(b"upload broken off")
    with served.dial(request("POST", "/read", framing, body=b"4\r\nhalf\r\n")) as client:
        client.shutdown(socket.SHUT_WR)
        assert b"200 OK" not in whole(client)
    assert served.get("/events").count(b"upload broken off") == noted + 1


def test_broken_chunking_is_never_taken_for_the_end(served: Served) -> None:
    body = b"4\r\nhalf\r\nnonsense\r\n"
    said = served.ask(request("POST", "/read", "Transfer-Encoding: chunked", body=body))
    assert b"200 OK" not in said


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        ("Content-Length: 5", b"whole"),
        ("Transfer-Encoding: chunked", b"2\r\nwh\r\n3\r\nole\r\n0\r\n\r\n"),
    ],
)
def test_a_whole_body_is_read(served: Served, framing: str, body: bytes) -> None:
    said = served.ask(request("POST", "/read", framing, "Connection: close", body=body))
    assert said.endswith(b"\r\n\r\n5")


def test_a_client_that_expects_100_continue_gets_it_when_the_body_is_read(served: Served) -> None:
    head = request("POST", "/read", "Content-Length: 5", "Expect: 100-continue")
    with served.dial(head) as client:
        assert client.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"whole")
        assert client.recv(65536).endswith(b"\r\n\r\n5")


def test_a_large_reply_to_a_slow_reader_takes_constant_memory(served: Served) -> None:
    served.get("/anything")
    before = served.memory()
    grown, size = 0, 0
    with served.dial(request("GET", "/big", "Connection: close")) as client:
        while taken := client.recv(65536):
            size += len(taken)
            served.get("/anything")  # The slowness: another whole request between two reads.
            grown = max(grown, served.memory() - before)
    assert size > BIG
    assert grown < 10 * 2**20
    assert served.told("big closed, all taken: True")


@pytest.mark.parametrize("path", ["/broken-sized", "/broken-chunked"])
def test_an_error_in_mid_reply_is_seen_as_a_truncation(served: Served, path: str) -> None:
    said = served.ask(request("GET", path))
    assert said.startswith(b"HTTP/1.1 200 OK")
    assert not said.endswith(b"0\r\n\r\n")
    assert len(said) < BIG
    assert served.told(f"{path[1:]} closed, all taken: True")


def test_a_client_that_leaves_ends_the_reply_early(served: Served) -> None:
    with served.dial(request("GET", "/abandoned")) as client:
        assert client.recv(1024)
    assert served.told("abandoned closed, all taken: False")


def test_the_environ_is_what_werkzeug_expects(served: Served) -> None:
    said = served.ask(
        request(
            "GET",
            "/environ/?q=\xc3\xa9",
            "Connection: close",
            "Cookie: a=1",
            "Cookie: b=2",
            "X-Twice: 1",
            "X-Twice: 2",
            "X_Twice: forged",
        )
    )
    seen = json.loads(said.partition(b"\r\n\r\n")[2])
    assert seen["REMOTE_ADDR"] == "127.0.0.1"
    assert seen["QUERY_STRING"] == "q=\xc3\xa9"
    assert seen["HTTP_COOKIE"] == "a=1; b=2"
    assert seen["HTTP_X_TWICE"] == "1,2"


@pytest.mark.parametrize(
    "path", ["//environ", "///environ", "/%65nviron", "/environ%2F", "/environ%2f", "/%2Fenviron"]
)
def test_a_path_in_another_spelling_is_the_name_of_nothing(served: Served, path: str) -> None:
    assert served.get("/environ").endswith(b"}")
    assert served.get(path).endswith(b"\r\n\r\nfine")


@pytest.mark.parametrize("spelled", ["%{:02x}", "%{:02X}"])
def test_only_what_does_not_stand_for_itself_is_written_with_a_percent(spelled: str) -> None:
    itself = f"{string.ascii_letters}{string.digits}-._~/".encode()
    for byte in range(256):
        sent = f"/v1/{spelled.format(byte)}/x"
        named = path_info(sent.encode())
        decoded = f"/v1/{chr(byte)}/x"
        assert named == ("/" + sent.replace("/", "%2F") if byte in itself else decoded)


def test_a_head_is_answered_with_headers_only(served: Served) -> None:
    said = served.ask(request("HEAD", "/anything", "Connection: close"))
    assert b"content-length: 4" in said
    assert said.endswith(b"\r\n\r\n")


def test_slow_clients_do_not_keep_a_quick_one_waiting(served: Served) -> None:
    with ExitStack() as slow:
        for _ in range(DRIBBLERS):
            slow.enter_context(served.dial(b"GET / HTTP/1.1\r\nHo"))
            slow.enter_context(
                served.dial(request("POST", "/read", "Content-Length: 9", body=b"h"))
            )
        quick = slow.enter_context(served.dial(request("GET", "/anything")))
        quick.settimeout(0.5)
        assert quick.recv(65536).endswith(b"fine")


def test_sigterm_lets_the_running_request_finish_and_no_stalled_one_hold_the_exit() -> None:
    running = start()
    with (
        running.dial(request("GET", "/wait")) as waiting,
        running.dial(b"GET / HT") as half_a_head,
        running.dial(request("POST", "/read", "Content-Length: 9", body=b"h")) as half_a_body,
    ):
        assert running.told("waiting")
        running.process.send_signal(signal.SIGTERM)
        assert whole(waiting).endswith(b"fine")
        assert whole(half_a_body).endswith(b"too slow, twice")
        assert whole(half_a_head) == b""
        running.process.communicate(timeout=5)
    assert running.process.returncode == 0
