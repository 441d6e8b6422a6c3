"""The front: one WSGI app behind Granian's ASGI; every body has a deadline and a known end."""

import asyncio
import io
import logging
import re
import sys
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote_to_bytes

from service.domain.errors import TooSlow

if TYPE_CHECKING:
    from _typeshed import OptExcInfo, WriteableBuffer
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

T = TypeVar("T")
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Message, Receive, Send], Awaitable[None]]

UNPREFIXED = frozenset({"CONTENT-TYPE", "CONTENT-LENGTH"})
# What would be read as another path: slashes at the beginning, of which Werkzeug strips all but
# one, and percent-encodings of what stands for itself (letters, digits, `-._~`) and of the slash.
OTHER_SPELLING = re.compile(
    rb"^//|%(?:2[D-F]|3[0-9]|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])", re.IGNORECASE
)
LOOK_SECONDS = 0.01  # in which Granian tells of a client that left
TOGETHER = 256 * 1024  # bytes: each change of threads costs more than the opening of a chunk
log = logging.getLogger(__name__)


class ClientGone(ConnectionError):
    """The client left, broke its framing or stopped reading."""


def bounded(wsgi_app: "WSGIApplication", *, body_seconds: float, threads: int) -> ASGIApp:
    """Serve `wsgi_app` in threads; a whole body, or the taking of one chunk, has `body_seconds`.

    `wsgi.input` raises TooSlow past the deadline, and ClientGone where the body breaks off.
    """
    pool = ThreadPoolExecutor(threads, thread_name_prefix="wsgi")

    async def front(scope: Message, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        body = Body(scope, receive, loop.time() + body_seconds)
        reply = Reply(send, body, body_seconds)
        work = partial(copy_context().run, serve, wsgi_app, environ(scope, body), reply)
        try:
            await reply.hand_over(await loop.run_in_executor(pool, work), more=False)
        except (ClientGone, TooSlow) as error:
            log.info("request given up: %s", type(error).__name__)
        except Exception as error:  # noqa: BLE001  # whatever it is
            # Granian would print its text and trace, which may hold personal data.
            log.error("reply cut short: %s", type(error).__name__)  # noqa: TRY400  # no trace
        finally:
            reply.unwatch()

    return front


def serve(wsgi_app: "WSGIApplication", environ: "WSGIEnvironment", reply: "Reply") -> bytes:
    """Run the app in this thread; the end of its reply is returned: a short one needs no other hop.

    Small chunks are handed over together, but for the first: it tells the client what is coming.
    Behind an empty chunk the app goes on only once what came before has been taken from us.
    """
    chunks = wsgi_app(environ, reply.start)
    held: list[bytes] = []
    size = 0
    try:
        for chunk in chunks:
            if held and (reply.head or not chunk or size >= TOGETHER):
                together, held, size = b"".join(held), [], 0
                reply.write(together, look=not chunk)
            if chunk:
                held.append(chunk)
                size += len(chunk)
    finally:
        getattr(chunks, "close", lambda: None)()
    return b"".join(held)


class Body(io.RawIOBase):
    """The request body, pulled from the event loop by the one thread that reads it."""

    def __init__(self, scope: Message, receive: Receive, deadline: float) -> None:
        self.ended = {b"content-length", b"transfer-encoding"}.isdisjoint(dict(scope["headers"]))
        self.loop = asyncio.get_running_loop()
        self.receive, self.deadline = receive, deadline
        self.chunk = memoryview(b"")
        self.fault: type[ClientGone | TooSlow] | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        while not self.chunk and not self.ended:
            self.chunk = memoryview(wait(self.pull(), self.loop))
        target = memoryview(buffer)
        size = min(len(self.chunk), len(target))
        target[:size], self.chunk = self.chunk[:size], self.chunk[size:]
        return size

    async def pull(self) -> bytes:
        """Receive the next chunk. A fault stays, lest a later read find the bytes after a gap."""
        try:
            async with asyncio.timeout_at(self.deadline):
                message = await self.receive() if not self.fault else {}
        except TimeoutError:
            self.fault = TooSlow
        else:
            if message.get("type") == "http.disconnect":
                self.fault = ClientGone
        if self.fault:
            raise self.fault
        self.ended = not message["more_body"]
        return bytes(message["body"])

    async def until_gone(self) -> None:
        """Granian swallows what is sent to a client that left; only `receive` tells of it."""
        while (await self.receive())["type"] != "http.disconnect":
            pass


class Reply:
    """The response: the thread waits until each chunk is taken, so memory holds only a few."""

    def __init__(self, send: Send, body: Body, seconds: float) -> None:
        self.to_client, self.body, self.seconds = send, body, seconds
        self.head: Message = {}
        self.watch: asyncio.Task[None] | None = None

    def start(
        self, status: str, headers: list[tuple[str, str]], _error: "OptExcInfo | None" = None, /
    ) -> Callable[[bytes], None]:
        pairs = [(name.lower().encode("latin-1"), text.encode("latin-1")) for name, text in headers]
        self.head = {"type": "http.response.start", "status": int(status[:3]), "headers": pairs}
        return self.write

    def write(self, chunk: bytes, *, look: bool = False) -> None:
        """Wait until it is taken; with `look`, first until a client that left would be known."""
        wait(self.send(chunk, look=look), self.body.loop)

    async def send(self, chunk: bytes, *, look: bool = False) -> None:
        if self.body.ended and not self.watch:
            self.watch = self.body.loop.create_task(self.body.until_gone())
        if look and self.watch:
            await asyncio.wait({self.watch}, timeout=LOOK_SECONDS)
        await self.hand_over(chunk, more=True)

    async def hand_over(self, chunk: bytes, *, more: bool) -> None:
        """Give Granian a chunk; with `more` False the last of the reply."""
        if self.watch and self.watch.done():
            raise ClientGone
        if self.head:
            await self.to_client(self.head)
            self.head = {}
        try:
            async with asyncio.timeout(self.seconds):
                await self.to_client(
                    {"type": "http.response.body", "body": chunk, "more_body": more}
                )
        except TimeoutError:
            raise ClientGone from None

    def unwatch(self) -> None:
        if self.watch:
            self.watch.cancel()


def wait(work: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop) -> T:
    """Block this thread until the event loop has done `work`."""
    return asyncio.run_coroutine_threadsafe(work, loop).result()


def environ(scope: Message, body: Body) -> "WSGIEnvironment":
    """PEP 3333, and `wsgi.input_terminated`, without which Werkzeug reads no chunked body."""
    server, port = scope["server"]
    made: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": path_info(scope["raw_path"]),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": scope["client"][0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BufferedReader(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").upper(), raw_value.decode("latin-1")
        if "_" in name:
            continue  # X_Real_IP must not pass for the X-Real-IP that a proxy sets.
        key = ("" if name in UNPREFIXED else "HTTP_") + name.replace("-", "_")
        joint = "; " if name == "COOKIE" else ","
        made[key] = f"{made[key]}{joint}{value}" if key in made else value
    return made


def path_info(raw_path: bytes) -> str:
    """The path, decoded; one in another spelling is one segment, which is the name of nothing."""
    if OTHER_SPELLING.search(raw_path):
        return "/" + raw_path.decode("latin-1").replace("/", "%2F")
    return unquote_to_bytes(raw_path).decode("latin-1")
