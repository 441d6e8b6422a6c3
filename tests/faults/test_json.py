"""Bodies that are no good JSON, or hold what no text may hold."""

import gzip
import json
from collections import Counter

import pytest
from werkzeug.test import TestResponse

from service.domain.catalogue import FIELDS
from service.domain.errors import Fault, Invalid
from service.domain.shapes import Many
from service.web.schemas import FieldsPatch, load
from service.web.strict_json import demand_allowed_characters
from tests.factories import FieldsFactory
from tests.faults.places import PLACES, Place, named
from tests.faults.problems import SECRET, demand_problem
from tests.faults.wire import CONTENT_TYPE, file_part, joined, json_part
from tests.world import World

DEEPEST = 32
MOST_FAULTS = 100
NO_OBJECT = [("", "wrong-type"), ("/procedure_reference", "reference-or-kind-open")]


def send(world: World, body: bytes, content_type: str = "application/json") -> TestResponse:
    return world.post("/applications", "website", data=body, content_type=content_type)


def submission(**fields: object) -> dict[str, object]:
    return {"procedure_reference": "V-1", "fields": {**FieldsFactory(), **fields}}


def outcomes(world: World) -> Counter[str]:
    """What the audit says of the website's attempts."""
    found: Counter[str] = Counter()
    path = "/audit-events?subject=website&limit=100"
    page = {"next": ""}
    while page["next"] is not None:
        after = f"&cursor={page['next']}" if page["next"] else ""
        page = world.get(path + after, "officer").json
        found.update(event["outcome"] for event in page["items"])
    return found


MALFORMED = {
    "nothing": b"",
    "spaces": b"   ",
    "an open object": b'{"fields":',
    "an open string": b'{"name": "' + SECRET.encode(),
    "words": SECRET.encode(),
    "single quotes": f"{{'name': '{SECRET}'}}".encode(),
    "a trailing comma": f'{{"name": "{SECRET}",}}'.encode(),
    "two values": f'{{}} {{"name": "{SECRET}"}}'.encode(),
    "a comment": f"{{}} // {SECRET}".encode(),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a raw line break in a string": f'{{"name": "{SECRET}\n"}}'.encode(),
    "a raw NUL in a string": f'{{"name": "{SECRET}\x00"}}'.encode(),
    "a raw NUL behind it": b"{}\x00",
    "a bad escape": f'{{"name": "{SECRET}\\x41"}}'.encode(),
    "half an escape": f'{{"name": "{SECRET}\\u00"}}'.encode(),
    "a leading zero": b'{"age": 012}',
    "a plus": b'{"age": +12}',
    "a bare fraction": b'{"age": .5}',
    "hexadecimal": b'{"age": 0x10}',
    "NaN": b'{"age": NaN}',
    "Infinity": b'{"age": Infinity}',
    "minus Infinity": b'{"age": -Infinity}',
    "1e999": b'{"age": 1e999}',
    "minus 1e999": b'{"age": -1e999}',
    "endless digits and a fraction": b'{"age": ' + b"9" * 100_000 + b".5}",
    "the same key twice": f'{{"name": 1, "name": "{SECRET}"}}'.encode(),
    "the same key twice, once escaped": rb'{"name": 1, "na\u006de": 2}',
    "the same key twice, nested": b'{"fields": {"address": {"city": "a", "city": "b"}}}',
    "the same key twice, in a list": b'{"fields": {"references": [{"name": "a", "name": "a"}]}}',
    "UTF-16": json.dumps({"name": SECRET}).encode("utf-16"),
    "UTF-16 without a mark": json.dumps({"name": SECRET}).encode("utf-16-le"),
    "UTF-32": json.dumps({"name": SECRET}).encode("utf-32"),
    "Latin-1": '{"name": "Zoë"}'.encode("latin-1"),
    "an overlong slash": b'{"name": "\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"name": "\xed\xa0\x80"}',
    "beyond Unicode": b'{"name": "\xf4\x90\x80\x80"}',
    "a cut character": b'{"name": "\xe2\x82',
    "a hundred thousand [": b"[" * 100_000,
    "a hundred thousand objects": b'{"a":' * 100_000,
    "a hundred thousand [ behind an open string": b'"' + b"[" * 100_000,
    "a string that never ends": b'"' + b'\\"' * 60_000,
    "one level too deep": b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1),
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_what_is_not_one_json_value_is_400(shared: World, body: bytes):
    demand_problem(send(shared, body), 400, "malformed", [])


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"", "line 1, column 1"),
        (b"{broken", "line 1, column 2"),
        (b'{"fields": {},\n "kind": }', "line 2, column 10"),
    ],
)
def test_it_is_said_from_where_on_it_is_none(shared: World, body: bytes, place: str):
    assert send(shared, body).json["detail"] == f"It is not JSON, from {place} on."


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_and_so_it_is_as_the_json_part_of_a_multipart_body(shared: World, body: bytes):
    sent = joined(json_part(body), file_part(b"%PDF-1.7"))
    demand_problem(
        send(shared, sent, CONTENT_TYPE), 400, "malformed", [("/parts/application", "not-json")]
    )


