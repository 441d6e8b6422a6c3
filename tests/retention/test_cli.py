"""The command line on a real database: purge, retention, keys, tokens, what stops a start."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from uuid import UUID, uuid4

import orjson
import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import text
from structlog.testing import capture_logs

from service.app import Parts, create_app, create_bare_app
from service.cli import kluis
from service.cli.purge import counted
from service.cli.root import Root
from service.config.settings import Settings, load_settings
from service.web.pages import render_openapi
from tests.factories import PDF
from tests.faults.damage import behind
from tests.retention.acts import at, completed, erase, hold, reads, rows
from tests.rights.applicants import Applicant
from tests.rights.asking import disclose
from tests.world import World, write_keyring

Command = Callable[..., Result]
TERMINAL = {"TTY_COMPATIBLE": "1", "TERM": "xterm"}


@pytest.fixture
def command() -> Command:
    """Run `kluis` with these settings; a world's clock and database if there is one."""

    def run(*arguments: str, world: World | None = None, stdin: str = "", **more: str) -> Result:
        made: list[Flask] = []

        def whole(settings: Settings) -> Flask:
            parts = Parts(clock=world.clock) if world else Parts()
            made.append(create_app(settings, parts))
            return made[-1]

        environment = dict(more)
        if world:
            environment |= {
                "KLUIS_DATABASE_URL": world.database_url,
                "KLUIS_KEYRING_FILE": str(world.keyring_file),
            }
        root = Root(whole, create_bare_app, render_openapi)
        result = CliRunner().invoke(kluis, arguments, input=stdin, env=environment, obj=root)
        for app in made:
            with app.app_context():
                app.extensions["sqlalchemy"].engine.dispose()
        return result

    return run


def due(world: World, count: int = 2) -> None:
    world.procedure(ends_on="2027-03-01")
    for _ in range(count):
        world.apply()
    world.clock.move_to("2027-03-31")


# kluis purge


def test_purge_deletes_what_is_due_and_says_how_much(world: World, command: Command):
    due(world, 3)
    hold(world, first(world), "2027-06-01")
    world.clock.move_to("2027-04-01")
    ran = command("purge", world=world)
    assert ran.exit_code == 0, ran.output
    assert "Purged 2; held back by a legal hold: 1." in ran.stdout
    assert rows(world, "SELECT count(*) FROM application")[0][0] == 1
    assert rows(world, "SELECT count(*) FROM purge_run WHERE scrubbed_at IS NULL")[0][0] == 0
    (who,) = rows(world, "SELECT role, subject FROM audit_event WHERE action = 'purge'")
    assert who[0] == "operator"
    assert who[1].startswith("cli:")


def first(world: World) -> UUID:
    return UUID(str(rows(world, "SELECT id FROM application ORDER BY id")[0][0]))


def test_a_dry_run_at_the_command_line_deletes_nothing(world: World, command: Command):
    due(world)
    world.clock.move_to("2027-04-01")
    ran = command("purge", "--dry-run", world=world)
    assert (ran.exit_code, ran.stdout) == (0, "Due: 2; held back by a legal hold: 0.\n")
    assert rows(world, "SELECT count(*) FROM application")[0][0] == 2


def test_a_log_shows_no_bar(world: World, command: Command):
    due(world, 3)
    world.clock.move_to("2027-04-01")
    ran = command("purge", world=world)
    assert (ran.stdout, ran.exit_code) == ("Purged 3; held back by a legal hold: 0.\n", 0)


def test_a_terminal_shows_a_bar(world: World, command: Command):
    due(world, 3)
    world.clock.move_to("2027-04-01")
    ran = command("purge", world=world, **TERMINAL)
    assert (shares(ran), ran.exit_code) == ([100], 0)
    assert "Purged 3; held back by a legal hold: 0." in ran.stdout


def shares(ran: Result) -> list[int]:
    """What a bar showed, in percent."""
    return sorted({int(share) for share in re.findall(r"(\d+)%", ran.stdout)})


def test_a_braked_purge_ends_with_3_and_names_the_plan(world: World, command: Command):
    due(world)
    world.clock.move_to("2027-03-20")
    completed(world)
    world.clock.move_to("2027-04-01")
    ran = command("purge", world=world)
    assert ran.exit_code == 3
    assert "nothing was deleted (last-completed-run-over-10-days-ago)" in ran.stderr
    plan = re.search(r"plan ([0-9a-f-]{36}) and confirms it: POST /v1/purge-runs", ran.stderr)
    assert plan is not None, ran.stderr
    confirmed = world.purge("officer", plan=plan[1])
    assert confirmed.json["purged"] == 2


def test_url_needs_a_token_file_and_an_address(tmp_path: Path, command: Command):
    token_file = tmp_path / "token"
    token_file.write_text("kluis_purger_x")
    assert command("purge", "--url", "http://127.0.0.1:1").exit_code == 2
    wrong = command("purge", "--url", "file:///etc/passwd", "--token-file", str(token_file))
    assert wrong.exit_code == 2


