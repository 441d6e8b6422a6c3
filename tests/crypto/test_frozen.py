"""What was sealed once opens for ever: one constant of each format, made with fixed keys.

A change that makes one of these fail loses the records of every installation: make a new version.
"""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from service.crypto.documents import DocumentOpener
from service.crypto.indexes import IndexKey
from service.crypto.keyring import KeyPurpose, KeyState, parse_keyring, render_keyring
from service.crypto.seals import DocumentLabel, KeyWrap, RecordSeal

APPLICATION = UUID("0193a4b2-7c1d-7e2f-8a3b-4c5d6e7f8091")
PROCEDURE = UUID("0193a4b2-0000-7000-8000-00000000000a")
DOCUMENT = UUID("0193a4b2-0000-7000-8000-00000000000d")
HOLD = UUID("0193a4b2-0000-7000-8000-00000000000f")
DEK, KEK = bytes(range(32)), bytes(range(32, 64))
INDEX_KEY, DOCUMENT_KEY = bytes(range(64, 96)), bytes(range(96, 128))
KEK_ID = "kek-20261120-0a1b2c3d"
INDEX_ID = "index-20261120-4e5f6071"

FIELD_1 = bytes.fromhex(
    "0125303b46515c67727d88939e54321b6bf33318c899c7c50dd6e438835a47194392d7d386ef5e5d39f8ea16b7"
    "0e0c7c2721da6c55792f3ef6748b502fe34fa0e4b727051859be538787f2f86418cc4bcdbe0a5e6b3f2274a125"
    "19d9ec"
)
WRAPPED_1 = bytes.fromhex(
    "014a55606b76818c97a2adb8c3bf50ea7cf4b7dcfe929659881571e8f6d92c6f88fbe4850451d6c29a06486f7d"
    "da3fd2d0162026b360c9ddcece31b903"
)
HEADER_1 = bytes.fromhex(
    "016f7a85909ba6b1bcc7d2dde877c17d15b17e23c0fad5f54a578b60330cdc3641a741190237d94387fd3734d8"
    "6200dfe4dfdeeb6ae81a2604e1b216fe"
)
ONLY_CHUNK_1 = bytes.fromhex("f7b0fb658e085375dcd25fac82653fa32a8e24190f3c4dd6380b7aa168")
SECOND_CHUNK_1 = bytes.fromhex("fcccd6c216726965ef8ccbc3b29ad0f0ca2d6c2b474457ec1e")
EMAIL_INDEX = "6d09b93fc9930b9c6fec7fc2271b8cf5a79d5432a659ec86e99fa90b6f66b1ee"
DIGEST = "ab5e5724d3f73747243337d39b67b6c090cd749eb1829dc96a4f6cd247d46bd8"
LOOSE_1 = bytes.fromhex(
    "01949faab5c0cbd6e1ecf7020dae4ae99da762a06ee1a96a3ef8eeb91e2f2e70e57d8a938f281fdbf249623892"
    "3a9424e770f08419970eaf944868c534cc87846de1958fb808c6278354b091552f3bd961d47f287d57e5c56abb"
    "ff6bb7"
)
KEYRING_1 = b"""{
  "version": 1,
  "keys": [
    {
      "id": "kek-20261120-0a1b2c3d",
      "purpose": "kek",
      "state": "active",
      "created_at": "2026-11-20T09:30:00+00:00",
      "secret": "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=",
      "check": "531bdee9b327c255"
    },
    {
      "id": "kek-20250101-99aabbcc",
      "purpose": "kek",
      "state": "destroyed",
      "created_at": "2026-11-20T09:30:00+00:00",
      "check": "0011223344556677"
    },
    {
      "id": "index-20261120-4e5f6071",
      "purpose": "index",
      "state": "active",
      "created_at": "2026-11-20T09:30:00+00:00",
      "secret": "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8=",
      "check": "700b350602ef9b94"
    }
  ]
}
"""


def test_a_field_of_version_1_opens():
    assert RecordSeal(APPLICATION, DEK).open("name", FIELD_1) == "Sanne de Vries"


def test_a_wrapped_key_of_version_1_unwraps():
    assert KeyWrap(KEK_ID, KEK).unwrap(APPLICATION, PROCEDURE, WRAPPED_1) == DEK


def test_a_document_of_version_1_opens():
    label = DocumentLabel(DOCUMENT, "cv", "application/pdf", len(b"%PDF-1.7 kort"))
    key = RecordSeal(APPLICATION, DEK).unwrap_document_key(label, HEADER_1)
    assert key == DOCUMENT_KEY
    assert list(DocumentOpener(key).open_all([ONLY_CHUNK_1], 1)) == [b"%PDF-1.7 kort"]


def test_a_later_chunk_of_version_1_opens():
    assert DocumentOpener(DOCUMENT_KEY).open(SECOND_CHUNK_1, 1, final=True) == b"het einde"


def test_an_index_made_once_is_found_again():
    key = IndexKey(INDEX_ID, INDEX_KEY)
    assert key.email(PROCEDURE, " Sanne.de.Vries@Example.org ").hex() == EMAIL_INDEX
    assert key.digest("subject", b"een", b"twee").hex() == DIGEST


def test_a_keyring_of_version_1_is_read():
    ring = parse_keyring(KEYRING_1, "test")
    made = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    assert [(k.id, k.purpose, k.state, k.created_at, k.secret) for k in ring.keys.values()] == [
        (KEK_ID, KeyPurpose.KEK, KeyState.ACTIVE, made, KEK),
        ("kek-20250101-99aabbcc", KeyPurpose.KEK, KeyState.DESTROYED, made, b""),
        (INDEX_ID, KeyPurpose.INDEX, KeyState.ACTIVE, made, INDEX_KEY),
    ]


def test_a_keyring_of_version_1_is_written_as_it_was():
    assert render_keyring(parse_keyring(KEYRING_1, "test")) == KEYRING_1


def test_a_whole_record_of_version_1_opens_from_its_keyring():
    ring = parse_keyring(KEYRING_1, "test")
    seal = ring.open_record(APPLICATION, PROCEDURE, KEK_ID, WRAPPED_1)
    assert seal.open("name", FIELD_1) == "Sanne de Vries"
    assert ring.index.email(PROCEDURE, "sanne.de.vries@example.org").hex() == EMAIL_INDEX


@pytest.mark.parametrize("key_id", [KEK_ID])
def test_a_loose_seal_made_once_opens(key_id):
    seal = parse_keyring(KEYRING_1, "test").loose_seal(key_id, HOLD)
    assert seal.open("case_reference", LOOSE_1) == "Zaak 2026/17"
