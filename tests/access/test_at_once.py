"""Reading by one statement: it gives, and audits, just what the long way does."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import LiteralString
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import event, literal, select, text, update
from werkzeug.test import TestResponse

from service.domain.policy import PERMISSIONS, TEAM_ROLES, Action, Role
from service.domain.tokens import digest
from service.storage.database import db, driver_rows, driver_statement
from service.storage.reader import reached_within_budget
from service.storage.reading import _of_one, _of_page
from service.storage.reading_documents import _of_document
from service.storage.tables import Application, AuditEvent, ReadingTally
from service.storage.tally import count_up, hour_of, is_within
from tests.access.scene import alarms
from tests.factories import FullFieldsFactory
from tests.harness.postgres import libpq_url
from tests.retention.test_races import wait_until_blocked
from tests.world import World

Ask = Callable[[], TestResponse]
VARYING = {"id", "at", "request_id"}
BESIDE = """
INSERT INTO audit_event SELECT (jsonb_populate_record(event, jsonb_build_object(
    'id', gen_random_uuid(), 'application_ids', jsonb_build_array(gen_random_uuid())))).*
FROM audit_event AS event WHERE event.shown > 0
"""
ONE_MORE = "UPDATE reading_tally SET shown = shown + 1"


@pytest.fixture
def database_url(postgres_url: str) -> str:
    """SQLite knows no such statements."""
    return postgres_url


def ready(world: World) -> World:
    """With all tokens minted, so that no statement but the asked ones is counted."""
    for role in ("website", "recruiter", "interviewer", "screener", "officer", "purger"):
        world.token(role)
    return world


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return ready(make_world())


def statements(world: World, ask: Ask) -> tuple[int, TestResponse]:
    """How many statements the long way took; what goes at once takes none of SQLAlchemy's."""
    seen: list[str] = []
    world.clock.moment += timedelta(seconds=1)  # so that its event is the last one

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    with world.app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        answer = ask()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(seen), answer


def at_once(world: World, ask: Ask) -> TestResponse:
    count, answer = statements(world, ask)
    assert count == 0
    return answer


def the_long_way(world: World, ask: Ask) -> TestResponse:
    count, answer = statements(world, ask)
    assert count > 0
    return answer


def run_ahead(world: World) -> None:
    """A run was completed a day ahead of the clock: by rule 5 it is that day, and no other case."""
    world.clock.moment += timedelta(days=1)
    assert world.purge().json["completed"]
    world.clock.moment -= timedelta(days=1)


def last_event(world: World) -> dict[str, object]:
    """What the audit says of the last thing that was asked, but for what differs each time."""
    events = world.get("/audit-events?limit=100", "officer").json["items"]
    told = [one for one in events if one["action"] not in ("read-audit", "purge")]
    last = max(told, key=lambda one: one["at"])
    return {name: value for name, value in last.items() if name not in VARYING}


def reader_of(world: World, path: str, role: str) -> Ask:
    return lambda: world.get(path, role)


@pytest.mark.parametrize("role", ["recruiter", "interviewer", "screener"])
def test_a_read_at_once_gives_and_audits_what_the_long_way_does(world: World, role: str):
    world.procedure()
    record = world.apply(fields=FullFieldsFactory())
    ask = reader_of(world, f"/applications/{record}", role)
    short, told = at_once(world, ask), last_event(world)
    run_ahead(world)
    long = the_long_way(world, ask)
    assert short.status_code == long.status_code == 200
    assert short.json == long.json
    assert short.headers["ETag"] == long.headers["ETag"]
    assert told == last_event(world)
    assert told["application_ids"] == [str(record)]
    assert told["fields"] == sorted(short.json["fields"])


@pytest.mark.parametrize("role", ["recruiter", "interviewer", "screener"])
def test_a_list_at_once_gives_and_audits_what_the_long_way_does(world: World, role: str):
    procedure_id = world.procedure()
    twice = {"fields": {"name": "Sanne de Vries", "email": "sanne@example.org"}}
    made = [world.apply(), world.apply(**twice), world.apply(), world.apply(**twice)]
    records = sorted(made)  # the clock stands still
    ask = reader_of(world, f"/procedures/{procedure_id}/applications?limit=3", role)
    short, told = at_once(world, ask), last_event(world)
    following = reader_of(world, short.headers["Link"].split(">")[0].removeprefix("</v1"), role)
    rest = at_once(world, following)
    run_ahead(world)
    assert short.json == the_long_way(world, ask).json
    assert told == last_event(world)
    assert rest.json == the_long_way(world, following).json
    found = [UUID(item["id"]) for page in (short, rest) for item in page.json["items"]]
    assert found == records
    assert told["application_ids"] == [str(record) for record in records[:3]]
    assert told["details"] == {"procedure_id": str(procedure_id)}


