"""An intake by one statement: what it relied on is so, whatever is changed beside it."""

import gc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from itertools import count
from uuid import UUID

import psycopg
import pytest
from psycopg._queries import PostgresQuery
from psycopg.adapt import Transformer
from sqlalchemy import event, text
from werkzeug.test import TestResponse

from service.crypto.keyring import KeyPurpose
from service.crypto.keyring_files import write_keyring_file
from service.storage.database import DriverCursor, db
from service.usecases.keys import rotate_key
from tests.access.test_at_once import Ask, at_once, last_event, ready, run_ahead, the_long_way
from tests.access.test_repeats import with_another_key
from tests.factories import PDF
from tests.harness.postgres import libpq_url
from tests.retention.acts import change_procedure, differences, hold, purge_on, retention, rows
from tests.retention.test_races import wait_until_blocked
from tests.world import World

# All of a record that is the same of two with the same values.
KEPT = """
SELECT procedure_id, channel, status, withdrawn_on, restricted_at, statement_version, purge_on,
       hold_until, email_index, index_key_id, version, length(sealed_name), length(sealed_phone),
       sealed_email, sealed_notes, kek_id, length(wrapped), failures, locked_until, issued_by,
       received_at = issued_at
FROM application JOIN record_key ON record_key.application_id = application.id
JOIN access_code ON access_code.application_id = application.id WHERE application.id = :id
"""


@pytest.fixture
def database_url(postgres_url: str) -> str:
    """SQLite knows no such statements."""
    return postgres_url


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return ready(make_world())


def submitter(world: World, key: str = "form-1", **more: object) -> Ask:
    body = {"procedure_reference": "V-1", "fields": {"name": "Sanne", "phone": "0612345678"}}
    return lambda: world.post("/applications", "website", key=key, json=body | more)


def test_an_intake_at_once_is_kept_whole_and_repeated_as_it_was(world: World):
    procedure_id = world.procedure()
    ask = submitter(world)
    made, told = at_once(world, ask), last_event(world)
    assert made.status_code == 201
    record = made.json["id"]
    assert told["application_ids"] == [record]
    assert (told["action"], told["outcome"]) == ("submit-application", "allowed")
    again = the_long_way(world, ask)
    assert (again.status_code, again.json) == (201, made.json)
    read = world.get(f"/applications/{record}", "recruiter").json
    assert read["fields"] == {"name": "Sanne", "phone": "0612345678"}
    assert read["procedure_id"] == str(procedure_id)
    other = submitter(world, fields={"name": "Daan", "phone": "0612345678"})
    assert the_long_way(world, other).status_code == 422
    assert last_event(world)["application_ids"] == []


def test_an_intake_that_is_not_ordinary_goes_the_long_way(world: World):
    procedure_id = world.procedure()
    version = world.wording()
    for number, (more, status) in enumerate(
        (
            ({"consent": {"wording_version": version}}, 201),
            ({"procedure_reference": "V-9"}, 422),
            ({"fields": {"name": "Sanne"}}, 422),
            ({"channel": "email"}, 403),
        )
    ):
        ask = submitter(world, key=f"other-{number}", **more)
        assert the_long_way(world, ask).status_code == status, more
    record = the_long_way(
        world,
        lambda: world.post(
            "/applications",
            "website",
            json={"kind": "open", "fields": {"name": "Sanne", "phone": "0612345678"}},
        ),
    )
    assert record.status_code == 201
    world.close_procedure(procedure_id)
    assert the_long_way(world, submitter(world, key="late")).status_code == 409


def test_files_and_holds_go_the_long_way(world: World):
    procedure_id = world.procedure()
    sent = world.apply(files={"cv": ("cv.pdf", PDF)})
    assert world.get(f"/applications/{sent}/documents", "recruiter").json[0]["kind"] == "cv"
    assert hold(world, procedure_id, "2027-01-01", on="procedures").status_code == 201
    record = taken(the_long_way(world, submitter(world)))
    assert retention(world, record)["hold_until"] == "2027-01-01"


