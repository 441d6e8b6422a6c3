"""The page that goes along with an export: what the applicant supplied, to be read by himself.

One file that needs nothing else: no scripts, no addresses to load from. What people wrote stands
in it as text; what would not be seen, or would turn the text around it, is shown by its number.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unicodedata import category

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from service.config.settings import Settings
from service.domain.catalogue import CATALOGUE, FIELDS, DocumentKind, Labels
from service.domain.labels import CHOICES, MEMBERS, Language, write_day, written
from service.domain.requests import AUTHORITY
from service.domain.shapes import Entry, Many, Shape
from service.usecases.exports import PortableApplication

_WORDS: dict[str, Labels] = {
    "title": Labels("Uw sollicitatiegegevens", "Your application data", "Ihre Bewerbungsdaten"),
    "intro": Labels(
        "Dit is wat u bij uw sollicitatie hebt aangeleverd, zonder de gegevens van referenten. "
        "Hetzelfde staat voor computers in application.json, en als cv in resume.json.",
        "This is what you supplied with your application, without the data of referees. The same "
        "is there for computers in application.json, and as a CV in resume.json.",
        "Das haben Sie zu Ihrer Bewerbung angegeben, ohne die Daten von Referenzpersonen. Dasselbe "
        "steht für Computer in application.json und als Lebenslauf in resume.json.",
    ),
    "controller": Labels("Verantwoordelijk", "Responsible", "Verantwortlich"),
    "received": Labels("Sollicitatie ontvangen", "Application received", "Bewerbung eingegangen"),
    "exported": Labels("Overzicht gemaakt", "Overview made", "Übersicht erstellt"),
    "purged": Labels("Wordt verwijderd op", "Will be deleted on", "Wird gelöscht am"),
    "id": Labels("Kenmerk", "Reference", "Kennung"),
    "documents": Labels("Documenten", "Documents", "Dokumente"),
    "file": Labels("Bestand", "File", "Datei"),
    "size": Labels("Grootte", "Size", "Größe"),
    "kind": MEMBERS["kind"],
    "added": Labels("Toegevoegd", "Added", "Hinzugefügt"),
    "nameless": Labels("zonder leesbare naam", "without a readable name", "ohne lesbaren Namen"),
    "unreadable": Labels(
        "Dit kon niet worden gelezen en ontbreekt daarom",
        "This could not be read and is therefore missing",
        "Dies war nicht lesbar und fehlt daher",
    ),
    "rights": Labels(
        "U kunt uw gegevens laten verbeteren of verwijderen, bezwaar maken en uw toestemming "
        "intrekken. Bent u het niet eens met hoe met uw gegevens wordt omgegaan, dan kunt u een "
        "klacht indienen bij de",
        "You can have your data corrected or erased, object, and withdraw your consent. If you "
        "do not agree with how your data is handled, you can complain to the",
        "Sie können Ihre Daten berichtigen oder löschen lassen, widersprechen und Ihre "
        "Einwilligung widerrufen. Sind Sie mit dem Umgang mit Ihren Daten nicht einverstanden, "
        "können Sie sich beschweren bei der",
    ),
}
_SHORT = 80
_KEPT = frozenset("\n\t")
_HIDDEN = frozenset({"Cc", "Cf", "Zl", "Zp"})


@dataclass(frozen=True)
class Line:
    """A label and what stands there: one text, or, for each entry, lines of its own."""

    label: str
    text: str = ""
    entries: tuple[tuple["Line", ...], ...] = ()

    @property
    def is_short(self) -> bool:
        """Whether it fits beside its label."""
        return not self.entries and len(self.text) <= _SHORT and "\n" not in self.text


def overview(application: PortableApplication, settings: Settings, language: Language) -> str:
    """The page in this language."""
    page = _templates.get_template("overview.html.jinja")
    lines = list(_lines(application, language))
    return page.render(
        language=str(language),
        words={name: language.of(labels) for name, labels in _WORDS.items()},
        application=application,
        controller=settings.controller,
        authority=AUTHORITY,
        short=[line for line in lines if line.is_short],
        long=[line for line in lines if not line.is_short],
        kinds={kind: language.of(CHOICES[DocumentKind][kind]) for kind in DocumentKind},
        missing=[_missing(name, language) for name in application.unreadable],
        day=lambda day: write_day(day.isoformat(), language),
        day_of=lambda moment: write_day(
            moment.astimezone(settings.timezone).date().isoformat(), language
        ),
    )


def visible(text: str) -> str:
    """The text with what is not to be seen, or turns its direction, written as its number."""
    return "".join(
        f"[U+{ord(character):04X}]"
        if category(character) in _HIDDEN and character not in _KEPT
        else character
        for character in text.replace("\r\n", "\n")
    )


def _lines(application: PortableApplication, language: Language) -> Iterator[Line]:
    for field in CATALOGUE:
        if field.name in application.fields:
            value = application.fields[field.name]
            yield _line(language.of(field.labels), field.shape, value, language)


def _line(label: str, shape: Shape, value: object, language: Language) -> Line:
    match shape, value:
        case Entry(), dict():
            return Line(label, entries=(_members(shape, value, language),))
        case Many(), list():
            entries = (_members(shape.entry, each, language) for each in value)
            return Line(label, entries=tuple(entries))
        case _:
            return Line(label, written(shape, value, language))


def _members(entry: Entry, value: dict[str, object], language: Language) -> tuple[Line, ...]:
    return tuple(
        _line(language.of(MEMBERS[name]), shape, value[name], language)
        for name, shape in entry.members.items()
        if name in value
    )


def _missing(name: str, language: Language) -> str:
    """What is damaged: a field by its label, a document by its kind and where it would stand."""
    if name in FIELDS:
        return language.of(FIELDS[name].labels)
    kind = name.removeprefix("documents/").partition("-")[0]
    return f"{language.of(CHOICES[DocumentKind][kind])} ({name})"


def _templates_beside() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["visible"] = visible
    return made


_templates = _templates_beside()