def test_the_deepest_nesting_that_is_read_is_refused_for_what_it_is(shared: World):
    deepest = b"[" * DEEPEST + b"]" * DEEPEST
    demand_problem(send(shared, deepest), 422, "invalid", NO_OBJECT)


@pytest.mark.parametrize(
    "text", ["[" * 1000, "{" * 1000, '\\"[{' * 300, "\\" * 999 + "[", "]}]}" * 300]
)
def test_brackets_inside_a_text_are_text(shared: World, text: str):
    sent = json.dumps(submission(motivation=text)).encode()
    assert send(shared, sent).status_code == 201


@pytest.mark.parametrize("value", [None, True, False, 1, 1.5, SECRET, [], [SECRET], [{}]], ids=repr)
def test_a_top_level_that_is_no_object_is_422(shared: World, value: object):
    answer = send(shared, json.dumps(value).encode())
    demand_problem(answer, 422, "invalid", NO_OBJECT)


FORBIDDEN = [
    *(f"\\u00{code:02x}" for code in (0, 1, 7, 8, 0xB, 0xC, 0xE, 0x1B, 0x1F)),
    *(f"\\u00{code:02x}" for code in (0x7F, 0x80, 0x85, 0x9B, 0x9F)),
    "\\ud800",
    "\\udfff",
    "\\udc00\\ud800",
    "x\\ud83dx",
]


@pytest.mark.parametrize("escape", FORBIDDEN)
def test_a_control_or_lone_surrogate_is_422_at_its_place(shared: World, escape: str):
    bad = f'"{SECRET}{escape}"'
    sent = (
        '{"procedure_reference": "V-1", "fields": {"name": "A", "email": "a@example.org",'
        f' "references": [{{"name": "B"}}, {{"statement": {bad}}}], "motivation": {bad}}}}}'
    )
    places = ["/fields/motivation", "/fields/references/1/statement"]
    faults = [(place, "forbidden-character") for place in places]
    demand_problem(send(shared, sent.encode()), 422, "invalid", faults)


@pytest.mark.parametrize("escape", FORBIDDEN)
def test_in_a_key_it_is_422_at_the_object_around_it(shared: World, escape: str):
    sent = f'{{"fields": {{"address": {{"{SECRET}{escape}": "x"}}}}}}'.encode()
    faults = [("/fields/address", "forbidden-character")]
    demand_problem(send(shared, sent), 422, "invalid", faults)


@pytest.mark.parametrize("text", ["\\ud83d\\ude00", "a\\tb\\r\\nc\\nd", "a\\u00a0", "\\ufffe"])
def test_pairs_of_surrogates_tabs_and_line_breaks_are_text(shared: World, text: str):
    plain = json.dumps(submission())
    sent = plain.replace('"fields": {', f'"fields": {{"motivation": "{text}", ', 1)
    assert send(shared, sent.encode()).status_code == 201


@pytest.mark.parametrize("number", ["5.0", "5e0", "0.5", "1e308", "true", "false", '"36"', "[36]"])
def test_a_whole_number_is_written_as_one(shared: World, number: str):
    sent = json.dumps(submission(availability={"hours_per_week": "HERE"}))
    answer = send(shared, sent.replace('"HERE"', number).encode())
    faults = [("/fields/availability/hours_per_week", "wrong-type")]
    demand_problem(answer, 422, "invalid", faults)


