"""The demo's applicants and their resumes are such as the service accepts."""

from typing import Any

from service.demo.people import Applicants
from service.domain.json_resume import to_fields
from service.domain.record import bsn_faults, completeness_faults
from service.web import schemas


def demand_accepted(sent: dict[str, Any]) -> None:
    fields = schemas.load(schemas.SuppliedFields, sent)
    assert completeness_faults(frozenset(fields)) + bsn_faults(fields) == []


def test_the_generated_resume_is_accepted():
    demand_accepted(to_fields(Applicants().resume()))


def test_every_generated_applicant_is_accepted_and_the_same_for_the_same_seed():
    people, again = Applicants(7), Applicants(7)
    for _ in range(25):
        person = people.next()
        assert person.fields == again.next().fields
        assert person.fields["email"].endswith("@example.org")
        demand_accepted(person.fields)
