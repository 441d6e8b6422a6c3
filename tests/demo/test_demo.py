"""The whole demo, as a command in a process of its own, against services of its own."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from service.demo.throw_away import Service, throw_away_service

RESUME = Path(__file__).with_name("resume.json")
MAIN = "from service.app import main; main()"
ROW = re.compile(
    r"^ +(?P<what>\S.*?) +(?P<expected>\d+) +(?P<found>\d+) +(?P<mark>[✓✗]) *$", re.MULTILINE
)


def run_demo(*arguments: str, main: str = MAIN) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", main, "demo", "--resume", str(RESUME), *arguments]
    wide = os.environ | {"COLUMNS": "120", "PYTHONUTF8": "1"}
    return subprocess.run(command, capture_output=True, text=True, env=wide, check=False)


def tally_of(output: str) -> dict[str, tuple[int, int]]:
    return {row["what"]: (int(row["expected"]), int(row["found"])) for row in ROW.finditer(output)}


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with throw_away_service() as running:
        yield running


def against(service: Service, place: Path) -> list[str]:
    token_file = place / "token"
    token_file.write_text(service.admin_token)
    files = ["--admin-token-file", str(token_file), "--clock-file", str(service.clock_file)]
    return ["--url", service.url, "--applications", "40", *files]


def test_the_demo_ends_with_its_tally_matching():
    run = run_demo("--throw-away", "--applications", "40")
    assert (run.returncode, run.stderr) == (0, "")
    tally = tally_of(run.stdout)
    assert all(expected == found for expected, found in tally.values())
    assert tally["runs that the brake stopped"] == (1, 1)
    assert tally["deleted on any other day"] == (0, 0)
    assert tally["candidates on their recruiters' lists"] == (37, 37)
    deleted = [count for what, (count, _) in tally.items() if what.startswith("deleted ")]
    assert len(deleted) == 6
    assert sum(deleted) + tally["still there at the end"][0] == 42
    assert tally["rights exercised, each to its end"] == (9, 9)
    assert tally["who answers wrong stays out"] == (1, 1)
    assert "All as expected." in run.stdout


def test_the_demo_fails_when_the_service_keeps_to_other_terms_than_the_model():
    run = run_demo("--throw-away", "--applications", "40", "--model-months", "2")
    assert run.returncode == 1
    tally = tally_of(run.stdout)
    assert tally["deleted on any other day"][1] > 0
    assert tally["deleted a month after the end, no consent"][1] == 0
    assert "They differ." in run.stdout


def test_a_service_that_reads_another_clock_is_found_out(service: Service, tmp_path: Path):
    other = tmp_path / "clock"
    other.write_text("2026-03-01T09:00:00+01:00")
    run = run_demo(*against(replace(service, clock_file=other), tmp_path))
    assert run.returncode == 1
    assert "The service does not read its time from --clock-file." in run.stderr


def test_a_database_that_was_used_before_is_refused(service: Service, tmp_path: Path):
    admin = {"Authorization": f"Bearer {service.admin_token}"}
    body = {"reference": "V-1", "title": "Landmeter", "ends_on": "2026-06-01"}
    made = httpx.post(f"{service.url}/v1/procedures", headers=admin, json=body)
    assert made.status_code == 201
    run = run_demo(*against(service, tmp_path))
    assert run.returncode == 1
    assert "the demo wants a fresh demo database" in run.stderr


def test_a_wrong_token_is_said_in_one_line(service: Service, tmp_path: Path):
    run = run_demo(*against(replace(service, admin_token="kluis_admin_wrong"), tmp_path))
    assert run.returncode == 1
    assert run.stderr.startswith("Error: POST /tokens was answered 401")


def test_the_throw_away_service_leaves_nothing_behind_even_when_the_demo_breaks_off():
    with suppress(ZeroDivisionError), throw_away_service() as running:
        assert httpx.get(f"{running.url}/readyz").status_code == 200
        raise ZeroDivisionError
    assert not running.clock_file.parent.exists()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{running.url}/readyz")


@pytest.mark.parametrize("package", ["httpx", "faker", "fpdf", "docx"])
def test_a_missing_package_is_named_with_what_to_install(package):
    absent = f"import sys; sys.modules[{package!r}] = None; {MAIN}"
    run = run_demo("--throw-away", main=absent)
    assert run.returncode == 1
    assert run.stderr == f"Error: {package} is missing: install kluis[demo].\n"


def test_without_a_service_it_says_what_it_needs():
    run = run_demo("--url", "http://127.0.0.1:1")
    assert run.returncode == 2
    assert "or --throw-away" in run.stderr
