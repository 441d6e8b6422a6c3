"""Retention in words."""

import locale
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.explanations import explain
from service.domain.retention import Phase, Retention, phase_of

ENDS_ON = date(2026, 5, 1)
WITHDRAWN_ON = date(2026, 4, 3)
HOLD_UNTIL = date(2027, 8, 9)
DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))

ENDS_NL = "De procedure eindigt op 01-05-2026"
ENDS_EN = "The procedure ends on 2026-05-01"
ENDS_DE = "Das Verfahren endet am 01.05.2026"
ENDED_NL = "De procedure is geëindigd op 01-05-2026"
ENDED_EN = "The procedure ended on 2026-05-01"
ENDED_DE = "Das Verfahren endete am 01.05.2026"
BEFORE, AFTER = date(2026, 4, 30), date(2026, 6, 15)
MONTH_NL = "zonder toestemming voor langer bewaren wordt alles een maand later verwijderd, op"
MONTH_EN = "without consent to longer retention all is deleted one month later, on"
MONTH_DE = "ohne Einwilligung in längere Speicherung wird alles einen Monat später gelöscht, am"
YEAR_NL = "met toestemming wordt alles een jaar later verwijderd, op"
YEAR_EN = "with consent all is deleted one year later, on"
YEAR_DE = "mit Einwilligung wird alles ein Jahr später gelöscht, am"
HELD_NL = "Een wettelijke bewaargrond geldt tot 09-08-2027; tot dan wordt niets verwijderd."
HELD_EN = "A legal hold lasts until 2027-08-09; nothing is deleted before that."
HELD_DE = "Ein gesetzlicher Aufbewahrungsgrund gilt bis 09.08.2027; bis dahin wird nichts gelöscht."
OVER_NL = "De datum is bereikt: alleen de privacyfunctionaris leest dit nog, zolang het geldt."
OVER_EN = "The date is reached: only the privacy officer still reads this, while the hold lasts."
OVER_DE = "Der Tag ist erreicht: Nur noch die Datenschutzstelle liest dies, solange das gilt."


@pytest.mark.parametrize(
    ("retention", "phase", "nl", "en", "de"),
    [
        pytest.param(
            Retention(ENDS_ON, None, consented=False),
            Phase.RUNNING,
            f"{ENDS_NL}; {MONTH_NL} 01-06-2026.",
            f"{ENDS_EN}; {MONTH_EN} 2026-06-01.",
            f"{ENDS_DE}; {MONTH_DE} 01.06.2026.",
            id="a month after the procedure",
        ),
        pytest.param(
            Retention(ENDS_ON, None, consented=True),
            Phase.TALENT_POOL,
            f"{ENDED_NL}; {YEAR_NL} 01-05-2027.",
            f"{ENDED_EN}; {YEAR_EN} 2027-05-01.",
            f"{ENDED_DE}; {YEAR_DE} 01.05.2027.",
            id="a year with consent",
        ),
        pytest.param(
            Retention(ENDS_ON, WITHDRAWN_ON, consented=False),
            Phase.AFTERCARE,
            f"De sollicitatie is ingetrokken op 03-04-2026; {MONTH_NL} 03-05-2026.",
            f"The application was withdrawn on 2026-04-03; {MONTH_EN} 2026-05-03.",
            f"Die Bewerbung wurde zurückgezogen am 03.04.2026; {MONTH_DE} 03.05.2026.",
            id="withdrawn",
        ),
        pytest.param(
            Retention(ENDS_ON, None, consented=False, hold_until=HOLD_UNTIL),
            Phase.OVER,
            f"{ENDED_NL}; {MONTH_NL} 01-06-2026. {HELD_NL} {OVER_NL}",
            f"{ENDED_EN}; {MONTH_EN} 2026-06-01. {HELD_EN} {OVER_EN}",
            f"{ENDED_DE}; {MONTH_DE} 01.06.2026. {HELD_DE} {OVER_DE}",
            id="held past its date",
        ),
        pytest.param(
            Retention(ENDS_ON, None, consented=True, hold_until=HOLD_UNTIL),
            Phase.RUNNING,
            f"{ENDS_NL}; {YEAR_NL} 01-05-2027. {HELD_NL}",
            f"{ENDS_EN}; {YEAR_EN} 2027-05-01. {HELD_EN}",
            f"{ENDS_DE}; {YEAR_DE} 01.05.2027. {HELD_DE}",
            id="held before its date",
        ),
    ],
)
def test_a_record_explains_its_date_in_three_languages(retention, phase, nl, en, de):
    today = BEFORE if phase is Phase.RUNNING else AFTER
    assert explain(retention, phase, today) == {"nl": nl, "en": en, "de": de}


