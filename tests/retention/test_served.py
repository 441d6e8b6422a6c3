"""The scheduled client against a real server process: `kluis serve`, `kluis purge --url`."""

import json
import os
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest

KLUIS = Path(sys.executable).with_name("kluis")
DEADLINE_SECONDS = 30.0
HEX = "[0-9a-f]"


@dataclass
class Served:
    """A demo's service in a process of its own, with a clock in a file."""

    url: str
    directory: Path
    environment: dict[str, str]
    admin: str
    process: "subprocess.Popen[bytes]"

    def set_clock(self, moment: str) -> None:
        written = self.directory / "clock.new"
        written.write_text(moment)
        written.replace(self.directory / "clock")

    def post(self, path: str, token: str, body: dict[str, object]) -> dict[str, Any]:
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Idempotency-Key": str(uuid4()),
        }
        request = urllib.request.Request(  # our own server
            f"{self.url}/v1{path}", json.dumps(body).encode(), headers
        )
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE_SECONDS) as answered:
                made: dict[str, Any] = json.load(answered)
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read()) from error
        return made

    def token(self, role: str) -> str:
        body = {"role": role, "subject": role, "expires_at": "2027-11-01T00:00:00Z"}
        made: str = self.post("/tokens", self.admin, body)["token"]
        return made

    def purge(self, token: str, *more: str) -> "subprocess.CompletedProcess[str]":
        file = self.directory / "token"
        file.write_text(f"{token}\n")
        return kluis("purge", "--url", self.url, "--token-file", str(file), *more)


def kluis(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # our own command
        [KLUIS, *arguments],
        env={"PATH": os.defpath, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_SECONDS,
    )


def wait_for(port: int) -> None:
    """Until somebody listens; each try waits on the socket itself."""
    until = monotonic() + DEADLINE_SECONDS
    while monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            continue
        return
    raise AssertionError("nobody listens")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as one:
        yield one


def made_demo(directory: Path) -> dict[str, str]:
    """A demo's installation; gives the settings that lead to it."""
    environment = {
        "KLUIS_DATABASE_URL": f"sqlite:///{directory}/kluis.db",
        "KLUIS_KEYRING_FILE": f"{directory}/keyring.json",
    }
    made = kluis("init", "--demo", **environment)
    assert made.returncode == 0, made.stderr
    return environment


@contextmanager
def serving(directory: Path, **more: str) -> Iterator[Served]:
    port = free_port()
    environment = made_demo(directory) | more
    environment |= {"KLUIS_PORT": str(port), "KLUIS_DEMO_CLOCK": f"{directory}/clock"}
    (directory / "clock").write_text("2026-11-22T09:30:00+00:00")
    process = subprocess.Popen(  # our own command
        [KLUIS, "serve"],
        env={"PATH": os.defpath, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        admin = admin_token(environment)
        yield Served(f"http://127.0.0.1:{port}", directory, environment, admin, process)
    finally:
        process.terminate()
        process.wait(DEADLINE_SECONDS)


def admin_token(environment: dict[str, str]) -> str:
    """An admin's token at the demo's moment: the first one lasts from the day of the real clock."""
    made = kluis("tokens", "create", "admin", "a1", "--days", "366", **environment)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def test_the_scheduled_client_purges_over_http_with_exit_codes_for_a_scheduler(served: Served):
    recruiter, website, purger = (served.token(r) for r in ("recruiter", "website", "purger"))
    procedure = {"reference": "V-1", "title": "Tester", "ends_on": "2026-11-30"}
    served.post("/procedures", recruiter, procedure)
    for name in ("Daan Smit", "Noor Bakker"):
        fields = {"name": name, "phone": "0592 123456"}
        served.post("/applications", website, {"procedure_reference": "V-1", "fields": fields})
    served.set_clock("2026-12-29T22:59:59+00:00")
    early = served.purge(purger)
    assert (early.returncode, "Purged 0;" in early.stdout) == (0, True), early.stderr
    served.set_clock("2026-12-29T23:00:00+00:00")
    planned = served.purge(purger, "--dry-run")
    assert (planned.returncode, planned.stdout.split(";")[0]) == (0, "Due: 2"), planned.stderr
    done = served.purge(purger)
    assert (done.returncode, "Purged 2;" in done.stdout) == (0, True), done.stderr

    refused = served.purge(website)
    assert (refused.returncode, "refused (403)" in refused.stderr) == (4, True)
    unknown = served.purge("kluis_purger_nonsense")
    assert (unknown.returncode, "refused (401)" in unknown.stderr) == (4, True)
    assert "nonsense" not in unknown.stdout + unknown.stderr

    served.set_clock("2027-01-20T00:05:00+01:00")
    braked = served.purge(purger)
    assert braked.returncode == 3, braked.stderr
    said = "The brake holds, nothing was deleted (last-completed-run-over-10-days-ago)."
    assert said in braked.stderr
    assert "and confirms it: POST /v1/purge-runs with" in braked.stderr

    served.process.terminate()
    assert served.process.wait(DEADLINE_SECONDS) is not None
    gone = served.purge(purger)
    assert (gone.returncode, "could not be reached" in gone.stderr) == (5, True)


def test_the_counters_of_several_processes_are_added_up_and_leave_no_folder_behind(tmp_path: Path):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with serving(tmp_path, KLUIS_WORKERS="2", TMPDIR=str(temporary)) as service:
        (folder,) = temporary.glob("kluis-metrics-*")
        assert folder.is_dir()
        for _ in range(40):
            urllib.request.urlopen(f"{service.url}/healthz").close()
        with urllib.request.urlopen(f"{service.url}/metrics") as answer:
            told = answer.read().decode()
        counted = re.search(
            r'seconds_count\{method="GET",route="/healthz",status="200"\} (\d+)', told
        )
        assert counted is not None, told
        assert int(counted[1]) >= 40
        assert len(list(folder.glob("*.db"))) >= 2  # a file a process
    assert list(temporary.iterdir()) == []


def test_a_port_that_somebody_listens_on_is_refused_and_not_shared(tmp_path: Path):
    environment = made_demo(tmp_path)
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as other:
        port = str(other.getsockname()[1])
        ran = kluis("serve", KLUIS_PORT=port, **environment)
    assert ran.returncode == 1
    assert "KLUIS_PORT: nothing can listen there" in ran.stderr
    assert port not in ran.stdout + ran.stderr


def test_ids_are_printed_whole_into_a_pipe_however_narrow_the_terminal(tmp_path: Path):
    environment = made_demo(tmp_path)
    ring = json.loads((tmp_path / "keyring.json").read_text())
    shown = kluis("keys", "show", COLUMNS="20", **environment)
    assert all(key["id"] in shown.stdout for key in ring["keys"]), shown.stdout
    made = kluis("tokens", "create", "recruiter", "r" * 100, **environment)
    assert made.returncode == 0, made.stderr
    listed = kluis("tokens", "list", COLUMNS="20", **environment)
    assert len(re.findall(f"{HEX}{{8}}(?:-{HEX}{{4}}){{3}}-{HEX}{{12}}", listed.stdout)) == 2
