"""The document as the tests read it: operations by their names, references followed."""

import re
from typing import Any

from jsonschema_rs import Draft202012Validator

from service.web.openapi import openapi_document

DOCUMENT = openapi_document()
COMPONENTS = DOCUMENT["components"]
OPERATIONS: dict[str, dict[str, Any]] = {
    operation["operationId"]: operation
    for path in DOCUMENT["paths"].values()
    for operation in path.values()
}


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """What a reference stands for; anything else as it is."""
    if "$ref" not in part:
        return part
    _, _, kind, name = part["$ref"].split("/")
    return COMPONENTS[kind][name]


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": COMPONENTS})


def templated(rule: str) -> str:
    """Flask's `/x/<uuid:id>` as the document's `/x/{id}`."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)
