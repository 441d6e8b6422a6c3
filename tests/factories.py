"""Believable inputs: fictional people, example.org addresses."""

import io
import json
from typing import Any

import factory
from factory.faker import Faker

PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64


class FieldsFactory(factory.DictFactory):
    """The fields of an application as a website would send them."""

    name = Faker("name", locale="nl_NL")
    email = factory.Sequence(lambda n: f"sollicitant{n}@example.org")
    phone = factory.Sequence(lambda n: f"+31 6 {20_000_000 + n}")
    availability = factory.LazyFunction(
        lambda: {"available_from": "2027-01-01", "hours_per_week": 36}
    )


class FullFieldsFactory(FieldsFactory):
    """Every field that an applicant can supply; an age would contradict the birth date."""

    other_contact = factory.LazyFunction(lambda: [{"kind": "Signal", "value": "sanne.42"}])
    address = factory.LazyFunction(
        lambda: {"street": "Brink 1", "postal_code": "9401 HS", "city": "Assen", "country": "NL"}
    )
    birth_date = "1994-02-28"
    gender = "female"
    nationality = "Nederlandse"
    work_permit = factory.LazyFunction(lambda: {"kind": "student", "valid_until": "2027-08-31"})
    education = factory.LazyFunction(
        lambda: [{"institution": "Hanze", "programme": "HBO-ICT", "started": "2012-09"}]
    )
    internships = factory.LazyFunction(lambda: [{"organisation": "Gemeente", "started": "2015"}])
    work_experience = factory.LazyFunction(
        lambda: [{"organisation": "Voorbeeld B.V.", "position": "Tester", "started": "2016-10-01"}]
    )
    trainings = factory.LazyFunction(lambda: [{"title": "Scrum", "taken_through": "self"}])
    certificates = factory.LazyFunction(lambda: [{"title": "VCA", "number": "123456782"}])
    motivation = Faker("paragraph", locale="nl_NL")
    other = Faker("sentence", locale="nl_NL")
    references = factory.LazyFunction(lambda: [{"name": "D. Bakker", "relation": "Leidinggevende"}])
    assessments = factory.LazyFunction(lambda: [{"title": "Capaciteitentest", "taken": "2022"}])


class SubmissionFactory(factory.DictFactory):
    """The body of POST /v1/applications."""

    procedure_reference = "V-1"
    fields = factory.SubFactory(FieldsFactory)


def multipart(body: dict[str, Any], **files: tuple[str, bytes]) -> dict[str, Any]:
    """A multipart body for the test client: the JSON part, and files by their kind."""
    parts: dict[str, Any] = {
        "application": (io.BytesIO(json.dumps(body).encode()), "a.json", "application/json")
    }
    for kind, (name, content) in files.items():
        parts[kind] = (io.BytesIO(content), name)
    return parts
