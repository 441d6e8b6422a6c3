"""The applicant's own access: a code, control questions, a token for minutes, and no way around."""

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy import select
from werkzeug.test import TestResponse

from service.cli import kluis
from service.domain.access import Question, code_digest, mint_code
from service.domain.errors import Invalid, NotAdmitted
from service.domain.policy import MINTED_ROLES, Role
from service.storage.database import db
from service.storage.tables import AccessCode, AuditEvent
from service.telemetry.logs import configure_logs
from service.usecases import tokens
from service.usecases.access import open_access
from tests.access.scene import alarms, everything_stored, statements, without_request_id
from tests.factories import FieldsFactory, FullFieldsFactory, SubmissionFactory
from tests.faults.damage import damage_key
from tests.retention.acts import completed, erase, open_application, rows
from tests.rights.applicants import ANSWERS, Applicant
from tests.world import World

WRONG = {"birth_date": "1990-01-01", "postal_code": "1000 AA"}
NO_CODE = mint_code(b"\x07" * 13)
LIFE = timedelta(minutes=30)  # as promised, whatever the code says


@pytest.fixture
def applicant(world: World) -> Applicant:
    """Somebody who applied through the website and has logged in."""
    world.procedure(ends_on="2027-03-01")
    return Applicant.apply(world)


def attempt(world: World, code: str, answers: dict[str, str], **options: Any) -> TestResponse:
    body = {"access_code": code, "answers": answers}
    return world.post("/access-tokens", "website", json=body, **options)


def fail(applicant: Applicant, times: int = 1) -> None:
    for _ in range(times):
        assert applicant.attempt(**WRONG).status_code == 403


def stored_code(world: World) -> AccessCode:
    with world.app.app_context():
        return db.session.scalars(select(AccessCode)).one()


def attempts(world: World) -> list[AuditEvent]:
    """The audit rows of all attempts; the clock stands still, so that they have no order."""
    with world.app.app_context():
        return list(
            db.session.scalars(select(AuditEvent).where(AuditEvent.action == "open-access"))
        )


def audited(world: World, response: TestResponse) -> AuditEvent:
    """The one audit row that this request left."""
    with world.app.app_context():
        request_id = UUID(response.headers["X-Request-Id"])
        return db.session.scalars(
            select(AuditEvent).where(AuditEvent.request_id == request_id)
        ).one()


def entered_by_staff(world: World, **more: Any) -> TestResponse:
    fields = FullFieldsFactory(**more)
    body = SubmissionFactory(channel="phone", fields=fields)
    return world.post("/applications", "recruiter", json=body)


def code_from_officer(world: World, application_id: UUID | str) -> str:
    issued = world.post(f"/applications/{application_id}/access-codes", "officer")
    assert issued.status_code == 201, issued.text
    code: str = issued.json["access_code"]
    return code


# The code, shown once


def test_the_website_is_shown_a_code_once_and_by_a_repeat_within_the_day(world: World):
    world.procedure()
    body = SubmissionFactory(fields=FullFieldsFactory())
    first = world.post("/applications", "website", key="k", json=body)
    world.clock.moment += timedelta(hours=23, minutes=59)
    assert world.post("/applications", "website", key="k", json=body).json == first.json
    world.clock.moment += timedelta(minutes=1)
    later = world.post("/applications", "website", key="k", json=body)
    assert later.json["id"] != first.json["id"]  # the key is free: it is another application
    assert later.json["access_code"] != first.json["access_code"]
    assert (
        attempt(world, first.json["access_code"], ANSWERS).json["application_id"]
        == (first.json["id"])
    )


def test_nothing_shows_a_code_again(applicant: Applicant):
    world, record = applicant.world, applicant.id
    shown = [
        world.get(f"/applications/{record}?purpose=supervision", "officer"),
        world.get(f"/applications/{record}", "recruiter"),
        world.get(f"/audit-events?application_id={record}", "officer"),
        applicant.get("/applications/{id}"),
    ]
    for response in shown:
        assert response.status_code == 200
        assert applicant.code not in response.text
        assert "access_code" not in response.text


