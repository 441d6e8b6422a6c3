"""Multipart bodies that are cut off, too large, too many, or something else."""

import io
import tracemalloc
from collections.abc import Callable
from contextlib import closing

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder, TestResponse

from service.config.settings import load_settings
from service.domain.catalogue import DocumentKind
from service.web.bodies import read_multipart
from tests.factories import PDF, FieldsFactory
from tests.faults.problems import SECRET, demand_problem
from tests.faults.wire import BOUNDARY, CONTENT_TYPE, file_part, joined, json_part, part
from tests.harness.databases import Databases
from tests.world import World

KIB = 1024
MIB = 1024 * KIB
REFERENCE = {"procedure_reference": "V-1"}


def submission() -> dict[str, object]:
    return {**REFERENCE, "fields": FieldsFactory()}


def send(world: World, body: bytes | None, **options: object) -> TestResponse:
    return world.post("/applications", "website", data=body, content_type=CONTENT_TYPE, **options)


@pytest.fixture(scope="module")
def small(databases: Databases, tmp_path_factory: pytest.TempPathFactory):
    """A world that takes little."""
    url = databases.fresh("sqlite")
    environment = {"KLUIS_MAX_JSON_KB": "16", "KLUIS_MAX_FILE_MB": "1", "KLUIS_MAX_FILES": "2"}
    world = World.make(url, tmp_path_factory.mktemp("small"), environment)
    world.procedure()
    yield world
    world.close()
    databases.drop(url)


def count(world: World) -> int:
    procedure_id = world.get("/procedures", "recruiter").json["items"][0]["id"]
    return len(world.get(f"/procedures/{procedure_id}/applications", "recruiter").json["items"])


WHOLE = joined(json_part(submission()), file_part(PDF), file_part(PDF * 9, "letter"))
TAIL = len(f"--{BOUNDARY}--\r\n")


@pytest.mark.parametrize("percent", range(1, 100))
def test_a_body_that_is_cut_off_makes_no_application(world_of_cuts: World, percent: int):
    end = (len(WHOLE) - TAIL) * percent // 100
    demand_problem(send(world_of_cuts, WHOLE[:end]), 400, "malformed", [])
    assert count(world_of_cuts) == 0


@pytest.mark.parametrize("end", range(-TAIL - 9, -3))
def test_a_body_that_lacks_its_last_bytes_makes_no_application(world_of_cuts: World, end: int):
    demand_problem(send(world_of_cuts, WHOLE[:end]), 400, "malformed", [])
    assert count(world_of_cuts) == 0


@pytest.fixture(scope="module")
def world_of_cuts(databases: Databases, tmp_path_factory: pytest.TempPathFactory):
    url = databases.fresh("sqlite")
    world = World.make(url, tmp_path_factory.mktemp("cuts"))
    world.procedure()
    yield world
    world.close()
    databases.drop(url)


def test_the_whole_body_makes_one(world: World):
    world.procedure()
    assert send(world, WHOLE).status_code == 201
    assert count(world) == 1


@pytest.mark.parametrize("missing", [1, MIB])
def test_a_body_shorter_than_promised_is_400(world: World, missing: int):
    world.procedure()
    length = {"CONTENT_LENGTH": str(len(WHOLE) + missing)}
    demand_problem(send(world, WHOLE, environ_overrides=length), 400, "malformed", [])
    assert count(world) == 0


@pytest.mark.parametrize(
    "made",
    [
        lambda n: part(f'name="field{n}"', b"x"),
        lambda n: file_part(PDF, "cv", f"{n}.pdf"),
        lambda n: file_part(PDF, f"kind{n}", f"{n}.pdf"),
        lambda _: json_part(submission()),
        lambda _: part('name=""', b""),
    ],
    ids=["fields", "files", "files of unknown kinds", "JSON parts", "nameless parts"],
)
def test_a_thousand_and_one_parts_are_413(shared: World, made):
    body = joined(json_part(submission()), *(made(n) for n in range(1000)))
    demand_problem(send(shared, body), 413, "too-large", [])


def test_more_files_than_allowed_are_413(small: World):
    body = joined(json_part(submission()), *[file_part(PDF)] * 3)
    demand_problem(send(small, body), 413, "too-large", [])
    assert send(small, joined(json_part(submission()), *[file_part(PDF)] * 2)).status_code == 201


def test_files_added_one_by_one_stay_within_the_number_too(small: World):
    path = f"/applications/{small.apply()}/documents"
    for status in (201, 201, 413):
        sent = joined(file_part(PDF))
        answer = small.post(path, "website", data=sent, content_type=CONTENT_TYPE)
        assert answer.status_code == status
    demand_problem(answer, 413, "too-large", [])


@pytest.mark.parametrize(("over", "status"), [(0, 201), (1, 413)])
def test_a_file_may_be_as_large_as_allowed_and_no_byte_larger(small: World, over: int, status: int):
    content = PDF.ljust(MIB + over, b" ")
    assert send(small, joined(json_part(submission()), file_part(content))).status_code == status