def test_both_ways_keep_and_audit_the_same(world: World):
    world.procedure()
    short, told = taken(at_once(world, submitter(world, key="short"))), last_event(world)
    with_another_key(world, days=-1)  # whose own event is not the last
    long, told_later = taken(the_long_way(world, submitter(world, key="long"))), last_event(world)
    assert told.pop("application_ids") == [str(short)]
    assert told_later.pop("application_ids") == [str(long)]
    assert told == told_later
    assert rows(world, KEPT, id=short) == rows(world, KEPT, id=long)


def taken(made: TestResponse) -> UUID:
    assert made.status_code == 201, made.text
    return UUID(made.json["id"])


CHANGES: dict[str, tuple[dict[str, object], str]] = {
    "prolonged": ({"ends_on": "2027-06-01"}, "2027-07-01"),
    "without-last-day": ({"apply_until": None}, "2027-04-01"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_vacancy_that_changed_is_looked_at_again(world: World, change: str):
    procedure_id = world.procedure(ends_on="2027-03-01", apply_until="2027-02-01")
    taken(at_once(world, submitter(world, key="before")))
    body, expected = CHANGES[change]
    assert change_procedure(world, procedure_id, **body).status_code == 200
    taken(the_long_way(world, submitter(world, key="first-after")))
    record = taken(at_once(world, submitter(world, key="after")))
    assert purge_on(world, record) == expected
    assert differences(world) == []


def test_a_vacancy_that_closed_or_reopened_is_looked_at_again(world: World):
    procedure_id = world.procedure(apply_until=f"{world.clock.today:%Y-%m-%d}")
    taken(at_once(world, submitter(world, key="last-day")))
    world.clock.moment += timedelta(days=1)
    assert the_long_way(world, submitter(world, key="late")).status_code == 409
    assert change_procedure(world, procedure_id, apply_until=None).status_code == 200
    taken(at_once(world, submitter(world, key="again")))
    world.close_procedure(procedure_id)
    assert the_long_way(world, submitter(world, key="closed")).status_code == 409
    assert differences(world) == []


def test_a_vacancy_of_a_database_put_back_is_compared_in_full(world: World):
    """After a restore its version may say the same of another end."""
    world.procedure(ends_on="2027-03-01")
    taken(at_once(world, submitter(world, key="before")))
    with world.app.app_context():
        db.session.execute(text("UPDATE procedure SET ends_on = '2027-02-01'"))
        db.session.execute(text("UPDATE application SET purge_on = '2027-03-01'"))
        db.session.commit()
    record = taken(the_long_way(world, submitter(world, key="after")))
    assert purge_on(world, record) == "2027-03-01"


def test_on_a_day_that_a_run_has_ended_nothing_is_taken_in_at_once(world: World):
    procedure_id = world.procedure(ends_on=f"{world.clock.today + timedelta(days=1):%Y-%m-%d}")
    taken(at_once(world, submitter(world, key="before")))
    run_ahead(world)
    assert the_long_way(world, submitter(world, key="after")).status_code == 409
    assert world.get(f"/procedures/{procedure_id}", "recruiter").json["is_running"] is False


def test_a_hold_on_a_procedure_counts_its_version(world: World):
    path = f"/procedures/{world.procedure()}"
    version = world.get(path, "recruiter").json["version"]
    placed = hold(world, UUID(path.rpartition("/")[2]), "2027-01-01", on="procedures")
    assert placed.status_code == 201
    assert world.get(path, "recruiter").json["version"] == version + 1


@pytest.mark.parametrize("way", ["at-once", "the-long-way"])
def test_a_repeat_across_a_rotation_of_the_index_is_stored_once(world: World, way: str):
    """Both are under way: the one that began with the key before claims under that key."""
    procedure_id = world.procedure()
    more = {} if way == "at-once" else {"consent": {"wording_version": world.wording()}}
    ask = submitter(world, key="same", **more)
    with ThreadPoolExecutor() as threads, psycopg.connect(libpq_url(world.database_url)) as gate:
        gate.execute(f"SELECT id FROM procedure WHERE id = '{procedure_id}' FOR UPDATE".encode())
        sent = threads.submit(ask)
        wait_until_blocked(gate)
        with world.app.app_context():
            keep = partial(write_keyring_file, world.keyring_file)
            rotate_key(world.case(), KeyPurpose.INDEX, keep)
        repeated = threads.submit(ask)
        wait_until_blocked(gate, 2)
        gate.rollback()
        answers = [sent.result(), repeated.result()]
    assert answers[0].json == answers[1].json
    assert rows(world, "SELECT id FROM application") == [(taken(answers[0]),)]


def test_a_vacancy_under_a_hold_is_not_remembered(world: World):
    procedure_id, house = world.procedure(), world.house
    assert house.vacancies.find(house.engine, "V-1") is not None
    house.vacancies.forget("V-1")
    assert hold(world, procedure_id, "2027-01-01", on="procedures").status_code == 201
    assert house.vacancies.find(house.engine, "V-1") is None


def test_an_answer_that_goes_while_it_is_looked_for_is_claimed_again(world: World):
    """Between the claim that it refuses and the look at it: the purge may take it then."""
    world.procedure()
    ask = submitter(world, key="same", consent={"wording_version": world.wording()})
    first, looks = taken(ask()), count()

    def take_away(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT idempotency_key.") and not next(looks):
            with psycopg.connect(libpq_url(world.database_url)) as other:
                other.execute("DELETE FROM idempotency_key")

    event.listen(world.house.engine, "before_cursor_execute", take_away)
    try:
        assert taken(ask()) != first
    finally:
        event.remove(world.house.engine, "before_cursor_execute", take_away)


def test_no_cursor_holds_what_was_sent_or_told(world: World):
    """It lives on, and a record may be deleted meanwhile."""
    world.procedure()
    record = taken(at_once(world, submitter(world)))
    assert at_once(world, lambda: world.get(f"/applications/{record}", "recruiter")).is_json
    with psycopg.connect(libpq_url(world.database_url)) as other:
        other.execute("LOCK audit_event IN EXCLUSIVE MODE")
        assert submitter(world, key="held-up")().status_code == 503
    gc.collect()
    cursors = [one for one in gc.get_objects() if isinstance(one, DriverCursor)]
    ours = world.house.engine.url.database
    kept = [one for one in cursors if one.connection.info.dbname == ours]
    assert len(kept) > 1
    for cursor in kept:
        assert cursor.pgresult is None
        held = gc.get_referents(cursor)
        assert not any(isinstance(one, PostgresQuery) for one in held)
        (types,) = (one for one in held if isinstance(one, Transformer))
        assert types.pgresult is None


@pytest.mark.parametrize("change", ["hold", "prolong", "close"])
def test_an_intake_that_began_before_a_change_and_waited_for_it_sees_it(world: World, change: str):
    procedure_id = world.procedure(ends_on="2027-03-01")
    first = taken(at_once(world, submitter(world, key="first")))
    acts: dict[str, tuple[str, Callable[[], TestResponse]]] = {
        "hold": (
            "LOCK hold IN EXCLUSIVE MODE",
            lambda: hold(world, procedure_id, "2027-05-01", on="procedures"),
        ),
        "prolong": (
            f"SELECT id FROM application WHERE id = '{first}' FOR UPDATE",
            lambda: change_procedure(world, procedure_id, ends_on="2027-06-01"),
        ),
        "close": (
            f"SELECT id FROM application WHERE id = '{first}' FOR UPDATE",
            lambda: change_procedure(world, procedure_id, closed=True),
        ),
    }
    statement, act = acts[change]
    with ThreadPoolExecutor() as threads, psycopg.connect(libpq_url(world.database_url)) as gate:
        gate.execute(statement.encode())
        changed = threads.submit(act)
        wait_until_blocked(gate)  # it has the procedure, and is not done
        sent = threads.submit(submitter(world, key="second"))
        wait_until_blocked(gate, 2)
        gate.rollback()
        assert changed.result().status_code in (200, 201), changed.result().text
        made = sent.result()
    if change == "close":
        assert made.status_code == 409, made.text
    else:
        told = retention(world, taken(made))
        assert (told["purge_on"], told["hold_until"]) == {
            "hold": ("2027-04-01", "2027-05-01"),
            "prolong": ("2027-07-01", None),
        }[change]
    assert differences(world) == []
