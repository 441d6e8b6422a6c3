"""Where each value of ours has its place in a JSON Resume, and what the format takes there."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from service.domain.catalogue import FIELDS
from service.domain.prose import is_visible
from service.domain.shapes import Email, Entry, Many, PartialDay, Phone, Shape, Text, is_partial_day

Json = dict[str, Any]
Places = Mapping[str, str]

SCHEMA = "https://raw.githubusercontent.com/jsonresume/resume-schema/v1.0.0/schema.json"
WEBSITE = "Website"

# Each of their members with ours; of two for one of ours, the first that takes it.
BASICS: Places = {"name": "name", "email": "email", "phone": "phone", "summary": "other"}
ADDRESS: Places = {
    "address": "street",
    "postalCode": "postal_code",
    "city": "city",
    "region": "region",
    "countryCode": "country",
}
_PERIOD = {"startDate": "started", "endDate": "ended"}
_WORK = {
    "name": "organisation",
    "position": "position",
    "location": "place",
    "url": "website",
    "summary": "description",
    **_PERIOD,
}
_EDUCATION = {
    "institution": "institution",
    "area": "programme",
    "studyType": "level",
    "url": "website",
    "score": "result",
    **_PERIOD,
}
_TRAININGS = {"institution": "provider", "area": "title", **_PERIOD}
_CERTIFICATES = {"name": "title", "issuer": "issuer", "date": "issued"}


@dataclass(frozen=True)
class Section:
    """A section, the list of ours that stands in it, and where. `last`: behind another list."""

    name: str
    field: str
    places: Places
    last: bool = False

    @property
    def shape(self) -> Many:
        return cast("Many", FIELDS[self.field].shape)


# In `basics`.
PROFILES = (
    Section("profiles", "other_contact", {"network": "kind", "url": "value", "username": "value"}),
)
# A foreign resume can hold references; ours never leave with the applicant.
SECTIONS = (
    Section("work", "work_experience", _WORK),
    Section("work", "internships", _WORK, last=True),
    Section("education", "education", _EDUCATION),
    Section("education", "trainings", _TRAININGS, last=True),
    Section("certificates", "certificates", _CERTIFICATES),
    Section("references", "references", {"name": "name", "reference": "statement"}),
)
ADDRESS_MEMBERS = cast("Entry", FIELDS["address"].shape).members

_ANYTHING = re.compile(r".*", re.DOTALL)
_PART = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"
# RFC 3986, less what readers differ on: no user names, no addresses in brackets.
_URI = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:"
    rf"(?://[A-Za-z0-9._~-]+(?::[0-9]{{1,5}})?|/?{_PART}+)(?:/{_PART}*)*"
    rf"(?:\?(?:{_PART}|[/?])*)?(?:#(?:{_PART}|[/?])*)?"
)
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_EMAIL = re.compile(
    rf"(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
_DATE = re.compile(r"[12].*")
_TAKEN = {
    "email": _EMAIL,
    "url": _URI,
    "date": _DATE,
    "startDate": _DATE,
    "endDate": _DATE,
    "countryCode": re.compile(r"[A-Z]{2}"),
}
_ADDRESSED = re.compile(r"[^\s@]+@[^\s@]+")
_FEWEST_DIGITS, _MOST_DIGITS = 6, 15


def stands(place: str, shape: Shape, value: str) -> bool:
    """Whether a value of ours stands in this member of theirs, and is found there again."""
    return fits(shape, value) and _TAKEN.get(place, _ANYTHING).fullmatch(value) is not None


def fits(shape: Shape, value: str) -> bool:
    """Whether a text of theirs is a value of ours, as far as can be told without a library."""
    match shape:
        case PartialDay():
            return is_partial_day(value)
        case Phone(limit):
            digits = sum(map(str.isdigit, value))
            return _is_line(value, limit) and _FEWEST_DIGITS <= digits <= _MOST_DIGITS
        case Email(limit):
            return len(value) <= limit and _ADDRESSED.fullmatch(value) is not None
        case Text(limit, lines):
            return is_visible(value) and (len(value) <= limit if lines else _is_line(value, limit))
    return False


def _is_line(text: str, limit: int) -> bool:
    return len(text) <= limit and not set(text) & {*"\t\r\n"}
