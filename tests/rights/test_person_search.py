"""Finding all records of one person: across procedures, bounded, counted, and kept nowhere."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select
from werkzeug.test import TestResponse

from service.crypto.keyring import KeyPurpose
from service.crypto.keyring_files import write_keyring_file
from service.domain.policy import MINTED_ROLES
from service.storage.database import db
from service.storage.tables import Application, AuditEvent, Procedure, RecordKey, StoredAnswer
from service.usecases.keys import rotate_key
from tests.access.scene import everything_stored
from tests.factories import FieldsFactory
from tests.faults.damage import damage_key, flipped, put_seal, sealed, told
from tests.world import World

SANNE = "sanne.de.vries@example.org"
NAMED = {"name": "Sanne de Vries", "birth_date": "1994-02-28"}
ALARM = 'kluis_alarms_total{kind="field-unreadable"}'


def search(world: World, purpose: str = "access-request", **more: Any) -> TestResponse:
    """A search by the officer, a second later than what was before it."""
    world.clock.moment += timedelta(seconds=1)
    options = {name: more.pop(name) for name in ("key", "subject") if name in more}
    role = more.pop("role", "officer")
    path = "/person-searches" + (f"?purpose={purpose}" if purpose else "")
    return world.post(path, role, json=more, **options)


def found(answer: TestResponse) -> list[tuple[str, str]]:
    assert answer.status_code == 200, answer.text
    return [(item["application_id"], item["match"]) for item in answer.json["items"]]


def apply(world: World, reference: str = "V-1", **fields: Any) -> str:
    """An application, a second younger than the one before it."""
    world.clock.moment += timedelta(seconds=1)
    return str(world.apply(reference, fields=FieldsFactory(**fields)))


def to_the_end(ask: Callable[..., TestResponse]) -> Iterator[dict[str, Any]]:
    """Every answer of a search, from the first to the one that nothing lies behind."""
    cursor: dict[str, str] = {}
    while True:
        answer = ask(**cursor)
        assert answer.status_code == 200, answer.text
        yield answer.json
        if answer.json["next"] is None:
            return
        cursor = {"cursor": answer.json["next"]}


def events(world: World, action: str = "search-persons") -> list[AuditEvent]:
    with world.app.app_context():
        query = select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id)
        return list(db.session.scalars(query))


# By e-mail address


def test_an_address_is_found_in_every_procedure(world: World):
    for reference in ("V-1", "V-2", "V-3"):
        world.procedure(reference)
    one, _, other = (
        apply(world, "V-1", email=SANNE),
        apply(world, "V-2", email="noor.bakker@example.org"),
        apply(world, "V-3", email=" Sanne.de.Vries@EXAMPLE.org ".strip()),
    )
    answer = search(world, email="SANNE.DE.VRIES@example.org")
    assert found(answer) == [(one, "email"), (other, "email")]
    assert (answer.json["looked_through"], answer.json["next"]) == (3, None)


def test_an_item_tells_where_the_record_stands_and_nothing_that_it_holds(world: World):
    procedure_id = world.procedure()
    application_id = apply(world, email=SANNE)
    assert search(world, email=SANNE).json["items"] == [
        {
            "application_id": application_id,
            "procedure_id": str(procedure_id),
            "reference": "V-1",
            "title": "Ontwikkelaar",
            "status": "received",
            "phase": "running",
            "received_at": "2026-11-22T09:30:01+00:00",
            "purge_on": "2027-04-01",
            "match": "email",
        }
    ]


def test_an_open_application_is_found_too(world: World):
    fields = FieldsFactory(email=SANNE)
    made = world.post("/applications", "website", json={"kind": "open", "fields": fields})
    assert found(search(world, email=SANNE)) == [(made.json["id"], "email")]


def test_records_under_an_earlier_index_key_are_found(world: World):
    world.procedure("V-1")
    world.procedure("V-2")
    before = apply(world, "V-1", email=SANNE)
    with world.app.app_context():
        write = partial(write_keyring_file, world.keyring_file)
        rotate_key(world.case(), KeyPurpose.INDEX, write)
    behind = [apply(world, reference, email=SANNE) for reference in ("V-1", "V-2")]
    matches = [(application_id, "email") for application_id in (before, *behind)]
    assert found(search(world, email=SANNE)) == matches


def test_who_has_no_record_is_not_found(world: World):
    assert search(world, email=SANNE).json == {
        "items": [],
        "looked_through": 0,
        "unreadable": 0,
        "next": None,
    }
    world.procedure()
    apply(world)
    assert found(search(world, email=SANNE)) == []


# By name and date of birth


RECORDS = [
    (NAMED, "name-and-birth-date"),
    ({"name": "SANNE  DE\u00a0VRIES", "birth_date": "1994-02-28"}, "name-and-birth-date"),
    ({"name": "Sanne de Vries"}, "name"),
    ({"name": "Sanne de Vries", "age": 32}, "name"),
    ({"name": "Sanne de Vries", "birth_date": "1994-02-27"}, None),
    ({"name": "Sanne Vries", "birth_date": "1994-02-28"}, None),
]


def test_a_name_is_found_with_its_birth_date_or_without_one(world: World):
    world.procedure()
    made = [(apply(world, **fields), match) for fields, match in RECORDS]
    answer = search(world, name="sanne de vries", birth_date="1994-02-28")
    assert found(answer) == [(record, match) for record, match in made if match]
    assert (answer.json["looked_through"], answer.json["unreadable"]) == (6, 0)


def test_a_damaged_name_is_skipped_counted_and_alarmed_and_stops_nothing(world: World):
    world.procedure()
    name, born, key, whole = (apply(world, **NAMED) for _ in range(4))
    for damaged, field in ((name, "name"), (born, "birth_date")):
        blob = sealed(world, UUID(damaged), field)
        put_seal(world, UUID(damaged), field, flipped(blob, -1))
    damage_key(world, UUID(key))
    answer = search(world, **NAMED)
    assert found(answer) == [(born, "name"), (whole, "name-and-birth-date")]
    assert (answer.json["looked_through"], answer.json["unreadable"]) == (4, 3)
    assert told(world, ALARM) == 3
    assert len(found(search(world, email=SANNE))) == 0  # the look-up opens nothing
    assert told(world, ALARM) == 3


# Whose eyes


def test_what_is_past_its_date_is_found_while_it_is_held_and_not_otherwise(world: World):
    world.procedure()
    ids = [apply(world, email=SANNE, **NAMED) for _ in range(2)]
    world.clock.move_to("2027-03-31")
    order = {"reason": "legal-claim", "case_reference": "2027/1", "until": "2027-06-01"}
    placed = world.post(f"/applications/{ids[0]}/holds", "officer", json=order)
    assert placed.status_code == 201
    for terms in ({"email": SANNE}, NAMED):
        assert [application_id for application_id, _ in found(search(world, **terms))] == ids
    world.clock.move_to("2027-04-01")
    for terms in ({"email": SANNE}, NAMED):
        answer = search(world, **terms)
        assert [application_id for application_id, _ in found(answer)] == ids[:1]
        assert answer.json["items"][0]["phase"] == "over"


def test_nobody_else_searches(world: World):
    for role in sorted(MINTED_ROLES - {"officer"}):
        for terms in ({"email": SANNE}, NAMED):
            assert search(world, role=role, **terms).status_code == 403, role


def test_a_purpose_must_be_stated(world: World):
    refused = search(world, purpose="", email=SANNE)
    assert refused.status_code == 422
    assert refused.json["errors"] == [{"pointer": "/query/purpose", "code": "required"}]
    assert search(world, purpose="selection", email=SANNE).status_code == 422


NO_FORM = [
    {},
    {"name": "Sanne de Vries"},
    {"birth_date": "1994-02-28"},
    {"email": SANNE, **NAMED},
    {"email": SANNE, "name": "Sanne de Vries"},
    {"email": SANNE, "birth_date": "1994-02-28"},
]
WRONG = [
    ({"email": "zeekanarie"}, "/email"),
    ({"email": None}, "/email"),
    ({"name": "Zeekanarie", "birth_date": "1994"}, "/birth_date"),
    ({"name": " ", "birth_date": "1994-02-28"}, "/name"),
    ({"email": SANNE, "cursor": "zeekanarie"}, "/cursor"),
    ({"email": SANNE, "limit": 101}, "/limit"),
    ({"email": SANNE, "limit": 0}, "/limit"),
    ({"email": SANNE, "phone": "zeekanarie"}, "/phone"),
]


def test_the_terms_are_of_one_of_the_two_forms(world: World):
    for terms in NO_FORM:
        refused = search(world, **terms)
        assert refused.status_code == 422, terms
        code = {"pointer": "/email", "code": "email-or-name-and-birth-date"}
        assert refused.json["errors"] == [code], terms


def test_wrong_terms_are_named_and_not_repeated(world: World):
    for terms, pointer in WRONG:
        refused = search(world, **terms)
        assert refused.status_code == 422, terms
        assert [error["pointer"] for error in refused.json["errors"]] == [pointer]
        assert "anarie" not in refused.text


# What is noted, counted and kept


def test_a_search_is_audited_with_purpose_and_matches_and_without_its_terms(world: World):
    world.procedure()
    one = apply(world, email=SANNE, **NAMED)
    apply(world)
    search(world, purpose="complaint", email=SANNE)
    search(world, purpose="breach", **NAMED)
    search(world, **{**NAMED, "name": "Noor Bakker"})
    by_email, by_name, nobody = events(world)
    shown = [(e.purpose, e.application_ids, e.fields, e.shown) for e in (by_email, by_name, nobody)]
    assert shown == [
        ("complaint", [one], ["email"], 1),
        ("breach", [one], ["birth_date", "name"], 1),
        ("access-request", [], [], 0),
    ]
    assert by_email.details == {"by": "email", "looked_through": 2, "opened": 0}
    assert by_name.details == {"by": "name-and-birth-date", "looked_through": 2, "opened": 2}


def test_matches_count_in_the_read_budget(make_world: Callable[..., World]):
    world = make_world(KLUIS_READ_BUDGET="2")
    world.procedure()
    for _ in range(2):
        apply(world, email=SANNE)
    assert len(found(search(world, email=SANNE))) == 2
    third = apply(world, **NAMED)
    spent = search(world, **NAMED)
    assert spent.status_code == 429
    assert third not in spent.text
    assert search(world, email=SANNE).status_code == 200  # those were read before
    assert search(world, subject="second-officer", **NAMED).status_code == 200


def test_a_repeated_search_is_made_anew_and_counts_anew(world: World):
    world.procedure()
    one = apply(world, email=SANNE)
    first = search(world, email=SANNE, key="k")
    assert search(world, email=SANNE, key="k").json == first.json
    other = apply(world, email=SANNE)
    assert found(search(world, email=SANNE, key="k")) == [(one, "email"), (other, "email")]
    assert [event.application_ids for event in events(world)] == [[one], [one], [one, other]]
    with world.app.app_context():
        query = select(StoredAnswer.sealed).where(StoredAnswer.application_id.is_(None))
        assert db.session.scalars(query).all() == [None]


def test_a_key_used_for_another_search_is_refused(world: World):
    world.procedure()
    assert search(world, email=SANNE, key="k").status_code == 200
    refused = search(world, email="noor@example.org", key="k")
    assert (refused.status_code, refused.json["type"].rpartition(":")[2]) == (
        422,
        "idempotency-key-reused",
    )


def test_a_repeated_search_tells_nothing_of_a_record_that_is_gone(world: World):
    world.procedure()
    application_id = apply(world, email=SANNE)
    assert len(found(search(world, email=SANNE, key="k"))) == 1
    version = world.version_of(UUID(application_id))
    path = f"/applications/{application_id}"
    assert world.call("DELETE", path, "officer", version=version).status_code == 204
    assert found(search(world, email=SANNE, key="k")) == []


def test_the_terms_stand_nowhere_afterwards(world: World, capfd: pytest.CaptureFixture[str]):
    world.procedure()
    apply(world)
    search(world, email="zeekanarie@example.org", key="zeekanarie")
    search(world, name="Daan Zeekanarie", birth_date="1931-07-29", key="zeekanarie-2")
    stored = repr(everything_stored(world)).lower()
    out = capfd.readouterr()
    for told_where in (stored, out.out.lower(), out.err.lower()):
        assert [term for term in ("zeekanarie", "1931-07-29") if term in told_where] == []


# Bounded, and to the end without loss


@pytest.mark.parametrize("terms", [{"email": SANNE}, NAMED], ids=["email", "name"])
@pytest.mark.parametrize("of_sanne", ["", "111", "1110", "1001110111"])
def test_going_on_finds_every_record_once(world: World, terms: dict[str, str], of_sanne: str):
    references = ["V-1", "V-2"]
    for reference in references:
        world.procedure(reference)
    wanted = []
    for number, is_hers in enumerate(of_sanne):
        fields = {"email": SANNE, **NAMED} if is_hers == "1" else {}
        application_id = apply(world, references[number % 2], **fields)
        wanted += [application_id] if is_hers == "1" else []
    answers = list(to_the_end(lambda **cursor: search(world, **terms, limit=3, **cursor)))
    items = [item["application_id"] for answer in answers for item in answer["items"]]
    assert items == wanted
    assert sum(answer["looked_through"] for answer in answers) == len(of_sanne)
    sizes = [len(answer["items"]) for answer in answers]
    assert (sizes[:-1], sizes[-1] <= 3) == ([3] * (len(answers) - 1), True)


def plant(world: World, behind: str, count: int, procedures: int) -> None:
    """So many bare records in so many procedures, right behind a record that is there."""
    with world.app.app_context():
        query = select(Application, Procedure, RecordKey).join(Procedure).join(RecordKey)
        found = db.session.execute(query.where(Application.id == UUID(behind))).one()
        row, procedure, key = found
        homes = [copied(procedure, id=uuid4(), reference=None) for _ in range(procedures)]
        bare = {"email_index": None, "index_key_id": None}
        rows = [
            copied(row, id=UUID(int=row.id.int + n + 1), procedure_id=homes[n % procedures]["id"])
            | bare
            for n in range(count)
        ]
        keys = [copied(key, application_id=one["id"]) for one in rows]
        for table, added in ((Procedure, homes), (Application, rows), (RecordKey, keys)):
            db.session.execute(insert(table), added)
        db.session.commit()


def copied(row: Any, **changes: Any) -> dict[str, Any]:
    """A row's values, but for what is sealed and what is changed."""
    names = [c.name for c in row.__table__.columns if not c.name.startswith("sealed_")]
    return {name: getattr(row, name) for name in names} | changes


@pytest.mark.parametrize(
    ("terms", "bound", "opens"),
    [({"email": SANNE}, 10_000, False), (NAMED, 2_000, True)],
    ids=["email", "name"],
)
def test_a_call_looks_through_so_many_and_says_where_to_go_on(
    world: World, terms: dict[str, str], bound: int, *, opens: bool
):
    for reference in ("V-1", "V-2"):
        world.procedure(reference)
    first = apply(world, "V-1", email=SANNE, **NAMED)
    plant(world, first, 700, procedures=600)
    later = apply(world, "V-2", email=SANNE, **NAMED)
    plant(world, later, bound - 700, procedures=1)
    last = apply(world, "V-1", email=SANNE, **NAMED)
    one, two = to_the_end(lambda **cursor: search(world, **terms, **cursor))
    assert [item["application_id"] for item in one["items"]] == [first, later]
    assert [item["application_id"] for item in two["items"]] == [last]
    assert (one["looked_through"], two["looked_through"]) == (bound, 3)
    opened = [event.details["opened"] for event in events(world)]
    assert opened == ([bound, 3] if opens else [0, 0])
