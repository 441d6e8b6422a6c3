"""Look-up without opening: equal for one person in one procedure, and telling nothing else."""

import hmac
import struct
import unicodedata
from hashlib import sha256
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.crypto.indexes import IndexKey, normalised_email

KEY, OTHER_KEY = bytes(range(64, 96)), bytes(range(96, 128))
PROCEDURE = UUID("0193a4b2-0000-7000-8000-00000000000a")
OTHER_PROCEDURE = UUID("0193a4b2-0000-7000-8000-00000000000b")
INDEX = IndexKey("index-1", KEY)
ADDRESSES = st.builds(
    "{}@{}.{}".format,
    st.text("AZaz\u00e9\u00fc.", min_size=1, max_size=12),
    st.text("abz", min_size=1, max_size=8),
    st.sampled_from(["nl", "org"]),
)
PARTS = st.lists(st.binary(max_size=8), max_size=3)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("sanne@example.org", "sanne@example.org", True),
        ("Sanne@Example.ORG", "sanne@example.org", True),
        (" sanne@example.org\n", "sanne@example.org", True),
        ("ren\u00e9@example.org", "rene\u0301@example.org", True),
        ("REN\u00c9@example.org", "rene\u0301@example.org", True),
        ("stra\u00dfe@example.org", "STRASSE@example.org", True),
        ("sanne@example.org", "sanne@example.com", False),
        ("sanne@example.org", "s.anne@example.org", False),
        ("sanne@example.org", "sanne+hr@example.org", False),
        ("rene@example.org", "ren\u00e9@example.org", False),
    ],
)
def test_two_spellings_of_one_address_are_found_together(one, other, same):
    assert (normalised_email(one) == normalised_email(other)) is same
    assert (INDEX.email(PROCEDURE, one) == INDEX.email(PROCEDURE, other)) is same


@given(ADDRESSES)
def test_no_case_no_space_and_no_composition_matters(address):
    wanted = INDEX.email(PROCEDURE, address)
    decomposed = unicodedata.normalize("NFD", address)
    for spelling in (address.upper(), address.lower(), f"  {address}\t", decomposed):
        assert INDEX.email(PROCEDURE, spelling) == wanted


@given(ADDRESSES)
def test_a_normalised_address_is_its_own_normal_form(address):
    once = normalised_email(address)
    assert normalised_email(once) == once


@given(ADDRESSES)
def test_a_dump_links_nobody_across_procedures_or_keys(address):
    digest = INDEX.email(PROCEDURE, address)
    assert digest != INDEX.email(OTHER_PROCEDURE, address)
    assert digest != IndexKey("index-1", OTHER_KEY).email(PROCEDURE, address)


@given(PARTS, PARTS, st.text(max_size=4), st.text(max_size=4))
def test_a_digest_is_of_its_label_and_parts_alone(one, other, label, other_label):
    same = INDEX.digest(label, *one) == INDEX.digest(other_label, *other)
    assert same is ((label, one) == (other_label, other))


@given(st.text(max_size=8), PARTS)
def test_the_prose_above_the_code_is_enough_to_make_a_digest(label, parts):
    framed = (struct.pack(">I", len(p)) + p for p in (b"kluis index", label.encode(), *parts))
    expected = hmac.new(KEY, b"".join(framed), sha256).digest()
    assert INDEX.digest(label, *parts) == expected


def test_the_email_index_is_the_digest_of_procedure_and_address():
    digest = INDEX.digest("email", PROCEDURE.bytes, b"sanne@example.org")
    assert INDEX.email(PROCEDURE, "Sanne@example.org") == digest
    assert len(digest) == 32


def test_an_index_key_tells_its_id():
    assert INDEX.key_id == "index-1"
