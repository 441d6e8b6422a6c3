"""A JSON Resume as fields of an application. No text of it is lost, but for the photo's address.

What has a place of its own (see `json_resume`) goes there, if it fits; all else is told in `other`,
or in the description of the work or education that it belongs to.
"""

from collections.abc import Mapping, Sequence
from itertools import zip_longest

from service.domain.catalogue import FIELDS, PORTABLE
from service.domain.errors import Fault, Invalid
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
    fits,
)
from service.domain.json_resume_types import demand_types
from service.domain.prose import label, lines, says
from service.domain.shapes import Shape

_PHOTO = ("image", "picture")  # the second was its name before version 1.0
_KLUIS = "/resume/meta/kluis"
# `other` always has its place, and what else is told stands behind it.
_KEPT = {*PORTABLE} - {"other"}
_STORY = "description"


def to_fields(resume: Mapping[str, object]) -> Json:
    """Fields that say all that the resume says, to be checked like any that are sent.

    Invalid names the places below `/resume` that are not what they must be, or `/resume` itself
    where it says more than `other` can hold.
    """
    left: Json = dict(resume)
    demand_types(left)
    if left.get("$schema") == SCHEMA:
        del left["$schema"]
    meta = dict(left.get("meta") or {})
    fields = _kept(meta.pop("kluis", None) or {})
    left |= {"basics": _take_basics(left.get("basics") or {}, fields), "meta": meta}
    _take_lists(left, fields, SECTIONS)
    _tell_rest(left, fields)
    return {name: fields[name] for name in FIELDS if name in fields}


def _kept(kluis: Json) -> Json:
    if kluis.keys() - _KEPT:
        raise Invalid(faults=[Fault(_KLUIS, "unknown-property")])
    return dict(kluis)


def _take_basics(basics: Json, fields: Json) -> Json:
    """Put the basics in their fields; gives what is left of them."""
    seen = {name: value for name, value in basics.items() if name not in _PHOTO}
    shapes = {name: FIELDS[name].shape for name in BASICS.values()}
    placed, left = _placed(seen, BASICS, shapes)
    fields |= _joined(placed, fields, _KLUIS)
    address, left["location"] = _placed(left.get("location") or {}, ADDRESS, ADDRESS_MEMBERS)
    address = _joined(address, fields.get("address") or {}, f"{_KLUIS}/address")
    if address:
        fields["address"] = address
    left["profiles"] = left.get("profiles") or []
    if says(left.get("url")):
        left["profiles"] = [{"network": WEBSITE, "url": left.pop("url")}, *left["profiles"]]
    _take_lists(left, fields, PROFILES)
    return left


def _take_lists(left: Json, fields: Json, sections: Sequence[Section]) -> None:
    """Put the sections in their fields; what finds no place stays in `left`."""
    untold: dict[str, list[Json]] = {}
    for section in reversed(sections):
        entries, rests = left.get(section.name) or [], fields.pop(section.field, None)
        begin = max(0, len(entries) - len(rests or [])) if section.last else 0
        made, rest = _entries(entries[begin:], rests or [], section)
        if made or rests == []:
            fields[section.field] = made
        left[section.name] = entries[:begin]
        untold[section.name] = rest + untold.get(section.name, [])
    left |= untold


def _entries(
    theirs: list[Json], rests: list[Json], section: Section
) -> tuple[list[Json], list[Json]]:
    """Entries of ours, and what found no place in them."""
    limit, at = section.shape.limit, f"{_KLUIS}/{section.field}"
    if len(rests) > min(len(theirs), limit):
        raise Invalid(faults=[Fault(at, "too-many")])
    pairs = enumerate(zip_longest(theirs[:limit], rests))
    made = [_entry(entry or {}, rest or {}, section, f"{at}/{n}") for n, (entry, rest) in pairs]
    return [ours for ours, _ in made if ours], [left for _, left in made] + theirs[limit:]


def _entry(theirs: Json, rest: Json, section: Section, at: str) -> tuple[Json, Json]:
    members = section.shape.entry.members
    placed, left = _placed(theirs, section.places, members)
    ours = _joined(placed, rest, at)
    if not says(left):
        return ours, {}
    story = [ours[_STORY], lines(left)] if _STORY in ours else [lines(left)]
    if _STORY in members and isinstance(story[0], str) and fits(members[_STORY], "\n".join(story)):
        return ours | {_STORY: "\n".join(story)}, {}
    first = next(iter(section.places))
    return ours, {first: theirs.get(first)} | left


def _placed(theirs: Json, places: Places, shapes: Mapping[str, Shape]) -> tuple[Json, Json]:
    """What goes in its place, together with what else leads there; and what is left."""
    leading: dict[str, list[str]] = {}
    for name, ours in places.items():
        if says(theirs.get(name)):
            leading.setdefault(ours, []).append(name)
    texts = {ours: ", ".join(theirs[name] for name in names) for ours, names in leading.items()}
    placed = {ours: text for ours, text in texts.items() if fits(shapes[ours], text)}
    left = {name: value for name, value in theirs.items() if places.get(name) not in placed}
    return placed, left


def _joined(placed: Json, kept: Json, at: str) -> Json:
    twice = sorted(placed.keys() & kept.keys())
    if twice:
        raise Invalid(faults=[Fault(f"{at}/{name}", "twice") for name in twice])
    return placed | kept


def _tell_rest(left: Json, fields: Json) -> None:
    """Tell in `other`, behind what stands there, what has no field of ours."""
    told = [f"{label(name)}\n{lines(value)}" for name, value in left.items() if says(value)]
    if not told:
        return
    fields["other"] = "\n\n".join([fields["other"], *told] if "other" in fields else told)
    if not fits(FIELDS["other"].shape, fields["other"]):
        raise Invalid(faults=[Fault("/resume", "resume-too-long")])
