"""What requests about recipients may hold."""

from collections.abc import Mapping
from typing import ClassVar

from marshmallow import validate

from service.domain.catalogue import CATALOGUE
from service.domain.disclosures import REASONS, UNDER_AGREEMENT
from service.domain.words import DisclosureReason
from service.web.schemas import PageQuery
from service.web.shapes import (
    ShortList,
    StrictBoolean,
    StrictSchema,
    StrictUUID,
    choice,
    make,
    text,
    word,
)

_ALLOWED_TOGETHER = [
    {
        "properties": {
            "kind": {"const": kind},
            "reason": {"enum": sorted(reasons)},
            "agreement": {},
        },
        "required": ["kind", "reason", *(["agreement"] if kind in UNDER_AGREEMENT else [])],
    }
    for kind, reasons in REASONS.items()
]


class NewDisclosure(StrictSchema):
    application_id = make(StrictUUID, required=True)
    recipient = text(200, required=True)
    kind = choice(REASONS, required=True)
    reason = choice(frozenset[DisclosureReason]().union(*REASONS.values()), required=True)
    agreement = text(200)
    country = word("[A-Z]{2}", required=True)
    chosen = make(
        ShortList,
        data_key="fields",
        cls_or_instance=choice([field.name for field in CATALOGUE]),
        required=True,
        validate=validate.Length(1, len(CATALOGUE), error="length"),
    )

    also: ClassVar[Mapping[str, object]] = {"oneOf": _ALLOWED_TOGETHER}


class DisclosuresQuery(PageQuery):
    application_id = make(StrictUUID)


class NoticesQuery(PageQuery):
    open = choice(["true", "false"])


class NoticePatch(StrictSchema):
    confirmed = make(
        StrictBoolean, required=True, validate=validate.Equal(comparable=True, error="only-true")
    )
