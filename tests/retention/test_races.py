"""Rule 11: races have one winner, decided on the locked row. Interleavings are made with locks."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from time import monotonic
from uuid import UUID

import psycopg
import pytest
from werkzeug.test import TestResponse

from tests.factories import PDF
from tests.harness.postgres import libpq_url
from tests.retention.acts import (
    change_procedure,
    completed,
    differences,
    hold,
    open_application,
    purge_on,
    reads,
    renew,
    rows,
)
from tests.world import World

DEADLINE_SECONDS = 4.0
TABLES = ("application", "record_key", "document", "document_chunk", "consent_event")


@pytest.fixture
def world(postgres_world: World) -> World:
    return postgres_world


@contextmanager
def locked(world: World, statement: str) -> Iterator[psycopg.Connection]:
    """Another session that holds a lock until the end of the block."""
    with psycopg.connect(libpq_url(world.database_url)) as connection:
        connection.execute(statement.encode())
        yield connection
        connection.rollback()


@contextmanager
def in_the_background() -> Iterator[Callable[..., "Future[TestResponse]"]]:
    with ThreadPoolExecutor() as pool:
        yield pool.submit


def wait_until_blocked(connection: psycopg.Connection, count: int = 1) -> list[int]:
    """The backends that wait for locks, once there are so many; by asking, not by sleeping."""
    query = (
        b"SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid IN"
        b" (SELECT pid FROM pg_locks WHERE NOT granted)"
    )
    until = monotonic() + DEADLINE_SECONDS
    while monotonic() < until:
        connection.execute(b"SELECT pg_stat_clear_snapshot()")
        found = [row[0] for row in connection.execute(query).fetchall()]
        if len(found) >= count:
            return found
    raise AssertionError("nobody waits for the lock")


def one_due_tomorrow(world: World) -> tuple[UUID, UUID]:
    """An application on the last day before 1 April 2027, its deletion date."""
    world.wording()
    procedure_id = world.procedure(ends_on="2027-03-01")
    application_id = world.apply()
    world.clock.move_to("2027-03-31")
    for role in ("website", "recruiter", "officer", "purger"):
        world.token(role)  # so that no thread mints one
    return procedure_id, application_id


def id_lock(application_id: UUID) -> str:
    return f"SELECT id FROM application WHERE id = '{application_id}' FOR UPDATE"


def left(world: World) -> int:
    return int(rows(world, "SELECT count(*) FROM application")[0][0])


def test_a_locked_record_is_passed_over_and_taken_by_the_next_run(world: World):
    _, locked_id = one_due_tomorrow(world)
    world.clock.move_to("2027-04-01")
    with locked(world, id_lock(locked_id)):
        run = world.purge().json
        assert (run["purged"], run["remaining"], run["completed"]) == (0, 1, False)
        # It keeps nothing else that expired: its kept answer is older than a day.
        assert rows(world, "SELECT count(*) FROM idempotency_key")[0][0] == 0
    assert completed(world)["purged"] == 1


def test_consent_that_holds_the_row_wins_from_the_purge(world: World):
    _, application_id = one_due_tomorrow(world)
    with in_the_background() as go, locked(world, "LOCK consent_event IN EXCLUSIVE MODE") as gate:
        consent = go(world.consent, application_id)
        wait_until_blocked(gate)  # it has the row, and was in time
        world.clock.move_to("2027-04-01")
        run = world.purge().json
        assert (run["purged"], run["remaining"]) == (0, 1)
        gate.rollback()
        assert consent.result().status_code == 201
    assert completed(world)["purged"] == 0
    assert purge_on(world, application_id) == "2028-03-01"
    assert reads(world, application_id, "officer")


def test_a_hold_that_holds_the_row_wins_from_the_purge(world: World):
    _, application_id = one_due_tomorrow(world)
    with in_the_background() as go, locked(world, "LOCK hold IN EXCLUSIVE MODE") as gate:
        placed = go(hold, world, application_id, "2027-06-01")
        wait_until_blocked(gate)
        world.clock.move_to("2027-04-01")
        assert world.purge().json["purged"] == 0
        gate.rollback()
        assert placed.result().status_code == 201
    run = completed(world)
    assert (run["purged"], run["passed_over"]) == (0, 1)
    assert differences(world) == []


def test_a_reopening_that_holds_the_rows_wins_from_the_purge(world: World):
    procedure_id, first = one_due_tomorrow(world)
    world.clock.move_to("2027-02-20")
    second = world.apply()
    world.clock.move_to("2027-03-31")
    with in_the_background() as go, locked(world, id_lock(max(first, second))) as gate:
        reason = "candidate-declined"
        change = go(change_procedure, world, procedure_id, ends_on="2027-06-01", reason=reason)
        wait_until_blocked(gate)  # it has the procedure and the first row, and waits for this one
        world.clock.move_to("2027-04-01")
        run = world.purge().json
        assert (run["purged"], run["remaining"]) == (0, 2)
        gate.rollback()
        assert change.result().status_code == 200
    assert completed(world)["purged"] == 0
    assert [purge_on(world, one) for one in (first, second)] == ["2027-07-01"] * 2


def test_consent_waits_for_who_changes_its_procedure_and_gets_the_date_of_the_new_end(world: World):
    _, application_id = one_due_tomorrow(world)
    with in_the_background() as go, locked(world, "SELECT id FROM procedure FOR UPDATE") as gate:
        consent = go(world.consent, application_id)
        wait_until_blocked(gate)
        gate.execute(b"UPDATE procedure SET ends_on = '2027-03-15', version = version + 1")
        gate.commit()
        assert consent.result().status_code == 201
    assert purge_on(world, application_id) == "2028-03-15"


def test_who_may_not_act_waits_for_nobodys_lock(world: World):
    _, application_id = one_due_tomorrow(world)
    world.clock.move_to("2027-02-20")
    with locked(world, "SELECT id FROM procedure FOR UPDATE"):
        for subject, status in (("interviewer", 403), ("stranger", 404)):
            withdrawal = f"/applications/{application_id}/withdrawal"
            refused = world.post(withdrawal, "recruiter", subject=subject)
            assert refused.status_code == status


def test_an_erasure_waits_for_who_relies_on_its_procedure(world: World):
    _, application_id = one_due_tomorrow(world)
    with in_the_background() as go, locked(world, "SELECT id FROM procedure FOR SHARE") as gate:
        path = f"/applications/{application_id}"
        erasure = go(world.call, "DELETE", path, "officer", version=1)
        wait_until_blocked(gate)
        gate.rollback()
        assert erasure.result().status_code == 204
    assert left(world) == 0


@pytest.mark.parametrize("act", ["consent", "hold", "withdraw", "read", "erase"])
def test_the_purge_that_holds_the_row_wins_from_who_comes_later(world: World, act: str):
    _, application_id = one_due_tomorrow(world)
    path = f"/applications/{application_id}"
    acts: dict[str, Callable[[], TestResponse]] = {
        "consent": lambda: world.consent(application_id),
        "hold": lambda: hold(world, application_id, "2027-06-01"),
        "withdraw": lambda: world.post(f"{path}/withdrawal", "recruiter"),
        "read": lambda: world.get(path, "recruiter"),
        "erase": lambda: world.call("DELETE", path, "officer", version=1),
    }
    with in_the_background() as go, locked(world, "LOCK purge_run IN EXCLUSIVE MODE") as gate:
        world.clock.move_to("2027-04-01")
        run = go(world.purge)
        wait_until_blocked(gate)  # it has deleted the row, and not yet committed
        world.clock.move_to("2027-03-31")
        later = go(acts[act])
        if act == "read":
            assert later.result().status_code == 200  # whole, from before the purge's commit
        else:
            wait_until_blocked(gate, 2)
        gate.rollback()
        assert run.result().json["purged"] == 1
        assert later.result().status_code == (200 if act == "read" else 404)
    assert left(world) == 0
    assert [rows(world, f"SELECT count(*) FROM {table}")[0][0] for table in TABLES] == [0] * 5


def test_two_runs_at_once_take_disjoint_records(world: World):
    world.procedure(ends_on="2027-03-01")
    made = {world.apply() for _ in range(7)}
    world.clock.move_to("2027-04-01")
    world.token("purger")
    with in_the_background() as go, locked(world, "LOCK purge_run IN EXCLUSIVE MODE") as gate:
        first = go(world.purge, limit=3)
        wait_until_blocked(gate)
        second = go(world.purge, limit=3)
        wait_until_blocked(gate, 2)
        gate.rollback()
        runs = [first.result().json, second.result().json]
    assert [run.get("purged") for run in runs] == [3, 3], runs
    taken = [world.get(f"/purge-runs/{run['id']}", "officer").json for run in runs]
    ids = [set(run["application_ids"]) for run in taken]
    assert ids[0].isdisjoint(ids[1])
    assert len(ids[0] | ids[1]) == 6
    assert completed(world)["purged"] == 1
    receipts = rows(world, "SELECT application_id FROM purge_receipt")
    assert {UUID(str(row[0])) for row in receipts} == made


def test_a_run_whose_connection_is_killed_leaves_no_half_record_and_the_next_resumes(world: World):
    world.procedure(ends_on="2027-03-01")
    made = [world.apply(files={"cv": ("cv.pdf", PDF)}) for _ in range(3)]
    world.clock.move_to("2027-04-01")
    world.token("purger")
    with in_the_background() as go, locked(world, "LOCK purge_run IN EXCLUSIVE MODE") as gate:
        run = go(world.purge)
        (victim,) = wait_until_blocked(gate)
        gate.execute(b"SELECT pg_terminate_backend(%s)", [victim])
        killed = run.result()
        assert (killed.status_code, killed.headers["Retry-After"]) == (503, "5")
    counts = [rows(world, f"SELECT count(*) FROM {table}")[0][0] for table in TABLES]
    assert counts == [3, 3, 3, 3, 0]
    assert rows(world, "SELECT count(*) FROM purge_receipt")[0][0] == 0
    assert not any(reads(world, one, "officer") for one in made)
    assert completed(world)["purged"] == 3


def test_an_open_applications_locked_procedure_keeps_it_whole(world: World):
    made = open_application(world).json
    world.clock.move_to("2027-03-22")
    with locked(world, "SELECT id FROM procedure FOR UPDATE"):
        run = world.purge().json
        assert (run["purged"], run["remaining"]) == (0, 1)
    assert completed(world)["purged"] == 1
    assert rows(world, "SELECT count(*) FROM procedure")[0][0] == 0
    assert made["purge_on"] == "2027-03-22"


def test_an_open_application_that_is_kept_leaves_its_place_in_the_run_to_another(world: World):
    world.procedure(ends_on="2027-03-01")
    due_later = world.apply()
    open_application(world)
    world.clock.move_to("2027-04-01")
    with locked(world, "SELECT id FROM procedure WHERE kind = 'open' FOR UPDATE"):
        run = world.purge(limit=1).json
        assert (run["purged"], run["remaining"]) == (1, 1)
    receipts = rows(world, "SELECT application_id FROM purge_receipt")
    assert [UUID(str(row[0])) for row in receipts] == [due_later]
    assert completed(world)["purged"] == 1


def test_workers_at_once_purge_each_record_once_and_open_ones_with_their_procedures(world: World):
    world.procedure(ends_on="2027-03-01")
    made = [world.apply() for _ in range(12)]
    made += [UUID(open_application(world).json["id"]) for _ in range(8)]
    world.clock.move_to("2027-04-01")
    world.token("purger")
    with in_the_background() as go:
        workers = [go(purged_until_nothing_is_left, world) for _ in range(4)]
        shares = [worker.result() for worker in workers]
    assert sum(shares) == len(made)
    receipts = rows(world, "SELECT application_id FROM purge_receipt")
    assert sorted(UUID(str(row[0])) for row in receipts) == sorted(made)
    assert rows(world, "SELECT count(*) FROM procedure WHERE kind = 'open'")[0][0] == 0


def purged_until_nothing_is_left(world: World) -> int:
    """What one worker purges beside others, two records at a time."""
    purged, remaining = 0, 1
    while remaining:
        run = world.purge(limit=2)
        assert run.status_code == 201, run.text
        purged, remaining = purged + run.json["purged"], run.json["remaining"]
    return purged


def test_a_hold_whose_procedure_goes_meanwhile_is_not_there(world: World):
    procedure_id = world.procedure()
    placed = hold(world, procedure_id, "2027-01-01", on="procedures")
    change = f"DELETE FROM procedure WHERE id = '{procedure_id}'"
    with in_the_background() as go, locked(world, change) as gate:
        ended = go(renew, world, placed, f"{world.clock.today}")
        wait_until_blocked(gate)
        gate.commit()
        assert ended.result().status_code == 404


def test_closing_against_closing_has_one_winner(world: World):
    procedure_id, _ = one_due_tomorrow(world)
    world.clock.move_to("2027-02-01")
    path = f"/procedures/{procedure_id}"
    version = world.get(path, "recruiter").json["version"]

    def close() -> TestResponse:
        return world.patch(path, "recruiter", version=version, json={"closed": True})

    with in_the_background() as go, locked(world, "SELECT id FROM procedure FOR UPDATE") as gate:
        both = [go(close), go(close)]
        wait_until_blocked(gate, 2)
        gate.rollback()
        assert sorted(one.result().status_code for one in both) == [200, 412]


def test_an_application_that_arrives_while_it_closes_gets_the_right_date_or_none(world: World):
    procedure_id, application_id = one_due_tomorrow(world)
    world.clock.move_to("2027-02-01")
    body = {"procedure_reference": "V-1", "fields": {"name": "Daan", "phone": "0592 123456"}}
    with in_the_background() as go, locked(world, id_lock(application_id)) as gate:
        closing = go(change_procedure, world, procedure_id, closed=True)
        wait_until_blocked(gate)
        arriving = go(world.post, "/applications", "website", json=body)
        wait_until_blocked(gate, 2)
        gate.rollback()
        assert closing.result().status_code == 200
        assert arriving.result().status_code == 409
    assert differences(world) == []


def test_a_refused_receipt_rolls_the_whole_run_back_on_sqlite_too(sqlite_world: World):
    world = sqlite_world
    world.procedure(ends_on="2027-03-01")
    made = [world.apply() for _ in range(3)]
    world.clock.move_to("2027-04-01")
    rows(
        world,
        "CREATE TRIGGER refusing BEFORE INSERT ON purge_run BEGIN SELECT RAISE(ABORT, 'no'); END",
    )
    assert world.purge().status_code == 503
    assert (left(world), rows(world, "SELECT count(*) FROM purge_receipt")[0][0]) == (3, 0)
    assert not any(reads(world, one, "officer") for one in made)
    rows(world, "DROP TRIGGER refusing")
    assert completed(world)["purged"] == 3
