"""The kinds of files that are accepted, told by their leading bytes and never by their name."""

from enum import StrEnum

LEADING_BYTES = 96


class MediaType(StrEnum):
    PDF = "application/pdf"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    ODT = "application/vnd.oasis.opendocument.text"
    JPEG = "image/jpeg"
    PNG = "image/png"


_PLAIN = {
    b"%PDF-": MediaType.PDF,
    b"\xff\xd8\xff": MediaType.JPEG,
    b"\x89PNG\r\n\x1a\n": MediaType.PNG,
}
_ZIP = b"PK\x03\x04"
_ZIP_NAME_AT = 30  # of the first entry, behind the fixed part of its local header
_DOCX_FIRST = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"word/")
_ODT_FIRST = b"mimetype" + MediaType.ODT.encode()


def media_type_of(leading: bytes) -> MediaType | None:
    """The accepted kind that begins with these bytes, or None."""
    for signature, media_type in _PLAIN.items():
        if leading.startswith(signature):
            return media_type
    if not leading.startswith(_ZIP):
        return None
    first = leading[_ZIP_NAME_AT:]
    if first.startswith(_ODT_FIRST):
        return MediaType.ODT
    return MediaType.DOCX if first.startswith(_DOCX_FIRST) else None


def extension(media_type: str) -> str:
    """The ending of the generated name under which a file of this kind is served."""
    return MediaType(media_type).name.lower()
