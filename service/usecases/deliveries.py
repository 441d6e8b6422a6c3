"""Delivering events: what is due is leased, sent outside of any transaction, then settled.

At least once: who is killed after the lease leaves what he took to be taken again when it is over.
A message keeps its id, by which a receiver knows what came twice.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from service.config.webhooks import Subscriber
from service.crypto.webhooks import signed_headers
from service.domain.backoff import FIRST_WAIT, is_given_up, wait_after
from service.domain.policy import Action
from service.domain.words import Event
from service.storage import deliveries
from service.storage.database import unavailable_when_failing
from service.telemetry.signals import Alarm
from service.usecases.case import Case, House
from service.usecases.frame import usecase

LEASE = timedelta(minutes=10)  # far longer than as many attempts as one lease covers can take
MOST_PER_LEASE = 20
_MOST_DROPPED = 1_000


@dataclass(frozen=True)
class Leased:
    """An event that is ours to send until the lease is over."""

    id: UUID
    event: Event
    application_id: UUID
    at: datetime
    attempt: int


@dataclass(frozen=True)
class Message:
    """What is sent to whom, and the headers that sign it."""

    subscriber: str
    url: str = field(repr=False)
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Sent:
    """What became of a lease: the rest after a failure was not tried."""

    delivered: Sequence[Leased]
    failed: Leased | None
    untried: Sequence[Leased]


Send = Callable[[Message], bool]
_Found = TypeVar("_Found")


def deliver_due(
    new_case: Callable[[], Case],
    subscriber: Subscriber,
    send: Send,
    is_stopping: Callable[[], bool] = lambda: False,
) -> bool:
    """Send one system all that is due; False once a message failed, which is tried again later."""
    while not is_stopping() and is_anything_due(new_case(), subscriber.name):
        case = new_case()
        leased = lease_due(case, subscriber.name)
        if not leased:  # another took it since
            break
        sent = _send_each(case.house, subscriber, leased, send, is_stopping)
        settle(new_case(), subscriber.name, sent)
        if sent.failed is not None:
            return False
    return True


def is_anything_due(case: Case, subscriber: str) -> bool:
    """Whether there is something to send. It tells of nobody: no permission, no trace."""
    now = case.house.clock.now()
    return _look(case, lambda session: deliveries.is_anything_due(session, subscriber, now))


def count_waiting(case: Case, subscriber: str) -> int:
    """How many events wait for this system. It tells of nobody: no permission, no trace."""
    return _look(case, lambda session: deliveries.count_waiting_for(session, subscriber))


@usecase(Action.DELIVER_EVENTS)
def lease_due(case: Case, subscriber: str) -> list[Leased]:
    """Take what is due for one system; committed before anything is sent."""
    until = case.now + LEASE
    rows = deliveries.lease_due(case.session, subscriber, case.now, until, MOST_PER_LEASE)
    case.entry.details = {"subscriber": subscriber, "leased": len(rows)}
    return [Leased(row.id, row.event, row.application_id, row.at, row.attempts) for row in rows]


@usecase(Action.DELIVER_EVENTS)
def settle(case: Case, subscriber: str, sent: Sent) -> None:
    """Delete what arrived; put the rest back, or give up what failed too often."""
    deliveries.delete_deliveries(case.session, [one.id for one in sent.delivered])
    for one in sent.untried:
        _put_back(case, one, one.attempt - 1, FIRST_WAIT)
    if sent.failed is not None:
        _settle_failure(case, subscriber, sent.failed)
    case.entry.applications = [str(one.application_id) for one in sent.delivered]
    case.entry.details = {
        "subscriber": subscriber,
        "delivered": len(sent.delivered),
        "failed": int(sent.failed is not None),
    }


def drop_unsubscribed(new_case: Callable[[], Case]) -> None:
    """Drop what waits for systems that are not in the file any more."""
    case = new_case()
    names = [subscriber.name for subscriber in case.house.subscribers]
    while _look(case, lambda session: deliveries.is_anything_of_others(session, names)):
        drop_some(new_case(), names)


@usecase(Action.DELIVER_EVENTS)
def drop_some(case: Case, names: Sequence[str]) -> None:
    """Drop at most a thousand deliveries to systems that are none of these."""
    dropped = deliveries.delete_of_others(case.session, names, _MOST_DROPPED)
    case.entry.details = {"dropped": dropped}


def message_of(house: House, subscriber: Subscriber, leased: Leased) -> Message:
    """The message for one event, signed for this moment. It holds no personal data."""
    content = {
        "type": leased.event,
        "timestamp": leased.at.isoformat(),
        "data": {"application_id": str(leased.application_id)},
    }
    body = json.dumps(content, separators=(",", ":")).encode()
    signed = signed_headers(subscriber.secret, str(leased.id), house.clock.now(), body)
    return Message(
        subscriber.name, subscriber.url, {"Content-Type": "application/json", **signed}, body
    )


def _look(case: Case, question: Callable[[Session], _Found]) -> _Found:
    with unavailable_when_failing():
        found = question(case.session)
        case.session.rollback()
    return found


def _send_each(
    house: House,
    subscriber: Subscriber,
    leased: Sequence[Leased],
    send: Send,
    is_stopping: Callable[[], bool],
) -> Sent:
    """Send one after the other, up to the first that fails: the next would hardly fare better."""
    for at, one in enumerate(leased):
        if is_stopping():
            return Sent(leased[:at], None, leased[at:])
        if not send(message_of(house, subscriber, one)):
            return Sent(leased[:at], one, leased[at + 1 :])
    return Sent(leased, None, ())


def _settle_failure(case: Case, subscriber: str, failed: Leased) -> None:
    if not is_given_up(failed.attempt):
        _put_back(case, failed, failed.attempt, wait_after(failed.attempt))
        return
    deliveries.delete_deliveries(case.session, [failed.id])
    case.alarm(
        Alarm.WEBHOOK_GIVEN_UP,
        subscriber=subscriber,
        told=failed.event,
        application_id=failed.application_id,
        attempts=failed.attempt,
    )


def _put_back(case: Case, leased: Leased, attempts: int, wait: timedelta) -> None:
    deliveries.put_back(case.session, leased.id, leased.attempt, attempts, case.now + wait)
