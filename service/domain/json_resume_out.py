"""The fields of an application as a JSON Resume; `json_resume` says what stands where."""

from collections.abc import Iterable, Mapping

from service.domain.catalogue import FIELDS, PORTABLE
from service.domain.json_resume_places import (
    ADDRESS,
    ADDRESS_MEMBERS,
    BASICS,
    PROFILES,
    SCHEMA,
    SECTIONS,
    WEBSITE,
    Json,
    Places,
    Section,
    stands,
)
from service.domain.shapes import Shape


def to_resume(fields: Mapping[str, object]) -> Json:
    """The portable ones among valid fields, as a document that keeps the official schema."""
    left: Json = {name: fields[name] for name in PORTABLE if name in fields}
    basics = _basics(left)
    sections = _sections(left, SECTIONS)
    meta = {"kluis": left} if left else {}
    return {"$schema": SCHEMA, **_filled({"basics": basics, **sections, "meta": meta})}


def _basics(left: Json) -> Json:
    basics = _taken(left, BASICS, {name: FIELDS[name].shape for name in BASICS.values()})
    address = dict(left.pop("address", {}))
    basics["location"] = _taken(address, ADDRESS, ADDRESS_MEMBERS)
    if address:
        left["address"] = address
    profiles = _sections(left, PROFILES).get("profiles", [])
    if profiles and profiles[0] == {"network": WEBSITE, "url": profiles[0].get("url")}:
        basics["url"] = profiles.pop(0)["url"]
    return _filled({**basics, "profiles": profiles})


def _sections(left: Json, sections: Iterable[Section]) -> dict[str, list[Json]]:
    """The sections with their entries; what has no place in them stays in `left`."""
    made: dict[str, list[Json]] = {}
    for section in sections:
        if section.field in left:
            entries = [dict(entry) for entry in left.pop(section.field)]
            members = section.shape.entry.members
            taken = [_taken(entry, section.places, members) for entry in entries]
            made[section.name] = made.get(section.name, []) + taken
            if any(entries) or section.last or not entries:
                left[section.field] = entries
    return made


def _taken(left: Json, places: Places, shapes: Mapping[str, Shape]) -> Json:
    """What stands in the places, taken out of `left`."""
    return {
        theirs: left.pop(ours)
        for theirs, ours in places.items()
        if ours in left and stands(theirs, shapes[ours], left[ours])
    }


def _filled(members: Json) -> Json:
    return {name: value for name, value in members.items() if value}
