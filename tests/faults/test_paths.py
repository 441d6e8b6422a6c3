"""A path has one spelling: on the real server, for Flask's own client decodes what it sends."""

from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from uuid import UUID

import pytest

from tests.faults.problems import SECRET
from tests.faults.served import Answer
from tests.harness.databases import Databases
from tests.harness.server import served
from tests.world import MORNING, World


@dataclass
class Running:
    """The service on its port, a world on the same database, and what there is in it."""

    port: int
    world: World
    procedure_id: UUID
    application_id: UUID

    def call(self, method: str, path: str, role: str, body: bytes | None = None) -> Answer:
        """One request whose path goes out as it is."""
        headers = {
            "Authorization": f"Bearer {self.world.token(role)}",
            "Content-Type": "application/json",
        }
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.headers), answer.read())
        finally:
            connection.close()


@pytest.fixture(scope="module")
def running(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    url, directory = databases.fresh("sqlite"), tmp_path_factory.mktemp("paths")
    clock = directory / "clock"
    clock.write_text(MORNING.isoformat())
    with served(directory, url, {"KLUIS_DEMO_CLOCK": str(clock)}, "--demo") as found:
        world = World.make(url, directory)
        yield Running(found.port, world, world.procedure(), world.apply())
        world.close()
    databases.drop(url)


def demand_nothing_there(answer: Answer) -> None:
    assert answer.status == 404
    assert answer.json["type"] == "urn:problem-type:kluis:not-found"
    assert SECRET.lower() not in (answer.body.decode() + str(answer.headers)).lower()


OTHERS = [
    "//v1/applications/{id}",
    "///v1/applications/{id}",
    "/%2Fv1/applications/{id}",
    "/v1%2Fapplications/{id}",
    "/v1/applications%2F{id}",
    "/v1/applications%2f{id}",
    "/v1/%61pplications/{id}",
    "/v1/application%73/{id}",
    "/%76%31/applications/{id}",
    "/v1/applications/{escaped}",
    "/v1/applications/{id}/",
    "/v1/%2e/applications/{id}",
    "/v1/./applications/{id}",
    f"//{SECRET}/v1/applications/{{id}}",
]


@pytest.mark.parametrize("path", OTHERS)
def test_an_application_is_found_by_one_spelling_only(running: Running, path: str):
    escaped = str(running.application_id).replace("-", "%2D")
    plain = running.call("GET", f"/v1/applications/{running.application_id}", "recruiter")
    assert plain.status == 200
    spelled = path.format(id=running.application_id, escaped=escaped)
    demand_nothing_there(running.call("GET", spelled, "recruiter"))


@pytest.mark.parametrize("path", ["/%6Detrics", "/metric%73", "//metrics", "/%2Fmetrics"])
def test_what_is_kept_from_others_by_its_path_has_no_second_one(running: Running, path: str):
    assert running.call("GET", "/metrics", "officer").status == 200
    demand_nothing_there(running.call("GET", path, "officer"))


@pytest.mark.parametrize("subject", ["a@b:c", "a%40b:c", "a%40b%3Ac", "a%40b%3ac"])
def test_a_subject_may_be_escaped_as_clients_do(running: Running, subject: str):
    path = f"/v1/procedures/{running.procedure_id}/team/{subject}"
    sent = b'{"role": "interviewer"}'
    answer = running.call("PUT", path, "recruiter", sent)
    assert answer.status == 200
    assert answer.json["subject"] == "a@b:c"


def test_a_subject_escaped_as_no_client_does_is_not_found(running: Running):
    team = f"/v1/procedures/{running.procedure_id}/team"
    assert running.call("GET", f"{team}/screener", "recruiter").status == 200
    demand_nothing_there(running.call("GET", f"{team}/%73creener", "recruiter"))
