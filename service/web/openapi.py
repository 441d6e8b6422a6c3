"""The OpenAPI 3.1 document, made from the doors: what is not a door is not in it."""

from types import UnionType
from typing import Any, Union, get_args, get_origin

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema

from service.domain.catalogue import DocumentKind
from service.domain.media import MediaType
from service.domain.policy import Role
from service.web import schemas
from service.web.answers import answer_schema
from service.web.doors import DOORS, Accepts, Door

_DESCRIPTION = """\
Kluis keeps job applications sealed, shows them only to the people in the selection, and deletes
them on their day. Errors are RFC 9457 problems with a stable `type` and a list of places; nothing
echoes a value. What a token may not know of, what is past its date and what never was all answer
404 in the same way."""
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "request_id"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:problem-type:kluis:not-found"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string", "format": "uuid"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code"],
                "properties": {
                    "pointer": {"type": "string", "examples": ["/fields/email"]},
                    "code": {"type": "string", "examples": ["not-an-email-address"]},
                },
            },
        },
    },
}
_MEANINGS = {
    "400": "The request could not be read.",
    "401": "No valid token in the Authorization header.",
    "403": "The role may not do this, or not with these fields.",
    "404": "Nothing here for this token.",
    "408": "The body did not arrive in time.",
    "409": "The present state does not allow it.",
    "412": "It was changed since: read again.",
    "413": "Larger than allowed.",
    "415": "Not a content type that is read here.",
    "422": "Read, but something in it is not acceptable.",
    "428": "If-Match is missing.",
    "429": "The read budget of this hour is spent.",
    "500": "What is stored does not open, or the service has a defect.",
    "503": "Not possible right now; try again later.",
}
_TAGS = {
    "applications": "Intake, reading, consent, documents, holds and erasure.",
    "procedures": "Procedures and the people who select in them.",
    "operation": "The purge, duties, the audit and tokens.",
}
_READS = ("read_application", "list_applications", "list_talent_pool", "hand_over")
_READS_DOCUMENTS = ("list_documents", "read_document")


def openapi_document() -> dict[str, Any]:
    """The whole document, as plain data."""
    spec = APISpec(
        title="Kluis",
        version="1",
        openapi_version="3.1.0",
        info={"description": _DESCRIPTION, "summary": "A vault for job-applicant data."},
        servers=[{"url": "/", "description": "This service."}],
        security=[{"token": []}],
        tags=[{"name": tag, "description": meaning} for tag, meaning in _TAGS.items()],
        plugins=[MarshmallowPlugin(schema_name_resolver=_component_name)],
    )
    spec.components.security_scheme(
        "token",
        {"type": "http", "scheme": "bearer", "description": "`kluis_<role>_…`, one for each user."},
    )
    spec.components.schema("Problem", _PROBLEM)
    for status, meaning in _MEANINGS.items():
        spec.components.response(f"Problem{status}", _problem_response(meaning))
    spec.components.schema("Fields", schema=schemas.Fields)
    for made in DOORS:
        spec.path(
            path="/v1" + _template(made.path), operations={made.method.lower(): _operation(made)}
        )
    return spec.to_dict()


def _operation(made: Door) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": made.name,
        "summary": (made.handler.__doc__ or "").strip(),
        "description": f"For: {', '.join(sorted(made.roles - {Role.OPERATOR}))}.",
        "tags": [made.handler.__module__.rpartition("routes_")[2]],
        "parameters": _parameters(made),
        "responses": _responses(made),
    }
    if made.accepts is not Accepts.NOTHING:
        operation["requestBody"] = {"required": True, "content": _request_content(made)}
    return operation


def _parameters(made: Door) -> list[dict[str, Any]]:
    parameters = [_path_parameter(segment) for segment in made.path.split("/") if "<" in segment]
    if made.query is not None:
        parameters.append({"in": "query", "schema": made.query})
    if made.versioned:
        parameters.append(
            _header("If-Match", "The ETag that was last read.", '"1"', r'^"[0-9]{1,9}"$')
        )
    if made.repeatable:
        parameters.append(
            _header(
                "Idempotency-Key",
                "Repeat a request with the same key and it is answered, not done again, for 24"
                " hours. The website must send one.",
                "5f2c7a1e-intake-1",
                r"^[\x21-\x7e]{1,255}$",
                required=made.roles == {Role.WEBSITE},
            )
        )
    return parameters


