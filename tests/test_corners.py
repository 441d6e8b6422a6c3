"""Corners of the use cases that no user's path leads through."""

import os
import tempfile
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from service.crypto.keyring import KeyPurpose
from service.crypto.keyring_files import write_keyring_file
from service.domain.errors import NotFound, Unavailable
from service.storage.database import db
from service.storage.tables import Application
from service.usecases import keys
from service.usecases.clock import DemoClock, SystemClock
from service.usecases.documents import Upload
from tests.factories import PDF
from tests.world import World


def test_the_status_is_the_teams_and_not_the_officers(world: World):
    world.procedure()
    application_id = world.apply()
    change = {"status": "invited"}
    path = f"/applications/{application_id}"
    refused = world.patch(path, "officer", version=1, json=change)
    assert refused.status_code == 403
    assert refused.json["errors"] == [{"pointer": "/status", "code": "not-for-this-role"}]


def test_the_systems_clock_and_the_databases_agree(world: World):
    clock = SystemClock()
    with world.app.app_context():
        apart = clock.now() - clock.database_now(db.session())
    assert abs(apart) < timedelta(minutes=1)


def test_a_demos_clock_stands_where_its_file_says(tmp_path: Path, world: World):
    file = tmp_path / "clock"
    file.write_text("2026-02-28T23:30:00+01:00\n")
    clock = DemoClock(file)
    with world.app.app_context():
        assert clock.now() == clock.database_now(db.session())
    assert clock.now() == datetime(2026, 2, 28, 22, 30, tzinfo=UTC)


def test_a_hold_whose_record_is_past_its_date_is_not_there(world: World):
    procedure_id = world.procedure()
    application_id = world.apply()
    order = {"reason": "legal-claim", "case_reference": "Z-1", "until": "2026-12-01"}
    held = world.post(f"/applications/{application_id}/holds", "officer", json=order)
    world.close_procedure(procedure_id)
    assert world.get(f"/holds/{held.json['id']}", "officer").status_code == 200
    world.clock.move_to(date(2026, 12, 22))
    assert world.get(f"/holds/{held.json['id']}", "officer").json["type"].endswith(NotFound.code)


def test_a_plan_is_confirmed_twice_without_harm(world: World):
    procedure_id = world.procedure()
    for _ in range(2):
        world.apply()
    world.close_procedure(procedure_id)
    world.clock.move_to("2026-12-22")
    plan = world.purge(dry_run=True).json["id"]
    runs = [world.purge("officer", plan=plan, limit=1).json for _ in range(2)]
    assert [(run["purged"], run["remaining"]) for run in runs] == [(1, 1), (1, 0)]
    assert world.purge("officer", plan=plan).json["type"].endswith("plan-outdated")


def test_a_reference_names_one_procedure(world: World):
    world.procedure("V-7")
    new = {"reference": "V-7", "title": "Nog een", "ends_on": "2027-03-01"}
    again = world.post("/procedures", "recruiter", subject="another", json=new)
    assert again.json["type"].endswith("reference-exists")


def test_files_are_listed_in_the_order_in_which_they_were_sent(world: World):
    world.procedure()
    kinds = ["other", "letter", "cv", "certificate"]
    application_id = world.apply(files={kind: (f"{kind}.pdf", PDF) for kind in kinds})
    listed = world.get(f"/applications/{application_id}/documents", "recruiter").json
    assert [document["kind"] for document in listed] == kinds


def test_a_full_directory_for_uploads_is_unavailable():
    upload = Upload(1_000_000)
    place = upload._sealed.fileno()  # noqa: SLF001  # where a disk fills up
    before = os.dup(place)
    with Path("/dev/full").open("wb") as full:
        os.dup2(full.fileno(), place)
    with pytest.raises(Unavailable):
        upload.write(b"%PDF-" + bytes(200_000))
    os.dup2(before, place)
    os.close(before)
    upload.close()


def test_a_missing_directory_for_uploads_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(Unavailable):
        Upload(1_000_000)


def test_an_address_that_does_not_open_is_counted_when_indexes_are_made_anew(world: World):
    world.procedure()
    whole, damaged = world.apply(), world.apply()
    with world.app.app_context():
        key_file = world.keyring_file
        write = partial(write_keyring_file, key_file)
        keys.rotate_key(world.case(), KeyPurpose.INDEX, write)
        row = db.session.get(Application, damaged)
        row.sealed_email = bytes(80)
        db.session.commit()
        step = keys.reindex_batch(world.case(), None)
        left = keys.count_work(world.case(), KeyPurpose.INDEX)
    assert (step.done, step.failed, left) == (1, 1, 1)
    assert world.get(f"/applications/{whole}", "recruiter").json["unreadable"] == []
