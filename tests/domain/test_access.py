"""The applicant's own access: what a code looks like, who is the person, and how long to wait."""

import re
from datetime import timedelta
from hashlib import sha256
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain import access
from service.domain.access import (
    Question,
    code_digest,
    is_the_person,
    known_answers,
    mint_code,
    normalised,
    wait_after,
)

ENTROPY = st.binary(min_size=access.ENTROPY_BYTES, max_size=access.ENTROPY_BYTES)
KNOWN = {
    Question.BIRTH_DATE: "19940228",
    Question.POSTAL_CODE: "9401HS",
    Question.PHONE_DIGITS: "4321",
}


# The code


@given(ENTROPY)
def test_a_code_is_four_groups_of_five_digits_without_lookalikes(entropy):
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{5}-){3}[0-9A-HJKMNP-TV-Z]{5}", mint_code(entropy))


def test_a_code_is_the_entropy_in_base_32_the_last_bits_first():
    assert access.ENTROPY_BYTES == 13
    assert mint_code(bytes(13)) == "00000-00000-00000-00000"
    assert mint_code(bytes(12) + b"\x01") == "10000-00000-00000-00000"
    assert mint_code(bytes(12) + b"\x20") == "01000-00000-00000-00000"
    assert mint_code(b"\x0f" + bytes([255] * 12)) == "ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ"
    everything = sum(digit << 5 * place for place, digit in enumerate(range(20)))
    assert mint_code(everything.to_bytes(13, "big")) == "01234-56789-ABCDE-FGHJK"
    assert mint_code((31 - 3).to_bytes(13, "big")) == "W0000-00000-00000-00000"


def test_every_digit_of_the_alphabet_stands_for_its_number():
    found = "".join(mint_code(number.to_bytes(13, "big"))[0] for number in range(32))
    assert found == "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@given(ENTROPY, ENTROPY)
def test_other_entropy_is_another_code_and_another_digest(one, other):
    bits = [int.from_bytes(entropy, "big") % (1 << 100) for entropy in (one, other)]
    codes = [mint_code(entropy) for entropy in (one, other)]
    assert (codes[0] == codes[1]) == (bits[0] == bits[1])
    assert (code_digest(codes[0]) == code_digest(codes[1])) == (bits[0] == bits[1])


@pytest.mark.parametrize(
    "typed",
    [
        "01234-56789-ABCDE-FGHJK",
        "0123456789ABCDEFGHJK",
        "01234-56789-abcde-fghjk",
        " 01234 56789 ABCDE FGHJK ",
        "0 1 2 3 4 - 56789--ABCDE-FGHJK",
        "O1234-56789-ABCDE-FGHJK",
        "o1234-56789-ABCDE-FGHJK",
        "0I234-56789-ABCDE-FGHJK",
        "0i234-56789-ABCDE-FGHJK",
        "0L234-56789-ABCDE-FGHJK",
        "0l234-56789-ABCDE-FGHJK",
    ],
)
def test_a_code_is_read_back_as_people_write_it(typed):
    assert code_digest(typed) == sha256(b"0123456789ABCDEFGHJK").digest()


@pytest.mark.parametrize(
    "typed", ["", "0123456789ABCDEFGHJ", "0123456789ABCDEFGHJK0", "0123456789ABCDEFGHJU"]
)
def test_another_code_has_another_digest(typed):
    assert code_digest(typed) != code_digest("01234-56789-ABCDE-FGHJK")


# What the record can answer


def test_the_questions_are_about_fields_that_the_record_may_hold():
    assert set(Question) == {"birth_date", "postal_code", "phone_digits"}
    assert frozenset({"birth_date", "address", "phone"}) == access.FIELDS_ASKED


