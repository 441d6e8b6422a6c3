"""Who may receive fields, and why: all pairs, written out."""

from itertools import product

import pytest

from service.domain.catalogue import COMPANY, FIELDS
from service.domain.disclosures import field_faults, reason_faults
from service.domain.errors import Fault
from service.domain.words import DisclosureReason, RecipientKind

ALLOWED = {
    ("group", "selection"),
    ("group", "processing"),
    ("processor", "selection"),
    ("processor", "processing"),
    ("authority", "legal-duty"),
    ("named-by-applicant", "portability"),
}


@pytest.mark.parametrize(("kind", "reason"), list(product(RecipientKind, DisclosureReason)))
def test_each_kind_of_recipient_gets_fields_for_its_own_reasons(
    kind: RecipientKind, reason: DisclosureReason
):
    faults = reason_faults(kind, reason, "VWO-1")
    allowed = (kind, reason) in ALLOWED
    assert faults == ([] if allowed else [Fault("/reason", "not-with-this-kind")])


@pytest.mark.parametrize(
    ("kind", "reason", "missing"),
    [
        ("group", "selection", ["/agreement"]),
        ("processor", "processing", ["/agreement"]),
        ("authority", "legal-duty", []),
        ("named-by-applicant", "portability", []),
    ],
)
def test_group_and_processor_need_an_agreement(kind: str, reason: str, missing: list[str]):
    faults = reason_faults(RecipientKind(kind), DisclosureReason(reason), None)
    assert faults == [Fault(pointer, "required") for pointer in missing]


def test_both_faults_are_told_at_once():
    faults = reason_faults(RecipientKind.GROUP, DisclosureReason.HIRED, None)
    assert [fault.pointer for fault in faults] == ["/reason", "/agreement"]


def test_whom_the_applicant_named_gets_nothing_of_other_people_nor_of_the_company():
    faults = field_faults(RecipientKind.NAMED_BY_APPLICANT, frozenset(FIELDS))
    kept = sorted(COMPANY | {"references"})
    assert faults == [Fault(f"/fields/{name}", "not-taken-along") for name in kept]


@pytest.mark.parametrize("kind", ["group", "processor", "authority", "personnel"])
def test_others_may_get_any_field_that_the_role_sees(kind: str):
    assert field_faults(RecipientKind(kind), frozenset(FIELDS)) == []
