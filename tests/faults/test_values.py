"""Every place of the catalogue, given every kind of value that does not belong there."""

from collections.abc import Mapping
from typing import Any

import pytest

from service.domain.shapes import (
    Choice,
    Day,
    Email,
    Entry,
    Flag,
    Many,
    Numbers,
    PartialDay,
    Phone,
    Shape,
    Text,
    Whole,
)
from tests.factories import FieldsFactory
from tests.faults.places import PLACES, SUPPLIED_PLACES, Place, named
from tests.faults.problems import SECRET, demand_problem
from tests.world import World

BSN = "111222333"  # passes the eleven-test, and is nobody's
DIGITS = "111222334"  # does not pass it

JSON_VALUES: dict[type, list[object]] = {
    str: [SECRET],
    bool: [True, False],
    int: [5, 10**400],
    float: [5.0],
    list: [[], [SECRET]],
    dict: [{}, {"value": SECRET}],
}
# Text in which nothing is to be seen: spaces, and characters of no width.
BLANKS = [" ", "\u00a0", "\u3000 ", "\u2028\u2029", "\u200b", "\u2060\ufeff", "\u202e\u00ad \u200d"]
BAD_DATES = ["", SECRET, "2014-13-01", "2014-02-30", "0000-01-01", "20140201", "2014-W05-1"]
BAD_DATES += ["٢٠١٤-٠١-٠١", "2014-1-1", " 2014-01-01", "2014-01-01T00:00:00", "-2014-01-01"]


def belongs(shape: Shape) -> type:
    """The type of JSON value that this shape is written in."""
    match shape:
        case Whole():
            return int
        case Flag():
            return bool
        case Entry():
            return dict
        case Many():
            return list
        case _:
            return str


def unacceptable(shape: Shape) -> list[tuple[object, str]]:  # noqa: PLR0911  # one a shape
    """Values of the right type that this shape does not accept, with the code for it."""
    match shape:
        case Text(limit, lines):
            breaks = [] if lines else [(f"{SECRET}{end}x", "line-break") for end in "\r\n\t"]
            blank = [(text, "length") for text in ("", *BLANKS, *(["\n\t\r\n"] if lines else []))]
            return [*blank, ("x" * (limit + 1), "length"), *breaks]
        case Email():
            bad = [SECRET, f"{SECRET}@", "@example.org", "a b@example.org", "a@b@example.org"]
            bad += ["a@-x.org", "A <a@example.org>", "a@[::1"]
            return [(text, "not-an-email-address") for text in bad] + [
                ("a@example.org\r\nBcc: b@example.org", "line-break"),
                ("a@example.org\n", "line-break"),
                ("", "length"),
                ("ạ\u0323\u0301" * 20_000 + "@example.org", "length"),
            ]
        case Phone():
            bad = [SECRET, "12", "+", "tel:", "0592", "+999 123"]
            broken = ["x\ny 0612345678", "0612345678\n", "0612345678\r", "06\t12345678"]
            return [
                *((text, "not-a-phone-number") for text in bad),
                *((text, "line-break") for text in broken),
                ("1" * 41, "length"),
            ]
        case Whole(low, high):
            return [(number, "out-of-range") for number in (low - 1, high + 1, -(10**400))]
        case Day():
            return [(text, "not-a-date") for text in [*BAD_DATES, "2014", "2014-01"]]
        case PartialDay():
            return [(text, "not-a-date") for text in [*BAD_DATES, "14", "2014-00", "2014-"]]
        case Choice():
            return [(text, "not-a-choice") for text in (SECRET, "", "FEMALE", "other ")]
        case Entry():
            return [({}, "empty-entry")]
        case Many(limit=limit):
            return [([{"name": "x", "title": "x"}] * (limit + 1), "too-many")]
        case _:
            return []


def refuse(world: World, fields: Mapping[str, Any], pointer: str, *codes: str) -> None:
    base = {"name": "A", "phone": "0592 123456"}
    body = {"procedure_reference": "V-1", "fields": {**base, **fields}}
    answer = world.post("/applications", "website", json=body)
    demand_problem(answer, 422, "invalid")
    faults = [(f["pointer"], f["code"]) for f in answer.json["errors"]]
    here = [fault for fault in faults if fault[0] == pointer]
    assert here == [(pointer, code) for code in codes], (fields, faults)