@pytest.mark.parametrize(("over", "status"), [(0, 201), (1, 413)])
def test_json_may_be_as_large_as_allowed_and_no_byte_larger(small: World, over: int, status: int):
    plain = json_part(submission())
    content = plain.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n").ljust(16 * KIB + over)
    assert send(small, joined(json_part(content))).status_code == status
    whole = small.post("/applications", "website", data=content, content_type="application/json")
    assert whole.status_code == status


@pytest.mark.parametrize("content_type", ["application/json", CONTENT_TYPE])
def test_a_body_that_says_it_is_too_large_is_413_unread(small: World, content_type: str):
    length = {"CONTENT_LENGTH": str(10**15)}
    answer = small.post(
        "/applications",
        "website",
        data=SECRET.encode(),
        content_type=content_type,
        environ_overrides=length,
    )
    demand_problem(answer, 413, "too-large", [])


@pytest.mark.parametrize(
    ("content_type", "opening"),
    [("application/json", b"{}"), (CONTENT_TYPE, part('name="cv"; filename="x"', PDF))],
)
def test_a_body_of_unsaid_length_is_413_once_it_is_too_large(
    small: World, content_type: str, opening: bytes
):
    endless = io.BytesIO(opening + b" " * 5 * MIB)
    answer = small.post(
        "/applications",
        "website",
        input_stream=endless,
        content_type=content_type,
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
    )
    demand_problem(answer, 413, "too-large", [])
    assert endless.tell() < 5 * MIB  # it was not read to its end first


WRONG = {
    "no JSON part": (joined(file_part(PDF)), "/parts/application", "required"),
    "nothing": (b"", "/parts/application", "required"),
    "no part at all": (joined(), "/parts/application", "required"),
    "an unknown field": (
        joined(json_part(submission()), part(f'name="{SECRET}"', b"x")),
        "/parts/1",
        "unknown",
    ),
    "an unknown kind of file": (
        joined(file_part(PDF), json_part(submission()), file_part(PDF, SECRET)),
        "/parts/2",
        "unknown",
    ),
    "a kind without a file": (
        joined(part('name="cv"', PDF), json_part(submission())),
        "/parts/0",
        "unknown",
    ),
    "a traversing kind": (
        joined(json_part(submission()), file_part(PDF, "../cv")),
        "/parts/1",
        "unknown",
    ),
}


@pytest.mark.parametrize(("body", "pointer", "code"), WRONG.values(), ids=WRONG)
def test_a_part_that_is_missing_or_unknown_is_422(
    shared: World, body: bytes, pointer: str, code: str
):
    demand_problem(send(shared, body), 422, "invalid", [(pointer, code)])


def test_who_names_a_part_wrongly_is_told_which_parts_there_are(shared: World):
    body = joined(json_part(submission(), "fields"), json_part(submission()))
    answer = send(shared, body)
    demand_problem(answer, 422, "invalid", [("/parts/0", "unknown")])
    for name in ("application", "resume", *DocumentKind):
        assert name in answer.json["detail"]
    path = f"/applications/{shared.apply()}/documents"
    added = shared.post(path, "website", data=body, content_type=CONTENT_TYPE)
    demand_problem(added, 422, "invalid", [("/parts/0", "unknown")])
    assert "JSON" not in added.json["detail"]
    assert all(kind in added.json["detail"] for kind in DocumentKind)


def test_an_application_part_that_is_no_json_is_named(shared: World):
    answer = send(shared, joined(json_part(b"{")))
    demand_problem(answer, 400, "malformed", [("/parts/application", "not-json")])


