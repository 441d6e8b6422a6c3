"""Changing fields by JSON merge patch (RFC 7396); the result is checked as if it came whole."""

from typing import Any

import pytest

from tests.faults.problems import demand_problem
from tests.world import World

ADDRESS = {"street": "Brink 1", "postal_code": "9401 HS", "city": "Assen", "country": "NL"}
REFERENCES = [
    {"name": "D. Bakker", "relation": "Leidinggevende"},
    {"name": "E. Smit", "since": "2014"},
]
FIELDS = {
    "name": "Sanne de Vries",
    "email": "sanne@example.org",
    "address": ADDRESS,
    "birth_date": "1994-02-28",
    "references": REFERENCES,
    "work_permit": {"kind": "student", "valid_until": "2027-08-31"},
}


def fields_of(world: World, path: str) -> dict[str, Any]:
    fields: dict[str, Any] = world.get(f"{path}?purpose=supervision", "officer").json["fields"]
    return fields


def patched(world: World, path: str, fields: object, version: int = 1, role: str = "officer"):
    """The patch sent as the type that RFC 7396 names."""
    return world.patch(
        path,
        role,
        version=version,
        json={"fields": fields},
        content_type="application/merge-patch+json",
    )


PATCHES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "nothing": ({}, {}),
    "a value for a value": ({"name": "S. de Vries"}, {"name": "S. de Vries"}),
    "a value where there was none": ({"gender": "female"}, {"gender": "female"}),
    "a member of an object": (
        {"address": {"city": "Emmen"}},
        {"address": {**ADDRESS, "city": "Emmen"}},
    ),
    "a new member of an object": (
        {"address": {"region": "Drenthe"}},
        {"address": {**ADDRESS, "region": "Drenthe"}},
    ),
    "a member removed": (
        {"address": {"country": None, "postal_code": None}},
        {"address": {"street": "Brink 1", "city": "Assen"}},
    ),
    "a member removed that was not there": ({"address": {"region": None}}, {}),
    "a member for another": (
        {"work_permit": {"kind": "not-needed", "valid_until": None}},
        {"work_permit": {"kind": "not-needed"}},
    ),
    "an object where there was none": (
        {"availability": {"hours_per_week": 36, "remarks": None}},
        {"availability": {"hours_per_week": 36}},
    ),
    "a list replaced whole": (
        {"references": [{"relation": "Collega"}]},
        {"references": [{"relation": "Collega"}]},
    ),
    "a list emptied": ({"references": []}, {"references": None}),
    "a field removed": (
        {"references": None, "address": None},
        {"references": None, "address": None},
    ),
    "a field removed that was not there": ({"gender": None}, {}),
    "one way of contact for another": (
        {"email": None, "phone": "0592 123456"},
        {"email": None, "phone": "0592 123456"},
    ),
    "an age for a birth date": ({"birth_date": None, "age": 32}, {"birth_date": None, "age": 32}),
}


@pytest.mark.parametrize(("patch", "outcome"), PATCHES.values(), ids=PATCHES)
def test_a_patch_is_merged(shared: World, patch: dict[str, Any], outcome: dict[str, Any]):
    path = f"/applications/{shared.apply(fields=FIELDS)}"
    answer = patched(shared, path, patch)
    assert answer.status_code == 200, answer.text
    assert answer.headers["ETag"] == '"2"'
    expected = {name: value for name, value in {**FIELDS, **outcome}.items() if value is not None}
    assert fields_of(shared, path) == expected


