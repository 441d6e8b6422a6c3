"""What the tests of retention do again and again: the acts of the service's users, in a word."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from werkzeug.test import TestResponse

from service.domain.policy import Role
from service.storage.database import db
from service.usecases.retention import Difference, find_differences
from tests.world import World


def at(world: World, moment: str) -> None:
    """Set the clock to a moment in UTC, such as 2027-03-27T22:59:59."""
    world.clock.moment = datetime.fromisoformat(moment).replace(tzinfo=UTC)


def reads(world: World, application_id: UUID, role: str = "recruiter") -> bool:
    """Whether somebody of this role is shown the application; it is a 404 if he is not."""
    purpose = "?purpose=supervision" if role == "officer" else ""
    status = world.get(f"/applications/{application_id}{purpose}", role).status_code
    assert status in (200, 404)
    return status == 200


def retention(world: World, application_id: UUID, role: str = "officer") -> dict[str, Any]:
    asked = world.get(f"/applications/{application_id}/retention", role)
    assert asked.status_code == 200, asked.text
    view: dict[str, Any] = asked.json
    return view


def purge_on(world: World, application_id: UUID) -> str:
    """The deletion date as it is stored on the row that the purge locks."""
    found = rows(world, f"SELECT purge_on FROM application WHERE {is_id(world, application_id)}")
    return str(found[0][0])


def change_procedure(
    world: World, procedure_id: UUID, role: str = "recruiter", **change: Any
) -> TestResponse:
    path = f"/procedures/{procedure_id}"
    version = world.get(path, role).json["version"]
    return world.patch(path, role, version=version, json=change)


def set_status(world: World, application_id: UUID, status: str) -> TestResponse:
    path, version = f"/applications/{application_id}", world.version_of(application_id)
    return world.patch(path, "recruiter", version=version, json={"status": status})


def withdraw(world: World, application_id: UUID, role: str = "website") -> TestResponse:
    return world.post(f"/applications/{application_id}/withdrawal", role)


def hold(
    world: World, what: UUID, until: str, *, on: str = "applications", role: str = "officer"
) -> TestResponse:
    """A hold on an application, or, `on="procedures"`, on all of a procedure."""
    body = {"reason": "legal-claim", "case_reference": "2027/18", "until": until}
    return world.post(f"/{on}/{what}/holds", role, json=body)


def renew(world: World, placed: TestResponse, until: str) -> TestResponse:
    """Give a hold another end; the version is the present one."""
    path = f"/holds/{placed.json['id']}"
    version = world.get(path, "officer").json["version"]
    return world.patch(path, "officer", version=version, json={"until": until})


def erase(world: World, application_id: UUID) -> TestResponse:
    version = world.version_of(application_id)
    return world.call("DELETE", f"/applications/{application_id}", "officer", version=version)


def open_application(world: World, role: str = "website", **more: Any) -> TestResponse:
    fields = {"name": "Noor Bakker", "email": "noor@example.org"}
    return world.post("/applications", role, json={"kind": "open", "fields": fields, **more})


def completed(world: World) -> dict[str, Any]:
    """A purge run that must leave nothing due; its answer."""
    ran = world.purge()
    assert ran.status_code == 201, ran.text
    assert ran.json["completed"], ran.json
    run: dict[str, Any] = ran.json
    return run


def differences(world: World) -> list[Difference]:
    """What `kluis retention verify` would report."""
    with world.app.app_context():
        found, _ = find_differences(world.case(Role.OPERATOR), None, 1_000)
    return found


def audited(world: World, application_id: UUID, action: str) -> dict[str, Any]:
    """The one audit event of this action; the clock stands still, so that events have no order."""
    asked = world.get(f"/audit-events?limit=100&application_id={application_id}", "officer")
    (event,) = [item for item in asked.json["items"] if item["action"] == action]
    found: dict[str, Any] = event
    return found


def rows(world: World, query: str, **values: Any) -> Sequence[Any]:
    """The rows of a query, asked of the database itself."""
    with world.app.app_context():
        found = db.session.execute(text(query), values)
        result = found.all() if found.returns_rows else []
        db.session.commit()
        return result


def is_id(world: World, wanted: UUID, column: str = "id") -> str:
    """An SQL condition: SQLite keeps ids without hyphens."""
    written = wanted.hex if world.database_url.startswith("sqlite") else str(wanted)
    return f"{column} = '{written}'"