def _path_parameter(segment: str) -> dict[str, Any]:
    kind, _, name = segment.strip("<>").rpartition(":")
    schema: dict[str, Any] = {"type": "string", "format": "uuid"}
    if kind != "uuid":
        schema = {"type": "string", "pattern": f"^{schemas.SUBJECT}$"}
    return {"in": "path", "name": name, "required": True, "schema": schema}


def _header(
    name: str, meaning: str, example: str, pattern: str, *, required: bool = True
) -> dict[str, Any]:
    return {
        "in": "header",
        "name": name,
        "required": required,
        "description": meaning,
        "schema": {"type": "string", "pattern": pattern},
        "example": example,
    }


def _request_content(made: Door) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if made.accepts in (Accepts.JSON, Accepts.JSON_OR_FILES):
        json_type = "merge-patch+json" if made.method == "PATCH" else "json"
        content[f"application/{json_type}"] = {"schema": made.body}
    if made.accepts is Accepts.JSON_OR_FILES:
        content["multipart/form-data"] = {"schema": _multipart(made.body)}
    if made.accepts is Accepts.FILE:
        content["multipart/form-data"] = {"schema": _multipart(None)}
    return content


def _multipart(json_part: type[Schema] | None) -> dict[str, Any]:
    file = {"type": "string", "contentMediaType": "application/octet-stream"}
    files = {kind.value: {"type": "array", "items": file} for kind in DocumentKind}
    if json_part is None:
        single = {kind.value: file for kind in DocumentKind}
        return {
            "type": "object",
            "properties": single,
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
        }
    return {
        "type": "object",
        "required": ["application"],
        "properties": {"application": json_part, **files},
        "additionalProperties": False,
    }


def _responses(made: Door) -> dict[str, Any]:
    success = str(made.status) if made.answer is not None else "204"
    responses: dict[str, Any] = {success: _success(made)}
    codes = {"400", "401", "403", "404", "422", "503"}
    if made.accepts is not Accepts.NOTHING:
        codes |= {"408", "413"}
    codes |= {"415"}
    if made.versioned:
        codes |= {"412", "428"}
    if made.conflicts:
        codes |= {"409"}
    if made.name in _READS + _READS_DOCUMENTS:
        codes |= {"429"}
    if made.name == "read_document":
        codes |= {"500"}
    for code in sorted(codes):
        responses[code] = f"Problem{code}"
    return responses


def _success(made: Door) -> dict[str, Any]:
    if made.answer is None:
        return {"description": "Done."}
    described: dict[str, Any] = {"description": "Done.", "content": _answer_content(made.answer)}
    if made.location:
        described["headers"] = {"Location": {"schema": {"type": "string"}}}
    return described


def _answer_content(kind: Any) -> dict[str, Any]:
    if kind is bytes:
        binary = {"type": "string", "contentMediaType": "application/octet-stream"}
        return {str(media_type): {"schema": binary} for media_type in MediaType}
    if get_origin(kind) is list:
        return {
            "application/json": {
                "schema": {"type": "array", "items": answer_schema(get_args(kind)[0])}
            }
        }
    if get_origin(kind) in (Union, UnionType):
        choices = [answer_schema(part) for part in get_args(kind)]
        return {"application/json": {"schema": {"anyOf": choices}}}
    return {"application/json": {"schema": answer_schema(kind)}}


def _problem_response(meaning: str) -> dict[str, Any]:
    return {
        "description": meaning,
        "content": {"application/problem+json": {"schema": "Problem"}},
    }


def _component_name(schema: Any) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return "" if kind.__name__ == "Entry" else kind.__name__


def _template(path: str) -> str:
    """Flask's `<uuid:id>` as OpenAPI's `{id}`."""
    return "/".join(
        f"{{{part.strip('<>').rpartition(':')[2]}}}" if "<" in part else part
        for part in path.split("/")
    )
