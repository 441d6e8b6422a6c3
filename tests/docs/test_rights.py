"""docs/rights.md testifies: each article and each promise has its endpoint and its test."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from service.cli import kluis
from service.domain.policy import Role
from service.web.doors import DOORS
from service.web.operations import template

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "rights.md").read_text()

# Written out by hand, from the law and from the demands: the map must name each.
ARTICLES = ("7(3)", "11", "12(3)", "12(4)", "12(6)", "15", "16", "17", "18", "19", "20", "21")
ARTICLES += ("30", "33", "77")
DEMANDS = tuple(f"M{number}" for number in range(1, 21))
RULES = tuple(f"rule {number}" for number in range(1, 13))
# The parts of the house that the applicant's rights are made of.
RIGHTS = ("routes_rights", "routes_exports", "routes_recipients", "routes_officer")

Row = tuple[str, str, str, str]


def rows() -> list[Row]:
    """What is promised, what Kluis does, by which endpoint or command, seen in which tests."""
    cells = [line.strip("|").split("|") for line in PAGE.splitlines() if line.startswith("|")]
    kept = [tuple(cell.strip() for cell in row) for row in cells if "---" not in row[0]]
    return [(row[0], row[1], row[2], row[3]) for row in kept if row[0] != "promise"]


def spans(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def named_endpoints() -> set[str]:
    return {one for row in rows() for one in spans(row[2]) if not one.startswith("kluis ")}


@cache
def functions_of(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("promise", [*(f"art. {one}" for one in ARTICLES), *DEMANDS, *RULES])
def test_each_article_demand_and_rule_is_in_the_map(promise: str):
    named = {part.strip() for row in rows() for part in row[0].split(",")}
    assert promise in named


def test_each_row_says_what_by_what_and_where_it_is_seen():
    for row in rows():
        assert all(row), row
        assert spans(row[3]), row


def test_each_endpoint_and_command_exists():
    doors = {f"{door.method} /v1{template(door.path)}" for door in DOORS} | {"GET /metrics"}
    assert sorted(named_endpoints() - doors) == []
    commands = {one for row in rows() for one in spans(row[2]) if one.startswith("kluis ")}
    for command in sorted(commands):
        words = command.removeprefix("kluis ").split()
        assert CliRunner().invoke(kluis, [*words, "--help"]).exit_code == 0, command


def test_each_test_exists():
    for row in rows():
        for named in spans(row[3]):
            path, _, name = named.partition("::")
            assert name in functions_of(path), named


def test_each_door_of_the_rights_is_in_the_map():
    """From the other side: nothing that an applicant may do is left out."""
    mapped = named_endpoints()
    for door in DOORS:
        module = door.handler.__module__.rpartition(".")[2]
        if module in RIGHTS or Role.APPLICANT in door.roles:
            assert f"{door.method} /v1{template(door.path)}" in mapped, door.name
