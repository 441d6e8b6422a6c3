"""From the shapes of the domain to marshmallow fields: validation and documentation in one."""

import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from service.domain import shapes
from service.domain.catalogue import CATALOGUE, FIELDS, Labels
from service.domain.prose import is_visible
from service.domain.shapes import Shape
from service.web.checks import check_day, check_email, check_line, check_partial_day, check_phone
from service.web.wellformed import Reader, members_reader

CODES = {
    "required": "required",
    "null": "null",
    "invalid": "wrong-type",
    "type": "wrong-type",
    "unknown": "unknown-property",
    "invalid_utf8": "wrong-type",
    "validator_failed": "not-acceptable",
    "invalid_uuid": "wrong-type",
}
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})", re.ASCII
)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
# What the strict reader takes in a string, and of that what stays on one line; not only what is
# invisible, of which this is the most of what a pattern can say: it knows no categories.
_NOT_BLANK = r"(?![\s\xad\u200b-\u200f\u2060\ufeff]*$)"
_ON_ONE_LINE = rf"^{_NOT_BLANK}[^\x00-\x1f\x7f-\x9f]*$"
_ON_LINES = rf"^{_NOT_BLANK}[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
_PARTIAL_DAY = r"^(?!0000)[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$"
_FieldType = TypeVar("_FieldType", bound=fields.Field[Any])


class StrictSchema(Schema):
    """A schema that takes no property it does not know, and says what is wrong in codes.

    `also` says to readers of the OpenAPI document, in JSON Schema, what holds between properties.
    """

    class Meta:
        """What marshmallow asks to be told."""

        unknown = RAISE

    error_messages = CODES
    also: ClassVar[Mapping[str, object]] = {}


class NonEmptySchema(StrictSchema):
    """One in which nothing is required, but something is."""

    also: ClassVar[Mapping[str, object]] = {"minProperties": 1}

    @validates_schema(skip_on_field_errors=True)
    def _demand_something(self, data: Mapping[str, Any], **_: Any) -> None:
        if not data:
            raise ValidationError("empty-entry")


class RecordSchema(StrictSchema):
    """The fields of a record: read at once if well-formed; else the schema says what is wrong."""

    wellformed: ClassVar[Reader | None] = None

    def load(self, data: Any, **options: Any) -> Any:
        read = type(self).wellformed
        if read is not None:
            with suppress(ValidationError):
                return read(data)
        return super().load(data, **options)


class StrictInteger(fields.Integer):
    """A whole number written as one: not 5.0, not "5", not true."""

    def _validated(self, value: Any) -> int:
        if type(value) is not int:
            raise self.make_error("invalid")
        return value


class QueryInteger(fields.Integer):
    """A whole number in a query: decimal digits and nothing else."""

    def _validated(self, value: Any) -> int:
        if not (isinstance(value, str) and value.isascii() and value.isdecimal()):
            raise self.make_error("invalid")
        return super()._validated(value[:20])


class StrictUUID(fields.UUID):
    """A UUID in its one canonical form, with hyphens."""

    def _validated(self, value: Any) -> UUID:
        if not (isinstance(value, str) and _UUID.fullmatch(value)):
            raise self.make_error("invalid_uuid")
        return UUID(value)


class StrictBoolean(fields.Boolean):
    """true or false, and nothing that only looks like it."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if type(value) is not bool:
            raise self.make_error("invalid")
        return value


class StrictDate(fields.Date):
    """A full date, `2014-06-30`, in no other of ISO 8601's spellings."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> date:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        check_day(value)
        return date.fromisoformat(value)


