"""Doors: every route says who may pass, what goes in and what comes out, and nothing else exists.

A door authenticates and gives the connection back, reads and parses what came in, calls its
handler, which calls one use case, and renders; what is asked most tries a short way first. The
OpenAPI document is made from the same list.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, get_type_hints
from urllib.parse import parse_qsl

from flask import Blueprint, Response, current_app, g, request
from marshmallow import Schema

from service.domain.errors import (
    Busy,
    Fault,
    Forbidden,
    Invalid,
    KeyMissing,
    Refusal,
    Unauthenticated,
    Unavailable,
    VersionMissing,
)
from service.domain.policy import PERMISSIONS, Action, Purpose, Role
from service.domain.tokens import is_well_formed
from service.storage.database import db
from service.storage.slices import Slice
from service.usecases.case import Case, House, Principal, Repeatable
from service.usecases.frame import record_refusal
from service.usecases.reading_at_once import Knock, Told
from service.usecases.tokens import authenticate
from service.web import schemas
from service.web.answers import answer, location, place_of
from service.web.bodies import MULTIPART, Body, read_json_body, read_multipart
from service.web.strict_json import MOST_FAULTS, demand_allowed_characters, pointer_to

Handler = Callable[..., Any]
IDEMPOTENCY_KEY = r"[\x21-\x7e]{1,255}"
ETAG = r'"[0-9]{1,9}"'


@dataclass(frozen=True)
class Door:
    """One route. `actions` are the verbs behind it: any of them lets a role in.

    It answers what its handler's annotation says: a file for a Response, nothing for None. What is
    made has a `location` and is answered with 201. What is asked most has a short way, `at_once`.
    """

    method: str
    path: str
    actions: tuple[Action, ...]
    handler: Handler
    body: type[Schema] | None = None
    query: type[Schema] | None = None
    may_be_empty: bool = False
    takes_files: bool = False
    versioned: bool = False
    location: str = ""
    at_once: "Callable[[Knock, Asked], Told | None] | None" = None
    conflicts: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.handler.__name__

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset().union(*(PERMISSIONS[action] for action in self.actions))

    @property
    def repeatable(self) -> bool:
        return self.method == "POST"

    @property
    def status(self) -> int:
        return 201 if self.location else 200

    @cached_property
    def sends_a_file(self) -> bool:
        return isinstance(self.answer, type) and issubclass(self.answer, Response)

    @property
    def answer(self) -> Any:
        """The type of the answer, as the handler declares it."""
        return get_type_hints(self.handler)["return"]


@dataclass
class Asked:
    """What came in with a request, checked."""

    path: dict[str, Any]
    query: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    uploads: list[Any] = field(default_factory=list)
    version: int = 0

    @property
    def page(self) -> Slice:
        """Which part of a list is asked for."""
        limit, cursor = self.query["limit"], self.query.get("cursor")
        if cursor is None:
            return Slice(limit=limit)
        after, day = place_of(cursor)
        return Slice(after, limit, day)


api = Blueprint("v1", __name__, url_prefix="/v1")
DOORS: list[Door] = []


def door(method: str, path: str, *actions: Action, **what: Any) -> Callable[[Handler], Handler]:
    """Declare a route: method, path, the actions behind it, and what goes in and out."""

    def open_door(handler: Handler) -> Handler:
        made = Door(method, path, actions, handler, **what)
        DOORS.append(made)
        api.add_url_rule(path, made.name, lambda **values: _pass(made, values), methods=[method])
        return handler

    return open_door


def _pass(made: Door, values: dict[str, Any]) -> Response:
    case, tell = _at_once(made, values) or _step_by_step(made, values)
    g.principal = case.principal
    try:
        is_sent = made.sends_a_file and request.method != "HEAD"
        result = _in_turn(case.principal, tell) if is_sent else tell()
    except Refusal as refusal:
        if not refusal.is_audited:
            case.session.rollback()
            record_refusal(case, made.actions[0], refusal)
        raise
    if isinstance(result, Response):
        return result
    response = answer(result, made.status)
    if made.location:
        response.headers["Location"] = "/v1" + location(made.location, result, values)
    return response


def _at_once(made: Door, values: dict[str, Any]) -> Told | None:
    """By the door's short way, if it has one for what is asked; who asks is found on that way."""
    token = _token()
    if made.at_once is None or _has_body() or not is_well_formed(token):
        return None
    knock = Knock(house(), db.session, token, g.request_id)
    try:
        return made.at_once(knock, Asked(values, query=_query(made)))
    except Busy:
        raise
    except Refusal as refusal:  # it is told on the long way, to somebody who is known
        if isinstance(refusal, Unavailable):
            house().signals.short_way_failed(made.name, type(refusal.__cause__).__name__)
        return None


