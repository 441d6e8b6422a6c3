"""Connections: slow, broken off, cut, many at once; on the real server in its own process."""

import errno
import itertools
import json
import os
import random
import resource
import signal
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha256
from http.client import IncompleteRead
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from service.storage.tables import AuditEvent, DocumentChunk
from service.usecases.turns import MOST_AT_ONCE
from tests.factories import PDF, SubmissionFactory
from tests.faults.damage import behind, flipped, rows
from tests.faults.problems import SECRET
from tests.faults.served import Served, read_answer, served, terminate, whole
from tests.faults.wire import CONTENT_TYPE, file_part, joined, json_part
from tests.harness.databases import Databases

MIB = 2**20
LARGEST = 25 * MIB
SLOW_CLIENTS = 200
NUMBERS = itertools.count()
SUBMISSION = SubmissionFactory()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def running(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """The service with two database connections, and one vacancy."""
    url = databases.fresh(request.param)
    with served(url, tmp_path_factory.mktemp("running"), {}) as found:
        found.world.procedure()
        for role in ("website", "recruiter", "officer", "purger"):
            found.world.token(role)
        yield found
    databases.drop(url)


@pytest.fixture(scope="module")
def strict(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service that gives a body one second, and takes little."""
    url = databases.fresh("sqlite")
    settings = {"KLUIS_BODY_SECONDS": "1", "KLUIS_MAX_JSON_KB": "16", "KLUIS_MAX_FILE_MB": "1"}
    with served(url, tmp_path_factory.mktemp("strict"), settings) as found:
        found.world.procedure()
        found.world.token("website")
        yield found
    databases.drop(url)


def large(size: int = LARGEST) -> bytes:
    return PDF + random.Random(1).randbytes(size - len(PDF))


def post(running: Served, body: bytes, content_type: str = CONTENT_TYPE, **headers: object):
    key = f"key-{next(NUMBERS)}"
    return running.call(
        "POST", "/v1/applications", "website", body,
        Content_Type=content_type, **{"Idempotency_Key": key, **headers},
    )  # fmt: skip


def uploaded(running: Served, content: bytes) -> str:
    """The path below /v1 of a new document with this content."""
    sent = joined(json_part(SubmissionFactory()), file_part(content))
    made = post(running, sent)
    assert made.status == 201, made.body
    path = f"/applications/{made.json['id']}/documents"
    [document] = running.call("GET", f"/v1{path}", "recruiter").json
    assert document["size"] == len(content)
    return f"{path}/{document['id']}"


def begun(running: Served, length: int = 100_000, **headers: object) -> socket.socket:
    """An upload whose body the server is reading: it has asked for more."""
    client = running.dial(
        running.head(
            "POST", "/applications", "website",
            Content_Type=CONTENT_TYPE, Content_Length=length, Idempotency_Key="slow",
            Expect="100-continue", **headers,
        )
    )  # fmt: skip
    assert client.recv(100).startswith(b"HTTP/1.1 100 ")
    return client


def test_two_hundred_slow_clients_keep_nobody_waiting_and_no_connection(running: Served):
    with ExitStack() as slow:
        for _ in range(SLOW_CLIENTS):
            slow.enter_context(running.dial(b"GET /v1/duties HTTP/1.1\r\nAuthorization: Bea"))
            dribbler = slow.enter_context(begun(running))
            dribbler.sendall(joined(json_part(SUBMISSION))[:20])
        made = post(running, json.dumps(SubmissionFactory()).encode(), "application/json")
        assert made.status == 201
        for _ in range(3):
            read = running.call("GET", f"/v1/applications/{made.json['id']}", "recruiter")
            assert read.status == 200
        assert running.call("GET", "/readyz", None).status == 200


def test_slow_readers_hold_no_connection_and_little_memory(running: Served):
    content = large()
    path = uploaded(running, content)
    with ExitStack() as slow:
        running.forget_peaks()
        before = running.peak()
        head = running.head("GET", path, "recruiter", Connection="close")
        readers = [slow.enter_context(running.dial(head, 4096)) for _ in range(4)]
        for reader in readers:
            assert reader.recv(1000).startswith(b"HTTP/1.1 200 ")
        assert running.call("GET", "/v1/procedures", "recruiter").status == 200
        assert whole(readers[0]).endswith(content[-1000:])
        assert running.peak() - before < len(readers) * 5 * MIB


def test_who_takes_files_slowly_takes_so_many_and_who_left_none(running: Served):
    path = uploaded(running, large())
    head = running.head("GET", path, "recruiter", Connection="close")
    with ExitStack() as slow:
        for _ in range(MOST_AT_ONCE):
            reader = slow.enter_context(running.dial(head, 4096))
            assert reader.recv(1000).startswith(b"HTTP/1.1 200 ")
        assert running.call("GET", f"/v1{path}", "recruiter").status == 429
        assert running.call("GET", f"/v1{path}", "interviewer").status == 200
    assert running.eventually(lambda: running.call("GET", f"/v1{path}", "recruiter").status == 200)


def test_the_largest_document_goes_up_and_down_in_little_memory(running: Served):
    for _ in range(2):  # what a first request takes once is no growth
        running.call("GET", f"/v1{uploaded(running, large(2 * MIB))}", "recruiter")
    content = large()
    running.forget_peaks()
    before = running.peak()
    path = uploaded(running, content)
    answer = running.call("GET", f"/v1{path}", "recruiter")
    assert running.peak() - before < 10 * MIB
    assert sha256(answer.body).digest() == sha256(content).digest()


def test_a_document_may_be_no_byte_larger(running: Served):
    before = rows(running.world)
    sent = joined(json_part(SUBMISSION), file_part(large(LARGEST + 1)))
    assert post(running, sent).status == 413
    assert rows(running.world) == before
    assert list(running.temporary.iterdir()) == []


def outcomes(running: Served, outcome: str) -> int:
    with behind(running.world) as session:
        found = select(AuditEvent.outcome).where(AuditEvent.outcome == outcome)
        return len(session.scalars(found).all())


def outcome_of(running: Served, request_id: UUID) -> str | None:
    with behind(running.world) as session:
        found = select(AuditEvent.outcome).where(AuditEvent.request_id == request_id)
        return session.scalar(found)


def waiting_files(running: Served) -> list[bytes]:
    """What stands in the nameless files that the workers hold open for uploads."""
    found = []
    for pid in running.workers:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            target = str(link.readlink()) if link.is_symlink() else ""
            if target.startswith(str(running.temporary)):
                found.append(link.read_bytes())
    return found


@pytest.mark.parametrize("leave", ["politely", "with a reset"])
def test_a_client_that_vanishes_in_mid_upload_leaves_nothing(running: Served, leave: str):
    before = rows(running.world)
    request_id = uuid4()
    plain = (SECRET * 100).encode()
    part = joined(json_part(SUBMISSION), file_part(PDF + plain * 900))
    with begun(running, len(part) + 100_000, X_Request_Id=request_id) as client:
        client.sendall(part[:-500])
        assert running.eventually(lambda: any(map(len, waiting_files(running))))
        assert not [held for held in waiting_files(running) if SECRET.encode() in held]
        assert list(running.temporary.iterdir()) == []
        if leave == "with a reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert running.eventually(lambda: outcome_of(running, request_id) == "malformed")
    assert running.eventually(lambda: waiting_files(running) == [])
    assert rows(running.world) == before
    log = running.log.read_bytes()
    assert log.count(b'"event":"request"') > 0
    assert log.count(b'"event":"defect"') == 0


@pytest.mark.parametrize("how", ["flipped", "removed", "swapped", "cut short", "made longer"])
def test_damage_further_on_cuts_the_connection_and_gives_no_shorter_file(running: Served, how: str):
    content = large(2 * MIB)
    path = uploaded(running, content)
    document_id = UUID(path.rpartition("/")[2])
    alarms = running.log.read_bytes().count(b"field-unreadable")
    with behind(running.world) as session:
        rows_of = {
            row.number: row
            for row in session.scalars(
                select(DocumentChunk).where(DocumentChunk.document_id == document_id)
            )
        }
        last = max(rows_of)
        if how == "flipped":
            rows_of[20].sealed = flipped(rows_of[20].sealed, 9)
        elif how == "removed":
            session.delete(rows_of[20])
        elif how == "swapped":
            rows_of[20].sealed, rows_of[21].sealed = rows_of[21].sealed, rows_of[20].sealed
        elif how == "cut short":
            session.delete(rows_of[last])
        else:
            sealed = rows_of[last].sealed
            session.add(DocumentChunk(document_id=document_id, number=last + 1, sealed=sealed))
    with running.dial(running.head("GET", path, "recruiter")) as client:
        said = whole(client)
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert f"content-length: {len(content)}".encode() in head.lower()
    assert content.startswith(body)
    assert len(body) < len(content)
    with pytest.raises(IncompleteRead):
        running.call("GET", f"/v1{path}", "recruiter")
    assert running.log.read_bytes().count(b"field-unreadable") > alarms


def test_a_purge_in_the_middle_of_a_download_cuts_it(
    databases: Databases, tmp_path: Path, running: Served
):
    url = databases.fresh("sqlite" if running.world.database_url.startswith("s") else "postgresql")
    with served(url, tmp_path, {}) as other:
        procedure_id = other.world.procedure()
        content = large()
        path = uploaded(other, content)
        other.world.token("purger")
        other.world.close_procedure(procedure_id)
        head = other.head("GET", path, "officer").replace(
            b" HTTP/1.1", b"?purpose=supervision HTTP/1.1", 1
        )
        with other.dial(head, 4096) as reader:
            assert reader.recv(1000).startswith(b"HTTP/1.1 200 ")
            other.move_clock("2026-12-22")
            purged = other.call(
                "POST", "/v1/purge-runs", "purger", b"{}", Content_Type="application/json"
            )
            assert (purged.status, purged.json["purged"]) == (201, 1), purged.body
            body = whole(reader).partition(b"\r\n\r\n")[2]
        assert len(body) < LARGEST
        assert other.call("GET", f"/v1{path}?purpose=supervision", "officer").status == 404
        assert b"field-unreadable" not in other.log.read_bytes()
    databases.drop(url)


@pytest.mark.parametrize("framing", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
def test_a_body_that_does_not_arrive_in_time_is_408(strict: Served, framing: str):
    before = rows(strict.world)
    name, _, value = framing.partition(": ")
    head = strict.head(
        "POST", "/applications", "website",
        Content_Type="application/json", Idempotency_Key="k", **{name: value},
    )  # fmt: skip
    with strict.dial(head + b'5\r\n{"fie\r\n') as client:
        answer = read_answer(client)
        assert answer.status == 408
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json["type"] == "urn:problem-type:kluis:body-timeout"
        assert whole(client) == b""
    assert outcomes(strict, "body-timeout") >= 1
    assert rows(strict.world) == before


@pytest.mark.parametrize("content_type", ["application/json", CONTENT_TYPE])
@pytest.mark.parametrize("framing", ["honest", "chunked"])
def test_a_body_over_the_limit_is_413(strict: Served, content_type: str, framing: str):
    body = json.dumps(SUBMISSION).encode().ljust(17 * 1024)
    if content_type == CONTENT_TYPE:
        body = joined(json_part(SUBMISSION), file_part(PDF.ljust(MIB + 1)))
    length: dict[str, object] = {"Content_Length": len(body)}
    if framing == "chunked":
        length, body = (
            {"Transfer_Encoding": "chunked"},
            b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body),
        )
    before = rows(strict.world)
    head = strict.head(
        "POST", "/applications", "website", Content_Type=content_type, Idempotency_Key="k",
        **length,
    )  # fmt: skip
    with strict.dial(head + body) as client:
        answer = read_answer(client)
    assert answer.status == 413
    assert answer.json["type"] == "urn:problem-type:kluis:too-large"
    assert rows(strict.world) == before


def test_chunked_bodies_within_the_limits_are_read(strict: Served):
    body = json.dumps(SubmissionFactory()).encode()
    head = strict.head(
        "POST", "/applications", "website",
        Content_Type="application/json", Idempotency_Key="chunks", Transfer_Encoding="chunked",
    )  # fmt: skip
    sent = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    with strict.dial(head + sent) as client:
        assert read_answer(client).status == 201


def limit_files(running: Served, most: int) -> None:
    """No file of the workers may grow beyond so many bytes, as on a full disk."""
    for pid in running.workers:
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, hard))


@pytest.mark.parametrize("room", [200_000, 600_000])
def test_a_full_disk_is_503_and_recovers_by_itself(strict: Served, room: int):
    """With little room the upload finds none to wait in; with more, the database has none."""
    before = rows(strict.world)
    sent = joined(json_part(SubmissionFactory()), file_part(PDF.ljust(500_000)))
    limit_files(strict, room)
    try:
        answer = post(strict, sent)
    finally:
        limit_files(strict, resource.RLIM_INFINITY)
    assert answer.status == 503, answer.body
    assert answer.headers["retry-after"].isdecimal()
    assert rows(strict.world) == before
    assert post(strict, sent).status == 201


def test_sigterm_lets_running_requests_finish_and_takes_no_new_ones(
    databases: Databases, tmp_path: Path
):
    url = databases.fresh("sqlite")
    with served(url, tmp_path, {}) as leaving:
        leaving.world.procedure()
        body = joined(json_part(SUBMISSION), file_part(PDF))
        with begun(leaving, len(body)) as client:
            client.sendall(body[:100])
            terminate(leaving)
            assert leaving.eventually(lambda: refuses(leaving))
            client.sendall(body[100:])
            answer = read_answer(client)
        assert answer.status == 201
        assert leaving.process.wait(30) == 0
        assert (
            leaving.world.get(f"/applications/{answer.json['id']}", "recruiter").status_code == 200
        )
    databases.drop(url)


def refuses(running: Served) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", running.port)) == errno.ECONNREFUSED


def serves(pid: int) -> bool:
    """Python has a process of its own beside the workers."""
    return b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()


def test_a_worker_that_was_killed_is_followed_by_another(databases: Databases, tmp_path: Path):
    url = databases.fresh("postgresql")
    with served(url, tmp_path, {"KLUIS_WORKERS": "2"}) as bereft:
        before = set(bereft.workers)
        os.kill(next(filter(serves, before)), signal.SIGKILL)
        assert bereft.eventually(lambda: len(set(bereft.workers) - before) == 1)
        assert bereft.call("GET", "/readyz", None).status == 200
        assert bereft.process.poll() is None
    databases.drop(url)
