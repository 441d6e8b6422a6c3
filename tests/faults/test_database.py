"""The database refuses, fills up, locks or goes away: 503, nothing shown, nothing changed."""

import io
import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from service.storage.database import db
from tests.conftest import migrate
from tests.factories import PDF, SubmissionFactory, multipart
from tests.faults.damage import behind, rows
from tests.faults.problems import SECRET, demand_problem
from tests.faults.wire import CONTENT_TYPE, file_part, joined, json_part
from tests.harness.databases import Databases
from tests.harness.pgbouncer import direct
from tests.harness.postgres import Server, libpq_url, running_postgres
from tests.world import World

REFUSALS = {
    "sqlite": [
        "CREATE TRIGGER refuse BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'refused'); END"
    ],
    "postgresql": [
        """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN RAISE 'refused' USING ERRCODE = '{code}'; END $$""",
        "CREATE TRIGGER refuse BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse()",
    ],
}
ENDS = {"sqlite": ["DROP TRIGGER refuse"], "postgresql": ["DROP FUNCTION refuse CASCADE"]}
DISK_FULL = "53100"
SUBMISSION = SubmissionFactory()


def kind_of(world: World) -> str:
    return world.database_url.partition(":")[0].partition("+")[0]


@contextmanager
def refusing(world: World, table: str, code: str = "P0001") -> Iterator[None]:
    """Meanwhile the database takes no new row into this table."""
    kind = kind_of(world)
    with behind(world) as session:
        for command in REFUSALS[kind]:
            session.execute(text(command.format(table=table, code=code)))
    yield
    with behind(world) as session:
        for command in ENDS[kind]:
            session.execute(text(command))


def demand_unavailable(answer: TestResponse) -> None:
    demand_problem(answer, 503, "unavailable", [])
    assert answer.headers["Retry-After"].isdecimal()


@pytest.fixture
def candidate(world: World) -> UUID:
    """An application of which every text holds the secret."""
    world.procedure()
    world.wording()
    fields = {"name": SECRET, "email": f"{SECRET}@example.org", "motivation": SECRET}
    return world.apply(fields=fields, files={"cv": (f"{SECRET}.pdf", PDF)})


Attempt = Callable[[World, UUID], TestResponse]


def document_of(world: World, application_id: UUID) -> str:
    path = f"/applications/{application_id}/documents"
    return f"{path}/{world.get(path, 'recruiter').json[0]['id']}"


READS: dict[str, Callable[[World, str], TestResponse]] = {
    "an application": lambda w, path: w.get(path, "recruiter"),
    "an application, as officer": lambda w, path: w.get(f"{path}?purpose=breach", "officer"),
    "its documents": lambda w, path: w.get(f"{path}/documents", "recruiter"),
    "its retention": lambda w, path: w.get(f"{path}/retention", "recruiter"),
    "a foreign application": lambda w, path: w.get(path, "recruiter", subject="stranger"),
    "a field that is denied": lambda w, path: w.get(f"{path}?fields=name", "screener"),
    "a role that is denied": lambda w, path: w.get(path, "admin"),
    "the audit": lambda w, _: w.get("/audit-events", "officer"),
    "the duties": lambda w, _: w.get("/duties", "officer"),
}
WRITES: dict[str, Callable[[World, str], TestResponse]] = {
    "an application": lambda w, _: w.post("/applications", "website", json=SubmissionFactory()),
    "an application with files": lambda w, _: w.post(
        "/applications", "website", data=multipart(SubmissionFactory(), cv=("a.pdf", PDF))
    ),
    "a document": lambda w, path: w.post(
        f"{path}/documents", "recruiter", data={"cv": (io.BytesIO(PDF), "b.pdf")}
    ),
    "a status": lambda w, path: w.patch(path, "recruiter", version=1, json={"status": "invited"}),
    "a correction": lambda w, path: w.patch(
        path, "officer", version=1, json={"fields": {"name": "Anders"}}
    ),
    "a withdrawal": lambda w, path: w.post(f"{path}/withdrawal", "website"),
    "consent": lambda w, path: w.post(
        f"{path}/consent-events", "website", json={"change": "given", "wording_version": "w1"}
    ),
    "a hold": lambda w, path: w.post(
        f"{path}/holds",
        "officer",
        json={"reason": "legal-claim", "case_reference": SECRET, "until": "2027-01-01"},
    ),
    "an erasure": lambda w, path: w.call("DELETE", path, "officer", version=1),
    "a procedure": lambda w, _: w.post(
        "/procedures",
        "admin",
        json={"reference": "V-2", "title": "Tester", "ends_on": "2027-03-01"},
    ),
    "a token": lambda w, _: w.post(
        "/tokens",
        "admin",
        json={"role": "admin", "subject": "x", "expires_at": "2027-03-01T00:00:00Z"},
    ),
    "a purge": lambda w, _: w.purge(),
    "a bad body": lambda w, _: w.post("/applications", "website", data=b"{" + SECRET.encode()),
}
ROLES = ("recruiter", "screener", "officer", "website", "admin", "purger")