def test_a_code_is_kept_as_its_digest(applicant: Applicant):
    assert stored_code(applicant.world).digest == code_digest(applicant.code)
    bare = applicant.code.replace("-", "")
    stored = repr(everything_stored(applicant.world))
    assert applicant.code not in stored
    assert bare not in stored


def test_a_code_is_typed_as_people_type(applicant: Applicant):
    typed = applicant.code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert attempt(applicant.world, typed, ANSWERS).status_code == 200


def test_an_open_application_gets_a_code_too(world: World):
    assert open_application(world).json["access_code"].count("-") == 3


# What staff entered


def test_what_staff_entered_gets_no_code_and_its_recruiter_can_have_none(world: World):
    world.procedure()
    made = entered_by_staff(world)
    assert made.json["access_code"] is None
    path = f"/applications/{made.json['id']}/access-codes"
    for role in sorted(MINTED_ROLES - {Role.OFFICER}):
        assert world.post(path, role).status_code == 403
    assert rows(world, "SELECT count(*) FROM access_code")[0][0] == 0
    issued = world.post(path, "officer")
    assert issued.headers["Location"] == f"/v1/applications/{made.json['id']}"
    opened = attempt(world, issued.json["access_code"], ANSWERS)
    assert opened.json["application_id"] == made.json["id"]
    assert alarms(world, "access-code-issued") == 1


def test_a_new_code_ends_the_one_before_and_all_access_that_it_gave(applicant: Applicant):
    world, former = applicant.world, Applicant(applicant.world, applicant.id, applicant.code)
    second = Applicant(world, applicant.id, applicant.code).logged_in()
    applicant.code = code_from_officer(world, applicant.id)
    assert former.attempt().status_code == 403
    for token in (applicant.token, second.token):
        former.token = token
        assert former.get("/applications/{id}").status_code == 401
    assert applicant.logged_in().get("/applications/{id}").status_code == 200


def test_a_new_code_is_not_locked_by_what_was_tried_with_the_one_before(applicant: Applicant):
    fail(applicant, 5)
    applicant.code = code_from_officer(applicant.world, applicant.id)
    assert applicant.attempt().status_code == 200


def test_a_code_is_issued_once_for_one_key(applicant: Applicant):
    path = f"/applications/{applicant.id}/access-codes"
    first, again = (applicant.world.post(path, "officer", key="k") for _ in range(2))
    assert first.json == again.json
    assert alarms(applicant.world, "access-code-issued") == 1


# The token


def test_a_token_is_for_its_own_application(applicant: Applicant):
    other = Applicant.apply(applicant.world)
    assert applicant.get("/applications/{id}").json["id"] == str(applicant.id)
    foreign = applicant.get(f"/applications/{other.id}")
    missing = applicant.get(f"/applications/{UUID(int=other.id.int + 1)}")
    assert foreign.status_code == missing.status_code == 404
    assert without_request_id(foreign) == without_request_id(missing)


def test_a_token_lasts_for_half_an_hour(applicant: Applicant):
    opened = applicant.attempt().json
    assert opened["expires_at"] == (applicant.world.clock.now() + LIFE).isoformat()
    applicant.world.clock.moment += LIFE - timedelta(seconds=1)
    assert applicant.get("/applications/{id}").status_code == 200
    applicant.world.clock.moment += timedelta(seconds=1)
    assert applicant.get("/applications/{id}").status_code == 401


def test_tokens_that_expired_go_with_the_next_purge(applicant: Applicant):
    world = applicant.world
    mine = "SELECT count(*) FROM api_token WHERE role = 'applicant'"
    completed(world)
    assert rows(world, mine)[0][0] == 1
    world.clock.moment += LIFE
    completed(world)
    assert rows(world, mine)[0][0] == 0


