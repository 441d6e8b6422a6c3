"""Sealing fields and wrapping keys: what opens, and all that does not."""

import struct
import tracemalloc
from dataclasses import replace
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from service.crypto.seals import DocumentLabel, KeyWrap, RecordSeal, new_key
from service.domain.catalogue import FIELDS, Gender
from service.domain.errors import Unreadable

APPLICATION = UUID("0193a4b2-7c1d-7e2f-8a3b-4c5d6e7f8091")
OTHER_APPLICATION = UUID("0193a4b2-7c1d-7e2f-8a3b-4c5d6e7f8092")
PROCEDURE = UUID("0193a4b2-0000-7000-8000-00000000000a")
OTHER_PROCEDURE = UUID("0193a4b2-0000-7000-8000-00000000000b")
DOCUMENT = UUID("0193a4b2-0000-7000-8000-00000000000d")
OTHER_DOCUMENT = UUID("0193a4b2-0000-7000-8000-00000000000e")
LABEL = DocumentLabel(DOCUMENT, "cv", "application/pdf", 7_000)
DEK, KEK, DOCUMENT_KEY = bytes(range(32)), bytes(range(32, 64)), bytes(range(96, 128))

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(sorted(FIELDS))
KEYS = st.binary(min_size=32, max_size=32)
NATIONALITIES = ["Nederlandse", "Duitse", "Belgische", "Syrische", "Surinaams", "Amerikaanse", "X"]


def damaged(blob):
    """The blob with each of its bytes changed in turn, once by a bit and once wholly."""
    for place in range(len(blob)):
        for change in (0x01, 0x80, 0xFF):
            yield blob[:place] + bytes([blob[place] ^ change]) + blob[place + 1 :]


def misshapen(blob):
    """The blob cut short at every length, and made longer at either end."""
    yield from (blob[:length] for length in range(len(blob)))
    yield from (blob + b"\x00", b"\x00" + blob, blob[:1] + blob, blob + blob)


def opens(opening, *arguments: object):
    try:
        opening(*arguments)
    except Unreadable:
        return False
    return True


def aad(*parts: bytes):
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


# Fields


@given(NAMES, JSON, KEYS, st.uuids())
def test_what_is_sealed_opens_as_it_was(name, value, key, application_id):
    seal = RecordSeal(application_id, key)
    assert RecordSeal(application_id, key).open(name, seal.seal(name, value)) == value


@pytest.mark.parametrize("field", FIELDS.values(), ids=lambda field: field.name)
def test_every_example_of_the_catalogue_opens_as_it_was(field):
    seal = RecordSeal(APPLICATION, DEK)
    assert seal.open(field.name, seal.seal(field.name, field.example)) == field.example


@given(JSON, st.text(max_size=12), st.text(max_size=12))
def test_a_field_blob_opens_under_its_own_name_only(value, name, other):
    seal = RecordSeal(APPLICATION, DEK)
    assert opens(seal.open, other, seal.seal(name, value)) is (other == name)


@pytest.mark.parametrize("value", ["Sanne de Vries", None, "x" * 200])
def test_no_field_blob_opens_with_any_byte_flipped(value):
    seal = RecordSeal(APPLICATION, DEK)
    blob = seal.seal("name", value)
    assert not [bad for bad in damaged(blob) if opens(seal.open, "name", bad)]


def test_no_field_blob_opens_cut_short_or_made_longer():
    seal = RecordSeal(APPLICATION, DEK)
    blob = seal.seal("name", "Sanne de Vries")
    assert not [bad for bad in misshapen(blob) if opens(seal.open, "name", bad)]


@given(st.binary(max_size=200))
def test_no_made_up_bytes_open(blob):
    assert not opens(RecordSeal(APPLICATION, DEK).open, "name", blob)
    assert not opens(RecordSeal(APPLICATION, DEK).open, "name", b"\x01" + blob)


