"""The file of subscribed systems: strict, for its owner only, and never quoted."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.config.webhooks import MOST_SUBSCRIBERS, parse_subscribers, read_subscribers
from service.domain.errors import Misconfigured
from tests.world import World

SECRET = bytes(range(24))
CANARY = "qzvxwkjhy"


def written(secret: bytes = SECRET) -> str:
    return "whsec_" + base64.b64encode(secret).decode()


def one(**other: Any) -> dict[str, Any]:
    return {"name": "personnel", "url": "https://hr.example.org/in", "secret": written(), **other}


def listed(*subscribers: Any, **other: Any) -> bytes:
    return json.dumps({"version": 1, "subscribers": list(subscribers), **other}).encode()


def test_the_systems_are_read_in_their_order(tmp_path: Path):
    file = tmp_path / "webhooks.json"
    file.write_bytes(listed(one(), one(name="payroll-2", url="http://127.0.0.1:9000/")))
    file.chmod(0o600)
    found = read_subscribers(file)
    assert [(system.name, system.url) for system in found] == [
        ("personnel", "https://hr.example.org/in"),
        ("payroll-2", "http://127.0.0.1:9000/"),
    ]
    assert found[0].secret == SECRET


def test_without_a_file_nobody_is_subscribed():
    assert read_subscribers(None) == ()
    assert parse_subscribers(listed()) == ()


def test_neither_secret_nor_address_is_in_the_repr():
    (system,) = parse_subscribers(listed(one(url=f"https://hr.example.org/{CANARY}")))
    assert repr(system) == "Subscriber(name='personnel')"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610, 0o601])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int):
    file = tmp_path / "webhooks.json"
    file.write_bytes(listed(one()))
    file.chmod(mode)
    with pytest.raises(Misconfigured, match=f"KLUIS_WEBHOOKS_FILE: the file has mode {mode:04o};"):
        read_subscribers(file)


def test_a_file_that_is_not_there_is_said(tmp_path: Path):
    with pytest.raises(Misconfigured, match="KLUIS_WEBHOOKS_FILE: the file can not be read"):
        read_subscribers(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (b"", "the file"),
        (b"{", "the file"),
        (b"\xff", "the file"),
        (b"[" * 100_000, "the file"),
        (b"[]", "the file"),
        (b"null", "the file"),
        (b'{"version": 1}', "the file"),
        (b'{"version": 1, "version": 1, "subscribers": []}', "the file"),
        (listed(extra=CANARY), "the file"),
        (listed(version=2), "/version"),
        (listed(version=True), "/version"),
        (listed(version="1"), "/version"),
        (listed(subscribers={}), "/subscribers"),
        (listed(*(one(name=f"s{n}") for n in range(MOST_SUBSCRIBERS + 1))), "/subscribers"),
        (listed(CANARY), "/subscribers/0"),
        (listed(one(), one(name="p2", extra=CANARY)), "/subscribers/1"),
        (listed({"name": "personnel"}), "/subscribers/0"),
        (listed(one(name=7)), "/subscribers/0/name"),
        (listed(one(url=None)), "/subscribers/0/url"),
        (listed(one(secret=[])), "/subscribers/0/secret"),
        (listed(one(), one()), "/subscribers/1/name"),
        (listed(one(name=f"{CANARY}!")), "/subscribers/0/name"),
        (listed(one(name="")), "/subscribers/0/name"),
        (listed(one(name="-a")), "/subscribers/0/name"),
        (listed(one(name="a" * 61)), "/subscribers/0/name"),
        (listed(one(name="a\n")), "/subscribers/0/name"),
        *[
            (listed(one(url=url)), "/subscribers/0/url")
            for url in (
                "",
                f"{CANARY}.example.org",
                f"ftp://{CANARY}.example.org",
                f"http://{CANARY}.example.org/",
                f"http://localhost.{CANARY}.example.org/",
                "http://localhost/",
                "http://10.0.0.1/",
                "http://[::2]/",
                f"https://user:{CANARY}@example.org/",
                f"https://{CANARY}@example.org/",
                "https://@example.org/",
                "https:///path",
                "https://example.org:0/",
                "https://example.org:70000/",
                "https://[::1/",
                f"https://example.org/#{CANARY}",
                f"https://example.org/{CANARY} b",
                f"https://example.org/{CANARY}\r\n",
                "https://exämple.org/",
                "https://example..org/",
                f"https://{'a' * 64}.org/",
                "https://[fe80::1%25lo]/",
                "https://example.org/" + "a" * 2_000,
            )
        ],
        *[
            (listed(one(secret=secret)), "/subscribers/0/secret")
            for secret in (
                "",
                "whsec_",
                CANARY,
                base64.b64encode(SECRET).decode(),
                f"whsec_{CANARY}",
                f"whsec_{CANARY}!{CANARY}",
                written(bytes(23)),
                written(bytes(65)),
                written() + "\n",
                "WHSEC_" + base64.b64encode(SECRET).decode(),
                "whsec_" + "A" * 33,
                "whsec_" + base64.urlsafe_b64encode(b"\xff" * 24).decode(),
            )
        ],
    ],
)
def test_what_is_wrong_is_refused_by_its_place_and_never_quoted(text: bytes, place: str):
    with pytest.raises(Misconfigured) as refused:
        parse_subscribers(text)
    said = str(refused.value)
    assert said.startswith(f"KLUIS_WEBHOOKS_FILE: {place} ")
    assert CANARY not in said
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    "url",
    [
        "https://hr.example.org",
        "https://hr.example.org:8443/a/b?channel=kluis",
        "https://[2001:db8::1]/",
        "http://127.0.0.1:8001/",
        "http://127.9.9.9/",
        "http://[::1]:8001/x",
    ],
)
def test_addresses_that_are_taken(url: str):
    (system,) = parse_subscribers(listed(one(url=url)))
    assert system.url == url


@pytest.mark.parametrize("length", [24, 25, 26, 32, 64])
def test_secrets_of_24_to_64_bytes_are_taken(length: int):
    (system,) = parse_subscribers(listed(one(secret=written(bytes(length)))))
    assert system.secret == bytes(length)


def test_the_service_does_not_start_with_a_bad_file(
    make_world: Callable[..., World], tmp_path: Path
):
    file = tmp_path / "webhooks.json"
    file.write_bytes(listed(one(secret=f"whsec_{CANARY}")))
    file.chmod(0o600)
    with pytest.raises(Misconfigured, match="KLUIS_WEBHOOKS_FILE: /subscribers/0/secret must be"):
        make_world(KLUIS_WEBHOOKS_FILE=str(file))
