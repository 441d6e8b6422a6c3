"""A resume with an application: as a property or a part, and what is refused of it."""

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from werkzeug.test import TestResponse

from service.domain.json_resume import to_fields, to_resume
from service.web import schemas
from tests.factories import PDF, FieldsFactory, FullFieldsFactory
from tests.faults.problems import SECRET, demand_problem
from tests.faults.wire import CONTENT_TYPE, file_part, joined, json_part, part
from tests.harness.databases import Databases
from tests.resumes import foreign_resumes, own_fields
from tests.world import World

BSN = "111222333"
REFERENCE = {"procedure_reference": "V-1"}
RESUME: dict[str, Any] = {
    "basics": {
        "name": "Sanne de Vries",
        "email": "sanne@example.org",
        "image": "https://sanne.example.org/foto.png",
        "location": {"city": "Assen", "countryCode": "NL"},
    },
    "work": [{"name": "Voorbeeld B.V.", "position": "Tester", "startDate": "2016-10-01"}],
    "languages": [{"language": "Fries", "fluency": "Moedertaal"}],
}
FIELDS = {
    "name": "Sanne de Vries",
    "email": "sanne@example.org",
    "address": {"city": "Assen", "country": "NL"},
    "work_experience": [
        {"organisation": "Voorbeeld B.V.", "position": "Tester", "started": "2016-10-01"}
    ],
    "other": "Languages\n- Language: Fries; Fluency: Moedertaal",
}


def as_property(world: World, resume: object, **more: object) -> TestResponse:
    body = json.dumps({**REFERENCE, "resume": resume, **more}).encode()
    return world.post("/applications", "website", data=body, content_type="application/json")


def as_part(world: World, resume: object, *more: bytes, **options: Any) -> TestResponse:
    sent = resume if isinstance(resume, bytes) else json.dumps(resume).encode()
    body = joined(json_part(REFERENCE), json_part(sent, "resume"), *more)
    return world.post("/applications", "website", data=body, content_type=CONTENT_TYPE, **options)


WAYS = pytest.mark.parametrize("send", [as_property, as_part])


def demand_read(world: World, made: TestResponse, fields: dict[str, object]) -> None:
    """It was taken in, and the officer reads exactly these fields."""
    assert made.status_code == 201, made.text
    path = f"/applications/{UUID(made.json['id'])}?purpose=supervision"
    assert world.get(path, "officer").json["fields"] == fields


@WAYS
def test_what_a_resume_says_is_read_in_the_fields_and_its_photo_nowhere(world: World, send):
    world.procedure()
    demand_read(world, send(world, RESUME), FIELDS)


def test_a_resume_comes_with_files(world: World):
    world.procedure()
    made = as_part(world, RESUME, file_part(PDF))
    demand_read(world, made, FIELDS)
    path = f"/applications/{made.json['id']}/documents?purpose=supervision"
    assert [one["kind"] for one in world.get(path, "officer").json] == ["cv"]


def test_fields_that_are_sent_win_over_the_resume_one_by_one(world: World):
    world.procedure()
    sent = {"name": "Sanne Bakker", "address": {"city": "Emmen"}, "motivation": "Graag."}
    demand_read(world, as_property(world, RESUME, fields=sent), {**FIELDS, **sent})


def test_what_went_out_comes_in_again(world: World):
    world.procedure()
    fields = {name: value for name, value in FullFieldsFactory().items() if name != "references"}
    demand_read(world, as_property(world, to_resume(fields)), fields)


@WAYS
def test_a_resume_is_repeated_safely_and_another_under_the_same_key_is_refused(world: World, send):
    world.procedure()
    first = send(world, RESUME)
    body = joined(json_part(REFERENCE), json_part(RESUME, "resume"))
    another = joined(json_part(REFERENCE), json_part({**RESUME, "skills": []}, "resume"))
    assert first.status_code == 201
    answers = [
        world.post("/applications", "website", data=sent, content_type=CONTENT_TYPE, key="once")
        for sent in (body, body, another)
    ]
    assert answers[0].json["id"] == answers[1].json["id"] != first.json["id"]
    demand_problem(answers[2], 422, "idempotency-key-reused")


