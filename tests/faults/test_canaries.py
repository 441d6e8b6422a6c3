"""Canaries: what is sent through any door or error is in no log, file, dump, error or metric."""

import contextlib
import json
import subprocess
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import make_url, text

from service.domain.policy import TOKEN_ROLES
from service.domain.shapes import Email, Phone, Text
from service.web.doors import DOORS, Door
from tests.factories import PDF, PNG
from tests.faults.canaries import Canaries
from tests.faults.damage import behind, damage_key, put_seal
from tests.faults.places import PLACES, Place
from tests.faults.problems import demand_problem
from tests.faults.served import Answer, Served, served, whole
from tests.faults.test_database import refusing
from tests.faults.wire import BOUNDARY, CONTENT_TYPE, joined, json_part, part
from tests.harness.databases import Databases
from tests.harness.postgres import binary, libpq_url
from tests.world import World

JSON = "application/json"


@dataclass
class Flown:
    """A service through which canaries were sent, and all that it answered."""

    running: Served
    canaries: Canaries
    refused: list[Answer] = field(default_factory=list)
    receipts: list[Answer] = field(default_factory=list)
    application_id: str = ""

    def send(
        self, method: str, path: str, role: str | None, body: bytes | None = None, **headers: object
    ) -> Answer:
        answer = self.running.call(method, f"/v1{path}", role, body, **headers)
        if answer.status >= 400:
            self.refused.append(answer)
        elif method != "GET":
            self.receipts.append(answer)
        return answer

    def post(self, path: str, role: str, body: object, **headers: object) -> Answer:
        key = self.canaries.new(f"idempotency key of {path}")
        sent = {"Content_Type": JSON, "Idempotency_Key": key, **headers}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.send("POST", path, role, data, **sent)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def flown(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flown]:
    url = databases.fresh(request.param)
    settings = {"KLUIS_BODY_SECONDS": "1", "KLUIS_MAX_FILE_MB": "1", "KLUIS_POOL_SIZE": "10"}
    with served(url, tmp_path_factory.mktemp("canaries"), settings) as running:
        running.world.procedure()
        for role in TOKEN_ROLES:
            running.world.token(role)
        found = Flown(running, Canaries())
        fill(found)
        knock_everywhere(found)
        break_off(found)
        fail(found)
        yield found
    databases.drop(url)


def value_for(canaries: Canaries, place: Place) -> object:
    match place.shape:
        case Text(limit):
            return canaries.new(place.pointer)[:limit]
        case Email():
            return f"{canaries.new(place.pointer)}@example.org"
        case Phone():
            number = f"+31 6 4{len(canaries.planted) % 10_000_000:07}"
            return canaries.keep(place.pointer, number)
        case _:
            return None


