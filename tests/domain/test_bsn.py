"""Spotting a citizen service number: the eleven-test counted a second time, in another way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.bsn import holds_bsn, passes_eleven_test

VALID = "111222333"
INVALID = "111222334"


def check_digit(head):
    """Counted from the right, each digit its place times, modulo eleven; ten is no digit."""
    total = 0
    for place, digit in enumerate(reversed(f"{head:08d}"), start=2):
        total += place * int(digit)
    return total % 11


def eleven_test(number):
    return number > 0 and check_digit(number // 10) == number % 10


def bsns():
    heads = st.integers(1, 99_999_999).filter(lambda head: check_digit(head) < 10)
    return heads.map(lambda head: f"{head:08d}{check_digit(head)}")


@given(st.integers(0, 999_999_999))
def test_the_eleven_test_agrees_with_a_second_count(number):
    assert passes_eleven_test(f"{number:09d}") is eleven_test(number)


@given(bsns())
def test_every_number_that_passes_is_spotted(bsn):
    assert holds_bsn(bsn)


@given(bsns(), st.integers(0, 8), st.integers(1, 9))
def test_no_number_one_digit_off_passes(bsn, place, change):
    digits = [int(digit) for digit in bsn]
    digits[place] = (digits[place] + change) % 10
    assert not passes_eleven_test("".join(map(str, digits)))


@pytest.mark.parametrize(
    ("digits", "passes"),
    [
        ("111222333", True),
        ("123456782", True),
        ("010464554", True),
        ("999999990", True),
        ("000000012", True),
        ("000000000", False),
        ("111222334", False),
        ("123456789", False),
        ("211222333", False),
        ("999999999", False),
    ],
)
def test_known_numbers(digits, passes):
    assert passes_eleven_test(digits) is passes
    assert passes is eleven_test(int(digits))


@pytest.mark.parametrize("digits", ["11122233", "1112223330", ""])
def test_the_eleven_test_is_for_nine_digits(digits):
    with pytest.raises(ValueError, match="zip"):
        passes_eleven_test(digits)


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "Mijn BSN is {}.",
        "BSN:{}",
        "bsn={}",
        "({})",
        "[{}]",
        "\u201c{}\u201d",
        "'{}',",
        "{}, {}",
        "{};",
        "{}!",
        "{}?",
        "nr.{}",
        "no-{}",
        "#{}",
        "a/{}/b",
        "{}-",
        "1. {}",
        "Wachtwoord\t{}\n",
        "{}\nSanne",
        "\n{}",
        "0 {}",
        "12 {}",
        "99999999 {}",
        "111222334 {}",
        "{} 111222334",
        "+31 612345678 en {}",
        "00 is geen land; {}",
        "Bereikbaar na 12:00 {}",
        "Salaris 3.500,00 {}",
        "100 {}",
        "C++\n{}",
        "+1234 {}",
        "+31 (1) {}",
        "+31 (0)  {}",
        "_{}",
        "{}_",
        "{}_cv.pdf",
        "cv_{}.pdf",
        "BSN_{}",
        "cv_20261122_{}_1.pdf",
    ],
)
def test_a_bsn_in_a_text_is_spotted_whatever_stands_around(text):
    assert holds_bsn(text.replace("{}", VALID))
    assert not holds_bsn(text.replace("{}", INVALID))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Geen nummer",
        # after + or 00
        "+31 {}",
        "+31{}",
        "+31-{}",
        "+{}",
        "+ {}",
        "(+31) {}",
        "+31 (0){}",
        "+31 (0) {}",
        "+31(0)-{}",
        "+32 / {}",
        "+352 {}",
        "+1 - {}",
        "0031 {}",
        "0031{}",
        "00352 - {}",
        "00352 - (0) {}",
        "00 {}",
        "Bel 0031 (0) {}",
        "Tel:0031 {}",
        "Tel.0031 {}",
        "Tel_0031 {}",
        # part of a longer number
        "1{}",
        "{}1",
        "{}{}",
        "1-{}",
        "1.{}",
        "1,{}",
        "1/{}",
        "{}-1",
        "{}.50",
        "{},50",
        "{}/2026",
        # IBAN and other numbers with letters
        "NL91ABNA0{}",
        "A{}",
        "{}A",
        "\u00e9{}",
        "\u0663{}",
        # another count of digits
        "11122233",
        "1112 22333",
        "06 12345678",
        "0612345678",
        "9401 HS",
    ],
)
def test_a_number_that_is_something_else_is_left_alone(text):
    assert not holds_bsn(text.replace("{}", VALID))


def test_digits_of_another_script_are_no_bsn():
    assert not holds_bsn("".join(chr(0x0660 + int(digit)) for digit in VALID))


@given(bsns(), st.text("ab \n().;:!?", max_size=30), st.text("ab \n().;:!?", max_size=30))
def test_words_and_punctuation_around_hide_nothing(bsn, before, after):
    assert holds_bsn(f"{before} {bsn} {after}")


@given(st.text("0123456789", max_size=40).filter(lambda run: len(run) != 9))
def test_a_run_of_any_other_length_is_no_bsn(run):
    assert not holds_bsn(f"nummer {run}.")
