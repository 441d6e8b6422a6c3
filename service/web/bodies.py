"""Bodies: JSON, or multipart with files that are sealed while they arrive."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from flask import Request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Field, File, MultipartDecoder, NeedData, State

from service.config.settings import Settings
from service.domain.catalogue import DocumentKind
from service.domain.errors import Fault, Invalid, Malformed, Refusal, TooLarge, UnsupportedMedia
from service.usecases.documents import Upload, upload_faults
from service.web.strict_json import is_plain_line, read_json

_READ_BYTES = 64 * 1024
# One read, and what may be left of those before it: of a head, or of what stands before the parts.
_MOST_HELD = 2 * _READ_BYTES
_MOST_PARTS = 100
_FILE = f"a file, with a file name, in a part named after its kind: {', '.join(DocumentKind)}"
# With this header a request may come again; whether it is the same one, its body's identity tells.
_MAY_COME_AGAIN = "Idempotency-Key"
JSON_TYPES = ("application/json", "application/merge-patch+json")
MULTIPART = "multipart/form-data"
# Beside the JSON part: what may also be its property of this name.
RESUME = "resume"


@dataclass
class Body:
    """What arrived: the JSON, the uploads, and bytes that tell this body from any other.

    `identity` is only there where an Idempotency-Key asks for it: to digest files takes time.
    """

    value: Any = None
    uploads: list[Upload] = field(default_factory=list)
    identity: bytes = field(default=b"", repr=False)

    def close(self) -> None:
        for upload in self.uploads:
            upload.close()


def read_json_body(request: Request, settings: Settings, beside: str = "") -> Body:
    """A body that is JSON and nothing else; `beside` tells who sends neither what else may come."""
    _demand_plain(request)
    if request.mimetype not in JSON_TYPES:
        raise UnsupportedMedia(f"Send application/json{beside}.")
    if request.mimetype_params.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise UnsupportedMedia("JSON is sent in UTF-8.")
    # Werkzeug ends a body of unsaid length at its limit in silence: look one byte further.
    request.max_content_length = settings.max_json_bytes + 1
    too_large = f"JSON holds at most {settings.max_json_bytes:,} bytes here."
    with _reading(too_large):
        data = request.stream.read()
    if len(data) > settings.max_json_bytes:
        raise TooLarge(too_large)
    return Body(read_json(data), identity=data)


def read_multipart(request: Request, settings: Settings, json_part: str | None) -> Body:
    """A body of one JSON part, if `json_part` names one, and files named after their kind.

    Beside the JSON part may come a resume, which becomes its property.
    """
    _demand_plain(request)
    boundary = request.mimetype_params.get("boundary", "")
    if request.mimetype != MULTIPART or not boundary:
        raise UnsupportedMedia(f"Send {MULTIPART} with a boundary.")
    request.max_content_length = settings.max_body_bytes
    parts = _Parts(settings, json_part, is_repeatable=_MAY_COME_AGAIN in request.headers)
    try:
        with _reading(f"A body holds at most {settings.max_body_bytes:,} bytes here."):
            for event in _events(request, boundary.encode()):
                parts.take(event)
        return parts.finish()
    except BaseException:
        parts.body.close()
        raise


def _demand_plain(request: Request) -> None:
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("Compressed bodies are not read here.")


@contextmanager
def _reading(too_large: str) -> Iterator[None]:
    """What the libraries say of a bad body, in our words."""
    try:
        yield
    except RequestEntityTooLarge as error:
        raise TooLarge(too_large) from error
    except ClientDisconnected as error:
        raise Malformed("The body broke off.") from error
    except ValueError as error:
        raise Malformed("The body is not well-formed multipart.") from error


def _events(request: Request, boundary: bytes) -> Iterator[Field | File | Data]:
    decoder = MultipartDecoder(boundary, _MOST_HELD, max_parts=_MOST_PARTS)
    while decoder.state is not State.EPILOGUE:
        _receive(decoder, request.stream.read(_READ_BYTES))
        while not isinstance(event := decoder.next_event(), NeedData):
            if isinstance(event, Field | File | Data):
                yield event
    while request.stream.read(_READ_BYTES):  # what follows the end is of no meaning
        pass


def _receive(decoder: MultipartDecoder, data: bytes) -> None:
    try:
        decoder.receive_data(data or None)
    except RequestEntityTooLarge as error:
        raise Malformed("The head of a part, or what precedes the first, is too long.") from error


class _Parts:
    """The parts of one multipart body, as they arrive."""

    def __init__(self, settings: Settings, json_part: str | None, *, is_repeatable: bool) -> None:
        self._settings = settings
        self._json_part = json_part
        self._is_repeatable = is_repeatable
        self._json: dict[str, bytearray] = {}
        self._places: list[str] = []
        self._name_faults: list[Fault] = []
        self._count = 0
        self._write: Callable[[bytes], object] = _drop
        self._refusal: Refusal | None = None
        self.body = Body()

    def take(self, event: Field | File | Data) -> None:
        """Take one event. What is wrong with a part is kept until all parts have been counted."""
        if isinstance(event, Data):
            self._write(event.data)
            return
        self._write = _drop
        try:
            self._begin(event)
        except (Invalid, Malformed) as refusal:
            self._refusal = self._refusal or refusal
        self._count += 1

    def finish(self) -> Body:
        if self._refusal is not None:
            raise self._refusal
        if self._json_part is not None and self._json_part not in self._json:
            raise Invalid(faults=[Fault(f"/parts/{self._json_part}", "required")])
        faults = self._name_faults + [
            fault
            for upload, place in zip(self.body.uploads, self._places, strict=True)
            for fault in upload_faults(upload, place)
        ]
        if faults:
            raise Invalid(faults=faults)
        self.body.value = self._value()
        if self._is_repeatable:
            self.body.identity = self._identity()
        return self.body

    def _identity(self) -> bytes:
        told = [bytes(self._json[name]) for name in sorted(self._json)]
        for upload in self.body.uploads:
            told += [upload.kind.encode(), upload.name.encode(), upload.digest]
        return b"".join(told)

    def _value(self) -> Any:
        """What the JSON part says, with the resume as its property."""
        if self._json_part is None:
            return None
        value = self._read(self._json_part)
        if RESUME not in self._json or not isinstance(value, dict):
            return value
        if RESUME in value:
            raise Invalid(faults=[Fault(f"/parts/{RESUME}", "twice")])
        return {**value, RESUME: self._read(RESUME, f"/{RESUME}")}

    def _read(self, name: str, at: str = "") -> Any:
        """The value of a JSON part; who sent a file under its name is told where files go."""
        try:
            return read_json(bytes(self._json[name]), at)
        except Malformed as error:
            detail = f"Part {name} is to be JSON; send {_FILE}. {error.detail}"
            raise Malformed(detail, [Fault(f"/parts/{name}", "not-json")]) from error

    def _begin(self, event: Field | File) -> None:
        if self._json_part is not None and event.name in (self._json_part, RESUME):
            self._begin_json(event.name)
        elif isinstance(event, File):
            self._begin_file(event)
        else:
            raise self._unknown()

    def _begin_json(self, name: str) -> None:
        if name in self._json:
            raise Malformed("A JSON part is there twice.")
        self._json[name] = bytearray()
        self._write = partial(self._write_json, self._json[name])

    def _begin_file(self, event: File) -> None:
        if event.name not in list(DocumentKind):
            raise self._unknown()
        if len(self.body.uploads) >= self._settings.max_files:
            raise TooLarge(f"There are more than {self._settings.max_files} files.")
        upload = Upload(self._settings.max_file_bytes, digested=self._is_repeatable)
        upload.kind = DocumentKind(event.name)
        upload.name = (event.filename or "").strip()[:255]
        place = f"/parts/{event.name}/{len(self.body.uploads)}"
        if not is_plain_line(event.filename):
            self._name_faults.append(Fault(f"{place}/name", "forbidden-character"))
        self._places.append(place)
        self.body.uploads.append(upload)
        self._write = upload.write

    def _unknown(self) -> Invalid:
        """Of a part that has no place here: its number, for its name could hold a value."""
        json = f"JSON in the parts {self._json_part} and {RESUME}, and " if self._json_part else ""
        return Invalid(f"Send {json}{_FILE}.", [Fault(f"/parts/{self._count}", "unknown")])

    def _write_json(self, json: bytearray, data: bytes) -> None:
        json += data
        if len(json) > self._settings.max_json_bytes:
            most = self._settings.max_json_bytes
            raise TooLarge(f"A JSON part holds at most {most:,} bytes here.")


def _drop(_data: bytes) -> None:
    """Where the bytes of a part go that is refused."""