def merged(into: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    for name, value in more.items():
        if isinstance(value, dict):
            merged(into.setdefault(name, {}), value)
        elif isinstance(value, list) and into.get(name):
            merged(into[name][0], value[0])
        else:
            into[name] = value
    return into


def all_fields(canaries: Canaries, *, company: bool) -> dict[str, Any]:
    """A value in every place of the catalogue that text can stand in."""
    fields: dict[str, Any] = {}
    for place in PLACES:
        value = value_for(canaries, place)
        if place.company is company and value is not None:
            merged(fields, place.holding(value))
    return fields


def fill(flown: Flown) -> None:
    """Everything that is rightly taken: fields, files, names, notes, a case reference, keys."""
    canaries = flown.canaries
    fields = all_fields(canaries, company=False)
    fields["birth_date"] = canaries.keep("birth date", "1968-07-29")
    files = [
        part(
            f'name="{kind}"; filename="{canaries.new(f"name of {kind}")}.pdf"',
            signature + f" {canaries.new(f'content of {kind}')} ".encode() * 6000,
        )
        for kind, signature in (("cv", PDF), ("letter", PNG), ("certificate", PDF), ("other", PNG))
    ]
    body = {"procedure_reference": "V-1", "fields": fields}
    made = flown.post(
        "/applications", "website", joined(json_part(body), *files), Content_Type=CONTENT_TYPE
    )
    assert made.status == 201, made.body
    flown.application_id = made.json["id"]
    path = f"/applications/{flown.application_id}"
    company = json.dumps({"fields": all_fields(canaries, company=True), "status": "hired"})
    sent = {"Content_Type": JSON, "If_Match": '"1"'}
    assert flown.send("PATCH", path, "recruiter", company.encode(), **sent).status == 200
    for unversioned in ({}, {"If_Match": canaries.new("If-Match")}, {"If_Match": '"99"'}):
        sent_anew = {**unversioned, "Content_Type": JSON}
        flown.send("PATCH", path, "recruiter", company.encode(), **sent_anew)
    correction = json.dumps({"fields": {"motivation": canaries.new("correction")}})
    sent["If_Match"] = '"2"'
    assert flown.send("PATCH", path, "officer", correction.encode(), **sent).status == 200
    hold = {"reason": "legal-claim", "case_reference": canaries.new("case"), "until": "2027-02-01"}
    held = flown.post(f"{path}/holds", "officer", hold)
    assert held.status == 201
    flown.receipts.remove(held)  # it answers the reference
    complaint = {"kind": "complaint", "application_id": flown.application_id, "channel": "phone"}
    asked = flown.post(
        "/privacy-requests", "recruiter", {**complaint, "text": canaries.new("request")}
    )
    assert asked.status == 201, asked.body
    flown.receipts.remove(asked)  # it answers the text
    guess = {"access_code": canaries.new("code"), "answers": {"postal_code": canaries.new("guess")}}
    assert flown.post("/access-tokens", "website", guess).status == 403
    handed = flown.post(f"{path}/handover", "recruiter", {"fields": ["name", "email"]})
    assert handed.status == 201, handed.body
    flown.receipts.remove(handed)  # it answers the values
    seen = flown.send("GET", path, "recruiter")
    assert set(fields) <= set(seen.json["fields"])
    for document in flown.send("GET", f"{path}/documents", "recruiter").json:
        assert flown.send("GET", f"{path}/documents/{document['id']}", "recruiter").status == 200


def bad_bodies(canaries: Canaries, door: Door) -> Iterator[tuple[str, bytes]]:
    """Bodies of every wrong kind, each with canaries of its own."""

    def new(what: str) -> str:
        return canaries.new(f"{what} at {door.name}")

    yield JSON, json.dumps({"purge_on": new("unknown property")}).encode()
    yield JSON, json.dumps({f"{new('unknown name')} ": 1, "fields": new("wrong type")}).encode()
    yield JSON, json.dumps([new("list")]).encode()
    yield JSON, f'{{"x": "{new("malformed")}'.encode()
    yield JSON, f'{{"x": "{new("control")}\\u0000"}}'.encode()
    yield JSON, b'{"x": "\xff' + new("not UTF-8").encode()
    yield JSON, f'{{"x": 1, "x": "{new("twice")}"}}'.encode()
    yield JSON, json.dumps({"x": new("UTF-16")}).encode("utf-16")
    if door.body is not None:
        yield JSON, json.dumps({name: new(name) for name in door.body().fields}).encode()
    yield f"text/{new('content type')}", new("text").encode()
    yield (
        CONTENT_TYPE,
        joined(
            part(f'name="{new("part")}"', new("part's content").encode()),
            part(f'name="cv"; filename="{new("exe")}.pdf"', b"MZ" + new("MZ").encode()),
        ),
    )
    yield CONTENT_TYPE, f"--{BOUNDARY}\r\n{new('head')}: x\r\n\r\n{new('cut')}".encode()


def paths(canaries: Canaries, door: Door, flown: Flown) -> list[str]:
    """The door's path with ids that are there, that are not, and that are none."""
    known = {
        "<uuid:application_id>": flown.application_id,
        "<uuid:document_id>": str(uuid4()),
        "<uuid:procedure_id>": str(uuid4()),
        "<uuid:hold_id>": str(uuid4()),
        "<uuid:run_id>": str(uuid4()),
        "<uuid:token_id>": str(uuid4()),
        "<uuid:request_id>": str(uuid4()),
        "<uuid:notice_id>": str(uuid4()),
        "<subject>": f"{canaries.new('subject')}%20x",
    }
    real, none = door.path, door.path
    for name, value in known.items():
        real = real.replace(name, value)
        none = none.replace(name, f"{canaries.new(f'path of {door.name}')}%20")
    query = f"{canaries.new('query name')}%20={canaries.new('query value')}"
    sort = f"fields={canaries.new('query fields')}&purpose={canaries.new('query purpose')}"
    page = f"cursor={canaries.new('cursor')}&limit={canaries.new('limit')}"
    return [real, none, f"{real}?{query}", f"{real}?{sort}", f"{real}?{page}"]


def knock_everywhere(flown: Flown) -> None:
    """Every door, with everything about the request wrong in turn; nothing is really done."""
    for door in DOORS:
        canaries, role = flown.canaries, min(door.roles)
        stranger = min(TOKEN_ROLES - door.roles)
        headers = {
            name: canaries.new(f"{name} at {door.name}")
            for name in ("User_Agent", "Referer", "Cookie", "Origin", "X_Request_Id",
                         "X_Forwarded_For", "Accept", "If_Match", "Idempotency_Key")
        }  # fmt: skip
        real, *others = paths(canaries, door, flown)
        for path in others:
            flown.send(door.method, path, role, **headers)
        flown.send(door.method, real, stranger, **headers)
        token = f"Bearer kluis_officer_{canaries.new('token')}"
        flown.send(door.method, real, None, Authorization=token)
        flown.send(canaries.new("method").upper(), real, role)
        if door.method in ("GET", "DELETE"):
            continue
        for content_type, body in bad_bodies(canaries, door):
            flown.send(door.method, real, role, body, **{**headers, "Content_Type": content_type})
    for code in (b"GET /", b"\x16\x03\x01", b"GET / HTTP/1.1\r\nHost: x\r\nX-A: "):
        raw = code + flown.canaries.new("broken head").encode() + b" \x00\r\n\r\n"
        with flown.running.dial(raw) as one, contextlib.suppress(ConnectionResetError):
            flown.refused.append(Answer(400, {}, whole(one)))


def break_off(flown: Flown) -> None:
    """Bodies that stall or break off, with a file half sent."""
    body = {"procedure_reference": "V-1", "fields": {"name": flown.canaries.new("half a body")}}
    content = f"{flown.canaries.new('half a file')} ".encode() * 20_000
    sent = joined(json_part(body), part('name="cv"; filename="x.pdf"', PDF + content))
    head = flown.running.head(
        "POST", "/applications", "website",
        Content_Type=CONTENT_TYPE, Content_Length=len(sent), Idempotency_Key="half",
    )  # fmt: skip
    flown.running.dial(head + sent[:-100]).close()
    with flown.running.dial(head + sent[:-100]) as stalled:
        flown.refused.append(Answer(408, {}, whole(stalled)))
    flown.post("/applications", "website", b" " * 1_100_000 + content)


def fail(flown: Flown) -> None:
    """Failures of the database, and damage, while values go in and out."""
    world, path = flown.running.world, f"/applications/{flown.application_id}"
    submission = {
        "procedure_reference": "V-1",
        "fields": {
            "name": flown.canaries.new("name, refused by the database"),
            "email": f"{flown.canaries.new('e-mail, refused by the database')}@example.org",
        },
    }
    for table in ("audit_event", "application", "record_key", "idempotency_key"):
        with refusing(world, table):
            answer = flown.post("/applications", "website", submission)
            assert answer.status == 503
    with refusing(world, "audit_event"):
        assert flown.send("GET", path, "recruiter").status == 503
    [document, *_] = flown.send("GET", f"{path}/documents", "recruiter").json
    put_seal(world, UUID(flown.application_id), "email", b"\x01damaged")
    flown.send("GET", path, "recruiter")
    damage_key(world, UUID(flown.application_id))
    assert flown.send("GET", f"{path}/documents/{document['id']}", "recruiter").status == 500


def test_every_kind_of_error_was_met(flown: Flown):
    met = {answer.status for answer in flown.refused}
    assert met >= {400, 401, 403, 404, 405, 408, 412, 413, 415, 422, 428, 500, 503}
    assert len(flown.refused) > 400
    assert len(flown.canaries.planted) > 500


def test_no_canary_is_in_an_error(flown: Flown):
    for answer in flown.refused:
        said = str(answer.headers).encode() + answer.body
        assert flown.canaries.found_in(said) == set(), answer


def test_no_canary_is_in_the_answer_to_a_change(flown: Flown):
    for answer in flown.receipts:
        assert flown.canaries.found_in(str(answer.headers).encode() + answer.body) == set()


def test_no_canary_is_in_the_log(flown: Flown):
    log = flown.running.log.read_bytes()
    assert log.count(b'"event":"request"') > 400
    assert flown.canaries.found_in(log) == set()
    assert b"Traceback" not in log
    assert all(line.isascii() and line.isprintable() for line in log.decode().splitlines())


def test_no_canary_is_in_the_metrics(flown: Flown):
    told = flown.running.call("GET", "/metrics", None)
    assert told.status == 200
    assert flown.canaries.found_in(told.body) == set()


def test_no_canary_is_in_the_database(flown: Flown):
    url = flown.running.world.database_url
    if url.startswith("sqlite"):
        path = Path(make_url(url).database or "")
        files = list(path.parent.glob(f"{path.name}*"))
        assert {file.name.removeprefix(path.name) for file in files} == {"", "-wal", "-shm"}
        stored = b"".join(file.read_bytes() for file in files)
    else:
        command = [str(binary("pg_dump")), libpq_url(url)]
        stored = subprocess.run(command, check=True, capture_output=True).stdout
    assert b"V-1" in stored
    assert flown.canaries.found_in(stored) == set()


def test_no_canary_is_in_a_temporary_file(flown: Flown):
    assert list(flown.running.temporary.iterdir()) == []
    for pid in flown.running.workers:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            assert not str(link.readlink()).startswith(str(flown.running.temporary))


def test_a_canary_would_be_found():
    canaries = Canaries()
    for value in (canaries.new("here"), canaries.keep("there", "+31 6 41234567")):
        raw = value.encode()
        for shown in (raw, raw.upper(), raw.hex().encode(), value.encode("utf-16"), raw[::-1]):
            assert canaries.found_in(b"x" + shown + b"y")
        for skipped in (b"", b"x", b"xy"):
            assert canaries.found_in(b64encode(skipped + raw + b"tail"))


def test_a_defect_is_told_by_place_and_type_and_not_by_its_words(
    world: World, capsys: pytest.CaptureFixture[str]
):
    """A word that no enumeration has: the library's own message quotes it."""
    world.procedure()
    application_id = world.apply()
    canary = Canaries().new("status")
    with behind(world) as session:
        session.execute(text("UPDATE application SET status = :status"), {"status": canary})
    answer = world.get(f"/applications/{application_id}", "recruiter")
    demand_problem(answer, 500, "defect", [])
    said = capsys.readouterr()
    assert ("ValueError" if "postgresql" in world.database_url else "LookupError") in said.out
    assert canary not in answer.text + said.out + said.err
