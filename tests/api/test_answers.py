"""Every example in the document is accepted, and every answer keeps what the document says."""

import io
import json
import re
from collections.abc import Callable
from types import NoneType
from typing import Any

import pytest
from flask import Flask, Response, request, request_finished

from service.web.doors import DOORS, Door
from tests.api.described import DOCUMENT, OPERATIONS, resolved, templated, validator
from tests.api.staging import QUERIES, ROLES, Stage
from tests.factories import PDF, FullFieldsFactory
from tests.world import World

REFERENCE, WORDING = "V-2026-014", "2026-1"  # as the examples have them


class Watch:
    """Looks at every answer of a world: what the document does not say of it is a fault."""

    def __init__(self, world: World) -> None:
        self.faults: list[str] = []
        self.met: set[tuple[str, int]] = set()
        world.is_altered = True
        request_finished.connect(self.look, world.app)

    def look(self, _app: Flask, response: Response, **_: object) -> None:
        rule = request.url_rule
        if rule is not None:
            operation = DOCUMENT["paths"][templated(rule.rule)][request.method.lower()]
            name, status = operation["operationId"], response.status_code
            self.met.add((name, status))
            self.faults += [f"{name} {status}: {fault}" for fault in faults(operation, response)]


def faults(operation: dict[str, Any], answer: Response):
    """What an answer has that the document does not, and the reverse."""
    declared = operation["responses"].get(str(answer.status_code))
    if declared is None:
        yield "status"
        return
    declared = resolved(declared)
    for name, header in declared["headers"].items():
        rule = resolved(header)
        if name not in answer.headers:
            yield from [f"{name} is missing"] if rule["required"] else []
        elif not validator(rule["schema"]).is_valid(answer.headers[name]):
            yield f"{name} is not as declared"
    if "content" not in declared:
        yield from ["body"] if answer.data else []
    elif answer.mimetype not in declared["content"]:
        yield f"{answer.mimetype}"
    elif answer.is_json:
        schema = declared["content"][answer.mimetype]["schema"]
        yield from [] if validator(schema).is_valid(json.loads(answer.get_data())) else ["schema"]


class Story(Stage):
    """The world that the document's examples speak of."""

    def __init__(self, world: World) -> None:
        super().__init__(world, REFERENCE, WORDING)
        self.role, self.version = "", 1
        self.subject: str | None = None

    def path(self, made: Door) -> str:
        """The door's path, with the ids of fresh things in it."""
        template = templated(made.path)
        return template.format(**self.path_values(re.findall(r"{(\w+)}", template)))

    def send(self, made: Door, path: str, media_type: str, body: Any) -> int:
        sent: dict[str, Any] = {"query_string": QUERIES.get(made.name)}
        if media_type.startswith("multipart"):
            sent |= {"data": parts(body)}
        elif media_type:
            sent |= {"data": json.dumps(body), "content_type": media_type}
        if made.versioned:
            sent["version"] = self.version
        who = {"subject": self.subject, "buffered": True}
        return self.world.call(made.method, path, self.role, **who, **sent).status_code


def parts(body: dict[str, Any]) -> dict[str, Any]:
    """A multipart example as the test client sends it."""
    sent: dict[str, Any] = {}
    for name, value in body.items():
        if isinstance(value, dict):
            sent[name] = (io.BytesIO(json.dumps(value).encode()), "a.json", "application/json")
        else:
            (text,) = value if isinstance(value, list) else [value]
            sent[name] = (io.BytesIO(text.encode()), f"{name}.pdf")
    return sent


def hired(story: Story, path: str, body: Any) -> Any:
    patched = path.removesuffix("/handover")
    story.world.patch(patched, "recruiter", version=1, json={"status": "hired"})
    return body


def closed(story: Story, path: str, body: Any) -> Any:
    story.world.patch(path, "recruiter", version=1, json={"closed": True})
    story.version = 2
    return body


def planned(story: Story, _path: str, _body: Any) -> Any:
    story.role = "officer"
    return {"plan": story.world.purge(dry_run=True).json["id"]}


def with_a_code(story: Story, _path: str, body: Any) -> Any:
    fields = {"name": "Sanne", "birth_date": "1994-02-28", "phone": "+31 6 12345678"}
    path = f"/applications/{story.world.apply(story.reference, fields=fields)}/access-codes"
    return body | {"access_code": story.world.post(path, "officer").json["access_code"]}


