"""Rules 1 to 4: every application has a deletion date, computed from the end, on a civil day."""

from collections.abc import Callable
from uuid import UUID

import pytest

from service.domain.errors import NotFound
from tests.factories import PDF
from tests.faults.problems import demand_problem
from tests.faults.wire import CONTENT_TYPE, file_part, joined
from tests.retention.acts import (
    at,
    change_procedure,
    completed,
    purge_on,
    reads,
    retention,
    rows,
    set_status,
    withdraw,
)
from tests.world import World

# Rule 1: every application always has a deletion date


def test_a_procedure_that_everybody_forgot_ends_by_itself(world: World):
    procedure_id = world.procedure(ends_on="2027-03-01")
    application_id = world.apply()
    world.clock.move_to("2027-02-28")
    assert world.get(f"/procedures/{procedure_id}", "recruiter").json["is_running"] is True
    world.clock.move_to("2027-03-01")
    assert world.get(f"/procedures/{procedure_id}", "recruiter").json["is_running"] is False
    assert retention(world, application_id)["phase"] == "aftercare"
    world.clock.move_to("2027-04-01")
    assert completed(world)["purged"] == 1
    assert rows(world, "SELECT count(*) FROM application")[0][0] == 0


@pytest.mark.parametrize(
    ("opened_on", "ends_on", "status"),
    [
        ("2026-11-22", "2026-11-21", 422),
        ("2026-11-22", "2026-11-22", 422),
        ("2026-11-22", "2026-11-23", 201),
        ("2026-11-22", "2027-11-22", 201),
        ("2026-11-22", "2027-11-23", 422),
        ("2028-02-29", "2029-02-28", 201),
        ("2028-02-29", "2029-03-01", 422),
    ],
)
def test_a_procedure_has_an_end_within_twelve_months_from_the_day_it_is_made(
    sqlite_world: World, opened_on: str, ends_on: str, status: int
):
    world = sqlite_world
    world.clock.move_to(opened_on)
    body = {"reference": "V-1", "title": "Tester", "ends_on": ends_on}
    assert world.post("/procedures", "recruiter", json=body).status_code == status


def test_a_procedure_without_an_end_is_not_made(world: World):
    body = {"reference": "V-1", "title": "Tester"}
    refused = world.post("/procedures", "recruiter", json=body)
    assert refused.json["errors"] == [{"pointer": "/ends_on", "code": "required"}]


def test_recruiters_are_warned_fourteen_days_before_the_end(world: World):
    procedure_id = world.procedure(ends_on="2027-03-01")
    for today, warned in (("2027-02-14", False), ("2027-02-15", True), ("2027-03-01", False)):
        world.clock.move_to(today)
        view = world.get(f"/procedures/{procedure_id}", "recruiter").json
        assert view["ends_soon"] is warned, today
        duties = [d for d in world.get("/duties", "officer").json if d["procedure_id"]]
        assert [d["recruiters"] for d in duties] == ([["recruiter"]] if warned else []), today


def test_closing_ends_it_on_the_servers_today_and_only_once(world: World):
    procedure_id = world.procedure(ends_on="2027-03-01")
    world.clock.move_to("2026-12-05")
    closed = change_procedure(world, procedure_id, closed=True)
    assert (closed.json["ends_on"], closed.json["is_running"]) == ("2026-12-05", False)
    again = change_procedure(world, procedure_id, closed=True)
    assert (again.status_code, again.json["type"]) == (409, "urn:problem-type:kluis:already-ended")


@pytest.mark.parametrize(
    "change", [{"closed": True, "ends_on": "2026-11-01"}, {"closed": False}, {"closed": "2026-11"}]
)
def test_nobody_chooses_the_day_of_closing(sqlite_world: World, change: dict[str, object]):
    procedure_id = sqlite_world.procedure()
    assert change_procedure(sqlite_world, procedure_id, **change).status_code == 422


