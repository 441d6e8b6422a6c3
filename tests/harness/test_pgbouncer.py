import os
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from tests.harness.pgbouncer import PgbouncerError, demand_program, running_pgbouncer
from tests.harness.postgres import Server, libpq_url, running_postgres

ROOT = Path(__file__).parents[2]
OWNER = """
import sys
from tests.harness.pgbouncer import running_pgbouncer
with running_pgbouncer(sys.argv[1]) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    demand_program()
    with running_postgres() as server:
        yield server


def home_of(url: str) -> Path:
    return Path(str(make_url(url).query["host"]))


def connect(url: str) -> "psycopg.Connection[tuple[int]]":
    return psycopg.connect(libpq_url(url), autocommit=True, prepare_threshold=None)


def backend(connection: "psycopg.Connection[tuple[int]]") -> int:
    return (connection.execute("SELECT pg_backend_pid()").fetchone() or (0,))[0]


def test_transactions_hop_from_one_server_connection_to_the_next(server: Server) -> None:
    with running_pgbouncer(server.url) as url, connect(url) as one, connect(url) as other:
        with one.transaction():
            assert backend(one) == backend(one) != backend(other)
        assert len({backend(one) for _ in range(6)}) > 1


def test_a_pooler_listens_on_a_private_socket_only_and_leaves_no_trace(server: Server) -> None:
    with running_pgbouncer(server.url) as url:
        home = home_of(url)
        assert home.stat().st_mode & 0o777 == 0o700
        assert "listening on" in (home / "log").read_text()
        assert "listening on 127" not in (home / "log").read_text()
    assert not home.exists()


def test_a_pooler_that_does_not_start_says_why(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.harness.pgbouncer.CONFIGURATION", "[pgbouncer]\npool_mode = none\n")
    with pytest.raises(PgbouncerError, match="pool_mode"), running_pgbouncer(server.url):
        pass


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for a stranger's end as Linux can")
def test_the_pooler_is_gone_after_its_owner_is_killed(server: Server) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, server.url],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as owner:
        assert owner.stdout
        home = home_of(owner.stdout.readline().decode().strip())
        pooler = os.pidfd_open(int((home / "pid").read_text()))
        owner.kill()
    ended, _, _ = select.select([pooler], [], [], 20)
    os.close(pooler)
    assert ended