@pytest.mark.parametrize("place", SUPPLIED_PLACES, ids=named)
def test_a_value_of_another_type_is_422_at_its_place(shared: World, place: Place):
    for kind, values in JSON_VALUES.items():
        for value in values if kind is not belongs(place.shape) else ():
            refuse(shared, place.holding(value), place.pointer, "wrong-type")


@pytest.mark.parametrize("place", SUPPLIED_PLACES, ids=named)
def test_null_is_no_value_in_an_application(shared: World, place: Place):
    refuse(shared, place.holding(None), place.pointer, "null")


@pytest.mark.parametrize("place", SUPPLIED_PLACES, ids=named)
def test_a_value_that_its_shape_does_not_accept_is_422_at_its_place(shared: World, place: Place):
    for value, code in unacceptable(place.shape):
        if code == "too-many":
            member = next(iter(place.shape.entry.members))
            many = [{member: "x"}] * (place.shape.limit + 1)
        refuse(shared, place.holding(many if code == "too-many" else value), place.pointer, code)


ENTRIES = [place for place in SUPPLIED_PLACES if isinstance(place.shape, Entry)]


@pytest.mark.parametrize("place", ENTRIES, ids=named)
def test_an_unknown_property_of_an_entry_is_422_at_its_place(shared: World, place: Place):
    fields = place.holding({"purge_on": SECRET})
    refuse(shared, fields, f"{place.pointer}/purge_on", "unknown-property")


TEXTS = [place for place in PLACES if isinstance(place.shape, Text)]
CHECKED = [place for place in TEXTS if place.shape.numbers is Numbers.CHECKED]
OTHER = [place for place in TEXTS if place.shape.numbers is Numbers.OTHER]


@pytest.mark.parametrize("place", CHECKED, ids=named)
def test_a_citizen_service_number_is_refused_in_every_text(shared: World, place: Place):
    for text in (BSN, f"BSN: {BSN}.", f"({BSN})", f"nummer {DIGITS}, {BSN}"):
        answer = offered(shared, place, text)
        demand_problem(answer, 422, "invalid", [(place.pointer, "looks-like-bsn")])
        assert BSN not in answer.text


@pytest.mark.parametrize("place", CHECKED, ids=named)
def test_another_number_of_nine_digits_is_kept(shared: World, place: Place):
    assert offered(shared, place, f"nr {DIGITS}").status_code in (200, 201)


@pytest.mark.parametrize("place", OTHER, ids=named)
def test_where_numbers_are_expected_nine_digits_are_kept(shared: World, place: Place):
    assert offered(shared, place, BSN).status_code in (200, 201)


def offered(world: World, place: Place, text: str):
    """The text sent to its place: by the applicant or, in a company field, by the team."""
    fields = place.holding(text)
    if not place.company:
        body = {"procedure_reference": "V-1", "fields": {**FieldsFactory(), **fields}}
        return world.post("/applications", "website", json=body)
    application_id = world.apply()
    path = f"/applications/{application_id}"
    return world.patch(path, "recruiter", version=1, json={"fields": fields})


def test_a_citizen_service_number_is_refused_in_each_place_at_once(shared: World):
    fields = {
        "name": f"A {BSN}",
        "email": f"{BSN}@example.org",
        "references": [{"name": "B"}, {"name": BSN, "statement": f"x\n{BSN}"}],
    }
    body = {"procedure_reference": "V-1", "fields": fields}
    answer = shared.post("/applications", "website", json=body)
    places = ("/fields/name", "/fields/references/1/name", "/fields/references/1/statement")
    demand_problem(answer, 422, "invalid", [(place, "looks-like-bsn") for place in places])


