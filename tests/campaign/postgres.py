"""PostgreSQL that can be killed: the harness's server, its postmaster and its backends."""

import os
import pwd
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from tests.campaign.installation import demand, pause
from tests.harness.postgres import Server, libpq_url, running_postgres

MOST_TRIES = 100


@dataclass(frozen=True)
class Postgres:
    """A durable server that tells the time of each commit."""

    server: Server

    @property
    def log(self) -> str:
        return (self.server.data.parent / "log").read_text(errors="replace")

    def new_database(self) -> str:
        return self.server.new_database()

    def kill_postmaster(self) -> None:
        """SIGKILL the server; its backends see their parent gone and end."""
        os.kill(self._postmaster, signal.SIGKILL)

    def stop_immediately(self) -> None:
        """SIGQUIT: all processes end at once, nothing is written out."""
        os.kill(self._postmaster, signal.SIGQUIT)

    def kill_backend(self) -> None:
        """SIGKILL one working process; the server throws out all others and recovers."""
        with psycopg.connect(libpq_url(self.server.url)) as connection:
            query = (
                "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
                " AND pid <> pg_backend_pid() ORDER BY xact_start NULLS LAST LIMIT 1"
            )
            row = connection.execute(query).fetchone()
        demand(row, "there is no backend to kill")
        os.kill(row[0] if row else 0, signal.SIGKILL)

    def start(self) -> None:
        """Start it again where it is down; it recovers from its log, as it would by itself."""
        for _ in range(MOST_TRIES):
            self.control("start")
            try:
                psycopg.connect(libpq_url(self.server.url)).close()
            except psycopg.Error:
                pause(0.1)  # old backends still hold the shared memory
            else:
                return
        raise AssertionError(self.log)

    @property
    def _postmaster(self) -> int:
        return int((self.server.data / "postmaster.pid").read_text().split()[0])

    def control(self, *what: str) -> None:
        nobody = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        log = self.server.data.parent / "log"
        subprocess.run(  # our own paths
            [
                self.server.programs / "pg_ctl",
                *what,
                "--wait",
                f"--pgdata={self.server.data}",
                f"--log={log}",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=nobody and nobody.pw_uid,
            group=nobody and nobody.pw_gid,
            extra_groups=nobody and [],
            cwd="/",
            umask=0o077,
            start_new_session=True,
            check=False,
        )


@contextmanager
def durable_postgres() -> Iterator[Postgres]:
    with running_postgres(durable=True) as server:
        postgres = Postgres(server)
        with psycopg.connect(libpq_url(server.url), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET track_commit_timestamp = on")
        postgres.control("restart")
        yield postgres