BROKEN = {
    "the JSON part twice": joined(json_part(submission()), json_part(submission())),
    "no boundary in it": b"words",
    "another boundary": WHOLE.replace(BOUNDARY.encode(), b"another"),
    "a part without a name": joined(part("", b"x")),
    "a part without a head": f"--{BOUNDARY}\r\n\r\nx\r\n--{BOUNDARY}--\r\n".encode(),
    "an endless head": f"--{BOUNDARY}\r\n".encode() + b"X-Long: " + b"x" * MIB,
    "a head of nonsense": f"--{BOUNDARY}\r\n".encode() + b"\xff\x00: \x01\r\n\r\n",
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_what_is_not_multipart_is_refused_as_unreadable(shared: World, body: bytes):
    answer = send(shared, body)
    assert answer.status_code in (400, 413, 422)
    demand_problem(answer, answer.status_code)


FLOOD = 20 * MIB
OPENING = f"--{BOUNDARY}\r\n".encode()


def send_measured(world: World, stream: io.BytesIO) -> tuple[TestResponse, int]:
    """The answer, and the most memory that was held at once on the way to it."""
    length = {"CONTENT_LENGTH": str(len(stream.getbuffer()))}
    tracemalloc.start()
    try:
        answer = send(world, None, input_stream=stream, environ_overrides=length)
        return answer, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


FLOODS = {
    "a head of one line": lambda: OPENING + b"X-Long: " + b"x" * FLOOD,
    "a head of many lines": lambda: OPENING + b"a\r" * (FLOOD // 2),
    "a second head": lambda: WHOLE[:-TAIL] + OPENING + b"a\r" * (FLOOD // 2),
    "what precedes the parts": lambda: b"x" * FLOOD + b"\r\n" + WHOLE,
    "line breaks before the parts": lambda: b"\r\n" * (FLOOD // 2) + WHOLE,
}


@pytest.mark.parametrize("made", FLOODS.values(), ids=FLOODS)
def test_what_is_no_content_is_not_gathered_but_refused(shared: World, made: Callable[[], bytes]):
    stream = io.BytesIO(made())
    answer, most = send_measured(shared, stream)
    demand_problem(answer, 400, "malformed", [])
    assert most < 4 * MIB
    assert stream.tell() < MIB  # it was not read to its end first


def test_what_follows_the_end_is_passed_over_and_not_gathered(world: World):
    world.procedure()
    stream = io.BytesIO(WHOLE + b"x" * FLOOD)
    answer, most = send_measured(world, stream)
    assert answer.status_code == 201
    assert most < 4 * MIB
    assert stream.read() == b""
    assert count(world) == 1


def test_a_head_and_what_precedes_the_parts_may_be_as_long_as_they_are_in_earnest(world: World):
    world.procedure()
    long_head = part('name="cv"; filename="cv.pdf"', PDF, "application/pdf; x=" + "y" * 8 * KIB)
    body = b"x" * 8 * KIB + b"\r\n" + joined(json_part(submission()), long_head)
    assert send(world, body).status_code == 201


CONTROLS_IN_NAMES = {
    "a NUL": 'filename="cv\x00.pdf"',
    "an escape": 'filename="cv\x1b[31m.pdf"',
    "a tab": 'filename="cv\t.pdf"',
    "a DEL": 'filename="cv\x7f.pdf"',
    "an encoded NUL": "filename*=utf-8''%00%0d%0a.pdf",
    "an encoded line feed": "filename*=utf-8''cv%0A.pdf",
    "an encoded carriage return": "filename*=utf-8''cv%0D.pdf",
    "an encoded line feed at the end": "filename*=utf-8''cv.pdf%0A",
    "an encoded next line": "filename*=utf-8''cv%C2%85.pdf",
    "one behind very many characters": f'filename="{"x" * 5000}\x1b"',
}


@pytest.mark.parametrize("name", CONTROLS_IN_NAMES.values(), ids=CONTROLS_IN_NAMES)
def test_a_control_character_in_the_name_of_a_file_is_422_at_its_place(shared: World, name: str):
    named = part(f'name="letter"; {name}', PDF)
    answer = send(shared, joined(json_part(submission()), file_part(PDF), named))
    faults = [("/parts/letter/1/name", "forbidden-character")]
    demand_problem(answer, 422, "invalid", faults)


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_a_name_that_is_broken_by_the_end_of_its_line_is_no_name(shared: World, end: str):
    named = part(f'name="cv"; filename="cv{end}.pdf"', PDF)
    answer = send(shared, joined(json_part(submission()), named))
    demand_problem(answer, 422, "invalid", [("/parts/1", "unknown")])


def test_the_json_part_may_be_sent_as_a_file_or_as_a_field(world: World):
    world.procedure()
    content = json_part(submission()).partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")
    as_file = part('name="application"; filename="a.json"', content, "application/json")
    assert send(world, joined(as_file)).status_code == 201
    assert send(world, joined(part('name="application"', content))).status_code == 201
    assert send(world, joined(file_part(PDF), json_part(content))).status_code == 201
    assert count(world) == 3


def test_one_bad_file_of_two_makes_nothing(world: World):
    world.procedure()
    body = joined(json_part(submission()), file_part(PDF), file_part(b"MZ\x90", "letter"))
    faults = [("/parts/letter/1", "not-an-accepted-kind-of-file")]
    demand_problem(send(world, body), 422, "invalid", faults)
    assert count(world) == 0


def test_adding_documents_takes_exactly_one_file(shared: World):
    path = f"/applications/{shared.apply()}/documents"
    for body in (joined(), joined(file_part(PDF), file_part(PDF))):
        answer = shared.post(path, "website", data=body, content_type=CONTENT_TYPE)
        demand_problem(answer, 422, "invalid", [("/parts", "one-file")])


def identity(content: bytes, **headers: str) -> bytes:
    """What tells a body of this one file from any other."""
    sent = {"data": joined(file_part(content)), "content_type": CONTENT_TYPE, "headers": headers}
    environ = EnvironBuilder(method="POST", **sent).get_environ()
    with closing(read_multipart(Request(environ), load_settings({}), None)) as body:
        return body.identity


def test_a_body_is_told_from_any_other_only_where_it_may_come_again():
    may_come_again = {"Idempotency-Key": "k"}
    assert identity(PDF) == identity(PDF + b".") == b""
    assert identity(PDF, **may_come_again) == identity(PDF, **may_come_again)
    assert identity(PDF, **may_come_again) != identity(PDF + b".", **may_come_again)
