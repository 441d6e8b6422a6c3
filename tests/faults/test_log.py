"""A log that can not be written: what was asked for is done all the same, and answered."""

from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path

import pytest

from service.telemetry.logs import configure_logs
from tests.world import World


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