def test_an_applicants_token_is_not_among_the_tokens(applicant: Applicant):
    listed = applicant.world.get("/tokens?limit=100", "admin")
    assert "applicant" not in listed.text
    assert str(applicant.id) not in listed.text


def test_nobody_mints_an_applicants_token(world: World):
    order = {"role": "applicant", "subject": "x", "expires_at": "2027-01-01T00:00:00Z"}
    refused = world.post("/tokens", "admin", json=order)
    assert refused.json["errors"] == [{"pointer": "/role", "code": "not-a-choice"}]
    new = tokens.NewToken(Role.APPLICANT, "x", world.clock.now() + timedelta(days=1))
    with world.app.app_context(), pytest.raises(Invalid) as caught:
        tokens.create_token(world.case(), new)
    assert [fault.pointer for fault in caught.value.faults] == ["/role"]
    assert rows(world, "SELECT count(*) FROM api_token WHERE role = 'applicant'")[0][0] == 0


def test_the_command_line_mints_none_either():
    refused = CliRunner().invoke(kluis, ["tokens", "create", "applicant", "x"])
    assert refused.exit_code == 2
    assert "'applicant' is not one of" in refused.output


# One way to fail


@dataclass(frozen=True)
class Looks:
    """All that the website can tell of an answer, and what it cost."""

    status: int
    body: tuple[tuple[str, object], ...]
    headers: tuple[tuple[str, str], ...]
    statements: tuple[str, ...]


def looks(world: World, code: str, answers: dict[str, str]) -> Looks:
    world.token("website")
    with statements(world) as seen:
        response = attempt(world, code, answers)
    headers = ((n, v) for n, v in response.headers.items() if n not in ("X-Request-Id", "Date"))
    body = tuple(sorted(without_request_id(response).items()))
    return Looks(response.status_code, body, tuple(sorted(headers)), tuple(seen))


def locked(applicant: Applicant) -> dict[str, str]:
    fail(applicant, 3)
    return ANSWERS


def ended(applicant: Applicant) -> dict[str, str]:
    code_from_officer(applicant.world, applicant.id)
    return ANSWERS


def past_its_date(applicant: Applicant) -> dict[str, str]:
    applicant.world.clock.move_to("2027-04-01")
    return ANSWERS


def purged(applicant: Applicant) -> dict[str, str]:
    applicant.world.clock.move_to("2027-04-01")
    assert completed(applicant.world)["purged"] == 1
    return ANSWERS


def erased(applicant: Applicant) -> dict[str, str]:
    assert erase(applicant.world, applicant.id).status_code == 204
    return ANSWERS


def answers_one_question(applicant: Applicant) -> dict[str, str]:
    world = applicant.world
    made = world.post("/applications", "website", json=SubmissionFactory(fields=FieldsFactory()))
    applicant.code = made.json["access_code"]
    fields = world.get(f"/applications/{made.json['id']}", "recruiter").json["fields"]
    return {"phone_digits": fields["phone"][-4:], "postal_code": "9401 HS"}


def nothing_opens(applicant: Applicant) -> dict[str, str]:
    damage_key(applicant.world, applicant.id)
    return ANSWERS


WAYS = {
    "wrong answers": lambda _: {**WRONG, "phone_digits": "0000"},
    "one of three wrong": lambda _: {**ANSWERS, "phone_digits": "0000"},
    "one answer": lambda _: {"postal_code": "9401 HS"},
    "locked": locked,
    "ended by a new code": ended,
    "past its date": past_its_date,
    "purged": purged,
    "erased": erased,
    "answers one question": answers_one_question,
    "nothing opens": nothing_opens,
}


