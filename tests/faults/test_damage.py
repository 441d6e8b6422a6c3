"""One flipped bit: that field alone is unreadable, an alarm counts it, and it goes in time."""

import io
from uuid import UUID

import pytest
from sqlalchemy import update

from service.domain.catalogue import CATALOGUE, DocumentKind
from service.domain.media import MediaType
from service.storage.tables import Document, RecordKey
from tests.factories import PDF, FieldsFactory, FullFieldsFactory
from tests.faults.damage import audited, behind, damage_key, flipped, put_seal, rows, sealed, told
from tests.faults.problems import demand_problem
from tests.world import World

ALARM = 'kluis_alarms_total{kind="field-unreadable"}'
UNREADABLE = "kluis_unreadable_fields_total"
FULL = [field.name for field in CATALOGUE if not field.company and field.name != "age"]
CV_BYTES = 150_000  # three chunks, and still three when 3,000 bytes are left out
PLACES_IN_A_SEAL = {"version": 0, "nonce": 1, "ciphertext": 13, "tag": -1}


def read(world: World, application_id: UUID):
    return world.get(f"/applications/{application_id}", "recruiter")


def test_a_flipped_bit_makes_that_field_alone_unreadable(world: World):
    world.procedure()
    for number, at in enumerate(PLACES_IN_A_SEAL.values(), start=1):
        fields = FullFieldsFactory()
        application_id = world.apply(fields=fields)
        blob = sealed(world, application_id, "email")
        put_seal(world, application_id, "email", flipped(blob, at))
        answer = read(world, application_id)
        assert answer.status_code == 200
        assert answer.json["unreadable"] == ["email"]
        assert answer.json["fields"] == {name: fields[name] for name in fields if name != "email"}
        assert (told(world, UNREADABLE), told(world, ALARM)) == (number, number)


@pytest.mark.parametrize("field", FULL)
def test_whichever_field_it_is(shared: World, field: str):
    fields = FullFieldsFactory()
    application_id = shared.apply(fields=fields)
    blob = sealed(shared, application_id, field)
    for bad in (flipped(blob, 20, 128), blob[:-1], blob + b"\0", b"", b"\x01", bytes(len(blob))):
        put_seal(shared, application_id, field, bad)
        answer = read(shared, application_id)
        assert answer.json["unreadable"] == [field]
        assert answer.json["fields"] == {name: fields[name] for name in fields if name != field}


def test_a_seal_moved_to_another_field_or_record_does_not_open(world: World):
    world.procedure()
    one, other = (world.apply(fields=FullFieldsFactory()) for _ in range(2))
    put_seal(world, one, "motivation", sealed(world, one, "other"))
    put_seal(world, one, "nationality", sealed(world, other, "nationality"))
    assert read(world, one).json["unreadable"] == ["motivation", "nationality"]
    assert read(world, other).json["unreadable"] == []


def test_a_list_serves_the_others_and_names_the_damaged_field(world: World):
    procedure_id = world.procedure()
    damaged, whole = (world.apply() for _ in range(2))
    put_seal(world, damaged, "phone", flipped(sealed(world, damaged, "phone"), -1))
    items = world.get(f"/procedures/{procedure_id}/applications", "recruiter").json["items"]
    unreadable = {UUID(item["id"]): item["unreadable"] for item in items}
    assert unreadable == {damaged: ["phone"], whole: []}
    assert all("name" in item["fields"] for item in items)
    assert told(world, ALARM) == 1


def test_a_field_that_its_reader_may_not_see_is_not_opened_and_alarms_nobody(world: World):
    world.procedure()
    application_id = world.apply()
    put_seal(world, application_id, "email", flipped(sealed(world, application_id, "email"), -1))
    answer = world.get(f"/applications/{application_id}", "screener")
    assert answer.json["unreadable"] == []
    assert told(world, ALARM) == 0


def test_a_damaged_field_can_be_replaced(world: World):
    world.procedure()
    application_id = world.apply(fields=FullFieldsFactory())
    blob = sealed(world, application_id, "address")
    put_seal(world, application_id, "address", flipped(blob, -1))
    path = f"/applications/{application_id}"
    body = {"fields": {"address": {"city": "Emmen"}}}
    assert world.patch(path, "officer", version=1, json=body).status_code == 200
    answer = read(world, application_id)
    assert answer.json["unreadable"] == []
    assert answer.json["fields"]["address"] == {"city": "Emmen"}


def test_a_damaged_record_is_still_purged_whole(world: World):
    procedure_id = world.procedure()
    empty = rows(world, but=("audit_event", "api_token", "purge_run", "purge_receipt"))
    application_id = world.apply(files={"cv": ("cv.pdf", PDF)})
    put_seal(world, application_id, "email", b"")
    damage_key(world, application_id)
    world.close_procedure(procedure_id)
    world.clock.move_to("2026-12-22")
    assert world.purge().json["purged"] == 1
    assert rows(world, but=("audit_event", "api_token", "purge_run", "purge_receipt")) == empty