def test_who_applied_twice_is_told_to_recruiters_alone(world: World):
    procedure_id = world.procedure()
    same = {"fields": {"name": "Sanne de Vries", "email": "sanne@example.org"}}
    first, other, second = world.apply(**same), world.apply(), world.apply(**same)
    path = f"/procedures/{procedure_id}/applications"
    mine = at_once(world, reader_of(world, path, "recruiter")).json["items"]
    told = {item["id"]: item["possible_duplicates"] for item in mine}
    assert told == {str(first): [str(second)], str(other): [], str(second): [str(first)]}
    theirs = at_once(world, reader_of(world, path, "interviewer")).json["items"]
    assert {item["possible_duplicates"] for item in theirs} == {None}


def test_a_list_without_an_address_has_no_duplicates(world: World):
    procedure_id = world.procedure()
    world.apply(fields={"name": "Sanne de Vries", "phone": "+31 6 12345678"})
    path = f"/procedures/{procedure_id}/applications"
    (item,) = at_once(world, reader_of(world, path, "recruiter")).json["items"]
    assert item["possible_duplicates"] == []


def test_whatever_is_not_ordinary_is_asked_step_by_step(world: World):
    procedure_id = world.procedure()
    record = world.apply()
    empty = world.procedure("V-2")
    for path, role, status in (
        (f"/applications/{record}", "officer", 422),
        (f"/applications/{record}?purpose=complaint", "officer", 200),
        (f"/applications/{record}?fields=name", "screener", 403),
        (f"/applications/{record}?fields=name", "recruiter", 200),
        (f"/applications/{UUID(int=7)}", "recruiter", 404),
        (f"/procedures/{procedure_id}/applications?fields=name", "recruiter", 200),
        (f"/procedures/{empty}/applications", "recruiter", 200),
        (f"/procedures/{UUID(int=7)}/applications", "recruiter", 404),
    ):
        assert the_long_way(world, reader_of(world, path, role)).status_code == status, path


def test_what_does_not_open_is_named_and_raises_the_alarm(world: World):
    world.procedure()
    record = world.apply()
    with world.app.app_context():
        db.session.execute(
            update(Application).where(Application.id == record).values(sealed_name=b"\x01 damaged")
        )
        db.session.commit()
    before = alarms(world, "field-unreadable")
    answer = at_once(world, reader_of(world, f"/applications/{record}", "recruiter"))
    assert answer.json["unreadable"] == ["name"]
    assert "name" not in answer.json["fields"]
    assert alarms(world, "field-unreadable") == before + 1


def read_beside(world: World, path: str, *statements: LiteralString) -> TestResponse:
    """What a recruiter is answered whose other reading, of these statements, commits meanwhile."""
    with (
        psycopg.connect(libpq_url(world.database_url)) as other,
        psycopg.connect(libpq_url(world.database_url), autocommit=True) as onlooker,
        ThreadPoolExecutor(1) as pool,
    ):
        for statement in statements:
            other.execute(statement)
        asked = pool.submit(world.get, path, "recruiter")
        wait_until_blocked(onlooker)
        other.commit()
        return asked.result(20)


def half_spent(make_world: Callable[..., World]) -> tuple[World, UUID]:
    """A world whose recruiter may read two records and has read one, and the other."""
    world = ready(make_world(KLUIS_READ_BUDGET="2"))
    world.procedure()
    read, other = (world.apply() for _ in range(2))
    assert world.get(f"/applications/{read}", "recruiter").status_code == 200
    return world, other


def test_what_is_read_in_parallel_counts(make_world: Callable[..., World]):
    """The other reader has read another record and is about to commit."""
    world, record = half_spent(make_world)
    refused = read_beside(world, f"/applications/{record}", BESIDE, ONE_MORE)
    assert refused.status_code == 429
    assert "fields" not in refused.json
    events = world.get("/audit-events?limit=100", "officer").json["items"]
    told = [one["application_ids"] for one in events if one["outcome"] == "read-budget-spent"]
    assert told == [[str(record)]]