REFUSED = {
    "nothing": ({}, [("/fields/name", "required"), ("/fields", "way-of-contact-required")]),
    "a name only": ({"basics": {"name": "S"}}, [("/fields", "way-of-contact-required")]),
    "no e-mail address": (
        {"basics": {"name": "S", "email": f"{SECRET}@x"}},
        [("/fields/email", "not-an-email-address")],
    ),
    "another type": (
        {"basics": {"name": [SECRET]}, "work": {SECRET: SECRET}},
        [("/resume/basics/name", "wrong-type"), ("/resume/work", "wrong-type")],
    ),
    "too much": ({**RESUME, SECRET: "x" * 20_000}, [("/resume", "resume-too-long")]),
    "a BSN in its place": (
        {**RESUME, "basics": {**RESUME["basics"], "summary": BSN}},
        [("/fields/other", "looks-like-bsn")],
    ),
    "a BSN among what is told": (
        {**RESUME, "awards": [{"title": f"{SECRET} {BSN}"}]},
        [("/fields/other", "looks-like-bsn")],
    ),
    "a BSN in a label": ({**RESUME, BSN: {BSN: True}}, [("/fields/other", "looks-like-bsn")]),
    "a BSN in an entry": (
        {**RESUME, "work": [{"highlights": [BSN]}]},
        [("/fields/work_experience/0/description", "looks-like-bsn")],
    ),
    "a BSN apart": (
        {**RESUME, "meta": {"kluis": {"nationality": BSN}}},
        [("/fields/nationality", "looks-like-bsn")],
    ),
    "a bad value apart": (
        {**RESUME, "meta": {"kluis": {"gender": SECRET, "age": "32", "availability": {}}}},
        [
            ("/fields/gender", "not-a-choice"),
            ("/fields/age", "wrong-type"),
            ("/fields/availability", "empty-entry"),
        ],
    ),
    "an unknown member apart": (
        {**RESUME, "meta": {"kluis": {"work_experience": [{"salary": SECRET}]}}},
        [("/fields/work_experience/0/salary", "unknown-property")],
    ),
    "a field of the company apart": (
        {**RESUME, "meta": {"kluis": {"notes": [{"text": SECRET}]}}},
        [("/resume/meta/kluis", "unknown-property")],
    ),
    "an age beside a birth date": (
        {**RESUME, "meta": {"kluis": {"age": 32, "birth_date": "1994-02-28"}}},
        [("/fields/age", "birth-date-says-it")],
    ),
    "a control character": (
        {**RESUME, "skills": [{"name": f"{SECRET}\x00"}]},
        [("/resume/skills/0/name", "forbidden-character")],
    ),
}


@WAYS
@pytest.mark.parametrize(("resume", "faults"), REFUSED.values(), ids=REFUSED)
def test_a_resume_is_refused_at_the_place_that_is_wrong(shared: World, send, resume, faults):
    demand_problem(send(shared, resume), 422, "invalid", faults)


@WAYS
@pytest.mark.parametrize("value", [SECRET, 5, True, [RESUME], None], ids=repr)
def test_a_resume_is_an_object(shared: World, send, value):
    code = "null" if value is None else "wrong-type"
    faults = [("/fields", "required"), ("/resume", code)]
    demand_problem(send(shared, value), 422, "invalid", faults)


@pytest.mark.parametrize("fields", [SECRET, [], None], ids=repr)
def test_fields_beside_a_resume_are_an_object(shared: World, fields):
    code = "null" if fields is None else "wrong-type"
    answer = as_property(shared, RESUME, fields=fields)
    demand_problem(answer, 422, "invalid", [("/fields", code)])


MALFORMED = {
    "no JSON": SECRET.encode(),
    "the same key twice": b'{"basics": {}, "basics": {}}',
    "too deep": b'{"a":' * 33 + b"1" + b"}" * 33,
    "not UTF-8": b'{"a": "\xff"}',
    "NaN": b'{"a": NaN}',
    "nothing": b"",
}