@pytest.mark.parametrize("version", [0, 2, 3, 0x7F, 0xFF])
def test_a_blob_of_an_unknown_version_is_unreadable_even_when_well_sealed(version):
    tag = bytes([version])
    context = aad(b"kluis field", tag, APPLICATION.bytes, b"name")
    blob = tag + bytes(12) + AESGCM(DEK).encrypt(bytes(12), b'"x"', context)
    assert not opens(RecordSeal(APPLICATION, DEK).open, "name", blob)


def test_a_field_blob_of_another_record_or_key_is_unreadable():
    blob = RecordSeal(APPLICATION, DEK).seal("name", "Sanne")
    assert not opens(RecordSeal(OTHER_APPLICATION, DEK).open, "name", blob)
    assert not opens(RecordSeal(APPLICATION, KEK).open, "name", blob)


def test_the_prose_above_the_code_is_enough_to_open_a_field():
    blob = RecordSeal(APPLICATION, DEK).seal("name", "Sanne")
    context = aad(b"kluis field", b"\x01", APPLICATION.bytes, b"name")
    plaintext = AESGCM(DEK).decrypt(blob[1:13], blob[13:], context)
    assert (blob[0], plaintext) == (1, b'"Sanne"' + b" " * 57)


def test_the_prose_above_the_code_is_enough_to_seal_a_field():
    context = aad(b"kluis field", b"\x01", APPLICATION.bytes, b"name")
    blob = b"\x01" + bytes(12) + AESGCM(DEK).encrypt(bytes(12), b' "Sanne" ', context)
    assert RecordSeal(APPLICATION, DEK).open("name", blob) == "Sanne"


@given(JSON)
def test_a_field_blob_is_29_bytes_and_a_multiple_of_64(value):
    blob = RecordSeal(APPLICATION, DEK).seal("other", value)
    assert len(blob) > 29
    assert (len(blob) - 29) % 64 == 0


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("gender", list(Gender)),
        ("nationality", NATIONALITIES),
        ("age", [18, 67, 101]),
        ("birth_date", ["1994-02-28"]),
        ("phone", ["+31 6 12345678", "112"]),
        ("availability", [{}, {"hours_per_week": 36}]),
    ],
)
def test_the_length_of_a_short_value_does_not_tell_what_it_is(name, values):
    seal = RecordSeal(APPLICATION, DEK)
    assert {len(seal.seal(name, value)) for value in values} == {29 + 64}


@pytest.mark.parametrize(("letters", "padded"), [(0, 64), (62, 64), (63, 128), (126, 128)])
def test_a_value_is_padded_to_the_next_64_bytes(letters, padded):
    assert len(RecordSeal(APPLICATION, DEK).seal("name", "x" * letters)) == 29 + padded


def test_no_nonce_is_used_twice():
    seal = RecordSeal(APPLICATION, DEK)
    blobs = [seal.seal("gender", "female") for _ in range(3_000)]
    assert len({blob[1:13] for blob in blobs}) == len(set(blobs)) == len(blobs)


@given(st.dictionaries(NAMES, JSON), KEYS, st.uuids())
def test_what_is_sealed_together_opens_each_as_it_was(values, key, application_id):
    sealed = RecordSeal(application_id, key).seal_all(values)
    seal = RecordSeal(application_id, key)
    assert list(sealed) == list(values)
    assert {name: seal.open(name, blob) for name, blob in sealed.items()} == values


def test_what_is_sealed_together_has_no_part_of_a_nonce_in_common():
    examples = {name: field.example for name, field in FIELDS.items()}
    sealed = RecordSeal(APPLICATION, DEK).seal_all(examples)
    parts = [blob[at : at + 6] for blob in sealed.values() for at in range(1, 8)]
    assert len(set(parts)) == len(parts) == 7 * len(FIELDS)


