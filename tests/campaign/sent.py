"""What was sent to the service, so that it can be asked for again, byte for byte."""

import json
import random
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import httpx

from tests.campaign.installation import Service, demand
from tests.factories import FieldsFactory, FullFieldsFactory

KINDS = ("cv", "letter", "certificate", "other")
File = tuple[str, str, bytes]


@dataclass
class Sent:
    """One application as the website sent it, and what was answered."""

    key: str
    reference: str | None
    fields: dict[str, Any]
    files: tuple[File, ...] = ()
    consented: bool = False
    id: UUID | None = None
    purge_on: date | None = None
    hold_until: date | None = None

    def post(self, service: Service) -> httpx.Response:
        """Send it; the same key each time."""
        body: dict[str, Any] = {"fields": self.fields}
        body |= {"kind": "open"} if self.reference is None else {}
        body |= {"procedure_reference": self.reference} if self.reference is not None else {}
        body |= {"consent": {"wording_version": "w1"}} if self.consented else {}
        options: dict[str, Any] = {"json": body}
        if self.files:
            parts = [("application", ("a.json", json.dumps(body).encode(), "application/json"))]
            parts += [
                (kind, (name, content, "application/pdf")) for kind, name, content in self.files
            ]
            options = {"files": parts}
        answer = service.call("POST", "/applications", "website", key=self.key, **options)
        if answer.status_code == httpx.codes.CREATED:
            told = answer.json()
            demand(self.id in (None, UUID(told["id"])), "one key, two applications")
            self.id, self.purge_on = UUID(told["id"]), date.fromisoformat(told["purge_on"])
        return answer

    def apply(self, service: Service) -> "Sent":
        answer = self.post(service)
        demand(answer.status_code == httpx.codes.CREATED, answer.text)
        return self

    def is_due(self, today: date) -> bool:
        """Rules 3 and 8, said once more by the test."""
        held = self.hold_until is not None and today < self.hold_until
        return self.purge_on is not None and self.purge_on <= today and not held

    def demand_whole(self, service: Service, role: str = "officer") -> None:
        """Read it back: every field and every byte of every document."""
        purpose = {"purpose": "supervision"} if role == "officer" else {}
        path = f"/applications/{self.id}"
        told = service.done("GET", path, role, params=purpose)
        demand(told["fields"] == self.fields, f"{self.id}: other fields than were sent")
        demand(not told["unreadable"], f"{self.id}: {told['unreadable']} do not open")
        listed = service.done("GET", f"{path}/documents", role, params=purpose)
        sent = [(kind, name, content) for kind, name, content in self.files]
        found = [
            (each["kind"], each["name"], self._bytes(service, role, purpose, each["id"]))
            for each in listed
        ]
        demand(sorted(found) == sorted(sent), f"{self.id}: other documents than were sent")
        if self.consented and role == "officer":
            ledger = service.done("GET", f"{path}/consent-events", role)
            demand([event["change"] for event in ledger] == ["given"], f"{self.id}: {ledger}")

    def _bytes(self, service: Service, role: str, purpose: dict[str, str], document: str) -> bytes:
        path = f"/applications/{self.id}/documents/{document}"
        answer = service.call("GET", path, role, params=purpose)
        demand(answer.is_success, f"{path}: {answer.status_code}")
        return answer.content


class Applicants:
    """New applications: fictional people, files of random bytes."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def small(self, reference: str | None, *, consented: bool = False) -> Sent:
        return Sent(self._key(), reference, dict(FieldsFactory()), (), consented)

    def full(self, reference: str | None) -> Sent:
        """All fields, one to three documents, with or without consent."""
        kinds = self._rng.sample(KINDS, self._rng.randint(1, 3))
        files = tuple(self.file(kind, self._rng.randrange(1, 200_000)) for kind in kinds)
        consented = self._rng.random() < 0.5
        return Sent(self._key(), reference, dict(FullFieldsFactory()), files, consented)

    def file(self, kind: str, size: int) -> File:
        return (kind, f"{kind}-{size}.pdf", b"%PDF-1.7\n" + self._rng.randbytes(size))

    def _key(self) -> str:
        return f"{self._rng.getrandbits(128):032x}"


def open_procedure(service: Service, reference: str, ends_on: date) -> UUID:
    body = {"reference": reference, "title": "Ontwikkelaar", "ends_on": str(ends_on)}
    return UUID(service.done("POST", "/procedures", "recruiter", json=body)["id"])


def add_wording(service: Service) -> None:
    texts = {"nl": "Ik geef toestemming.", "en": "I consent."}
    body = {"version": "w1", "texts": texts, "names_talent_pool": True}
    service.done("POST", "/consent-wordings", "officer", json=body)
