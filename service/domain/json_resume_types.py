"""Of which types the parts of a JSON Resume are, by its schema; what that leaves free is free."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from service.domain.errors import Fault, Invalid
from service.domain.json_resume_places import PROFILES, SECTIONS, Json

_MOST_FAULTS = 100


def demand_types(resume: object) -> None:
    """Invalid names the places that are of another type; null is taken for what is not there."""
    faults = list(islice(_faults(_RESUME, resume, "/resume"), _MOST_FAULTS))
    if faults:
        raise Invalid(faults=faults)


def _faults(form: Any, value: object, at: str) -> Iterator[Fault]:
    """`form`: str for text, members for an object, and a list of the one form of its entries."""
    match form, value:
        case dict(), dict():
            for name in (name for name in form if name in value):
                yield from _faults(form[name], value[name], f"{at}/{name}")
        case [entry], list():
            for index, item in enumerate(value):
                yield from _faults(entry, item, f"{at}/{index}")
        case type(), str():
            pass
        case _ if value is not None:
            yield Fault(at, "wrong-type")


def _object(texts: str, lists: str = "") -> Json:
    return {**dict.fromkeys(texts.split(), str), **{name: [str] for name in lists.split()}}


_KLUIS: Json = {"address": {}, **{section.field: [{}] for section in (*PROFILES, *SECTIONS)}}
_RESUME: Json = {
    "$schema": str,
    "basics": {
        **_object("name label email phone url summary"),
        "location": _object("address postalCode city countryCode region"),
        "profiles": [_object("network username url")],
    },
    "work": [
        _object("name location description position url startDate endDate summary", "highlights")
    ],
    "volunteer": [_object("organization position url startDate endDate summary", "highlights")],
    "education": [_object("institution url area studyType startDate endDate score", "courses")],
    "awards": [_object("title date awarder summary")],
    "certificates": [_object("name date url issuer")],
    "publications": [_object("name publisher releaseDate url summary")],
    "skills": [_object("name level", "keywords")],
    "languages": [_object("language fluency")],
    "interests": [_object("name", "keywords")],
    "references": [_object("name reference")],
    "projects": [
        _object("name description startDate endDate url entity type", "highlights keywords roles")
    ],
    "meta": {**_object("canonical version lastModified"), "kluis": _KLUIS},
}
