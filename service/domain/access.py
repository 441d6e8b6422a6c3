"""The applicant's own access: a code, control questions drawn from the record, and waiting times.

Access code: 20 digits in Crockford's base 32 (no I, L, O, U), five to a group with hyphens between;
100 random bits. Read back, case, spaces and hyphens do not count, O is 0, I and L are 1.
"""

import hmac
import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256

ENTROPY_BYTES = 13
APPLICANT_TOKEN_LIFE = timedelta(minutes=30)
FEWEST_ANSWERS = 2
LAST_DIGITS = 4
FREE_FAILURES = 2
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(days=1)
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH, _GROUP = 20, 5
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_DOUBLINGS = 11  # past this many the longest wait is reached


class Question(StrEnum):
    """What the applicant is asked: things that the record itself can answer."""

    BIRTH_DATE = "birth_date"
    POSTAL_CODE = "postal_code"
    PHONE_DIGITS = "phone_digits"


FIELDS_ASKED = frozenset({"birth_date", "address", "phone"})


def mint_code(entropy: bytes) -> str:
    """A new access code from 13 random bytes, in groups as people read it."""
    number = int.from_bytes(entropy, "big")
    digits = "".join(_DIGITS[number >> 5 * place & 31] for place in range(_LENGTH))
    return "-".join(digits[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))


def code_digest(code: str) -> bytes:
    """What is stored of a code, and found by it. 100 random bits need no slow hash."""
    return sha256(code.upper().translate(_LOOKALIKES).encode()).digest()


def known_answers(values: Mapping[str, object]) -> dict[Question, str]:
    """What the record's fields answer, normalised; a question it can not answer is left out."""
    address, digits = values.get("address"), _digits(str(values.get("phone", "")))
    told = {
        Question.BIRTH_DATE: str(values.get("birth_date", "")),
        Question.POSTAL_CODE: str(address.get("postal_code", ""))
        if isinstance(address, dict)
        else "",
        Question.PHONE_DIGITS: digits[-LAST_DIGITS:] if len(digits) >= LAST_DIGITS else "",
    }
    found = {question: normalised(text) for question, text in told.items()}
    return {question: answer for question, answer in found.items() if answer}


def is_the_person(known: Mapping[Question, str], given: Mapping[Question, str]) -> bool:
    """Whether two answers at least are right, and none that the record can judge is wrong.

    In constant time: every question is compared, whether or not it was answered.
    """
    right = wrong = 0
    for question in Question:
        expected = known.get(question, "")
        answer = normalised(given.get(question, ""))
        same = hmac.compare_digest(expected.encode(), answer.encode())
        judged = bool(expected) and bool(answer)
        right += judged and same
        wrong += judged and not same
    return right >= FEWEST_ANSWERS and not wrong


def wait_after(failures: int) -> timedelta:
    """How long a code is locked after so many wrong answers in a row: twice as long each time."""
    if failures <= FREE_FAILURES:
        return timedelta()
    doublings = min(failures - FREE_FAILURES - 1, _DOUBLINGS)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def normalised(answer: str) -> str:
    """An answer without what people write differently: case, spaces, hyphens, dots."""
    return re.sub(r"[\s.\-]", "", answer).upper()


def _digits(phone: str) -> str:
    """The digits of a phone number as 0 to 9, whatever script they were written in."""
    return "".join(str(int(character)) for character in phone if character.isdecimal())