def test_a_service_that_is_not_there_ends_with_5(tmp_path: Path, command: Command):
    token_file = tmp_path / "token"
    token_file.write_text("kluis_purger_x")
    ran = command("purge", "--url", "http://127.0.0.1:1", "--token-file", str(token_file))
    assert (ran.exit_code, "could not be reached" in ran.stderr) == (5, True)


# kluis purge --url, where something else than a Kluis answers


@dataclass
class Impostor:
    """Something that listens where a Kluis should, and the tokens that it was handed."""

    url: str
    handed: list[str | None] = field(default_factory=list)


@contextmanager
def impostor(*answers: bytes) -> Iterator[Impostor]:
    """A server that gives these answers in turn, word for word, and the last one for ever."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def do_GET(self) -> None:
            made.handed.append(self.headers["Authorization"])
            self.wfile.write(answers[min(len(made.handed), len(answers)) - 1])

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        made = Impostor(f"http://127.0.0.1:{server.server_port}")
        serving = Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        yield made
        server.shutdown()
        serving.join()


def answered(status: int, body: object, *headers: str) -> bytes:
    """An HTTP answer; a body that is not bytes already is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return "\r\n".join([f"HTTP/1.1 {status} -", *headers, "", ""]).encode() + content


def purge_at(command: Command, url: str, directory: Path, *more: str, **environment: str) -> Result:
    """`kluis purge` as a client; whatever answers it, it ends with a message and an exit code."""
    token_file = directory / "token"
    token_file.write_text("kluis_purger_x")
    ran = command("purge", "--url", url, "--token-file", str(token_file), *more, **environment)
    assert isinstance(ran.exception, SystemExit | None), ran.exception
    return ran


RUN = {"purged": 0, "remaining": 0, "passed_over": 0, "scrubbed": True}
BRAKED = {
    "type": "urn:problem-type:kluis:braked",
    "title": "Braked",
    "plan": "01a4a012-05c0-7004-a3c0-7ca262cf8b9b",
    "reasons": ["clock"],
}


def test_an_answer_that_is_kluiss_is_taken(tmp_path: Path, command: Command):
    with impostor(answered(201, RUN)) as there:
        ran = purge_at(command, there.url, tmp_path)
    assert (ran.exit_code, ran.stdout) == (0, "Purged 0; held back by a legal hold: 0.\n")
    assert there.handed == ["Bearer kluis_purger_x"]
    with impostor(answered(409, BRAKED)) as there:
        assert purge_at(command, there.url, tmp_path).exit_code == 3


def test_the_bar_has_an_end_once_a_run_has_counted_all_that_it_leaves(
    tmp_path: Path, command: Command
):
    left = 10_000, 3_000, 0
    runs = (RUN | {"purged": 1_000, "remaining": remaining} for remaining in left)
    with impostor(*(answered(201, one) for one in runs)) as there:
        ran = purge_at(command, there.url, tmp_path, **TERMINAL)
    assert (ran.exit_code, shares(ran)) == (0, [40, 100])
    assert all(f"Purged {gone}" in ran.stdout for gone in (1_000, 2_000, 3_000))
    assert len(there.handed) == 3


@pytest.mark.parametrize(("remaining", "said"), [(9_999, "9999"), (10_000, "10000 or more")])
def test_what_is_not_counted_to_its_end_is_so_many_or_more(remaining: int, said: str):
    assert counted(remaining) == said


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_the_token_stays_here(
    tmp_path: Path, command: Command, status: int
):
    with impostor(answered(201, RUN)) as elsewhere:
        location = f"Location: {elsewhere.url}/v1/purge-runs"
        with impostor(answered(status, b"", location)) as there:
            ran = purge_at(command, there.url, tmp_path)
    assert (ran.exit_code, "which was not followed" in ran.stderr) == (4, True), ran.output
    assert (len(there.handed), elsewhere.handed) == (1, [])


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(answered(200, {}), id="an empty object"),
        pytest.param(answered(200, []), id="a list"),
        pytest.param(answered(200, None), id="null"),
        pytest.param(answered(200, b""), id="nothing"),
        pytest.param(answered(200, b"<html>"), id="a page"),
        pytest.param(answered(200, b"\xff\xfe"), id="no UTF-8"),
        pytest.param(answered(200, b"[" * 100_000), id="nested without end"),
        pytest.param(answered(200, RUN | {"purged": "2"}), id="a text for a number"),
        pytest.param(answered(200, RUN | {"purged": None}), id="null for a number"),
        pytest.param(answered(200, RUN | {"purged": True}), id="true for a number"),
        pytest.param(answered(200, RUN | {"remaining": float("nan")}), id="no number"),
        pytest.param(answered(200, RUN | {"scrubbed": 1}), id="a number for true"),
        pytest.param(answered(200, RUN, "Content-Length: 900"), id="cut off"),
        pytest.param(answered(200, b'90\r\n{"', "Transfer-Encoding: chunked"), id="a cut chunk"),
        pytest.param(answered(500, []), id="an error that is a list"),
        pytest.param(answered(500, {}), id="an error without a type"),
        pytest.param(answered(502, b"<html>"), id="a proxy's error"),
        pytest.param(answered(403, {"type": 7, "title": "x"}), id="a number for a type"),
        pytest.param(answered(403, {"type": "x", "title": None}), id="null for a title"),
        pytest.param(answered(409, BRAKED | {"reasons": None}), id="a brake without reasons"),
        pytest.param(answered(409, BRAKED | {"plan": None}), id="a brake without a plan"),
    ],
)
def test_an_answer_that_is_not_kluiss_ends_with_5(tmp_path: Path, command: Command, answer: bytes):
    with impostor(answer) as there:
        ran = purge_at(command, there.url, tmp_path)
    said = "The service answered in a way that is not Kluis's: is --url right?\n"
    assert (ran.exit_code, ran.stdout, ran.stderr) == (5, "", said)


