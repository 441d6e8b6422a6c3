"""Subscribed systems learn what became of applications: once each, signed, and nothing personal."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest

from service.cli.deliver import post
from service.domain.backoff import FIRST_WAIT, MOST_ATTEMPTS, wait_after
from service.domain.errors import Forbidden
from service.domain.policy import Role
from service.domain.words import Event
from service.storage.database import begin_writing
from service.usecases.case import Case
from service.usecases.deliveries import (
    LEASE,
    MOST_PER_LEASE,
    Message,
    count_waiting,
    deliver_due,
    drop_unsubscribed,
    lease_due,
)
from service.usecases.telling import tell_systems
from tests.api.described import DOCUMENT, validator
from tests.factories import PDF
from tests.harness.server import free_port
from tests.retention.acts import completed, erase, rows
from tests.rights.applicants import Applicant
from tests.rights.receivers import DRIBBLES, HANGS, Receiver, receiving, subscribe
from tests.world import World

quick_post = partial(post, seconds=0.3)


class Killed(BaseException):
    """What a SIGKILL looks like from within: nothing is done after it."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def world(make_world: Callable[..., World], receiver: Receiver, tmp_path: Path) -> World:
    """A world of which one system is told."""
    return make_world(**subscribe(tmp_path, {"personnel": receiver}))


def deliver(world: World, send: Callable[[Message], bool] = post, **more: Any) -> list[bool]:
    """What `kluis deliver` does: for each system, whether all went well."""
    with world.app.app_context():
        drop_unsubscribed(world.case)
        systems = world.house.subscribers
        return [deliver_due(world.case, system, send, **more) for system in systems]


def tell(world: World, count: int = 1) -> list[str]:
    """Tell of so many applications that they were purged; their ids."""
    ids = [uuid4() for _ in range(count)]
    with world.app.app_context():
        case = world.case()
        begin_writing(case.session)
        case.now = world.clock.now()
        tell_systems(case, ids, Event.PURGED)
        case.session.commit()
    return sorted(map(str, ids))


def waiting(world: World) -> Sequence[Any]:
    """The outbox: system, attempts and moment of the next."""
    query = "SELECT subscriber, attempts, next_at FROM delivery ORDER BY subscriber, id"
    return rows(world, query)


def pass_by(world: World, span: timedelta) -> None:
    world.clock.moment += span


def audited_deliveries(world: World) -> list[dict[str, Any]]:
    events = world.get("/audit-events?subject=cli:test&limit=100", "officer").json["items"]
    return [event for event in events if event["action"] == "deliver-events"]


def test_a_document_that_is_removed_is_a_correction(world: World, receiver: Receiver):
    world.procedure(ends_on="2027-03-01")
    application_id = world.apply(files={"cv": ("cv.pdf", PDF)})
    path = f"/applications/{application_id}/documents"
    [document] = world.get(f"{path}?purpose=correction", "officer").json
    version = world.version_of(application_id)
    removed = world.call("DELETE", f"{path}/{document['id']}", "officer", version=version)
    assert removed.status_code == 204
    deliver(world)
    assert receiver.events == [("application.corrected", str(application_id))]


def test_each_thing_that_becomes_of_an_application_is_told_once(world: World, receiver: Receiver):
    world.procedure(ends_on="2027-03-01")
    erased, purged = Applicant.apply(world), world.apply()
    erased.ask("correction", fields={"motivation": "Graag."})
    asked = erased.ask("restriction").json
    path, lifted = f"/privacy-requests/{asked['id']}", {"lifted": True}
    erased.call("PATCH", path, version=asked["version"], json=lifted)
    assert erase(world, erased.id).status_code == 204
    world.clock.move_to("2027-04-01")
    completed(world)
    assert deliver(world) == [True]
    assert sorted(receiver.events) == sorted(
        [(f"application.{word}", str(erased.id)) for word in ("corrected", "restricted")]
        + [(f"application.{word}", str(erased.id)) for word in ("released", "erased")]
        + [("application.purged", str(purged))]
    )
    assert waiting(world) == []
    assert deliver(world) == [True]
    assert len({one.id for one in receiver.received}) == len(receiver.received) == 5