@pytest.mark.parametrize("why", WAYS)
def test_whatever_is_wrong_looks_like_a_code_that_there_is_not(applicant: Applicant, why: str):
    answers = WAYS[why](applicant)
    found = looks(applicant.world, applicant.code, answers)
    unknown = looks(applicant.world, NO_CODE, answers)
    assert unknown.status == 403
    assert dict(unknown.body)["type"] == "urn:problem-type:kluis:not-admitted"
    assert len(unknown.statements) > 5
    assert found == unknown


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"answers": ANSWERS}, "/access_code", "required"),
        ({"access_code": NO_CODE}, "/answers", "required"),
        ({"access_code": NO_CODE, "answers": {}}, "/answers", "empty-entry"),
        ({"access_code": "x" * 41, "answers": ANSWERS}, "/access_code", "length"),
        ({"access_code": NO_CODE, "answers": {"age": "32"}}, "/answers/age", "unknown-property"),
        (
            {"access_code": NO_CODE, "answers": {"phone_digits": "12345"}},
            "/answers/phone_digits",
            "characters",
        ),
        (
            {"access_code": NO_CODE, "answers": {"birth_date": "28-02-1994"}},
            "/answers/birth_date",
            "not-a-date",
        ),
    ],
)
def test_what_can_not_be_an_attempt_is_refused_by_its_place(
    sqlite_world: World, body: dict[str, Any], pointer: str, code: str
):
    refused = sqlite_world.post("/access-tokens", "website", json=body)
    assert refused.status_code == 422
    assert refused.json["errors"] == [{"pointer": pointer, "code": code}]
    assert "1994" not in refused.text


# Waiting


def test_wrong_answers_lock_for_twice_as_long_each_time_and_for_a_day_at_most(applicant: Applicant):
    world = applicant.world
    for minutes in (0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1440, 1440):
        fail(applicant)
        locked_until = stored_code(world).locked_until
        assert locked_until == world.clock.now() + timedelta(minutes=minutes)
        if minutes:
            world.clock.moment += timedelta(minutes=minutes, seconds=-1)
            assert applicant.attempt().status_code == 403  # right, and not judged
            world.clock.moment += timedelta(seconds=1)
    assert alarms(world, "access-locked") == 13


def test_what_is_tried_while_locked_is_not_judged_and_moves_nothing(applicant: Applicant):
    world = applicant.world
    fail(applicant, 3)
    before = stored_code(world)
    world.clock.moment += timedelta(seconds=30)
    fail(applicant, 5)
    after = stored_code(world)
    assert (after.failures, after.locked_until) == (3, before.locked_until)
    world.clock.moment += timedelta(seconds=30)
    assert applicant.attempt().status_code == 200


def test_right_answers_begin_the_count_anew(applicant: Applicant):
    for _ in range(3):
        fail(applicant, 2)
        assert applicant.attempt().status_code == 200
        assert (
            stored_code(applicant.world).failures,
            stored_code(applicant.world).locked_until,
        ) == (0, None)


def test_a_lock_holds_across_workers_and_restarts(make_world: Callable[..., World]):
    first, second = make_world(), make_world()
    first.procedure()
    here = Applicant.apply(first)
    there = Applicant(second, here.id, here.code)
    fail(here, 2)
    fail(there)
    assert here.attempt().status_code == 403
    first.close()
    third = make_world()
    third.clock.moment += timedelta(seconds=59)
    again = Applicant(third, here.id, here.code)
    assert again.attempt().status_code == 403
    third.clock.moment += timedelta(seconds=1)
    assert again.attempt().status_code == 200


def test_twenty_guesses_at_once_are_judged_one_by_one_until_it_locks(applicant: Applicant):
    world = applicant.world
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: applicant.attempt(**WRONG), range(20)))
    assert {answer.status_code for answer in answers} == {403}
    assert stored_code(world).failures == 3
    seen = [row for row in attempts(world) if row.outcome == "not-admitted"]
    assert len(seen) == 20
    counted = sorted(row.details["failures"] for row in seen if row.details)
    assert counted == [1, 2, 3]


