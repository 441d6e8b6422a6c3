"""What is open to everybody and holds nothing personal: health, metrics, the API's own papers."""

from ipaddress import ip_address
from pathlib import Path

from flask import Blueprint, Response, request, send_from_directory
from swagger_ui_bundle import swagger_ui_path

from service.domain.errors import NotFound, Unavailable
from service.storage.database import db
from service.storage.schema import schema_faults
from service.usecases.duties import DutyNumbers, read_numbers
from service.web.doors import house
from service.web.openapi import render_openapi

pages = Blueprint("pages", __name__)

_OWN = Path(__file__).with_name("docs")
_MIMETYPES = {"start.js": "text/javascript", "page.css": "text/css"}
_ASSETS = ("swagger-ui.css", "swagger-ui-bundle.js")
_DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_GAUGES = {
    "overdue": ("kluis_overdue_applications", "Applications due and still there."),
    "oldest_overdue_days": ("kluis_overdue_days", "Days since the oldest of them was due."),
    "due_within_7_days": ("kluis_due_within_7_days", "Applications due within seven days."),
    "held": ("kluis_held_applications", "Due applications that a legal hold keeps."),
    "procedures_ending": ("kluis_procedures_ending", "Procedures that end within 14 days."),
    "holds_ending": ("kluis_holds_ending", "Holds that end within 30 days."),
    "requests_open": ("kluis_requests_open", "Requests under the law that are open."),
    "requests_overdue": ("kluis_requests_overdue", "Of these, those that are answered too late."),
    "notices_unconfirmed": ("kluis_notices_unconfirmed", "Notices to recipients to be confirmed."),
    "events_waiting": ("kluis_events_waiting", "Events that subscribed systems do not know yet."),
    "oldest_event_seconds": ("kluis_events_oldest_seconds", "How long the oldest has waited."),
    "last_completed_run": (
        "kluis_purge_last_completed_timestamp_seconds",
        "When the last purge run was completed.",
    ),
    "last_run_seconds": ("kluis_purge_last_duration_seconds", "How long that run took."),
    "plans_waiting": ("kluis_purge_plans_waiting", "Braked purges that wait for confirmation."),
}


@pages.get("/healthz")
def healthz() -> Response:
    """Whether the process answers."""
    return _text("ok\n")


@pages.get("/readyz")
def readyz() -> Response:
    """Whether it can serve: database, schema and keys. Open duties never take it away."""
    try:
        with db.engine.connect() as connection:
            faults = schema_faults(connection)
    except Exception as error:
        raise Unavailable("The database does not answer.") from error
    if faults:
        raise Unavailable("The database's schema is not this version's: run `kluis migrate`.")
    return _text("ready\n")


@pages.get("/metrics")
def metrics() -> Response:
    """Counters and gauges, for the networks in KLUIS_METRICS_FROM."""
    parts = house()
    caller = ip_address(request.remote_addr or "0.0.0.0")  # noqa: S104  # nobody, not everybody
    if not any(caller in network for network in parts.settings.metrics_from):
        raise NotFound
    lines = parts.signals.exposition().decode() + _gauges(read_numbers(parts, db.session()))
    return Response(lines, mimetype="text/plain; version=0.0.4")


@pages.get("/openapi.yaml")
def openapi() -> Response:
    """The description of this API."""
    return Response(render_openapi(), mimetype="application/yaml")


@pages.get("/docs")
def docs() -> Response:
    """The description, to be read by people."""
    response = Response((_OWN / "index.html").read_bytes(), mimetype="text/html")
    response.headers["Content-Security-Policy"] = _DOCS_POLICY
    return response


@pages.get("/docs/<name>")
def docs_asset(name: str) -> Response:
    """What the page is made of: our own two files, and two of an installed package."""
    if name in _MIMETYPES:
        return Response((_OWN / name).read_bytes(), mimetype=_MIMETYPES[name])
    if name not in _ASSETS:
        raise NotFound
    return send_from_directory(swagger_ui_path, name, max_age=86_400)


def _gauges(numbers: DutyNumbers) -> str:
    lines = []
    for name, (metric, meaning) in _GAUGES.items():
        lines += [f"# HELP {metric} {meaning}", f"# TYPE {metric} gauge"]
        lines.append(f"{metric} {getattr(numbers, name)}")
    return "\n".join(lines) + "\n"


def _text(body: str) -> Response:
    return Response(body, mimetype="text/plain")
