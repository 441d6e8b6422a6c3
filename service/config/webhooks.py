"""Systems that are told of events, as the operator lists them in a file of mode 0600.

    {"version": 1, "subscribers": [
        {"name": "personnel", "url": "https://…", "secret": "whsec_<base64 of 24 to 64 bytes>"}]}

Addresses are https, or http to a loopback address; they hold no credentials. Whatever is wrong
stops the start, with the place and never the value.
"""

import json
import os
import re
import stat
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from service.domain.errors import Misconfigured

MOST_SUBSCRIBERS = 10
_SETTING = "KLUIS_WEBHOOKS_FILE"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_URL = re.compile(r"[\x21-\x7e]{1,2000}")
_SECRET = re.compile(r"whsec_([A-Za-z0-9+/]+={0,2})")
_SECRET_BYTES = range(24, 65)
_FIXED = {"file": {"version", "subscribers"}, "subscriber": {"name", "url", "secret"}}


@dataclass(frozen=True)
class Subscriber:
    """One system: its name, where it listens, and the secret that signs what it is sent."""

    name: str
    url: str = field(repr=False)
    secret: bytes = field(repr=False)


def read_subscribers(path: Path | None) -> tuple[Subscriber, ...]:
    """The systems in the file at `path`; none without one. Misconfigured names what is wrong."""
    if path is None:
        return ()
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                _refuse("the file", f"has mode {mode:04o}; it must be 0600 (chmod 600)")
            text = file.read()
    except OSError as error:
        raise Misconfigured(f"{_SETTING}: the file can not be read ({error.strerror})") from error
    return parse_subscribers(text)


def parse_subscribers(text: bytes) -> tuple[Subscriber, ...]:
    """The systems in `text`; Misconfigured names the place of what is wrong."""
    try:
        content = json.loads(text, object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError):
        content = None  # not chained: these errors quote what they could not read
    _demand_members(content, _FIXED["file"], "the file")
    entries = content["subscribers"]
    if type(content["version"]) is not int or content["version"] != 1:
        _refuse("/version", "is not known")
    if not isinstance(entries, list) or len(entries) > MOST_SUBSCRIBERS:
        _refuse("/subscribers", f"must be a list of at most {MOST_SUBSCRIBERS}")
    found = [_parse_one(entry, f"/subscribers/{at}") for at, entry in enumerate(entries)]
    _demand_distinct([one.name for one in found])
    return tuple(found)


def _parse_one(entry: Any, at: str) -> Subscriber:
    _demand_members(entry, _FIXED["subscriber"], at)
    for name in sorted(_FIXED["subscriber"]):
        if not isinstance(entry[name], str):
            _refuse(f"{at}/{name}", "must be text")
    if not _NAME.fullmatch(entry["name"]):
        _refuse(f"{at}/name", "must be 1 to 60 of a-z, 0-9 and hyphens, not beginning with one")
    if not _is_allowed_address(entry["url"]):
        _refuse(f"{at}/url", "must be https, or http to a loopback address, without credentials")
    return Subscriber(entry["name"], entry["url"], _parse_secret(entry["secret"], f"{at}/secret"))


def _parse_secret(text: str, at: str) -> bytes:
    found = _SECRET.fullmatch(text)
    try:
        secret = b64decode(found[1], validate=True) if found else b""
    except ValueError:
        secret = b""  # not chained: a part of the secret could be told
    if len(secret) not in _SECRET_BYTES:
        _refuse(at, "must be whsec_ and the base64 of 24 to 64 bytes")
    return secret


def _is_allowed_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, is_sendable = parts.hostname, parts.port != 0
        (host or "").encode("idna")  # as it is looked up
    except ValueError:  # no such host or port
        return False
    if not (_URL.fullmatch(url) and host and is_sendable) or "#" in url:
        return False
    if not {"@", "%"}.isdisjoint(parts.netloc):  # credentials; the zone of an address
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name, which could lead anywhere
        return False


def _demand_members(value: Any, names: set[str], at: str) -> None:
    if not isinstance(value, Mapping) or set(value) != names:
        _refuse(at, f"must be JSON: an object with {', '.join(sorted(names))}, each once")


def _demand_distinct(names: Sequence[str]) -> None:
    for at, name in enumerate(names):
        if name in names[:at]:
            _refuse(f"/subscribers/{at}/name", "was given to one before")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _refuse(place: str, wrong: str) -> NoReturn:
    raise Misconfigured(f"{_SETTING}: {place} {wrong}")