@pytest.mark.parametrize(
    ("today", "told"),
    [("2026-04-30", (ENDS_NL, ENDS_EN, ENDS_DE)), ("2026-05-01", (ENDED_NL, ENDED_EN, ENDED_DE))],
)
def test_on_the_day_of_its_end_a_procedure_has_ended(today, told):
    day, retention = date.fromisoformat(today), Retention(ENDS_ON, None, consented=False)
    words = explain(retention, phase_of(retention.end, retention.purge_on, day), day)
    assert tuple(text.partition(";")[0] for text in words.values()) == told


@pytest.mark.parametrize(("today", "is_told"), [("2027-08-08", True), ("2027-08-09", False)])
def test_a_hold_is_told_of_while_it_lasts(today, is_told):
    retention = Retention(ENDS_ON, None, consented=True, hold_until=HOLD_UNTIL)
    words = explain(retention, Phase.OVER, date.fromisoformat(today))
    assert [HELD_NL in words["nl"], HELD_EN in words["en"], HELD_DE in words["de"]] == [is_told] * 3


@pytest.mark.parametrize(("today", "is_told"), [("2026-07-01", True), ("2026-07-02", False)])
def test_an_open_request_is_told_of_behind_the_hold_while_it_lasts(today, is_told):
    retention = Retention(ENDS_ON, None, consented=False, hold_until=HOLD_UNTIL)
    words = explain(retention, Phase.OVER, date.fromisoformat(today), date(2026, 7, 2))
    told = {
        "nl": f"{HELD_NL} Een open verzoek van de sollicitant houdt alles vast tot het is"
        f" beantwoord, uiterlijk tot 02-07-2026. {OVER_NL}",
        "en": f"{HELD_EN} An open request of the applicant keeps it all until it is answered, until"
        f" 2026-07-02 at the latest. {OVER_EN}",
        "de": f"{HELD_DE} Eine offene Anfrage der bewerbenden Person hält alles fest, bis sie"
        f" beantwortet ist, spätestens bis 02.07.2026. {OVER_DE}",
    }
    assert {name: words[name].endswith(told[name]) for name in told} == dict.fromkeys(told, is_told)


@given(st.builds(Retention, DAYS, st.none() | DAYS, st.booleans()), DAYS)
def test_all_languages_name_the_end_and_the_deletion_date(retention, today):
    words = explain(retention, phase_of(retention.end, retention.purge_on, today), today)
    assert words.keys() == {"nl", "en", "de"}
    for day in (retention.end, retention.purge_on):
        assert f" {day.day:02}-{day.month:02}-{day.year}" in words["nl"]
        assert f" {day}" in words["en"]
        assert f" {day.day:02}.{day.month:02}.{day.year}" in words["de"]


@given(st.builds(Retention, DAYS, st.none() | DAYS, st.booleans(), st.none() | DAYS), DAYS)
def test_no_sentence_keeps_a_blank_unfilled(retention, today):
    for text in explain(retention, Phase.OVER, today).values():
        assert "{" not in text
        assert "None" not in text


def test_no_word_depends_on_the_locale_of_the_machine():
    retention = Retention(ENDS_ON, WITHDRAWN_ON, consented=True, hold_until=HOLD_UNTIL)
    before = locale.setlocale(locale.LC_ALL)
    answers = []
    try:
        for name in ("C", "C.UTF-8", "nl_NL.UTF-8", "ar_EG.UTF-8", "fa_IR.UTF-8"):
            try:
                locale.setlocale(locale.LC_ALL, name)
            except locale.Error:  # not installed here
                continue
            answers.append(explain(retention, Phase.OVER, ENDS_ON))
    finally:
        locale.setlocale(locale.LC_ALL, before)
    assert answers == [explain(retention, Phase.OVER, ENDS_ON)] * len(answers)
    assert answers