def by_the_applicant(story: Story, _path: str, body: Any) -> Any:
    story.role, story.subject = "applicant", str(story.world.apply(story.reference))
    return body


def by_the_officer(story: Story, path: str, body: Any) -> Any:
    story.role = "officer"
    return about_one(story, path, body)


def about_one(story: Story, _path: str, body: Any) -> Any:
    application_id = story.world.apply(story.reference, fields=FullFieldsFactory())
    return body | {"application_id": str(application_id)}


def known_by_his_call(story: Story, path: str, _body: Any) -> Any:
    checked = {"identity_check": "call-back"}
    story.world.patch(path, "officer", version=1, json=checked)
    story.version = 2
    return {"outcome": "answered"}


def kept_for_longer(story: Story, path: str, body: Any) -> Any:
    """The applicant agreed, has a document, and another vacancy is there."""
    kept = path.removesuffix("/reuses")
    agreed = {"change": "given", "wording_version": WORDING}
    story.world.post(f"{kept}/consent-events", "website", json=agreed)
    files = {"cv": (io.BytesIO(PDF), "cv.pdf")}
    cv = story.world.post(f"{kept}/documents", "recruiter", data=files).json["id"]
    story.world.procedure(body["procedure_reference"])
    story.subject = kept.rpartition("/")[2]
    return body | {"documents": [cv]}


# What has to be so before an example can be accepted.
PREPARED: dict[str, Callable[[Story, str, Any], Any]] = {
    "What personnel needs": hired,
    "Reopen it": closed,
    "Confirm a plan": planned,
    "Two answers from the record": with_a_code,
    "To know all that is kept": by_the_applicant,
    "Another address": by_the_applicant,
    "Said on the phone, and taken down": by_the_officer,
    "Answered": known_by_his_call,
    "To another vacancy, with another phone number": kept_for_longer,
    "To an assessment bureau": about_one,
    "To an organisation that the applicant named": about_one,
}


def examples(made: Door) -> list[tuple[str, str, Any]]:
    """What the document shows to send: media type, title and body; once nothing, if it is none."""
    content = OPERATIONS[made.name].get("requestBody", {}).get("content", {})
    return [
        (media_type, title, example["value"])
        for media_type, media in content.items()
        for title, example in media["examples"].items()
    ] or [("", "", None)]


@pytest.fixture
def watch(world: World):
    watching = Watch(world)
    yield watching
    assert watching.faults == []


def test_every_example_is_accepted_and_every_answer_is_as_declared(world: World, watch: Watch):
    story = Story(world)
    for made in DOORS:
        for media_type, title, example in examples(made):
            story.role, story.version = ROLES.get(made.name, "recruiter"), 1
            story.subject = None
            path = story.path(made)
            prepare = PREPARED.get(title, lambda _story, _path, body: body)
            body = prepare(story, path, example)
            expected = 204 if made.answer is NoneType else made.status
            assert story.send(made, path, media_type, body) == expected, (made.name, title)
    assert {name for name, _ in watch.met} >= {made.name for made in DOORS}


def test_every_refusal_is_as_declared(world: World, watch: Watch):
    story = Story(world)
    for made in DOORS:
        path = story.path(made)
        missing = re.sub(r"[0-9a-f-]{36}", "01a20297-4dc0-721f-8249-731a7d9064b8", path)
        role = ROLES.get(made.name, "recruiter")
        refused = [
            world.call(made.method, path, None),
            world.call(made.method, path, _stranger(made)),
            world.call(made.method, path, role, data=b"{", content_type="application/json"),
            world.call(made.method, path, role, data=b"x", content_type="text/plain"),
            world.call(made.method, path, role, query_string="unknown=1"),
            world.call(made.method, missing, role, version=1),
            world.call(made.method, path, role, version=999),
            world.call(
                made.method,
                path,
                role,
                version=1,
                data=b" " * 2**21,
                content_type="application/json",
            ),
        ]
        assert all(answer.status_code < 500 for answer in refused), made.name
    statuses = {status for _, status in watch.met}
    assert statuses >= {400, 401, 403, 404, 412, 413, 415, 422, 428}


def _stranger(made: Door) -> str:
    return next(role for role in ("purger", "sourcer") if role not in made.roles)


def test_open_pages_are_as_declared(world: World, watch: Watch):
    client = world.app.test_client()
    pages = [path for path in DOCUMENT["paths"] if not path.startswith("/v1")]
    for path in pages:
        assert client.get(path.replace("{name}", "start.js")).status_code == 200
    assert len(watch.met) == len(pages)
