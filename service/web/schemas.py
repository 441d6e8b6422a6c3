"""What requests may hold. The fields of an application come from the catalogue."""

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, pre_load, validate, validates_schema
from marshmallow.fields import Dict, Nested

from service.domain.catalogue import CATALOGUE, FIELDS, SUPPLIED, WAYS_OF_CONTACT
from service.domain.errors import Fault, Invalid
from service.domain.json_resume import to_fields
from service.domain.policy import MINTED_ROLES, OFFICER_PURPOSES, TEAM_ROLES
from service.domain.tokens import SUBJECT
from service.domain.words import Channel, ConsentChange, HoldReason, Status
from service.usecases.procedures import ReopenReason
from service.usecases.purges import MOST_PER_RUN
from service.web.shapes import (
    QueryInteger,
    ShortList,
    StrictBoolean,
    StrictDate,
    StrictInteger,
    StrictMoment,
    StrictSchema,
    StrictUUID,
    choice,
    fields_schema,
    make,
    needs,
    never_both,
    text,
    word,
)
from service.web.strict_json import MOST_FAULTS, pointer_to

VERSION_WORD = r"[A-Za-z0-9._-]{1,40}"
MOST_PER_PAGE = 100
_A_FIELD = f"({'|'.join(FIELDS)})"
_FIELD_NAMES = {"pattern": f"^{_A_FIELD}(,{_A_FIELD})*$", "examples": ["name,education"]}
_COMPLETE = {**needs("name"), "anyOf": [needs(name) for name in sorted(WAYS_OF_CONTACT)]}
_RESUME = {
    "description": "A resume in the JSON Resume format (https://jsonresume.org/schema, v1.0.0)."
    " What has no field here is told in `other`; the photo is left out."
}

Fields = fields_schema("Fields")
SuppliedFields = fields_schema("SuppliedFields", SUPPLIED, never_both("age", "birth_date"))
FieldsPatch = fields_schema("FieldsPatch", nullable=True)
SuppliedPatch = fields_schema("SuppliedPatch", SUPPLIED, nullable=True)


class ConsentGiven(StrictSchema):
    wording_version = word(VERSION_WORD, required=True)


class Target(StrictSchema):
    """What is applied to, on which statement, and perhaps with consent."""

    procedure_reference = text(100)
    kind = choice(["open"])
    statement_version = word(VERSION_WORD)
    consent = make(Nested, nested=ConsentGiven)

    also: ClassVar[Mapping[str, object]] = {
        "oneOf": [{"required": ["procedure_reference"]}, {"required": ["kind"]}]
    }

    @validates_schema(skip_on_field_errors=False)
    def _demand_one_target(self, data: Mapping[str, Any], **_: Any) -> None:
        if ("procedure_reference" in data) == ("kind" in data):
            raise ValidationError("reference-or-kind-open", "procedure_reference")


class Submission(Target):
    channel = choice(Channel)
    resume = make(Dict, metadata=_RESUME)
    values = make(Nested, nested=SuppliedFields, required=True, data_key="fields")

    # Required are the fields, but a resume can say them: what is asked of the two is `whole`.
    also: ClassVar[Mapping[str, object]] = {**Target.also, "required": []}
    whole: ClassVar[Mapping[str, object]] = {
        "anyOf": [needs("resume"), needs("fields", fields=_COMPLETE)]
    }

    @pre_load
    def _take_resume(self, data: Any, **_: Any) -> Any:
        """What the resume says becomes fields; those that are sent beside it win, one by one."""
        if not (isinstance(data, dict) and isinstance(data.get("resume"), dict)):
            return data
        told, sent = to_fields(data["resume"]), data.get("fields", {})
        return {**data, "fields": {**told, **sent} if isinstance(sent, dict) else sent}


class ApplicationPatch(StrictSchema):
    status = choice(set(Status) - {Status.WITHDRAWN})
    values = make(Nested, nested=FieldsPatch, data_key="fields")


class Empty(StrictSchema):
    """An object without properties, for what needs nothing said."""


class HandoverOrder(StrictSchema):
    chosen = make(
        ShortList,
        data_key="fields",
        cls_or_instance=choice([field.name for field in CATALOGUE]),
        required=True,
        validate=validate.Length(1, len(CATALOGUE), error="length"),
    )


class ConsentStatement(StrictSchema):
    change = choice(ConsentChange, required=True)
    channel = choice(Channel)
    wording_version = word(VERSION_WORD)

    also: ClassVar[Mapping[str, object]] = {
        "oneOf": [
            {
                "properties": {"change": {"const": "given"}, "wording_version": {}},
                "required": ["change", "wording_version"],
            },
            {
                "properties": {"change": {"const": "withdrawn"}, "wording_version": {"not": {}}},
                "required": ["change"],
            },
        ]
    }

    @validates_schema
    def _demand_wording(self, data: Mapping[str, Any], **_: Any) -> None:
        if (data["change"] == ConsentChange.GIVEN) != ("wording_version" in data):
            raise ValidationError("with-given-and-only-then", "wording_version")


