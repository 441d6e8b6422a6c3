"""Applicants who log in for themselves: with the code of their receipt and what they remember."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from werkzeug.test import TestResponse

from tests.factories import FullFieldsFactory, SubmissionFactory, multipart
from tests.world import World

ANSWERS = {"birth_date": "1994-02-28", "postal_code": "9401 HS"}


@dataclass
class Applicant:
    """One person with an application: its id, the access code, and the token while logged in."""

    world: World
    id: UUID
    code: str
    token: str = ""

    @classmethod
    def apply(
        cls,
        world: World,
        reference: str = "V-1",
        files: Mapping[str, tuple[str, bytes]] | None = None,
        *,
        consents: bool = False,
        **more: Any,
    ) -> "Applicant":
        """Apply through the website, with every field, and log in."""
        given = {"consent": {"wording_version": "w1"}} if consents else {}
        more = {"fields": FullFieldsFactory(), **given, **more}
        body = SubmissionFactory(procedure_reference=reference, **more)
        sent = {"data": multipart(body, **files)} if files else {"json": body}
        made = world.post("/applications", "website", **sent)
        assert made.status_code == 201, made.text
        return cls(world, UUID(made.json["id"]), made.json["access_code"]).logged_in()

    def logged_in(self) -> "Applicant":
        """The same, with a fresh token."""
        opened = self.attempt()
        assert opened.status_code == 200, opened.text
        self.token = opened.json["token"]
        return self

    def attempt(self, **answers: str) -> TestResponse:
        """What the website passes on: the code, and these answers or the right ones."""
        body = {"access_code": self.code, "answers": answers or ANSWERS}
        return self.world.post("/access-tokens", "website", json=body)

    def call(self, method: str, path: str, **options: Any) -> TestResponse:
        sent = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        if (version := options.pop("version", None)) is not None:
            sent["If-Match"] = f'"{version}"'
        path = path.replace("{id}", str(self.id))
        client = self.world.app.test_client()
        return client.open(f"/v1{path}", method=method, headers=sent, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.call("GET", path, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.call("POST", path, **options)

    def ask(self, kind: str, **more: Any) -> TestResponse:
        """File a request of this kind."""
        return self.post("/privacy-requests", json={"kind": kind, **more})
