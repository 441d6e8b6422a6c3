"""A throw-away PgBouncer in transaction mode before a throw-away PostgreSQL.

Debian's package, unpacked by `make .venv/pgbouncer`, or one on the PATH. Its pool is so small that
transactions hop from one server connection to the next. Directory and socket are private, there is
no port, and it goes away with the process that holds it.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

import psycopg
import pytest
from sqlalchemy import make_url

from tests.harness.postgres import libpq_url

UNPACKED = Path(__file__).parents[2] / ".ci" / "pgbouncer"
ROLE = ("SET lock_timeout = '5s'", "SET timezone = 'UTC'")  # as docs/scale.md has it
CONFIGURATION = """
[databases]
* = host={server} user=postgres

[pgbouncer]
pool_mode = transaction
default_pool_size = 3
server_round_robin = 1
max_client_conn = 500
query_wait_timeout = 5
server_login_retry = 1
listen_addr =
unix_socket_dir = {home}
unix_socket_mode = 0700
auth_type = any
log_connections = 0
log_disconnections = 0
log_stats = 0
"""
# It ends with a line on standard input, or with the end of that input; see postgres.LIFE.
LIFE = """
trap '' PIPE
home=$1 program=$2
"$program" "$home/pgbouncer.ini" </dev/null >"$home/log" 2>&1 &
echo $! >"$home/pid"
while kill -0 $! && ! grep -q 'process up' "$home/log"; do sleep 0.02; done 2>/dev/null
if kill -0 $! 2>/dev/null; then echo ready; read -r _; else cat "$home/log"; fi
kill -9 $! 2>/dev/null
wait
rm -rf "$home"
"""


class PgbouncerError(RuntimeError):
    """It did not start."""


def program() -> str | None:
    """The path of the program, if there is one."""
    places = (str(UNPACKED), os.environ.get("PATH", os.defpath), "/usr/sbin")
    return shutil.which("pgbouncer", path=os.pathsep.join(places))


def demand_program() -> None:
    """Skip what needs the program where there is none; `make check` sees to it that CI has it."""
    if program() is None:
        pytest.skip("there is no pgbouncer: on Debian `make .venv/pgbouncer` fetches it")


@contextmanager
def running_pgbouncer(server_url: str) -> Iterator[str]:
    """The URL of a pooler before that server until the end of the block.

    Its role gets the settings that a pooler needs it to have.
    """
    with psycopg.connect(libpq_url(server_url), autocommit=True) as connection:
        for setting in ROLE:
            connection.execute(f"ALTER ROLE CURRENT_USER {setting}".encode())
    home = Path(tempfile.mkdtemp(prefix="pgb-"))
    server = make_url(server_url).query["host"]
    (home / "pgbouncer.ini").write_text(CONFIGURATION.format(server=server, home=home))
    with _life(home) as process:
        assert process.stdout
        if (first := process.stdout.readline()) != "ready\n":
            raise PgbouncerError(f"PgBouncer did not start:\n{first}{process.stdout.read()}")
        try:
            yield through(home, server_url)
        finally:
            process.communicate("\n")


def through(home: Path, url: str) -> str:
    """The same URL by way of the pooler whose socket is there."""
    return make_url(url).set(query={"host": str(home), "port": "6432"}).render_as_string()


def direct(url: str) -> Mapping[str, str]:
    """The settings with which the service reaches this database by itself."""
    return {"KLUIS_DATABASE_URL": url, "KLUIS_POOLER": ""}


class Poolers:
    """A pooler before each server whose databases are asked for, until the end of the block."""

    def __init__(self) -> None:
        self._closing = ExitStack()
        self._running: dict[object, Path] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._closing.close()

    def way_in(self, url: str) -> Mapping[str, str]:
        """The settings with which the service reaches this database, through a pooler if it can."""
        server = make_url(url)
        if server.get_backend_name() == "sqlite":
            return direct(url)
        host = server.query["host"]
        if host not in self._running:
            maintenance = server.set(database="postgres").render_as_string()
            pooled = self._closing.enter_context(running_pgbouncer(maintenance))
            self._running[host] = Path(str(make_url(pooled).query["host"]))
        pooled = through(self._running[host], url)
        return {"KLUIS_DATABASE_URL": pooled, "KLUIS_POOLER": "transaction"}


def _life(home: Path) -> "subprocess.Popen[str]":
    """Start the script, as nobody when root: PgBouncer refuses to run as root."""
    nobody = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    found = Path(program() or "pgbouncer")
    if nobody and found.parent == UNPACKED:  # which he may not reach
        found = Path(shutil.copytree(UNPACKED, home / "program", symlinks=True), found.name)
    if nobody:
        subprocess.run(["chown", "-R", "nobody:", home], check=True)
    return subprocess.Popen(
        ["/bin/sh", "-c", LIFE, "pgbouncer", home, found],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        user=nobody and nobody.pw_uid,
        group=nobody and nobody.pw_gid,
        extra_groups=nobody and [],
        env={"PATH": os.defpath, "LD_LIBRARY_PATH": str(found.parent)},
        cwd="/",
        umask=0o077,
        start_new_session=True,  # Ctrl-C is for the tests, which then stop it
    )
