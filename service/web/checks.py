"""What a text must be: checks that raise ValidationError with a code, and never quote the text."""

import re
from datetime import date

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from marshmallow import ValidationError

from service.domain.shapes import is_partial_day

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_LINE = re.compile(r"[^\t\r\n]*")


def check_line(value: str) -> None:
    if not _LINE.fullmatch(value):
        raise ValidationError("line-break")


def check_email(value: str) -> None:
    try:
        validate_email(value, check_deliverability=False)
    except EmailNotValidError as error:
        raise ValidationError("not-an-email-address") from error


def check_phone(value: str) -> None:
    """Plausible anywhere in the world; without a country code it is taken for Dutch."""
    try:
        plausible = phonenumbers.is_possible_number(phonenumbers.parse(value, "NL"))
    except phonenumbers.NumberParseException as error:
        raise ValidationError("not-a-phone-number") from error
    if not plausible:
        raise ValidationError("not-a-phone-number")


def check_day(value: str) -> None:
    if not _DAY.fullmatch(value):
        raise ValidationError("not-a-date")
    try:
        date.fromisoformat(value)
    except ValueError as error:
        raise ValidationError("not-a-date") from error


def check_partial_day(value: str) -> None:
    if not is_partial_day(value):
        raise ValidationError("not-a-date")