def test_twenty_guesses_spread_over_time_are_all_counted(applicant: Applicant):
    world = applicant.world
    with world.app.app_context():
        for code in db.session.scalars(select(AccessCode)):
            code.failures = -18  # so that none of them locks
        db.session.commit()
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: applicant.attempt(**WRONG), range(20)))
    assert stored_code(world).failures == 2


# What is written of it


def test_attempts_are_audited_by_the_record_they_are_about(applicant: Applicant):
    world, about = applicant.world, [str(applicant.id)]
    wrong_one = audited(world, applicant.attempt(**WRONG))
    unknown = audited(world, attempt(world, NO_CODE, ANSWERS))
    right = audited(world, applicant.attempt())
    assert (wrong_one.outcome, wrong_one.application_ids) == ("not-admitted", about)
    assert wrong_one.details == {"failures": 1}
    assert (unknown.outcome, unknown.application_ids) == ("not-admitted", [])
    assert unknown.details == {}
    assert (right.outcome, right.application_ids) == ("allowed", about)
    assert right.details.keys() == {"created", "as"}
    assert {row.role for row in (wrong_one, unknown, right)} == {"website"}


def test_what_an_applicant_does_is_audited_under_his_records_id_and_purpose(applicant: Applicant):
    row = audited(applicant.world, applicant.get("/applications/{id}"))
    assert (row.role, row.subject, row.purpose) == ("applicant", str(applicant.id), "own-record")


def test_if_it_can_not_be_audited_nothing_is_judged(applicant: Applicant):
    world = applicant.world
    rows(world, "ALTER TABLE audit_event RENAME TO audit_event_away")
    assert applicant.attempt(**WRONG).status_code == 503
    assert applicant.attempt().status_code == 503
    rows(world, "ALTER TABLE audit_event_away RENAME TO audit_event")
    assert stored_code(world).failures == 0
    assert applicant.attempt().status_code == 200


@pytest.fixture
def log() -> StringIO:
    """Everything that is logged meanwhile."""
    written = StringIO()
    configure_logs("debug", written)
    return written


def test_no_code_and_no_answer_is_in_logs_database_or_errors(applicant: Applicant, log: StringIO):
    world = applicant.world
    typed = {"postal_code": "QZVX 98765", "phone_digits": "8642", "birth_date": "1931-07-29"}
    fields = FullFieldsFactory(
        birth_date=typed["birth_date"],
        phone="+31 6 20 00 86 42",
        address={"postal_code": typed["postal_code"], "city": "Assen"},
    )
    body = {"fields": fields, "procedure_reference": "V-1"}
    made = world.post("/applications", "website", json=body).json
    code = made["access_code"]
    refused = [attempt(world, code, WRONG | {"postal_code": typed["postal_code"]})]
    refused += [attempt(world, NO_CODE, typed), attempt(world, "x" * 41, typed)]
    opened = attempt(world, code, typed, key="k")
    assert opened.status_code == 200
    refused.append(attempt(world, code, WRONG, key="k"))
    assert [r.status_code for r in refused] == [403, 403, 422, 422]
    dated = typed["birth_date"]
    secrets = [code, code.replace("-", ""), NO_CODE, opened.json["token"], "QZVX", dated, "8642"]
    places = [log.getvalue(), *(r.text for r in refused), json.dumps(everything_stored(world))]
    assert "not-admitted" in json.dumps(everything_stored(world))
    for secret in secrets:
        # As a word of its own: ids are random, and hold any four digits once in a while.
        word = re.compile(rf"(?<![0-9A-Za-z-]){secret}(?![0-9A-Za-z-])")
        assert [place[:200] for place in places if word.search(place)] == []


def test_the_receipt_says_what_the_record_can_be_asked(world: World):
    world.procedure()
    told = {}
    for name, fields in {
        "little": {"name": "Sanne", "email": "sanne@example.org"},
        "much": {"name": "Daan", "phone": "+31 6 12345678", "birth_date": "1994-02-28"},
    }.items():
        body = SubmissionFactory(procedure_reference="V-1", fields=fields)
        told[name] = world.post("/applications", "website", json=body).json["control_questions"]
    assert told == {"little": [], "much": ["birth_date", "phone_digits"]}


