"""What exports are asked for with, and what is in them."""

from marshmallow.fields import Nested

from service.domain.catalogue import PORTABLE
from service.domain.labels import Language
from service.usecases import exports
from service.web.answers import answer_schema
from service.web.schemas import PurposeQuery
from service.web.shapes import choice, fields_schema


class ExportQuery(PurposeQuery):
    language = choice(Language, load_default=Language.NL)


PortableFields = fields_schema("PortableFields", PORTABLE)
# As the view says, but for the fields: there are none but those that go along.
PortableApplication = type(
    "PortableApplication",
    (answer_schema(exports.PortableApplication),),
    {
        "fields": Nested(PortableFields, required=True),
        "__doc__": exports.PortableApplication.__doc__,
    },
)
