"""A resume in the JSON Resume format, as fields of an application. No text of it is lost.

What has a place of its own goes there; all else is told in the field `other`.
"""

from collections.abc import Mapping
from typing import Any

from service.domain.catalogue import FIELDS
from service.domain.shapes import Email, Entry, Many, PartialDay, Phone, Shape, Text, is_partial_day

Json = dict[str, Any]

_BASICS = {"name": "name", "email": "email", "phone": "phone"}
_ADDRESS = {
    "address": "street",
    "postalCode": "postal_code",
    "city": "city",
    "region": "region",
    "countryCode": "country",
}
_WAYS = {"network": "kind", "leads": "value"}
_PERIOD = {"startDate": "started", "endDate": "ended"}
# section: our field, and the place of each of its members
_SECTIONS: dict[str, tuple[str, Mapping[str, str]]] = {
    "work": (
        "work_experience",
        {
            "name": "organisation",
            "position": "position",
            "location": "place",
            "url": "website",
            **_PERIOD,
        },
    ),
    "education": (
        "education",
        {
            "institution": "institution",
            "area": "programme",
            "studyType": "level",
            "url": "website",
            "score": "result",
            **_PERIOD,
        },
    ),
    "certificates": ("certificates", {"name": "title", "issuer": "issuer", "date": "issued"}),
    "references": ("references", {"name": "name", "reference": "statement"}),
}
_FEWEST_DIGITS, _MOST_DIGITS = 6, 15


def to_fields(resume: Json) -> Json:
    """The fields of an application that say all that the resume says."""
    left = dict(resume)
    fields, left["basics"] = _basics(left.get("basics", {}))
    for section, (name, places) in _SECTIONS.items():
        shape = FIELDS[name].shape
        if isinstance(shape, Many):
            fields[name], left[section] = _entries(left.get(section, []), places, shape)
    fields["other"] = "\n\n".join(
        f"{_label(section)}\n{_lines(value)}" for section, value in left.items() if _tell(value)
    )
    return {name: value for name, value in fields.items() if value}


def _basics(basics: Json) -> tuple[Json, Json]:
    left = dict(basics)
    fields: Json = {
        ours: left.pop(theirs)
        for theirs, ours in _BASICS.items()
        if theirs in left and _fits(FIELDS[ours].shape, left[theirs])
    }
    address = FIELDS["address"].shape
    if isinstance(address, Entry) and "location" in left:
        fields["address"], left["location"] = _placed(left["location"], _ADDRESS, address)
    if isinstance(ways := FIELDS["other_contact"].shape, Many):
        website = [{"network": "Website", "url": left.pop("url")}] if left.get("url") else []
        profiles = [_way(profile) for profile in website + left.pop("profiles", [])]
        fields["other_contact"], left["profiles"] = _entries(profiles, _WAYS, ways)
    return fields, left


def _way(profile: Json) -> Json:
    """A profile as a way of contact: which network, and all that leads to the person there."""
    leads = [_tell(value) for key, value in profile.items() if key != "network"]
    return {"network": profile.get("network", "Profile"), "leads": ", ".join(filter(None, leads))}


def _entries(entries: list[Json], places: Mapping[str, str], shape: Many) -> tuple[list[Json], Any]:
    """Entries of ours, and what found no place in them."""
    made, left = [], []
    for entry in entries[: shape.limit]:
        ours, rest = _placed(entry, places, shape.entry)
        story = _lines(rest)
        if story and _fits(shape.entry.members.get("description"), story):
            ours, rest = ours | {"description": story}, {}
        made.append(ours)
        left.append({"name": entry.get("name", "")} | rest if rest else {})
    return [entry for entry in made if entry], left + entries[shape.limit :]


def _placed(entry: Json, places: Mapping[str, str], shape: Entry) -> tuple[Json, Json]:
    fitting = {
        theirs: ours
        for theirs, ours in places.items()
        if theirs in entry and _fits(shape.members[ours], entry[theirs])
    }
    rest = {key: value for key, value in entry.items() if key not in fitting}
    return {ours: entry[theirs] for theirs, ours in fitting.items()}, rest


def _fits(shape: Shape | None, value: object) -> bool:
    match shape, value:
        case PartialDay(), str():
            return is_partial_day(value)
        case Phone(), str():
            return _FEWEST_DIGITS <= sum(map(str.isdigit, value)) <= _MOST_DIGITS
        case Email(limit=limit), str():
            return "@" in value and len(value) <= limit
        case Text(limit=limit, lines=lines), str():
            return 0 < len(value) <= limit and (lines or not set(value) & {*"\t\r\n"})
    return False


def _lines(value: object) -> str:
    """Readable text, a line for each member or entry."""
    match value:
        case dict():
            told = ((key, _lines(member)) for key, member in value.items())
            return "\n".join(f"{_label(key)}:{_break(text)}{text}" for key, text in told if text)
        case list():
            return "\n".join(f"- {text}" for text in map(_tell, value) if text)
    return _tell(value)


def _tell(value: object) -> str:
    """Readable text on as few lines as it has itself."""
    match value:
        case None:
            return ""
        case dict():
            told = ((_label(key), _tell(member)) for key, member in value.items())
            return "; ".join(f"{label}: {text}" for label, text in told if text)
        case list():
            return ", ".join(text for text in map(_tell, value) if text)
    return str(value)


def _break(text: str) -> str:
    return "\n" if text.startswith("- ") else " "


def _label(key: str) -> str:
    """`startDate` as `Start date`."""
    words = "".join(f" {sign.lower()}" if sign.isupper() else sign for sign in key)
    return words.strip().capitalize()