@pytest.mark.parametrize(
    ("values", "answers"),
    [
        ({}, {}),
        ({"name": "Sanne", "age": 32}, {}),
        ({"birth_date": "1994-02-28"}, {"birth_date": "19940228"}),
        ({"address": {"postal_code": "9401 hs"}}, {"postal_code": "9401HS"}),
        ({"address": {"postal_code": " SW1A-1aa. "}}, {"postal_code": "SW1A1AA"}),
        ({"address": {"postal_code": "D-10115"}}, {"postal_code": "D10115"}),
        ({"address": {"postal_code": " - . "}}, {}),
        ({"address": {"city": "Assen"}}, {}),
        ({"address": "Brink 1, 9401 HS Assen"}, {}),
        ({"phone": "+31 6 20000001"}, {"phone_digits": "0001"}),
        ({"phone": "0592-12 34 56"}, {"phone_digits": "3456"}),
        ({"phone": "+44 (0)20 7946 0958"}, {"phone_digits": "0958"}),
        ({"phone": "+966 ٥٠ ١٢٣ ٤٥٦٧"}, {"phone_digits": "4567"}),
        ({"phone": "1234"}, {"phone_digits": "1234"}),
        ({"phone": "112"}, {}),
        ({"phone": "geen"}, {}),
        (
            {
                "birth_date": "1994-02-28",
                "address": {"postal_code": "9401HS"},
                "phone": "+31 6 87654321",
            },
            {"birth_date": "19940228", "postal_code": "9401HS", "phone_digits": "4321"},
        ),
    ],
)
def test_what_the_record_can_answer_is_normalised_and_the_rest_left_out(values, answers):
    assert known_answers(values) == answers


@pytest.mark.parametrize("typed", ["9401 HS", "9401hs", " 9401-hs ", "9401.HS", "94 01\tH\u00a0s"])
def test_answers_are_compared_without_case_spaces_hyphens_and_dots(typed):
    assert normalised(typed) == "9401HS"


# Whether it is the person


def given_as(states):
    """Answers by question: right, wrong, empty or not given."""
    said = {"right": lambda known: known, "wrong": lambda _: "0000", "empty": lambda _: " - "}
    return {
        question: said[state](KNOWN[question])
        for question, state in zip(Question, states, strict=True)
        if state != "silent"
    }


@pytest.mark.parametrize("states", list(product(["right", "wrong", "empty", "silent"], repeat=3)))
@pytest.mark.parametrize("recorded", list(product([True, False], repeat=3)))
def test_two_answers_that_the_record_knows_are_right_and_none_is_wrong(recorded, states):
    known = {q: KNOWN[q] for q, there in zip(Question, recorded, strict=True) if there}
    judged = [state for state, there in zip(states, recorded, strict=True) if there]
    expected = judged.count("right") >= 2 and "wrong" not in judged
    assert is_the_person(known, given_as(states)) is expected


def test_a_wrong_answer_is_not_made_good_by_two_right_ones():
    assert not is_the_person(KNOWN, KNOWN | {Question.PHONE_DIGITS: "4322"})


def test_one_answer_is_not_enough():
    assert not is_the_person({Question.BIRTH_DATE: "19940228"}, KNOWN)
    assert access.FEWEST_ANSWERS == 2


def test_answers_are_right_however_they_are_written():
    written = {Question.BIRTH_DATE: "1994-02-28", Question.POSTAL_CODE: "9401 hs"}
    assert is_the_person(KNOWN, written)


def test_answers_beyond_ascii_are_compared_like_others():
    known = {Question.POSTAL_CODE: "ÉÉN", Question.BIRTH_DATE: "19940228"}
    assert is_the_person(known, {**known, Question.POSTAL_CODE: "één"})
    assert not is_the_person(known, {**known, Question.POSTAL_CODE: "een"})


# How long a code is locked

MINUTES = {3: 1, 4: 2, 5: 4, 6: 8, 7: 16, 8: 32, 9: 64, 10: 128, 11: 256, 12: 512, 13: 1024}
A_DAY = 24 * 60


@pytest.mark.parametrize(
    ("failures", "minutes"),
    [(0, 0), (1, 0), (2, 0), *MINUTES.items(), (14, A_DAY), (15, A_DAY), (10**9, A_DAY)],
)
def test_the_wait_doubles_from_the_third_failure_to_a_day_at_most(failures, minutes):
    assert wait_after(failures) == timedelta(minutes=minutes)


@given(st.integers(0, 50))
def test_a_further_failure_never_shortens_the_wait(failures):
    assert wait_after(failures) <= wait_after(failures + 1) <= timedelta(days=1)


def test_the_applicants_token_lives_for_half_an_hour():
    assert timedelta(minutes=30) == access.APPLICANT_TOKEN_LIFE