def test_a_message_is_signed_and_holds_nothing_but_event_moment_and_id(
    world: World, receiver: Receiver, capsys: pytest.CaptureFixture[str]
):
    world.procedure()
    canary = "qzvxwkjhy"
    applicant = Applicant.apply(world)
    applicant.ask("correction", fields={"name": canary, "motivation": canary})
    pass_by(world, timedelta(minutes=7))
    deliver(world)
    (received,) = receiver.received
    assert received.is_signed
    assert received.path == "/in?from=kluis"
    assert received.headers["content-type"] == "application/json"
    assert received.told == {
        "type": "application.corrected",
        "timestamp": "2026-11-22T09:30:00+00:00",
        "data": {"application_id": str(applicant.id)},
    }
    assert int(received.headers["webhook-timestamp"]) == int(world.clock.now().timestamp())
    assert canary not in str(received.headers) + capsys.readouterr().out
    assert canary not in str(rows(world, "SELECT * FROM delivery"))


def test_a_message_is_what_the_apis_document_says_of_it(world: World, receiver: Receiver):
    described = DOCUMENT["webhooks"]["event"]["post"]
    schema = described["requestBody"]["content"]["application/json"]["schema"]
    world.procedure()
    Applicant.apply(world).ask("correction", fields={"motivation": "Graag."})
    deliver(world)
    (received,) = receiver.received
    assert {part["name"] for part in described["parameters"]} <= received.headers.keys()
    assert list(validator(schema).iter_errors(received.told)) == []
    assert received.told.keys() == schema["properties"].keys()
    assert set(schema["properties"]["type"]["enum"]) == set(Event)


def test_what_is_rolled_back_is_not_told(world: World, receiver: Receiver):
    world.procedure()
    application_id = world.apply()
    path = f"/applications/{application_id}"
    assert world.call("DELETE", path, "officer", version=99).status_code == 412
    assert waiting(world) == []
    deliver(world)
    assert receiver.received == []


def test_where_nobody_is_subscribed_nothing_waits(make_world: Callable[..., World]):
    world = make_world()
    world.procedure(ends_on="2027-03-01")
    world.apply()
    erase(world, world.apply())
    world.clock.move_to("2027-04-01")
    completed(world)
    assert waiting(world) == []


@pytest.mark.parametrize("answer", [500, 503, 404, 410, 301, 302, 307, 308, 199])
def test_any_answer_but_success_is_a_failure_and_no_redirect_is_followed(
    world: World, receiver: Receiver, answer: int
):
    tell(world)
    receiver.answers = [answer]
    assert deliver(world) == [False]
    assert [one.path for one in receiver.received] == ["/in?from=kluis"]
    assert [row[:2] for row in waiting(world)] == [("personnel", 1)]


@pytest.mark.parametrize("answer", [200, 202, 204, 299])
def test_any_success_will_do(world: World, receiver: Receiver, answer: int):
    tell(world)
    receiver.answers = [answer]
    assert deliver(world) == [True]
    assert waiting(world) == []


@pytest.mark.parametrize("answer", [HANGS, DRIBBLES])
def test_who_does_not_answer_in_time_is_left(world: World, receiver: Receiver, answer: int):
    tell(world)
    receiver.answers = [answer]
    assert deliver(world, quick_post) == [False]
    assert [row[:2] for row in waiting(world)] == [("personnel", 1)]


