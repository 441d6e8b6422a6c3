"""What the tests of requests do again and again: filing by staff, answering, looking at rows."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from werkzeug.test import TestResponse

from service.storage.database import db
from service.storage.tables import AuditEvent, Notice, PrivacyRequest
from tests.rights.applicants import Applicant
from tests.world import World

# All that may stay of a request when its record is gone.
STAYS = {
    "id",
    "kind",
    "received_on",
    "due_on",
    "prolonged_months",
    "prolonged_at",
    "prolongation_reason",
    "outcome",
    "refusal_reason",
    "closed_at",
    "lifted_at",
    "version",
}


def conflict(response: TestResponse) -> str:
    """The code of the conflict that a request met."""
    assert response.status_code == 409, response.text
    code: str = response.json["type"].rpartition(":")[2]
    return code


def file(
    world: World, role: str, kind: str, application_id: UUID | None = None, **more: Any
) -> TestResponse:
    """A request filed for somebody: through the website, or by staff who were phoned."""
    about = {} if application_id is None else {"application_id": str(application_id)}
    channel = {} if role == "website" else {"channel": "phone"}
    body = {"kind": kind, **about, **channel, **more}
    return world.post("/privacy-requests", role, json=body)


def change(world: World, asked: TestResponse | dict[str, Any], **what: Any) -> TestResponse:
    """What the officer makes of a request; the version is the present one."""
    path = path_of(asked)
    version = world.get(path, "officer").json["version"]
    return world.patch(path, "officer", version=version, json=what)


def change_own(
    applicant: Applicant, asked: TestResponse | dict[str, Any], **what: Any
) -> TestResponse:
    path = path_of(asked)
    version = applicant.get(path).json["version"]
    return applicant.call("PATCH", path, version=version, json=what)


def refuse(world: World, asked: TestResponse, reason: str = "manifestly-unfounded") -> TestResponse:
    return change(world, asked, outcome="refused", refusal_reason=reason)


def path_of(asked: TestResponse | dict[str, Any]) -> str:
    view = asked if isinstance(asked, dict) else asked.json
    return f"/privacy-requests/{view['id']}"


def disclose(world: World, application_id: UUID, recipient: str = "Voorbeeld B.V.") -> None:
    """Give name and e-mail address to a processor."""
    order = {
        "application_id": str(application_id),
        "recipient": recipient,
        "kind": "processor",
        "reason": "selection",
        "agreement": "VO-2026-1",
        "country": "NL",
        "fields": ["name", "email"],
    }
    recorded = world.post("/disclosures", "officer", json=order)
    assert recorded.status_code == 201, recorded.text


def notices(world: World) -> list[tuple[str, str, list[str]]]:
    """All notices: to whom, of what, about which fields; in the order in which they were made."""
    with world.app.app_context():
        found = db.session.scalars(select(Notice).order_by(Notice.id))
        return [(row.recipient, row.event, row.fields) for row in found]


def stored(world: World, asked: TestResponse) -> dict[str, Any]:
    """The row of a request as it lies in the database."""
    with world.app.app_context():
        row = db.session.get_one(PrivacyRequest, UUID(asked.json["id"]))
        return {column.name: getattr(row, column.name) for column in PrivacyRequest.__table__.c}


def audited(world: World, response: TestResponse) -> AuditEvent:
    """The one audit row that this request left."""
    with world.app.app_context():
        request_id = UUID(response.headers["X-Request-Id"])
        query = select(AuditEvent).where(AuditEvent.request_id == request_id)
        return db.session.scalars(query).one()
