"""Failures become statuses here, in one place, as RFC 9457 problems."""

from flask import Flask, Response, current_app, g
from orjson import OPT_APPEND_NEWLINE, dumps
from structlog import get_logger
from werkzeug.exceptions import HTTPException

from service.domain import errors
from service.domain.errors import Refusal
from service.telemetry.logs import where
from service.usecases.case import House
from service.web.manual import FAULTS

STATUS: dict[type[Refusal], int] = {
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotAdmitted: 403,
    errors.NotFound: 404,
    errors.Malformed: 400,
    errors.Invalid: 422,
    errors.TooLarge: 413,
    errors.UnsupportedMedia: 415,
    errors.TooSlow: 408,
    errors.Conflict: 409,
    errors.KeyMissing: 400,
    errors.KeyReused: 422,
    errors.ErasedSince: 410,
    errors.VersionMissing: 428,
    errors.VersionStale: 412,
    errors.TooManyAtOnce: 429,
    errors.TooManyReads: 429,
    errors.Unavailable: 503,
    errors.Unreadable: 500,
    errors.Misconfigured: 500,
}
URN = "urn:problem-type:kluis:"
DEFECT = "Something is wrong with the service itself; it was logged."
_HEADERS: dict[int | str, dict[str, str]] = {  # by the status, or for one of several by its code
    401: {"WWW-Authenticate": 'Bearer realm="kluis"'},
    408: {"Connection": "close"},
    429: {"Retry-After": "600"},
    errors.TooManyAtOnce.code: {"Retry-After": "10"},
    503: {"Retry-After": "5"},
}
_HTTP_CODES = {404: errors.NotFound(), 413: errors.TooLarge(), 415: errors.UnsupportedMedia()}
_log = get_logger()


def register_problems(app: Flask) -> None:
    """Turn every failure into a problem; nothing that a value could hide in is shown."""
    app.register_error_handler(Refusal, problem)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(Exception, _from_defect)


def status_of(refusal: Refusal) -> int:
    """The status of a refusal: that of its class, or of the nearest class above it."""
    return next(STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS)


def problem(refusal: Refusal) -> Response:
    """The refusal as a problem: what is wrong, where, and what to do; and counted."""
    parts: House = current_app.extensions["kluis"]
    parts.signals.denied(refusal.code)
    return _render(status_of(refusal), refusal.code, refusal.title, refusal)


def _render(status: int, code: str, title: str, refusal: Refusal | None = None) -> Response:
    body: dict[str, object] = {
        "type": URN + code,
        "title": title,
        "status": status,
        "request_id": str(g.request_id),
    }
    if refusal is not None:
        meanings = dict.fromkeys(FAULTS[fault.code] for fault in refusal.faults)
        if detail := refusal.detail or " ".join(meanings):
            body["detail"] = detail
        if refusal.faults:
            body["errors"] = [{"pointer": f.pointer, "code": f.code} for f in refusal.faults]
        body |= {
            name: fact if isinstance(fact, list) else str(fact)
            for name, fact in refusal.facts.items()
        }
    written = dumps(body, option=OPT_APPEND_NEWLINE)
    response = Response(written, status, mimetype="application/problem+json")
    response.headers.update(_HEADERS.get(code) or _HEADERS.get(status, {}))
    return response


def _from_http(error: HTTPException) -> Response:
    """What Flask and Werkzeug refuse by themselves."""
    status = error.code or 500
    if status in _HTTP_CODES:
        return problem(_HTTP_CODES[status])
    allowed = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
    refusal = Refusal(f"Allowed here: {allowed}." if allowed else "")
    response = _render(status, f"http-{status}", f"{error.name}.", refusal)
    if allowed:
        response.headers["Allow"] = allowed
    return response


def _from_defect(error: Exception) -> Response:
    """A defect of ours: logged by place and type, for its message could hold a value."""
    _log.error("defect", where=where(error), request_id=str(g.request_id))
    return _render(500, "defect", DEFECT)