def test_who_is_not_there_is_tried_again(
    make_world: Callable[..., World], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    gone = Receiver(port=free_port())
    world = make_world(**subscribe(tmp_path, {"personnel": gone}))
    tell(world)
    assert deliver(world) == [False]
    logged = capsys.readouterr().out
    assert "ConnectionRefusedError" in logged
    assert str(gone.port) not in logged
    assert [row[:2] for row in waiting(world)] == [("personnel", 1)]


def test_what_failed_is_sent_again_as_the_same_message_ever_later(world: World, receiver: Receiver):
    tell(world)
    receiver.answers = [500] * 5
    for attempt in range(1, 6):
        assert deliver(world) == [False]
        assert len(receiver.received) == attempt
        pass_by(world, wait_after(attempt) - timedelta(seconds=1))
        assert deliver(world) == [True]  # nothing is due yet
        assert len(receiver.received) == attempt
        pass_by(world, timedelta(seconds=1))
    assert deliver(world) == [True]
    assert len({one.id for one in receiver.received}) == 1
    assert len({one.body for one in receiver.received}) == 1
    assert len({one.headers["webhook-timestamp"] for one in receiver.received}) == 6
    assert all(one.is_signed for one in receiver.received)
    assert waiting(world) == []


def test_what_fails_twenty_times_is_given_up_with_an_alarm(world: World, receiver: Receiver):
    tell(world)
    receiver.answers = [500] * 99
    for attempt in range(1, MOST_ATTEMPTS + 1):
        assert waiting(world) != []
        deliver(world)
        pass_by(world, wait_after(attempt))
    assert waiting(world) == []
    assert deliver(world) == [True]
    assert len(receiver.received) == MOST_ATTEMPTS
    counted = world.house.signals.exposition().decode()
    assert 'kluis_alarms_total{kind="webhook-given-up"} 1.0' in counted


def test_after_a_failure_the_rest_waits_a_minute_uncounted(world: World, receiver: Receiver):
    ids = tell(world, 5)
    receiver.answers = [204, 204, 500]
    assert deliver(world) == [False]
    assert len(receiver.received) == 3
    assert sorted(row[1] for row in waiting(world)) == [0, 0, 1]
    pass_by(world, FIRST_WAIT)
    assert deliver(world) == [True]
    assert sorted({told for _, told in receiver.events}) == ids


def test_one_system_that_fails_holds_up_no_other(make_world: Callable[..., World], tmp_path: Path):
    with receiving() as first, receiving() as second:
        world = make_world(**subscribe(tmp_path, {"first": first, "second": second}))
        ids = tell(world, 2)
        first.answers = [500]
        assert deliver(world) == [False, True]
        assert sorted(told for _, told in second.events) == ids
        assert [row[0] for row in waiting(world)] == ["first", "first"]
        with world.app.app_context():
            left = [count_waiting(world.case(), name) for name in ("first", "second")]
        assert left == [2, 0]


def test_killed_between_lease_and_sending_it_is_sent_once_the_lease_is_over(
    world: World, receiver: Receiver
):
    ids = tell(world, 2)

    def die(_: Message) -> bool:
        raise Killed

    with pytest.raises(Killed):
        deliver(world, die)
    pass_by(world, LEASE - timedelta(seconds=1))
    deliver(world)
    assert receiver.received == []
    pass_by(world, timedelta(seconds=1))
    deliver(world)
    assert sorted(told for _, told in receiver.events) == ids
    assert waiting(world) == []


def test_two_at_once_send_different_messages(world: World, receiver: Receiver):
    ids = tell(world, MOST_PER_LEASE + 10)
    between: list[int] = []

    def send_while_another_does(message: Message) -> bool:
        if not between:
            between.append(0)
            other = Thread(target=deliver, args=[world])
            other.start()
            other.join()
            between.append(len(receiver.received))
        return post(message)

    assert deliver(world, send_while_another_does) == [True]
    assert between == [0, 10]
    assert sorted(told for _, told in receiver.events) == ids


def test_what_another_takes_between_look_and_lease_is_his(world: World, receiver: Receiver):
    tell(world)
    made: list[Case] = []

    def case_behind_another() -> Case:
        made.append(world.case())
        if len(made) == 2:
            deliver(world)
        return made[-1]

    with world.app.app_context():
        assert deliver_due(case_behind_another, world.house.subscribers[0], post) is True
    assert len(receiver.received) == 1
    assert len(audited_deliveries(world)) == 3  # his two, and the lease of nothing


def test_who_comes_back_after_his_lease_undoes_nothing(world: World):
    tell(world)

    def outlast_the_lease(_: Message) -> bool:
        pass_by(world, LEASE)
        with world.app.app_context():
            (again,) = lease_due(world.case(), "personnel")
        assert again.attempt == 2
        return False

    before = world.clock.now()
    deliver(world, outlast_the_lease)
    ((_, attempts, _),) = waiting(world)
    assert attempts == 2
    pass_by(world, LEASE - timedelta(seconds=1))
    assert deliver(world, lambda _: pytest.fail("leased by the other")) == [True]
    assert world.clock.now() - before == 2 * LEASE - timedelta(seconds=1)


def test_who_is_told_to_stop_puts_back_what_he_did_not_send(world: World, receiver: Receiver):
    tell(world, 3)
    deliver(world, is_stopping=lambda: len(receiver.received) == 1)
    assert len(receiver.received) == 1
    assert [row[1] for row in waiting(world)] == [0, 0]


def test_what_waits_for_a_system_that_was_taken_out_of_the_file_is_dropped(
    make_world: Callable[..., World], receiver: Receiver, tmp_path: Path
):
    before = make_world(**subscribe(tmp_path, {"personnel": receiver, "payroll": receiver}))
    tell(before, 2)
    now = make_world(**subscribe(tmp_path, {"personnel": receiver}))
    deliver(now)
    assert waiting(now) == []
    assert len(receiver.received) == 2
    assert {"dropped": 2} in [event["details"] for event in audited_deliveries(now)]


def test_a_delivery_is_audited_and_a_look_leaves_no_trace(world: World):
    deliver(world)
    assert audited_deliveries(world) == []
    (told,) = tell(world)
    deliver(world)
    settled, leased = sorted(audited_deliveries(world), key=lambda one: "leased" in one["details"])
    assert leased["details"] == {"subscriber": "personnel", "leased": 1}
    assert settled["details"] == {"subscriber": "personnel", "delivered": 1, "failed": 0}
    assert settled["application_ids"] == [told]
    assert {leased["role"], settled["role"]} == {"operator"}


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.OPERATOR}))
def test_nobody_but_the_operator_delivers(world: World, role: Role):
    with world.app.app_context(), pytest.raises(Forbidden):
        lease_due(world.case(role, "somebody"), "personnel")


def test_what_waits_longer_than_a_day_is_a_duty_and_a_number(world: World):
    tell(world, 2)

    def duties() -> list[tuple[str, int]]:
        listed = world.get("/duties", "officer").json
        return [(d["by"], d["count"]) for d in listed if d["kind"] == "event-undelivered"]

    pass_by(world, timedelta(days=1) - timedelta(seconds=1))
    assert duties() == []
    pass_by(world, timedelta(seconds=1))
    assert duties() == [("2026-11-23", 2)]
    numbers = world.app.test_client().get("/metrics").text
    assert "kluis_events_waiting 2\n" in numbers
    assert "kluis_events_oldest_seconds 86400.0\n" in numbers


def test_a_purge_tells_of_each_record_in_its_own_transaction(world: World, receiver: Receiver):
    world.procedure(ends_on="2027-03-01")
    ids = sorted(str(world.apply()) for _ in range(3))
    world.clock.move_to("2027-04-01")
    assert world.purge(limit=2).json["purged"] == 2
    assert len(waiting(world)) == 2
    completed(world)
    deliver(world)
    assert sorted(receiver.events) == [("application.purged", one) for one in ids]