@pytest.mark.parametrize("body", [{}, [], {"remaining": "2", "passed_over": 0}])
def test_a_plan_that_is_not_kluiss_ends_with_5_too(tmp_path: Path, command: Command, body: object):
    with impostor(answered(201, body)) as there:
        ran = purge_at(command, there.url, tmp_path, "--dry-run")
    assert (ran.exit_code, ran.stdout) == (5, "")


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH_9.6\r\n"])
def test_what_speaks_no_http_could_not_be_reached(tmp_path: Path, command: Command, answer: bytes):
    with impostor(answer) as there:
        ran = purge_at(command, there.url, tmp_path)
    assert (ran.exit_code, "could not be reached" in ran.stderr) == (5, True)


@pytest.mark.parametrize("url", ["http://", "http://[::1", "http://kluis:99999", "ftp://kluis"])
def test_an_address_that_is_none_is_a_wrong_use(tmp_path: Path, command: Command, url: str):
    assert purge_at(command, url, tmp_path).exit_code == 2


@pytest.mark.parametrize(
    "answer",
    [
        answered(403, {"type": "urn:x", "title": "No\x1b[2J"}),
        answered(409, BRAKED | {"plan": "\x1b[2J"}),
        answered(409, BRAKED | {"reasons": ["\x1b[2J", 7]}),
    ],
)
def test_what_a_service_says_gives_the_terminal_no_orders(
    tmp_path: Path, command: Command, answer: bytes
):
    with impostor(answer) as there:
        ran = purge_at(command, there.url, tmp_path)
    assert r"\x1b[2J" in ran.stderr
    assert "\x1b" not in ran.output


# kluis retention verify


def test_verify_finds_nothing_where_all_is_right(world: World, command: Command):
    due(world)
    ran = command("retention", "verify", world=world)
    assert (ran.exit_code, ran.stdout.strip()) == (0, "Every date is what its events give.")


@pytest.mark.parametrize(("column", "shown"), [("purge_on", "2027-04-01"), ("hold_until", "None")])
def test_verify_says_which_row_was_tampered_with(
    world: World, command: Command, column: str, shown: str
):
    due(world)
    tampered = first(world)
    written = tampered.hex if world.database_url.startswith("sqlite") else str(tampered)
    rows(world, f"UPDATE application SET {column} = '2029-01-01' WHERE id = '{written}'")
    ran = command("retention", "verify", world=world, COLUMNS="200")
    assert ran.exit_code == 1
    (line,) = [line for line in ran.stdout.splitlines() if column in line]
    assert str(tampered) in line
    assert "2029-01-01" in line
    assert shown in line


# kluis keys


def key_rows(shown: Result, purpose: str = "kek") -> list[list[str]]:
    """The rows of the table for one purpose: id, purpose, state, created, rows, destroyable."""
    table = [re.split(r"\s*[│┃]\s*", line.strip()) for line in shown.stdout.splitlines()]
    return [row[1:-1] for row in table if len(row) > 6 and row[2] == purpose]


def show(command: Command, world: World) -> dict[str, tuple[str, str]]:
    shown = command("keys", "show", world=world, COLUMNS="200")
    assert shown.exit_code == 0, shown.output
    return {row[0]: (row[2], row[4]) for row in key_rows(shown)}


