"""Keys that are wrong, rotated or damaged around: nothing is sealed or opened under a wrong one."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from service.app import Parts, create_app, create_bare_app
from service.cli import kluis
from service.cli.root import Root
from service.config.settings import load_settings
from service.crypto.keyring import KeyPurpose, Keyring, check_value, render_keyring
from service.crypto.keyring_files import write_keyring_file
from service.domain.errors import Misconfigured
from service.domain.words import HoldReason
from service.storage.database import db
from service.storage.tables import Hold
from service.usecases import keys
from tests.access.scene import alarms
from tests.faults.damage import behind, flipped
from tests.world import World

FIELDS = {"name": "Sanne de Vries", "email": "sanne@example.org"}
BODY = {"procedure_reference": "V-1", "fields": FIELDS}
Change = Callable[[list[dict[str, Any]]], object]


def change_keyring(world: World, change: Change) -> None:
    """Edit the keyring's file by hand."""
    content = json.loads(world.keyring_file.read_text())
    change(content["keys"])
    world.keyring_file.write_text(json.dumps(content))


def rotate(world: World, purpose: KeyPurpose) -> None:
    def write(ring: Keyring) -> None:
        write_keyring_file(world.keyring_file, ring)

    with world.app.app_context():
        keys.rotate_key(world.case(), purpose, write)


def start_again(world: World) -> None:
    environment = {
        "KLUIS_DATABASE_URL": world.database_url,
        "KLUIS_KEYRING_FILE": str(world.keyring_file),
    }
    app = create_app(load_settings(environment), Parts(clock=world.clock))
    with app.app_context():
        db.engine.dispose()


def destroy_all_but_the_newest(entries: list[dict[str, Any]]) -> None:
    for entry in entries:
        if entry["state"] == "decrypt-only":
            entry["state"] = "destroyed"
            del entry["secret"]


def swap_purposes(entries: list[dict[str, Any]]) -> None:
    for entry in entries:
        entry["purpose"] = {"kek": "index", "index": "kek"}[entry["purpose"]]


def test_a_keyring_whose_key_in_use_was_destroyed_stops_the_start(world: World):
    world.procedure()
    world.apply()
    rotate(world, KeyPurpose.KEK)
    start_again(world)
    change_keyring(world, destroy_all_but_the_newest)
    with pytest.raises(Misconfigured, match="KLUIS_KEYRING_FILE: key kek-"):
        start_again(world)


def test_a_keyring_whose_keys_changed_purposes_stops_the_start(world: World):
    world.procedure()
    world.apply()
    change_keyring(world, swap_purposes)
    with pytest.raises(Misconfigured, match="KLUIS_KEYRING_FILE: key "):
        start_again(world)


