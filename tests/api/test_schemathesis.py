"""Schemathesis over the document, against the whole service with real tokens."""

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case

from service.web.openapi import openapi_document
from tests.api.staging import Stage
from tests.harness.databases import Databases
from tests.world import World


class Theatre:
    """The WSGI app of the world that is on stage: operations are bound before there is one."""

    def __init__(self) -> None:
        self.stage: Stage | None = None

    def __call__(self, environ, start_response):
        return self.stage.world.app(environ, start_response)


THEATRE = Theatre()
SCHEMA = schemathesis.openapi.from_dict(openapi_document())
SCHEMA.app = THEATRE
GENERATED = settings(
    max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module", params=["sqlite"])
def stage(
    request: pytest.FixtureRequest,
    databases: Databases,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stage]:
    """One world for all operations: nothing they leave behind may disturb the others."""
    url = databases.fresh(request.param)
    world = World.make(url, tmp_path_factory.mktemp("stage"), {"KLUIS_READ_BUDGET": "1000000"})
    THEATRE.stage = Stage(world)
    yield THEATRE.stage
    world.close()
    databases.drop(url)


@SCHEMA.parametrize()
@GENERATED
def test_every_operation_keeps_what_the_document_says(case: Case, stage: Stage):
    stage.place(case)
    case.call_and_validate()
