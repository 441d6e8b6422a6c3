"""Retention in words, for the people who ask why a record is still there, or gone."""

from datetime import date

from service.domain.retention import EndedBy, Phase, Retention, is_held

Words = dict[str, str]

_WRITTEN = {"nl": "%d-%m-%Y", "en": "%Y-%m-%d"}
_ENDED = {
    EndedBy.PROCEDURE: {"nl": "De procedure eindigt op", "en": "The procedure ends on"},
    EndedBy.WITHDRAWAL: {
        "nl": "De sollicitatie is ingetrokken op",
        "en": "The application was withdrawn on",
    },
}
_DELETED = {
    True: {
        "nl": "met toestemming wordt alles een jaar later verwijderd, op",
        "en": "with consent all is deleted one year later, on",
    },
    False: {
        "nl": "zonder toestemming voor langer bewaren wordt alles een maand later verwijderd, op",
        "en": "without consent to longer retention all is deleted one month later, on",
    },
}
_HELD = {
    "nl": "Een wettelijke bewaargrond geldt tot {until}; tot dan wordt niets verwijderd.",
    "en": "A legal hold lasts until {until}; nothing is deleted before that.",
}
_OVER = {
    "nl": "De datum is bereikt: alleen de privacyfunctionaris leest dit nog, zolang het geldt.",
    "en": "The date is reached: only the privacy officer still reads this, while the hold lasts.",
}


def explain(retention: Retention, phase: Phase, today: date) -> Words:
    """Why this record is deleted on its day, in Dutch and English. Dates, no personal data."""
    return {language: _explain(language, retention, phase, today) for language in ("nl", "en")}


def _explain(language: str, retention: Retention, phase: Phase, today: date) -> str:
    written = _WRITTEN[language]
    ended = f"{_ENDED[retention.ended_by][language]} {retention.end:{written}}"
    deleted = f"{_DELETED[retention.consented][language]} {retention.purge_on:{written}}"
    sentences = [f"{ended}; {deleted}."]
    if retention.hold_until is not None and is_held(retention.hold_until, today):
        sentences.append(_HELD[language].format(until=f"{retention.hold_until:{written}}"))
    if phase is Phase.OVER:
        sentences.append(_OVER[language])
    return " ".join(sentences)
