"""What every refusal has in common, demanded of each answer."""

from collections.abc import Iterable
from uuid import UUID

from werkzeug.test import TestResponse

# Put wherever a value can be put that will be refused: no answer may hold it.
SECRET = "Zwartkopmees-Qv7"

Fault = tuple[str, str]


def demand_problem(
    answer: TestResponse,
    status: int,
    code: str | None = None,
    faults: Iterable[Fault] | None = None,
) -> None:
    """An RFC 9457 problem of this status, naming exactly these places, holding no value."""
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    problem = answer.json
    assert problem["status"] == status
    assert problem["title"]
    assert problem["type"].startswith("urn:problem-type:kluis:")
    assert UUID(problem["request_id"]) == UUID(answer.headers["X-Request-Id"])
    if code is not None:
        assert problem["type"] == f"urn:problem-type:kluis:{code}"
    if faults is not None:
        found = [(fault["pointer"], fault["code"]) for fault in problem.get("errors", [])]
        assert sorted(found) == sorted(faults)
    assert SECRET.lower() not in (answer.text + str(answer.headers)).lower()
