"""`kluis deliver` as real processes: what it sends, how it ends, what a killed one leaves.

A process goes by the machine's own clock: what it is to send is made due since long ago.
"""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from tests.harness.server import KLUIS
from tests.retention.acts import rows
from tests.rights.receivers import HANGS, SECRET, Receiver, receiving, subscribe
from tests.rights.test_webhooks import tell
from tests.world import World

SECONDS = 30
on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def world(make_world: Callable[..., World], receiver: Receiver, tmp_path: Path) -> World:
    return make_world(**subscribe(tmp_path, {"personnel": receiver}))


@contextmanager
def delivering(world: World, *flags: str) -> Iterator["subprocess.Popen[str]"]:
    """`kluis deliver` at work on the world's database; killed at the latest with the block."""
    environment = {
        "KLUIS_DATABASE_URL": world.database_url,
        "KLUIS_KEYRING_FILE": str(world.keyring_file),
    }
    if (file := world.house.settings.webhooks_file) is not None:
        environment["KLUIS_WEBHOOKS_FILE"] = str(file)
    with subprocess.Popen(
        [KLUIS, "deliver", *flags],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def run(world: World, *flags: str) -> tuple[int, str]:
    """Its exit code and what it said."""
    with delivering(world, *flags) as process:
        said, _ = process.communicate(timeout=SECONDS)
        return process.returncode, said


def make_due(world: World) -> None:
    rows(world, "UPDATE delivery SET next_at = '2000-01-01 00:00:00.000000'")


def test_it_sends_what_is_due_and_ends(world: World, receiver: Receiver):
    ids = tell(world, 25)
    make_due(world)
    assert run(world) == (0, "personnel: 25 delivered\n")
    assert sorted(told for _, told in receiver.events) == ids
    assert rows(world, "SELECT count(*) FROM delivery")[0][0] == 0
    for received in receiver.received:
        assert Webhook(SECRET).verify(received.body, received.headers) == received.told


@on_one_database
def test_a_failure_is_its_exit_code_and_said_without_address_or_secret(
    world: World, receiver: Receiver
):
    tell(world, 4)
    make_due(world)
    receiver.answers = [500]
    code, said = run(world)
    assert code == 1
    assert "personnel: 0 delivered, 4 wait for their next try; one was not taken\n" in said
    assert "500" in said
    assert f":{receiver.port}" not in said
    assert SECRET not in said
    assert sorted(rows(world, "SELECT attempts FROM delivery")) == [(0,), (0,), (0,), (1,)]
    assert run(world) == (0, "personnel: 0 delivered, 4 wait for their next try\n")


def test_killed_while_sending_it_sends_again_the_same_message(world: World, receiver: Receiver):
    tell(world)
    make_due(world)
    receiver.answers = [HANGS]
    with delivering(world) as process:
        assert receiver.came.wait(SECONDS)
        process.kill()
    assert run(world) == (0, "personnel: 0 delivered, 1 waits for its next try\n")  # leased
    assert len(receiver.received) == 1
    make_due(world)
    assert run(world) == (0, "personnel: 1 delivered\n")
    first, second = receiver.received
    assert (first.id, first.body) == (second.id, second.body)
    assert rows(world, "SELECT count(*) FROM delivery")[0][0] == 0


@on_one_database
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_watches_until_it_is_told_to_end(
    world: World, receiver: Receiver, number: signal.Signals
):
    tell(world)
    make_due(world)
    with delivering(world, "--watch") as process:
        assert receiver.came.wait(SECONDS)
        receiver.came.clear()
        tell(world)
        make_due(world)
        assert receiver.came.wait(SECONDS)
        process.send_signal(number)
        said, _ = process.communicate(timeout=SECONDS)
        assert (process.returncode, said) == (0, "")


@on_one_database
def test_without_a_file_it_says_so(make_world: Callable[..., World]):
    code, said = run(make_world())
    assert code == 2
    assert "KLUIS_WEBHOOKS_FILE names no file" in said
