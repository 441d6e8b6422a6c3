"""Documents as streams: whole and in order, or not at all."""

from itertools import pairwise

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import example, given, settings
from hypothesis import strategies as st

from service.crypto.documents import (
    CHUNK_BYTES,
    SEALED_CHUNK_BYTES,
    DocumentOpener,
    DocumentSealer,
    chunk_count,
)
from service.domain.errors import Unreadable

KIB64 = 65536
EDGES = [1, 2, KIB64 - 1, KIB64, KIB64 + 1, 2 * KIB64 - 1, 2 * KIB64, 2 * KIB64 + 1]


def content_of(size):
    """Bytes of which no two chunks are alike."""
    return b"".join(number.to_bytes(4, "big") for number in range(size // 4 + 1))[:size]


def sealed(content, cuts=()):
    """The document's key and its sealed chunks, written in pieces cut at `cuts`."""
    sealer = DocumentSealer()
    bounds = [0, *sorted(cuts), len(content)]
    chunks = [
        chunk for start, stop in pairwise(bounds) for chunk in sealer.write(content[start:stop])
    ]
    return sealer.key, [*chunks, sealer.finish()]


def read(key, chunks, count):
    """What comes out before the end or before the refusal, and whether it was called whole."""
    got = []
    try:
        got.extend(DocumentOpener(key).open_all(chunks, count))
    except Unreadable:
        return b"".join(got), False
    return b"".join(got), True


@pytest.mark.parametrize("size", EDGES)
def test_a_document_opens_as_it_was_at_every_edge_of_a_chunk(size):
    content = content_of(size)
    key, chunks = sealed(content)
    assert read(key, chunks, chunk_count(size)) == (content, True)


@pytest.mark.parametrize(
    ("size", "count"),
    [(1, 1), (65535, 1), (65536, 1), (65537, 2), (131072, 2), (131073, 3), (10 * KIB64, 10)],
)
def test_a_document_has_as_many_chunks_as_it_needs(size, count):
    assert chunk_count(size) == count
    _, chunks = sealed(content_of(size))
    assert len(chunks) == count


@settings(max_examples=40)
@given(st.sampled_from(EDGES), st.data())
def test_any_split_of_the_writes_gives_the_same_document(size, data):
    cuts = data.draw(st.lists(st.integers(0, size), max_size=6))
    content = content_of(size)
    key, chunks = sealed(content, cuts)
    assert len(chunks) == chunk_count(size)
    assert {len(chunk) for chunk in chunks[:-1]} <= {SEALED_CHUNK_BYTES}
    assert read(key, chunks, len(chunks)) == (content, True)


def test_the_sealer_counts_what_it_was_given():
    sealer = DocumentSealer()
    assert sealer.size == 0
    for piece in (b"abc", b"", b"d" * KIB64):
        list(sealer.write(piece))
    assert sealer.size == 3 + KIB64


def test_the_sealer_holds_back_no_more_than_one_chunk():
    sealer = DocumentSealer()
    given_, taken = 0, 0
    for _ in range(40):
        piece = b"x" * 10_000
        given_ += len(piece)
        taken += sum(len(chunk) - 16 for chunk in sealer.write(piece))
        assert 0 < given_ - taken <= CHUNK_BYTES


def test_a_chunk_is_64_kib_and_a_tag():
    assert (CHUNK_BYTES, SEALED_CHUNK_BYTES) == (65536, 65552)


def test_the_prose_above_the_code_is_enough_to_open_a_document():
    content = content_of(2 * KIB64 + 5)
    key, chunks = sealed(content)
    plain = [
        AESGCM(key).decrypt(bytes(10) + bytes([number]) + bytes([number == 2]), chunk, None)
        for number, chunk in enumerate(chunks)
    ]
    assert b"".join(plain) == content
    assert [len(piece) for piece in plain] == [KIB64, KIB64, 5]


@given(st.binary(min_size=1, max_size=60))
def test_no_chunk_opens_with_any_byte_flipped(content):
    key, [chunk] = sealed(content)
    for place in range(len(chunk)):
        bad = chunk[:place] + bytes([chunk[place] ^ 0x01]) + chunk[place + 1 :]
        assert read(key, [bad], 1) == (b"", False)


@settings(max_examples=40)
@given(st.integers(0, 2), st.integers(0, SEALED_CHUNK_BYTES - 1), st.integers(1, 255))
@example(0, 0, 1)
@example(1, SEALED_CHUNK_BYTES - 1, 1)
@example(2, 0, 255)
def test_a_flipped_byte_stops_the_document_at_its_chunk(number, place, change):
    content = content_of(2 * KIB64 + 999)
    key, chunks = sealed(content)
    chunk = bytearray(chunks[number])
    chunk[place % len(chunk)] ^= change
    chunks[number] = bytes(chunk)
    assert read(key, chunks, 3) == (content[: number * KIB64], False)


CONTENT = content_of(3 * KIB64 + 7)
KEY, CHUNKS = sealed(CONTENT)
OTHER_KEY, OTHER_CHUNKS = sealed(CONTENT)
A, B, C, D = CHUNKS


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param([], id="nothing left"),
        pytest.param([A], id="cut behind the first"),
        pytest.param([A, B], id="cut behind the second"),
        pytest.param([A, B, C], id="the final one missing"),
        pytest.param([B, C, D], id="the first one missing"),
        pytest.param([A, C, D], id="one missing between"),
        pytest.param([D], id="only the final one"),
        pytest.param([B, A, C, D], id="two changed about"),
        pytest.param([A, B, D, C], id="the final one moved"),
        pytest.param([D, C, B, A], id="back to front"),
        pytest.param([A, A, B, C, D], id="one repeated"),
        pytest.param([A, B, C, C], id="one repeated over the final one"),
        pytest.param([A, B, C, D, D], id="the final one repeated"),
        pytest.param([A, B, C, D, A], id="begun again"),
        pytest.param([*CHUNKS, *CHUNKS], id="twice the document"),
        pytest.param([A, B, C, D, b""], id="an empty chunk added"),
        pytest.param([A, B, b"", C, D], id="an empty chunk between"),
        pytest.param([A, B, C, D[:-1]], id="the final one cut short"),
        pytest.param([A, B, C[:-1], D], id="a full one cut short"),
        pytest.param([A, B, C, D + b"\x00"], id="the final one made longer"),
        pytest.param([A + B, C, D], id="two joined"),
        pytest.param([A[:100], A[100:], B, C, D], id="one split"),
        pytest.param([*OTHER_CHUNKS], id="another document's"),
        pytest.param([A, B, C, OTHER_CHUNKS[3]], id="another document's final chunk"),
        pytest.param([A, OTHER_CHUNKS[1], C, D], id="another document's middle"),
    ],
)
@pytest.mark.parametrize("count", range(7))
def test_no_altered_stream_is_ever_reported_whole_whatever_its_stored_size_says(chunks, count):
    got, is_whole = read(KEY, chunks, count)
    assert not is_whole
    assert CONTENT.startswith(got)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 6])