# A document's row that tells something else than what was sealed: no clean shorter file.


@pytest.mark.parametrize(
    "lie",
    [
        {"size": 1},
        {"size": CV_BYTES - 3_000},
        {"size": CV_BYTES - 1},
        {"size": CV_BYTES + 1},
        {"size": 0},
        {"size": -CV_BYTES},
        {"kind": DocumentKind.LETTER},
        {"media_type": MediaType.PNG},
        {"media_type": "text/html"},
    ],
    ids=str,
)
def test_a_document_whose_row_was_changed_does_not_open(world: World, lie: dict[str, object]):
    world.procedure()
    application_id = world.apply(files={"cv": ("cv.pdf", PDF.ljust(CV_BYTES))})
    [document] = world.get(f"/applications/{application_id}/documents", "recruiter").json
    path = f"/applications/{application_id}/documents/{document['id']}"
    assert len(world.get(path, "recruiter").data) == CV_BYTES
    with behind(world) as session:
        of_record = Document.application_id == application_id
        session.execute(update(Document).where(of_record).values(lie))
    demand_problem(world.get(path, "recruiter"), 500, "unreadable", [])
    assert told(world, ALARM) == 1


# A damaged key: nothing of that record opens, and everything else goes on.


@pytest.fixture
def record(world: World) -> UUID:
    """A record with a CV, whose key is damaged, beside a whole one."""
    world.procedure()
    world.wording()
    world.apply(fields=FieldsFactory(name="Heel"))
    application_id = world.apply(files={"cv": ("cv.pdf", PDF)}, consent={"wording_version": "w1"})
    damage_key(world, application_id)
    return application_id


def test_with_a_damaged_key_all_fields_are_unreadable_and_no_more(world: World, record: UUID):
    answer = read(world, record)
    assert answer.status_code == 200
    assert answer.json["fields"] == {}
    assert answer.json["unreadable"] == ["availability", "email", "name", "phone"]
    assert (told(world, UNREADABLE), told(world, ALARM)) == (4, 1)


def test_its_neighbours_are_listed_as_ever(world: World, record: UUID):
    procedure_id = read(world, record).json["procedure_id"]
    items = world.get(f"/procedures/{procedure_id}/applications", "recruiter").json["items"]
    names = {UUID(item["id"]) == record: item["fields"].get("name") for item in items}
    assert names == {True: None, False: "Heel"}


def test_its_documents_are_listed_without_names_and_do_not_open(world: World, record: UUID):
    [document] = world.get(f"/applications/{record}/documents", "recruiter").json
    assert document["name"] is None
    path = f"/applications/{record}/documents/{document['id']}"
    demand_problem(world.get(path, "recruiter"), 500, "unreadable", [])
    assert audited(world, outcome="unreadable", application_ids=[str(record)]) == 1


def test_nothing_new_is_sealed_into_it(world: World, record: UUID):
    before = rows(world)
    path = f"/applications/{record}"
    body = {"fields": {"name": "Nieuw"}}
    answer = world.patch(path, "officer", version=1, json=body)
    demand_problem(answer, 500, "unreadable", [])
    letter = {"letter": (io.BytesIO(PDF), "letter.pdf")}
    answer = world.post(f"{path}/documents", "recruiter", data=letter)
    demand_problem(answer, 500, "unreadable", [])
    assert rows(world) == before
    assert world.version_of(record) == 1


def test_its_applicant_can_withdraw_all_the_same(world: World, record: UUID):
    retention = world.get(f"/applications/{record}/retention", "officer").json
    assert retention["purge_on"] == "2028-03-01"
    withdrawn = world.consent(record, "withdrawn")
    assert withdrawn.status_code == 201
    assert withdrawn.json["purge_on"] == "2027-04-01"
    again = {"key": "the-same"}
    gone = world.post(f"/applications/{record}/withdrawal", "website", **again)
    assert gone.status_code == 201
    assert gone.json["purge_on"] == "2026-12-22"
    assert world.post(f"/applications/{record}/withdrawal", "website", **again).json == gone.json


def test_it_is_erased_on_request(world: World, record: UUID):
    answer = world.call("DELETE", f"/applications/{record}", "officer", version=1)
    assert answer.status_code == 204
    with behind(world) as session:
        assert session.get(RecordKey, record) is None


def test_it_goes_on_its_day_like_any_other(world: World, record: UUID):
    world.consent(record, "withdrawn")
    world.close_procedure(UUID(read(world, record).json["procedure_id"]))
    world.clock.move_to("2026-12-22")
    assert read(world, record).status_code == 404
    assert world.purge().json["purged"] == 2