def test_a_key_is_rotated_rewrapped_and_destroyed_when_no_backup_needs_it(
    world: World, command: Command
):
    world.procedure(ends_on="2027-10-01")
    application_id = world.apply()
    ((old, (state, _)),) = show(command, world).items()
    assert state == "active"
    rotated = command("keys", "rotate", world=world)
    assert rotated.exit_code == 0, rotated.output
    assert "Go on with `kluis keys rewrap`" in rotated.stdout
    keys = show(command, world)
    (new,) = keys.keys() - {old}
    assert (keys[new][0], keys[old][0]) == ("active", "decrypt-only")
    assert int(keys[old][1]) > 0

    used = command("keys", "destroy", old, "--yes", world=world)
    assert (used.exit_code, "rows use it" in used.stderr) == (1, True)
    world.clock.move_to("2026-11-24")
    completed(world)  # kept answers under the old key have had their day
    done = command("keys", "rewrap", world=world)
    assert done.stdout.strip().endswith("Left: 0; did not open: 0."), done.output
    early = command("keys", "destroy", old, "--yes", world=world)
    assert (early.exit_code, "Backups may need it until" in early.stderr) == (1, True)
    world.clock.moment += timedelta(days=30, seconds=-1)
    assert command("keys", "destroy", old, "--yes", world=world).exit_code == 1
    unasked = command("keys", "destroy", old, world=world, stdin="y\n")
    assert (unasked.exit_code, "Backups may need it until" in unasked.stderr) == (1, True)
    assert "Destroy it?" not in unasked.output
    world.clock.moment += timedelta(seconds=1)
    refused = command("keys", "destroy", old, world=world, stdin="n\n")
    assert (refused.exit_code, "Destroy it?" in refused.output) == (1, True)
    destroyed = command("keys", "destroy", old, "--yes", world=world)
    assert (destroyed.exit_code, destroyed.stdout) == (0, "Destroyed.\n")
    assert show(command, world)[old][0] == "destroyed"
    (entry,) = [k for k in json.loads(world.keyring_file.read_text())["keys"] if k["id"] == old]
    assert "secret" not in entry
    assert world.keyring_file.stat().st_mode & 0o777 == 0o600
    fresh = restarted(world)
    assert reads(fresh, application_id)
    fresh.close()


def restarted(world: World, ticks: Callable[[], float] = lambda: 0.0) -> World:
    """The same installation, started anew."""
    environment = {
        "KLUIS_DATABASE_URL": world.database_url,
        "KLUIS_KEYRING_FILE": str(world.keyring_file),
    }
    parts = Parts(clock=world.clock, monotonic=ticks)
    app = create_app(load_settings(environment), parts)
    return World(app, world.clock, world.keyring_file, world.database_url)


def test_the_active_key_is_not_destroyed(world: World, command: Command):
    (active,) = show(command, world)
    refused = command("keys", "destroy", active, "--yes", world=world)
    assert (refused.exit_code, "rotated out" in refused.stderr) == (1, True)
    unasked = command("keys", "destroy", active, world=world, stdin="y\n")
    assert (unasked.exit_code, "rotated out" in unasked.stderr) == (1, True)
    assert "Destroy it?" not in unasked.output
    unknown = command("keys", "destroy", "kek-none", "--yes", world=world)
    assert (unknown.exit_code, "kek-none" in unknown.output) == (2, False)


def test_a_running_service_reads_on_after_another_process_rewrapped(world: World, command: Command):
    ticks = [0.0]
    running = restarted(world, lambda: ticks[0])
    running.procedure(ends_on="2027-10-01")
    application_id = running.apply(fields={"name": "Sanne de Vries", "phone": "0592 123456"})
    assert command("keys", "rotate", world=world).exit_code == 0
    assert command("keys", "rewrap", world=world).exit_code == 0
    ticks[0] = 6.0
    read = running.get(f"/applications/{application_id}", "recruiter").json
    assert read["fields"]["name"] == "Sanne de Vries"
    assert read["unreadable"] == []
    later = running.apply(fields={"name": "Noor Bakker", "phone": "0592 123456"})
    active = [kek for kek, (state, _) in show(command, world).items() if state == "active"]
    used = rows(world, "SELECT DISTINCT kek_id FROM record_key")
    assert [row[0] for row in used] == active
    assert reads(running, later)
    running.close()


def test_a_key_is_added_for_every_host_before_it_is_used(world: World, command: Command):
    (before,) = show(command, world)
    added = command("keys", "add", world=world)
    key_id = re.search(r"kluis keys rotate --key (\S+)`", added.stdout)[1]
    world.procedure()
    application_id = world.apply()
    used = "SELECT DISTINCT kek_id FROM record_key"
    assert [row[0] for row in rows(world, used)] == [before]
    rotated = command("keys", "rotate", "--key", key_id, world=world)
    assert rotated.stdout.startswith(f"{key_id} is active.")
    world.apply()
    assert {row[0] for row in rows(world, used)} == {before, key_id}
    assert reads(world, application_id)


