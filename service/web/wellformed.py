"""The fields of a record as nearly all requests have them: well-formed, and read in one pass.

Marshmallow's bookkeeping takes four times what the checks themselves take. A reader does only the
checks, and raises ValidationError of what is not plainly in order: that goes through the schema,
which alone refuses and names what is wrong. The two must agree on what they accept; a test says so.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from marshmallow import ValidationError

from service.domain import shapes
from service.domain.prose import is_visible
from service.domain.shapes import Shape
from service.web.checks import check_day, check_email, check_line, check_partial_day, check_phone

Reader = Callable[[Any], Any]


class _DoubtfulError(ValidationError):
    """Not plainly in order: what is wrong with it, if anything, marshmallow says."""

    def __init__(self) -> None:
        super().__init__("doubtful")


def members_reader(members: Mapping[str, Shape]) -> Reader:
    """Reads an object that has some of these members and no others, into their order."""
    readers = [(name, _reader(shape)) for name, shape in members.items()]

    def read(value: Any) -> Any:
        _demand(type(value) is dict)
        found = {name: read(value[name]) for name, read in readers if name in value}
        _demand(len(found) == len(value))
        return found

    return read


def _reader(shape: Shape) -> Reader:  # noqa: C901, PLR0911  # a case a shape
    match shape:
        case shapes.Text():
            return partial(_text, shape)
        case shapes.Email():
            return partial(_bounded, shape.limit, check_email)
        case shapes.Phone():
            return partial(_bounded, shape.limit, check_phone)
        case shapes.Whole():
            return partial(_whole, shape)
        case shapes.Flag():
            return _flag
        case shapes.Day():
            return partial(_checked, check_day)
        case shapes.PartialDay():
            return partial(_checked, check_partial_day)
        case shapes.Choice():
            return partial(_choice, frozenset(member.value for member in shape.values))
        case shapes.Entry():
            return partial(_entry, members_reader(shape.members))
        case shapes.Many():
            return partial(_many, shape.limit, _reader(shape.entry))


def _demand(is_in_order: bool) -> None:  # noqa: FBT001  # the one thing that it is told
    if not is_in_order:
        raise _DoubtfulError


def _text(shape: shapes.Text, value: Any) -> Any:
    _demand(type(value) is str and 0 < len(value) <= shape.limit and is_visible(value))
    if not shape.lines:
        check_line(value)
    return value


def _bounded(limit: int, check: Callable[[str], None], value: Any) -> Any:
    _demand(type(value) is str and 0 < len(value) <= limit)
    check_line(value)
    check(value)
    return value


def _checked(check: Callable[[str], None], value: Any) -> Any:
    _demand(type(value) is str)
    check(value)
    return value


def _choice(words: frozenset[str], value: Any) -> Any:
    _demand(type(value) is str and value in words)
    return value


def _whole(shape: shapes.Whole, value: Any) -> Any:
    _demand(type(value) is int and shape.low <= value <= shape.high)
    return value


def _flag(value: Any) -> Any:
    _demand(type(value) is bool)
    return value


def _entry(read: Reader, value: Any) -> Any:
    _demand(bool(value))
    return read(value)


def _many(limit: int, read: Reader, value: Any) -> Any:
    _demand(type(value) is list and len(value) <= limit)
    return [read(entry) for entry in value]
