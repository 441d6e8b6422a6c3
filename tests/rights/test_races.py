"""Rule 11 for the applicant's rights: races have one winner, and nobody waits in a ring.

Interleavings are made with locks on PostgreSQL; SQLite lets one writer in at a time.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import psycopg
import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from service.storage.database import db
from tests.retention.acts import completed, differences, erase, reads, rows
from tests.retention.test_races import id_lock, in_the_background, locked, wait_until_blocked
from tests.rights.applicants import ANSWERS, Applicant
from tests.world import World

OLD_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM application"

# A read is one statement: what holds it back behind its look at the record is this trigger.
GATE_AT_THE_AUDIT = """
CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_advisory_xact_lock(7);
    RETURN NEW;
END $$;
CREATE TRIGGER gate BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION gate();
"""


def unscrubbed(world: World) -> int:
    return int(rows(world, "SELECT count(*) FROM purge_run WHERE scrubbed_at IS NULL")[0][0])


def wait_until_asleep(connection: psycopg.Connection) -> None:
    """Until the cleaning up waits for a reader to end; by asking, not by sleeping."""
    query = b"SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    until = monotonic() + 4.0
    while monotonic() < until:
        connection.execute(b"SELECT pg_stat_clear_snapshot()")
        found = connection.execute(query).fetchone()
        if found and found[0]:
            return
    raise AssertionError("nothing waits for the reader")


def count(world: World, table: str) -> int:
    return int(rows(world, f"SELECT count(*) FROM {table}")[0][0])


def ready(world: World) -> Applicant:
    """An applicant who is logged in on the last evening before his record's date."""
    world.procedure(ends_on="2027-03-01")
    applicant = Applicant.apply(world)
    for role in ("website", "recruiter", "officer", "purger"):
        world.token(role)  # so that no thread mints one
    world.clock.move_to("2027-03-31", hour=21)
    return applicant.logged_in()


def at_midnight(world: World) -> None:
    world.clock.move_to("2027-03-31", hour=22)


# On both databases: as many at once as there are threads


def test_of_erasures_at_once_one_wins_and_one_receipt_is_left(world: World):
    applicant = ready(world)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: applicant.ask("erasure"), range(8)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 201
    assert set(statuses[1:]) <= {401, 404}
    (won,) = (answer for answer in answers if answer.status_code == 201)
    assert won.json["outcome"] == "answered"
    assert [count(world, table) for table in ("application", "purge_receipt")] == [0, 1]
    left = rows(world, "SELECT id, outcome FROM privacy_request")
    assert [row[1] for row in left] == ["answered"]


def test_an_erasure_among_corrections_leaves_nothing_half_done(world: World):
    applicant = ready(world)

    def act(number: int) -> TestResponse:
        if number == 3:
            return applicant.ask("erasure")
        return applicant.ask("correction", fields={"motivation": f"Poging {number}."})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(act, range(8)))
    assert answers[3].status_code == 201
    assert {answer.status_code for answer in answers} <= {201, 401, 404}
    for table in ("application", "record_key", "access_code"):
        assert count(world, table) == 0
    kept = rows(world, "SELECT DISTINCT application_id FROM privacy_request")
    assert [row[0] for row in kept] == [None]


def test_the_officers_erasure_and_the_applicants_have_one_winner(world: World):
    applicant = ready(world)
    version = world.version_of(applicant.id)
    path = f"/applications/{applicant.id}"
    acts: list[Callable[[], TestResponse]] = [
        lambda: world.call("DELETE", path, "officer", version=version),
        lambda: applicant.ask("erasure"),
    ] * 3
    with ThreadPoolExecutor(6) as pool:
        statuses = [answer.status_code for answer in pool.map(lambda act: act(), acts)]
    assert sum(status in (201, 204) for status in statuses) == 1
    assert set(statuses) <= {201, 204, 401, 404}
    assert count(world, "purge_receipt") == 1


def test_requests_filed_at_once_are_all_there_and_hold_to_the_last_of_their_days(world: World):
    applicant = ready(world)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: applicant.ask("access"), range(6)))
    assert {answer.status_code for answer in answers} == {201}
    assert count(world, "privacy_request") == 6
    assert differences(world) == []


# On PostgreSQL: who holds the lock first


@pytest.fixture
def applicant(postgres_world: World) -> Applicant:
    return ready(postgres_world)


ACTS: dict[str, Callable[[Applicant], TestResponse]] = {
    "log in": lambda applicant: applicant.attempt(),
    "wrong answers": lambda applicant: applicant.attempt(birth_date="1990-01-01"),
    "access": lambda applicant: applicant.ask("access"),
    "erasure": lambda applicant: applicant.ask("erasure"),
    "restriction": lambda applicant: applicant.ask("restriction"),
    "correction": lambda applicant: applicant.ask("correction", fields={"motivation": "Nu wel."}),
}
REFUSED = {"log in": 403, "wrong answers": 403}