def state(world: World, candidate: UUID) -> tuple[object, ...]:
    """All that an attempt could have changed."""
    path = f"/applications/{candidate}"
    read = world.get(f"{path}?purpose=supervision", "officer").json
    return rows(world), read, world.get(f"{path}/retention", "officer").json


def test_while_the_audit_takes_nothing_nothing_is_shown_and_nothing_changes(
    world: World, candidate: UUID
):
    path = f"/applications/{candidate}"
    document = document_of(world, candidate)
    for role in (*ROLES, "stranger"):
        world.token("recruiter" if role == "stranger" else role, role)
    before = state(world, candidate)
    with refusing(world, "audit_event"):
        for attempt in (*READS.values(), *WRITES.values()):
            demand_unavailable(attempt(world, path))
        demand_unavailable(world.get(document, "recruiter"))
        assert world.app.test_client().get("/readyz").status_code == 200
        demand_problem(world.get("/duties", None), 401, "unauthenticated")
    assert state(world, candidate) == before
    assert world.get(document, "recruiter").data == PDF


def test_an_audit_that_swallows_its_rows_is_no_audit(on_postgres: World):
    path = f"/applications/{on_postgres.apply()}"
    swallow = (
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
    )
    with behind(on_postgres) as session:
        for command in (swallow, REFUSALS["postgresql"][1].format(table="audit_event")):
            session.execute(text(command))
    for asked in (path, f"{path}?fields=name", f"{path}/documents"):
        demand_unavailable(on_postgres.get(asked, "recruiter"))
    before = rows(on_postgres)
    demand_unavailable(on_postgres.post("/applications", "website", json=SUBMISSION))
    assert rows(on_postgres) == before


@pytest.mark.parametrize(
    "table", ["record_key", "document_chunk", "idempotency_key", "application"]
)
def test_an_application_that_can_not_be_stored_whole_is_not_stored_at_all(
    world: World, candidate: UUID, table: str
):
    before = state(world, candidate)
    body = multipart(SubmissionFactory(), cv=("a.pdf", PDF))
    with refusing(world, table, DISK_FULL):
        demand_unavailable(world.post("/applications", "website", data=body, key="again"))
    assert state(world, candidate) == before
    body = multipart(SubmissionFactory(), cv=("a.pdf", PDF))
    assert world.post("/applications", "website", data=body, key="again").status_code == 201


def test_a_purge_that_can_not_leave_its_receipts_deletes_nothing(world: World, candidate: UUID):
    world.close_procedure(
        UUID(world.get(f"/applications/{candidate}", "recruiter").json["procedure_id"])
    )
    world.clock.move_to("2026-12-22")
    before = rows(world)
    with refusing(world, "purge_receipt"):
        demand_unavailable(world.purge())
    assert rows(world)["application"] == before["application"]
    assert world.purge().json["purged"] == 1


@pytest.fixture
def on_sqlite(databases: Databases, tmp_path: Path) -> Iterator[World]:
    url = databases.fresh("sqlite")
    world = World.make(url, tmp_path)
    world.procedure()
    yield world
    world.close()
    databases.drop(url)


@pytest.fixture
def on_postgres(databases: Databases, tmp_path: Path) -> Iterator[World]:
    url = databases.fresh("postgresql")
    world = World.make(url, tmp_path, {"KLUIS_POOL_SIZE": "1"})
    world.procedure()
    yield world
    world.close()
    databases.drop(url)


def limit_pages(world: World, more: int) -> None:
    """Let the file grow by so many pages and no further, as a full disk would."""
    with world.app.app_context(), db.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + more}")


def test_a_full_disk_is_503_until_there_is_room(on_sqlite: World):
    on_sqlite.token("website")
    before = rows(on_sqlite)
    limit_pages(on_sqlite, 8)

    def post() -> TestResponse:
        body = joined(json_part(SUBMISSION), file_part(PDF.ljust(2**20)))
        return on_sqlite.post(
            "/applications", "website", data=body, content_type=CONTENT_TYPE, key="again"
        )

    demand_unavailable(post())
    demand_unavailable(post())
    assert rows(on_sqlite) == before
    small = on_sqlite.get("/procedures", "recruiter")
    assert small.status_code == 200
    limit_pages(on_sqlite, 10_000)
    assert post().status_code == 201


def test_a_file_that_another_process_keeps_locked_is_503_in_bounded_time(on_sqlite: World):
    on_sqlite.token("officer")
    with behind(on_sqlite) as session:
        session.execute(text("BEGIN IMMEDIATE"))
        demand_unavailable(on_sqlite.get("/duties", "officer"))
        session.rollback()
    assert on_sqlite.get("/duties", "officer").status_code == 200


