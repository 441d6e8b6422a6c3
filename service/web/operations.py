"""One operation of the OpenAPI document, from its door: what goes in, what comes out."""

from collections.abc import Iterator
from inspect import getdoc
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from flask import Response
from marshmallow import Schema

from service.domain.catalogue import DocumentKind
from service.domain.errors import CONFLICTS
from service.domain.media import MediaType
from service.domain.policy import Role
from service.domain.tokens import SUBJECT
from service.usecases.paging import Page
from service.web import examples, manual
from service.web.answers import answer_schema
from service.web.bodies import RESUME
from service.web.doors import DOORS, ETAG, IDEMPOTENCY_KEY, Door
from service.web.schemas import Submission
from service.web.shapes import needs

_FILE = {"type": "string", "contentMediaType": "application/octet-stream"}
_RESUME = {"type": "object", "description": "The property `resume`, as a part of its own."}
_PLACES_OF_A_RESUME = [
    {"properties": {"application": Submission.whole, RESUME: {"not": {}}}},
    needs(RESUME, "application", application={"not": needs(RESUME)}),
]
_FOR_ALL = {400, 401, 403, 408, 413, 415, 422, 500, 503}
# They name in the body or the query what may not be there.
_NAMING = {"submit_application", "file_request", "list_requests", "record_disclosure"}
_MAKING = {"submit_application", "reuse_application"}
_COUNTED = {
    "read_application",
    "list_applications",
    "list_talent_pool",
    "hand_over",
    "list_documents",
    "read_document",
    "search_persons",
    "read_access_report",
    "export_application",
    "read_request",
    "change_request",
}


def operation(made: Door) -> dict[str, Any]:
    """The operation behind a door."""
    summary, _, notes = (getdoc(made.handler) or "").partition("\n\n")
    described: dict[str, Any] = {
        "operationId": made.name,
        "summary": summary.strip().removesuffix("."),
        "description": _description(made, notes),
        "tags": [made.handler.__module__.rpartition("routes_")[2]],
        "parameters": _parameters(made),
    }
    if made.body is not None or made.takes_files:
        described["requestBody"] = {
            "required": not made.may_be_empty,
            "content": _request_content(made),
        }
    described["responses"] = _responses(made)
    return described


def template(path: str) -> str:
    """Flask's `/x/<uuid:id>` as OpenAPI's `/x/{id}`."""
    return "/".join(f"{{{_name(part)}}}" if "<" in part else part for part in path.split("/"))


def _name(segment: str) -> str:
    return segment.strip("<>").rpartition(":")[2]


def _description(made: Door, notes: str) -> str:
    """Who may, what else there is to know, and which conflicts are met."""
    roles = ", ".join(role for role in Role if role in made.roles - {Role.OPERATOR})
    parts = [f"For: {roles}.", notes]
    if made.conflicts:
        codes = "\n".join(f"- `{code}`: {CONFLICTS[code]}" for code in made.conflicts)
        parts.append(f"Conflicts (409):\n\n{codes}")
    return "\n\n".join(part for part in parts if part)


def _parameters(made: Door) -> list[dict[str, Any]]:
    parameters = [_path_parameter(part) for part in made.path.split("/") if "<" in part]
    if made.query is not None:
        parameters.append({"in": "query", "schema": made.query})
    if made.versioned:
        parameters.append(_header("If-Match", "The ETag that was last read.", '"1"', ETAG))
    if made.repeatable:
        required = made.roles == {Role.WEBSITE}
        meaning = "A key for this request, to repeat it safely; the website must send one."
        parameters.append(
            _header("Idempotency-Key", meaning, "form-5f2c7a1e", IDEMPOTENCY_KEY, required=required)
        )
    return parameters


def _path_parameter(segment: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "format": "uuid"}
    if not segment.startswith("<uuid:"):
        schema = {"type": "string", "pattern": f"^{SUBJECT}$"}
    return {"in": "path", "name": _name(segment), "required": True, "schema": schema}


def _header(
    name: str, meaning: str, example: str, pattern: str, *, required: bool = True
) -> dict[str, Any]:
    return {
        "in": "header",
        "name": name,
        "required": required,
        "description": meaning,
        "schema": {"type": "string", "pattern": f"^{pattern}$"},
        "example": example,
    }


def _request_content(made: Door) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if made.body is not None:
        media_type = f"application/{'merge-patch+' if made.method == 'PATCH' else ''}json"
        content[media_type] = _media(_whole(made.body), examples.REQUESTS[made.name])
    if made.takes_files:
        content["multipart/form-data"] = _media(_multipart(made.body), examples.FILES[made.name])
    return content


def _whole(body: type[Schema]) -> Any:
    """The schema, with what is asked of it where it comes alone."""
    return {"allOf": [body, body.whole]} if hasattr(body, "whole") else body


