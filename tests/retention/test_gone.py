"""Rule 10: deleted means gone, out of every table and out of the database's files too."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, make_url, text

from service.storage.database import db
from tests.conftest import migrate
from tests.factories import PDF, FullFieldsFactory
from tests.harness.databases import Databases
from tests.harness.postgres import Server, running_postgres
from tests.retention.acts import completed, erase, hold, open_application, reads, rows
from tests.world import World

NEEDLE = 24


@dataclass
class Installation:
    """A world, and every byte of the files that its database lies in."""

    world: World
    files: Path

    def bytes_on_disk(self) -> list[bytes]:
        """The database's own files; what PostgreSQL unlinks at a checkpoint is unlinked first."""
        if self.world.database_url.startswith("sqlite"):
            return [path.read_bytes() for path in self.files.parent.glob(f"{self.files.name}*")]
        engine = create_engine(self.world.database_url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("CHECKPOINT"))
            oid = "SELECT oid FROM pg_database WHERE datname = current_database()"
            name = connection.scalar(text(oid))
        engine.dispose()
        found = [path for path in (self.files / "base" / str(name)).iterdir() if path.is_file()]
        return [path.read_bytes() for path in found]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server of our own, whose data directory we know."""
    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def installation(
    request: pytest.FixtureRequest, databases: Databases, tmp_path: Path
) -> Iterator[Installation]:
    if request.param == "sqlite":
        url = databases.fresh("sqlite")
        files = Path(make_url(url).database or "")
    else:
        server: Server = request.getfixturevalue("server")
        url, files = server.new_database(), server.data
        migrate(url)
    world = World.make(url, tmp_path)
    yield Installation(world, files)
    world.close()


def sealed_things(world: World) -> dict[str, bytes]:
    """Every value of bytes in the tables that hold applicants: seals, keys, chunks, indexes."""
    found = {}
    tables = ("application", "record_key", "document", "document_chunk", "hold")
    for table in (*tables, "access_code", "privacy_request"):
        with world.app.app_context():
            names = [column["name"] for column in inspect(db.engine).get_columns(table)]
        for number, row in enumerate(rows(world, f"SELECT * FROM {table}")):
            for name, value in zip(names, row, strict=True):
                if isinstance(value, (bytes, memoryview)) and len(value) >= NEEDLE:
                    found[f"{table}.{name}.{number}"] = bytes(value)
    kept = "SELECT sealed FROM idempotency_key WHERE application_id IS NOT NULL"
    answered = rows(world, f"{kept} AND sealed IS NOT NULL")
    found |= {f"idempotency_key.{number}": bytes(row[0]) for number, row in enumerate(answered)}
    return found


def pieces(blob: bytes) -> list[bytes]:
    """Parts of a blob from all over it: a page or a TOAST row may cut it anywhere."""
    starts = {0, len(blob) // 3, len(blob) // 2, len(blob) - NEEDLE}
    return [blob[start : start + NEEDLE] for start in sorted(starts)]


def still_there(things: dict[str, bytes], haystack: list[bytes]) -> set[str]:
    return {
        name
        for name, blob in things.items()
        if any(piece in content for piece in pieces(blob) for content in haystack)
    }


def in_tables(world: World, things: dict[str, bytes]) -> set[str]:
    """Which of the things stand in some column of some table."""
    engine = create_engine(world.database_url)
    held = []
    with engine.connect() as connection:
        for table in inspect(engine).get_table_names():
            for row in connection.execute(text(f"SELECT * FROM {table}")):
                held += [bytes(v) for v in row if isinstance(v, (bytes, memoryview))]
                held += [v.encode() for v in row if isinstance(v, str)]
    engine.dispose()
    return still_there(things, held)


def full_application(world: World, reference: str) -> dict[str, bytes]:
    """One application with every field, a file of three chunks, and what it put into the tables."""
    before = sealed_things(world)
    body = FullFieldsFactory(email=f"{reference.lower()}@example.org")
    file = PDF + bytes(range(256)) * 600
    application_id = world.apply(reference, fields=body, files={"cv": ("cv.pdf", file)})
    assert hold(world, application_id, "2027-01-15").status_code == 201
    after = sealed_things(world)
    kept = set(before.values())
    return {name: blob for name, blob in after.items() if blob not in kept}


def test_after_a_purge_not_a_byte_of_the_record_is_left_and_the_others_are(
    installation: Installation,
):
    world = installation.world
    world.procedure(ends_on="2027-01-01")
    world.procedure("V-2", ends_on="2027-06-01")
    goes, stays = full_application(world, "V-1"), full_application(world, "V-2")
    assert len(goes) > 25
    on_disk = installation.bytes_on_disk()
    assert still_there(goes, on_disk) == goes.keys()  # the search finds what is there
    world.clock.move_to("2027-02-01")
    run = completed(world)
    assert run["purged"] == 1
    on_disk = installation.bytes_on_disk()
    assert still_there(goes, on_disk) == set()
    assert in_tables(world, goes) == set()
    kept = {name for name in stays if not name.startswith("idempotency_key")}
    assert kept <= still_there(stays, on_disk)
    assert rows(world, "SELECT count(*) FROM purge_run WHERE scrubbed_at IS NULL")[0][0] == 0


def test_what_was_erased_leaves_the_files_with_the_next_completed_run(installation: Installation):
    world = installation.world
    made = open_application(world).json
    goes = sealed_things(world)
    completed(world)  # an earlier run of the same day changes nothing
    assert still_there(goes, installation.bytes_on_disk()) == goes.keys()
    assert erase(world, made["id"]).status_code == 204
    assert in_tables(world, goes) == set()
    completed(world)
    assert still_there(goes, installation.bytes_on_disk()) == set()


def test_a_large_table_is_not_rewritten_but_its_keys_are(server: Server, tmp_path: Path):
    url = server.new_database()
    migrate(url)
    world = World.make(url, tmp_path, {"KLUIS_REWRITE_MB": "0"})
    installation = Installation(world, server.data)
    world.procedure(ends_on="2027-01-01")
    goes = full_application(world, "V-1")
    world.clock.move_to("2027-02-01")
    assert completed(world)["purged"] == 1
    keys = {name: blob for name, blob in goes.items() if name.startswith("record_key")}
    assert len(keys) == 1
    assert still_there(keys, installation.bytes_on_disk()) == set()
    assert in_tables(world, goes) == set()
    world.close()


def alarms(world: World, kind: str) -> int:
    told = world.app.test_client().get("/metrics").text
    found = [line for line in told.splitlines() if f'kluis_alarms_total{{kind="{kind}"}}' in line]
    return int(float(found[0].split()[-1])) if found else 0


def test_a_reader_with_an_old_snapshot_is_alarmed_of_and_the_next_run_scrubs(
    installation: Installation,
):
    world = installation.world
    world.procedure(ends_on="2027-01-01")
    goes = full_application(world, "V-1")
    keys = {name: blob for name, blob in goes.items() if name.startswith("record_key")}
    world.clock.move_to("2027-02-01")
    engine = create_engine(world.database_url)
    with engine.connect() as reader:
        if engine.dialect.name == "postgresql":
            reader.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        else:
            reader.exec_driver_sql("BEGIN")
        # a table that no purge touches: the snapshot is old, and there is no lock to wait for
        assert reader.scalar(text("SELECT count(*) FROM installation")) == 1
        assert completed(world)["purged"] == 1
        assert alarms(world, "not-scrubbed") == 1
        assert still_there(keys, installation.bytes_on_disk()) == keys.keys()
        unscrubbed = "SELECT count(*) FROM purge_run WHERE scrubbed_at IS NULL"
        assert rows(world, unscrubbed)[0][0] == 1
        assert reader.scalar(text("SELECT count(*) FROM application")) == 1
    engine.dispose()
    assert completed(world)["purged"] == 0
    assert alarms(world, "not-scrubbed") == 1
    assert rows(world, unscrubbed)[0][0] == 0
    assert still_there(goes, installation.bytes_on_disk()) == set()


def test_somebody_elses_lock_on_a_table_puts_the_scrub_off_and_not_the_purge(postgres_world: World):
    world = postgres_world
    world.procedure(ends_on="2027-01-01")
    world.apply()
    world.clock.move_to("2027-02-01")
    engine = create_engine(world.database_url)
    with engine.connect() as other:
        other.execute(text("LOCK TABLE disclosure IN ACCESS SHARE MODE"))
        assert completed(world)["purged"] == 1
        assert alarms(world, "not-scrubbed") == 1
    engine.dispose()
    completed(world)
    assert rows(world, "SELECT count(*) FROM purge_run WHERE scrubbed_at IS NULL")[0][0] == 0


def test_every_row_of_the_application_goes_with_it(world: World):
    world.wording()
    world.procedure(ends_on="2027-01-01")
    application_id = world.apply(
        consent={"wording_version": "w1"}, files={"cv": ("cv.pdf", PDF), "letter": ("b.pdf", PDF)}
    )
    hold(world, application_id, "2027-01-15")
    path = f"/applications/{application_id}"
    version = world.version_of(application_id)
    world.patch(path, "recruiter", version=version, json={"status": "hired"})
    world.post(f"{path}/handover", "recruiter", json={"fields": ["name"]})
    world.consent(application_id, "withdrawn")
    tables = ("application", "record_key", "document", "document_chunk", "consent_event", "hold")
    tables += ("access_code", "disclosure")
    before = {table: rows(world, f"SELECT count(*) FROM {table}")[0][0] for table in tables}
    assert all(before.values()), before
    world.clock.move_to("2027-02-01")
    assert completed(world)["purged"] == 1
    after = {table: rows(world, f"SELECT count(*) FROM {table}")[0][0] for table in tables}
    assert not any(after.values()), after
    assert not reads(world, application_id, "officer")
    assert rows(world, "SELECT count(*) FROM idempotency_key WHERE application_id IS NOT NULL") == [
        (0,)
    ]
