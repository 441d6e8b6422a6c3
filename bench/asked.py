"""What the servers are asked: to Kluis with a token, to a twin the same without."""

from collections.abc import Iterator

import orjson

from bench.records import A_PROCEDURE, Dataset, samples

LISTED = 100


def reads(data: Dataset) -> Iterator[bytes]:
    """Twenty fields of one record, each time of another."""
    for number in data.reads(seed=1):
        path = f"/v1/applications/{data.record_id(number)}"
        yield get(path, data.tokens[number // A_PROCEDURE])


def plain_reads(data: Dataset) -> Iterator[bytes]:
    for number in data.reads(seed=1):
        yield get(f"/candidates/{data.record_id(number)}")


def lists(data: Dataset) -> Iterator[bytes]:
    """A hundred candidates of one procedure with four fields each."""
    for number in data.reads(seed=2):
        procedure_id = data.procedure_id(number // A_PROCEDURE)
        path = f"/v1/procedures/{procedure_id}/applications?limit={LISTED}"
        yield get(path, data.tokens[number // A_PROCEDURE])


def plain_lists(data: Dataset) -> Iterator[bytes]:
    for number in data.reads(seed=2):
        procedure_id = data.procedure_id(number // A_PROCEDURE)
        yield get(f"/procedures/{procedure_id}/candidates?limit={LISTED}")


def intakes(data: Dataset, website: str) -> Iterator[bytes]:
    """A new record of all that an applicant can supply of the twenty fields."""
    for number, (procedure, fields) in enumerate(_supplied(data)):
        body = orjson.dumps({"procedure_reference": f"V-{procedure}", "fields": fields})
        yield post("/v1/applications", body, "application/json", website, f"in-{number}")


def plain_intakes(data: Dataset) -> Iterator[bytes]:
    for procedure, fields in _supplied(data):
        reference = str(data.procedure_id(procedure))
        body = orjson.dumps({"procedure_reference": reference, "fields": fields})
        yield post("/candidates", body, "application/json")


def _supplied(data: Dataset) -> Iterator[tuple[int, dict[str, object]]]:
    """Numbers of procedures, and the fields of a new applicant to each."""
    supplied = [{name: v for name, v in one.items() if name != "notes"} for one in samples()]
    for number, chosen in enumerate(data.reads(seed=3)):
        email = {"email": f"nieuw{number}@example.org"}
        yield chosen // A_PROCEDURE, {**supplied[number % len(supplied)], **email}


def get(path: str, token: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: kluis\r\n{_authorization(token)}\r\n".encode()


def post(path: str, body: bytes, media_type: str, token: str = "", key: str = "") -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: kluis\r\n{_authorization(token)}"
        f"Content-Type: {media_type}\r\nContent-Length: {len(body)}\r\n"
    )
    return (head + (f"Idempotency-Key: {key}\r\n" if key else "") + "\r\n").encode() + body


def _authorization(token: str) -> str:
    return f"Authorization: Bearer {token}\r\n" if token else ""