def _multipart(json_part: type[Schema] | None) -> dict[str, Any]:
    """One file, or the JSON part, a resume, and any number of files, each named after its kind."""
    if json_part is None:
        properties: dict[str, Any] = {kind.value: _FILE for kind in DocumentKind}
        counted: dict[str, Any] = {"minProperties": 1, "maxProperties": 1}
    else:
        files = {kind.value: {"type": "array", "items": _FILE} for kind in DocumentKind}
        properties = {"application": json_part, RESUME: _RESUME, **files}
        counted = {"required": ["application"], "anyOf": _PLACES_OF_A_RESUME}
    return {"type": "object", "properties": properties, "additionalProperties": False, **counted}


def _responses(made: Door) -> dict[str, Any]:
    statuses = set(_FOR_ALL)
    if "<" in made.path or made.name in _NAMING:
        statuses.add(404)
    if made.versioned:
        statuses |= {412, 428}
    if made.name in _MAKING:
        statuses.add(410)
    if made.name in _COUNTED:
        statuses.add(429)
    problems: dict[str, Any] = {str(status): f"Problem{status}" for status in sorted(statuses)}
    if made.conflicts:
        problems["409"] = problem_response(409, made.conflicts)
    success = "204" if made.answer is NoneType else str(made.status)
    return {success: _success(made), **dict(sorted(problems.items()))}


def problem_response(status: int, codes: tuple[str, ...], *headers: str) -> dict[str, Any]:
    """The response of these types of problems."""
    return {
        "description": manual.MEANINGS[status],
        "headers": {name: name for name in ("X-Request-Id", *headers)},
        "content": {
            "application/problem+json": {
                "schema": "Problem",
                "examples": {code: code for code in codes},
            }
        },
    }


def _success(made: Door) -> dict[str, Any]:
    described: dict[str, Any] = {
        "description": "Done; there is nothing to say." if made.answer is NoneType else "Done.",
        "headers": {name: name for name in _headers(made)},
    }
    if made.answer is not NoneType:
        described["content"] = _answer_content(made.answer)
    if links := dict(_links(made)):
        described["links"] = links
    return described


def _headers(made: Door) -> Iterator[str]:
    yield "X-Request-Id"
    if made.location:
        yield "Location"
    if _has_version(made):
        yield "ETag"
    if any(get_origin(kind) is Page for kind in (made.answer, *get_args(made.answer))):
        yield "Link"
    if _is_file(made.answer):
        yield "Content-Disposition"


def _has_version(made: Door) -> bool:
    return isinstance(made.answer, type) and get_type_hints(made.answer).get("version") is int


def _answer_content(kind: Any) -> dict[str, Any]:
    if _is_file(kind):
        media_types = MediaType if kind is Response else [kind.default_mimetype]
        return {str(media_type): {"schema": _FILE | _inside(kind)} for media_type in media_types}
    return {"application/json": _media(_answer(kind), examples.answers(kind))}


def _inside(kind: Any) -> dict[str, Any]:
    """The schemas that the files in an archive keep, by their names."""
    schemas = getattr(kind, "schemas_inside", {})
    refs = {name: {"$ref": f"#/components/schemas/{schema}"} for name, schema in schemas.items()}
    return {"contentSchema": {"type": "object", "properties": refs}} if refs else {}


def _is_file(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Response)


def _answer(kind: Any) -> Any:
    if get_origin(kind) is list:
        return {"type": "array", "items": answer_schema(get_args(kind)[0])}
    if get_origin(kind) in (Union, UnionType):
        return {"anyOf": [answer_schema(part) for part in get_args(kind)]}
    return answer_schema(kind)


def _media(schema: Any, shown: dict[str, object]) -> dict[str, Any]:
    return {"schema": schema, "examples": {name: {"value": value} for name, value in shown.items()}}


def _links(made: Door) -> Iterator[tuple[str, dict[str, Any]]]:
    """What can be done next: with the thing that was made, or with the version that was read."""
    version = {"header.If-Match": "$response.header.ETag"} if _has_version(made) else {}
    for following in DOORS:
        known = _known(made, following)
        if known is None or (made.method == "GET" and not (version and following.versioned)):
            continue
        parameters = {**known, **(version if following.versioned else {})}
        yield following.name, {"operationId": following.name, "parameters": parameters}


def _known(made: Door, following: Door) -> dict[str, str] | None:
    """The path parameters of `following`, as far as `made` tells them; None if not all."""
    if made.method == "GET":
        return _from_path(made.path) if following.path == made.path else None
    if made.method != "POST":
        return None
    for collection in (made.path, made.location.removesuffix("/{id}")):
        item, _, rest = following.path.removeprefix(f"{collection}/<uuid:").partition(">")
        if following.path.startswith(f"{collection}/<uuid:") and "<" not in rest:
            return {**_from_path(collection), item: "$response.body#/id"}
    return None


def _from_path(path: str) -> dict[str, str]:
    names = [_name(part) for part in path.split("/") if "<" in part]
    return {name: f"$request.path.{name}" for name in names}
