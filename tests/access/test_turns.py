"""Turns: who takes files slowly leaves threads for the others."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from werkzeug.test import EnvironBuilder, TestResponse

from service.storage.database import db
from service.storage.tables import Document
from service.usecases.turns import MOST_AT_ONCE
from tests.factories import PDF
from tests.faults.problems import demand_problem
from tests.world import World

Ask = Callable[..., TestResponse]
LARGE = PDF + bytes(200_000)


@pytest.fixture
def path(world: World) -> str:
    world.procedure()
    record = world.apply(files={"cv": ("cv.pdf", LARGE)})
    with world.app.app_context():
        document = db.session.scalars(select(Document.id)).one()
    return f"/applications/{record}/documents/{document}"


def test_one_subject_is_sent_so_many_files_at_a_time_and_the_others_theirs(world: World, path: str):
    begun = [world.get(path, "recruiter") for _ in range(MOST_AT_ONCE)]
    assert {answer.status_code for answer in begun} == {200}
    refused = world.get(path, "recruiter")
    demand_problem(refused, 429, "too-many-at-once", [])
    assert refused.headers["Retry-After"] == "10"
    assert world.get(path, "interviewer").data == LARGE
    assert world.get(path.rpartition("/documents")[0], "recruiter").status_code == 200
    begun.pop().close()
    assert world.get(path, "recruiter").data == LARGE  # a turn ends with the last byte, too
    assert world.get(path, "recruiter").data == LARGE
    for answer in reversed(begun):
        answer.close()


def test_what_is_refused_or_has_no_body_keeps_no_turn(world: World, path: str):
    missing = path[:-1] + ("0" if path[-1] != "0" else "1")
    for _ in range(MOST_AT_ONCE + 1):
        assert world.get(missing, "recruiter").status_code == 404
        assert world.call("HEAD", path, "recruiter").status_code == 200
    assert world.get(path, "recruiter").data == LARGE


def test_a_file_that_nobody_began_to_take_gives_its_turn_back(world: World, path: str):
    token = {"Authorization": f"Bearer {world.token('recruiter')}"}
    started: list[str] = []
    for _ in range(MOST_AT_ONCE + 1):
        environ = EnvironBuilder(f"/v1{path}", headers=token).get_environ()
        world.app.wsgi_app(environ, lambda status, *_: started.append(status) or print).close()
    assert started == ["200 OK"] * (MOST_AT_ONCE + 1)


def test_an_archive_takes_a_turn_as_well(world: World, path: str):
    archive = path.rpartition("/documents")[0] + "/portability?purpose=access-request"
    begun = [world.get(archive, "officer") for _ in range(MOST_AT_ONCE)]
    demand_problem(world.get(archive, "officer"), 429, "too-many-at-once", [])
    for answer in reversed(begun):  # in one thread their contexts lie on each other
        answer.close()
    assert world.get(archive, "officer").status_code == 200
