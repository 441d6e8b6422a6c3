"""GET …/retention: the date, the rule, its inputs, and what consent would change, in words."""

from tests.retention.acts import hold, retention, withdraw
from tests.world import World


def test_the_date_is_explained_with_its_rule_and_inputs(world: World):
    world.procedure(ends_on="2027-01-31")
    application_id = world.apply()
    assert retention(world, application_id, "recruiter") == {
        "id": str(application_id),
        "purge_on": "2027-02-28",
        "rule": "one-month-after-end",
        "phase": "running",
        "ends_on": "2027-01-31",
        "withdrawn_on": None,
        "end": "2027-01-31",
        "ended_by": "procedure",
        "consented": False,
        "hold_until": None,
        "purge_on_if_given_today": "2028-01-31",
        "purge_on_if_withdrawn_today": "2027-02-28",
        "explanation": {
            "nl": "De procedure eindigt op 31-01-2027; zonder toestemming voor langer bewaren "
            "wordt alles een maand later verwijderd, op 28-02-2027.",
            "en": "The procedure ends on 2027-01-31; without consent to longer retention all is "
            "deleted one month later, on 2027-02-28.",
            "de": "Das Verfahren endet am 31.01.2027; ohne Einwilligung in längere Speicherung "
            "wird alles einen Monat später gelöscht, am 28.02.2027.",
        },
    }


def test_it_says_so_when_consented_withdrawn_and_held(world: World):
    world.wording()
    world.procedure(ends_on="2027-01-31")
    application_id = world.apply(consent={"wording_version": "w1"})
    withdraw(world, application_id)
    hold(world, application_id, "2027-02-01")
    view = retention(world, application_id)
    assert (view["rule"], view["consented"]) == ("one-year-after-end-with-consent", True)
    assert view["purge_on"] == view["purge_on_if_given_today"] == "2027-11-22"
    assert view["purge_on_if_withdrawn_today"] == "2026-12-22"
    assert view["explanation"] == {
        "nl": "De sollicitatie is ingetrokken op 22-11-2026; met toestemming wordt alles een jaar "
        "later verwijderd, op 22-11-2027. Een wettelijke bewaargrond geldt tot 01-02-2027; "
        "tot dan wordt niets verwijderd.",
        "en": "The application was withdrawn on 2026-11-22; with consent all is deleted one year "
        "later, on 2027-11-22. A legal hold lasts until 2027-02-01; nothing is deleted "
        "before that.",
        "de": "Die Bewerbung wurde zurückgezogen am 22.11.2026; mit Einwilligung wird alles ein "
        "Jahr später gelöscht, am 22.11.2027. Ein gesetzlicher Aufbewahrungsgrund gilt bis "
        "01.02.2027; bis dahin wird nichts gelöscht.",
    }


def test_past_the_date_the_officer_is_told_that_only_he_reads_it(world: World):
    world.procedure(ends_on="2027-01-31")
    application_id = world.apply()
    hold(world, application_id, "2027-04-01")
    world.clock.move_to("2027-02-28")
    view = retention(world, application_id)
    assert view["phase"] == "over"
    assert view["explanation"]["nl"].endswith(
        "De datum is bereikt: alleen de privacyfunctionaris leest dit nog, zolang het geldt."
    )
    assert view["explanation"]["en"].endswith(
        "The date is reached: only the privacy officer still reads this, while the hold lasts."
    )


def test_a_hold_that_ended_is_not_mentioned(world: World):
    world.procedure(ends_on="2027-03-01")
    application_id = world.apply()
    hold(world, application_id, "2026-12-01")
    world.clock.move_to("2026-12-01")
    view = retention(world, application_id)
    assert view["hold_until"] is None
    assert "bewaargrond" not in view["explanation"]["nl"]


def test_the_team_is_told_while_it_sees_the_record_and_others_never(world: World):
    world.procedure(ends_on="2027-03-01")
    application_id = world.apply()
    path = f"/applications/{application_id}/retention"
    found = {}
    for today in ("2027-02-28", "2027-03-01"):
        world.clock.move_to(today)
        roles = ("recruiter", "interviewer", "screener", "officer", "website", "sourcer", "admin")
        found[today] = [world.get(path, role).status_code for role in roles]
    assert found == {
        "2027-02-28": [200, 200, 200, 200, 403, 403, 403],
        "2027-03-01": [200, 404, 404, 200, 403, 403, 403],
    }


def test_nothing_of_the_applicant_stands_in_it(world: World):
    world.procedure()
    application_id = world.apply(fields={"name": "Sanne de Vries", "email": "s@example.org"})
    told = world.get(f"/applications/{application_id}/retention", "screener").text
    assert "Sanne" not in told
    assert "example.org" not in told