@pytest.mark.parametrize(
    ("ends_on", "fault"),
    [
        ("2027-02-28", "not-later"),
        ("2027-03-01", "not-later"),
        ("2027-03-02", None),
        ("2027-11-22", None),
        ("2027-11-23", "out-of-range"),
    ],
)
def test_prolonging_moves_the_end_later_and_never_beyond_twelve_months(
    sqlite_world: World, ends_on: str, fault: str | None
):
    procedure_id = sqlite_world.procedure(ends_on="2027-03-01")
    changed = change_procedure(sqlite_world, procedure_id, ends_on=ends_on)
    if fault is None:
        assert changed.json["ends_on"] == ends_on
    else:
        assert changed.json["errors"] == [{"pointer": "/ends_on", "code": fault}]


def test_prolonging_twice_does_not_go_beyond_twelve_months_after_opening(world: World):
    procedure_id = world.procedure(ends_on="2027-03-01")
    world.clock.move_to("2027-02-01")
    assert change_procedure(world, procedure_id, ends_on="2027-10-01").status_code == 200
    world.clock.move_to("2027-09-01")
    assert change_procedure(world, procedure_id, ends_on="2027-11-23").status_code == 422
    assert change_procedure(world, procedure_id, ends_on="2027-11-22").status_code == 200


@pytest.mark.parametrize(
    ("today", "role", "reason", "status"),
    [
        ("2027-01-31", "recruiter", "candidate-declined", 200),
        ("2027-02-27", "recruiter", "closed-by-mistake", 200),
        ("2027-02-28", "recruiter", "candidate-declined", 409),
        ("2027-02-27", "recruiter", None, 422),
        ("2027-02-27", "recruiter", "because I say so", 422),
        ("2027-02-27", "admin", "candidate-declined", 403),
        ("2027-02-27", "officer", "candidate-declined", 403),
    ],
)
def test_a_recruiter_reopens_with_a_reason_before_the_first_deletion_date(
    sqlite_world: World, today: str, role: str, reason: str | None, status: int
):
    world = sqlite_world
    procedure_id = world.procedure(ends_on="2027-01-31")
    application_id = world.apply()
    world.clock.move_to(today)
    change = {"ends_on": "2027-06-01"} | ({"reason": reason} if reason else {})
    reopened = change_procedure(world, procedure_id, role, **change)
    assert reopened.status_code == status, reopened.text
    expected = "2027-07-01" if status == 200 else "2027-02-28"
    assert purge_on(world, application_id) == expected


def test_reopening_goes_no_further_than_twelve_months_after_opening(world: World):
    procedure_id = world.procedure(ends_on="2027-01-31")
    world.clock.move_to("2027-02-10")
    reason = {"reason": "selection-resumed"}
    assert change_procedure(world, procedure_id, ends_on="2027-11-23", **reason).status_code == 422
    assert change_procedure(world, procedure_id, ends_on="2027-02-10", **reason).status_code == 422
    assert change_procedure(world, procedure_id, ends_on="2027-11-22", **reason).status_code == 200


def test_the_reason_of_reopening_stands_in_the_audit(world: World):
    procedure_id = world.procedure(ends_on="2027-01-31")
    world.clock.move_to("2027-02-10")
    change_procedure(world, procedure_id, ends_on="2027-05-01", reason="candidate-declined")
    events = world.get("/audit-events?limit=100", "officer").json["items"]
    (reopened,) = [e for e in events if "reason" in e["details"]]
    assert reopened["details"] | {"ends_on": "2027-05-01", "was": "2027-01-31"} == {
        **reopened["details"],
        "reason": "candidate-declined",
    }


@pytest.mark.parametrize("withdrawn_on", ["2027-01-20", "2027-02-10"])
def test_what_was_withdrawn_meanwhile_stays_withdrawn_when_reopened(
    world: World, withdrawn_on: str
):
    procedure_id = world.procedure(ends_on="2027-01-31")
    gone, stays = world.apply(), world.apply()
    world.clock.move_to(withdrawn_on)
    withdraw(world, gone)
    before = purge_on(world, gone)
    world.clock.move_to("2027-02-10")
    change_procedure(world, procedure_id, ends_on="2027-06-01", reason="candidate-declined")
    assert purge_on(world, stays) == "2027-07-01"
    assert retention(world, gone)["withdrawn_on"] == withdrawn_on
    expected = before if withdrawn_on < "2027-01-31" else "2027-03-10"
    assert purge_on(world, gone) == expected
    assert set_status(world, gone, "invited").status_code == 409


