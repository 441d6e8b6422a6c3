"""What makes a record acceptable as a whole."""

from datetime import date

import pytest

from service.domain.catalogue import FIELDS, WAYS_OF_CONTACT
from service.domain.errors import Fault
from service.domain.record import birth_faults, bsn_faults, completeness_faults

BSN = "111222333"
NAME = Fault("/fields/name", "required")
CONTACT = Fault("/fields", "way-of-contact-required")
AGE = Fault("/fields/age", "birth-date-says-it")
BORN = Fault("/fields/birth_date", "out-of-range")


@pytest.mark.parametrize(
    ("present", "faults"),
    [
        ("name email", []),
        ("name email age", []),
        ("name email birth_date", []),
        ("email", [NAME]),
        ("name", [CONTACT]),
        ("name motivation", [CONTACT]),
        ("name phone age birth_date", [AGE]),
        ("age birth_date", [NAME, CONTACT, AGE]),
        ("", [NAME, CONTACT]),
    ],
)
def test_a_record_has_a_name_a_way_of_contact_and_one_way_of_telling_age(present, faults):
    assert completeness_faults(frozenset(present.split())) == faults


@pytest.mark.parametrize(
    ("values", "faults"),
    [
        ({}, []),
        ({"birth_date": None}, []),
        ({"birth_date": "1994-02-28"}, []),
        ({"birth_date": "2026-11-22"}, []),
        ({"birth_date": "2026-11-23"}, [BORN]),
        ({"birth_date": "9999-12-31"}, [BORN]),
    ],
)
def test_nobody_is_born_later_than_today(values, faults):
    assert birth_faults(values, date(2026, 11, 22)) == faults


@pytest.mark.parametrize("way", sorted(WAYS_OF_CONTACT))
def test_any_one_way_of_contact_will_do(way):
    assert completeness_faults(frozenset({"name", way})) == []


@pytest.mark.parametrize(
    ("values", "pointers"),
    [
        ({"name": BSN}, ["/fields/name"]),
        ({"nationality": BSN}, ["/fields/nationality"]),
        ({"motivation": f"Mijn BSN is {BSN}.\nGroet"}, ["/fields/motivation"]),
        ({"motivation": BSN, "other": BSN}, ["/fields/motivation", "/fields/other"]),
        ({"address": {"street": BSN, "city": "Assen"}}, ["/fields/address/street"]),
        ({"work_permit": {"kind": "other", "remarks": BSN}}, ["/fields/work_permit/remarks"]),
        (
            {"education": [{"level": "HBO"}, {"result": BSN, "description": f"({BSN})"}]},
            ["/fields/education/1/result", "/fields/education/1/description"],
        ),
        ({"certificates": [{"title": BSN, "issuer": BSN}]}, None),
        ({"references": [{"statement": BSN}]}, ["/fields/references/0/statement"]),
        ({"notes": [{"on": "2026-11-20", "text": BSN}]}, ["/fields/notes/0/text"]),
        ({"other_contact": [{"kind": BSN}]}, ["/fields/other_contact/0/kind"]),
    ],
)
def test_a_bsn_is_refused_with_a_pointer_to_the_place(values, pointers):
    pointers = pointers or ["/fields/certificates/0/title", "/fields/certificates/0/issuer"]
    assert bsn_faults(values) == [Fault(pointer, "looks-like-bsn") for pointer in pointers]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"phone": BSN},
        {"email": f"{BSN}@example.org"},
        {"address": {"postal_code": BSN}},
        {"certificates": [{"number": BSN}]},
        {"other_contact": [{"kind": "Signal", "value": BSN}]},
        {"education": [{"website": f"https://example.org/{BSN}"}]},
        {"work_experience": [{"website": f"https://example.org/?id={BSN}"}]},
        {"references": [{"phone": BSN, "email": f"{BSN}@example.org"}]},
        {"age": 32, "gender": "female", "birth_date": "1994-02-28"},
        {"availability": {"hours_per_week": 36, "available_from": "2027-01-01"}},
        {"motivation": "IBAN NL91ABNA0111222333, bel +31 111222333"},
        {"motivation": None, "education": None, "address": None},
    ],
)
def test_a_number_field_or_another_number_is_left_alone(values):
    assert bsn_faults(values) == []


@pytest.mark.parametrize("name", FIELDS)
def test_a_value_of_a_foreign_shape_is_passed_over(name):
    assert bsn_faults({name: 111222333}) == []
