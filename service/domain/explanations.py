"""Retention in words, for the people who ask why a record is still there, or gone."""

from collections.abc import Iterable, Iterator
from datetime import date

from service.domain.labels import Language, write_day
from service.domain.retention import EndedBy, Phase, Retention, is_held

Words = dict[str, str]

_ENDS = {
    "nl": "De procedure eindigt op",
    "en": "The procedure ends on",
    "de": "Das Verfahren endet am",
}
_ENDED = {
    EndedBy.PROCEDURE: {
        "nl": "De procedure is geëindigd op",
        "en": "The procedure ended on",
        "de": "Das Verfahren endete am",
    },
    EndedBy.WITHDRAWAL: {
        "nl": "De sollicitatie is ingetrokken op",
        "en": "The application was withdrawn on",
        "de": "Die Bewerbung wurde zurückgezogen am",
    },
}
_DELETED = {
    True: {
        "nl": "met toestemming wordt alles een jaar later verwijderd, op",
        "en": "with consent all is deleted one year later, on",
        "de": "mit Einwilligung wird alles ein Jahr später gelöscht, am",
    },
    False: {
        "nl": "zonder toestemming voor langer bewaren wordt alles een maand later verwijderd, op",
        "en": "without consent to longer retention all is deleted one month later, on",
        "de": "ohne Einwilligung in längere Speicherung wird alles einen Monat später gelöscht, am",
    },
}
_HELD = {
    "nl": "Een wettelijke bewaargrond geldt tot {until}; tot dan wordt niets verwijderd.",
    "en": "A legal hold lasts until {until}; nothing is deleted before that.",
    "de": "Ein gesetzlicher Aufbewahrungsgrund gilt bis {until}; bis dahin wird nichts gelöscht.",
}
_ASKED = {
    "nl": "Een open verzoek van de sollicitant houdt alles vast tot het is beantwoord,"
    " uiterlijk tot {until}.",
    "en": "An open request of the applicant keeps it all until it is answered, until {until} at the"
    " latest.",
    "de": "Eine offene Anfrage der bewerbenden Person hält alles fest, bis sie beantwortet ist,"
    " spätestens bis {until}.",
}
_OVER = {
    "nl": "De datum is bereikt: alleen de privacyfunctionaris leest dit nog, zolang het geldt.",
    "en": "The date is reached: only the privacy officer still reads this, while the hold lasts.",
    "de": "Der Tag ist erreicht: Nur noch die Datenschutzstelle liest dies, solange das gilt.",
}


def explain(
    retention: Retention, phase: Phase, today: date, asked_until: date | None = None
) -> Words:
    """Why this record is deleted on its day, in each language. Dates, no personal data.

    `hold_until` is the law's; `asked_until` that of an open request of the applicant's own.
    """
    kept = [
        (words, until)
        for words, until in ((_HELD, retention.hold_until), (_ASKED, asked_until))
        if until is not None and is_held(until, today)
    ]
    return {
        str(language): " ".join(_sentences(language, retention, phase, today, kept))
        for language in Language
    }


def _sentences(
    language: Language,
    retention: Retention,
    phase: Phase,
    today: date,
    kept: Iterable[tuple[Words, date]],
) -> Iterator[str]:
    yield _dated(language, retention, today)
    for words, until in kept:
        yield words[language].format(until=_written(until, language))
    if phase is Phase.OVER:
        yield _OVER[language]


def _dated(language: Language, retention: Retention, today: date) -> str:
    is_to_come = retention.ended_by is EndedBy.PROCEDURE and today < retention.end
    words = _ENDS if is_to_come else _ENDED[retention.ended_by]
    ended = f"{words[language]} {_written(retention.end, language)}"
    deleted = f"{_DELETED[retention.consented][language]} {_written(retention.purge_on, language)}"
    return f"{ended}; {deleted}."


def _written(day: date, language: Language) -> str:
    return write_day(day.isoformat(), language)
