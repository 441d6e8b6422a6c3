"""Portability (art. 20): what the applicant supplied, as a ZIP that is whole or unreadable."""

import io
import json
import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID
from zipfile import BadZipFile, ZipFile

import pytest
from sqlalchemy import NullPool, create_engine, delete, event, exists, select, update
from werkzeug.test import TestResponse

from service.crypto.documents import CHUNK_BYTES
from service.domain.catalogue import COMPANY, FIELDS, DocumentKind, Gender
from service.domain.errors import NotFound, Unreadable
from service.domain.labels import CHOICES, MEMBERS, Language
from service.domain.policy import Action, Purpose, Role
from service.storage.database import db
from service.storage.tables import Application, AuditEvent, Document, DocumentChunk
from service.web.archives import archived
from tests.api.described import COMPONENTS, validator
from tests.factories import PDF, PNG, FullFieldsFactory
from tests.faults.damage import behind, damage_key, flipped, put_seal, sealed, told
from tests.faults.problems import demand_problem
from tests.faults.wire import CONTENT_TYPE, joined, json_part, part
from tests.retention.acts import erase, hold
from tests.rights.applicants import Applicant
from tests.world import MORNING, World

EXPORT = "/applications/{id}/portability"
UNREADABLE = "kluis_unreadable_fields_total"
# Sixteen chunks, more than are read at once; and as long in an archive, for nothing repeats in it.
LARGE = PDF + Random(8).randbytes(1_024_000)
FILES = {"cv": ("mijn cv.pdf", LARGE), "certificate": ("diploma.png", PNG)}
REFEREE, COMPANYS = "Daan Bakker", "Prettig gesprek"
PORTABLE = FIELDS.keys() - COMPANY - {"references", "age"}
MARKUP = "</p><script>alert(1)</script><img src=x onerror=alert(1)>"
TURNED = "\u202egnp.exe\u200b"


@dataclass
class Exported:
    """An archive that came whole."""

    answer: TestResponse
    archive: ZipFile

    @classmethod
    def of(cls, answer: TestResponse) -> "Exported":
        assert answer.status_code == 200, answer.text
        return cls(answer, ZipFile(io.BytesIO(answer.data)))

    @property
    def application(self) -> Any:
        return json.loads(self.archive.read("application.json"))

    @property
    def page(self) -> str:
        return self.archive.read("overview.html").decode()


@pytest.fixture
def applicant(world: World) -> Applicant:
    """Somebody with all fields, the company's own too, a CV of many chunks and a diploma."""
    world.procedure(ends_on="2027-03-01")
    references = [{"name": REFEREE, "email": "d.bakker@example.org"}]
    fields = FullFieldsFactory(references=references)
    found = applied(world, fields, *(uploaded(kind, *file) for kind, file in FILES.items()))
    written = {"notes": [{"on": "2026-11-20", "text": COMPANYS}]}
    path = f"/applications/{found.id}"
    assert world.patch(path, "recruiter", version=1, json={"fields": written}).status_code == 200
    return found


def uploaded(kind: str, name: str, content: bytes) -> bytes:
    return part(f'name="{kind}"; filename="{name}"', content)


def applied(world: World, fields: dict[str, Any], *files: bytes) -> Applicant:
    """Somebody who applied with these parts: the test client leaves a large one's file open."""
    body = {"procedure_reference": "V-1", "fields": fields}
    raw = joined(json_part(body), *files)
    made = world.post("/applications", "website", data=raw, content_type=CONTENT_TYPE)
    assert made.status_code == 201, made.text
    return Applicant(world, UUID(made.json["id"]), made.json["access_code"]).logged_in()


def export(applicant: Applicant, **query: str) -> Exported:
    return Exported.of(applicant.get(EXPORT, query_string=query))


def outcome(applicant: Applicant, asked: str) -> str | None:
    found: str | None = applicant.get(f"/privacy-requests/{asked}").json["outcome"]
    return found


def events(world: World, action: Action) -> list[AuditEvent]:
    with behind(world) as session:
        session.expire_on_commit = False
        return list(session.scalars(select(AuditEvent).where(AuditEvent.action == action)))


def document_id(world: World, kind: DocumentKind) -> UUID:
    with behind(world) as session:
        return session.scalars(select(Document.id).where(Document.kind == kind)).one()


