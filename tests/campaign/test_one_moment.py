"""A deletion that overtakes a reader: what he is told is of one moment, or breaks off."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import NullPool, create_engine, delete, event

from service.domain.errors import NotFound
from service.storage.database import db
from service.storage.tables import Application
from tests.factories import PDF, SubmissionFactory
from tests.harness.databases import Databases
from tests.world import World

SMALL, LARGE = PDF + b"." * 300_000, PDF + b"." * 900_000
PURPOSE = "purpose=supervision"


@pytest.fixture
def world(databases: Databases, tmp_path: Path) -> Iterator[World]:
    """On PostgreSQL: SQLite has one writer at a time, and so nobody who overtakes."""
    url = databases.fresh("postgresql")
    world = World.make(url, tmp_path)
    world.procedure()
    world.wording()
    yield world
    world.close()
    databases.drop(url)


@contextmanager
def erased_before_reading(world: World, table: str, application_id: UUID) -> Iterator[None]:
    """Somebody else deletes the application just before the next query of that table."""
    elsewhere = create_engine(world.database_url, poolclass=NullPool)
    erased: list[str] = []

    def erase(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if f"FROM {table} " in f"{statement} ".replace("\n", " ") and not erased:
            erased.append(statement)
            with elsewhere.begin() as connection:
                connection.execute(delete(Application).where(Application.id == application_id))

    with world.app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", erase)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", erase)
    assert erased


def apply(world: World, content: bytes = SMALL) -> tuple[UUID, str]:
    """An application with consent and a CV; its id and the path of its document.

    The body is put together here: the test client would leave a large one's file open.
    """
    body = SubmissionFactory(consent={"wording_version": "w1"})
    head = 'Content-Disposition: form-data; name="{}"; filename="{}"\r\n\r\n'
    parts = [("application", "a.json", json.dumps(body).encode()), ("cv", "cv.pdf", content)]
    data = b"".join(
        b"--frontier\r\n" + head.format(kind, name).encode() + value + b"\r\n"
        for kind, name, value in parts
    )
    made = world.post(
        "/applications",
        "website",
        data=data + b"--frontier--\r\n",
        content_type="multipart/form-data; boundary=frontier",
    )
    assert made.status_code == 201, made.text
    path = f"/applications/{made.json['id']}/documents"
    (document,) = world.get(f"{path}?{PURPOSE}", "officer").json
    return UUID(made.json["id"]), f"{path}/{document['id']}?{PURPOSE}"


def test_a_list_of_documents_is_of_the_moment_of_its_application(world: World) -> None:
    application_id, _ = apply(world)
    with erased_before_reading(world, "document", application_id):
        told = world.get(f"/applications/{application_id}/documents?{PURPOSE}", "officer")
    assert [document["name"] for document in told.json] == ["cv.pdf"]


def test_a_ledger_of_consent_is_of_the_moment_of_its_application(world: World) -> None:
    application_id, _ = apply(world)
    with erased_before_reading(world, "consent_event", application_id):
        told = world.get(f"/applications/{application_id}/consent-events", "officer")
    assert [one["change"] for one in told.json] == ["given"]


def test_a_retention_is_explained_as_of_one_moment(world: World) -> None:
    application_id, _ = apply(world)
    with erased_before_reading(world, "consent_event", application_id):
        told = world.get(f"/applications/{application_id}/retention", "officer")
    assert told.json["consented"] is True


def test_a_small_document_that_is_being_deleted_is_served_whole(world: World) -> None:
    application_id, document = apply(world)
    with erased_before_reading(world, "document_chunk", application_id):
        assert world.get(document, "officer").data == SMALL


def test_a_large_document_that_is_being_deleted_breaks_off_without_alarm(world: World) -> None:
    application_id, document = apply(world, LARGE)
    with erased_before_reading(world, "document_chunk", application_id):
        served = world.get(document, "officer")
        assert int(served.headers["Content-Length"]) == len(LARGE)
        with pytest.raises(NotFound):
            served.get_data()
    assert "unreadable_fields_total 0.0" in world.house.signals.exposition().decode()
