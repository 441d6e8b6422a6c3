"""A JSON Resume becomes fields that the service accepts, and no text of it is lost."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.demo.json_resume import to_fields
from service.demo.people import Applicants
from service.domain.record import bsn_faults, completeness_faults
from service.web import schemas

OWN = Path(__file__).with_name("resume.json")
SAMPLE = Path("../shared/data/jsonresume/sample.resume.json")
RESUMES = [path for path in (OWN, SAMPLE) if path.exists()]

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Nd"]), max_size=300)
lines = st.lists(words, max_size=3).map("\n".join) | st.just("m" * 201)
values = st.recursive(
    lines | st.integers(0, 99) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
dates = st.sampled_from(["2014", "2014-06", "2014-06-29", "2014-13", "ooit", ""])


def objects(*names: str) -> st.SearchStrategy[dict[str, object]]:
    """Objects with some of these members, and perhaps one that the format does not know."""
    members = {name: dates if "date" in name.lower() else lines for name in names}
    return st.fixed_dictionaries({}, optional=members | {"unknownMember": values})


def entries(*names: str) -> st.SearchStrategy[list[dict[str, object]]]:
    return st.lists(objects(*names), max_size=3)


basics = st.fixed_dictionaries(
    {"name": st.just("Sanne"), "email": st.just("sanne@example.org")},
    optional={
        "phone": st.sampled_from(["+31 6 20304050", "(050) 799 01 23", "bel maar niet", "0", ""]),
        "url": lines,
        "label": lines,
        "summary": lines,
        "location": objects("address", "postalCode", "city", "countryCode", "region"),
        "profiles": entries("network", "username", "url"),
    },
)
resumes = st.fixed_dictionaries(
    {"basics": basics},
    optional={
        "work": entries("name", "position", "location", "url", "startDate", "endDate", "summary"),
        "education": entries("institution", "area", "studyType", "score", "startDate"),
        "certificates": entries("name", "date", "issuer", "url"),
        "references": entries("name", "reference"),
        "skills": entries("name", "level"),
        "somethingNew": values,
    },
)


def texts(value: object) -> Iterator[str]:
    match value:
        case dict():
            for member in value.values():
                yield from texts(member)
        case list():
            for member in value:
                yield from texts(member)
        case str() if value:
            yield value


def demand_all_there(resume: dict[str, object]) -> None:
    kept = list(texts(to_fields(resume)))
    lost = [text for text in texts(resume) if not any(text in one for one in kept)]
    assert lost == []


def demand_accepted(resume: dict[str, object]) -> None:
    fields = schemas.load(schemas.SuppliedFields, to_fields(resume))
    assert completeness_faults(frozenset(fields)) + bsn_faults(fields) == []


@pytest.mark.parametrize("path", RESUMES, ids=lambda path: path.name)
def test_no_text_of_a_resume_is_lost(path):
    demand_all_there(json.loads(path.read_text()))


@pytest.mark.parametrize("path", RESUMES, ids=lambda path: path.name)
def test_the_service_accepts_the_fields_of_a_resume(path):
    demand_accepted(json.loads(path.read_text()))


@given(resume=resumes)
def test_no_text_of_any_resume_is_lost(resume):
    demand_all_there(resume)


@given(resume=resumes)
def test_the_service_accepts_the_fields_of_any_resume(resume):
    demand_accepted(resume)


def test_what_has_a_place_of_its_own_goes_there():
    fields = to_fields(json.loads(OWN.read_text()))
    assert fields["name"] == "Maartje Hoekstra"
    assert fields["address"]["city"] == "Appingedam"
    assert fields["other_contact"][1]["kind"] == "Mastodon"
    assert fields["work_experience"][0]["started"] == "2011"
    assert fields["education"][0]["programme"] == "Geodesie"
    assert fields["certificates"] == [
        {"title": "VCA VOL", "issuer": "Examenbureau", "issued": "2021-03"}
    ]
    assert fields["references"] == [
        {"name": "Jelle Postma", "statement": "Maartje meet twee keer."}
    ]
    assert "Volunteer\n- Organization: Dorpshuis; Position: Penningmeester" in fields["other"]


def test_a_date_that_is_none_is_told_and_not_dropped():
    work = to_fields(json.loads(OWN.read_text()))["work_experience"][1]
    assert "started" not in work
    assert work["description"] == "Start date: sinds de zomer"


def test_the_generated_resume_is_accepted_and_kept_whole():
    resume = Applicants().resume()
    demand_all_there(resume)
    demand_accepted(resume)


def test_every_generated_applicant_is_accepted_and_the_same_for_the_same_seed():
    people, again = Applicants(7), Applicants(7)
    for _ in range(25):
        person = people.next()
        assert person.fields == again.next().fields
        assert person.fields["email"].endswith("@example.org")
        fields = schemas.load(schemas.SuppliedFields, person.fields)
        assert completeness_faults(frozenset(fields)) + bsn_faults(fields) == []
