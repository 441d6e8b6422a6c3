"""Teams: who puts whom on them, that it counts from the next request, and that it is noticed."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

from sqlalchemy import select

from service.storage.database import db
from service.storage.tables import AuditEvent
from tests.access.promises import ON_A_TEAM
from tests.access.scene import alarms
from tests.world import World


def new_reference() -> str:
    return f"V-{uuid4()}"


def team(procedure_id: UUID, subject: str = "") -> str:
    return f"/procedures/{procedure_id}/team" + (f"/{subject}" if subject else "")


def put(world: World, path: str, by: str, role: str, **who: str) -> int:
    return world.call("PUT", path, by, json={"role": role}, **who).status_code


def audited_changes(world: World) -> list[tuple[str, str, str | None]]:
    """Who was allowed to change which member to what, in the order of the clock."""
    with world.app.app_context():
        query = select(AuditEvent).where(
            AuditEvent.action == "change-team", AuditEvent.outcome == "allowed"
        )
        rows = db.session.scalars(query.order_by(AuditEvent.at, AuditEvent.id)).all()
        return sorted(
            (row.subject, row.details["member"], row.details["role"] or "") for row in rows
        )


def test_a_member_who_is_removed_is_out_at_the_next_request(shared_world: World):
    procedure_id = shared_world.procedure(reference := new_reference())
    application_id = shared_world.apply(reference)
    path = f"/applications/{application_id}"
    assert shared_world.get(path, "interviewer").status_code == 200
    removed = shared_world.call("DELETE", team(procedure_id, "interviewer"), "recruiter")
    assert removed.status_code == 204
    assert shared_world.get(path, "interviewer").status_code == 404
    assert (
        shared_world.get(f"/procedures/{procedure_id}/applications", "interviewer").status_code
        == 404
    )


def test_a_recruiters_token_is_for_where_he_recruits_and_the_others_for_where_they_are(
    shared_world: World,
):
    procedure_id = shared_world.procedure(reference := new_reference())
    path, who = f"/procedures/{procedure_id}", {"subject": "versatile"}
    shares = {"recruiter": {"recruiter"}, "interviewer": ON_A_TEAM, "screener": ON_A_TEAM}
    for token_role, team_roles in shares.items():
        for team_role in ON_A_TEAM:
            assert put(shared_world, team(procedure_id, **who), "recruiter", team_role) == 200
            is_his = team_role in team_roles
            read = shared_world.get(path, token_role, **who)
            assert read.status_code == (200 if is_his else 404), (token_role, team_role)
            listed = shared_world.get(f"/procedures?reference={reference}", token_role, **who)
            assert len(listed.json["items"]) == is_his, (token_role, team_role)


def test_a_member_who_is_put_on_the_team_or_given_a_lesser_role_sees_so_at_once(
    shared_world: World,
):
    procedure_id = shared_world.procedure(reference := new_reference())
    path = f"/applications/{shared_world.apply(reference)}"
    assert shared_world.get(path, "recruiter", subject="colleague").status_code == 404
    assert put(shared_world, team(procedure_id, "colleague"), "recruiter", "recruiter") == 200
    assert "email" in shared_world.get(path, "recruiter", subject="colleague").json["fields"]
    assert put(shared_world, team(procedure_id, "colleague"), "recruiter", "screener") == 200
    assert set(shared_world.get(path, "recruiter", subject="colleague").json["fields"]) == {
        "availability"
    }


def test_a_recruiter_who_removes_himself_is_out_and_can_not_come_back(shared_world: World):
    procedure_id = shared_world.procedure(new_reference())
    assert (
        shared_world.call("DELETE", team(procedure_id, "recruiter"), "recruiter").status_code == 204
    )
    assert put(shared_world, team(procedure_id, "recruiter"), "recruiter", "recruiter") == 404
    assert shared_world.get(f"/procedures/{procedure_id}", "recruiter").status_code == 404


def test_an_admin_puts_others_on_a_team_but_not_himself(shared_world: World):
    procedure_id = shared_world.procedure(new_reference())
    for role in ("recruiter", "interviewer", "screener"):
        refused = shared_world.call(
            "PUT", team(procedure_id, "admin"), "admin", json={"role": role}
        )
        assert refused.status_code == 403
        assert refused.json["type"].endswith(":forbidden")
    assert shared_world.get(team(procedure_id, "admin"), "admin").status_code == 404
    assert put(shared_world, team(procedure_id, "colleague"), "admin", "recruiter") == 200
    assert shared_world.get(team(procedure_id, "colleague"), "admin").json == {
        "subject": "colleague",
        "role": "recruiter",
    }


def test_an_admin_who_is_on_a_team_can_not_raise_his_own_role(shared_world: World):
    procedure_id = shared_world.procedure(new_reference())
    assert put(shared_world, team(procedure_id, "admin"), "recruiter", "screener") == 200
    assert put(shared_world, team(procedure_id, "admin"), "admin", "recruiter") == 403
    assert shared_world.get(team(procedure_id, "admin"), "admin").json["role"] == "screener"


def test_an_admin_who_opens_a_procedure_is_not_on_its_team(shared_world: World):
    new = {"reference": new_reference(), "title": "Tester", "ends_on": "2027-03-01"}
    made = shared_world.post("/procedures", "admin", json=new).json
    assert shared_world.get(team(made["id"]), "admin").json == []
    assert shared_world.get(f"/procedures/{made['id']}/applications", "admin").status_code == 403


def test_a_recruiter_manages_the_teams_of_his_own_procedures_only(shared_world: World):
    procedure_id = shared_world.procedure(new_reference())
    for subject in ("other-recruiter", "interviewer"):
        path = team(procedure_id, "colleague")
        assert put(shared_world, path, "recruiter", "recruiter", subject=subject) == 404
        for method in ("GET", "DELETE"):
            asked = shared_world.call(
                method, team(procedure_id, "screener"), "recruiter", subject=subject
            )
            assert asked.status_code == 404
        assert shared_world.get(team(procedure_id), "recruiter", subject=subject).status_code == 404
    assert shared_world.get(team(procedure_id, "colleague"), "recruiter").status_code == 404
    assert shared_world.get(team(procedure_id, "screener"), "recruiter").status_code == 200


def test_a_team_has_no_other_roles_than_its_three(shared_world: World):
    procedure_id = shared_world.procedure(new_reference())
    for role in ("officer", "sourcer", "admin", "website", "purger", "operator", "", "RECRUITER"):
        assert put(shared_world, team(procedure_id, "colleague"), "recruiter", role) == 422, role
    assert shared_world.get(team(procedure_id, "colleague"), "recruiter").status_code == 404


def test_a_subject_is_an_opaque_word(shared_world: World):
    procedure_id = shared_world.procedure(new_reference())
    for subject in ("a b", "Sánne", "x" * 101, "a%00b", "a%0Ab"):
        assert put(shared_world, team(procedure_id, subject), "recruiter", "screener") == 422, (
            subject
        )


def test_every_change_of_a_team_is_audited_and_raises_an_alarm(shared_world: World):
    procedure_id = shared_world.procedure(new_reference())
    before, known = alarms(shared_world, "team-changed"), audited_changes(shared_world)
    put(shared_world, team(procedure_id, "colleague"), "admin", "screener")
    put(shared_world, team(procedure_id, "colleague"), "recruiter", "interviewer")
    shared_world.call("DELETE", team(procedure_id, "colleague"), "recruiter")
    assert alarms(shared_world, "team-changed") == before + 3
    assert sorted(audited_changes(shared_world)) == sorted(
        [
            *known,
            ("admin", "colleague", "screener"),
            ("recruiter", "colleague", "interviewer"),
            ("recruiter", "colleague", ""),
        ]
    )


def test_a_refused_change_of_a_team_raises_no_such_alarm(shared_world: World):
    procedure_id = shared_world.procedure(new_reference())
    before = alarms(shared_world, "team-changed")
    assert put(shared_world, team(procedure_id, "admin"), "admin", "recruiter") == 403
    assert (
        put(shared_world, team(procedure_id, "x"), "recruiter", "recruiter", subject="other") == 404
    )
    assert put(shared_world, team(uuid4(), "x"), "admin", "recruiter") == 404
    assert shared_world.call("DELETE", team(procedure_id, "x"), "recruiter").status_code == 404
    assert alarms(shared_world, "team-changed") == before


def test_the_team_of_an_open_application_is_the_configured_one(make_world):
    world = make_world(KLUIS_OPEN_TEAM="recruiter:recruiter,interviewer:screener")
    body = {"kind": "open", "fields": {"name": "Sanne", "email": "sanne@example.org"}}
    made = world.post("/applications", "website", json=body)
    path = f"/applications/{made.json['id']}"
    assert "name" in world.get(path, "recruiter").json["fields"]
    assert world.get(path, "interviewer").json["fields"] == {}
    assert world.get(path, "recruiter", subject="other-recruiter").status_code == 404


def test_whoever_changes_one_member_at_the_same_time_is_answered_one_after_the_other(world: World):
    procedure_id = world.procedure()
    path = team(procedure_id, "colleague")

    def change(number: int) -> int:
        if number % 3 == 0:
            return world.call("DELETE", path, "recruiter").status_code
        return put(world, path, "recruiter", "interviewer" if number % 3 == 1 else "screener")

    with ThreadPoolExecutor(8) as pool:
        answered = set(pool.map(change, range(60)))
    assert {200, 204} <= answered <= {200, 204, 404}