def test_what_is_no_key_of_its_purpose_does_not_become_the_active_one(
    world: World, command: Command
):
    kept = world.keyring_file.read_bytes()
    for wrong in ("kek-none", json.loads(kept)["keys"][1]["id"]):
        refused = command("keys", "rotate", "--key", wrong, world=world)
        assert (refused.exit_code, "no usable key of purpose kek" in refused.stderr) == (1, True)
    assert world.keyring_file.read_bytes() == kept


def test_a_rewrapped_procedure_hold_still_opens(world: World, command: Command):
    procedure_id = world.procedure(ends_on="2027-10-01")
    placed = hold(world, procedure_id, "2027-01-01", on="procedures")
    command("keys", "rotate", world=world)
    assert command("keys", "rewrap", world=world).exit_code == 0
    fresh = restarted(world)
    read = fresh.get(f"/holds/{placed.json['id']}", "officer").json
    assert read["case_reference"] == "2027/18"
    fresh.close()


def test_reindexing_keeps_duplicates_found(world: World, command: Command):
    procedure_id = world.procedure(ends_on="2027-10-01")
    same = {"name": "Daan Smit", "email": "daan@example.org"}
    pair = {str(world.apply(fields=same)) for _ in range(2)}
    before = rows(world, "SELECT DISTINCT email_index FROM application")
    rotated = command("keys", "rotate", "--purpose", "index", world=world)
    assert "Go on with `kluis keys reindex`" in rotated.stdout
    done = command("keys", "reindex", world=world)
    assert (done.exit_code, "Left: 0; did not open: 0." in done.stdout) == (0, True)
    assert rows(world, "SELECT DISTINCT email_index FROM application") != before
    fresh = restarted(world)
    listed = fresh.get(f"/procedures/{procedure_id}/applications", "recruiter").json["items"]
    assert {item["possible_duplicates"][0] for item in listed} == pair
    fresh.close()


def test_a_wrap_that_does_not_open_is_counted_and_left(world: World, command: Command):
    world.procedure(ends_on="2027-10-01")
    world.apply()
    broken = "X'00'" if world.database_url.startswith("sqlite") else "'\\x00'"
    rows(world, f"UPDATE record_key SET wrapped = {broken}")
    command("keys", "rotate", world=world)
    done = command("keys", "rewrap", world=world)
    assert (done.exit_code, "Left: 1; did not open: 1." in done.stdout) == (1, True)


# kluis tokens


def test_a_token_is_created_listed_without_its_secret_and_revoked(world: World, command: Command):
    created = command("tokens", "create", "purger", "job-1", world=world)
    token = created.stdout.strip()
    assert token.startswith("kluis_purger_")
    headers = {"Authorization": f"Bearer {token}"}
    client = world.app.test_client()
    assert client.post("/v1/purge-runs", headers=headers, json={}).status_code == 201
    listed = command("tokens", "list", world=world, COLUMNS="200")
    (line,) = [line for line in listed.stdout.splitlines() if "job-1" in line]
    assert token not in listed.stdout
    token_id = re.search(r"[0-9a-f-]{36}", line)
    assert token_id is not None
    assert command("tokens", "revoke", token_id[0], world=world).stdout == "Revoked.\n"
    assert client.post("/v1/purge-runs", headers=headers, json={}).status_code == 401
    assert command("tokens", "revoke", token_id[0], world=world).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("purger", "job-1", "--days", "366"), 0),
        (("purger", "job-1", "--days", "1"), 0),
        (("purger", "job-1", "--days", "367"), 2),
        (("purger", "job-1", "--days", "999999999"), 2),
        (("purger", "job-1", "--days", "0"), 2),
        (("recruiter", "r.jansen"), 0),
        (("recruiter", "r jansen"), 1),
        (("recruiter", "r/jansen"), 1),
        (("recruiter", "\x1b[2Jr.jansen"), 1),
        (("recruiter", ""), 1),
        (("operator", "job-1"), 2),
        (("nobody", "job-1"), 2),
    ],
)
def test_a_tokens_role_and_life_are_checked(
    sqlite_world: World, command: Command, arguments: tuple[str, ...], code: int
):
    ran = command("tokens", "create", *arguments, world=sqlite_world)
    assert ran.exit_code == code, ran.output
    assert isinstance(ran.exception, SystemExit | None), ran.exception
    assert ran.stdout.startswith("kluis_") is (code == 0)
    made = rows(sqlite_world, "SELECT subject FROM api_token WHERE created_by LIKE 'cli:%'")
    assert ((arguments[1],) in made) is (code == 0)


