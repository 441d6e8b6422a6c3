"""The main job from intake to deletion, over HTTP, as its three users do it."""

from tests.world import World


def test_an_application_is_posted_read_and_gone_on_its_day(world: World):
    procedure_id = world.procedure()
    application_id = world.apply(fields={"name": "Sanne de Vries", "email": "sanne@example.org"})
    read = world.get(f"/applications/{application_id}", "recruiter")
    assert read.json["fields"] == {"name": "Sanne de Vries", "email": "sanne@example.org"}
    world.close_procedure(procedure_id)

    world.clock.move_to("2026-12-21")
    assert world.purge().json["purged"] == 0
    assert world.get(f"/applications/{application_id}", "recruiter").status_code == 200

    world.clock.move_to("2026-12-22", hour=0)
    assert world.get(f"/applications/{application_id}", "recruiter").status_code == 404
    assert world.purge().json["purged"] == 1
    assert world.purge().json["remaining"] == 0


def test_an_empty_list_is_no_value_and_no_way_of_contact(world: World):
    world.procedure()
    body = {"procedure_reference": "V-1", "fields": {"name": "Sanne", "other_contact": []}}
    refused = world.post("/applications", "website", json=body)
    assert refused.json["errors"] == [{"pointer": "/fields", "code": "way-of-contact-required"}]
    application_id = world.apply(fields={"name": "Sanne", "phone": "0592123456", "education": []})
    read = world.get(f"/applications/{application_id}", "recruiter")
    assert read.json["fields"] == {"name": "Sanne", "phone": "0592123456"}
