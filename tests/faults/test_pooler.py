"""Behind PgBouncer in transaction mode: nothing is left in a session, and nothing waits for ever.

`pytest --pooler` runs the other tests behind one too; these are about the pooler itself.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

import psycopg
import pytest
from sqlalchemy import text

from service.app import Parts, create_app
from service.config.settings import load_settings
from service.domain.errors import Misconfigured
from tests.conftest import migrate
from tests.factories import SubmissionFactory
from tests.faults.damage import behind
from tests.faults.test_database import control, demand_unavailable
from tests.harness.pgbouncer import Poolers, demand_program
from tests.harness.postgres import Server, libpq_url, running_postgres
from tests.world import World, write_keyring

pytestmark = pytest.mark.xdist_group("pooler")  # one server for all, where xdist keeps groups


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    demand_program()
    with running_postgres(durable=True) as server:
        yield server


@pytest.fixture
def database_url(server: Server) -> str:
    url = server.new_database()
    migrate(url)
    return url


@pytest.fixture
def poolers() -> Iterator[Poolers]:
    with Poolers() as poolers:
        yield poolers


@pytest.fixture
def world(database_url: str, poolers: Poolers, tmp_path: Path) -> Iterator[World]:
    world = World.make(database_url, tmp_path, poolers.way_in(database_url))
    world.procedure()
    yield world
    world.is_altered = True  # no other test has this pooler
    world.close()


def alter_role(url: str, change: str) -> None:
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        connection.execute(f"ALTER ROLE CURRENT_USER {change}".encode())


def test_requests_at_once_are_answered_whichever_session_they_get(world: World):
    path = f"/applications/{world.apply()}"
    world.token("recruiter")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: world.get(path, "recruiter"), range(100)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1


@pytest.mark.parametrize("change", ["RESET lock_timeout", "SET timezone = 'Europe/Amsterdam'"])
def test_a_role_that_a_pooler_needs_to_be_otherwise_is_refused_at_the_start(
    database_url: str, poolers: Poolers, tmp_path: Path, change: str
):
    way_in = poolers.way_in(database_url)
    write_keyring(tmp_path / "keyring.json")
    settings = load_settings({**way_in, "KLUIS_KEYRING_FILE": str(tmp_path / "keyring.json")})
    alter_role(database_url, change)
    with pytest.raises(Misconfigured, match=r"KLUIS_POOLER: .* ALTER ROLE"):
        create_app(settings, Parts())


def test_a_pooler_that_is_not_told_of_is_refused_at_the_start(
    database_url: str, poolers: Poolers, tmp_path: Path
):
    way_in = {**poolers.way_in(database_url), "KLUIS_POOLER": ""}
    with pytest.raises(Misconfigured, match="KLUIS_DATABASE_URL: the database does not answer"):
        World.make(database_url, tmp_path, way_in)


def test_a_pooler_of_another_kind_is_refused():
    with pytest.raises(Misconfigured, match="KLUIS_POOLER: this must be transaction, or nothing"):
        load_settings({"KLUIS_POOLER": "session"})


def test_a_reading_that_needs_a_locked_table_is_503_in_bounded_time(world: World):
    path = f"/applications/{world.apply()}"
    world.token("recruiter")
    with behind(world) as session:
        session.execute(text("LOCK application"))
        demand_unavailable(world.get(path, "recruiter"))
    assert world.get(path, "recruiter").status_code == 200


def test_moments_are_told_in_utc(world: World):
    read = world.get(f"/applications/{world.apply()}", "recruiter").json
    assert read["received_at"].endswith(("Z", "+00:00"))


def test_a_database_that_was_stopped_is_503_in_bounded_time_and_is_found_again(
    world: World, server: Server
):
    path = f"/applications/{world.apply()}"
    world.token("recruiter")
    control(server, "stop", "-m", "immediate")
    demand_unavailable(world.get(path, "recruiter"))
    demand_unavailable(world.post("/applications", "website", json=SubmissionFactory()))
    control(server, "start", "-l", str(server.data.parent / "log"))
    until = monotonic() + 10.0  # the pooler tries to log in anew once a second
    while world.get(path, "recruiter").status_code == 503:
        assert monotonic() < until
    assert world.get(path, "recruiter").status_code == 200