REFUSED: dict[str, tuple[object, list[tuple[str, str]]]] = {
    "no object": (["name"], [("/fields", "wrong-type")]),
    "null for all": (None, [("/fields", "null")]),
    "the name removed": ({"name": None}, [("/fields/name", "required")]),
    "the last way of contact removed": (
        {"email": None, "address": None},
        [("/fields", "way-of-contact-required")],
    ),
    "an age beside a birth date": ({"age": 32}, [("/fields/age", "birth-date-says-it")]),
    "an object emptied": (
        {"work_permit": {"kind": None, "valid_until": None}},
        [("/fields/work_permit", "empty-entry")],
    ),
    "an empty object where there was none": (
        {"availability": {}},
        [("/fields/availability", "empty-entry")],
    ),
    "an empty entry in a list": ({"references": [{}]}, [("/fields/references/0", "empty-entry")]),
    "null in a list": ({"references": [None]}, [("/fields/references/0", "null")]),
    "null below a list": (
        {"references": [{"name": None}]},
        [("/fields/references/0/name", "null")],
    ),
    "a text for an object": ({"address": "Brink 1"}, [("/fields/address", "wrong-type")]),
    "an object for a text": ({"name": {"first": "S"}}, [("/fields/name", "wrong-type")]),
    "an object for a list": ({"references": {"0": {}}}, [("/fields/references", "wrong-type")]),
    "an unknown field": ({"purge_on": "2099-01-01"}, [("/fields/purge_on", "unknown-property")]),
    "an unknown member": (
        {"address": {"floor": 3}},
        [("/fields/address/floor", "unknown-property")],
    ),
    "an unknown member removed": (
        {"address": {"floor": None}},
        [("/fields/address/floor", "unknown-property")],
    ),
    "a bad member": (
        {"work_permit": {"kind": "x"}},
        [("/fields/work_permit/kind", "not-a-choice")],
    ),
    "a citizen service number": (
        {"references": [{"name": "A"}, {"statement": "111222333"}]},
        [("/fields/references/1/statement", "looks-like-bsn")],
    ),
}


@pytest.mark.parametrize(("patch", "faults"), REFUSED.values(), ids=REFUSED)
def test_a_patch_whose_result_is_not_acceptable_changes_nothing(
    shared: World, patch: object, faults: list[tuple[str, str]]
):
    path = f"/applications/{shared.apply(fields=FIELDS)}"
    demand_problem(patched(shared, path, patch), 422, "invalid", faults)
    assert fields_of(shared, path) == FIELDS
    assert patched(shared, path, {"gender": "other"}, version=1).status_code == 200


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"purge_on": "2099-01-01"}, "/purge_on"),
        ({"version": 9}, "/version"),
        ({"hold_until": "2099-01-01"}, "/hold_until"),
        ({"role": "admin"}, "/role"),
        ({"procedure_id": "x"}, "/procedure_id"),
    ],
)
def test_what_the_service_decides_can_not_be_patched(
    shared: World, body: dict[str, object], pointer: str
):
    path = f"/applications/{shared.apply()}"
    answer = shared.patch(path, "officer", version=1, json=body)
    demand_problem(answer, 422, "invalid", [(pointer, "unknown-property")])


def test_the_team_patches_its_own_fields_the_same_way(world: World):
    world.procedure()
    path = f"/applications/{world.apply()}"
    notes = [{"on": "2026-11-20", "text": "Prettig gesprek."}]
    assert patched(world, path, {"notes": notes}, 1, "recruiter").status_code == 200
    assert patched(world, path, {"assessment_results": []}, 2, "recruiter").status_code == 200
    assert fields_of(world, path)["notes"] == notes
    assert patched(world, path, {"notes": None}, 3, "recruiter").status_code == 200
    assert "notes" not in fields_of(world, path)


def test_an_update_that_would_be_lost_is_412(world: World):
    world.procedure()
    path = f"/applications/{world.apply(fields=FIELDS)}"
    first, second = {"name": "Eerste"}, {"name": "Tweede"}
    assert patched(world, path, first, version=1).status_code == 200
    demand_problem(patched(world, path, second, version=1), 412, "version-stale", [])
    assert fields_of(world, path)["name"] == "Eerste"


def test_events_that_move_dates_make_a_version_stale_too(world: World):
    world.procedure()
    world.wording()
    application_id = world.apply()
    assert world.consent(application_id).status_code == 201
    path = f"/applications/{application_id}"
    demand_problem(patched(world, path, {"name": "B"}, version=1), 412, "version-stale", [])