def test_every_change_of_the_end_moves_every_application_of_the_procedure(world: World):
    world.wording()
    procedure_id = world.procedure(ends_on="2027-01-31")
    plain = world.apply()
    consented = world.apply(consent={"wording_version": "w1"})
    withdrawn = world.apply()
    other_id = world.procedure("V-2", ends_on="2027-01-31")
    elsewhere = world.apply("V-2")
    world.clock.move_to("2026-12-10")
    withdraw(world, withdrawn)

    def dates() -> list[str]:
        return [purge_on(world, one) for one in (plain, consented, withdrawn, elsewhere)]

    gone = "2027-01-10"
    assert dates() == ["2027-02-28", "2028-01-31", gone, "2027-02-28"]
    change_procedure(world, procedure_id, ends_on="2027-03-31")
    assert dates() == ["2027-04-30", "2028-03-31", gone, "2027-02-28"]
    world.clock.move_to("2026-12-31")
    change_procedure(world, procedure_id, closed=True)
    assert dates() == ["2027-01-31", "2027-12-31", gone, "2027-02-28"]
    change_procedure(world, procedure_id, ends_on="2027-02-28", reason="closed-by-mistake")
    assert dates() == ["2027-03-28", "2028-02-28", gone, "2027-02-28"]
    change_procedure(world, other_id, title="Andere titel")
    assert dates() == ["2027-03-28", "2028-02-28", gone, "2027-02-28"]


@pytest.mark.parametrize(
    ("apply_until", "moment", "status"),
    [
        ("2026-12-31", "2026-12-31T22:59:59", 201),  # 23:59:59 in Amsterdam, still the last day
        ("2026-12-31", "2026-12-31T23:00:00", 409),
        ("2027-06-30", "2027-06-30T21:59:59", 201),  # in summer midnight is at 22:00 UTC
        ("2027-06-30", "2027-06-30T22:00:00", 409),
        (None, "2027-07-31T21:59:59", 201),
        (None, "2027-07-31T22:00:00", 409),  # the first second of ends_on
    ],
)
def test_intake_runs_through_its_last_day_and_no_longer_than_the_procedure(
    sqlite_world: World, apply_until: str | None, moment: str, status: int
):
    world = sqlite_world
    world.procedure(ends_on="2027-08-01", apply_until=apply_until)
    at(world, moment)
    body = {"procedure_reference": "V-1", "fields": {"name": "Daan Smit", "phone": "0592 123456"}}
    answered = world.post("/applications", "website", json=body)
    assert answered.status_code == status
    vacancy = world.get("/procedures?reference=V-1", "website").json["items"][0]
    assert vacancy["is_open"] is (status == 201)
    if status == 409:
        assert answered.json["type"] == "urn:problem-type:kluis:intake-closed"


def test_intake_never_outlives_a_procedure_that_was_closed(world: World):
    procedure_id = world.procedure(ends_on="2027-08-01", apply_until="2027-07-15")
    change_procedure(world, procedure_id, closed=True)
    body = {"procedure_reference": "V-1", "fields": {"name": "Daan Smit", "phone": "0592 123456"}}
    assert world.post("/applications", "website", json=body).status_code == 409
    vacancy = world.get("/procedures?reference=V-1", "website").json["items"][0]
    assert vacancy["is_open"] is False


def test_who_reopens_looks_at_the_last_day_too(world: World):
    path = f"/procedures/{world.procedure(ends_on='2027-08-01', apply_until='2027-07-15')}"
    assert world.patch(path, "recruiter", version=1, json={"closed": True}).status_code == 200
    again = {"ends_on": "2027-03-01", "reason": "closed-by-mistake"}
    refused = world.patch(path, "recruiter", version=2, json=again)
    demand_problem(refused, 422, "invalid", [("/apply_until", "out-of-range")])
    again |= {"apply_until": "2027-02-01"}
    assert world.patch(path, "recruiter", version=2, json=again).status_code == 200