@pytest.mark.parametrize(
    ("subject", "printed"),
    [
        ("[/bold]r.jansen", "[/bold]r.jansen"),
        ("[red]r.jansen", "[red]r.jansen"),
        (":smile:", ":smile:"),
        ("\x1b[2Jr.jansen", r"\x1b[2Jr.jansen"),
        ("\x9b2Jr.jansen", r"\x9b2Jr.jansen"),
        ("r\r\n\x07jansen", r"r\r\n\x07jansen"),
        ("r\u202ejansen", r"r\u202ejansen"),
        ("Ren\u00e9e", "Ren\u00e9e"),
    ],
)
def test_a_hostile_subject_is_listed_as_it_is_and_gives_the_terminal_no_orders(
    sqlite_world: World, command: Command, subject: str, printed: str
):
    rows(sqlite_world, "UPDATE api_token SET subject = :subject", subject=subject)
    listed = command("tokens", "list", world=sqlite_world)
    assert listed.exit_code == 0, listed.exception
    assert printed in listed.stdout
    assert all(c.isprintable() or c == "\n" for c in listed.stdout)


# kluis init, and what stops a start


def place(tmp_path: Path) -> dict[str, str]:
    return {
        "KLUIS_DATABASE_URL": f"sqlite:///{tmp_path}/new/kluis.db",
        "KLUIS_KEYRING_FILE": f"{tmp_path}/new/keyring.json",
    }


def test_init_makes_all_there_is_once_and_nothing_the_second_time(tmp_path: Path, command: Command):
    made = command("init", **place(tmp_path))
    assert made.exit_code == 0, made.output
    assert re.fullmatch(r"kluis_admin_\w+\n", made.stdout)
    keyring = tmp_path / "new" / "keyring.json"
    kept = keyring.read_bytes()
    assert keyring.stat().st_mode & 0o777 == 0o600
    again = command("init", **place(tmp_path))
    assert (again.exit_code, again.stdout) == (0, "")
    assert "Everything is there already." in again.stderr
    assert keyring.read_bytes() == kept


def stopped(command: Command, *, naming: str, hiding: str = "", **environment: str) -> str:
    """A start that is refused with one message that names the variable and not its value."""
    ran = command("tokens", "list", **environment)
    assert ran.exit_code == 1, ran.output
    assert naming in ran.stderr
    assert "Traceback" not in ran.output
    if hiding:
        assert hiding not in ran.output
    assert isinstance(ran.exception, SystemExit)
    return ran.stderr


def test_a_missing_keyring_stops_the_start(tmp_path: Path, command: Command):
    command("init", **place(tmp_path))
    (tmp_path / "new" / "keyring.json").unlink()
    stopped(command, naming="KLUIS_KEYRING_FILE", **place(tmp_path))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_keyring_that_others_may_read_stops_the_start(
    tmp_path: Path, command: Command, mode: int
):
    command("init", **place(tmp_path))
    (tmp_path / "new" / "keyring.json").chmod(mode)
    said = stopped(command, naming="KLUIS_KEYRING_FILE", **place(tmp_path))
    assert f"{mode:04o}" in said


def test_another_installations_keyring_stops_the_start(sqlite_world: World, command: Command):
    sqlite_world.procedure()
    sqlite_world.apply()
    write_keyring(sqlite_world.keyring_file)
    ran = command("tokens", "list", world=sqlite_world)
    assert ran.exit_code == 1
    assert "KLUIS_KEYRING_FILE" in ran.stderr
    assert "which the database uses, is not in it" in ran.stderr


def test_a_keyring_command_that_fails_stops_the_start_and_is_not_quoted(
    tmp_path: Path, command: Command
):
    command("init", **place(tmp_path))
    secret = "/bin/false hunter2"
    environment = {**place(tmp_path), "KLUIS_KEYRING_COMMAND": secret}
    stopped(command, naming="KLUIS_KEYRING_COMMAND", hiding="hunter2", **environment)


def test_a_keyring_from_a_command_serves_and_is_not_changed_here(tmp_path: Path, command: Command):
    command("init", **place(tmp_path))
    kept = tmp_path / "new" / "keyring.json"
    environment = {**place(tmp_path), "KLUIS_KEYRING_COMMAND": f"cat {kept}"}
    environment["KLUIS_KEYRING_FILE"] = f"{tmp_path}/nowhere.json"
    assert command("keys", "show", **environment).exit_code == 0
    before = kept.read_bytes()
    refused = command("keys", "rotate", **environment)
    assert (refused.exit_code, "KLUIS_KEYRING_COMMAND" in refused.stderr) == (1, True)
    assert kept.read_bytes() == before


def test_a_database_without_tables_stops_the_start(tmp_path: Path, command: Command):
    write_keyring(tmp_path / "keyring.json")
    (tmp_path / "empty.db").touch()
    environment = {
        "KLUIS_DATABASE_URL": f"sqlite:///{tmp_path}/empty.db",
        "KLUIS_KEYRING_FILE": f"{tmp_path}/keyring.json",
    }
    said = stopped(command, naming="KLUIS_DATABASE_URL", **environment)
    assert "kluis migrate" in said


