"""The whole campaign (`make campaign`), and a small one that keeps its machinery in order."""

import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from os import environ
from pathlib import Path
from time import monotonic

import factory.random
import pytest
from sqlalchemy import text

from tests.campaign.evidence import demand_sound, looking
from tests.campaign.installation import Broken, Installation, demand
from tests.campaign.kill_intake import kill_intake
from tests.campaign.kill_keys import kill_keys
from tests.campaign.kill_postgres import kill_postgres
from tests.campaign.kill_purge import MOST_KILLS, kill_purge
from tests.campaign.moments import Tally
from tests.campaign.postgres import Postgres, durable_postgres
from tests.campaign.races import KINDS, Rounds, race, race_workers
from tests.campaign.report import heading, kills_table, notes, rounds_table, write_section
from tests.factories import PDF, FieldsFactory
from tests.world import World

SEED = 20_260_101
KILLS = int(environ.get("KLUIS_TEST_CAMPAIGN_KILLS", "208"))
ROUNDS = int(environ.get("KLUIS_TEST_CAMPAIGN_ROUNDS", "1000"))
BOTH_SIDES_WIN_BY = 500  # rounds; a race that one side always wins would prove nothing
RECORDS_TO_REWRAP = 600  # two batches

New = Callable[[str], Installation]


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with durable_postgres() as server:
        yield server


@pytest.fixture
def new(tmp_path: Path, postgres: Postgres) -> New:
    """New installations on either database, each in a directory of its own."""

    def make(kind: str) -> Installation:
        number = sum(1 for _ in tmp_path.iterdir())
        url = f"sqlite:///{tmp_path}/{number}/kluis.db"
        url = postgres.new_database() if kind == "PostgreSQL" else url
        return Installation.make(tmp_path / str(number), url)

    return make


def seeded(what: str) -> random.Random:
    """A generator for this part, and the same fictional people each time."""
    factory.random.reseed_random(SEED)
    return random.Random(f"{SEED} {what}")  # it must come out the same again


def say(*what: object) -> None:
    """Tell how far it is: a campaign takes a while (`pytest -s`)."""
    sys.stdout.write(" ".join(str(each) for each in what) + "\n")
    sys.stdout.flush()