def tallied(world: World, subject: str) -> int | None:
    with world.app.app_context():
        shown = ReadingTally.shown + ReadingTally.before
        return db.session.scalar(select(shown).where(ReadingTally.subject == subject))


def test_the_audit_alone_decides_where_parallel_repeats_are_tallied(
    make_world: Callable[..., World],
):
    world, record = half_spent(make_world)
    again = read_beside(world, f"/applications/{record}", ONE_MORE)  # the same record
    assert again.status_code == 200
    assert tallied(world, "recruiter") == 3


def test_what_is_refused_after_it_was_read_step_by_step_stays_tallied(
    make_world: Callable[..., World],
):
    """The other reader commits while this one waits to count: the look behind it sees him."""
    world, record = half_spent(make_world)
    refused = read_beside(world, f"/applications/{record}?fields=name", BESIDE, ONE_MORE)
    assert refused.status_code == 429
    assert tallied(world, "recruiter") == 3


def test_who_waited_for_a_lock_in_vain_does_not_wait_again_on_the_long_way(world: World):
    world.procedure()
    record = world.apply()
    ask = reader_of(world, f"/applications/{record}", "recruiter")
    assert at_once(world, ask).status_code == 200
    with psycopg.connect(libpq_url(world.database_url)) as other:
        other.execute("SELECT 1 FROM reading_tally FOR UPDATE")
        assert at_once(world, ask).status_code == 503
    assert at_once(world, ask).status_code == 200


def test_a_short_way_that_breaks_is_counted_and_told_on_the_long_one(world: World):
    world.procedure()
    record = world.apply()
    path = f"/applications/{record}"
    assert at_once(world, reader_of(world, path, "recruiter")).status_code == 200
    with (
        psycopg.connect(libpq_url(world.database_url)) as other,
        psycopg.connect(libpq_url(world.database_url), autocommit=True) as onlooker,
        ThreadPoolExecutor(1) as pool,
    ):
        other.execute("SELECT 1 FROM reading_tally FOR UPDATE")
        asked = pool.submit(the_long_way, world, reader_of(world, path, "recruiter"))
        for pid in wait_until_blocked(onlooker):
            onlooker.execute("SELECT pg_terminate_backend(%s)", [pid])
        other.rollback()
        assert asked.result(20).status_code == 200
    counted = 'kluis_short_ways_failed_total{cause="AdminShutdown"} 1.0'
    assert counted in world.app.test_client().get("/metrics").text


@pytest.mark.parametrize("token_role", sorted(TEAM_ROLES))
@pytest.mark.parametrize("team_role", sorted(TEAM_ROLES))
# Of these two the second is not for screeners.
@pytest.mark.parametrize("action", [Action.READ_APPLICATION, Action.LIST_DOCUMENTS])
def test_what_the_role_on_the_team_may_not_do_is_not_reached_at_once(
    world: World, token_role: Role, team_role: Role, action: Action
):
    procedure_id = world.procedure()
    record, who = world.apply(), "versatile"
    on_team = {"json": {"role": team_role}}
    put = world.call("PUT", f"/procedures/{procedure_id}/team/{who}", "recruiter", **on_team)
    assert put.status_code == 200
    query = reached_within_budget(action, token_role, world.clock.today, Application.id)
    asked = {"digest": digest(world.token(token_role, who)), "now": world.clock.moment}
    with world.app.app_context():
        rows = driver_rows(db.engine, driver_statement(query), {**asked, "limit": 1, "budget": 9})
    found = [application_id for _, _, application_id in rows]
    assert found == ([record] if team_role in PERMISSIONS[action] else [])


def test_a_list_of_values_has_no_place_in_a_statement_that_is_made_once():
    with pytest.raises(ValueError, match="list of values"):
        driver_statement(select(Application.id).where(Application.version.in_([1, 2])))


def test_a_clock_that_ran_ahead_gives_no_budget_at_once(make_world: Callable[..., World]):
    world = ready(make_world(KLUIS_READ_BUDGET="2"))
    world.procedure()
    records = [world.apply() for _ in range(3)]
    for record in records[:2]:
        assert world.get(f"/applications/{record}", "recruiter").status_code == 200
    world.clock.moment += timedelta(hours=2)
    assert world.get(f"/applications/{records[0]}", "recruiter").status_code == 200
    world.clock.moment -= timedelta(hours=2)
    assert world.get(f"/applications/{records[2]}", "recruiter").status_code == 429
    assert world.get(f"/applications/{records[0]}", "recruiter").status_code == 200