class WordingTexts(StrictSchema):
    nl = text(5_000, lines=True, required=True)
    en = text(5_000, lines=True)
    de = text(5_000, lines=True)


class NewWording(StrictSchema):
    version = word(VERSION_WORD, required=True)
    texts = make(Nested, nested=WordingTexts, required=True)
    names_talent_pool = make(StrictBoolean, load_default=False)


class HoldOrder(StrictSchema):
    reason = choice(HoldReason, required=True)
    case_reference = text(100, required=True)
    until = make(StrictDate, required=True)


class HoldPatch(StrictSchema):
    until = make(StrictDate, required=True)


class NewProcedure(StrictSchema):
    reference = text(100, required=True)
    title = text(200, required=True)
    ends_on = make(StrictDate, required=True)
    apply_until = make(StrictDate, allow_none=True, load_default=None)


class ProcedurePatch(StrictSchema):
    closed = make(StrictBoolean, validate=validate.Equal(comparable=True, error="only-true"))
    ends_on = make(StrictDate)
    reason = choice(ReopenReason)
    title = text(200)
    apply_until = make(StrictDate, allow_none=True)

    also: ClassVar[Mapping[str, object]] = never_both("closed", "ends_on")

    @validates_schema
    def _demand_one_end(self, data: Mapping[str, Any], **_: Any) -> None:
        if "closed" in data and "ends_on" in data:
            raise ValidationError("closed-or-ends-on", "ends_on")


class Subject(StrictSchema):
    subject = word(SUBJECT, required=True)


class MemberRole(StrictSchema):
    role = choice(TEAM_ROLES, required=True)


class NewToken(StrictSchema):
    role = choice(MINTED_ROLES, required=True)
    subject = word(SUBJECT, required=True)
    expires_at = make(StrictMoment, required=True)


class PurgeOrder(StrictSchema):
    limit = make(
        StrictInteger,
        validate=validate.Range(1, MOST_PER_RUN, error="out-of-range"),
        load_default=MOST_PER_RUN,
    )
    dry_run = make(StrictBoolean, load_default=False)
    plan = make(StrictUUID)

    also: ClassVar[Mapping[str, object]] = {
        "not": {
            "required": ["plan", "dry_run"],
            "properties": {"plan": {}, "dry_run": {"const": True}},
        }
    }

    @validates_schema
    def _demand_one_intent(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["dry_run"] and "plan" in data:
            raise ValidationError("plan-or-dry-run", "dry_run")


class PageQuery(StrictSchema):
    """Where a page begins and how long it may be; query values are text."""

    cursor = word(r"[A-Za-z0-9_-]{22}")
    limit = make(
        QueryInteger,
        validate=validate.Range(1, MOST_PER_PAGE, error="out-of-range"),
        load_default=50,
    )


class PurposeQuery(StrictSchema):
    purpose = choice(OFFICER_PURPOSES)


class FieldsQuery(PurposeQuery):
    named = word(r"[a-z_]+(,[a-z_]+)*", data_key="fields", metadata=_FIELD_NAMES)


class FieldsPageQuery(PageQuery):
    named = word(r"[a-z_]+(,[a-z_]+)*", data_key="fields", metadata=_FIELD_NAMES)


class ProceduresQuery(PageQuery):
    reference = text(100)
    ends_before = make(StrictDate)


class AuditQuery(PageQuery):
    application_id = make(StrictUUID)
    subject = word(SUBJECT)
    since = make(StrictMoment)
    until = make(StrictMoment)


def load(schema: type[Schema], value: object, at: str = "", **options: Any) -> Any:
    """The value, checked. Invalid names the places that are wrong, below the pointer `at`."""
    try:
        return _ready(schema).load(value, **options)  # type: ignore[arg-type]  # it checks the type
    except ValidationError as error:
        faults = islice(_faults(error.messages, at), MOST_FAULTS)
        raise Invalid(faults=sorted(faults, key=str)) from error


@cache  # of the few classes that this package declares
def _ready(schema: type[Schema]) -> Schema:
    """The one instance of a schema. Making it copies every field of it; loading changes nothing."""
    return schema()


def _faults(messages: Any, pointer: str) -> Iterator[Fault]:
    """Marshmallow's nested messages, flat: one fault a place."""
    if isinstance(messages, dict):
        for key, below in messages.items():
            deeper = pointer if key == "_schema" else pointer_to(pointer, key)
            yield from _faults(below, deeper)
    else:
        yield from (Fault(pointer, code) for code in messages if isinstance(code, str))
