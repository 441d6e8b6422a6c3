"""The worlds that tests run in: each on SQLite and on a real PostgreSQL."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from flask_migrate import upgrade
from hypothesis import HealthCheck, settings

from service.app import create_bare_app
from service.config.settings import load_settings
from service.storage.database import db
from tests.harness.databases import Databases
from tests.harness.pgbouncer import Poolers, demand_program
from tests.world import World

settings.register_profile(
    "kluis",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("kluis")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--pooler", action="store_true", help="put PgBouncer between the service and PostgreSQL"
    )


@pytest.fixture(scope="session", autouse=True)
def _way_in(request: pytest.FixtureRequest) -> Iterator[None]:
    """How the service of each world reaches its database: directly, or with `--pooler` not."""
    if not request.config.getoption("pooler"):
        yield
        return
    demand_program()
    with Poolers() as poolers, pytest.MonkeyPatch.context() as patch:
        patch.setattr(World, "way_in", poolers.way_in)
        yield


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """Whatever a test sets up its logs for, the next finds them as they were."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.configure(**before)
    root.handlers = handlers
    root.setLevel(level)


def migrate(url: str) -> None:
    """Bring a database to the newest schema, as `kluis migrate` does."""
    app = create_bare_app(load_settings({"KLUIS_DATABASE_URL": url}))
    with app.app_context():
        upgrade()
        db.engine.dispose()


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    with Databases(tmp_path_factory.mktemp("databases"), migrate) as found:
        yield found


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    """A migrated, empty database of either kind."""
    url = databases.fresh(request.param)
    yield url
    databases.drop(url)


@pytest.fixture
def postgres_url(databases: Databases) -> Iterator[str]:
    """One of PostgreSQL's alone."""
    url = databases.fresh("postgresql")
    yield url
    databases.drop(url)


@pytest.fixture
def make_world(database_url: str, tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Make worlds with settings of their own, all on the same database."""
    made: list[World] = []

    def make(**environment: str) -> World:
        made.append(World.make(database_url, tmp_path, environment))
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world()
