"""Laws: whatever is sent, no answer is a defect, and every refusal is a problem."""

import json

from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from service.domain.catalogue import FIELDS
from tests.factories import PDF
from tests.faults.places import PLACES
from tests.faults.wire import BOUNDARY, CONTENT_TYPE, json_part, part
from tests.world import World

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["", "111222333", "2026-11-22", "a@example.org", "+31612345678", "female"])
)
NAMES = st.sampled_from(sorted({str(step) for place in PLACES for step in place.way} | {*FIELDS}))
ANY_JSON = st.recursive(
    SCALARS,
    lambda below: st.lists(below) | st.dictionaries(NAMES | st.text(), below),
    max_leaves=12,
)
SUBMISSIONS = st.fixed_dictionaries(
    {"fields": st.dictionaries(st.sampled_from(sorted(FIELDS)), ANY_JSON)},
    optional={
        "procedure_reference": st.just("V-1") | ANY_JSON,
        "kind": st.just("open") | ANY_JSON,
        "channel": st.just("website") | ANY_JSON,
        "consent": ANY_JSON,
        "statement_version": ANY_JSON,
    },
)
# Header values as they can come over the wire.
HEADERS = st.text(
    st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=80
)


def demand_an_answer(answer: TestResponse) -> None:
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.mimetype == "application/problem+json"
        assert answer.json["status"] == answer.status_code


def send(world: World, body: object) -> None:
    sent = json.dumps(body).encode()
    demand_an_answer(
        world.post("/applications", "website", data=sent, content_type="application/json")
    )


@settings(max_examples=100)
@given(body=ANY_JSON | SUBMISSIONS)
@example(body={"fields": {"email": "a@\ud800.org"}})
def test_any_json_for_an_application_is_answered(shared: World, body: object):
    send(shared, body)


@settings(max_examples=100)
@given(body=ANY_JSON | st.fixed_dictionaries({"fields": st.dictionaries(NAMES, ANY_JSON)}))
def test_any_patch_of_an_application_is_answered(shared: World, body: object):
    path = f"/applications/{shared.apply()}"
    demand_an_answer(shared.patch(path, "officer", version=1, json=body))


@settings(max_examples=60)
@given(body=ANY_JSON)
def test_any_json_at_any_other_door_is_answered(shared: World, body: object):
    for path, role in OTHERS:
        demand_an_answer(shared.post(path, role, json=body))


OTHERS = [
    ("/procedures", "admin"),
    ("/tokens", "admin"),
    ("/consent-wordings", "officer"),
    ("/purge-runs", "officer"),
]


@settings(max_examples=100)
@given(body=st.binary(max_size=300))
@example(body=b"[" * 100_000)
def test_any_bytes_as_json_are_answered(shared: World, body: bytes):
    demand_an_answer(
        shared.post("/applications", "website", data=body, content_type="application/json")
    )


PIECES = st.sampled_from(
    [
        b"\r\n",
        b"--",
        f"--{BOUNDARY}".encode(),
        f"--{BOUNDARY}\r\n".encode(),
        f"--{BOUNDARY}--\r\n".encode(),
        b'Content-Disposition: form-data; name="cv"; filename="a.pdf"\r\n\r\n',
        b'Content-Disposition: form-data; name="application"\r\n\r\n',
        b"Content-Disposition: form-data; filename*=x'y'z",
        PDF,
        json_part({"procedure_reference": "V-1", "fields": {}}),
        part('name="letter"; filename=""', PDF),
    ]
)


@settings(max_examples=100)
@given(pieces=st.lists(PIECES | st.binary(max_size=20), max_size=9))
def test_any_bytes_as_multipart_are_answered(shared: World, pieces: list[bytes]):
    body = b"".join(pieces)
    demand_an_answer(shared.post("/applications", "website", data=body, content_type=CONTENT_TYPE))


@settings(max_examples=100)
@given(
    name=st.sampled_from(
        [
            "If-Match",
            "Idempotency-Key",
            "X-Request-Id",
            "Content-Type",
            "Content-Encoding",
            "Authorization",
            "Accept",
            "Cookie",
            "Range",
            "If-None-Match",
            "Expect",
            "Host",
        ]
    ),
    value=HEADERS,
)
def test_any_header_is_answered(shared: World, name: str, value: str):
    path = f"/applications/{ABSENT}"
    headers = {"Authorization": f"Bearer {shared.token('officer')}", name: value}
    client = shared.app.test_client()
    demand_an_answer(client.patch(f"/v1{path}", headers=headers, data=b"{}"))
    demand_an_answer(client.post(f"/v1{path}/holds", headers=headers, json={}))


ABSENT = "019a0000-0000-7000-8000-000000000000"


@settings(max_examples=50)
@given(raw=st.binary(max_size=60))
def test_any_query_and_any_path_are_answered(shared: World, raw: bytes):
    quoted = "".join(f"%{byte:02x}" for byte in raw)
    for path in (f"/audit-events?{quoted}=1&subject={quoted}", f"/procedures?reference={quoted}",
                 f"/applications/{quoted}", f"/procedures/{ABSENT}/team/{quoted}"):  # fmt: skip
        demand_an_answer(shared.get(path, "admin"))
        demand_an_answer(shared.get(path, "officer"))