@pytest.mark.parametrize("apply_until", ["2027-08-01", "2027-10-01"])
def test_the_last_day_to_apply_lies_before_the_end(world: World, apply_until: str):
    wrong = [("/apply_until", "out-of-range")]
    new = {"reference": "V-9", "title": "Ontwikkelaar", "ends_on": "2027-08-01"}
    refused = world.post("/procedures", "recruiter", json={**new, "apply_until": apply_until})
    demand_problem(refused, 422, "invalid", wrong)
    path = f"/procedures/{world.procedure(ends_on='2027-08-01')}"
    refused = world.patch(path, "recruiter", version=1, json={"apply_until": apply_until})
    demand_problem(refused, 422, "invalid", wrong)
    later = {"apply_until": apply_until, "ends_on": "2027-10-02"}
    assert world.patch(path, "recruiter", version=1, json=later).status_code == 200


def test_closed_intake_ends_nothing_for_who_applied_in_time(world: World):
    world.procedure(ends_on="2027-03-01", apply_until="2026-11-30")
    application_id = world.apply()
    world.clock.move_to("2027-02-28")
    assert retention(world, application_id)["phase"] == "running"


def test_a_download_ends_with_the_day_on_which_it_was_asked_for(world: World):
    world.procedure(ends_on="2027-03-01")
    content = PDF + bytes(1_000_000)
    path, body = f"/applications/{world.apply()}/documents", joined(file_part(content))
    added = world.post(path, "recruiter", data=body, content_type=CONTENT_TYPE)
    path += f"/{added.json['id']}"
    at(world, "2027-02-28T22:59:59")  # 23:59:59 in Amsterdam
    assert world.get(path, "recruiter").data == content
    chunks = world.get(path, "recruiter").iter_encoded()
    next(chunks)
    at(world, "2027-02-28T23:00:00")
    with pytest.raises(NotFound):
        list(chunks)


def test_no_request_sets_a_deletion_date(world: World):
    world.procedure()
    application_id = world.apply()
    path, version = f"/applications/{application_id}", world.version_of(application_id)
    changed = world.patch(path, "officer", version=version, json={"purge_on": "2099-01-01"})
    assert changed.json["errors"] == [{"pointer": "/purge_on", "code": "unknown-property"}]
    fields = {"name": "Daan Smit", "phone": "0592 123456"}
    body = {"procedure_reference": "V-1", "fields": fields, "purge_on": "2099-01-01"}
    posted = world.post("/applications", "website", json=body)
    assert posted.json["errors"] == [{"pointer": "/purge_on", "code": "unknown-property"}]


# Rule 2: one month after the end, with consent one year; computed from the end itself

ENDS = [
    ("2026-11-22", "2026-12-31", "2027-01-31", "2027-12-31"),
    ("2026-11-22", "2027-01-28", "2027-02-28", "2028-01-28"),
    ("2026-11-22", "2027-01-29", "2027-02-28", "2028-01-29"),
    ("2026-11-22", "2027-01-31", "2027-02-28", "2028-01-31"),
    ("2026-11-22", "2027-02-28", "2027-03-28", "2028-02-28"),
    ("2026-11-22", "2027-08-31", "2027-09-30", "2028-08-31"),
    ("2027-03-01", "2027-12-31", "2028-01-31", "2028-12-31"),
    ("2027-03-01", "2028-01-30", "2028-02-29", "2029-01-30"),
    ("2027-03-01", "2028-01-31", "2028-02-29", "2029-01-31"),
    ("2027-03-01", "2028-02-28", "2028-03-28", "2029-02-28"),
    ("2027-03-01", "2028-02-29", "2028-03-29", "2029-02-28"),
]