def test_an_applicant_has_no_tally(world: World):
    world.procedure()
    record = world.apply()
    assert world.get(f"/applications/{record}", "applicant", subject=str(record)).status_code == 200
    assert world.get(f"/applications/{record}", "recruiter").status_code == 200
    assert tallied(world, "recruiter") == 1
    assert tallied(world, str(record)) is None


def test_tallies_go_when_the_audit_would(world: World):
    world.procedure()
    assert world.get(f"/applications/{world.apply()}", "recruiter").status_code == 200
    aged = text("UPDATE reading_tally SET hour = hour - make_interval(days => :days)")
    for days, left in ((700, 1), (60, None)):
        with world.app.app_context():
            db.session.execute(aged, {"days": days})
            db.session.commit()
        assert world.purge().json["completed"]
        assert tallied(world, "recruiter") == left


def test_every_statement_writes_each_column_of_the_audit_at_once():
    today = date(2026, 11, 26)
    columns = set(AuditEvent.__table__.columns.keys())
    for made in (_of_one, _of_page, _of_document):
        statement = made(Role.RECRUITER, today).text.decode()
        written = re.search(r"INSERT INTO audit_event \(([^)]*)\)", statement)
        assert written is not None
        assert set(written[1].split(", ")) == columns


def test_who_has_read_much_goes_the_long_way_until_the_hours_are_over(
    make_world: Callable[..., World],
):
    world = ready(make_world(KLUIS_READ_BUDGET="2"))
    world.procedure()
    ask = reader_of(world, f"/applications/{world.apply()}", "recruiter")
    for way in (at_once, at_once, the_long_way, the_long_way):
        assert way(world, ask).status_code == 200
    world.clock.moment += timedelta(hours=1)  # it began at 9:30: what is of 9 to 10 counts still
    assert the_long_way(world, ask).status_code == 200
    world.clock.moment += timedelta(hours=2)
    assert at_once(world, ask).status_code == 200


def test_what_was_read_step_by_step_counts_for_what_is_read_at_once(
    make_world: Callable[..., World],
):
    world = ready(make_world(KLUIS_READ_BUDGET="2"))
    world.procedure()
    path = f"/applications/{world.apply()}"
    for _ in range(2):
        long = reader_of(world, f"{path}?fields=name", "recruiter")
        assert the_long_way(world, long).status_code == 200
    assert the_long_way(world, reader_of(world, path, "recruiter")).status_code == 200


HOURS = [
    ([("09:10", 2), ("09:50", 3)], 5),
    ([("09:10", 2), ("10:10", 3)], 5),
    ([("09:10", 2), ("10:10", 3), ("11:10", 4)], 7),
    ([("09:10", 2), ("11:10", 4)], 4),
    ([("09:10", 2), ("10:10", 3), ("10:20", 1), ("09:59", 4)], 10),
    ([("09:10", 2), ("10:10", 3), ("10:20", 1), ("12:00", 4)], 4),
]


@pytest.mark.parametrize(("counted", "lately"), HOURS)
def test_the_tally_at_once_holds_this_hour_and_the_one_before(
    world: World, counted: list[tuple[str, int]], lately: int
):
    with world.app.app_context():
        for moment, shown in counted:
            at = datetime.fromisoformat(f"2026-11-22T{moment}+00:00")
            count_up(db.session(), "subject", at, shown)
        db.session.commit()
        last = max(hour_of(datetime.fromisoformat(f"2026-11-22T{m}+00:00")) for m, _ in counted)

        def fits(budget: int, hours: int = 0, subject: str = "subject") -> bool | None:
            hour = literal(last + timedelta(hours=hours), ReadingTally.hour.type)
            return db.session.scalar(select(is_within(subject, hour, literal(1), budget)))

        assert fits(lately + 1)
        assert not fits(lately)
        assert fits(lately + 1, hours=1)
        assert fits(1, hours=2)
        assert not fits(1_000, hours=-1)  # a wrong clock's
        assert fits(1, subject="other")
        assert not fits(0, subject="other")
