"""The signature on what subscribed systems are sent, against the specification's own library."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from service.crypto.webhooks import signed_headers

SECRET = bytes(range(32))
AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def test_one_frozen_message_is_signed_the_same_for_ever():
    assert signed_headers(SECRET, "msg_1", AT, b'{"type":"application.erased"}') == {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1795339800",
        "webhook-signature": "v1,qDmj3NZF5fuGlM3grfgnOLhZffO7HdOSD6UlFvbtu9o=",
    }


@given(
    st.binary(min_size=24, max_size=64),
    st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True),
    st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.text(st.characters(codec="utf-8"), max_size=200),
)
def test_the_specifications_own_library_signs_the_same(
    secret: bytes, message_id: str, at: datetime, body: str
):
    headers = signed_headers(secret, message_id, at, body.encode())
    assert headers["webhook-signature"] == Webhook(secret).sign(message_id, at, body)
    assert headers["webhook-id"] == message_id
    assert int(headers["webhook-timestamp"]) == int(at.timestamp())


def test_a_moment_is_the_same_in_every_zone_and_told_in_whole_seconds():
    later = AT + timedelta(microseconds=999_999)
    assert signed_headers(SECRET, "m", later, b"") == signed_headers(SECRET, "m", AT, b"")


@pytest.mark.parametrize(
    "other",
    [
        (bytes(32), "msg_1", AT, b"{}"),
        (SECRET, "msg_2", AT, b"{}"),
        (SECRET, "msg_1", AT + timedelta(seconds=1), b"{}"),
        (SECRET, "msg_1", AT, b"{ }"),
    ],
)
def test_secret_id_moment_and_body_each_count(other: tuple[bytes, str, datetime, bytes]):
    mine = signed_headers(SECRET, "msg_1", AT, b"{}")["webhook-signature"]
    assert signed_headers(*other)["webhook-signature"] != mine