@pytest.mark.parametrize(("today", "ends_on", "without", "with_consent"), ENDS)
def test_the_deletion_date_is_one_month_or_with_consent_one_year_after_the_end(
    sqlite_world: World, today: str, ends_on: str, without: str, with_consent: str
):
    world = sqlite_world
    world.clock.move_to(today)
    world.wording()
    world.procedure(ends_on=ends_on)
    fields = {"name": "Daan Smit", "email": "daan@example.org"}
    body = {"procedure_reference": "V-1", "fields": fields}
    plain = world.post("/applications", "website", json=body).json
    given = {**body, "consent": {"wording_version": "w1"}}
    consented = world.post("/applications", "website", json=given).json
    for receipt in (plain, consented):
        assert receipt["purge_on_without_consent"] == without
        assert receipt["purge_on_with_consent"] == with_consent
    assert plain["purge_on"] == purge_on(world, UUID(plain["id"])) == without
    assert consented["purge_on"] == purge_on(world, UUID(consented["id"])) == with_consent


def test_a_date_is_computed_from_the_end_itself_never_from_an_earlier_result(world: World):
    world.wording()
    procedure_id = world.procedure(ends_on="2027-01-31")
    application_id = world.apply()
    found = [purge_on(world, application_id)]
    world.consent(application_id)
    found.append(purge_on(world, application_id))
    world.consent(application_id, "withdrawn")
    found.append(purge_on(world, application_id))
    change_procedure(world, procedure_id, ends_on="2027-03-31")
    found.append(purge_on(world, application_id))
    assert found == ["2027-02-28", "2028-01-31", "2027-02-28", "2027-04-30"]


# Rule 3: unreadable from the day's first second, wherever the offset of that day lies


@pytest.mark.parametrize(
    ("ends_on", "before", "first"),
    [
        ("2026-11-30", "2026-12-29T22:59:59", "2026-12-29T23:00:00"),
        ("2026-12-01", "2026-12-31T22:59:59", "2026-12-31T23:00:00"),
        ("2027-01-31", "2027-02-27T22:59:59", "2027-02-27T23:00:00"),
        ("2027-02-28", "2027-03-27T22:59:59", "2027-03-27T23:00:00"),  # summer time that night
        ("2027-03-01", "2027-03-31T21:59:59", "2027-03-31T22:00:00"),
        ("2027-09-30", "2027-10-29T21:59:59", "2027-10-29T22:00:00"),
        ("2027-10-01", "2027-10-31T22:59:59", "2027-10-31T23:00:00"),  # winter time since that day
    ],
)
def test_a_record_is_unreadable_from_the_first_local_second_of_its_day(
    world: World, ends_on: str, before: str, first: str
):
    world.procedure(ends_on=ends_on)
    application_id = world.apply()
    at(world, before)
    assert reads(world, application_id)
    assert completed(world)["purged"] == 0
    at(world, first)
    assert not reads(world, application_id)
    assert completed(world)["purged"] == 1


@pytest.mark.parametrize(
    ("moment", "civil_day"),
    [
        ("2026-12-01T22:30:00", "2026-12-01"),
        ("2026-12-01T23:30:00", "2026-12-02"),
        ("2027-03-27T22:30:00", "2027-03-27"),
        ("2027-03-27T23:30:00", "2027-03-28"),
        ("2027-03-28T00:59:59", "2027-03-28"),
        ("2027-03-28T01:00:00", "2027-03-28"),
        ("2027-03-28T21:30:00", "2027-03-28"),
        ("2027-03-28T22:30:00", "2027-03-29"),
        ("2027-10-30T21:30:00", "2027-10-30"),
        ("2027-10-30T22:30:00", "2027-10-31"),
        ("2027-10-31T22:30:00", "2027-10-31"),
        ("2027-10-31T23:30:00", "2027-11-01"),
    ],
)
def test_days_are_civil_days_in_amsterdam(sqlite_world: World, moment: str, civil_day: str):
    sqlite_world.procedure(ends_on="2027-11-20")
    application_id = sqlite_world.apply()
    at(sqlite_world, moment)
    withdraw(sqlite_world, application_id)
    assert retention(sqlite_world, application_id)["withdrawn_on"] == civil_day