def damage_chunk(world: World, kind: DocumentKind, number: int) -> None:
    with behind(world) as session:
        row = session.get(DocumentChunk, (document_id(world, kind), number))
        assert row is not None
        row.sealed = flipped(row.sealed, -1)


@contextmanager
def erased_once_exported(world: World, application_id: UUID) -> Iterator[None]:
    """Somebody else erases the record as soon as its export is in the audit: no chunk is read yet.

    It is looked for whenever a connection is taken, in whatever way the chunks are then read.
    """
    elsewhere = create_engine(world.database_url, poolclass=NullPool)
    is_exported = exists().where(AuditEvent.action == Action.EXPORT_APPLICATION).select()
    erased: list[UUID] = []

    def erase_it(*_: object) -> None:
        with elsewhere.begin() as connection:
            if not erased and connection.scalar(is_exported):
                erased.append(application_id)
                connection.exec_driver_sql(
                    "PRAGMA foreign_keys=ON" if "sqlite" in world.database_url else "SELECT 1"
                )
                connection.execute(delete(Application).where(Application.id == application_id))

    with world.app.app_context():
        engine = db.engine
    event.listen(engine, "checkout", erase_it)
    try:
        yield
    finally:
        event.remove(engine, "checkout", erase_it)
    assert erased


# What is in it.


def test_it_holds_what_the_applicant_supplied_and_nothing_else(applicant: Applicant):
    found = export(applicant)
    assert found.application["fields"].keys() == PORTABLE
    shown = applicant.get("/applications/{id}").json["fields"]
    assert found.application["fields"] == {name: shown[name] for name in PORTABLE}
    everything = b"".join(found.archive.read(name) for name in found.archive.namelist())
    for foreign in (REFEREE, COMPANYS, "d.bakker"):
        assert foreign.encode() not in everything
        assert foreign in str(shown)


def test_an_age_goes_along_where_there_is_no_birth_date(world: World):
    world.procedure()
    fields = FullFieldsFactory(age=32)
    del fields["birth_date"]
    body = {"procedure_reference": "V-1", "fields": fields}
    made = world.post("/applications", "website", json=body).json["id"]
    path = f"/applications/{made}/portability?purpose=access-request"
    assert Exported.of(world.get(path, "officer")).application["fields"]["age"] == 32


def test_application_json_keeps_its_documented_schema(applicant: Applicant):
    schema = COMPONENTS["schemas"]["PortableApplication"]
    validator(schema).validate(export(applicant).application)
    fields = COMPONENTS["schemas"]["PortableFields"]["properties"]
    assert fields.keys() == PORTABLE | {"age"}


def test_resume_json_is_a_resume_of_the_same_person(applicant: Applicant):
    found = export(applicant)
    resume = json.loads(found.archive.read("resume.json"))
    assert resume["basics"]["name"] == found.application["fields"]["name"]
    assert resume["work"][0]["name"] == "Voorbeeld B.V."


def test_files_are_byte_for_byte_what_was_given(applicant: Applicant):
    found = export(applicant)
    listed = {document["name"]: document for document in found.application["documents"]}
    assert listed.keys() == {"mijn cv.pdf", "diploma.png"}
    for name, content in FILES.values():
        assert found.archive.read(listed[name]["file"]) == content
        assert listed[name]["size"] == len(content)


def test_the_archive_holds_these_files_and_no_others(applicant: Applicant):
    found = export(applicant)
    cv = document_id(applicant.world, DocumentKind.CV)
    diploma = document_id(applicant.world, DocumentKind.CERTIFICATE)
    assert sorted(found.archive.namelist()) == [
        "application.json",
        f"documents/certificate-{diploma}.png",
        f"documents/cv-{cv}.pdf",
        "overview.html",
        "resume.json",
    ]