class StrictMoment(fields.AwareDateTime):
    """A moment with its offset from UTC, as RFC 3339 writes it."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> datetime:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if not _MOMENT.fullmatch(value):
            raise ValidationError("not-a-moment-with-offset")
        try:
            return super()._deserialize(value, attr, data, **more).astimezone(UTC)
        except (ValidationError, OverflowError) as error:
            raise ValidationError("not-a-moment-with-offset") from error


class ShortList(fields.List[Any]):
    """A list whose length is looked at before its entries are: a million of them cost nothing."""

    def _deserialize(self, value: Any, *rest: Any, **more: Any) -> list[Any]:
        if isinstance(value, list):
            self._validate(value)
        return super()._deserialize(value, *rest, **more)


class VisibleLength(validate.Length):
    """A length; text in which nothing is to be seen has none."""

    def __call__(self, value: Any) -> Any:
        super().__call__(value)
        if not is_visible(value):
            raise ValidationError("length")
        return value


def needs(*names: str, **rules: object) -> dict[str, object]:
    """In JSON Schema: these properties are there; linters want them named as such as well."""
    return {"required": [*names], "properties": {name: rules.get(name, {}) for name in names}}


def never_both(one: str, other: str) -> dict[str, object]:
    """In JSON Schema: these two properties do not go together."""
    return {"not": {"required": [one, other], "properties": {one: {}, other: {}}}}


def make(kind: Callable[..., _FieldType], **options: Any) -> _FieldType:
    """A field whose errors are codes."""
    return kind(error_messages=CODES, **options)


def text(limit: int = 200, *, lines: bool = False, **options: Any) -> fields.String:
    """Text of 1 to `limit` characters, one of them visible, on one line unless `lines`."""
    checks: list[Callable[[str], Any]] = [VisibleLength(1, limit, error="length")]
    if not lines:
        checks.append(check_line)
    described = {**options.pop("metadata", {}), "pattern": _ON_LINES if lines else _ON_ONE_LINE}
    return make(fields.String, validate=checks, metadata=described, **options)


def word(pattern: str, **options: Any) -> fields.String:
    """Text that matches a pattern from its beginning to its very end.

    `metadata` may tell the readers of the document a narrower one.
    """
    expression = re.compile(pattern, re.ASCII)

    def check(value: str) -> None:
        if not expression.fullmatch(value):
            raise ValidationError("characters")

    described = {"pattern": f"^{pattern}$", **options.pop("metadata", {})}
    return make(fields.String, validate=check, metadata=described, **options)


def choice(values: Any, **options: Any) -> fields.String:
    """One of the words of an enumeration."""
    return make(
        fields.String, validate=validate.OneOf(sorted(values), error="not-a-choice"), **options
    )


def shape_field(shape: Shape, *, nullable: bool = False, **options: Any) -> fields.Field[Any]:  # noqa: C901, PLR0911  # a case a shape
    """The marshmallow field of a shape; `nullable` all the way down, as a merge patch needs."""
    options["allow_none"] = nullable
    match shape:
        case shapes.Text():
            return text(shape.limit, lines=shape.lines, **options)
        case shapes.Email():
            return _bounded(shape.limit, check_email, "idn-email", **options)
        case shapes.Phone():
            return _bounded(shape.limit, check_phone, "phone", **options)
        case shapes.Whole():
            within = validate.Range(shape.low, shape.high, error="out-of-range")
            return make(StrictInteger, validate=within, **options)
        case shapes.Flag():
            return make(StrictBoolean, **options)
        case shapes.Day():
            return _described(check_day, {"format": "date"}, **options)
        case shapes.PartialDay():
            return _described(
                check_partial_day, {"format": "partial-date", "pattern": _PARTIAL_DAY}, **options
            )
        case shapes.Choice():
            return choice([member.value for member in shape.values], **options)
        case shapes.Entry():
            return make(fields.Nested, nested=entry_schema(shape, nullable=nullable), **options)
        case shapes.Many():
            entry = make(fields.Nested, nested=entry_schema(shape.entry))
            most = validate.Length(max=shape.limit, error="too-many")
            return make(ShortList, cls_or_instance=entry, validate=most, **options)


def entry_schema(entry: shapes.Entry, *, nullable: bool = False) -> type[Schema]:
    """The schema of an entry: anything may be left out, but not everything."""
    members = {name: shape_field(shape, nullable=nullable) for name, shape in entry.members.items()}
    base = StrictSchema if nullable else NonEmptySchema
    return type("Entry", (base,), dict(members))


def fields_schema(
    name: str,
    names: Collection[str] = FIELDS,
    also: Mapping[str, object] | None = None,
    *,
    nullable: bool = False,
) -> type[Schema]:
    """The schema of the record's fields, or of those named: one property for each."""
    chosen = [field for field in CATALOGUE if field.name in names]
    members = {
        field.name: shape_field(
            field.shape, nullable=nullable, metadata=_labelled(field.labels, field.example)
        )
        for field in chosen
    }
    # A merge patch may hold null anywhere, and is small: the schema reads it.
    reader = None if nullable else members_reader({field.name: field.shape for field in chosen})
    return type(name, (RecordSchema,), {**members, "also": also or {}, "wellformed": reader})


def _labelled(labels: Labels, example: object) -> dict[str, object]:
    return {"description": f"{labels.en} (nl: {labels.nl}; de: {labels.de})", "examples": [example]}


def _length(limit: int) -> validate.Length:
    return validate.Length(1, limit, error="length")


def _bounded(limit: int, check: Callable[[str], None], form: str, **options: Any) -> fields.String:
    """Text on one line, that a library looks at only if it is no longer than allowed.

    Normalising Unicode takes time that is quadratic in the length: minutes for a body's worth.
    """

    def check_short(value: str) -> None:
        if 0 < len(value) <= limit:
            check_line(value)
            check(value)

    return _described([_length(limit), check_short], {"format": form}, **options)


def _described(check: Any, words: dict[str, str], **options: Any) -> fields.String:
    """Text with a check of its own, and what JSON Schema can say of it."""
    described = {**options.pop("metadata", {}), **words}
    return make(fields.String, validate=check, metadata=described, **options)
