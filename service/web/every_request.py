"""What is done at every request, in a Flask without the steps that this API has no use for."""

import os
from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Flask, Request, Response
from flask.globals import app_ctx, request_ctx
from flask.sessions import NullSession, SessionInterface
from flask.typing import ResponseReturnValue
from structlog import get_logger
from werkzeug.routing import MapAdapter

from service.domain.ids import ENTROPY_BYTES, uuid7
from service.usecases.case import House, Principal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Headers = list[tuple[str, str]]
Write = Callable[[bytes], object]

_OPEN_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
)
_log = get_logger()


class _NoSessions(SessionInterface):
    """Who asks is in his token; there are no cookies."""

    def open_session(self, _app: Flask, _request: Request) -> NullSession:
        return NullSession()


class Service(Flask):
    """Flask, by the methods that it documents as made to be overridden.

    Coroutines, sessions and host names are many of its steps, and are nothing to this API.
    """

    session_interface = _NoSessions()

    def wsgi_app(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> "Iterable[bytes]":
        """A request, with the headers that every answer has unless it says something else."""

        def start(status: str, headers: Headers, *error: Any) -> Write:
            said = {name for name, _ in headers}
            headers += [header for header in _OPEN_HEADERS if header[0] not in said]
            return start_response(status, headers, *error)

        answer: Iterable[bytes] = super().wsgi_app(environ, start)
        return answer

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """The path and the method say where a request goes, and never the host."""
        if request is None:
            return None
        return MapAdapter(self.url_map, "", "", "", "http", request.path, request.method)

    def preprocess_request(self) -> ResponseReturnValue | None:
        """Note when a request began, and by which id it is known."""
        known = app_ctx.g
        known.began = perf_counter()
        known.request_id = self._request_id(request_ctx.request.environ)
        return super().preprocess_request()

    def _request_id(self, environ: "WSGIEnvironment") -> UUID:
        """The caller's own, if it is a UUID and so can hold nothing else; else a new one."""
        if sent := environ.get("HTTP_X_REQUEST_ID"):
            try:
                return UUID(sent)
            except ValueError:
                pass
        return uuid7(self._house.clock.now(), os.urandom(ENTROPY_BYTES))

    def process_response(self, response: Response) -> Response:
        """The request's id, and one line in the log: the route, never the path or the query."""
        response = super().process_response(response)
        known, request = app_ctx.g, request_ctx.request
        request_id = str(known.request_id)
        response.headers.add("X-Request-Id", request_id)
        rule = request.url_rule
        route, method = (rule.rule, request.method) if rule else ("none", "other")
        seconds = perf_counter() - known.began
        self._house.signals.request(route, method, response.status_code, seconds)
        who: Principal | None = known.get("principal")
        _log.info(
            "request",
            method=method,
            route=route,
            status=response.status_code,
            ms=round(seconds * 1000, 1),
            request_id=request_id,
            role=who.role if who else None,
            subject=who.subject if who else None,
        )
        return response

    @property
    def _house(self) -> House:
        parts: House = self.extensions["kluis"]
        return parts