def test_days_are_civil_days_in_the_configured_zone(make_world: Callable[..., World]):
    world = make_world(KLUIS_TIMEZONE="America/New_York")
    world.procedure(ends_on="2027-03-01")
    application_id = world.apply()
    at(world, "2026-12-02T04:59:59")
    withdraw(world, application_id)
    assert retention(world, application_id)["withdrawn_on"] == "2026-12-01"


def test_instants_are_stored_in_utc(world: World):
    world.procedure()
    at(world, "2026-12-01T23:30:00")
    application_id = world.apply()
    asked = world.get(f"/applications/{application_id}", "recruiter").json
    assert asked["received_at"] in ("2026-12-01T23:30:00+00:00", "2026-12-01T23:30:00Z")


# Rule 4: the end is the procedure's, or the withdrawal's if that is earlier


def test_a_withdrawal_before_the_end_starts_the_month_on_its_own_day(world: World):
    world.wording()
    world.procedure(ends_on="2027-03-01")
    plain, consented = world.apply(), world.apply(consent={"wording_version": "w1"})
    world.clock.move_to("2026-12-31")
    for application_id, due in ((plain, "2027-01-31"), (consented, "2027-12-31")):
        answered = withdraw(world, application_id)
        assert (answered.status_code, answered.json["purge_on"]) == (201, due)
        view = retention(world, application_id)
        assert (view["end"], view["ended_by"]) == ("2026-12-31", "withdrawal")
        assert view["ends_on"] == "2027-03-01"


def test_a_withdrawal_after_the_end_moves_nothing(world: World):
    world.procedure(ends_on="2027-03-01")
    application_id = world.apply()
    world.clock.move_to("2027-03-20")
    assert withdraw(world, application_id).json["purge_on"] == "2027-04-01"
    view = retention(world, application_id)
    assert (view["end"], view["ended_by"]) == ("2027-03-01", "procedure")


def test_a_withdrawal_is_dated_by_the_server(world: World):
    world.procedure()
    application_id = world.apply()
    path = f"/applications/{application_id}/withdrawal"
    dated = world.post(path, "website", json={"withdrawn_on": "2026-10-01"})
    assert dated.json["errors"] == [{"pointer": "/withdrawn_on", "code": "unknown-property"}]
    assert retention(world, application_id)["withdrawn_on"] is None
    assert withdraw(world, application_id).status_code == 201
    assert retention(world, application_id)["withdrawn_on"] == "2026-11-22"


def test_a_withdrawal_is_final_and_a_change_of_mind_is_a_new_application(world: World):
    world.procedure()
    same = {"name": "Daan Smit", "email": "daan@example.org"}
    application_id = world.apply(fields=same)
    assert withdraw(world, application_id, "recruiter").status_code == 201
    world.clock.move_to("2026-12-01")
    again = withdraw(world, application_id, "officer")
    assert (again.status_code, again.json["type"][-17:]) == (409, "already-withdrawn")
    assert retention(world, application_id)["withdrawn_on"] == "2026-11-22"
    assert set_status(world, application_id, "received").status_code == 409
    renewed = world.apply(fields=same)
    assert retention(world, renewed)["purge_on"] == "2027-04-01"


def test_nobody_withdraws_by_setting_a_status(world: World):
    world.procedure()
    application_id = world.apply()
    assert set_status(world, application_id, "withdrawn").status_code == 422
    assert retention(world, application_id)["withdrawn_on"] is None


@pytest.mark.parametrize("status", ["rejected", "hired", "invited", "offered", "in_review"])
def test_a_rejection_and_every_other_status_start_no_clock(sqlite_world: World, status: str):
    sqlite_world.procedure(ends_on="2027-03-01")
    application_id = sqlite_world.apply()
    sqlite_world.clock.move_to("2026-12-01")
    assert set_status(sqlite_world, application_id, status).status_code == 200
    assert purge_on(sqlite_world, application_id) == "2027-04-01"
    sqlite_world.clock.move_to("2027-02-28")
    assert reads(sqlite_world, application_id)
