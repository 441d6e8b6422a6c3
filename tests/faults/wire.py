"""Multipart bodies written byte by byte, so that they can be as wrong as a test wants."""

import json
from collections.abc import Mapping
from typing import Any

BOUNDARY = "kluis-test-boundary"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def part(disposition: str | bytes, content: bytes, media_type: str | None = None) -> bytes:
    """One part; `disposition` is what follows `form-data; `."""
    raw = disposition if isinstance(disposition, bytes) else disposition.encode()
    kind = b"" if media_type is None else f"Content-Type: {media_type}\r\n".encode()
    head = b"Content-Disposition: form-data; " + raw + b"\r\n" + kind
    return f"--{BOUNDARY}\r\n".encode() + head + b"\r\n" + content + b"\r\n"


def json_part(body: Mapping[str, Any] | bytes, name: str = "application") -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return part(f'name="{name}"', content, "application/json")


def file_part(
    content: bytes, kind: str = "cv", name: str = "cv.pdf", media_type: str = "application/pdf"
) -> bytes:
    return part(f'name="{kind}"; filename="{name}"', content, media_type)


def joined(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
