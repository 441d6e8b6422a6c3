"""What requests for the privacy officer's papers may hold."""

from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import ValidationError, validate, validates_schema

from service.domain.catalogue import FIELDS
from service.domain.tokens import SUBJECT
from service.web.schemas import MOST_PER_PAGE, PageQuery
from service.web.shapes import (
    QueryInteger,
    StrictInteger,
    StrictMoment,
    StrictSchema,
    StrictUUID,
    make,
    shape_field,
    word,
)

MOST_DAYS_AHEAD = 366


class PersonSought(StrictSchema):
    email = shape_field(FIELDS["email"].shape)
    name = shape_field(FIELDS["name"].shape)
    birth_date = shape_field(FIELDS["birth_date"].shape)
    cursor = make(StrictUUID)
    limit = make(
        StrictInteger,
        validate=validate.Range(1, MOST_PER_PAGE, error="out-of-range"),
        load_default=MOST_PER_PAGE,
    )

    also: ClassVar[Mapping[str, object]] = {
        "oneOf": [
            {
                "properties": {"email": {}, "name": {"not": {}}, "birth_date": {"not": {}}},
                "required": ["email"],
            },
            {
                "properties": {"email": {"not": {}}, "name": {}, "birth_date": {}},
                "required": ["name", "birth_date"],
            },
        ]
    }

    @validates_schema
    def _demand_one_form(self, data: Mapping[str, Any], **_: Any) -> None:
        if data.keys() - {"cursor", "limit"} not in ({"email"}, {"name", "birth_date"}):
            raise ValidationError("email-or-name-and-birth-date", "email")


class EndingConsentsQuery(PageQuery):
    within_days = make(
        QueryInteger,
        validate=validate.Range(1, MOST_DAYS_AHEAD, error="out-of-range"),
        load_default=30,
    )


class BreachQuery(StrictSchema):
    subject = word(SUBJECT)
    token_id = make(StrictUUID)
    since = make(StrictMoment, required=True)
    until = make(StrictMoment, required=True)

    @validates_schema
    def _demand_one_reader(self, data: Mapping[str, Any], **_: Any) -> None:
        if ("subject" in data) == ("token_id" in data):
            raise ValidationError("subject-or-token-id", "subject")
