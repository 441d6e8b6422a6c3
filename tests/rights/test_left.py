"""Clients that leave before they have what they asked for: it is not taken to be answered."""

import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from tests.factories import PDF, FullFieldsFactory, SubmissionFactory
from tests.faults.served import Served, served
from tests.faults.wire import CONTENT_TYPE, file_part, joined, json_part
from tests.harness.databases import Databases
from tests.retention.test_races import locked, wait_until_blocked
from tests.rights.applicants import Applicant

BIG = PDF + bytes(range(256)) * (16 * 4096)  # far more than fits between server and client


@pytest.fixture
def running(databases: Databases, tmp_path: Path) -> Iterator[Served]:
    """One request at a time: what is asked next comes after all that the last one did."""
    url = databases.fresh("postgresql")
    with served(url, tmp_path, {"KLUIS_THREADS": "1"}) as found:
        found.world.procedure(ends_on="2027-03-01")
        yield found
    databases.drop(url)


def applied_with(running: Served, content: bytes) -> Applicant:
    """An applicant with a CV, sent in one piece: Flask's client would leave a file of it open."""
    world, body = running.world, SubmissionFactory(fields=FullFieldsFactory())
    sent = {"data": joined(json_part(body), file_part(content)), "content_type": CONTENT_TYPE}
    made = world.post("/applications", "website", **sent).json
    return Applicant(world, UUID(made["id"]), made["access_code"]).logged_in()


def asking(running: Served, applicant: Applicant, what: str) -> bytes:
    path = f"/applications/{applicant.id}/{what}"  # below /v1
    return running.head("GET", path, None, authorization=f"Bearer {applicant.token}")


def fetched(running: Served, applicant: Applicant, what: str) -> bytes:
    """The whole of it."""
    path = f"/v1/applications/{applicant.id}/{what}"
    answer = running.call("GET", path, None, authorization=f"Bearer {applicant.token}")
    assert answer.status == 200
    return answer.body


def leave(client: socket.socket) -> None:
    """Hang up at once: whatever is still sent is answered by a reset."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def outcome(running: Served, asked: str) -> str | None:
    answer = running.call("GET", f"/v1/privacy-requests/{asked}", "officer")
    assert answer.status == 200
    found: str | None = answer.json["outcome"]
    return found


def test_who_left_before_a_byte_of_the_report_was_sent_has_no_answer(running: Served):
    applicant = Applicant.apply(running.world)
    asked = applicant.ask("access").json["id"]
    running.world.token("officer")
    with locked(running.world, "LOCK TABLE audit_event") as lock:
        client = running.dial(asking(running, applicant, "access-report"))
        wait_until_blocked(lock)
        leave(client)
    assert outcome(running, asked) is None
    assert asked.encode() in fetched(running, applicant, "access-report")
    assert outcome(running, asked) == "answered"


def test_who_left_in_the_middle_of_the_export_has_no_answer(running: Served):
    applicant = applied_with(running, BIG)
    asked = applicant.ask("portability").json["id"]
    running.world.token("officer")
    client = running.dial(asking(running, applicant, "portability"), receive_buffer=8192)
    assert client.recv(4096)
    leave(client)
    assert outcome(running, asked) is None
    assert b"overview.html" in fetched(running, applicant, "portability")
    assert outcome(running, asked) == "answered"