@pytest.mark.parametrize("resume", MALFORMED.values(), ids=MALFORMED)
def test_a_part_that_is_not_one_json_value_is_400(shared: World, resume: bytes):
    faults = [("/parts/resume", "not-json")]
    demand_problem(as_part(shared, resume), 400, "malformed", faults)


def test_who_sends_a_file_as_the_part_resume_is_told_where_files_go(shared: World):
    answer = as_part(shared, PDF)
    demand_problem(answer, 400, "malformed", [("/parts/resume", "not-json")])
    assert answer.json["detail"].startswith("Part resume is to be JSON;")
    assert "cv, letter, certificate, other" in answer.json["detail"]


def test_a_resume_as_property_and_as_part_is_refused(shared: World):
    body = joined(json_part({**REFERENCE, "resume": RESUME}), json_part(RESUME, "resume"))
    answer = shared.post("/applications", "website", data=body, content_type=CONTENT_TYPE)
    demand_problem(answer, 422, "invalid", [("/parts/resume", "twice")])


def test_two_parts_with_a_resume_are_refused(shared: World):
    demand_problem(as_part(shared, RESUME, json_part(RESUME, "resume")), 400, "malformed", [])


def test_a_resume_does_not_stand_for_the_application_part(shared: World):
    body = joined(json_part(RESUME, "resume"))
    answer = shared.post("/applications", "website", data=body, content_type=CONTENT_TYPE)
    demand_problem(answer, 422, "invalid", [("/parts/application", "required")])


def test_an_application_part_that_is_no_object_is_refused_with_a_resume_beside_it(shared: World):
    body = joined(json_part(b"[]"), json_part(RESUME, "resume"))
    answer = shared.post("/applications", "website", data=body, content_type=CONTENT_TYPE)
    faults = [("", "wrong-type"), ("/procedure_reference", "reference-or-kind-open")]
    demand_problem(answer, 422, "invalid", faults)


def test_a_resume_has_no_place_among_documents(shared: World):
    path = f"/applications/{shared.apply()}/documents"
    body = joined(file_part(PDF), json_part(RESUME, "resume"))
    answer = shared.post(path, "website", data=body, content_type=CONTENT_TYPE)
    demand_problem(answer, 422, "invalid", [("/parts/1", "unknown")])


def test_the_part_may_be_sent_as_a_file_or_as_a_field_before_or_after(shared: World):
    content = json.dumps(RESUME).encode()
    as_file = part('name="resume"; filename="resume.json"', content, "application/json")
    for parts in ([as_file, json_part(REFERENCE)], [json_part(REFERENCE), as_file]):
        body = joined(*parts)
        made = shared.post("/applications", "website", data=body, content_type=CONTENT_TYPE)
        demand_read(shared, made, FIELDS)


@pytest.fixture(scope="module")
def small(databases: Databases, tmp_path_factory: pytest.TempPathFactory):
    """A world that takes little JSON."""
    url = databases.fresh("sqlite")
    world = World.make(url, tmp_path_factory.mktemp("small"), {"KLUIS_MAX_JSON_KB": "16"})
    world.procedure()
    yield world
    world.close()
    databases.drop(url)


@pytest.mark.parametrize(("over", "status"), [(0, 201), (1, 413)])
def test_a_part_may_be_as_large_as_json_may_be_and_no_byte_larger(small: World, over, status):
    content = json.dumps(RESUME).encode().ljust(16 * 1024 + over)
    assert as_part(small, content).status_code == status


@settings(max_examples=60)
@given(resume=foreign_resumes)
def test_what_any_resume_says_is_taken_as_fields(resume):
    schemas.load(schemas.SuppliedFields, to_fields({**resume, "basics": {}}))


@settings(max_examples=60)
@given(resume=foreign_resumes)
def test_any_resume_is_answered(shared: World, resume):
    answer = as_property(shared, resume, fields=FieldsFactory())
    assert answer.status_code in (201, 422), answer.text


@settings(max_examples=60)
@given(fields=own_fields)
def test_the_fields_that_the_tests_send_out_are_such_as_are_taken_in(fields):
    schemas.load(schemas.SuppliedFields, fields)