@pytest.mark.parametrize("mistyped", ["nwe/kluis.db", "new/klius.db"])
def test_a_mistyped_database_is_told_and_not_made(tmp_path: Path, command: Command, mistyped: str):
    command("init", **place(tmp_path))
    before = set(tmp_path.rglob("*"))
    environment = {**place(tmp_path), "KLUIS_DATABASE_URL": f"sqlite:///{tmp_path}/{mistyped}"}
    ran = command("keys", "show", **environment)
    assert ran.exit_code == 1
    assert ran.stderr.startswith("Error: KLUIS_DATABASE_URL: there is no database there")
    assert set(tmp_path.rglob("*")) == before


def test_a_keyring_that_is_nested_without_end_stops_the_start(tmp_path: Path, command: Command):
    command("init", **place(tmp_path))
    (tmp_path / "new" / "keyring.json").write_text("[" * 100_000)
    stopped(command, naming="KLUIS_KEYRING_FILE", **place(tmp_path))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("ALTER TABLE application DROP COLUMN sealed_motivation", "sealed_motivation"),
        ("DROP TABLE disclosure", "disclosure"),
        ("UPDATE alembic_version SET version_num = '0000'", "revision"),
        ("DELETE FROM alembic_version", "revision none"),
    ],
)
def test_a_half_applied_migration_stops_the_start(
    sqlite_world: World, command: Command, damage: str, said: str
):
    rows(sqlite_world, damage)
    ran = command("serve", world=sqlite_world)
    assert ran.exit_code == 1
    assert ran.stderr.startswith("Error: KLUIS_DATABASE_URL: the schema does not fit")
    assert said in ran.stderr


def test_a_half_applied_migration_stops_a_real_process(postgres_world: World):
    rows(postgres_world, "ALTER TABLE application DROP COLUMN sealed_motivation")
    environment = {
        "PATH": os.defpath,
        "KLUIS_DATABASE_URL": postgres_world.database_url,
        "KLUIS_KEYRING_FILE": str(postgres_world.keyring_file),
    }
    ran = subprocess.run(
        [Path(sys.executable).with_name("kluis"), "serve"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert ran.stderr.startswith("Error: KLUIS_DATABASE_URL: the schema does not fit")
    assert "sealed_motivation" in ran.stderr


def test_a_database_that_does_not_answer_stops_the_start_without_its_password(
    tmp_path: Path, command: Command
):
    write_keyring(tmp_path / "keyring.json")
    environment = {
        "KLUIS_DATABASE_URL": "postgresql+psycopg://kluis:hunter2@127.0.0.1:1/kluis",
        "KLUIS_KEYRING_FILE": f"{tmp_path}/keyring.json",
    }
    stopped(command, naming="KLUIS_DATABASE_URL", hiding="hunter2", **environment)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("KLUIS_DATABASE_URL", "mysql://hunter2"),
        ("KLUIS_TIMEZONE", "Europe/Hunter2"),
        ("KLUIS_PORT", "hunter2"),
        ("KLUIS_PORT", "70000"),
        ("KLUIS_BACKUP_DAYS", "0"),
        ("KLUIS_OPEN_TEAM", "hunter2:officer"),
        ("KLUIS_OPEN_TEAM", "hunter2"),
        ("KLUIS_STATEMENT_VERSION", "hunter2 spaced"),
        ("KLUIS_LOG_LEVEL", "hunter2"),
        ("KLUIS_METRICS_FROM", "hunter2/8"),
        ("KLUIS_BAKCUP_DAYS", "hunter2"),
    ],
)
def test_a_bad_or_unknown_setting_is_named_and_its_value_never_echoed(
    tmp_path: Path, command: Command, variable: str, value: str
):
    environment = {**place(tmp_path), variable: value}
    hidden = value if value != "0" else ""
    stopped(command, naming=variable, hiding=hidden, **environment)
    assert not (tmp_path / "new").exists()


def test_a_real_database_refuses_a_clock_that_is_given_to_it(tmp_path: Path, command: Command):
    command("init", **place(tmp_path))
    clock = tmp_path / "clock"
    clock.write_text("2027-04-01T00:00:00+02:00")
    environment = {**place(tmp_path), "KLUIS_DEMO_CLOCK": str(clock)}
    stopped(command, naming="KLUIS_DEMO_CLOCK", **environment)


def test_a_demos_database_takes_the_clock_that_is_given_to_it(tmp_path: Path, command: Command):
    assert command("init", "--demo", **place(tmp_path)).exit_code == 0
    clock = tmp_path / "clock"
    clock.write_text("2031-04-01T00:00:00+02:00")
    environment = {**place(tmp_path), "KLUIS_DEMO_CLOCK": str(clock)}
    assert command("tokens", "create", "purger", "job-1", **environment).exit_code == 0
    listed = command("tokens", "list", COLUMNS="200", **environment)
    (line,) = [line for line in listed.stdout.splitlines() if "job-1" in line]
    assert "2031-06-29" in line