def _step_by_step(made: Door, values: dict[str, Any]) -> Told:
    principal = authenticate(house(), _token())
    case = Case(house(), db.session, principal, g.request_id)
    if "application_id" in values:
        case.about(values["application_id"])  # a refusal at the door names it as well

    def tell() -> object:
        if principal.role not in made.roles:
            raise Forbidden
        with _asked(made, case, values) as asked:
            return made.handler(case, asked)

    return case, tell


def _in_turn(who: Principal, tell: Callable[[], Any]) -> Response:
    """A file, for whose sending its reader has one turn of a few: slow ones must not take all."""
    turn = house().turns.take(who.role, who.subject)
    try:
        response: Response = tell()
    except BaseException:
        turn.end()
        raise
    chunks = response.response

    def sent() -> Iterator[Any]:
        try:
            yield from chunks
        finally:
            turn.end()

    response.response = sent()
    for done in (getattr(chunks, "close", turn.end), turn.end):
        response.call_on_close(done)  # it may never have begun
    return response


def house() -> House:
    """The long-lived parts of this application."""
    parts: House = current_app.extensions["kluis"]
    return parts


def _token() -> str:
    """The token of the Authorization header, and of nothing else."""
    sent: str = request.environ.get("HTTP_AUTHORIZATION", "")
    scheme, _, token = sent.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated
    return token.strip()


@contextmanager
def _asked(made: Door, case: Case, values: dict[str, Any]) -> Iterator[Asked]:
    """Read and check what came in; uploads are closed when the request is done with."""
    asked = Asked(values, query=_query(made))
    if "purpose" in asked.query:
        case.purpose = Purpose(asked.query["purpose"])
    if made.versioned:
        asked.version = _expected_version()
    key = _idempotency_key(made, case)
    body = _body(made)
    try:
        asked.body = None if made.body is None else schemas.load(made.body, body.value)
        asked.uploads = body.uploads
        if key is not None:
            what = f"{request.method} {request.path}\n".encode() + body.identity
            case.repeatable = Repeatable(key, what)
        yield asked
    finally:
        body.close()


def _query(made: Door) -> dict[str, Any]:
    schema = made.query or schemas.Empty
    return dict(_without_query(schema)) if not request.query_string else _read_query(schema)


@cache
def _without_query(schema: type[Schema]) -> dict[str, Any]:
    """What a schema makes of no query at all, which is asked often."""
    loaded: dict[str, Any] = schemas.load(schema, {}, "/query")
    return loaded


def _read_query(schema: type[Schema]) -> dict[str, Any]:
    pairs = parse_qsl(request.query_string.decode("latin-1"), keep_blank_values=True)
    times = Counter(name for name, _ in pairs)
    twice = sorted(name for name in times if times[name] > 1)
    if twice:
        raise Invalid(
            faults=[Fault(pointer_to("/query", name), "twice") for name in twice[:MOST_FAULTS]]
        )
    values = request.args.to_dict()
    demand_allowed_characters(values, "/query")
    loaded: dict[str, Any] = schemas.load(schema, values, "/query")
    return loaded


def _expected_version() -> int:
    """The version in If-Match. `*` and lists match anything, so they do not count as one."""
    sent = request.headers.get("If-Match", "").strip()
    if not sent:
        raise VersionMissing
    if re.fullmatch(ETAG, sent) is None:
        detail = 'If-Match holds the ETag that was last read, with its quotes, for example "3".'
        raise Invalid(detail, [Fault("/headers/If-Match", "not-an-etag")])
    return int(sent.strip('"'))


def _idempotency_key(made: Door, case: Case) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if not made.repeatable:
        return None
    if key is None:
        if case.principal.role is Role.WEBSITE:
            raise KeyMissing
        return None
    if not re.fullmatch(IDEMPOTENCY_KEY, key):
        raise Invalid(faults=[Fault("/headers/Idempotency-Key", "characters")])
    return key


def _body(made: Door) -> Body:
    settings = house().settings
    if made.takes_files and (made.body is None or request.mimetype == MULTIPART):
        return read_multipart(request, settings, None if made.body is None else "application")
    if made.body is not None and (_has_body() or not made.may_be_empty):
        beside = f", or {MULTIPART} with files" if made.takes_files else ""
        return read_json_body(request, settings, beside)
    return _no_body()


def _no_body() -> Body:
    """A route without a body takes none, but for the empty object that some clients send."""
    if _has_body():
        body = read_json_body(request, house().settings)
        schemas.load(schemas.Empty, body.value)
    return Body({})


def _has_body() -> bool:
    return bool(request.content_length or request.headers.get("Transfer-Encoding"))