def test_python_and_a_plain_unzip_find_it_whole(applicant: Applicant, tmp_path: Path):
    found = export(applicant)
    assert found.archive.testzip() is None
    kept = tmp_path / "export.zip"
    kept.write_bytes(found.answer.data)
    unzip = shutil.which("unzip")
    command = [unzip, "-t", kept] if unzip else [sys.executable, "-m", "zipfile", "-t", kept]
    tested = subprocess.run(command, capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stdout


def test_it_is_an_attachment_under_a_generated_name(applicant: Applicant):
    headers = export(applicant).answer.headers
    assert headers["Content-Type"] == "application/zip"
    expected = f'attachment; filename="application-{applicant.id}.zip"'
    assert headers["Content-Disposition"] == expected
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


def test_its_times_are_the_services_and_not_the_machines(applicant: Applicant):
    found = export(applicant)
    assert {entry.date_time for entry in found.archive.infolist()} == {(2026, 11, 22, 10, 30, 0)}
    assert found.application["exported_at"] == MORNING.isoformat()
    assert export(applicant).answer.data == found.answer.data


def test_without_documents_it_is_whole_as_well(world: World):
    world.procedure()
    found = export(Applicant.apply(world))
    assert found.application["documents"] == []
    assert "Documenten" not in found.page


# The page for people.


class Page(HTMLParser):
    """The tags of a page, and its texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.mark.parametrize(
    ("language", "day", "said"),
    [
        ("nl", "28-02-1994", ("Vrouw", "Student", "Zelf", "Wordt verwijderd op")),
        ("en", "1994-02-28", ("Female", "Student", "By oneself", "Will be deleted on")),
        ("de", "28.02.1994", ("Weiblich", "Studium", "Selbst", "Wird gelöscht am")),
    ],
)
def test_the_page_speaks_the_applicants_language(
    applicant: Applicant, language: str, day: str, said: tuple[str, ...]
):
    page = Page(export(applicant, language=language).page)
    assert ("html", {"lang": language}) in page.tags
    labels = [Language(language).of(FIELDS[name].labels) for name in PORTABLE]
    members = [Language(language).of(MEMBERS[name]) for name in ("street", "organisation")]
    missing = {day, *said, *labels, *members} - {text.strip() for text in page.texts}
    assert not missing


def test_dutch_is_spoken_unless_another_language_is_asked_for(applicant: Applicant):
    assert export(applicant).page == export(applicant, language="nl").page
    refused = applicant.get(EXPORT, query_string={"language": "fr"})
    demand_problem(refused, 422, "invalid", [("/query/language", "not-a-choice")])


def test_the_page_needs_nothing_and_runs_nothing(applicant: Applicant):
    page = Page(export(applicant).page)
    tags = [tag for tag, _ in page.tags]
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(tags)
    links = [attributes["href"] for tag, attributes in page.tags if tag == "a"]
    assert sorted(links) == sorted(
        name for name in export(applicant).archive.namelist() if name.startswith("documents/")
    )


def test_the_page_names_who_is_responsible(make_world):
    world = make_world(KLUIS_CONTROLLER="Voorbeeld & Zoon")
    world.procedure()
    assert "Voorbeeld &amp; Zoon" in export(Applicant.apply(world)).page


@pytest.mark.parametrize(
    ("language", "where"), [("nl", "bij de"), ("en", "to the"), ("de", "bei der")]
)
def test_the_page_says_where_to_complain(sqlite_world: World, language: str, where: str):
    sqlite_world.procedure()
    page = export(Applicant.apply(sqlite_world), language=language).page
    assert f" {where} Autoriteit Persoonsgegevens, https://" in page


@pytest.mark.parametrize("gender", Gender)
def test_choices_are_told_in_words(sqlite_world: World, gender: Gender):
    sqlite_world.procedure()
    applicant = Applicant.apply(sqlite_world, fields=FullFieldsFactory(gender=gender))
    assert CHOICES[Gender][gender].de in Page(export(applicant, language="de").page).texts


def test_hostile_texts_stand_in_the_page_as_texts(world: World):
    world.procedure()
    fields = FullFieldsFactory(
        name=f"Sanne {MARKUP}",
        motivation=f"Regel een\r\nRegel twee\n{TURNED}",
        education=[{"institution": TURNED, "programme": "{{ 7 * 7 }}"}],
    )
    found = export(Applicant.apply(world, fields=fields))
    assert found.application["fields"]["name"] == f"Sanne {MARKUP}"
    assert found.application["fields"]["motivation"] == fields["motivation"]
    page = Page(found.page)
    assert "script" not in [tag for tag, _ in page.tags]
    assert f"Sanne {MARKUP}" in "".join(page.texts)
    assert "Regel een\nRegel twee\n[U+202E]gnp.exe[U+200B]" in page.texts
    assert "[U+202E]gnp.exe[U+200B]" in page.texts
    assert "{{ 7 * 7 }}" in page.texts
    assert not {"\u202e", "\u200b", "\r"} & set(found.page)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ('filename="../../../../etc/passwd"', None),
        ('filename="..\\\\..\\\\boot.ini"', None),
        ("filename*=UTF-8''cv%E2%80%AEfdp.exe", "cv[U+202E]fdp.exe"),
        ("filename*=UTF-8''documents%2Fcv.pdf", None),
        ('filename="<img src=x onerror=alert(1)>.pdf"', "<img src=x onerror=alert(1)>.pdf"),
    ],
)
def test_a_hostile_name_is_never_a_path(sqlite_world: World, sent: str, shown: str | None):
    sqlite_world.procedure()
    file = part(f'name="cv"; {sent}', PDF)
    found = export(applied(sqlite_world, FullFieldsFactory(), file))
    [document] = found.application["documents"]
    assert document["file"] == f"documents/cv-{document_id(sqlite_world, DocumentKind.CV)}.pdf"
    assert found.archive.namelist()[3:] == [document["file"]]
    assert found.archive.read(document["file"]) == PDF
    page = Page(found.page)
    assert {tag for tag, _ in page.tags}.isdisjoint({"img", "script"})
    assert (shown or document["name"]) in page.texts


# Whole or unreadable.


def test_no_part_of_an_archive_is_one():
    entries = [("a.json", [b"{}"]), ("b.txt", [b"one", b"two"])]
    whole = b"".join(archived(entries, MORNING))
    assert ZipFile(io.BytesIO(whole)).read("b.txt") == b"onetwo"
    for length in range(len(whole)):
        with pytest.raises(BadZipFile):
            ZipFile(io.BytesIO(whole[:length]))


def test_one_that_the_client_broke_off_is_unreadable_and_answers_nothing(applicant: Applicant):
    asked = applicant.ask("portability").json["id"]
    answer = applicant.get(EXPORT)
    chunks = answer.iter_encoded()
    came = b"".join(next(chunks) for _ in range(6))
    answer.close()
    with pytest.raises(BadZipFile):
        ZipFile(io.BytesIO(came))
    assert outcome(applicant, asked) is None


def test_damage_that_is_found_on_the_way_breaks_it_off(applicant: Applicant):
    asked = applicant.ask("portability").json["id"]
    answer = applicant.get(EXPORT)
    damage_chunk(applicant.world, DocumentKind.CV, 15)
    assert broken_off(answer, Unreadable)
    assert told(applicant.world, UNREADABLE) == 1
    assert outcome(applicant, asked) is None


def test_an_erasure_on_the_way_breaks_it_off_without_alarm(applicant: Applicant):
    answer = applicant.get(EXPORT)
    assert erase(applicant.world, applicant.id).status_code == 204
    assert broken_off(answer, NotFound)
    assert told(applicant.world, UNREADABLE) == 0


def broken_off(answer: TestResponse, refusal: type[Exception]) -> bool:
    """Whether the archive breaks off with this refusal, and what came of it can not be read."""
    came = []
    with pytest.raises(refusal):
        came.extend(answer.iter_encoded())
    answer.close()
    assert came
    with pytest.raises(BadZipFile):
        ZipFile(io.BytesIO(b"".join(came)))
    return True


def test_an_erasure_before_the_first_byte_is_a_404(applicant: Applicant):
    with erased_once_exported(applicant.world, applicant.id):
        answer = applicant.get(EXPORT)
    demand_problem(answer, 404, "not-found", [])
    assert told(applicant.world, UNREADABLE) == 0


def test_what_was_in_hand_before_an_erasure_is_handed_over_whole(world: World):
    world.procedure()
    applicant = Applicant.apply(world)
    answer = applicant.get(EXPORT)
    assert erase(world, applicant.id).status_code == 204
    assert Exported.of(answer).archive.testzip() is None


# Damage costs no more than what is damaged.


@pytest.mark.parametrize("number", [0, 15])
def test_a_damaged_document_is_left_out_and_named(applicant: Applicant, number: int):
    world, damaged = applicant.world, document_id(applicant.world, DocumentKind.CV)
    damage_chunk(world, DocumentKind.CV, number)
    found = export(applicant)
    assert found.application["unreadable"] == [f"documents/cv-{damaged}"]
    [whole] = found.application["documents"]
    assert whole["kind"] == "certificate"
    assert found.archive.read(whole["file"]) == PNG
    assert found.archive.testzip() is None
    assert f"Cv (documents/cv-{damaged})" in Page(found.page).texts
    assert told(world, UNREADABLE) == 1


@pytest.mark.parametrize("lie", [{"size": 1}, {"media_type": "text/html"}], ids=str)
def test_a_document_that_is_not_what_its_row_tells_is_left_out(
    applicant: Applicant, lie: dict[str, object]
):
    with behind(applicant.world) as session:
        session.execute(update(Document).where(Document.kind == DocumentKind.CV).values(lie))
    found = export(applicant)
    assert [document["kind"] for document in found.application["documents"]] == ["certificate"]


def test_a_document_whose_name_is_damaged_goes_along_without_it(applicant: Applicant):
    with behind(applicant.world) as session:
        row = session.get(Document, document_id(applicant.world, DocumentKind.CV))
        assert row is not None
        row.sealed_name = flipped(row.sealed_name, -1)
    found = export(applicant)
    names = {document["kind"]: document["name"] for document in found.application["documents"]}
    assert names == {"cv": None, "certificate": "diploma.png"}
    assert "zonder leesbare naam" in Page(found.page).texts
    assert told(applicant.world, UNREADABLE) == 1


def test_a_damaged_field_is_left_out_and_named(applicant: Applicant):
    world, blob = applicant.world, sealed(applicant.world, applicant.id, "education")
    put_seal(world, applicant.id, "education", flipped(blob, -1))
    put_seal(world, applicant.id, "notes", flipped(sealed(world, applicant.id, "notes"), -1))
    found = export(applicant)
    assert found.application["unreadable"] == ["education"]
    assert found.application["fields"].keys() == PORTABLE - {"education"}
    assert "Opleidingen" in Page(found.page).texts
    assert told(world, UNREADABLE) == 1


def test_with_a_damaged_key_all_of_it_is_named(applicant: Applicant):
    damage_key(applicant.world, applicant.id)
    found = export(applicant)
    assert found.application["fields"] == {}
    assert found.application["documents"] == []
    assert len(found.application["unreadable"]) == len(PORTABLE) + 2


# Little memory, short transactions.


def test_it_is_made_while_it_is_sent_a_chunk_at_a_time(applicant: Applicant):
    answer = applicant.get(EXPORT)
    sizes = [len(chunk) for chunk in answer.iter_encoded()]
    answer.close()
    assert max(sizes) < 2 * CHUNK_BYTES
    assert len(sizes) > 16


def test_no_piece_is_empty_behind_which_the_front_would_wait():
    blocks = [bytes(CHUNK_BYTES)] * 8
    assert all(archived([("a.pdf", blocks), ("b.pdf", [])], MORNING))


def test_a_large_archive_takes_no_more_memory_than_a_small_one():
    block = bytes(CHUNK_BYTES)
    tracemalloc.start()
    try:
        entries = (("documents/a.pdf", (block for _ in range(800))),)
        size = sum(len(chunk) for chunk in archived(entries, MORNING))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size > 10_000
    assert peak < 2_000_000


def test_no_connection_waits_for_a_slow_reader(applicant: Applicant):
    answer = applicant.get(EXPORT)
    chunks = answer.iter_encoded()
    pool = engine_of(applicant.world).pool
    for _ in range(8):
        next(chunks)
        assert pool.checkedout() == 0
    answer.close()


def engine_of(world: World) -> Any:
    with world.app.app_context():
        return db.engine


# Who may fetch it, and what is noted.


def test_other_peoples_records_and_those_past_their_date_are_not_there(
    world: World, applicant: Applicant
):
    other = Applicant.apply(world)
    demand_problem(applicant.get(f"/applications/{other.id}/portability"), 404, "not-found", [])
    path = f"/applications/{applicant.id}/portability?purpose=access-request"
    hold(world, applicant.id, "2027-04-10")
    world.clock.move_to("2027-04-09")
    assert Exported.of(world.get(path, "officer")).archive.testzip() is None
    world.clock.move_to("2027-04-10")
    demand_problem(world.get(path, "officer"), 404, "not-found", [])


def test_the_officer_says_why_he_reads(world: World, applicant: Applicant):
    refused = world.get(f"/applications/{applicant.id}/portability", "officer")
    demand_problem(refused, 422, "invalid", [("/query/purpose", "required")])


def test_it_is_audited_with_the_fields_and_kinds_of_documents(applicant: Applicant):
    export(applicant)
    [noted] = events(applicant.world, Action.EXPORT_APPLICATION)
    assert noted.fields == sorted([*PORTABLE, "document:certificate", "document:cv"])
    assert (noted.role, noted.purpose, noted.shown) == (Role.APPLICANT, Purpose.OWN_RECORD, 1)


def test_it_counts_in_the_read_budget(make_world):
    world = make_world(KLUIS_READ_BUDGET="1")
    world.procedure()
    one, other = (world.apply() for _ in range(2))
    path = "/applications/{}/portability?purpose=access-request"
    assert world.get(path.format(one), "officer").status_code == 200
    assert world.get(path.format(other), "officer").status_code == 429


# What he asked for under the law is answered by it.


def test_his_request_is_answered_behind_the_last_byte(applicant: Applicant):
    access = applicant.ask("access").json["id"]
    asked = applicant.ask("portability").json["id"]
    answer = applicant.get(EXPORT)
    chunks, came = answer.iter_encoded(), b""
    while not is_whole(came):
        came += next(chunks)
    assert outcome(applicant, asked) is None
    assert b"".join(chunks) == b""
    answer.close()
    assert outcome(applicant, asked) == "answered"
    assert outcome(applicant, access) is None
    [closed] = events(applicant.world, Action.CHANGE_REQUEST)
    assert (closed.details, closed.shown, closed.fields) == ({"fetched": "portability"}, 0, [])


def test_what_he_asks_for_meanwhile_is_not_answered_by_it(applicant: Applicant):
    before = applicant.ask("portability").json["id"]
    answer = applicant.get(EXPORT)
    chunks = answer.iter_encoded()
    next(chunks)
    later = applicant.ask("portability").json["id"]
    assert list(chunks)
    answer.close()
    assert outcome(applicant, before) == "answered"
    assert outcome(applicant, later) is None


@pytest.mark.parametrize("damaged", ["document", "field", "name"])
def test_with_a_part_missing_it_answers_nothing(applicant: Applicant, damaged: str):
    world, asked = applicant.world, applicant.ask("portability").json["id"]
    if damaged == "document":
        damage_chunk(world, DocumentKind.CV, 0)
    elif damaged == "name":
        with behind(world) as session:
            session.execute(update(Document).values(sealed_name=b"\x01" * 60))
    else:
        blob = sealed(world, applicant.id, "motivation")
        put_seal(world, applicant.id, "motivation", flipped(blob, 20))
    assert bool(export(applicant).application["unreadable"]) is (damaged != "name")
    assert outcome(applicant, asked) is None


def is_whole(came: bytes) -> bool:
    try:
        ZipFile(io.BytesIO(came))
    except BadZipFile:
        return False
    return True


def test_a_look_at_its_headers_sends_and_answers_nothing(applicant: Applicant):
    asked = applicant.ask("portability").json["id"]
    damage_chunk(applicant.world, DocumentKind.CV, 0)
    looked = applicant.call("HEAD", EXPORT)
    assert (looked.status_code, looked.data) == (200, b"")
    assert looked.headers["Content-Type"] == "application/zip"
    assert "Content-Length" not in looked.headers
    assert outcome(applicant, asked) is None
    assert told(applicant.world, UNREADABLE) == 0


def test_the_officers_export_answers_nothing(world: World, applicant: Applicant):
    asked = applicant.ask("portability").json["id"]
    path = f"/applications/{applicant.id}/portability?purpose=access-request"
    Exported.of(world.get(path, "officer"))
    assert outcome(applicant, asked) is None


def test_a_request_that_can_not_be_closed_any_more_costs_nobody_the_archive(world: World):
    """Taken back and erased between the last byte and its closing: he has what he asked for."""
    world.procedure()
    applicant = Applicant.apply(world)
    asked = applicant.ask("portability").json
    answer = applicant.get(EXPORT)
    path = f"/privacy-requests/{asked['id']}"
    taken_back = {"json": {"outcome": "withdrawn"}, "version": asked["version"]}
    assert applicant.call("PATCH", path, **taken_back).status_code == 200
    world.clock.moment += timedelta(minutes=1)
    assert erase(world, applicant.id).status_code == 204
    assert Exported.of(answer).archive.testzip() is None
    [noted] = [row for row in events(world, Action.CHANGE_REQUEST) if row.outcome != "allowed"]
    assert noted.outcome == "not-found"