def test_a_demo_is_made_while_its_clock_is_set_already(tmp_path: Path, command: Command):
    clock = tmp_path / "clock"
    clock.write_text("2031-04-01T00:00:00+02:00")
    environment = {**place(tmp_path), "KLUIS_DEMO_CLOCK": str(clock)}
    made = command("init", "--demo", **environment)
    assert made.exit_code == 0, made.output
    assert re.fullmatch(r"kluis_admin_\w+\n", made.stdout)
    assert "2031-06-29" in command("tokens", "list", **environment).stdout


def test_times_at_the_edge_of_a_day_hold_at_the_command_line_too(world: World, command: Command):
    due(world, 1)
    at(world, "2027-03-31T21:59:59")
    assert "Purged 0" in command("purge", world=world).stdout
    at(world, "2027-03-31T22:00:00")
    assert "Purged 1" in command("purge", world=world).stdout


# kluis retention erase-again

IN_A_BACKUP = {
    "application": "id",
    "record_key": "application_id",
    "document": "id",
    "document_chunk": "document_id",
}


def test_what_a_restore_brought_back_is_erased_again(
    world: World, command: Command, tmp_path: Path
):
    world.procedure()
    gone, stays = (world.apply(files={"cv": ("cv.pdf", PDF)}) for _ in range(2))
    with behind(world) as session:
        for table in IN_A_BACKUP:
            session.execute(text(f"CREATE TABLE {table}_backup AS SELECT * FROM {table}"))
    with capture_logs() as events:
        assert erase(world, gone).status_code == 204
    with behind(world) as session:
        for table, key in IN_A_BACKUP.items():
            lost = f"SELECT * FROM {table}_backup WHERE {key} NOT IN (SELECT {key} FROM {table})"
            session.execute(text(f"INSERT INTO {table} {lost}"))
        session.execute(text("DELETE FROM purge_receipt"))
    assert reads(world, gone)
    log, elsewhere = tmp_path / "kluis.log", {"event": "erased", "application_id": str(uuid4())}
    others = [b"no JSON", b"[1]", b"7", b'{"log":"x"}', b'{"event":"x"}', b""]
    lines = [b"kluis-1  | " + orjson.dumps(event) for event in [*events, elsewhere]]
    log.write_bytes(b"\n".join([*lines, *others]))
    ran = command("retention", "erase-again", str(log), world=world)
    assert ran.exit_code == 0, ran.output
    assert "Erased since" in ran.stdout
    assert ran.stdout.endswith(" lines of log: 2. Back, and erased again: 1.\n")
    assert (reads(world, gone), reads(world, stays)) == (False, True)
    left = {table: len(rows(world, f"SELECT * FROM {table}")) for table in IN_A_BACKUP}
    assert left == dict.fromkeys(IN_A_BACKUP, 1)
    [told] = rows(world, "SELECT role, application_ids FROM audit_event WHERE action='erase-again'")
    assert (told[0], str(gone) in str(told[1])) == ("operator", True)


def test_what_hung_on_it_ends_again(world: World, command: Command):
    """A recipient must know, and a request be answered, though that was done before the restore."""
    world.procedure()
    applicant = Applicant.apply(world)
    disclose(world, applicant.id, "Bureau A")
    asked = applicant.ask("objection", text="Liever niet.").json["id"]
    line = orjson.dumps({"event": "erased", "application_id": str(applicant.id)}).decode()
    assert command("retention", "erase-again", "-", world=world, stdin=line).exit_code == 0
    notices = world.get("/notices", "officer").json["items"]
    told = [one["event"] for one in notices if one["recipient"] == "Bureau A"]
    assert "application.erased" in told
    request = world.get(f"/privacy-requests/{asked}", "officer").json
    assert request["outcome"] == "withdrawn"


@pytest.mark.parametrize("stdin", ["", "nothing\n", '{"log":"x"}\n'])
def test_a_log_that_is_none_is_an_error(world: World, command: Command, stdin: str):
    ran = command("retention", "erase-again", "-", world=world, stdin=stdin)
    assert ran.exit_code == 1
    assert "No line there is one of the service's log" in ran.stderr


@pytest.mark.parametrize("more", ["", ',"application_id":"01a2"'])
def test_an_erasure_of_nobody_knows_what_is_an_error(world: World, command: Command, more: str):
    ran = command("retention", "erase-again", "-", world=world, stdin=f'{{"event":"erased"{more}}}')
    assert ran.exit_code == 1
    assert "is it whole?" in ran.stderr


def test_a_log_without_erasures_erases_nothing(world: World, command: Command):
    ran = command("retention", "erase-again", "-", world=world, stdin='{"event":"request"}\n')
    assert ran.stdout == "Erased since, by 1 lines of log: 0. Back, and erased again: 0.\n"
