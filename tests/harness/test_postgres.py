import os
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.harness.postgres import Server, binary, libpq_url, running_postgres

ROOT = Path(__file__).parents[2]
OWNER = """
import sys
from tests.harness.postgres import running_postgres
with running_postgres() as server:
    print(server.data, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_postgres() as server:
        yield server


def ask(url: str, question: str) -> object:
    with psycopg.connect(libpq_url(url)) as connection:
        row = connection.execute(question.encode()).fetchone()
        return row and row[0]


def note(url: str) -> None:
    with psycopg.connect(libpq_url(url)) as connection:
        connection.execute("CREATE TABLE note AS SELECT 'canary' AS words")


def migrate_nothing(_url: str) -> None: ...


def test_a_server_listens_on_a_private_socket_only(server: Server) -> None:
    assert ask(server.url, "SHOW listen_addresses") == ""
    assert ask(server.url, "SHOW unix_socket_directories") == str(server.data.parent)
    assert server.data.parent.stat().st_mode & 0o777 == 0o700


def test_a_durable_server_syncs_and_leaves_no_trace() -> None:
    with running_postgres(durable=True) as server:
        assert ask(server.url, "SHOW fsync") == "on"
    assert not server.data.parent.exists()


def test_two_databases_are_separate(server: Server) -> None:
    one, other = server.new_database(), server.new_database()
    note(one)
    assert ask(one, "SELECT to_regclass('note')::text") == "note"
    assert ask(other, "SELECT to_regclass('note')::text") is None


def test_pg_dump_dumps(server: Server) -> None:
    note(url := server.new_database())
    command = [str(binary("pg_dump")), libpq_url(url)]
    dump = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "canary" in dump.stdout


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for a stranger's end as Linux can")
def test_the_server_is_gone_after_its_owner_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as owner:
        assert owner.stdout
        data = Path(owner.stdout.readline().decode().strip())
        postmaster = os.pidfd_open(int((data / "postmaster.pid").read_text().split()[0]))
        owner.kill()
    ended, _, _ = select.select([postmaster], [], [], 20)
    os.close(postmaster)
    assert ended
