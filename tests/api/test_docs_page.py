"""The page at /docs: from the installed package, under its policy, and nothing from elsewhere."""

import re

import pytest
import yaml
from werkzeug.test import TestResponse

from tests.world import World

ASSETS = {
    "/docs/swagger-ui.css": "text/css",
    "/docs/page.css": "text/css",
    "/docs/swagger-ui-bundle.js": "text/javascript",
    "/docs/start.js": "text/javascript",
}


def fetch(world: World, path: str) -> TestResponse:
    return world.app.test_client().get(path, buffered=True)


def test_the_page_has_a_title_and_names_its_assets_and_no_others(world: World):
    page = fetch(world, "/docs")
    assert page.mimetype == "text/html"
    assert "<title>Kluis API</title>" in page.text
    assert set(re.findall(r'(?:href|src)="(/[^"]*)"', page.text)) == ASSETS.keys()


@pytest.mark.parametrize("path", ASSETS)
def test_an_asset_is_served_as_what_it_is(world: World, path: str):
    asset = fetch(world, path)
    assert asset.status_code == 200
    assert asset.mimetype == ASSETS[path]
    assert asset.headers["X-Content-Type-Options"] == "nosniff"
    assert asset.data


@pytest.mark.parametrize("path", ["/docs", "/docs/start.js", "/docs/page.css"])
def test_nothing_of_ours_names_another_site(world: World, path: str):
    assert not re.search(r"(?:https?:)?//[a-z]", fetch(world, path).text)


def test_the_page_may_load_from_here_only(world: World):
    policy = fetch(world, "/docs").headers["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["connect-src"] == "'self'"
    assert "http" not in policy


def test_no_other_page_may_frame_this_one(world: World):
    policy = fetch(world, "/docs").headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy.split("; ")


@pytest.mark.parametrize("name", ["index.html", "swagger-ui.js", "..%2fpages.py", "page.css.map"])
def test_nothing_else_of_the_package_is_served(world: World, name: str):
    assert fetch(world, f"/docs/{name}").status_code == 404


def test_the_page_shows_the_document_that_is_served(world: World):
    assert 'url: "/openapi.yaml"' in fetch(world, "/docs/start.js").text
    served = fetch(world, "/openapi.yaml")
    assert served.mimetype == "application/yaml"
    assert yaml.safe_load(served.text)["info"]["title"] == "Kluis"
