"""Kinds of files, told by their leading bytes and never by their name."""

import io
import zipfile

import pytest
from docx import Document
from hypothesis import given
from hypothesis import strategies as st

from service.domain.media import LEADING_BYTES, MediaType, extension, media_type_of

ODT = "application/vnd.oasis.opendocument.text"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PNG = b"\x89PNG\r\n\x1a\n"


def zipped(*entries: tuple[str, str]):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return file.getvalue()


def docx():
    file = io.BytesIO()
    Document().save(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        pytest.param(b"%PDF-1.7\n%\xe2\xe3", "application/pdf", id="PDF"),
        pytest.param(b"%PDF-", "application/pdf", id="PDF, its signature only"),
        pytest.param(b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg", id="JPEG (JFIF)"),
        pytest.param(b"\xff\xd8\xff\xe1\x00\x10Exif", "image/jpeg", id="JPEG (Exif)"),
        pytest.param(PNG + b"\x00\x00\x00\rIHDR", "image/png", id="PNG"),
        pytest.param(docx(), DOCX, id="DOCX of python-docx"),
        pytest.param(zipped(("[Content_Types].xml", "<Types/>")), DOCX, id="DOCX of Word"),
        pytest.param(zipped(("_rels/.rels", "<R/>")), DOCX, id="DOCX, relations first"),
        pytest.param(zipped(("docProps/app.xml", "<P/>")), DOCX, id="DOCX, properties first"),
        pytest.param(zipped(("word/document.xml", "<w/>")), DOCX, id="DOCX, the text first"),
        pytest.param(zipped(("mimetype", ODT), ("content.xml", "<o/>")), ODT, id="ODT"),
    ],
)
def test_an_accepted_kind_is_known_by_its_leading_bytes(content, media_type):
    assert media_type_of(content[:LEADING_BYTES]) == media_type


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"MZ\x90\x00\x03\x00\x00\x00%PDF-1.7", id="an executable renamed"),
        pytest.param(b"\x7fELF\x02\x01\x01", id="another executable"),
        pytest.param(b" %PDF-1.7", id="PDF behind a space"),
        pytest.param(b"%pdf-1.7", id="PDF in small letters"),
        pytest.param(b"%PDF", id="PDF cut short"),
        pytest.param(b"\xff\xd8", id="JPEG cut short"),
        pytest.param(PNG[:-1], id="PNG cut short"),
        pytest.param(b"GIF89a", id="GIF"),
        pytest.param(b"{\\rtf1", id="RTF"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", id="the old DOC"),
        pytest.param(b"<html><script>", id="HTML"),
        pytest.param(b"<svg xmlns=", id="SVG"),
        pytest.param(b"Sanne de Vries", id="plain text"),
        pytest.param(zipped(("leesmij.txt", "zip")), id="any other ZIP"),
        pytest.param(zipped(("words/a.txt", "zip")), id="a ZIP that only resembles"),
        pytest.param(zipped(("map/word/document.xml", "<w/>")), id="DOCX inside a folder"),
        pytest.param(
            zipped(("mimetype", "application/vnd.oasis.opendocument.spreadsheet")), id="ODS"
        ),
        pytest.param(zipped(("mimetype", "application/epub+zip")), id="EPUB"),
        pytest.param(zipped(), id="an empty ZIP"),
        pytest.param(b"PK\x03\x04", id="ZIP cut short"),
        pytest.param(b"QK" + docx()[2:], id="DOCX whose ZIP is none"),
        pytest.param(b"XX" + zipped(("mimetype", ODT))[2:], id="ODT whose ZIP is none"),
    ],
)
def test_anything_else_is_refused(content):
    assert media_type_of(content[:LEADING_BYTES]) is None


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7", PNG, docx(), zipped(("mimetype", ODT)), b"\xff\xd8\xff\xe0"]
)
def test_the_bytes_kept_from_the_start_are_enough(content):
    padded = content.ljust(4096, b"\x00")
    assert media_type_of(padded[:LEADING_BYTES]) is media_type_of(padded) is not None


@given(st.binary(max_size=LEADING_BYTES))
def test_any_bytes_have_an_accepted_kind_or_none(leading):
    assert media_type_of(leading) in {None, *MediaType}


@given(
    st.sampled_from([b"\n", b"\x00", b"\xef\xbb\xbf", b"PK"]),
    st.sampled_from([b"%PDF-1.7", PNG, docx()]),
)
def test_nothing_may_stand_before_a_signature(before, content):
    assert media_type_of((before + content)[:LEADING_BYTES]) is None


@pytest.mark.parametrize(
    ("media_type", "ending"),
    [
        ("application/pdf", "pdf"),
        (DOCX, "docx"),
        (ODT, "odt"),
        ("image/jpeg", "jpeg"),
        ("image/png", "png"),
    ],
)
def test_a_file_is_served_under_the_ending_of_its_kind(media_type, ending):
    assert extension(media_type) == ending


def test_a_kind_that_is_not_accepted_has_no_ending():
    with pytest.raises(ValueError, match="text/html"):
        extension("text/html")
