"""Requests to the service, each with a real token of the one who makes it; and the demo's clock."""

import os
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx

_ZONE = ZoneInfo("Europe/Amsterdam")
_TOKEN_LIFE, _RENEWED_AFTER = timedelta(days=300), timedelta(days=200)


class Unexpected(Exception):  # the service's answer is what was not expected
    """An answer that the demo can not go on with."""


@dataclass(frozen=True)
class Who:
    """A role and the opaque id of its holder."""

    role: str
    subject: str


class Clock:
    """The clock that the service reads from a file, moved by the demo."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self.now = datetime.fromisoformat(path.read_text().strip()).astimezone(_ZONE)
        except ValueError as error:
            raise Unexpected("The clock's file holds no ISO 8601 moment.") from error

    @property
    def today(self) -> date:
        return self.now.date()

    def move_to(self, day: date, hour: int = 9, minute: int = 30) -> None:
        """Move on, never back; the service may read the file at any moment."""
        self.now = max(self.now, datetime.combine(day, time(hour, minute), _ZONE))
        fresh = self._path.with_suffix(".new")
        fresh.write_text(self.now.isoformat())
        os.replace(fresh, self._path)  # noqa: PTH105  # atomic, and known for it


class Client:
    """The service over HTTP. Tokens are minted with the admin's when first needed, and renewed."""

    def __init__(self, url: str, admin_token: str, clock: Clock) -> None:
        self._http = httpx.Client(base_url=f"{url.rstrip('/')}/v1", timeout=60)
        self._clock = clock
        self._tokens: dict[Who, tuple[str, datetime]] = {}
        self._admin = Who("admin", "demo-admin")
        self._first = admin_token

    def call(
        self, method: str, path: str, who: Who, *, accept: tuple[int, ...] = (), **sent: Any
    ) -> httpx.Response:
        """One request; Unexpected unless it succeeds or its status is in `accept`."""
        return self._send(method, path, self._token(who), accept, **sent)

    def get(self, path: str, who: Who, **query: str) -> Any:
        return self.call("GET", path, who, params=query).json()

    def post(self, path: str, who: Who, body: object = None) -> Any:
        return self.call("POST", path, who, json={} if body is None else body).json()

    def patch(self, path: str, who: Who, version: int, body: object) -> Any:
        headers = {"If-Match": f'"{version}"'}
        return self.call("PATCH", path, who, json=body, headers=headers).json()

    def log_in(self, who: Who, code: str, answers: dict[str, str]) -> int:
        """Try an access code with these answers; the status, and from then on the token."""
        website, refused = Who("website", "werken-bij-site"), HTTPStatus.FORBIDDEN
        body = {"access_code": code, "answers": answers}
        answer = self.call("POST", "/access-tokens", website, json=body, accept=(refused,))
        if answer.is_success:
            self._tokens[who] = (answer.json()["token"], self._clock.now)
        return answer.status_code

    def list_all(self, path: str, who: Who, **query: str) -> list[dict[str, Any]]:
        """Every page of a list."""
        found, query = [], {"limit": "100", **query}
        while True:
            page = self.get(path, who, **query)
            found += page["items"]
            if page["next"] is None:
                return found
            query["cursor"] = page["next"]

    def _token(self, who: Who) -> str:
        token, since = self._tokens.get(who, ("", self._clock.now - _TOKEN_LIFE))
        if self._clock.now - since < _RENEWED_AFTER:
            return token
        minter = token or self._first if who == self._admin else self._token(self._admin)
        until = self._clock.now + _TOKEN_LIFE
        body = {"role": who.role, "subject": who.subject, "expires_at": until.isoformat()}
        minted: str = self._send("POST", "/tokens", minter, json=body).json()["token"]
        self._tokens[who] = (minted, self._clock.now)
        return minted

    def _send(
        self, method: str, path: str, token: str, accept: tuple[int, ...] = (), **sent: Any
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} | sent.pop("headers", {})
        if method == "POST":
            headers["Idempotency-Key"] = str(uuid4())
        try:
            response = self._http.request(method, path, headers=headers, **sent)
        except httpx.TransportError as error:
            raise Unexpected(f"The service does not answer ({type(error).__name__}).") from error
        if response.is_success or response.status_code in accept:
            return response
        raise Unexpected(f"{method} {path} was answered {_said(response)}.")


def _said(response: httpx.Response) -> str:
    """What was wrong, in the service's own words."""
    status = HTTPStatus(response.status_code)
    if response.headers.get("Content-Type") != "application/problem+json":
        return f"{status.value} {status.phrase}"
    problem = response.json()
    places = ", ".join(f"{e['pointer']}: {e['code']}" for e in problem.get("errors", ()))
    return f"{status.value} {problem['type']} {problem.get('detail', '')} {places}".strip()
