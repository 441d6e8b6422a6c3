"""ZIP archives, written while they are sent: nothing on disk, and no more than a chunk in memory.

The central directory, without which nobody reads the archive, comes last: one that was broken off
is no archive, never a short one.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import IO, ClassVar, cast
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from flask import Response

Entry = tuple[str, Iterable[bytes]]


class Archive(Response):
    """A ZIP archive, as an attachment; which components describe the files in it."""

    schemas_inside: ClassVar = {"application.json": "PortableApplication"}
    default_mimetype = "application/zip"

    def __init__(self, filename: str, chunks: Iterable[bytes]) -> None:
        super().__init__(chunks)
        self.headers["Content-Disposition"] = f'attachment; filename="{filename}"'


class _Outlet:
    """What the archive is written to: a stream without a way back, emptied by its reader."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._written.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def taken(self) -> Iterator[bytes]:
        """What was written since the last time, if anything was: no piece is empty."""
        data = b"".join(self._written)
        self._written.clear()
        if data:
            yield data


def archived(entries: Iterable[Entry], at: datetime) -> Iterator[bytes]:
    """The bytes of an archive with these entries, all of the moment `at`.

    Entries are compressed even where that gains nothing: many readers of streams know the end of
    an entry only then.
    """
    outlet = _Outlet()
    with ZipFile(cast("IO[bytes]", outlet), "w") as archive:
        for name, chunks in entries:
            entry = ZipInfo(name, at.timetuple()[:6])
            entry.compress_type = ZIP_DEFLATED
            with archive.open(entry, "w") as file:
                for chunk in chunks:
                    file.write(chunk)
                    yield from outlet.taken()
            yield from outlet.taken()
    yield from outlet.taken()
