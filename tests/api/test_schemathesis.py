"""Schemathesis over the document, against the whole service with real tokens."""

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test
from schemathesis import Case

from service.web.openapi import openapi_document
from tests.api.staging import Stage, is_valid, role_of
from tests.harness.databases import Databases
from tests.world import World

DEFAULTS = schemathesis.config.ChecksConfig()
REFUSED = DEFAULTS.negative_data_rejection.expected_statuses
MET = DEFAULTS.positive_data_acceptance.expected_statuses
UNDERSTUDY = "Bearer understudy-"
# Formats whose rules no JSON Schema tells: a library's, and the calendar's.
schemathesis.openapi.format("phone", st.integers(0, 9_999).map("+31 6 1234{:04}".format))
schemathesis.openapi.format("partial-date", st.dates().map(str) | st.dates().map("{:%Y-%m}".format))
schemathesis.openapi.format("idn-email", st.integers(0, 9_999).map("s{}@example.org".format))


@schemathesis.hook
def map_body(_context, body):
    """To JSON Schema 152.0 is an integer; Kluis reads whole numbers that are written as such."""
    return whole(body)


def whole(value):
    if isinstance(value, dict):
        return {name: whole(member) for name, member in value.items()}
    if isinstance(value, list):
        return [whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Theatre:
    """The WSGI app of the world that is on stage.

    Operations are bound to it and examples are made before there is a world: until a request
    comes in, the name of a role stands in for its token.
    """

    def __init__(self) -> None:
        self.stage: Stage | None = None

    def __call__(self, environ, start_response):
        sent = environ.get("HTTP_AUTHORIZATION", "")
        if sent.startswith(UNDERSTUDY):
            token = self.stage.world.token(sent.removeprefix(UNDERSTUDY))
            environ["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return self.stage.world.app(environ, start_response)


THEATRE = Theatre()


class Understudy:
    def get(self, case: Case, _context) -> str:
        return UNDERSTUDY + role_of(case)

    def set(self, case: Case, token: str, _context) -> None:
        case.headers["Authorization"] = token


def bound_document():
    """The document, bound to the theatre; all checks are on."""
    schema = schemathesis.openapi.from_dict(openapi_document())
    schema.app = THEATRE
    schema.auth(refresh_interval=None)(Understudy)
    checks = schema.config.checks
    # 428 is the status made for this (RFC 6585).
    checks.missing_required_header.expected_statuses = ["400", "428"]
    # Files past the limit are refused before the JSON beside them is looked at.
    checks.negative_data_rejection.expected_statuses = [*REFUSED, "413"]
    return schema


def generated(examples: int, **more) -> settings:
    quick = {"deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}
    return settings(max_examples=examples, **quick, **more)


def is_linked(operation) -> bool:
    """Whether it makes something, or acts on something that was made."""
    return operation.method == "post" or "{" in operation.path


EVERYTHING, BRIEFLY, STORIES = bound_document(), bound_document(), bound_document()
STORIES = STORIES.include(func=lambda context: is_linked(context.operation))
BRIEFLY.config.phases.coverage.enabled = False
# In a story the state decides: a version may be stale by then, a procedure be over.
STORIES.config.checks.positive_data_acceptance.expected_statuses = [*MET, "412", "422"]


@pytest.fixture(scope="module")
def stage(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """One world for all operations, which goes on from where the last one left it."""
    url = databases.fresh(request.param)
    # As many documents as the API's document has room for: what it says holds for every setting.
    roomy = {"KLUIS_READ_BUDGET": "1000000", "KLUIS_MAX_FILES": "100"}
    world = World.make(url, tmp_path_factory.mktemp("stage"), roomy)
    THEATRE.stage = Stage(world)
    yield THEATRE.stage
    world.close()
    databases.drop(url)


@pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
@EVERYTHING.parametrize()
@generated(10)
def test_every_operation_keeps_what_the_document_says(case: Case, stage: Stage):
    stage.place(case)
    case.call_and_validate()


@pytest.mark.parametrize("stage", ["postgresql"], indirect=True)
@BRIEFLY.parametrize()
@generated(3)
def test_every_operation_keeps_it_on_postgresql_too(case: Case, stage: Stage):
    stage.place(case)
    case.call_and_validate()


@pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
def test_one_operation_after_another_keeps_it(stage: Stage):
    class Story(STORIES.as_state_machine()):
        """From link to link: a procedure, its applications, their consent, holds and end."""

        def step(self, input):  # noqa: A002  # its name in the base class
            if is_valid(input.case):
                (stage.fit if input.is_applied else stage.place)(input.case)
            return super().step(input)

    run_state_machine_as_test(Story, settings=generated(25, stateful_step_count=8))
