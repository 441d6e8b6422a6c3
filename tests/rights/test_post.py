"""Sending one message: by TLS to who can prove his name, within bounds, to nowhere else."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Thread

import pytest

from service.cli.deliver import post
from service.usecases.deliveries import Message
from tests.rights.receivers import DRIBBLES, HANGS, Receiver, certificate_for, receiving

quick_post = partial(post, seconds=0.3)


def message_to(url: str) -> Message:
    return Message("personnel", url, {"webhook-id": "m1"}, b"{}")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return certificate_for("127.0.0.1", tmp_path / "system.pem", datetime.now(UTC))


@pytest.fixture
def receiver(certificate: Path) -> Iterator[Receiver]:
    with receiving(certificate) as found:
        yield found


def test_a_system_whose_certificate_is_trusted_gets_it(
    receiver: Receiver, certificate: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert post(message_to(f"https://127.0.0.1:{receiver.port}/in?a=b")) is True
    (received,) = receiver.received
    assert (received.path, received.body, received.id) == ("/in?a=b", b"{}", "m1")


def test_one_that_nobody_vouches_for_gets_nothing(
    receiver: Receiver, capsys: pytest.CaptureFixture[str]
):
    assert post(message_to(f"https://127.0.0.1:{receiver.port}/")) is False
    assert receiver.received == []
    assert "SSLCertVerificationError" in capsys.readouterr().out


def test_one_that_is_vouched_for_under_another_name_gets_nothing(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    other = certificate_for("127.0.0.2", tmp_path / "other.pem", datetime.now(UTC))
    monkeypatch.setenv("SSL_CERT_FILE", str(other))
    with receiving(other) as impostor:
        assert post(message_to(f"https://127.0.0.1:{impostor.port}/")) is False
    assert impostor.received == receiver.received == []


@pytest.mark.parametrize("answer", [HANGS, DRIBBLES])
def test_the_time_is_bounded_by_tls_as_well(
    receiver: Receiver, certificate: Path, monkeypatch: pytest.MonkeyPatch, answer: int
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    receiver.answers = [answer]
    assert quick_post(message_to(f"https://127.0.0.1:{receiver.port}/")) is False


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\r\n\r\n",
        b"SSH-2.0-x\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 " + b"x" * 70_000,
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 3,
        b"\x00" * 1_000,
    ],
)
def test_what_is_no_answer_is_a_failure(answer: bytes):
    assert quick_post(message_to(spoken(answer))) is False


def test_of_an_answer_only_the_head_is_read():
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n"
    assert quick_post(message_to(spoken(endless))) is True


def spoken(answer: bytes) -> str:
    """The address of one that takes a single request and says this, whatever it is asked."""
    listener = socket.create_server(("127.0.0.1", 0))
    port: int = listener.getsockname()[1]

    def speak() -> None:
        with listener, listener.accept()[0] as connection:
            connection.recv(65_536)
            connection.sendall(answer)

    Thread(target=speak).start()
    return f"http://127.0.0.1:{port}/"
