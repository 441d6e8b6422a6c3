"""openapi.yaml is what the application is: its routes, its refusals, its examples."""

import ast
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
import yaml

import service
from service.domain import errors
from service.domain.errors import Refusal
from service.web.doors import DOORS, Door
from service.web.manual import FAULTS
from service.web.openapi import render_openapi
from service.web.problems import STATUS
from service.web.shapes import CODES
from tests.api.described import COMPONENTS, DOCUMENT, OPERATIONS, resolved, templated, validator
from tests.world import World

ROOT = Path(service.__file__).parent
NEVER_ANSWERED = {"misconfigured"}  # it stops the start
PARTS = ("info", "servers", "security", "tags", "paths", "webhooks", "components")
each_door = pytest.mark.parametrize("made", DOORS, ids=lambda made: made.name)


def contents(made: Door) -> Iterator[tuple[str, dict]]:
    """Every body that goes in or out of a door, with the place where it is described."""
    operation = OPERATIONS[made.name]
    for media_type, media in operation.get("requestBody", {}).get("content", {}).items():
        yield f"request {media_type}", media
    for status, response in operation["responses"].items():
        for media_type, media in resolved(response).get("content", {}).items():
            yield f"{status} {media_type}", media


def test_the_file_is_the_document_that_the_application_makes():
    assert (ROOT.parent / "openapi.yaml").read_text(encoding="utf-8") == render_openapi()


def test_the_document_reads_as_text_from_the_top():
    lines = render_openapi().splitlines()
    assert [line for line in lines if line[:1] not in {"", " ", "-"}] == [
        "openapi: 3.1.0",
        *(f"{part}:" for part in PARTS),
    ]
    assert "  description: |" in lines
    assert yaml.safe_load(render_openapi()) == DOCUMENT


def test_every_route_and_method_is_in_the_document_and_the_reverse(world: World):
    routes = {
        (method, templated(rule.rule))
        for rule in world.app.url_map.iter_rules()
        for method in rule.methods - {"HEAD"}
    }
    documented = {
        (method.upper(), path) for path, item in DOCUMENT["paths"].items() for method in item
    }
    assert routes == documented


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_has_one_line_that_says_what_it_is(name: str):
    operation = OPERATIONS[name]
    assert operation["summary"]
    assert "\n" not in operation["summary"]
    assert [word for word in operation["tags"] if word in {t["name"] for t in DOCUMENT["tags"]}]


@each_door
def test_every_door_says_for_whom_it_is(made: Door):
    first = OPERATIONS[made.name]["description"].splitlines()[0]
    said = set(first.removeprefix("For: ").removesuffix(".").split(", "))
    assert said == {str(role) for role in made.roles} - {"operator"}


@each_door
def test_every_parameter_is_explained(made: Door):
    assert all(part["description"] for part in OPERATIONS[made.name]["parameters"])


@each_door
def test_every_body_has_an_example_and_every_example_keeps_its_schema(made: Door):
    for place, media in contents(made):
        if media["schema"].get("contentMediaType") == "application/octet-stream":
            continue  # a file's bytes
        values = [resolved(example)["value"] for example in media["examples"].values()]
        assert values, place
        for value in values:
            validator(media["schema"]).validate(value)


@each_door
def test_every_refusal_comes_with_its_status_and_its_headers(made: Door):
    responses = OPERATIONS[made.name]["responses"]
    refused = {status: resolved(responses[status]) for status in responses if status >= "400"}
    assert {"400", "401", "403", "422", "503"} <= refused.keys()
    for status, response in refused.items():
        for example in response["content"]["application/problem+json"]["examples"].values():
            assert resolved(example)["value"]["status"] == int(status)
    assert "WWW-Authenticate" in refused["401"]["headers"]
    assert "Retry-After" in refused["503"]["headers"]


def test_open_pages_ask_for_no_token_and_all_else_does():
    open_pages = {name for name, operation in OPERATIONS.items() if operation.get("security") == []}
    assert open_pages == OPERATIONS.keys() - {made.name for made in DOORS}
    assert DOCUMENT["security"] == [{"token": []}]


def test_every_type_of_problem_is_documented_and_the_reverse():
    classes = {
        kind.code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, Refusal) and kind in STATUS
    }
    doors = {code for made in DOORS for code in made.conflicts}
    expected = (classes - {"conflict"} - NEVER_ANSWERED) | doors | {"defect"}
    assert COMPONENTS["examples"].keys() == expected
    assert all(f"| `{code}` |" in DOCUMENT["info"]["description"] for code in expected)


def test_every_code_of_an_error_has_its_meaning_and_no_other_is_listed():
    assert {code for path in ROOT.rglob("*.py") for code in codes_in(path)} == set(FAULTS)
    assert all(f"| `{code}` |" in DOCUMENT["info"]["description"] for code in FAULTS)


def codes_in(path: Path) -> Iterator[str]:
    """What a module says of the places in a request: to `Fault`, or to marshmallow."""
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(call, ast.Call):
            continue
        name = ast.unparse(call.func).rpartition(".")[2]
        said = {"Fault": call.args[1:2], "ValidationError": call.args[:1]}.get(name, [])
        said += [keyword.value for keyword in call.keywords if keyword.arg == "error"]
        yield from (one.value for one in said if isinstance(one, ast.Constant))
    if path.name == "shapes.py" and path.parent.name == "web":
        yield from CODES.values()


@each_door
def test_a_door_names_the_conflicts_that_its_code_can_raise_and_no_others(made: Door):
    module = made.handler.__module__
    assert set(made.conflicts) == conflicts_of(module, made.name)
    if made.conflicts:
        response = OPERATIONS[made.name]["responses"]["409"]
        examples = response["content"]["application/problem+json"]["examples"]
        assert examples.keys() == set(made.conflicts)


def conflicts_of(module: str, function: str, seen: frozenset = frozenset()) -> set[str]:
    """The codes of `Conflict("code")` in a function and in whatever of ours it calls."""
    body = functions_of(module).get(function)
    if body is None or (module, function) in seen:
        return set()
    codes = set()
    for call in (node for node in ast.walk(body) if isinstance(node, ast.Call)):
        where, name = target_of(module, call.func)
        if name == "Conflict":
            codes.add(call.args[0].value)
        codes |= conflicts_of(where, name, seen | {(module, function)})
    return codes


@cache
def functions_of(module: str) -> dict[str, ast.FunctionDef]:
    if not module.startswith("service."):
        return {}
    path = ROOT.parent / f"{module.replace('.', '/')}.py"
    if not path.is_file():
        return {}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def target_of(module: str, called: ast.expr) -> tuple[str, str]:
    """Where what is called is defined: the module and the name."""
    names = vars(import_module(module))
    if isinstance(called, ast.Name):
        return getattr(names.get(called.id), "__module__", module), called.id
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        return getattr(names.get(called.value.id), "__name__", ""), called.attr
    return "", ""