@pytest.mark.parametrize(
    "text",
    [
        f"+{BSN}",
        f"+31 {BSN}",
        f"00{BSN}",
        f"0031 {BSN}",
        f"1{BSN}",
        f"{BSN}1",
        f"x{BSN}",
        f"{BSN}-01",
        "1112 22 333",
    ],
)
def test_a_part_of_a_longer_number_or_a_phone_number_is_kept(shared: World, text: str):
    body = {"procedure_reference": "V-1", "fields": FieldsFactory(other=text)}
    assert shared.post("/applications", "website", json=body).status_code == 201


ODD_TEXTS = {
    "right to left": "\u202eeoz\u202c \u2066x\u2069 עברית العربية",
    "zero width": "Zo\u200be\u200d\u200c\u2060\ufeff",
    "homoglyphs": "Ѕаnnе dе Vrіеѕ",
    "combining marks": "Z\u0335\u0321a\u0308\u0301",
    "not normalised": "e\u0308 ë \u212b",
    "astral": "👩🏽\u200d💻 𝕶𝖑𝖚𝖎𝖘",
    "private and unassigned": "\ue000\U0010ffff\ufffe",
    "markup": "<script>alert('x')</script>&amp;{{7*7}}${7*7}",
    "statements": "Robert'); DROP TABLE application;-- %s %(x)s ? :x",
    "formulas": "=HYPERLINK(1)",
    "backslashes": "\\u0000 \\n \\",
    "no-break and ideographic spaces": "\u00a0x\u3000",
    "separators": "a\u2028b\u2029c",
}


def test_odd_text_is_stored_as_it_is(world: World):
    world.procedure()
    fields = {
        "name": "A",
        "other_contact": [{"kind": kind, "value": text} for kind, text in ODD_TEXTS.items()],
        "references": [{"name": text, "statement": text * 20} for text in ODD_TEXTS.values()],
    }
    application_id = world.apply(fields=fields)
    read = world.get(f"/applications/{application_id}", "recruiter")
    assert {name: read.json["fields"][name] for name in fields} == fields
    assert read.mimetype == "application/json"
    assert read.headers["X-Content-Type-Options"] == "nosniff"


def test_lines_and_tabs_are_stored_as_they_are_where_lines_are_allowed(world: World):
    world.procedure()
    text = "een\r\ntwee\n\tdrie\rvier\n\n"
    fields = {"name": "A", "phone": "0592 123456", "motivation": text}
    application_id = world.apply(fields=fields)
    assert world.get(f"/applications/{application_id}", "recruiter").json["fields"] == fields


@pytest.mark.parametrize("place", PLACES, ids=named)
def test_a_value_at_its_limit_is_stored_as_it_is(shared: World, place: Place):
    match place.shape:
        case Text(limit):
            value: object = "é" * limit
        case Whole(_, high):
            value = high
        case Many(entry, limit):
            value = [{name: longest(entry.members[name])} for name in [next(iter(entry.members))]]
            value = value * limit
        case Entry(members):
            value = {name: longest(shape) for name, shape in members.items()}
        case Day() if place.field == "birth_date":
            value = f"{shared.clock.today}"
        case _:
            value = longest(place.shape)
    fields = place.holding(value)
    base = {"name": "A", "phone": "0592 123456"}
    supplied = base if place.company else {**base, **fields}
    application_id = shared.apply(fields=supplied)
    path = f"/applications/{application_id}"
    if place.company:
        answer = shared.patch(path, "recruiter", version=1, json={"fields": fields})
        assert answer.status_code == 200
    read = shared.get(path, "recruiter")
    assert read.json["fields"][place.field] == fields[place.field]


def longest(shape: Shape) -> object:  # noqa: PLR0911  # one a shape
    match shape:
        case Text(limit):
            return "w" * limit
        case Email():
            return "a" * 64 + "@" + "b" * 60 + ".example.org"
        case Phone():
            return "+31 (0)6 - 20 00 00 01"
        case Whole(low, _):
            return low
        case Flag():
            return False
        case Day():
            return "9999-12-31"
        case PartialDay():
            return "0001"
        case Choice(values):
            return list(values)[-1].value
        case _:
            raise AssertionError(shape)