def test_the_whole_stream_under_another_count_is_not_whole(count):
    got, is_whole = read(KEY, CHUNKS, count)
    assert not is_whole
    assert CONTENT.startswith(got)


@given(st.lists(st.integers(0, 3), max_size=6), st.integers(0, 6))
def test_only_all_chunks_once_and_in_order_are_the_document(order, count):
    got, is_whole = read(KEY, [CHUNKS[number] for number in order], count)
    assert is_whole is (order == [0, 1, 2, 3] and count == 4)
    assert CONTENT.startswith(got)
    assert not is_whole or got == CONTENT


def test_an_empty_stream_is_no_empty_document():
    assert read(KEY, [], 0) == (b"", False)


def test_a_chunk_opens_at_its_number_and_with_its_final_flag_only():
    opener = DocumentOpener(KEY)
    assert opener.open(D, 3, final=True) == CONTENT[-7:]
    for number, final in ((3, False), (2, True), (4, True), (0, True)):
        with pytest.raises(Unreadable):
            opener.open(D, number, final=final)


def test_a_stream_is_opened_as_it_comes_and_not_collected_first():
    def chunks():
        yield A
        pytest.fail("the second chunk was asked for before the first was taken")

    assert next(DocumentOpener(KEY).open_all(chunks(), 4)) == CONTENT[:KIB64]


def test_every_document_has_a_key_of_its_own():
    keys = {DocumentSealer().key for _ in range(100)}
    assert len(keys) == 100
    assert {len(key) for key in keys} == {32}
    assert KEY != OTHER_KEY
    assert OTHER_CHUNKS[0] != A
