"""Downloads by one statement: they give, and audit, just what the long way does."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update

from service.domain.catalogue import DocumentKind
from service.storage.tables import Document, DocumentChunk, KeyringKey, RecordKey
from tests.access.scene import alarms
from tests.access.test_at_once import at_once, last_event, reader_of, ready, run_ahead, the_long_way
from tests.factories import PDF
from tests.faults.damage import behind, flipped
from tests.world import World

CONTENT = PDF + bytes(200_000)
A_MOMENT = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def database_url(postgres_url: str) -> str:
    """SQLite knows no such statements."""
    return postgres_url


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    made = ready(make_world())
    made.procedure()
    return made


def sent(world: World, kind: DocumentKind = DocumentKind.CV) -> str:
    """The path of the one document of a new application."""
    application_id = world.apply(files={kind: (f"{kind}.pdf", CONTENT)})
    with behind(world) as session:
        found = select(Document.id).where(Document.application_id == application_id)
        return f"/applications/{application_id}/documents/{session.scalar(found)}"


@pytest.mark.parametrize("role", ["recruiter", "interviewer"])
def test_a_download_at_once_gives_and_audits_what_the_long_way_does(world: World, role: str):
    path = sent(world)
    ask = reader_of(world, path, role)
    short = at_once(world, ask)
    assert (short.status_code, short.data) == (200, CONTENT)
    told = last_event(world)
    run_ahead(world)
    long = the_long_way(world, ask)
    assert (long.status_code, long.data) == (200, CONTENT)
    for name in ("Content-Type", "Content-Length", "Content-Disposition"):
        assert short.headers[name] == long.headers[name]
    assert told == last_event(world)
    assert told["fields"] == ["document:cv"]
    assert told["details"] == {"document_id": path.rpartition("/")[2]}


def test_what_is_not_ordinary_goes_the_long_way(world: World):
    cv, certificate = sent(world), sent(world, DocumentKind.CERTIFICATE)
    for path, role, status in (
        (cv, "officer", 422),
        (f"{cv}?purpose=complaint", "recruiter", 200),
        (cv, "screener", 403),
        (certificate, "interviewer", 404),
        (f"{cv.rpartition('/')[0]}/{UUID(int=7)}", "recruiter", 404),
        (f"/applications/{UUID(int=7)}/documents/{cv.rpartition('/')[2]}", "recruiter", 404),
        (cv.rpartition("/")[0] + "/" + certificate.rpartition("/")[2], "recruiter", 404),
    ):
        assert the_long_way(world, reader_of(world, path, role)).status_code == status, path


@pytest.mark.parametrize("damaged", ["header", "chunk", "none", "another key"])
def test_what_does_not_open_is_not_read_and_raises_the_alarm_once(world: World, damaged: str):
    path = sent(world)
    with behind(world) as session:
        chunk = session.scalars(select(DocumentChunk).where(DocumentChunk.number == 0)).one()
        document = session.scalars(select(Document)).one()
        if damaged == "header":
            document.header = flipped(document.header, -1)
        elif damaged == "chunk":
            chunk.sealed = flipped(chunk.sealed, -1)
        elif damaged == "another key":
            session.add(KeyringKey(id="k", purpose="kek", check_value="", last_used_at=A_MOMENT))
            session.flush()
            session.execute(update(RecordKey).values(kek_id="k"))
        else:
            session.execute(delete(DocumentChunk))
    before = alarms(world, "field-unreadable")
    assert the_long_way(world, reader_of(world, path, "recruiter")).status_code == 500
    assert alarms(world, "field-unreadable") == before + 1
    events = world.get("/audit-events?limit=100", "officer").json["items"]
    (told,) = [one for one in events if one["action"] == "read-document"]
    assert (told["outcome"], told["fields"]) == ("unreadable", [])


def test_a_download_counts_in_the_read_budget(make_world: Callable[..., World]):
    world = ready(make_world(KLUIS_READ_BUDGET="1"))
    world.procedure()
    path, other = sent(world), sent(world)
    assert at_once(world, reader_of(world, path, "recruiter")).status_code == 200
    assert the_long_way(world, reader_of(world, path, "recruiter")).status_code == 200
    assert the_long_way(world, reader_of(world, other, "recruiter")).status_code == 429
