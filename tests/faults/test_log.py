"""The log: what is written to it, and that nobody waits for one that can not be written."""

from collections.abc import Iterator
from io import StringIO, TextIOWrapper
from json import loads
from pathlib import Path

import pytest
from structlog import get_logger

from service.telemetry.logs import configure_logs
from tests.world import World

ODD = ["\u009b2J", "\u2028", "\ud800", 1 << 70]


@pytest.fixture
def _full_log() -> Iterator[None]:
    with Path("/dev/full").open("wb", buffering=0) as full:
        configure_logs("info", TextIOWrapper(full, write_through=True))
        yield


@pytest.mark.usefixtures("_full_log")
def test_a_full_log_costs_nobody_an_answer(world: World):
    procedure_id = world.procedure()
    application_id = world.apply()
    listed = world.get(f"/procedures/{procedure_id}/applications", "recruiter")
    assert [item["id"] for item in listed.json["items"]] == [str(application_id)]


def test_a_line_is_ascii_whatever_is_in_it():
    """A terminal obeys some characters; half of a pair is none at all."""
    written = StringIO()
    configure_logs("info", written)
    for odd in ODD:
        get_logger().info("odd", what=odd)
    lines = written.getvalue().splitlines()
    assert all(line.isascii() for line in lines)
    assert [loads(line)["what"] for line in lines] == ODD