@pytest.mark.parametrize("act", ACTS)
def test_the_purge_that_holds_the_row_wins_from_the_applicant_who_comes_later(
    applicant: Applicant, act: str
):
    world = applicant.world
    with in_the_background() as go, locked(world, "LOCK purge_run IN EXCLUSIVE MODE") as gate:
        at_midnight(world)
        run = go(world.purge)
        wait_until_blocked(gate)  # it has deleted the row, and not yet committed
        world.clock.move_to("2027-03-31", hour=21)
        later = go(ACTS[act], applicant)
        wait_until_blocked(gate, 2)
        gate.rollback()
        assert run.result().json["purged"] == 1
        assert later.result().status_code == REFUSED.get(act, 404)
    assert [count(world, table) for table in ("application", "access_code")] == [0, 0]
    assert count(world, "privacy_request") == 0


@pytest.mark.parametrize("act", ACTS)
def test_the_erasure_that_holds_the_row_wins_from_the_applicant_who_comes_later(
    applicant: Applicant, act: str
):
    world = applicant.world
    with in_the_background() as go, locked(world, "LOCK purge_receipt IN EXCLUSIVE MODE") as gate:
        erasing = go(erase, world, applicant.id)
        wait_until_blocked(gate)
        later = go(ACTS[act], applicant)
        wait_until_blocked(gate, 2)
        gate.rollback()
        assert erasing.result().status_code == 204
        assert later.result().status_code == REFUSED.get(act, 404)
    assert count(world, "application") == 0


def test_who_logs_in_first_is_passed_over_by_the_purge_and_taken_by_the_next(applicant: Applicant):
    world = applicant.world
    with in_the_background() as go, locked(world, "LOCK api_token IN EXCLUSIVE MODE") as gate:
        opening = go(applicant.attempt)
        wait_until_blocked(gate)  # it has the record, and mints
        at_midnight(world)
        run = go(world.purge)
        wait_until_blocked(gate, 2)  # it has passed the record over, and cleans up old tokens
        gate.rollback()
        assert opening.result().status_code == 200
        assert run.result().json["purged"] == 0
    assert completed(world)["purged"] == 1
    assert count(world, "api_token WHERE role = 'applicant'") == 0


def test_an_erasure_waits_for_who_logs_in_and_ends_his_access(applicant: Applicant):
    world = applicant.world
    with in_the_background() as go, locked(world, "LOCK api_token IN EXCLUSIVE MODE") as gate:
        opening = go(applicant.attempt)
        wait_until_blocked(gate)
        erasing = go(erase, world, applicant.id)
        wait_until_blocked(gate, 2)
        gate.rollback()
        assert opening.result().status_code == 200
        assert erasing.result().status_code == 204
    applicant.token = opening.result().json["token"]
    assert applicant.get("/applications/{id}").status_code == 401


def test_a_request_that_holds_the_row_wins_from_the_purge_and_holds_the_record(
    applicant: Applicant,
):
    world = applicant.world
    with in_the_background() as go, locked(world, "LOCK privacy_request IN EXCLUSIVE MODE") as gate:
        asking = go(applicant.ask, "access")
        wait_until_blocked(gate)  # it has the record, and was in time
        at_midnight(world)
        run = go(world.purge)
        wait_until_blocked(gate, 2)  # it has passed the record over, and cleans up old requests
        gate.rollback()
        assert asking.result().status_code == 201
        assert run.result().json["purged"] == 0
    assert completed(world)["passed_over"] == 1
    assert reads(world, applicant.id, "officer")
    assert differences(world) == []


def test_a_request_that_is_answered_while_the_purge_has_its_record_is_answered_or_not_there(
    applicant: Applicant,
):
    world, asked = applicant.world, applicant.ask("correction", text="Graag anders.").json
    path = f"/privacy-requests/{asked['id']}"
    with in_the_background() as go, locked(world, "LOCK purge_run IN EXCLUSIVE MODE") as gate:
        at_midnight(world)
        run = go(world.purge)
        wait_until_blocked(gate)
        world.clock.move_to("2027-03-31", hour=21)
        change = {"outcome": "refused", "refusal_reason": "manifestly-unfounded"}
        version = asked["version"]
        later = go(world.patch, path, "officer", version=version, json=change)
        wait_until_blocked(gate, 2)
        gate.rollback()
        assert run.result().json["purged"] == 1
        assert later.result().status_code == 404
    assert world.get(path, "officer").json["application_id"] is None
    again = world.patch(path, "officer", version=version, json=change)
    assert (again.status_code, again.json["outcome"]) == (200, "refused")


