"""Every way to say no has its code, and none carries a value out."""

import traceback

import pytest

from service.domain import errors
from service.domain.errors import CONFLICTS, Conflict, Fault, Misconfigured, Refusal

CANARY = "kanarie-3f9a"
REFUSALS = [
    thing
    for thing in vars(errors).values()
    if isinstance(thing, type) and issubclass(thing, Refusal)
]
PLAIN = [refusal for refusal in REFUSALS if refusal not in {Conflict, Misconfigured}]
every_refusal = pytest.mark.parametrize("refusal", REFUSALS)


def test_no_two_refusals_share_a_code():
    codes = [refusal.code for refusal in REFUSALS if "code" in vars(refusal)]
    assert len(set(codes)) == len(codes) > 10


@every_refusal
def test_a_refusal_has_a_code_for_machines_and_a_sentence_for_people(refusal):
    assert refusal.code == refusal.code.lower().replace(" ", "-").replace("_", "-")
    assert refusal.title.endswith(".")


@pytest.mark.parametrize("refusal", PLAIN)
def test_a_refusal_shows_its_code_and_never_what_it_was_told(refusal):
    refused = refusal(CANARY, [Fault(f"/{CANARY}", CANARY)], value=CANARY)
    shown = f"{refused} {refused!r} {''.join(traceback.format_exception(refused))}"
    assert CANARY not in shown
    assert str(refused) == refusal.code


@pytest.mark.parametrize("refusal", PLAIN)
def test_a_refusal_keeps_what_the_edge_may_render(refusal):
    fault = Fault("/fields/name", "required")
    refused = refusal("A detail.", (f for f in [fault]), count=3)
    assert (refused.detail, refused.faults, refused.facts) == ("A detail.", (fault,), {"count": 3})
    assert refused.is_audited is False


@pytest.mark.parametrize("refusal", PLAIN)
def test_a_refusal_needs_no_words(refusal):
    refused = refusal()
    assert (refused.detail, refused.faults, refused.facts) == ("", (), {})


def test_a_conflict_is_given_its_code_and_tells_no_more_by_itself():
    refused = Conflict("intake-closed", CANARY, until=CANARY)
    assert (refused.code, refused.detail, refused.facts) == (
        "intake-closed",
        CANARY,
        {"until": CANARY},
    )
    assert refused.faults == ()
    assert CANARY not in f"{refused} {refused!r}"


@pytest.mark.parametrize("code", CONFLICTS)
def test_a_conflict_says_what_its_code_means_unless_told_otherwise(code: str):
    assert Conflict(code).detail == CONFLICTS[code]
    assert Conflict(code, "A detail.").detail == "A detail."


def test_a_conflict_of_the_command_line_needs_no_detail():
    assert Conflict("no-code-of-the-api").detail == ""


def test_what_stops_the_start_is_said_in_full_to_the_operator():
    stopped = Misconfigured("KLUIS_ZONE: not a time zone")
    assert str(stopped) == "KLUIS_ZONE: not a time zone"
    assert "ZONE" not in repr(stopped)


def test_all_refusals_are_caught_as_one():
    with pytest.raises(Refusal):
        raise errors.NotFound