# Repeats


def unanswered(world: World) -> int:
    """How many keys are kept without what was answered."""
    found: int = rows(world, "SELECT count(*) FROM idempotency_key WHERE sealed IS NULL")[0][0]
    return found


def test_a_repeated_right_attempt_gets_a_token_that_lasts(applicant: Applicant):
    world = applicant.world
    first = attempt(world, applicant.code, ANSWERS, key="k")
    world.clock.moment += LIFE
    again = attempt(world, applicant.code, ANSWERS, key="k")
    assert again.status_code == first.status_code == 200
    expires_at = datetime.fromisoformat(again.json["expires_at"])
    assert expires_at == world.clock.moment + LIFE
    assert unanswered(world) == 2  # with the one of the log-in before
    other = attempt(world, applicant.code, WRONG, key="k")
    assert other.json["type"].endswith(":idempotency-key-reused")


def test_a_repeated_wrong_attempt_is_judged_anew_and_counted(applicant: Applicant):
    world = applicant.world
    for _ in range(2):
        assert attempt(world, applicant.code, WRONG, key="k").status_code == 403
    assert stored_code(world).failures == 2
    assert unanswered(world) == 1  # of the log-in before
    assert attempt(world, applicant.code, ANSWERS, key="k").status_code == 200


def test_a_repeat_is_answered_for_what_staff_entered_too(world: World):
    world.procedure()
    code = code_from_officer(world, entered_by_staff(world).json["id"])
    assert [attempt(world, code, ANSWERS, key="k").status_code for _ in range(2)] == [200, 200]


def test_what_is_kept_of_an_attempt_goes_with_its_record(applicant: Applicant):
    world = applicant.world
    world.clock.moment += timedelta(seconds=1)
    assert attempt(world, applicant.code, ANSWERS, key="k").status_code == 200
    assert erase(world, applicant.id).status_code == 204
    ours = "SELECT sealed, application_id FROM idempotency_key WHERE expires_at > :now"
    # Of the application itself it stays that there was one; a repeat must not bring it back.
    assert set(rows(world, ours, now=world.clock.now())) == {(None, None)}
    assert attempt(world, applicant.code, ANSWERS, key="k").status_code == 403


# The end of the record


def test_a_purge_ends_the_access_of_who_is_logged_in(applicant: Applicant):
    world = applicant.world
    world.clock.moment = world.clock.moment.replace(year=2027, month=3, day=31, hour=21, minute=50)
    applicant.logged_in()
    assert applicant.get("/applications/{id}").status_code == 200
    request = f"/privacy-requests/{applicant.ask('complaint').json['id']}"
    for path in ("/privacy-requests", request):
        assert applicant.get(path).status_code == 200
    world.clock.moment += timedelta(minutes=10)  # midnight in Amsterdam
    for path in ("/applications/{id}", "/privacy-requests", request):
        assert applicant.get(path).status_code == 404
    assert completed(world)["purged"] == 1
    assert applicant.get("/applications/{id}").status_code == 401
    assert rows(world, "SELECT count(*) FROM access_code")[0][0] == 0
    assert rows(world, "SELECT count(*) FROM api_token WHERE role = 'applicant'")[0][0] == 0


def test_called_without_a_key_to_repeat_it_by_it_is_refused_and_counted_alike(world: World):
    world.procedure()
    applicant = Applicant.apply(world)
    with world.app.app_context():
        answers = {Question.BIRTH_DATE: "1994-02-27", Question.POSTAL_CODE: "9401 HS"}
        with pytest.raises(NotAdmitted):
            open_access(world.case(Role.WEBSITE, "website"), applicant.code, answers)
    assert rows(world, "SELECT failures FROM access_code")[0][0] == 1
