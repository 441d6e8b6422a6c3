"""The field catalogue: one entry says all, and a test says what is missing."""

import re
from datetime import date

import pytest

from service.domain.catalogue import (
    CATALOGUE,
    COMPANY,
    FIELDS,
    LISTED,
    SUPPLIED,
    WAYS_OF_CONTACT,
    Export,
    Field,
    Group,
    Labels,
)
from service.domain.record import bsn_faults
from service.domain.shapes import (
    Choice,
    Day,
    Email,
    Entry,
    Flag,
    Many,
    Numbers,
    PartialDay,
    Phone,
    Text,
    Whole,
    is_partial_day,
)
from tests.factories import FullFieldsFactory

every_field = pytest.mark.parametrize("field", CATALOGUE, ids=lambda field: field.name)


def fits(shape, value):  # noqa: C901, PLR0911  # one line for each shape there is
    """Whether a value has its shape: the rules of the edges, once more and by hand."""
    match shape:
        case Text():
            allowed = "\n\t" if shape.lines else ""
            is_clean = all(c.isprintable() or c in allowed for c in value)
            return isinstance(value, str) and 0 < len(value) <= shape.limit and is_clean
        case Email():
            return re.fullmatch(r"[^@\s]+@[^@\s]+\.\w+", value) and len(value) <= shape.limit
        case Phone():
            return re.fullmatch(r"\+?[0-9 ]+", value) and len(value) <= shape.limit
        case Whole():
            return type(value) is int and shape.low <= value <= shape.high
        case Flag():
            return isinstance(value, bool)
        case Day():
            return date.fromisoformat(value).isoformat() == value
        case PartialDay():
            return is_partial_day(value)
        case Choice():
            return value in set(shape.values)
        case Entry():
            members = shape.members
            return bool(value) and all(fits(members[name], v) for name, v in value.items())
        case Many():
            return 0 < len(value) <= shape.limit and all(fits(shape.entry, v) for v in value)


def leaves(shape):
    match shape:
        case Entry():
            return [leaf for member in shape.members.values() for leaf in leaves(member)]
        case Many():
            return leaves(shape.entry)
        case _:
            return [shape]


def test_the_factory_supplies_every_field():
    assert FullFieldsFactory().keys() == SUPPLIED - {"age"}


def test_the_fields_are_those_of_the_privacy_statement_and_for_ever():
    assert [field.name for field in CATALOGUE] == [
        "name",
        "email",
        "phone",
        "other_contact",
        "address",
        "birth_date",
        "age",
        "gender",
        "nationality",
        "work_permit",
        "education",
        "internships",
        "work_experience",
        "trainings",
        "certificates",
        "availability",
        "motivation",
        "other",
        "references",
        "assessments",
        "assessment_results",
        "notes",
    ]


def test_every_name_is_declared_once():
    assert len(FIELDS) == len(CATALOGUE)
    assert all(FIELDS[field.name] is field for field in CATALOGUE)


@every_field
def test_a_name_is_fit_for_a_column_and_a_json_member(field):
    assert re.fullmatch(r"[a-z][a-z_]*[a-z]", field.name)


@every_field
def test_a_field_has_a_group_and_an_export_rule(field):
    assert field.group in set(Group)
    assert field.export in set(Export)


@every_field
def test_a_field_has_a_label_in_three_languages(field):
    labels = (field.labels.nl, field.labels.en, field.labels.de)
    assert all(label and label == label.strip() and label[0].isupper() for label in labels)


@pytest.mark.parametrize("language", ["nl", "en", "de"])
def test_no_two_fields_share_a_label(language):
    labels = [getattr(field.labels, language) for field in CATALOGUE]
    assert len(set(labels)) == len(labels)


@every_field
def test_the_example_has_the_shape_it_shows(field):
    assert fits(field.shape, field.example)


@every_field
def test_no_example_looks_like_a_bsn(field):
    assert bsn_faults({field.name: field.example}) == []


@every_field
def test_every_text_and_list_is_bounded(field):
    limits = [leaf.limit for leaf in leaves(field.shape) if isinstance(leaf, Text | Email | Phone)]
    assert all(0 < limit <= 20_000 for limit in limits)
    assert not isinstance(field.shape, Many) or 0 < field.shape.limit <= 200


@every_field
def test_an_entry_declares_its_members(field):
    shape = field.shape.entry if isinstance(field.shape, Many) else field.shape
    assert not isinstance(shape, Entry) or shape.members


def test_no_group_is_without_fields():
    assert {field.group for field in CATALOGUE} == set(Group)


def test_the_applicant_supplies_all_but_what_the_company_writes():
    assert {"assessment_results", "notes"} == COMPANY
    assert set(FIELDS) - COMPANY == SUPPLIED


def test_he_takes_along_what_he_supplied_of_himself():
    portable = {field.name for field in CATALOGUE if field.export is Export.PORTABLE}
    assert portable == SUPPLIED - {"references"}


def test_what_lists_show_and_how_a_person_is_reached():
    assert {"name", "email", "phone", "availability"} == LISTED
    assert {"email", "phone", "other_contact", "address"} == WAYS_OF_CONTACT


def test_nine_digits_are_something_else_only_where_a_number_is_expected():
    other = {
        (field.name, name)
        for field in CATALOGUE
        for entry in [field.shape.entry if isinstance(field.shape, Many) else field.shape]
        if isinstance(entry, Entry)
        for name, member in entry.members.items()
        if isinstance(member, Text) and member.numbers is Numbers.OTHER
    }
    assert other == {
        ("other_contact", "value"),
        ("address", "postal_code"),
        ("education", "website"),
        ("internships", "website"),
        ("work_experience", "website"),
        ("certificates", "number"),
    }


def test_a_new_field_is_private_to_no_list_and_portable_unless_it_says_otherwise():
    field = Field("x", Group.NOTES, Text(), Labels("X", "X", "X"), "x")
    assert (field.export, field.company, field.listed) == (Export.PORTABLE, False, False)