def test_what_is_sealed_together_is_each_as_long_as_alone():
    seal, examples = RecordSeal(APPLICATION, DEK), {n: f.example for n, f in FIELDS.items()}
    alone = {name: len(seal.seal(name, value)) for name, value in examples.items()}
    assert {name: len(blob) for name, blob in seal.seal_all(examples).items()} == alone


def test_no_plaintext_shows_in_a_blob():
    blob = RecordSeal(APPLICATION, DEK).seal("name", "Sanne de Vries")
    assert b"Sanne" not in blob
    assert DEK not in blob


def test_names_that_come_and_go_are_not_held_in_memory():
    seal = RecordSeal(APPLICATION, DEK)
    tracemalloc.start()
    try:
        for number in range(4_000):
            seal.seal(f"document-name:{number:0>200}", "cv.pdf")
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 500_000


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes", 2**64, "\ud800"])
def test_what_is_no_json_is_never_sealed(value):
    with pytest.raises(TypeError):
        RecordSeal(APPLICATION, DEK).seal("other", value)


# The wrapped key of a record


@given(KEYS, KEYS, st.uuids(), st.uuids())
def test_a_wrapped_key_unwraps_as_it_was(dek, kek, application_id, procedure_id):
    wrapped = RecordSeal(application_id, dek).wrapped_by(KeyWrap("kek-1", kek), procedure_id)
    assert KeyWrap("kek-1", kek).unwrap(application_id, procedure_id, wrapped) == dek
    assert len(wrapped) == 1 + 12 + 32 + 16


def test_no_wrapped_key_unwraps_with_any_byte_flipped_or_cut_or_added():
    wrap = KeyWrap("kek-1", KEK)
    wrapped = wrap.wrap(APPLICATION, PROCEDURE, DEK)
    bad = [*damaged(wrapped), *misshapen(wrapped)]
    assert not [b for b in bad if opens(wrap.unwrap, APPLICATION, PROCEDURE, b)]


@pytest.mark.parametrize(
    ("kek_id", "kek", "application_id", "procedure_id", "unwraps"),
    [
        pytest.param("kek-1", KEK, APPLICATION, PROCEDURE, True, id="in its place"),
        pytest.param("kek-2", KEK, APPLICATION, PROCEDURE, False, id="under another key id"),
        pytest.param("kek-1", DEK, APPLICATION, PROCEDURE, False, id="under another key"),
        pytest.param("kek-1", KEK, OTHER_APPLICATION, PROCEDURE, False, id="another record"),
        pytest.param("kek-1", KEK, APPLICATION, OTHER_PROCEDURE, False, id="another procedure"),
        pytest.param("kek-1", KEK, PROCEDURE, APPLICATION, False, id="ids changed about"),
    ],
)
def test_a_wrapped_key_unwraps_in_its_own_place_only(
    kek_id, kek, application_id, procedure_id, unwraps
):
    wrapped = KeyWrap("kek-1", KEK).wrap(APPLICATION, PROCEDURE, DEK)
    assert opens(KeyWrap(kek_id, kek).unwrap, application_id, procedure_id, wrapped) is unwraps


def test_the_prose_above_the_code_is_enough_to_unwrap_a_key():
    wrapped = KeyWrap("kek-1", KEK).wrap(APPLICATION, PROCEDURE, DEK)
    context = aad(b"kluis key", b"\x01", APPLICATION.bytes, PROCEDURE.bytes, b"kek-1")
    assert AESGCM(KEK).decrypt(wrapped[1:13], wrapped[13:], context) == DEK


def test_a_rewrapped_key_still_opens_what_it_sealed():
    seal = RecordSeal(APPLICATION, DEK)
    blob = seal.seal("name", "Sanne")
    moved = KeyWrap("kek-2", DOCUMENT_KEY)
    dek = moved.unwrap(APPLICATION, PROCEDURE, seal.wrapped_by(moved, PROCEDURE))
    assert RecordSeal(APPLICATION, dek).open("name", blob) == "Sanne"


# The header of a document


LABELS = st.builds(DocumentLabel, st.uuids(), st.text(), st.text(), st.integers())