def test_a_lock_that_is_not_let_go_is_503_in_bounded_time(on_postgres: World):
    application_id = on_postgres.apply()
    path = f"/applications/{application_id}"
    with behind(on_postgres) as session:
        session.execute(text("SELECT 1 FROM application FOR UPDATE"))
        answer = on_postgres.patch(path, "recruiter", version=1, json={"status": "invited"})
        demand_unavailable(answer)
    assert on_postgres.version_of(application_id) == 1
    changed = on_postgres.patch(path, "recruiter", version=1, json={"status": "invited"})
    assert changed.status_code == 200


def test_a_pool_without_a_free_connection_is_503_in_bounded_time(on_postgres: World):
    on_postgres.token("officer")
    with on_postgres.app.app_context(), db.engine.connect():
        demand_unavailable(on_postgres.get("/duties", "officer"))
    assert on_postgres.get("/duties", "officer").status_code == 200


def test_a_connection_beyond_a_thousand_other_sockets_is_as_good_as_any(on_postgres: World):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2_048), hard))
    path = f"/applications/{on_postgres.apply()}"
    with on_postgres.app.app_context():
        db.engine.dispose()
    with ExitStack() as others:
        others.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        for _ in range(1_024):
            others.enter_context(Path(os.devnull).open())
        for _ in range(2):  # on a new connection, and on one that was given back
            assert on_postgres.get(path, "recruiter").status_code == 200


def waiting(connection: "psycopg.Connection[Any]") -> int:
    """The backend that waits for a lock, as soon as there is one."""
    query = (
        "SELECT pid FROM pg_stat_activity"
        " WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    return next(row[0] for row in iter(lambda: connection.execute(query).fetchone(), ()) if row)


def lost(world: World, table: str, call: Callable[[], TestResponse]) -> TestResponse:
    """The answer of a request whose connection ends when it waits to write into this table."""
    url = libpq_url(world.database_url)
    with (
        psycopg.connect(url) as holder,
        psycopg.connect(url, autocommit=True) as killer,
        ThreadPoolExecutor(1) as pool,
    ):
        holder.execute(f"LOCK {table} IN EXCLUSIVE MODE".encode())
        answer = pool.submit(call)
        killer.execute("SELECT pg_terminate_backend(%s)", [waiting(killer)])
        return answer.result(20)


def test_a_connection_lost_in_mid_request_is_503_and_the_next_request_has_another(
    on_postgres: World,
):
    path = f"/applications/{on_postgres.apply()}"

    def change() -> TestResponse:
        return on_postgres.patch(path, "recruiter", version=1, json={"status": "invited"})

    demand_unavailable(lost(on_postgres, "application", change))
    assert change().status_code == 200


def test_a_connection_lost_while_a_document_is_copied_in_is_503(on_postgres: World):
    path = f"/applications/{on_postgres.apply()}/documents"

    def add() -> TestResponse:
        return on_postgres.post(path, "recruiter", data={"cv": (io.BytesIO(PDF), "cv.pdf")})

    demand_unavailable(lost(on_postgres, "document_chunk", add))
    assert add().status_code == 201


def control(server: Server, *arguments: str) -> None:
    """pg_ctl, as the owner of the server's data."""
    owner = server.data.stat()
    mine = os.geteuid() == owner.st_uid
    subprocess.run(
        [str(server.programs / "pg_ctl"), "-D", str(server.data), "-w", *arguments],
        check=True,
        user=None if mine else owner.st_uid,
        group=None if mine else owner.st_gid,
        extra_groups=None if mine else [],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_a_database_that_was_stopped_is_503_and_is_found_again_without_a_restart(tmp_path: Path):
    with running_postgres(durable=True) as server:
        url = server.new_database()
        migrate(url)
        world = World.make(url, tmp_path, direct(url))  # behind a pooler: see test_pooler.py
        world.procedure()
        application_id = world.apply()
        client = world.app.test_client()
        control(server, "stop", "-m", "immediate")
        for _ in range(2):
            demand_unavailable(world.get(f"/applications/{application_id}", "recruiter"))
            demand_unavailable(world.post("/applications", "website", json=SubmissionFactory()))
            demand_unavailable(client.get("/readyz"))
            demand_unavailable(client.get("/metrics"))
            assert client.get("/healthz").status_code == 200
        control(server, "start", "-l", str(server.data.parent / "log"))
        assert world.get(f"/applications/{application_id}", "recruiter").status_code == 200
        assert client.get("/readyz").status_code == 200
        assert client.get("/metrics").status_code == 200
        control(server, "restart", "-m", "fast", "-l", str(server.data.parent / "log"))
        tries = [world.get("/duties", "recruiter").status_code for _ in range(2)]
        assert tries in ([503, 403], [403, 403])
        world.close()
