"""Reading well-formed fields in one pass: the same as through the schema, in all but time."""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from service.domain.catalogue import CATALOGUE, FIELDS, SUPPLIED
from service.domain.shapes import Choice, Email, Entry, Many, Phone, Shape, Text, Whole
from service.web.schemas import Fields, SuppliedFields
from tests.factories import FullFieldsFactory

EXAMPLES = {field.name: field.example for field in CATALOGUE}
TEXTS = [
    "",
    " ",
    "\u200b",
    "a\tb",
    "a\nb",
    "a\r",
    "Zoë",
    "😀",
    "8",
    "2014",
    "2014-06",
    "2014-06-31",
]
TEXTS += [
    "+31 6 12345678",
    "+31 6" + " " * 40 + "12345678",
    "2014-06-30\n",
    "d.bakker@example.org",
    "a@b",
    "a@example.org\n",
    "112",
    "0031",
    "female",
]
OTHERS = [None, True, False, 0, 1, -1, 13, 120, 121, 60, 61, 36.0, 10**40, [], {}, [[]], [{}]]
OTHERS += [["x"], {"x": 1}, {"title": "x"}, {"kind": "other"}, [{"title": "x"}, {"x": "x"}]]


# Each schema beside the same one without its shorter way.
BOTH = [
    (schema(), type(f"Whole{schema.__name__}", (schema,), {"wellformed": None})())
    for schema in (Fields, SuppliedFields)
]


def outcome(schema, value):
    """What comes of it, as text: `==` takes True for 1, and any order of members for another."""
    try:
        return repr(schema.load(deepcopy(value)))
    except ValidationError as error:
        return error.messages


def edges(shape: Shape):
    """Values on either side of what this shape takes."""
    match shape:
        case Text() | Email() | Phone():
            return ["x" * length for length in (1, shape.limit, shape.limit + 1)]
        case Whole():
            return [shape.low - 1, shape.low, shape.high, shape.high + 1]
        case Choice():
            return [*map(str, shape.values), *shape.values]
        case Many():
            entry = {next(iter(shape.entry.members)): "x"}
            return [[entry] * length for length in (0, 1, shape.limit, shape.limit + 1)]
    return []


def places(shape: Shape):
    """Each place in the shape, as the members that lead to it, with the shape that is there."""
    yield (), shape
    match shape:
        case Entry():
            for name, member in shape.members.items():
                yield from (((name, *rest), found) for rest, found in places(member))
        case Many():
            yield from (((0, *rest), found) for rest, found in places(shape.entry))


PLACES = [(name, *path) for name in FIELDS for path, _ in places(FIELDS[name].shape)]
SHAPES = [shape for name in FIELDS for _, shape in places(FIELDS[name].shape)]


def put(path, value):
    """The value alone in its place: objects of one member and lists of one entry lead to it."""
    for step in reversed(path):
        value = [value] if step == 0 else {step: value}
    return value


@pytest.mark.parametrize(("schema", "whole"), BOTH, ids=["Fields", "SuppliedFields"])
def test_each_place_takes_and_refuses_what_it_does_through_the_schema(schema, whole):
    for path, shape in zip(PLACES, SHAPES, strict=True):
        for value in [*TEXTS, *OTHERS, *edges(shape)]:
            record = put(path, value)
            assert outcome(schema, record) == outcome(whole, record), (path, value)


@given(st.data())
def test_a_record_is_read_as_through_the_schema(data):
    record = data.draw(st.permutations(list(EXAMPLES.items())).map(dict).map(deepcopy))
    for path in data.draw(st.lists(st.sampled_from(PLACES), max_size=2)):
        record |= put(path, data.draw(st.sampled_from([*TEXTS, *OTHERS]) | st.text()))
    kept = data.draw(st.sets(st.sampled_from(sorted(record))))
    record = {name: value for name, value in record.items() if name in kept}
    for schema, whole in BOTH:
        assert outcome(schema, record) == outcome(whole, record)


@pytest.mark.parametrize("value", [None, [], "name", 1, True, [{}], {"unknown": "x"}], ids=repr)
def test_what_is_no_record_is_refused_as_by_the_schema(value):
    schema, whole = BOTH[0]
    with pytest.raises(ValidationError):
        schema.load(value)
    assert outcome(schema, value) == outcome(whole, value)


def test_members_come_in_the_order_of_the_catalogue():
    sent = {
        "phone": "+31 6 12345678",
        "address": {"city": "Assen", "street": "Brink 1"},
        "name": "Sanne",
    }
    found = Fields().load(sent)
    assert list(found) == ["name", "phone", "address"]
    assert list(found["address"]) == ["street", "city"]


def test_what_is_read_shares_nothing_with_what_was_sent():
    sent = FullFieldsFactory()
    found = Fields().load(sent)
    assert found == sent
    for name in ("address", "education"):
        assert found[name] is not sent[name]


def test_what_people_send_is_read_past_the_schema():
    assert Fields.wellformed(EXAMPLES) == EXAMPLES
    sent = {name: value for name, value in EXAMPLES.items() if name in SUPPLIED}
    assert SuppliedFields.wellformed(sent) == sent