@given(KEYS, LABELS)
def test_a_document_key_unwraps_as_it_was(key, label):
    seal = RecordSeal(APPLICATION, DEK)
    header = seal.wrap_document_key(label, key)
    assert seal.unwrap_document_key(label, header) == key
    assert len(header) == 1 + 12 + 32 + 16


@given(LABELS, LABELS)
def test_a_header_opens_under_its_own_label_only(label, other):
    seal = RecordSeal(APPLICATION, DEK)
    header = seal.wrap_document_key(label, DOCUMENT_KEY)
    assert opens(seal.unwrap_document_key, other, header) is (other == label)


@pytest.mark.parametrize(
    "change",
    [
        {"id": OTHER_DOCUMENT},
        {"kind": "letter"},
        {"kind": ""},
        {"media_type": "image/png"},
        {"kind": "cva", "media_type": "pplication/pdf"},
        {"media_type": "application/pdf7", "size": 0},
        {"size": 4_000},
        {"size": 6_999},
        {"size": 7_001},
        {"size": 0},
        {"size": -7_000},
        {"size": -(2**70)},
        {"size": 7_000 + 2**64},
    ],
    ids=str,
)
def test_a_header_does_not_open_for_a_row_that_tells_something_else(change):
    seal = RecordSeal(APPLICATION, DEK)
    header = seal.wrap_document_key(LABEL, DOCUMENT_KEY)
    assert opens(seal.unwrap_document_key, LABEL, header)
    assert not opens(seal.unwrap_document_key, replace(LABEL, **change), header)


def test_no_header_opens_with_any_byte_flipped_or_cut_or_added():
    seal = RecordSeal(APPLICATION, DEK)
    header = seal.wrap_document_key(LABEL, DOCUMENT_KEY)
    bad = [*damaged(header), *misshapen(header)]
    assert not [b for b in bad if opens(seal.unwrap_document_key, LABEL, b)]


def test_a_header_of_another_document_or_record_or_key_is_unreadable():
    header = RecordSeal(APPLICATION, DEK).wrap_document_key(LABEL, DOCUMENT_KEY)
    for seal, document_id in (
        (RecordSeal(APPLICATION, DEK), OTHER_DOCUMENT),
        (RecordSeal(OTHER_APPLICATION, DEK), DOCUMENT),
        (RecordSeal(DOCUMENT, DEK), APPLICATION),
        (RecordSeal(APPLICATION, KEK), DOCUMENT),
    ):
        assert not opens(seal.unwrap_document_key, replace(LABEL, id=document_id), header)


def test_the_prose_above_the_code_is_enough_to_open_a_header():
    header = RecordSeal(APPLICATION, DEK).wrap_document_key(LABEL, DOCUMENT_KEY)
    facts = (b"cv", b"application/pdf", b"7000")
    context = aad(b"kluis document", b"\x01", APPLICATION.bytes, DOCUMENT.bytes, *facts)
    assert AESGCM(DEK).decrypt(header[1:13], header[13:], context) == DOCUMENT_KEY


def test_one_kind_of_blob_never_passes_for_another():
    seal, wrap = RecordSeal(APPLICATION, DEK), KeyWrap("kek-1", DEK)
    field = seal.seal("name", "Sanne")
    header = seal.wrap_document_key(LABEL, DOCUMENT_KEY)
    wrapped = wrap.wrap(APPLICATION, PROCEDURE, DEK)
    assert not any(opens(seal.open, "name", blob) for blob in (header, wrapped))
    assert not any(opens(seal.unwrap_document_key, LABEL, b) for b in (field, wrapped))
    assert not any(opens(wrap.unwrap, APPLICATION, PROCEDURE, b) for b in (field, header))


def test_new_keys_are_32_bytes_and_never_the_same():
    keys = [new_key() for _ in range(100)]
    assert {len(key) for key in keys} == {32}
    assert len(set(keys)) == len(keys)
