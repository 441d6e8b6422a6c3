"""One value has one spelling: what the document's patterns forbid is refused, not guessed at."""

import pytest

from tests.world import World

PLAN = "01a2029c-cc00-721e-9f7d-6b960a019097"


@pytest.mark.parametrize("limit", ["1_0", "5.0", " 5", "+5", "٣", "", "0", "101", "9" * 5000])
def test_a_limit_is_written_in_decimal_digits(world: World, limit: str):
    answer = world.get("/procedures", "recruiter", query_string={"limit": limit})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == ["/query/limit"]


@pytest.mark.parametrize("plan", [PLAN.replace("-", ""), f"{{{PLAN}}}", f"urn:uuid:{PLAN}", 1])
def test_an_id_is_written_with_hyphens_and_nothing_around_it(world: World, plan: object):
    answer = world.purge("officer", plan=plan)
    assert answer.status_code == 422
    assert answer.json["errors"] == [{"pointer": "/plan", "code": "wrong-type"}]


@pytest.mark.parametrize(
    "moment", ["2027-01-01 00:00:00+00:00", "2027-01-01T00:00Z", "20270101T000000Z", "2027-01-01"]
)
def test_a_moment_is_written_as_rfc_3339_has_it(world: World, moment: str):
    body = {"role": "purger", "subject": "job", "expires_at": moment}
    answer = world.post("/tokens", "admin", json=body)
    assert answer.status_code == 422
    assert answer.json["errors"] == [{"pointer": "/expires_at", "code": "not-a-moment-with-offset"}]


@pytest.mark.parametrize("moment", ["2027-01-01T00:00:00+01:00", "2027-01-01T00:00:00%2B01:00"])
def test_a_plus_in_a_query_is_a_blank_and_who_sends_it_is_told_how_it_is_written(
    world: World, moment: str
):
    answer = world.get(f"/audit-events?since={moment}", "officer")
    if "%2B" in moment:
        assert answer.status_code == 200
        return
    error = {"pointer": "/query/since", "code": "not-a-moment-with-offset"}
    assert (answer.status_code, answer.json["errors"]) == (422, [error])
    assert "in a query the + is written %2B, or the moment ends in Z" in answer.json["detail"]


def test_who_writes_a_whole_date_wrongly_is_not_told_that_part_of_one_will_do(world: World):
    body = {"reference": "V-1", "title": "Ontwikkelaar", "ends_on": "2027-06"}
    answer = world.post("/procedures", "recruiter", json=body)
    assert answer.json["errors"] == [{"pointer": "/ends_on", "code": "not-a-date"}]
    assert "only where the description says partial-date" in answer.json["detail"]


@pytest.mark.parametrize("etag", ["1", 'W/"1"', '"1", "2"', "*", '"one"', '"٣"'.encode()])
def test_if_match_names_one_version_as_it_was_read(world: World, etag: str | bytes):
    path = f"/procedures/{world.procedure()}"
    sent = etag.decode("latin-1") if isinstance(etag, bytes) else etag
    answer = world.patch(path, "recruiter", headers={"If-Match": sent}, json={"title": "Ander"})
    assert answer.status_code == 422
    assert answer.json["errors"] == [{"pointer": "/headers/If-Match", "code": "not-an-etag"}]
    assert answer.json["detail"].endswith('with its quotes, for example "3".')


@pytest.mark.parametrize("key", ["two words", "é", "k" * 256])
def test_an_idempotency_key_is_printable_and_has_no_spaces(world: World, key: str):
    answer = world.post("/applications", "website", key=key, json={})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/headers/Idempotency-Key"


def test_a_query_holds_no_control_characters(world: World):
    answer = world.get("/procedures", "recruiter", query_string={"reference": "V\x00-1"})
    assert answer.status_code == 422
    assert answer.json["errors"] == [{"pointer": "/query/reference", "code": "forbidden-character"}]
