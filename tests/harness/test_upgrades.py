"""A database with data in it goes to a newer schema and back, and loses nothing on the way."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.pool import NullPool

from service.app import create_bare_app
from service.config.settings import load_settings
from service.storage.database import Base, db
from tests.factories import PDF, FullFieldsFactory
from tests.harness.databases import Databases
from tests.world import World

GONE_WITH_IT = ("delivery", "notice", "access_code", "disclosure", "privacy_request")


def move(url: str, step: Callable[..., None], revision: str) -> None:
    app = create_bare_app(load_settings({"KLUIS_DATABASE_URL": url}))
    with app.app_context():
        step(revision=revision)
        db.engine.dispose()


def ask(url: str, query: str) -> Sequence[Any]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        found = connection.execute(text(query))
        return found.all() if found.returns_rows else []


def tables(url: str) -> set[str]:
    return set(inspect(create_engine(url, poolclass=NullPool)).get_table_names())


def all_rows(url: str) -> dict[str, list[str]]:
    """Every row of every table but the revision, as text; columns by name, for they may move."""
    found = {}
    for table in sorted(tables(url) - {"alembic_version"}):
        engine = create_engine(url, poolclass=NullPool)
        names = sorted(column["name"] for column in inspect(engine).get_columns(table))
        rows = ask(url, f"SELECT {', '.join(names)} FROM {table}")
        found[table] = sorted(repr(dict(zip(names, row, strict=True))) for row in rows)
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def lived_in(
    request: pytest.FixtureRequest, databases: Databases, tmp_path: Path
) -> Iterator[World]:
    """An installation with tokens, a consent, a file, a hold, and a handover to personnel."""
    url = databases.fresh(request.param)
    world = World.make(url, tmp_path)
    world.wording()
    world.procedure()
    given = {"fields": FullFieldsFactory(), "consent": {"wording_version": "w1"}}
    path = f"/applications/{world.apply(files={'cv': ('cv.pdf', PDF)}, **given)}"
    world.apply()
    assert world.patch(path, "recruiter", version=1, json={"status": "hired"}).status_code == 200
    handed = world.post(f"{path}/handover", "recruiter", json={"fields": ["name", "email"]})
    assert handed.status_code == 201
    order = {"reason": "legal-claim", "case_reference": "2027/18", "until": "2027-02-01"}
    assert world.post(f"{path}/holds", "officer", json=order).status_code == 201
    yield world
    world.close()
    databases.drop(url)


def test_down_to_the_first_schema_and_up_again_loses_nothing_but_what_it_had_no_place_for(
    lived_in: World,
):
    url = lived_in.database_url
    handed = ask(url, "SELECT application_id, at, disclosed_by, fields FROM disclosure")
    move(url, downgrade, "0001")
    assert tables(url).isdisjoint(GONE_WITH_IT)
    query = "SELECT application_id, at, handed_over_by, fields FROM handover"
    assert ask(url, query) == handed
    first = all_rows(url)
    assert [len(first[t]) for t in ("application", "document", "hold", "handover")] == [2, 1, 1, 1]
    assert len(first["api_token"]) >= 4
    move(url, upgrade, "0002")
    (row,) = ask(url, "SELECT id, application_id, recipient, kind, reason, country FROM disclosure")
    assert row[0] == row[1] == handed[0][0]
    assert tuple(row[2:]) == ("personnel", "personnel", "hired", "NL")
    move(url, downgrade, "0001")
    assert all_rows(url) == first


def test_after_the_way_up_the_service_reads_what_was_there(lived_in: World):
    url = lived_in.database_url
    listed = "/procedures?reference=V-1"
    procedure = lived_in.get(listed, "recruiter").json["items"][0]["id"]
    path = f"/procedures/{procedure}/applications"
    before = lived_in.get(path, "recruiter").json
    move(url, downgrade, "0001")
    move(url, upgrade, "head")
    assert lived_in.get(path, "recruiter").json == before  # with the token from before, too
    (disclosed,) = lived_in.get("/disclosures", "officer").json["items"]
    assert (disclosed["recipient"], disclosed["reason"]) == ("personnel", "hired")
    assert disclosed["fields"] == ["email", "name"]


def test_on_the_way_down_tokens_of_roles_that_are_not_known_there_go(lived_in: World):
    url, roles = lived_in.database_url, "SELECT DISTINCT role FROM api_token"
    record = ask(url, "SELECT id FROM application LIMIT 1")[0][0]
    lived_in.token("applicant", str(record))
    lived_in.token("mailer")
    before = {row[0] for row in ask(url, roles)}
    move(url, downgrade, "0001")
    assert {row[0] for row in ask(url, roles)} == before - {"applicant", "mailer"}


def test_the_way_up_ends_at_the_tables_of_the_code(lived_in: World):
    url = lived_in.database_url
    move(url, downgrade, "0001")
    move(url, upgrade, "head")
    with create_engine(url, poolclass=NullPool).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_way_up_counts_what_was_just_shown(lived_in: World):
    """On PostgreSQL, where a tally may not be less than the audit; nothing else looks at it."""
    url = lived_in.database_url
    counted = "SELECT subject, sum(shown) FROM audit_event WHERE shown > 0 GROUP BY subject"
    shown = ask(url, counted)
    ask(url, "UPDATE audit_event SET at = CURRENT_TIMESTAMP")
    move(url, downgrade, "0002")
    move(url, upgrade, "head")
    tallied = ask(url, "SELECT subject, shown FROM reading_tally")
    assert sorted(tallied) == (sorted(shown) if url.startswith("postgresql") else [])
    assert shown != []


def test_an_applicants_token_goes_with_his_application_after_the_way_up(lived_in: World):
    url = lived_in.database_url
    move(url, downgrade, "0001")
    move(url, upgrade, "head")
    record = ask(url, "SELECT id FROM application LIMIT 1")[0][0]
    tokens = "SELECT count(*) FROM api_token WHERE application_id IS NOT NULL"
    lived_in.token("applicant", str(record))
    assert ask(url, tokens) == [(1,)]
    with lived_in.app.app_context():
        db.session.execute(text("DELETE FROM application"))
        db.session.commit()
    assert ask(url, tokens) == [(0,)]