def test_a_request_that_is_forgotten_while_it_is_changed_is_not_there(applicant: Applicant):
    world, asked = applicant.world, applicant.ask("restriction").json
    path, version = f"/privacy-requests/{asked['id']}", asked["version"]
    with in_the_background() as go, locked(world, id_lock(applicant.id)) as gate:
        later = go(world.patch, path, "officer", version=version, json={"lifted": True})
        wait_until_blocked(gate)  # it has found the request, and waits for the record
        gate.execute(b"DELETE FROM privacy_request")  # as the purge does after 24 months
        gate.commit()
        assert later.result().status_code == 404


def test_two_answers_at_once_have_one_winner(applicant: Applicant):
    world, asked = applicant.world, applicant.ask("objection").json
    path, version = f"/privacy-requests/{asked['id']}", asked["version"]

    def answer(outcome: str) -> TestResponse:
        reason = {"refusal_reason": "compelling-grounds"} if outcome == "refused" else {}
        return world.patch(path, "officer", version=version, json={"outcome": outcome, **reason})

    with in_the_background() as go, locked(world, id_lock(applicant.id)) as gate:
        both = [go(answer, "answered"), go(answer, "refused")]
        wait_until_blocked(gate, 2)
        gate.rollback()
        assert sorted(one.result().status_code for one in both) == [200, 412]


def test_a_restriction_during_a_reading_lets_it_end_and_stops_the_next(applicant: Applicant):
    world = applicant.world
    world.clock.move_to("2027-02-01")
    applicant.logged_in()
    with world.app.app_context():
        db.session.execute(text(GATE_AT_THE_AUDIT))
        db.session.commit()
    with in_the_background() as go, locked(world, "SELECT pg_advisory_xact_lock(7)") as gate:
        reading = go(reads, world, applicant.id)
        wait_until_blocked(gate)  # it was let through, and is about to be shown
        restricting = go(applicant.ask, "restriction")
        wait_until_blocked(gate, 2)
        gate.rollback()
        assert reading.result() is True
        assert restricting.result().status_code == 201
    assert not reads(world, applicant.id)


def test_a_restriction_waits_for_a_change_of_the_team_and_stops_the_next(applicant: Applicant):
    world = applicant.world
    world.clock.move_to("2027-02-01")
    applicant.logged_in()
    path, version = f"/applications/{applicant.id}", world.version_of(applicant.id)

    def change() -> TestResponse:
        return world.patch(path, "recruiter", version=version, json={"status": "invited"})

    with in_the_background() as go, locked(world, "LOCK privacy_request IN EXCLUSIVE MODE") as gate:
        restricting = go(applicant.ask, "restriction")
        wait_until_blocked(gate)  # it has the record
        changing = go(change)
        wait_until_blocked(gate, 2)
        gate.rollback()
        assert restricting.result().status_code == 201
        assert changing.result().status_code == 404


# Repeats of a log-in, of which only that it was asked is kept


def log_in(applicant: Applicant) -> TestResponse:
    body = {"access_code": applicant.code, "answers": ANSWERS}
    return applicant.world.post("/access-tokens", "website", json=body, key="same")


def refused_attempts(world: World) -> int:
    refused = "action = 'open-access' AND outcome = 'not-admitted'"
    return int(rows(world, f"SELECT count(*) FROM audit_event WHERE {refused}")[0][0])


def test_repeats_of_a_log_in_are_refused_alike_while_the_code_is_locked(world: World):
    applicant = ready(world)
    assert log_in(applicant).status_code == 200
    for _ in range(3):
        assert applicant.attempt(birth_date="1990-01-01", postal_code="1000 AA").status_code == 403
    before = refused_attempts(world)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(log_in, [applicant] * 8))
    assert [answer.status_code for answer in answers] == [403] * 8
    assert refused_attempts(world) == before + 8


def test_a_repeat_that_an_erasure_overtakes_is_refused_like_any_other(postgres_world: World):
    world, applicant = postgres_world, ready(postgres_world)
    assert log_in(applicant).status_code == 200
    with in_the_background() as go, locked(world, id_lock(applicant.id)) as gate:
        erasing = go(erase, world, applicant.id)
        wait_until_blocked(gate)
        later = go(log_in, applicant)
        wait_until_blocked(gate, 2)
        gate.rollback()
        assert erasing.result().status_code == 204
        assert later.result().status_code == 403
    assert refused_attempts(world) == 1


# An erasure while a run cleans up behind another


def test_what_is_erased_while_a_run_cleans_up_is_cleaned_up_by_the_next(postgres_world: World):
    world, applicant = postgres_world, ready(postgres_world)
    applicant.logged_in()
    with in_the_background() as go, locked(world, OLD_SNAPSHOT) as reader:
        rows(world, "CREATE TABLE moves_on (id int)")  # the reader's snapshot is older now
        cleaning = go(completed, world)
        wait_until_asleep(reader)
        assert applicant.ask("erasure").json["outcome"] == "answered"
        reader.rollback()
        assert cleaning.result()["scrubbed"] is True
    assert unscrubbed(world) == 1
    assert completed(world)["scrubbed"] is True
    assert unscrubbed(world) == 0
