"""The OpenAPI 3.1 document, made from the doors: what is not a door is not in it."""

import json
from functools import cache
from typing import Any

import yaml
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_instance
from apispec.ext.marshmallow.openapi import OpenAPIConverter

from service.web import manual, schemas, schemas_exports
from service.web.doors import DOORS, ETAG
from service.web.operations import operation, problem_response, template
from service.web.problem_types import PROBLEM_TYPES
from service.web.problems import URN

_ORDER = ("openapi", "info", "servers", "security", "tags", "paths", "webhooks", "components")
_PROBLEM = {
    "type": "object",
    "description": "A refusal after RFC 9457; some types carry facts of their own beside these.",
    "required": ["type", "title", "status", "request_id"],
    "properties": {
        "type": {"type": "string", "pattern": f"^{URN}[a-z0-9-]+$"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string", "format": "uuid"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code"],
                "properties": {"pointer": {"type": "string"}, "code": {"type": "string"}},
            },
        },
    },
}
_HEADERS = {
    "X-Request-Id": ("What to find this request by in the log.", {"format": "uuid"}),
    "Location": ("Where what was made is found.", {"format": "uri-reference"}),
    "ETag": ("The version, for If-Match.", {"pattern": f"^{ETAG}$"}),
    "Link": ("The next page, while there is one.", {"pattern": '^<.+>; rel="next"$'}),
    "Content-Disposition": ("A generated file name.", {"pattern": "^attachment; filename="}),
    "Retry-After": ("In how many seconds to try again.", {"pattern": "^[0-9]+$"}),
    "WWW-Authenticate": ("How to authenticate.", {"const": 'Bearer realm="kluis"'}),
}
_HEADERS_OF = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}


def openapi_document() -> dict[str, Any]:
    """The whole document, as plain data."""
    spec = APISpec(
        title="Kluis",
        version="1",
        openapi_version="3.1.0",
        info={"summary": "A vault for job-applicant data.", "description": _introduction()},
        servers=[{"url": "/", "description": "This service."}],
        security=[{"token": []}],
        tags=[{"name": tag, "description": meaning} for tag, meaning in manual.TAGS.items()],
        plugins=[_Plugin(schema_name_resolver=_component_name)],
    )
    _add_components(spec)
    for made in DOORS:
        path = "/v1" + template(made.path)
        spec.path(path=path, operations={made.method.lower(): operation(made)})
    for path in manual.PAGES:
        spec.path(path=path, operations={"get": _page(path)})
    plain = json.loads(json.dumps(spec.to_dict()))  # words of enumerations become text
    plain["webhooks"] = {"event": {"post": manual.event_operation()}}
    _explain_parameters(plain)
    return {part: plain[part] for part in _ORDER}


@cache
def render_openapi() -> str:
    """The document as YAML, as it is kept in openapi.yaml."""
    return yaml.dump(
        openapi_document(), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100
    )


class _Dumper(yaml.SafeDumper):
    """Texts of several lines stand as they are, and nothing stands for something elsewhere."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


def _write_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _write_text)


class _Converter(OpenAPIConverter):
    def schema2jsonschema(self, schema: Any) -> dict[str, Any]:
        """The schema with its docstring, and with what holds between its properties."""
        kind = type(resolve_schema_instance(schema))
        words = {"description": kind.__doc__} if kind.__doc__ else {}
        rules: dict[str, Any] = super().schema2jsonschema(schema)  # type: ignore[no-untyped-call]  # apispec
        return {**words, **rules, **getattr(kind, "also", {})}


class _Plugin(MarshmallowPlugin):
    Converter = _Converter


def _component_name(schema: Any) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return "" if kind.__name__ == "Entry" else kind.__name__


def _introduction() -> str:
    """The manual's introduction, and a table of all types of problems."""
    rows = [
        f"| `{each.code}` | {each.status} | {each.detail or each.title} |" for each in PROBLEM_TYPES
    ]
    head = [f"| `{URN}…` | status | meaning |", "|---|---|---|"]
    codes = [f"| `{code}` | {meaning} |" for code, meaning in manual.FAULTS.items()]
    lines = [*head, *rows, "", "## Codes in `errors`", "| code | meaning |", "|---|---|", *codes]
    return manual.INTRODUCTION + "\n".join(lines) + "\n"


def _add_components(spec: APISpec) -> None:
    part = spec.components
    meaning = "`kluis_<role>_…`: one for each user, made by an admin, with an expiry."
    part.security_scheme("token", {"type": "http", "scheme": "bearer", "description": meaning})
    part.schema("Problem", _PROBLEM)
    part.schema("Fields", schema=schemas.Fields)
    part.schema("PortableApplication", schema=schemas_exports.PortableApplication)
    for name, (words, rule) in _HEADERS.items():
        required = name != "Link"
        header = {"description": words, "required": required, "schema": {"type": "string", **rule}}
        part.header(name, header)
    for kind in PROBLEM_TYPES:
        part.example(kind.code, {"value": kind.example})
    for status in manual.MEANINGS.keys() - {409}:
        codes = tuple(kind.code for kind in PROBLEM_TYPES if kind.status == status)
        response = problem_response(status, codes, *_HEADERS_OF.get(status, ()))
        part.response(f"Problem{status}", response)


def _page(path: str) -> dict[str, Any]:
    """An open page: it takes no token."""
    name, summary, media_types, others = manual.PAGES[path]
    parameters = [{"in": "path", "name": "name", "required": True, "schema": {"type": "string"}}]
    answered = {
        "description": "Done.",
        "headers": {"X-Request-Id": "X-Request-Id"},
        "content": {
            media_type: {"schema": {} if "yaml" in media_type else {"type": "string"}}
            for media_type in media_types.split()
        },
    }
    return {
        "operationId": name,
        "summary": summary,
        "tags": ["pages"],
        "security": [],
        "parameters": parameters if "{name}" in path else [],
        "responses": {"200": answered, **{str(status): f"Problem{status}" for status in others}},
    }


def _explain_parameters(plain: dict[str, Any]) -> None:
    """Say of each parameter of a path or query what it means."""
    for path in plain["paths"].values():
        for described in path.values():
            for parameter in described["parameters"]:
                if "description" not in parameter:
                    parameter["description"] = manual.PARAMETERS[parameter["name"]]
