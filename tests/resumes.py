"""JSON Resume in the tests: its schema in our own words, and documents and fields to try it with.

The facts are those of https://jsonresume.org/schema, version 1.0.0 (draft 07 of JSON Schema). No
package ships this version; where the official file is at hand, a test compares the two.
"""

from collections.abc import Iterator
from typing import Any

from email_validator import EmailNotValidError, validate_email
from hypothesis import strategies as st
from jsonschema_rs import Draft7Validator

from service.domain import shapes
from service.domain.catalogue import CATALOGUE, Export

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
URI: Json = {"type": "string", "format": "uri"}
EMAIL: Json = {"type": "string", "format": "email"}
DAY: Json = {
    "type": "string",
    "pattern": "^([1-2][0-9]{3}-[0-1][0-9]-[0-3][0-9]|[1-2][0-9]{3}-[0-1][0-9]|[1-2][0-9]{3})$",
}
TEXTS: Json = {"type": "array", "items": TEXT}


def an_object(**members: Json) -> Json:
    return {"type": "object", "properties": members}


def many(**members: Json) -> Json:
    return {"type": "array", "items": an_object(**members)}


PERIOD = {"startDate": DAY, "endDate": DAY}
OFFICIAL = an_object(
    **{"$schema": URI},
    basics=an_object(
        name=TEXT,
        label=TEXT,
        image=TEXT,
        email=EMAIL,
        phone=TEXT,
        url=URI,
        summary=TEXT,
        location=an_object(address=TEXT, postalCode=TEXT, city=TEXT, countryCode=TEXT, region=TEXT),
        profiles=many(network=TEXT, username=TEXT, url=URI),
    ),
    work=many(
        name=TEXT,
        location=TEXT,
        description=TEXT,
        position=TEXT,
        url=URI,
        summary=TEXT,
        highlights=TEXTS,
        **PERIOD,
    ),
    volunteer=many(
        organization=TEXT, position=TEXT, url=URI, summary=TEXT, highlights=TEXTS, **PERIOD
    ),
    education=many(
        institution=TEXT, url=URI, area=TEXT, studyType=TEXT, score=TEXT, courses=TEXTS, **PERIOD
    ),
    awards=many(title=TEXT, date=DAY, awarder=TEXT, summary=TEXT),
    certificates=many(name=TEXT, date=DAY, url=URI, issuer=TEXT),
    publications=many(name=TEXT, publisher=TEXT, releaseDate=DAY, url=URI, summary=TEXT),
    skills=many(name=TEXT, level=TEXT, keywords=TEXTS),
    languages=many(language=TEXT, fluency=TEXT),
    interests=many(name=TEXT, keywords=TEXTS),
    references=many(name=TEXT, reference=TEXT),
    projects=many(
        name=TEXT,
        description=TEXT,
        highlights=TEXTS,
        keywords=TEXTS,
        url=URI,
        roles=TEXTS,
        entity=TEXT,
        type=TEXT,
        **PERIOD,
    ),
    meta=an_object(canonical=URI, version=TEXT, lastModified=TEXT),
)
VALIDATOR = Draft7Validator(OFFICIAL, validate_formats=True)


def is_email(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


# Texts as the service takes them: no control characters, and something to be seen.
_LINE = st.characters(codec="utf-8", exclude_categories=["Cc"])
_WEBSITES = st.sampled_from(
    [
        "https://example.org",
        "https://example.org:8443/~sanne/cv?taal=nl&x=%20#werk",
        "mailto:sanne@example.org",
        "example.org",
        "https://exa mple.org",
        "https://[::1]/",
        "https://voorbeeld.example/ä",
        "https://example.org/100%",
        "https:",
        "https://",
        "https://user@example.org",
        "https://example.org:port",
        "1https://example.org",
        "x:y:z",
    ]
)
_EMAILS = st.emails().filter(is_email) | st.sampled_from(
    ["sanne@example.org", "jörg@example.org", "sanne@exämple.org", "o'brien+werk@mail.example.org"]
)
_PHONES = st.sampled_from(["+31 6 20304050", "(050) 799 01 23", "12345", "0507990123 ext. 1234567"])
_PARTIAL_DAYS = st.dates().flatmap(lambda day: st.sampled_from([f"{day}"[:n] for n in (4, 7, 10)]))


_SOME_LINE = st.text(_LINE, max_size=19).map("{}.".format)
_STORY = st.text(_LINE | st.sampled_from("\t\r\n"), max_size=60).map(".{}".format)


def value_of(shape: shapes.Shape) -> st.SearchStrategy[Any]:  # noqa: C901, PLR0911  # a case a shape
    match shape:
        case shapes.Text(limit, lines):
            text = _STORY if lines else _SOME_LINE | _WEBSITES | st.just("Website")
            return text.filter(lambda drawn: len(drawn) <= limit)
        case shapes.Email():
            return _EMAILS
        case shapes.Phone():
            return _PHONES
        case shapes.Whole(low, high):
            return st.integers(low, high)
        case shapes.Flag():
            return st.booleans()
        case shapes.Day():
            return st.dates().map(str)
        case shapes.PartialDay():
            return _PARTIAL_DAYS
        case shapes.Choice(values):
            return st.sampled_from([value.value for value in values])
        case shapes.Entry(members):
            some = {name: value_of(member) for name, member in members.items()}
            return st.fixed_dictionaries({}, optional=some).filter(bool)
        case shapes.Many(entry):
            return st.lists(value_of(entry), max_size=3)


own_fields = st.fixed_dictionaries(
    {},
    optional={
        field.name: value_of(field.shape) for field in CATALOGUE if field.export is Export.PORTABLE
    },
)

_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Nd"]), max_size=300)
_TALES = st.lists(_WORDS, max_size=3).map("\n".join) | st.just("m" * 201)
_ANYTHING = st.recursive(
    _TALES | st.integers(0, 99) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=3),
    max_leaves=6,
)
_STRANGE = {"unknownMember": _ANYTHING, "Nog iets": _ANYTHING}
_FORMATS = {
    "uri": _WEBSITES.filter(
        lambda text: Draft7Validator(URI, validate_formats=True).is_valid(text)
    ),
    "email": st.sampled_from(["sanne@example.org", "a@b", '"a b"@example.org']),
}


def document(schema: Json, name: str = "") -> st.SearchStrategy[Any]:
    """What keeps the schema; members that it does not name come now and then."""
    if schema["type"] == "object":
        members = {key: document(below, key) for key, below in schema["properties"].items()}
        return st.fixed_dictionaries({}, optional=members | _STRANGE)
    if schema["type"] == "array":
        return st.lists(document(schema["items"]), max_size=3)
    if "pattern" in schema:
        return st.sampled_from(["2014", "2014-06", "2014-06-29", "2014-13", "1999-02-31"])
    return _PHONES | _TALES if name == "phone" else _FORMATS.get(schema.get("format"), _TALES)


foreign_resumes = document(OFFICIAL)


def texts(value: object) -> Iterator[str]:
    """Every text in it that has something to be seen."""
    match value:
        case dict():
            for member in value.values():
                yield from texts(member)
        case list():
            for member in value:
                yield from texts(member)
        case str() if any(sign.isprintable() and not sign.isspace() for sign in value):
            yield value
