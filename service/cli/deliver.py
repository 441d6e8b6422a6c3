"""Telling subscribed systems: what the outbox holds, sent as signed webhooks."""

import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Event, Timer
from urllib.parse import urlsplit

import click
from sqlalchemy.orm import Session
from structlog import get_logger

from service.cli.root import Root, application, new_case
from service.config.webhooks import MOST_SUBSCRIBERS, Subscriber
from service.domain.errors import Unavailable
from service.usecases import deliveries as use
from service.usecases.case import House
from service.usecases.deliveries import Message

UNDELIVERED = 1
_ANSWER_SECONDS = 10.0
_LOOK_SECONDS = 3.0
_REST_SECONDS = 60.0
_log = get_logger()


@click.command()
@click.option("--watch", is_flag=True, help="Stay and look every few seconds; SIGTERM ends it.")
@click.pass_obj
def deliver(root: Root, *, watch: bool) -> None:
    """Tell subscribed systems what became of applications.

    Each in a thread of its own, so that one that does not answer holds up no other. Exit codes:
    0 all that was due is delivered; 1 something failed, and is tried again by a later call.
    """
    with application(root) as house:
        if house.settings.webhooks_file is None:
            raise click.UsageError("KLUIS_WEBHOOKS_FILE names no file: nobody is subscribed.")
        use.drop_unsubscribed(partial(new_case, house))
        work = partial(_watch if watch else _deliver_and_tell, house)
        with _signals_heard() as stopping, ThreadPoolExecutor(MOST_SUBSCRIBERS) as pool:
            results = pool.map(partial(work, stopping), house.subscribers)
            if watch:
                stopping.wait()
            went_well = all([*results])
    if not went_well:
        raise SystemExit(UNDELIVERED)


@contextmanager
def _signals_heard() -> Iterator[Event]:
    """An event that SIGTERM and SIGINT set: what is being sent is sent, then the work ends."""
    stopping, ends = Event(), (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, lambda *_: stopping.set()) for number in ends}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _deliver_and_tell(house: House, stopping: Event, subscriber: Subscriber) -> bool:
    taken = 0

    def counted(message: Message) -> bool:
        nonlocal taken
        is_taken = post(message)
        taken += is_taken
        return is_taken

    went_well = _deliver_once(house, stopping, subscriber, counted)
    with Session(house.engine) as session:
        left = use.count_waiting(new_case(house, session), subscriber.name)
    more = "" if went_well else "; one was not taken"
    click.echo(f"{subscriber.name}: {taken} delivered{_told(left)}{more}")
    return went_well


def _told(left: int) -> str:
    """How many events are left, as far as there are any."""
    if left == 0:
        return ""
    return ", 1 waits for its next try" if left == 1 else f", {left} wait for their next try"


def _deliver_once(house: House, stopping: Event, subscriber: Subscriber, send: use.Send) -> bool:
    with Session(house.engine, expire_on_commit=False) as session:
        new = partial(new_case, house, session)
        return use.deliver_due(new, subscriber, send, stopping.is_set)


def _watch(house: House, stopping: Event, subscriber: Subscriber) -> bool:
    """Deliver again and again; what does not answer, system or database, is let alone a while."""
    try:
        while not stopping.is_set():
            went_well = False
            with suppress(Unavailable):
                went_well = _deliver_once(house, stopping, subscriber, post)
            stopping.wait(_LOOK_SECONDS if went_well else _REST_SECONDS)
    finally:
        stopping.set()  # where one breaks all end, so that it is seen
    return True


def post(message: Message, seconds: float = _ANSWER_SECONDS) -> bool:
    """Whether the system took the message: it is reached, and answers 2xx, each in ten seconds.

    No redirect is followed, and of an answer no more is read than its head.
    """
    parts = urlsplit(message.url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=seconds)
    target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    try:
        connection.connect()
        with _deadline(connection, seconds):
            connection.request("POST", target, message.body, message.headers)
            status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        _log.warning("undelivered", subscriber=message.subscriber, error=type(error).__name__)
        return False
    finally:
        connection.close()
    is_taken = HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
    if not is_taken:
        _log.warning("undelivered", subscriber=message.subscriber, status=status)
    return is_taken


@contextmanager
def _deadline(connection: HTTPConnection, seconds: float) -> Iterator[None]:
    """Hang up when the time is over: the connection's own limit begins anew with every byte.

    What had come by then could pass for an answer; it is none.
    """
    late = Event()
    timer = Timer(seconds, _hang_up, [connection.sock, late])
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
    if late.is_set():
        raise TimeoutError


def _hang_up(sock: socket.socket, late: Event) -> None:
    late.set()
    with suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)  # TLS's own would forget the session
