"""Subscribed systems: real HTTP servers that check the signature of what they are sent."""

import base64
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Event, Thread
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks import Webhook

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
HANGS, DRIBBLES = 0, -1


@dataclass(frozen=True)
class Received:
    """One request, as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def told(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.body)
        return content

    @property
    def is_signed(self) -> bool:
        """Whether the specification's own library would have signed it so."""
        moment = datetime.fromtimestamp(int(self.headers["webhook-timestamp"]), UTC)
        signature = Webhook(SECRET).sign(self.id, moment, self.body.decode())
        return self.headers["webhook-signature"] == signature


@dataclass
class Receiver:
    """A system on a free port of 127.0.0.1: it gives these answers in turn, and 204 after them."""

    answers: list[int] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    port: int = 0
    came: Event = field(default_factory=Event)
    ended: Event = field(default_factory=Event)

    @property
    def events(self) -> list[tuple[str, str]]:
        """What was told of which application."""
        return [(one.told["type"], one.told["data"]["application_id"]) for one in self.received]


@contextmanager
def receiving(certificate: Path | None = None) -> Iterator[Receiver]:
    """A system that listens until the block ends; with a certificate, by TLS."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.received.append(Received(self.path, headers, body))
            receiver.came.set()
            _answer(self, receiver)

        def do_GET(self) -> None:
            self.do_POST()  # a redirect that is followed comes as a GET

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.port = server.server_port
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, args=[0.02])
        thread.start()
        try:
            yield receiver
        finally:
            receiver.ended.set()
            server.shutdown()
            thread.join()


def _answer(request: BaseHTTPRequestHandler, receiver: Receiver) -> None:
    status = receiver.answers.pop(0) if receiver.answers else 204
    if status == HANGS:
        receiver.ended.wait()
    elif status == DRIBBLES:
        _dribble(request, receiver)
    else:
        request.send_response(status)
        request.send_header("Location", f"http://127.0.0.1:{receiver.port}/elsewhere")
        request.end_headers()


def _dribble(request: BaseHTTPRequestHandler, receiver: Receiver) -> None:
    """A byte now and then, for ever: each comes in time, the answer never does."""
    try:
        request.wfile.write(b"HTTP/1.0 200 ")
        while not receiver.ended.wait(0.05):
            request.wfile.write(b"x")
    except OSError:
        request.close_connection = True


def subscribe(directory: Path, receivers: Mapping[str, Receiver]) -> dict[str, str]:
    """The setting that names a file with these systems."""
    file = directory / "webhooks.json"
    subscribers = [
        {"name": name, "url": f"http://127.0.0.1:{one.port}/in?from=kluis", "secret": SECRET}
        for name, one in receivers.items()
    ]
    file.touch(mode=0o600)
    file.write_text(json.dumps({"version": 1, "subscribers": subscribers}))
    return {"KLUIS_WEBHOOKS_FILE": str(file)}


def certificate_for(address: str, file: Path, now: datetime) -> Path:
    """A file with a new key and a certificate for it that only it vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a subscribed system")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(secret + certificate.public_bytes(pem))
    return file
