"""Files: what is taken, under what name it is served, and what happens when one is damaged."""

import io
import itertools
import zipfile
from collections.abc import Callable
from hashlib import sha256
from uuid import UUID

import docx
import pytest
from fpdf import FPDF
from PIL import Image
from sqlalchemy import delete, event, select, update

from service.domain.errors import Unreadable
from service.domain.media import MediaType
from service.storage.database import db
from service.storage.tables import Document, DocumentChunk
from tests.factories import PDF, PNG, FieldsFactory
from tests.faults.damage import told
from tests.faults.problems import SECRET, demand_problem
from tests.faults.wire import CONTENT_TYPE, file_part, joined, json_part, part
from tests.world import World

CHUNK = 64 * 1024


def zipped(*entries: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return file.getvalue()


def real_pdf() -> bytes:
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Helvetica")
    pdf.cell(text="Curriculum vitae")
    return bytes(pdf.output())


def real_docx() -> bytes:
    file = io.BytesIO()
    document = docx.Document()
    document.add_paragraph("Curriculum vitae")
    document.save(file)
    return file.getvalue()


def real_odt() -> bytes:
    entries = [("mimetype", MediaType.ODT.encode()), ("content.xml", b"<office/>")]
    return zipped(*entries, ("META-INF/manifest.xml", b"<manifest/>"))


def real_image(kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(file, kind)
    return file.getvalue()


REAL: dict[MediaType, Callable[[], bytes]] = {
    MediaType.PDF: real_pdf,
    MediaType.DOCX: real_docx,
    MediaType.ODT: real_odt,
    MediaType.JPEG: lambda: real_image("JPEG"),
    MediaType.PNG: lambda: real_image("PNG"),
}
EXECUTABLES = {
    "Windows": b"MZ\x90\x00\x03" + bytes(200),
    "Linux": b"\x7fELF\x02\x01\x01" + bytes(200),
    "macOS": b"\xcf\xfa\xed\xfe" + bytes(200),
    "a script": b"#!/bin/sh\nid\n",
    "Java": b"\xca\xfe\xba\xbe" + bytes(200),
}
OTHERS = {
    **EXECUTABLES,
    "a page": b"<!doctype html><script>alert(1)</script>",
    "a drawing with a script": b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
    "text": f"{SECRET}\n".encode(),
    "a zip": zipped(("cv.txt", b"x")),
    "a zip with a program first": zipped(("setup.exe", b"MZ"), ("word/document.xml", b"")),
    "an empty zip": zipped(),
    "an EPUB": zipped(("mimetype", b"application/epub+zip")),
    "a spreadsheet of ODF": zipped(("mimetype", b"application/vnd.oasis.opendocument.spreadsheet")),
    "old Word": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(200),
    "RTF": b"{\\rtf1 x}",
    "GIF": b"GIF89a" + bytes(50),
    "half a signature": b"%PD",
    "a PDF behind something": b"MZ" + PDF,
    "a space before the PDF": b" " + PDF,
    "one byte": b"%",
    "NULs": bytes(4096),
}


def send(world: World, *parts: bytes):
    body = {"procedure_reference": "V-1", "fields": FieldsFactory()}
    sent = joined(json_part(body), *parts)
    return world.post("/applications", "website", data=sent, content_type=CONTENT_TYPE)


def kept(world: World, *parts: bytes) -> tuple[UUID, list[dict[str, object]]]:
    """The application made of these parts, and its documents as they are listed, by kind."""
    answer = send(world, *parts)
    assert answer.status_code == 201, answer.text
    application_id = UUID(answer.json["id"])
    listed = world.get(f"/applications/{application_id}/documents", "recruiter")
    return application_id, sorted(listed.json, key=lambda document: str(document["kind"]))


def fetch(world: World, application_id: UUID, document_id: object, method: str = "GET"):
    path = f"/applications/{application_id}/documents/{document_id}"
    return world.call(method, path, "recruiter")


@pytest.mark.parametrize("content", OTHERS.values(), ids=OTHERS)
def test_a_file_of_another_kind_is_422_whatever_it_is_called(shared: World, content: bytes):
    answer = send(shared, file_part(content, "cv", "cv.pdf", "application/pdf"))
    faults = [("/parts/cv/0", "not-an-accepted-kind-of-file")]
    demand_problem(answer, 422, "invalid", faults)


def test_who_sends_a_file_of_another_kind_is_told_which_are_taken(shared: World):
    answer = send(shared, file_part(b"GIF89a", "cv"), file_part(b"", "letter"))
    assert "PDF, DOCX, ODT, JPEG, PNG" in answer.json["detail"]
    assert "The file is empty." in answer.json["detail"]


def test_an_empty_file_is_422(shared: World):
    answer = send(shared, file_part(PDF, "cv"), file_part(b"", "letter"))
    demand_problem(answer, 422, "invalid", [("/parts/letter/1", "empty")])


def test_every_bad_file_is_named(shared: World):
    bad = [file_part(b"MZ", "cv"), file_part(b"", "cv"), file_part(PDF, "other", "111222333.pdf")]
    faults = [
        ("/parts/cv/0", "not-an-accepted-kind-of-file"),
        ("/parts/cv/1", "empty"),
        ("/parts/other/2/name", "looks-like-bsn"),
    ]
    demand_problem(send(shared, *bad), 422, "invalid", faults)


def test_a_real_file_comes_back_byte_for_byte_as_what_it_is(world: World):
    world.procedure()
    contents = {media_type: make() for media_type, make in REAL.items()}
    lying = [file_part(content, "cv", "x.exe", "text/html") for content in contents.values()]
    application_id, documents = kept(world, *lying)
    assert {document["media_type"] for document in documents} == set(MediaType)
    for document in documents:
        content = contents[MediaType(str(document["media_type"]))]
        assert document["size"] == len(content)
        answer = fetch(world, application_id, document["id"])
        assert answer.data == content
        assert answer.mimetype == document["media_type"]
        assert answer.headers["Content-Length"] == str(len(content))


def test_every_size_comes_back_byte_for_byte(world: World):
    world.procedure()
    sizes = [n * CHUNK + more for n in (1, 2) for more in (-1, 0, 1)] + [len(PDF), 9 * CHUNK]
    contents = {size: content_of(size) for size in sizes}
    application_id, documents = kept(world, *map(file_part, contents.values()))
    assert {document["size"] for document in documents} == set(sizes)
    for document in documents:
        answer = fetch(world, application_id, document["id"])
        expected = contents[int(str(document["size"]))]
        assert sha256(answer.data).digest() == sha256(expected).digest()
        assert answer.headers["Content-Length"] == str(document["size"])


def content_of(size: int) -> bytes:
    pattern = itertools.cycle(range(251))  # no divisor of a chunk: no two chunks are the same
    return PDF + bytes(itertools.islice(pattern, size - len(PDF)))


def test_a_head_promises_what_a_get_gives(world: World):
    world.procedure()
    application_id, [document] = kept(world, file_part(PDF))
    head = fetch(world, application_id, document["id"], "HEAD")
    whole = fetch(world, application_id, document["id"])
    assert head.status_code == whole.status_code == 200
    assert head.data == b""
    volatile = {"X-Request-Id", "Date"}
    assert {*head.headers.to_wsgi_list()} ^ {*whole.headers.to_wsgi_list()} == {
        (name, value)
        for answer in (head, whole)
        for name, value in answer.headers
        if name in volatile
    }


HOSTILE_NAMES = {
    "a path": 'filename="../../../../etc/passwd"',
    "a Windows path": 'filename="..\\\\..\\\\boot.ini"',
    "a device": 'filename="CON.pdf"',
    "quotes": 'filename="a\\"; filename=\\"b.exe"',
    "markup": 'filename="<img src=x onerror=alert(1)>.pdf"',
    "a formula": 'filename="=cmd|calc.pdf"',
    "a shell": 'filename="$(id);`id`|id.pdf"',
    "right to left": "filename*=UTF-8''cv%E2%80%AEfdp.exe",
    "a lone surrogate": "filename*=UTF-8''cv%ED%A0%80.pdf",
    "another charset": "filename*=utf-16''%FF%FEc%00v%00",
    "5,000 characters": f'filename="{"x" * 5000}.pdf"',
    "5,000 wide characters": f'filename="{"😀" * 5000}.pdf"',
    "nothing": 'filename=""',
    "spaces": 'filename="   "',
    "dots": 'filename=".."',
}


@pytest.mark.parametrize("name", HOSTILE_NAMES.values(), ids=HOSTILE_NAMES)
def test_a_hostile_name_is_kept_as_text_and_served_under_a_generated_one(shared: World, name: str):
    application_id, [document] = kept(shared, part(f'name="cv"; {name}', PDF))
    assert isinstance(document["name"], str)
    assert len(document["name"]) <= 255
    answer = fetch(shared, application_id, document["id"])
    assert answer.data == PDF
    served = f'attachment; filename="cv-{document["id"]}.pdf"'
    assert answer.headers.getlist("Content-Disposition") == [served]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "Set-Cookie" not in answer.headers


def test_a_name_that_is_no_text_is_400(shared: World):
    answer = send(shared, part(b'name="cv"; filename="cv\xff\xfe.pdf"', PDF))
    demand_problem(answer, 400, "malformed", [])


KEPT_NAMES = {
    "a path": ('filename="../../etc/passwd"', "../../etc/passwd"),
    "right to left": ("filename*=UTF-8''cv%E2%80%AEfdp.exe", "cv\u202efdp.exe"),
    "accents": ("filename*=UTF-8''r%C3%A9sum%C3%A9.pdf", "résumé.pdf"),
}


@pytest.mark.parametrize(("sent", "name"), KEPT_NAMES.values(), ids=KEPT_NAMES)
def test_a_name_is_listed_as_it_was_sent(shared: World, sent: str, name: str):
    _, [document] = kept(shared, part(f'name="cv"; {sent}', PDF))
    assert document["name"] == name


# Damage. The first chunk is opened before anything is promised; test_serving.py sees to the others.


def damaged(world: World, document_id: object, number: int, how: str) -> None:
    """Damage one sealed chunk in the database."""
    chunk = (DocumentChunk.document_id == UUID(str(document_id))) & (DocumentChunk.number == number)
    with world.app.app_context():
        sealed = db.session.scalars(select(DocumentChunk.sealed).where(chunk)).one()
        if how == "removed":
            db.session.execute(delete(DocumentChunk).where(chunk))
        else:
            changed = {
                "flipped": sealed[:-1] + bytes([sealed[-1] ^ 1]),
                "cut": sealed[:-1],
                "emptied": b"",
                "zeroed": bytes(len(sealed)),
            }[how]
            db.session.execute(update(DocumentChunk).where(chunk).values(sealed=changed))
        db.session.commit()


def test_a_document_damaged_at_its_beginning_is_a_problem_and_no_shorter_file(world: World):
    world.procedure()
    for number, how in enumerate(("flipped", "cut", "emptied", "zeroed", "removed"), start=1):
        files = (file_part(PDF.ljust(3 * CHUNK)), file_part(PNG, "letter"))
        application_id, [document, other] = kept(world, *files)
        damaged(world, document["id"], 0, how)
        answer = fetch(world, application_id, document["id"])
        demand_problem(answer, 500, "unreadable")
        assert "Content-Disposition" not in answer.headers
        assert told(world, "kluis_unreadable_fields_total") == number
        assert told(world, 'kluis_alarms_total{kind="field-unreadable"}') == number
        assert fetch(world, application_id, other["id"]).data == PNG
        assert world.get(f"/applications/{application_id}", "recruiter").status_code == 200


@pytest.mark.parametrize("count", [7, 8, 9, 16, 17])
def test_a_chunk_added_behind_the_last_breaks_the_document_off(world: World, count: int):
    world.procedure()
    application_id, [document] = kept(world, file_part(PDF.ljust(count * CHUNK)))
    with world.app.app_context():
        document_id = UUID(str(document["id"]))
        db.session.add(DocumentChunk(document_id=document_id, number=count, sealed=bytes(80)))
        db.session.commit()
    with pytest.raises(Unreadable):
        fetch(world, application_id, document_id).get_data()
    assert told(world, "kluis_unreadable_fields_total") == 1


@pytest.mark.parametrize(("count", "times"), [(1, 0), (7, 0), (9, 1), (16, 1), (17, 2), (24, 2)])
def test_no_connection_is_taken_to_find_that_there_are_no_more_chunks(
    world: World, count: int, times: int
):
    world.procedure()
    application_id, [document] = kept(world, file_part(PDF.ljust(count * CHUNK)))
    answer = fetch(world, application_id, document["id"])
    taken: list[object] = []

    def note(connection: object, *_: object) -> None:
        taken.append(connection)

    with world.app.app_context():
        engine = db.engine
    event.listen(engine, "checkout", note)
    try:
        assert len(answer.get_data()) == count * CHUNK
    finally:
        event.remove(engine, "checkout", note)
    assert len(taken) == times


@pytest.mark.parametrize("column", ["header", "sealed_name"])
def test_a_damaged_header_or_name_is_told(world: World, column: str):
    world.procedure()
    application_id, [document] = kept(world, file_part(PDF))
    with world.app.app_context():
        row = db.session.get(Document, UUID(str(document["id"])))
        assert row is not None
        blob = getattr(row, column)
        setattr(row, column, blob[:20] + bytes([blob[20] ^ 128]) + blob[21:])
        db.session.commit()
    listed = world.get(f"/applications/{application_id}/documents", "recruiter").json
    answer = fetch(world, application_id, document["id"])
    if column == "header":
        assert listed[0]["name"] == "cv.pdf"
        demand_problem(answer, 500, "unreadable")
    else:
        assert listed[0]["name"] is None
        assert answer.data == PDF
    assert told(world, 'kluis_alarms_total{kind="field-unreadable"}') == 1


def test_a_document_moved_to_another_record_does_not_open(world: World):
    world.procedure()
    one, [document] = kept(world, file_part(PDF))
    other, [_] = kept(world, file_part(PDF))
    with world.app.app_context():
        moved = update(Document).where(Document.id == UUID(str(document["id"])))
        db.session.execute(moved.values(application_id=other))
        db.session.commit()
    demand_problem(fetch(world, one, document["id"]), 404, "not-found")
    demand_problem(fetch(world, other, document["id"]), 500, "unreadable")


def test_a_damaged_document_can_still_be_removed_and_its_record_purged(world: World):
    procedure_id = world.procedure()
    application_id, [document, other] = kept(world, file_part(PDF), file_part(PDF, "letter"))
    for one in (document, other):
        damaged(world, one["id"], 0, "flipped")
    path = f"/applications/{application_id}/documents/{document['id']}"
    assert world.call("DELETE", path, "officer").status_code == 204
    world.close_procedure(procedure_id)
    world.clock.move_to("2026-12-22")
    assert world.purge().json["purged"] == 1
    with world.app.app_context():
        assert db.session.scalars(select(DocumentChunk)).all() == []


def test_no_document_can_be_put_into_a_foreign_application(world: World):
    world.procedure()
    application_id = world.apply()
    path = f"/applications/{application_id}/documents"
    answer = world.post(
        path, "recruiter", subject="stranger", data=joined(file_part(PDF)),
        content_type=CONTENT_TYPE,
    )  # fmt: skip
    demand_problem(answer, 404, "not-found")
