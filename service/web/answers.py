"""Answers: written by orjson from what the use cases return, described from its type hints."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import fields as members_of
from dataclasses import is_dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from inspect import cleandoc
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Union, cast, get_args, get_origin, get_type_hints
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, request
from marshmallow import Schema, fields
from orjson import OPT_APPEND_NEWLINE, dumps
from werkzeug.datastructures import Headers

from service.usecases.paging import Page
from service.web import schemas

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_ID_BYTES = 16
_FIRST_DAY = date(2000, 1, 1)  # two bytes of days reach from here to 2179
_PLAIN: dict[Any, type[fields.Field[Any]]] = {
    UUID: fields.UUID,
    str: fields.String,
    int: fields.Integer,
    float: fields.Float,
    bool: fields.Boolean,
    date: fields.Date,
    datetime: fields.AwareDateTime,
    object: fields.Raw,
}


class _Written(Response):
    """A whole answer with a body: no header is to be mended in a copy, nothing to be closed."""

    def get_wsgi_headers(self, _environ: "WSGIEnvironment") -> Headers:
        return self.headers

    def get_app_iter(self, environ: "WSGIEnvironment") -> Iterable[bytes]:
        return () if environ["REQUEST_METHOD"] == "HEAD" else self.iter_encoded()


def answer(result: object, status: int) -> Response:
    """A result as JSON, with its version as the ETag and a link to the next page."""
    if result is None:
        response = Response(status=204)
        del response.headers["Content-Type"]
        return response
    headers = Headers()
    body: object = result
    if isinstance(result, Page):
        body, following = _page(result)
        if following is not None:
            headers["Link"] = f'<{_next_url(following)}>; rel="next"'
    version = member(result, "version")
    if isinstance(version, int):
        headers["ETag"] = f'"{version}"'
    written = dumps(body, option=OPT_APPEND_NEWLINE)
    return _Written(written, status, headers, content_type="application/json")


def location(pattern: str, result: object, path: Mapping[str, object]) -> str:
    """Where the thing that was made is found: `{id}` and path parameters filled in."""
    known = {name: str(value) for name, value in path.items()}
    return pattern.format(**known, id=member(result, "id"))


def cursor_of(after: UUID, day: date | None = None) -> str:
    """A place in a list: an id, and before it, in a list by days, the day as two bytes."""
    counted = b"" if day is None else (day - _FIRST_DAY).days.to_bytes(2, "big")
    return urlsafe_b64encode(counted + after.bytes).rstrip(b"=").decode()


def place_of(cursor: str) -> tuple[UUID, date | None]:
    """The id and the day that a cursor stands for."""
    place = urlsafe_b64decode(cursor + "==")
    counted, after = place[:-_ID_BYTES], UUID(bytes=place[-_ID_BYTES:])
    return after, _FIRST_DAY + timedelta(int.from_bytes(counted, "big")) if counted else None


@cache
def answer_schema(kind: Any) -> type[Schema]:
    """The schema of a dataclass, from its type hints; of a page, from its items."""
    if get_origin(kind) is Page:
        (item,) = get_args(kind)
        return _schema(
            f"{_name(item)}Page",
            {
                "items": fields.List(fields.Nested(answer_schema(item)), required=True),
                "next": fields.String(allow_none=True, required=True),
            },
        )
    hints = get_type_hints(kind)
    members = {part.name: _field(part.name, hints) for part in members_of(kind)}
    return _schema(_name(kind), members, kind.__doc__)


def _field(name: str, hints: Mapping[str, Any]) -> fields.Field[Any]:
    if name == "fields" and hints[name] is not list and get_origin(hints[name]) is not list:
        return fields.Nested(schemas.Fields, required=True)
    return _typed(hints[name])


def _typed(hint: Any, **options: Any) -> fields.Field[Any]:
    options.setdefault("required", True)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        (inner,) = (part for part in arguments if part is not NoneType)
        return _typed(inner, allow_none=True)
    if origin in (list, tuple):
        return fields.List(_typed(arguments[0]), **options)
    if origin is dict or origin is Mapping:
        return fields.Dict(keys=fields.String(), values=_typed(arguments[1]), **options)
    if is_dataclass(hint):
        return fields.Nested(answer_schema(cast("Any", hint)), **options)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        values = [choice.value for choice in hint]
        choices = [*values, None] if options.get("allow_none") else values
        return fields.String(metadata={"enum": choices}, **options)
    return _PLAIN[hint](**options)


def _schema(name: str, members: dict[str, Any], doc: str | None = None) -> type[Schema]:
    """A schema with the docstring of what it describes; one that Python made up says nothing."""
    own = cleandoc(doc) if doc and " " in doc.partition("(")[0] else None
    return type(name, (Schema,), {**members, "__doc__": own})


def _name(kind: Any) -> str:
    return str(kind.__name__).removesuffix("View")


def _page(result: Page[Any]) -> tuple[dict[str, object], str | None]:
    """A page's body, and the cursor of the next."""
    cursor = None if result.next_after is None else cursor_of(result.next_after, result.next_day)
    return {"items": result.items, "next": cursor}, cursor


def _next_url(cursor: str) -> str:
    return f"{request.path}?{urlencode({**request.args.to_dict(), 'cursor': cursor})}"


def member(result: object, name: str) -> object:
    """A member of a result; of one that was kept, which is a plain object, as well."""
    if isinstance(result, dict):
        return result.get(name)
    return getattr(result, name, None)