def test_a_lost_keyring_is_not_replaced_where_the_database_knows_one(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    world.keyring_file.unlink()
    monkeypatch.setenv("KLUIS_DATABASE_URL", world.database_url)
    monkeypatch.setenv("KLUIS_KEYRING_FILE", str(world.keyring_file))
    ran = CliRunner().invoke(kluis, ["init"], obj=Root(create_app, create_bare_app, str))
    assert (ran.exit_code, "KLUIS_KEYRING_FILE" in ran.stderr) == (1, True)
    assert not world.keyring_file.exists()


def test_a_wrong_keyring_under_a_running_service_is_not_taken_over(world: World):
    world.procedure()
    right = world.keyring_file.read_bytes()

    def put_other_secrets(entries: list[dict[str, Any]]) -> None:
        for entry in entries:
            entry["secret"] = "A" * 43 + "="
            entry["check"] = check_value(bytes(32))

    change_keyring(world, put_other_secrets)
    application_id = world.apply(fields=FIELDS)
    assert alarms(world, "keyring-refused") == 1
    world.keyring_file.write_bytes(right)
    read = world.get(f"/applications/{application_id}", "recruiter").json
    assert (read["fields"], read["unreadable"]) == (FIELDS, [])


def test_a_repeated_request_is_answered_across_a_rotation(world: World):
    world.procedure()
    first = world.post("/applications", "website", key="same", json=BODY)
    for purpose in (KeyPurpose.INDEX, KeyPurpose.KEK, KeyPurpose.INDEX):
        rotate(world, purpose)
        again = world.post("/applications", "website", key="same", json=BODY)
        assert (again.status_code, again.json) == (201, first.json)
    other = {**BODY, "fields": {**FIELDS, "name": "Daan Smit"}}
    assert world.post("/applications", "website", key="same", json=other).status_code == 422
    assert (
        world.post("/applications", "website", key="other", json=BODY).json["id"]
        != first.json["id"]
    )


def test_an_answer_from_before_a_rotation_has_its_day_like_any_other(world: World):
    world.procedure()
    first = world.post("/applications", "website", key="same", json=BODY)
    rotate(world, KeyPurpose.INDEX)
    world.clock.move_to("2026-11-24")
    again = world.post("/applications", "website", key="same", json=BODY)
    assert again.json["id"] != first.json["id"]


def test_an_index_key_that_was_just_rotated_out_is_not_destroyed(world: World):
    before = keyring_of(world).active(KeyPurpose.INDEX).id
    world.clock.move_to("2027-03-01")
    rotate(world, KeyPurpose.INDEX)
    with world.app.app_context():
        shown = {key.id: key for key in keys.list_keys(world.case())}
    assert f"{shown[before].destroyable_from:%Y-%m-%d}" == "2027-03-31"


def keyring_of(world: World) -> Keyring:
    return world.app.extensions["kluis"].keyring.current


def hold_procedure(world: World, procedure_id: UUID) -> UUID:
    order = {"reason": "investigation", "case_reference": "Z-1", "until": "2027-02-01"}
    held = world.post(f"/procedures/{procedure_id}/holds", "officer", json=order)
    return UUID(held.json["id"])


def damage_reference(world: World, hold_id: UUID) -> None:
    with behind(world) as session:
        row = session.get(Hold, hold_id)
        assert row is not None
        row.sealed_reference = flipped(row.sealed_reference, -1)


def test_a_damaged_case_reference_is_alarmed_of_and_stops_no_rotation(world: World):
    procedure_id = world.procedure()
    application_id = world.apply(fields=FIELDS)
    damaged, whole = hold_procedure(world, procedure_id), hold_procedure(world, procedure_id)
    damage_reference(world, damaged)
    assert world.get(f"/holds/{damaged}", "officer").json["case_reference"] is None
    assert alarms(world, "field-unreadable") == 1
    rotate(world, KeyPurpose.KEK)
    assert rewrap(world) == (2, 1)
    assert world.get(f"/holds/{whole}", "officer").json["case_reference"] == "Z-1"
    assert world.get(f"/applications/{application_id}", "recruiter").json["fields"] == FIELDS
    with world.app.app_context():
        assert keys.count_work(world.case(), KeyPurpose.KEK) == 1


def test_more_holds_than_a_batch_are_all_rewrapped(world: World):
    procedure_id = world.procedure()
    first = hold_procedure(world, procedure_id)
    with world.app.app_context():
        row = db.session.get(Hold, first)
        copied = {column.key: getattr(row, column.key) for column in Hold.__table__.columns}
        for number in range(keys.BATCH):
            copy = Hold(**{**copied, "id": uuid4(), "reason": HoldReason.INVESTIGATION})
            seal = keyring_of(world).loose_seal(copied["reference_key_id"], copy.id)
            copy.sealed_reference = seal.seal(keys.reference_field(copy.id), f"Z-{number}")
            db.session.add(copy)
        db.session.commit()
    rotate(world, KeyPurpose.KEK)
    with world.app.app_context():
        assert keys.count_work(world.case(), KeyPurpose.KEK) == keys.BATCH + 1
    assert rewrap(world) == (keys.BATCH + 1, 0)
    with behind(world) as session:
        used = set(session.scalars(select(Hold.reference_key_id)))
    assert used == {keyring_of(world).active(KeyPurpose.KEK).id}


def rewrap(world: World) -> tuple[int, int]:
    """Everything rewrapped, batch by batch: how much was done, and what did not open."""
    done = failed = 0
    with world.app.app_context():
        for batch in (keys.rewrap_batch, keys.rewrap_holds_batch):
            after, more = None, True
            while more:
                step = batch(world.case(), after)
                done, failed = done + step.done, failed + step.failed
                after, more = step.next_after, step.next_after is not None
    return done, failed


def test_the_keyring_as_it_was_is_no_continuation_of_the_rotated_one(world: World):
    before = world.keyring_file.read_bytes()
    rotate(world, KeyPurpose.KEK)
    rotated = keyring_of(world)
    world.keyring_file.write_bytes(before)
    assert keyring_of(world) is rotated
    assert render_keyring(rotated) != before
    assert alarms(world, "keyring-refused") == 1