@pytest.mark.parametrize(
    "number", ["0", "61", "-1", "-0", str(2**63), "9" * 5000, "-" + "9" * 5000]
)
def test_a_number_out_of_range_is_422_however_large(shared: World, number: str):
    sent = json.dumps(submission(availability={"hours_per_week": "HERE"}))
    answer = send(shared, sent.replace('"HERE"', number).encode())
    faults = [("/fields/availability/hours_per_week", "out-of-range")]
    demand_problem(answer, 422, "invalid", faults)


CONTENT_TYPES = [
    "",
    "text/plain",
    "text/json",
    "application/x-www-form-urlencoded",
    "application/xml",
    "application/octet-stream",
    "application/jsonx",
    "application/json; charset=utf-16",
    "application/json; charset=iso-8859-1",
    "application/json; charset=nonsense",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/mixed; boundary=x",
    f"{SECRET}/{SECRET}",
    ";;;",
]


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_a_body_of_another_or_no_type_is_415(shared: World, content_type: str):
    sent = json.dumps(submission()).encode()
    answer = send(shared, sent, content_type)
    demand_problem(answer, 415, "unsupported-media-type", [])


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON; charset=UTF-8", 'application/json; charset="utf-8"'],
)
def test_json_in_utf_8_may_say_so(shared: World, content_type: str):
    sent = json.dumps(submission(name="Zoë Şahin"), ensure_ascii=False).encode()
    assert send(shared, sent, content_type).status_code == 201


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "deflate", "br", "zstd", "gzip, identity"])
@pytest.mark.parametrize("content_type", ["application/json", CONTENT_TYPE])
def test_a_compressed_body_is_415(shared: World, coding: str, content_type: str):
    answer = shared.post(
        "/applications",
        "website",
        data=gzip.compress(json.dumps(submission()).encode()),
        content_type=content_type,
        headers={"Content-Encoding": coding},
    )
    demand_problem(answer, 415, "unsupported-media-type", [])


def test_a_compressed_body_that_does_not_say_so_is_400(shared: World):
    sent = gzip.compress(json.dumps(submission()).encode())
    demand_problem(send(shared, sent), 400, "malformed", [])


@pytest.mark.parametrize("name", ["purge_on", "role", "procedure_id", "id", "status", "hold_until"])
def test_what_the_service_decides_can_not_be_sent(shared: World, name: str):
    answer = send(shared, json.dumps({**submission(), name: SECRET}).encode())
    demand_problem(answer, 422, "invalid", [(f"/{name}", "unknown-property")])


@pytest.mark.parametrize("name", sorted({f for f in FIELDS if FIELDS[f].company} | {"password"}))
def test_what_an_applicant_does_not_supply_can_not_be_sent(shared: World, name: str):
    answer = send(shared, json.dumps(submission(**{name: SECRET})).encode())
    demand_problem(answer, 422, "invalid", [(f"/fields/{name}", "unknown-property")])


@pytest.mark.parametrize("name", [f"{SECRET} ", "", "a/b", "a~b", f"<{SECRET}>", "é", SECRET * 9])
def test_an_unknown_name_that_could_be_a_value_is_not_repeated(shared: World, name: str):
    answer = send(shared, json.dumps(submission(**{name: 1})).encode())
    demand_problem(answer, 422, "invalid", [("/fields", "unknown-property")])


def test_all_faults_are_named_at_once(shared: World):
    sent = {
        "procedure_reference": "V-1",
        "role": "admin",
        "fields": {"email": SECRET, "gender": SECRET, "birth_date": SECRET, "address": {"x": 1}},
    }
    faults = [
        ("/role", "unknown-property"),
        ("/fields/email", "not-an-email-address"),
        ("/fields/gender", "not-a-choice"),
        ("/fields/birth_date", "not-a-date"),
        ("/fields/address/x", "unknown-property"),
    ]
    demand_problem(send(shared, json.dumps(sent).encode()), 422, "invalid", faults)


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({}, [("/fields/name", "required"), ("/fields", "way-of-contact-required")]),
        ({"name": "A"}, [("/fields", "way-of-contact-required")]),
        ({"name": "A", "other_contact": []}, [("/fields", "way-of-contact-required")]),
        ({"email": "a@example.org"}, [("/fields/name", "required")]),
        (
            {"name": "A", "phone": "0592 123456", "age": 30, "birth_date": "1996-01-01"},
            [("/fields/age", "birth-date-says-it")],
        ),
        (
            {"name": "A", "phone": "0592 123456", "birth_date": "2026-11-23"},
            [("/fields/birth_date", "out-of-range")],
        ),
    ],
)
def test_what_is_missing_or_too_much_is_named(
    shared: World, fields: dict[str, object], faults: list[tuple[str, str]]
):
    sent = {"procedure_reference": "V-1", "fields": fields}
    demand_problem(send(shared, json.dumps(sent).encode()), 422, "invalid", faults)


