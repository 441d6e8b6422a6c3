"""What requests about the applicant's rights may hold."""

from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import ValidationError, validate, validates_schema
from marshmallow.fields import Nested

from service.domain.catalogue import SUPPLIED
from service.domain.requests import LONGEST_PROLONGATION_MONTHS
from service.domain.words import (
    Channel,
    IdentityCheck,
    Outcome,
    ProlongationReason,
    RefusalReason,
    RequestKind,
)
from service.web.schemas import FieldsPatch, PageQuery, SuppliedPatch, Target
from service.web.shapes import (
    NonEmptySchema,
    ShortList,
    StrictBoolean,
    StrictDate,
    StrictInteger,
    StrictSchema,
    StrictUUID,
    choice,
    make,
    needs,
    text,
    word,
)

_LONGEST_TEXT = 5_000
_MOST_DOCUMENTS = 100


class ControlAnswers(NonEmptySchema):
    birth_date = make(StrictDate)
    postal_code = text(20)
    phone_digits = word(r"[0-9]{4}")


class AccessAttempt(StrictSchema):
    access_code = text(40, required=True)
    answers = make(Nested, nested=ControlAnswers, required=True)


class NewRequest(StrictSchema):
    kind = choice(RequestKind, required=True)
    application_id = make(StrictUUID)
    channel = choice(Channel)
    received_on = make(StrictDate)
    identity_check = choice(IdentityCheck)
    text = text(_LONGEST_TEXT, lines=True)
    values = make(Nested, nested=FieldsPatch, data_key="fields")

    also: ClassVar[Mapping[str, object]] = {
        "if": {"properties": {"kind": {"const": "correction"}}},
        "else": {"properties": {"fields": {"not": {}}}},
    }

    @validates_schema
    def _demand_correction(self, data: Mapping[str, Any], **_: Any) -> None:
        if "values" in data and data["kind"] != RequestKind.CORRECTION:
            raise ValidationError("only-to-correct", "fields")


# A reason goes with a refusal, and only with that; two things stand alone.
_WRONG = (
    {
        "required": ["outcome"],
        "properties": {"outcome": {"const": "refused"}, "refusal_reason": {"not": {}}},
    },
    needs("outcome", "refusal_reason", outcome={"not": {"const": "refused"}}),
    {**needs("lifted"), "minProperties": 2},
    {**needs("prolonged_months"), "minProperties": 3},
)


class RequestPatch(NonEmptySchema):
    application_id = make(StrictUUID)
    identity_check = choice(IdentityCheck)
    prolonged_months = make(
        StrictInteger, validate=validate.Range(1, LONGEST_PROLONGATION_MONTHS, error="out-of-range")
    )
    prolongation_reason = choice(ProlongationReason)
    outcome = choice(Outcome)
    refusal_reason = choice(RefusalReason)
    lifted = make(StrictBoolean, validate=validate.Equal(comparable=True, error="only-true"))

    also: ClassVar[Mapping[str, object]] = {
        "minProperties": 1,
        "dependentRequired": {
            "prolonged_months": ["prolongation_reason"],
            "prolongation_reason": ["prolonged_months"],
            "refusal_reason": ["outcome"],
        },
        "allOf": [{"not": wrong} for wrong in _WRONG],
    }

    @validates_schema
    def _demand_one_step(self, data: Mapping[str, Any], **_: Any) -> None:
        """Putting off goes with its reason and nothing else; lifting goes alone."""
        for name, most in (("lifted", 1), ("prolonged_months", 2)):
            if name in data and len(data) > most:
                raise ValidationError("stands-alone", name)

    @validates_schema
    def _demand_reasons(self, data: Mapping[str, Any], **_: Any) -> None:
        if ("prolonged_months" in data) != ("prolongation_reason" in data):
            raise ValidationError("with-months-and-only-then", "prolongation_reason")
        if (data.get("outcome") == Outcome.REFUSED) != ("refusal_reason" in data):
            raise ValidationError("with-refused-and-only-then", "refusal_reason")


class RequestsQuery(PageQuery):
    cursor = word(r"[A-Za-z0-9_-]{24}")
    open = choice(["true", "false"])
    application_id = make(StrictUUID)
    kind = choice(RequestKind)


class Reuse(Target):
    chosen = make(
        ShortList,
        data_key="fields",
        cls_or_instance=choice(SUPPLIED),
        validate=validate.Length(max=len(SUPPLIED), error="too-many"),
        load_default=sorted(SUPPLIED),
    )
    changes = make(Nested, nested=SuppliedPatch, load_default=dict)
    documents = make(
        ShortList,
        cls_or_instance=make(StrictUUID),
        validate=validate.Length(max=_MOST_DOCUMENTS, error="too-many"),
        load_default=list,
    )