def kill_all(new: New, kind: str, kills: int, records: int) -> list[Tally]:
    """Two fifths of the kills hit intake, two fifths the purge, a fifth rewrap; rotations extra."""
    fifth = -(-kills // 5)
    intake = kill_intake(new(kind), kills - 3 * fifth, seeded(f"intake {kind}"))
    say(intake)
    purge, rng = Tally("purge"), seeded(f"purge {kind}")
    for before in range(0, 2 * fifth, MOST_KILLS):
        purge.add(kill_purge(new(kind), min(MOST_KILLS, 2 * fifth - before), rng))
    say(purge)
    rewrap, rotation = kill_keys(new(kind), fifth, records, seeded(f"keys {kind}"))
    say(rewrap, rotation)
    return [intake, purge, rewrap, rotation]


def demand_contested(rounds: Rounds) -> None:
    """Both sides were first at times, or the moments were badly chosen."""
    for kind, won in rounds.won.items():
        if kind != "consent withdrawn":
            demand(won["change"] and won["purge"], f"{rounds.what}, {kind}: {won}")


@pytest.mark.campaign
def test_whatever_is_killed_no_promise_is_broken(new: New, postgres: Postgres) -> None:
    began = monotonic()
    say(f"seed {SEED}, {KILLS} kills")
    tallies = {
        kind: kill_all(new, kind, KILLS // 2, RECORDS_TO_REWRAP)
        for kind in ("SQLite", "PostgreSQL")
    }
    own = kill_postgres(
        new("PostgreSQL"), postgres, max(3, KILLS // 16), seeded("PostgreSQL itself")
    )
    table = kills_table(tallies | {"PostgreSQL's own processes": [own]})
    say(table)
    assert "deadlock detected" not in postgres.log
    write_section("kills", f"{heading(SEED, monotonic() - began)}\n\n{table}")


@pytest.mark.campaign
def test_whoever_commits_first_wins(new: New, postgres: Postgres) -> None:
    began = monotonic()
    say(f"seed {SEED}, {ROUNDS} rounds")
    rounds = [
        race(new("PostgreSQL"), ROUNDS, seeded("races PostgreSQL"), "PostgreSQL"),
        race(new("SQLite"), ROUNDS // 5, seeded("races SQLite"), "SQLite"),
    ]
    workers = race_workers(new("PostgreSQL"), 20, 60, seeded("workers"))
    deadlocks = postgres.log.count("deadlock detected")
    tables = [rounds_table(rounds), notes(rounds, workers, deadlocks)]
    say("\n\n".join(tables))
    assert deadlocks == 0
    for each in rounds:
        if each.count >= BOTH_SIDES_WIN_BY:
            demand_contested(each)
    write_section("races", "\n\n".join([heading(SEED, monotonic() - began), *tables]))


def test_a_killed_intake_leaves_no_half_record(new: New) -> None:
    assert kill_intake(new("PostgreSQL"), 1, seeded("few")).kills == 1


def test_a_killed_purge_leaves_no_half_record(new: New) -> None:
    assert kill_purge(new("SQLite"), 1, seeded("few"), to_the_end=False).kills == 1


def test_a_killed_rewrap_leaves_every_record_readable(new: New) -> None:
    rewrap, rotation = kill_keys(new("SQLite"), 1, 12, seeded("few"))
    assert (rewrap.kills, rotation.kills) == (1, 1)


def test_a_killed_postgresql_costs_no_application(new: New, postgres: Postgres) -> None:
    assert kill_postgres(new("PostgreSQL"), postgres, 1, seeded("few")).kills == 1


def test_a_few_races_have_one_winner_each(new: New) -> None:
    rounds = race(new("PostgreSQL"), len(KINDS), seeded("few"), "PostgreSQL", to_the_end=False)
    assert rounds.count == len(KINDS)


def test_two_and_four_workers_share_out_what_is_due(new: New) -> None:
    workers = race_workers(new("PostgreSQL"), 2, 12, seeded("few"))
    assert workers.crews == {2: 1, 4: 1}
    assert workers.purged == 24


DAMAGES = {
    "DELETE FROM record_key": "applications or keys without the other",
    "DELETE FROM document_chunk WHERE number = 1": "with 1 chunks",
    "DELETE FROM audit_event": "audit rows of their intake differ",
    "UPDATE idempotency_key SET sealed = NULL": "an Idempotency-Key without its answer",
    "UPDATE consent_event SET number = 2": "a ledger of consent with a gap",
    "DELETE FROM team_member": "open procedures without team",
    "INSERT INTO purge_receipt (application_id, purged_on, rule)"
    " SELECT id, '2026-01-01', 'one-month-after-end' FROM application": "with a receipt",
}


@pytest.mark.parametrize(("damage", "found"), DAMAGES.items())
def test_half_a_record_does_not_escape_the_evidence(
    world: World, tmp_path: Path, damage: str, found: str
) -> None:
    world.wording()
    consent = {"wording_version": "w1"}
    files = {"cv": ("cv.pdf", PDF + b" " * 70_000)}
    world.procedure()
    world.apply(files=files, consent=consent)
    unsolicited = {"kind": "open", "fields": FieldsFactory()}
    assert world.post("/applications", "website", json=unsolicited).status_code == 201
    installation = Installation(tmp_path, world.database_url)
    installation.scratch.mkdir()
    demand_sound(installation)
    with looking(installation) as connection:
        connection.execute(text(damage))
        connection.commit()
    with pytest.raises(Broken, match=found):
        demand_sound(installation)


def test_a_file_left_behind_does_not_escape_the_evidence(world: World, tmp_path: Path) -> None:
    installation = Installation(tmp_path, world.database_url)
    installation.scratch.mkdir()
    (installation.scratch / "upload").touch()
    with pytest.raises(Broken, match="left behind"):
        demand_sound(installation)


def test_a_section_of_the_page_is_replaced_and_the_rest_stays(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- kills: begin -->\nold\n<!-- kills: end -->\nb\n")
    tally = Tally("intake", 2, Counter({"stored": 5, "not stored": 1}))
    write_section("kills", kills_table({"SQLite": [tally]}), page)
    assert page.read_text().splitlines() == [
        "a",
        "<!-- kills: begin -->",
        "| database | killed | times | found afterwards |",
        "| --- | --- | --- | --- |",
        "| SQLite | intake | 2 | not stored: 1, stored: 5 |",
        "|  | in all | 2 |  |",
        "<!-- kills: end -->",
        "b",
    ]