@pytest.mark.parametrize(
    ("target", "pointer"),
    [
        ({}, "/procedure_reference"),
        ({"procedure_reference": "V-1", "kind": "open"}, "/procedure_reference"),
    ],
)
def test_an_application_is_for_a_vacancy_or_open(
    shared: World, target: dict[str, str], pointer: str
):
    sent = {**target, "fields": FieldsFactory()}
    answer = send(shared, json.dumps(sent).encode())
    demand_problem(answer, 422, "invalid", [(pointer, "reference-or-kind-open")])


class Watched(list):
    """A list that counts how many of its entries are looked at."""

    opened = 0

    def __iter__(self):
        for entry in super().__iter__():
            self.opened += 1
            yield entry


LISTS = [place for place in PLACES if isinstance(place.shape, Many)]


@pytest.mark.parametrize("place", LISTS, ids=named)
@pytest.mark.parametrize("entry", [0, {}, {"purge_on": SECRET}], ids=repr)
def test_a_list_that_is_too_long_is_refused_before_an_entry_is_looked_at(
    place: Place, entry: object
):
    entries = Watched([entry] * (place.shape.limit + 1))
    with pytest.raises(Invalid) as refused:
        load(FieldsPatch, place.holding(entries), "/fields")
    assert refused.value.faults == (Fault(place.pointer, "too-many"),)
    assert entries.opened == 0


def test_forbidden_characters_are_looked_for_until_there_are_faults_enough():
    texts = Watched(["\x01"] * 110_000)
    with pytest.raises(Invalid) as refused:
        demand_allowed_characters(texts)
    assert len(refused.value.faults) == MOST_FAULTS
    assert texts.opened == MOST_FAULTS


def members(count: int, value: str, before: str = "") -> str:
    """An object of so many members, all of one value and with other names."""
    return "{" + ",".join(f'"{before}{n:x}":{value}' for n in range(count)) + "}"


MANY_FAULTS = {
    "unknown properties": (members(90_000, "0"), "unknown-property"),
    "unknown properties of an entry": (
        f'{{"fields": {{"address": {members(90_000, "0")}}}}}',
        "unknown-property",
    ),
    "unknown properties of fifty entries": (
        f'{{"fields": {{"trainings": [{",".join([members(1_900, "0")] * 50)}]}}}}',
        "unknown-property",
    ),
    "controls in texts": ("[" + ",".join(['"\\u0001"'] * 110_000) + "]", "forbidden-character"),
    "controls in names": (members(60_000, "0", "\\u0001"), "forbidden-character"),
}


@pytest.mark.parametrize(("body", "code"), MANY_FAULTS.values(), ids=MANY_FAULTS)
def test_a_small_body_of_very_many_faults_gets_a_small_answer(shared: World, body: str, code: str):
    answer = send(shared, body.encode())
    demand_problem(answer, 422, "invalid")
    assert code in {fault["code"] for fault in answer.json["errors"]}
    assert len(answer.json["errors"]) == MOST_FAULTS


@pytest.mark.parametrize(
    ("body", "content_type", "outcome"),
    [
        (b"{", "application/json", "malformed"),
        (b"[]", "application/json", "invalid"),
        (b"{}", "text/plain", "unsupported-media-type"),
        (b'"' + b"x" * 1024 * 1024 + b'"', "application/json", "too-large"),
    ],
)
def test_an_attempt_with_a_bad_body_is_audited(
    shared: World, body: bytes, content_type: str, outcome: str
):
    before = outcomes(shared)
    send(shared, body, content_type)
    assert outcomes(shared) - before == Counter([outcome])
