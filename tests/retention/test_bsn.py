"""Rule 12: no citizen service number, wherever free text comes in."""

from io import BytesIO

import pytest

from tests.factories import PDF
from tests.retention.acts import rows
from tests.world import World

BSN = "123456782"  # passes the eleven-test; nobody's
REACHED = {"name": "Daan Smit", "phone": "0592 123456"}


def post(world: World, fields: dict[str, object]) -> tuple[int, object]:
    body = {"procedure_reference": "V-1", "fields": {**REACHED, **fields}}
    answer = world.post("/applications", "website", json=body)
    return answer.status_code, answer.json.get("errors")


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"motivation": f"Mijn BSN is {BSN}."}, "/fields/motivation"),
        ({"other": BSN}, "/fields/other"),
        ({"name": BSN}, "/fields/name"),
        ({"education": [{"institution": f"Hanze {BSN}"}]}, "/fields/education/0/institution"),
        ({"references": [{"name": "D. Bakker"}, {"name": BSN}]}, "/fields/references/1/name"),
        ({"certificates": [{"title": f"VCA {BSN}"}]}, "/fields/certificates/0/title"),
    ],
)
def test_what_looks_like_a_bsn_is_refused_by_its_place(
    sqlite_world: World, fields: dict[str, object], pointer: str
):
    sqlite_world.procedure()
    expected = (422, [{"pointer": pointer, "code": "looks-like-bsn"}])
    assert post(sqlite_world, fields) == expected
    assert rows(sqlite_world, "SELECT count(*) FROM application")[0][0] == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"motivation": "123456789"},  # fails the eleven-test
        {"motivation": f"1{BSN}"},
        {"motivation": f"bel +{BSN} of 00{BSN}"},
        {"phone": "123456782"},
        {"certificates": [{"title": "VCA", "number": BSN}]},
        {"motivation": f"order {BSN}-1"},
    ],
)
def test_what_is_no_bsn_is_taken(sqlite_world: World, fields: dict[str, object]):
    sqlite_world.procedure()
    assert post(sqlite_world, fields) == (201, None)


def test_the_refusal_never_echoes_the_number(world: World):
    world.procedure()
    body = {"procedure_reference": "V-1", "fields": {**REACHED, "motivation": BSN}}
    refused = world.post("/applications", "website", json=body)
    assert BSN not in refused.text
    assert BSN not in str(rows(world, "SELECT * FROM audit_event"))


def test_corrections_notes_and_file_names_are_looked_at_too(world: World):
    world.procedure()
    application_id = world.apply()
    path, version = f"/applications/{application_id}", world.version_of(application_id)
    for role, fields in (("officer", {"other": BSN}), ("recruiter", {"notes": [{"text": BSN}]})):
        refused = world.patch(path, role, version=version, json={"fields": fields})
        assert refused.status_code == 422, refused.text
        assert refused.json["errors"][0]["code"] == "looks-like-bsn", refused.text
    for name in (f"cv {BSN}.pdf", f"{BSN}_cv.pdf", f"cv_{BSN}.pdf"):
        file = {"cv": (BytesIO(PDF), name)}
        added = world.post(f"{path}/documents", "recruiter", data=file)
        assert added.json["errors"][0]["code"] == "looks-like-bsn", name
