"""When a record is deleted: the laws of rules 1 to 8 and the edges of the calendar."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.domain.calendar import add_months
from service.domain.retention import (
    ENDING_SOON,
    LONGEST_HOLD_MONTHS,
    LONGEST_PROCEDURE_MONTHS,
    OPEN_APPLICATION_MONTHS,
    WITH_CONSENT_MONTHS,
    WITHOUT_CONSENT_MONTHS,
    EndedBy,
    Phase,
    Retention,
    Rule,
    end_of,
    is_allowed_end,
    is_allowed_hold,
    is_due,
    is_held,
    is_intake_open,
    later,
    latest_end,
    latest_end_with_aftercare_over,
    may_reopen,
    phase_of,
    purge_on,
    today_of,
)

DAY = timedelta(days=1)
DAYS = st.dates(date(2020, 1, 1), date(2032, 12, 31))
MAYBE_DAYS = st.none() | DAYS
RETENTIONS = st.builds(Retention, DAYS, MAYBE_DAYS, st.booleans(), MAYBE_DAYS)


def on(text):
    return None if text is None else date.fromisoformat(text)


# Rule 2: the deletion date


@pytest.mark.parametrize(
    ("end", "without", "with_consent"),
    [
        ("2026-01-31", "2026-02-28", "2027-01-31"),
        ("2028-01-31", "2028-02-29", "2029-01-31"),
        ("2028-01-30", "2028-02-29", "2029-01-30"),
        ("2026-01-28", "2026-02-28", "2027-01-28"),
        ("2028-02-29", "2028-03-29", "2029-02-28"),
        ("2027-02-28", "2027-03-28", "2028-02-28"),
        ("2026-03-31", "2026-04-30", "2027-03-31"),
        ("2026-12-31", "2027-01-31", "2027-12-31"),
        ("2026-11-20", "2026-12-20", "2027-11-20"),
        ("2026-03-29", "2026-04-29", "2027-03-29"),
        ("2026-10-25", "2026-11-25", "2027-10-25"),
    ],
)
def test_a_month_or_a_year_after_the_end_by_the_calendar(end, without, with_consent):
    assert purge_on(on(end), consented=False) == on(without)
    assert purge_on(on(end), consented=True) == on(with_consent)


def test_a_31_january_end_is_purged_on_the_last_of_february():
    assert Retention(date(2026, 1, 31), None, consented=False).purge_on == date(2026, 2, 28)


@given(RETENTIONS)
def test_withdrawing_consent_never_keeps_a_record_longer(retention):
    withdrawn = replace(retention, consented=False)
    given_ = replace(retention, consented=True)
    assert withdrawn.purge_on < given_.purge_on


@given(RETENTIONS, st.integers(0, 400))
def test_prolonging_a_procedure_never_shortens(retention, days):
    prolonged = replace(retention, ends_on=retention.ends_on + days * DAY)
    assert prolonged.purge_on >= retention.purge_on


@given(RETENTIONS, DAYS)
def test_withdrawing_the_application_never_keeps_it_longer(retention, withdrawn_on):
    withdrawn = replace(retention, withdrawn_on=end_of(withdrawn_on, retention.withdrawn_on))
    assert withdrawn.purge_on <= retention.purge_on


@given(RETENTIONS)
def test_every_record_has_a_date_and_it_lies_after_the_end(retention):
    assert retention.purge_on > retention.end


@given(RETENTIONS, MAYBE_DAYS)
def test_a_hold_changes_nothing_about_the_date_itself(retention, hold_until):
    assert replace(retention, hold_until=hold_until).purge_on == retention.purge_on


def change(retention, event):
    """What an event does to what decides; the date is read at every step, as the service does."""
    changed = replace(retention, **{event[0]: event[1]})
    assert changed.purge_on > changed.end
    return changed


@given(
    first_end=DAYS,
    ends_on=DAYS,
    withdrawn_on=MAYBE_DAYS,
    consented=st.booleans(),
    order=st.permutations(("ends_on", "withdrawn_on", "consented")),
)
@example(
    first_end=date(2026, 1, 31),
    ends_on=date(2026, 2, 28),
    withdrawn_on=None,
    consented=True,
    order=["consented", "ends_on", "withdrawn_on"],
)
def test_the_order_of_events_never_matters(first_end, ends_on, withdrawn_on, consented, order):
    final = {"ends_on": ends_on, "withdrawn_on": withdrawn_on, "consented": consented}
    retention = Retention(first_end, None, consented=False)
    for name in order:
        retention = change(retention, (name, final[name]))
    assert retention.purge_on == purge_on(end_of(ends_on, withdrawn_on), consented=consented)


@given(DAYS, st.lists(DAYS, max_size=5))
@example(date(2026, 1, 31), [date(2026, 2, 28), date(2026, 3, 28)])
def test_prolonging_and_back_again_leaves_the_date_where_it_was(ends_on, detours):
    retention = Retention(ends_on, None, consented=False)
    before = retention.purge_on
    for detour in detours:
        retention = change(retention, ("ends_on", detour))
    assert change(retention, ("ends_on", ends_on)).purge_on == before


@given(DAYS, MAYBE_DAYS, st.lists(st.booleans(), min_size=1, max_size=6))
def test_only_the_last_word_on_consent_counts(ends_on, withdrawn_on, words):
    retention = Retention(ends_on, withdrawn_on, consented=False)
    for word in words:
        retention = change(retention, ("consented", word))
    assert retention == Retention(ends_on, withdrawn_on, words[-1])


@pytest.mark.parametrize(
    ("consented", "rule"),
    [(False, "one-month-after-end"), (True, "one-year-after-end-with-consent")],
)
def test_the_rule_is_named_after_consent(consented, rule):
    assert Retention(date(2026, 5, 1), None, consented=consented).rule == rule


def test_an_erasure_has_a_rule_of_its_own():
    assert Rule("erased-on-request") not in {
        Retention(date(2026, 5, 1), None, consented=consented).rule for consented in (True, False)
    }


# Rule 4: the end


@pytest.mark.parametrize(
    ("withdrawn_on", "end", "by"),
    [
        (None, "2026-05-01", EndedBy.PROCEDURE),
        ("2026-04-30", "2026-04-30", EndedBy.WITHDRAWAL),
        ("2026-05-01", "2026-05-01", EndedBy.PROCEDURE),
        ("2026-05-02", "2026-05-01", EndedBy.PROCEDURE),
    ],
)
def test_the_end_is_the_procedures_or_an_earlier_withdrawal(withdrawn_on, end, by):
    retention = Retention(date(2026, 5, 1), on(withdrawn_on), consented=False)
    assert (retention.end, retention.ended_by) == (on(end), by)


# Need to know's clock: phases


@pytest.mark.parametrize(
    ("today", "without", "with_consent"),
    [
        ("2026-01-30", Phase.RUNNING, Phase.RUNNING),
        ("2026-01-31", Phase.AFTERCARE, Phase.AFTERCARE),
        ("2026-02-27", Phase.AFTERCARE, Phase.AFTERCARE),
        ("2026-02-28", Phase.OVER, Phase.TALENT_POOL),
        ("2027-01-30", Phase.OVER, Phase.TALENT_POOL),
        ("2027-01-31", Phase.OVER, Phase.OVER),
        ("2031-01-01", Phase.OVER, Phase.OVER),
    ],
)
def test_a_phase_begins_with_its_day(today, without, with_consent):
    end = date(2026, 1, 31)
    for consented, phase in ((False, without), (True, with_consent)):
        assert phase_of(end, purge_on(end, consented=consented), on(today)) is phase


@given(DAYS, st.booleans(), st.integers(-500, 500))
def test_the_phases_partition_time(end, consented, days):
    today, gone = end + days * DAY, purge_on(end, consented=consented)
    aftercare_over = add_months(end, 1)
    claims = {
        Phase.RUNNING: today < end,
        Phase.AFTERCARE: end <= today < aftercare_over,
        Phase.TALENT_POOL: aftercare_over <= today < gone,
        Phase.OVER: gone <= today,
    }
    assert [phase for phase, holds in claims.items() if holds] == [phase_of(end, gone, today)]


@given(DAYS, st.booleans(), DAYS, DAYS)
def test_a_record_never_goes_back_to_an_earlier_phase(end, consented, one, other):
    gone, order = purge_on(end, consented=consented), list(Phase)
    earlier, later = (order.index(phase_of(end, gone, day)) for day in sorted((one, other)))
    assert earlier <= later


@given(DAYS, st.integers(-40, 400))
def test_nobody_is_in_the_talent_pool_without_consent(end, days):
    gone = purge_on(end, consented=False)
    assert phase_of(end, gone, end + days * DAY) is not Phase.TALENT_POOL


def test_the_deletion_date_binds_before_the_end_does():
    end, gone = date(2026, 5, 1), date(2026, 4, 1)
    assert phase_of(end, gone, date(2026, 4, 15)) is Phase.OVER


# The look-up's inverse


@given(DAYS)
@example(date(2026, 2, 28))
@example(date(2028, 2, 29))
@example(date(2026, 3, 1))
@example(date(2026, 4, 30))
def test_the_last_end_with_aftercare_over_is_the_exact_inverse_of_adding_a_month(today):
    last = latest_end_with_aftercare_over(today)
    assert add_months(last, 1) <= today < add_months(last + DAY, 1)


@pytest.mark.parametrize(
    ("today", "last"),
    [
        ("2026-02-27", "2026-01-27"),
        ("2026-02-28", "2026-01-31"),
        ("2028-02-28", "2028-01-28"),
        ("2028-02-29", "2028-01-31"),
        ("2026-03-01", "2026-02-01"),
        ("2026-03-31", "2026-02-28"),
        ("2026-04-30", "2026-03-31"),
        ("2027-01-31", "2026-12-31"),
    ],
)
def test_the_last_end_at_the_edges_of_months(today, last):
    assert latest_end_with_aftercare_over(on(today)) == on(last)


@given(DAYS, DAYS)
def test_an_end_is_up_to_the_last_one_just_when_its_aftercare_is_over(end, today):
    assert (end <= latest_end_with_aftercare_over(today)) == (add_months(end, 1) <= today)


# Rules 3 and 8: due and held


@pytest.mark.parametrize(
    ("today", "hold_until", "held", "due"),
    [
        ("2026-05-31", None, False, False),
        ("2026-06-01", None, False, True),
        ("2026-06-02", None, False, True),
        ("2026-05-31", "2026-06-10", True, False),
        ("2026-06-01", "2026-06-10", True, False),
        ("2026-06-09", "2026-06-10", True, False),
        ("2026-06-10", "2026-06-10", False, True),
        ("2026-06-11", "2026-06-10", False, True),
        ("2026-05-20", "2026-05-10", False, False),
    ],
)
def test_due_from_the_first_second_of_its_day_unless_held(today, hold_until, held, due):
    assert is_held(on(hold_until), on(today)) is held
    assert is_due(date(2026, 6, 1), on(hold_until), on(today)) is due


@given(DAYS, MAYBE_DAYS, DAYS)
def test_a_held_record_is_never_due(gone, hold_until, today):
    assert not (is_held(hold_until, today) and is_due(gone, hold_until, today))


@given(RETENTIONS, DAYS)
def test_what_is_due_has_no_phase_but_over(retention, today):
    phase = phase_of(retention.end, retention.purge_on, today)
    due = is_due(retention.purge_on, retention.hold_until, today)
    held = is_held(retention.hold_until, today)
    assert (phase is Phase.OVER) == (due or (held and retention.purge_on <= today))


@given(DAYS, MAYBE_DAYS, DAYS, st.integers(0, 900))
def test_what_is_due_stays_due(gone, hold_until, today, days):
    assert is_due(gone, hold_until, today) <= is_due(gone, hold_until, today + days * DAY)


@given(DAYS, MAYBE_DAYS)
def test_every_record_becomes_due_by_itself(gone, hold_until):
    assert is_due(gone, hold_until, max(gone, hold_until or gone))


@pytest.mark.parametrize(
    ("until", "allowed"),
    [
        ("2026-08-30", False),
        ("2026-08-31", False),
        ("2026-09-01", True),
        ("2027-02-28", True),
        ("2027-03-01", False),
    ],
)
def test_a_hold_ends_after_today_and_within_six_months(until, allowed):
    assert is_allowed_hold(on(until), date(2026, 8, 31)) is allowed


# Rule 1: the procedure


def test_the_terms_are_those_that_were_promised():
    assert (WITHOUT_CONSENT_MONTHS, WITH_CONSENT_MONTHS) == (1, 12)
    assert (LONGEST_PROCEDURE_MONTHS, OPEN_APPLICATION_MONTHS, LONGEST_HOLD_MONTHS) == (12, 3, 6)
    assert timedelta(days=14) == ENDING_SOON


@pytest.mark.parametrize(
    ("opened_on", "latest"),
    [("2026-11-20", "2027-11-20"), ("2028-02-29", "2029-02-28"), ("2026-12-31", "2027-12-31")],
)
def test_no_procedure_ends_later_than_twelve_months_after_it_was_opened(opened_on, latest):
    assert latest_end(on(opened_on)) == on(latest)


@pytest.mark.parametrize(
    ("ends_on", "allowed"),
    [
        ("2026-11-19", False),
        ("2026-11-20", False),
        ("2026-11-21", True),
        ("2027-03-01", True),
        ("2027-03-02", False),
    ],
)
def test_an_end_lies_ahead_and_not_beyond_the_longest_term(ends_on, allowed):
    assert is_allowed_end(on(ends_on), date(2026, 3, 1), date(2026, 11, 20)) is allowed


@pytest.mark.parametrize(
    ("today", "may"),
    [
        ("2026-01-30", False),
        ("2026-01-31", True),
        ("2026-02-27", True),
        ("2026-02-28", False),
        ("2026-06-01", False),
    ],
)
def test_an_ended_procedure_may_be_reopened_before_its_records_are_due(today, may):
    assert may_reopen(date(2026, 1, 31), on(today)) is may


@pytest.mark.parametrize(
    ("today", "apply_until", "is_open"),
    [
        ("2026-04-30", None, True),
        ("2026-05-01", None, False),
        ("2026-04-14", "2026-04-15", True),
        ("2026-04-15", "2026-04-15", True),
        ("2026-04-16", "2026-04-15", False),
        ("2026-05-01", "2026-06-01", False),
    ],
)
def test_intake_runs_with_the_procedure_and_through_the_last_day_to_apply(
    today, apply_until, is_open
):
    assert is_intake_open(date(2026, 5, 1), on(apply_until), on(today)) is is_open


# Rule 5: today


@given(DAYS, MAYBE_DAYS)
def test_today_is_the_later_of_the_clock_and_the_last_completed_run(clock, last_run):
    today = today_of(clock, last_run)
    assert today >= clock
    assert today in {clock, last_run}
    assert last_run is None or today >= last_run


@given(st.lists(DAYS, min_size=1, max_size=12))
def test_today_never_runs_backwards_however_the_clock_jumps(clock_dates):
    last_run, seen = None, []
    for clock_date in clock_dates:
        seen.append(today_of(clock_date, last_run))
        last_run = seen[-1]  # every run completes
    assert seen == sorted(seen)


@given(DAYS, DAYS)
def test_what_only_a_wrong_clock_had_passed_is_readable_again(right, wrong):
    assert today_of(wrong, None) == wrong
    assert today_of(right, None) == right


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (None, None, None),
        ("2027-01-01", None, "2027-01-01"),
        (None, "2027-01-02", "2027-01-02"),
        ("2027-01-01", "2027-01-02", "2027-01-02"),
        ("2027-01-02", "2027-01-01", "2027-01-02"),
    ],
)
def test_the_later_of_two_days_either_of_which_may_be_missing(one, other, expected):
    days = [None if day is None else date.fromisoformat(day) for day in (one, other, expected)]
    assert later(*days[:2]) == days[2]
