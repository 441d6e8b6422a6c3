"""Tokens: their text form, and why a mistyped one is refused before any query."""

import re
import string
import zlib
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.policy import TOKEN_ROLES, Role
from service.domain.tokens import (
    ENTROPY_BYTES,
    claimed_role,
    digest,
    is_subject,
    is_well_formed,
    mint,
)

ALPHABET = string.digits + string.ascii_letters + "_-"
ROLES = st.sampled_from(sorted(TOKEN_ROLES))
ENTROPY = st.binary(min_size=ENTROPY_BYTES, max_size=ENTROPY_BYTES)
FROZEN = "kluis_recruiter_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf4Jvhtp"
FROZEN_DIGEST = "d9a1296d9152e743efec2f1d617cf6f52bd1337cd17db8bd097633d6b2c544fb"


@given(ROLES, ENTROPY)
def test_a_minted_token_is_well_formed_and_names_its_role(role, entropy):
    token = mint(role, entropy)
    assert is_well_formed(token)
    assert re.fullmatch(rf"kluis_{role}_[0-9A-Za-z]{{49}}", token)
    assert claimed_role(token) is role


@given(ROLES, ENTROPY, ENTROPY)
def test_other_entropy_gives_another_token(role, one, other):
    assert (mint(role, one) == mint(role, other)) is (one == other)


@pytest.mark.parametrize(
    ("entropy", "secret"),
    [(bytes(32), "0" * 43), (bytes(31) + b"\x3d", "0" * 42 + "z"), (b"\xff" * 32, None)],
)
def test_the_smallest_and_the_largest_secret_have_the_same_length(entropy, secret):
    token = mint(Role.ADMIN, entropy)
    assert len(token) == len("kluis_admin_") + 49
    assert secret in {None, token[len("kluis_admin_") : -6]}


def test_a_frozen_token_is_known_for_ever():
    assert mint(Role.RECRUITER, bytes(range(32))) == FROZEN
    assert is_well_formed(FROZEN)
    assert digest(FROZEN).hex() == FROZEN_DIGEST


def test_every_change_of_one_character_is_refused():
    changed = (
        FROZEN[:place] + other + FROZEN[place + 1 :]
        for place, character in enumerate(FROZEN)
        for other in ALPHABET
        if other != character
    )
    assert not [token for token in changed if is_well_formed(token)]


@given(ROLES, ENTROPY, st.data())
def test_every_token_refuses_a_changed_character(role, entropy, data):
    token = mint(role, entropy)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters().filter(lambda c: c != token[place]))
    assert not is_well_formed(token[:place] + other + token[place + 1 :])


@given(ROLES, ENTROPY, st.integers(0, 64))
def test_a_token_cut_short_is_refused(role, entropy, length):
    token = mint(role, entropy)
    assert not is_well_formed(token[: min(length, len(token) - 1)])


@given(ROLES, ENTROPY, st.integers(0, 47))
def test_two_neighbours_swapped_are_refused(role, entropy, place):
    token = mint(role, entropy)
    at = len(token) - 49 + place
    swapped = token[:at] + token[at + 1] + token[at] + token[at + 2 :]
    assert is_well_formed(swapped) is (swapped == token)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "kluis",
        "ghp_" + FROZEN[len("kluis_") :],
        FROZEN.replace("kluis_", "Kluis_"),
        FROZEN.replace("kluis_", "kluis-"),
        FROZEN.replace("recruiter", "hacker"),
        FROZEN.replace("recruiter", "officer"),
        FROZEN.replace("recruiter", "RECRUITER"),
        " " + FROZEN,
        FROZEN + " ",
        FROZEN + "\n",
        FROZEN + "0",
        FROZEN * 2,
        FROZEN[:-1],
    ],
)
def test_what_is_no_token_of_ours_is_refused(token):
    assert not is_well_formed(token)


def with_checksum(body):
    """The body with its CRC-32 behind it, in base 62 and six digits, counted a second time."""
    digits = string.digits + string.ascii_uppercase + string.ascii_lowercase
    crc = zlib.crc32(body.encode())
    return body + "".join(digits[crc // 62**place % 62] for place in reversed(range(6)))


@pytest.mark.parametrize("body", ["kluis_recruiter_", "kluis_hacker_", "ghp_", "kluis_"])
@pytest.mark.parametrize("length", [0, 42, 43, 44, 86])
def test_a_right_checksum_alone_makes_no_token(body, length):
    token = with_checksum(body + "a" * length)
    assert is_well_formed(token) is ((body, length) == ("kluis_recruiter_", 43))


@given(ROLES, ENTROPY)
def test_what_is_stored_is_a_digest_that_holds_nothing_of_the_token(role, entropy):
    token = mint(role, entropy)
    stored = digest(token)
    assert stored == sha256(token.encode("ascii")).digest()
    assert token.encode() not in stored
    assert entropy not in stored


def test_the_operator_has_no_token():
    assert not is_well_formed(mint(Role.OPERATOR, bytes(32)))


@pytest.mark.parametrize("text", ["r.jansen", "hr-site_2", "cli:root", "a@b", "r" * 100])
def test_a_subject_is_an_opaque_id(text: str):
    assert is_subject(text)


@pytest.mark.parametrize("text", ["", "r jansen", "a/b", "é", "r\n", "\x1b[31m", "r" * 101])
def test_what_a_path_or_a_log_can_not_carry_is_no_subject(text: str):
    assert not is_subject(text)
