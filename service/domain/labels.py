"""How fields, the members of their entries, choices and dates are called in nl, en and de."""

from enum import StrEnum

from service.domain.catalogue import DocumentKind, Gender, Labels, PermitKind, TakenThrough
from service.domain.shapes import Choice, Day, Flag, PartialDay, Shape


class Language(StrEnum):
    """The languages in which applicants are spoken to."""

    NL = "nl"
    EN = "en"
    DE = "de"

    def of(self, labels: Labels) -> str:
        """The label in this language."""
        text: str = getattr(labels, self)
        return text


MEMBERS: dict[str, Labels] = {
    "available_from": Labels("Beschikbaar vanaf", "Available from", "Verfügbar ab"),
    "city": Labels("Plaats", "City", "Ort"),
    "completed": Labels("Afgerond", "Completed", "Abgeschlossen"),
    "country": Labels("Land", "Country", "Land"),
    "description": Labels("Omschrijving", "Description", "Beschreibung"),
    "email": Labels("E-mailadres", "E-mail address", "E-Mail-Adresse"),
    "ended": Labels("Tot", "Until", "Bis"),
    "hours_per_week": Labels("Uren per week", "Hours a week", "Stunden pro Woche"),
    "institution": Labels("Onderwijsinstelling", "Institution", "Bildungseinrichtung"),
    "issued": Labels("Afgegeven", "Issued", "Ausgestellt"),
    "issuer": Labels("Afgegeven door", "Issuer", "Aussteller"),
    "kind": Labels("Soort", "Kind", "Art"),
    "level": Labels("Niveau", "Level", "Niveau"),
    "name": Labels("Naam", "Name", "Name"),
    "notice_period": Labels("Opzegtermijn", "Notice period", "Kündigungsfrist"),
    "number": Labels("Nummer", "Number", "Nummer"),
    "on": Labels("Datum", "Date", "Datum"),
    "organisation": Labels("Organisatie", "Organisation", "Organisation"),
    "phone": Labels("Telefoonnummer", "Phone number", "Telefonnummer"),
    "place": Labels("Plaats", "Place", "Ort"),
    "position": Labels("Functie", "Position", "Position"),
    "postal_code": Labels("Postcode", "Postal code", "Postleitzahl"),
    "programme": Labels("Opleiding", "Programme", "Studiengang"),
    "provider": Labels("Aanbieder", "Provider", "Anbieter"),
    "region": Labels("Provincie of regio", "Region", "Region"),
    "relation": Labels("Relatie", "Relation", "Beziehung"),
    "remarks": Labels("Opmerkingen", "Remarks", "Bemerkungen"),
    "result": Labels("Resultaat", "Result", "Ergebnis"),
    "since": Labels("Sinds", "Since", "Seit"),
    "started": Labels("Van", "From", "Von"),
    "statement": Labels("Verklaring", "Statement", "Aussage"),
    "street": Labels("Straat en huisnummer", "Street and number", "Straße und Hausnummer"),
    "taken": Labels("Afgenomen", "Taken", "Abgelegt"),
    "taken_through": Labels("Gevolgd via", "Taken through", "Absolviert über"),
    "text": Labels("Tekst", "Text", "Text"),
    "title": Labels("Titel", "Title", "Titel"),
    "valid_until": Labels("Geldig tot", "Valid until", "Gültig bis"),
    "value": Labels("Gegeven", "Value", "Angabe"),
    "website": Labels("Website", "Website", "Website"),
}

# By list and then by word: words of different lists may be the same.
CHOICES: dict[type[StrEnum], dict[str, Labels]] = {
    Gender: {
        Gender.FEMALE: Labels("Vrouw", "Female", "Weiblich"),
        Gender.MALE: Labels("Man", "Male", "Männlich"),
        Gender.OTHER: Labels("Anders", "Other", "Divers"),
        Gender.UNSPECIFIED: Labels("Niet opgegeven", "Not specified", "Keine Angabe"),
    },
    PermitKind: {
        PermitKind.NOT_NEEDED: Labels("Niet nodig", "Not needed", "Nicht erforderlich"),
        PermitKind.RESIDENCE_AND_WORK: Labels(
            "Verblijf en arbeid", "Residence and work", "Aufenthalt und Arbeit"
        ),
        PermitKind.WORK_PERMIT: Labels(
            "Tewerkstellingsvergunning", "Work permit", "Arbeitserlaubnis"
        ),
        PermitKind.HIGHLY_SKILLED_MIGRANT: Labels(
            "Kennismigrant", "Highly skilled migrant", "Hochqualifizierte Fachkraft"
        ),
        PermitKind.ORIENTATION_YEAR: Labels("Zoekjaar", "Orientation year", "Orientierungsjahr"),
        PermitKind.STUDENT: Labels("Student", "Student", "Studium"),
        PermitKind.OTHER: Labels("Anders", "Other", "Sonstige"),
    },
    TakenThrough: {
        TakenThrough.SELF: Labels("Zelf", "By oneself", "Selbst"),
        TakenThrough.COMPANY: Labels(
            "Via het bedrijf", "Through the company", "Über das Unternehmen"
        ),
    },
    DocumentKind: {
        DocumentKind.CV: Labels("Cv", "CV", "Lebenslauf"),
        DocumentKind.LETTER: Labels("Brief", "Letter", "Anschreiben"),
        DocumentKind.CERTIFICATE: Labels("Certificaat", "Certificate", "Zeugnis"),
        DocumentKind.OTHER: Labels("Overig", "Other", "Sonstiges"),
    },
}

_YES, _NO = Labels("Ja", "Yes", "Ja"), Labels("Nee", "No", "Nein")
_BETWEEN = {Language.NL: "-", Language.DE: "."}


def written(shape: Shape, value: object, language: Language) -> str:
    """A single value as people read it in their language."""
    match shape:
        case Choice():
            return language.of(CHOICES[shape.values][str(value)])
        case Flag():
            return language.of(_YES if value else _NO)
        case Day() | PartialDay():
            return write_day(str(value), language)
        case _:
            return str(value)


def write_day(day: str, language: Language) -> str:
    """`2014`, `2014-06` or `2014-06-30` as it is written: 30-06-2014, 2014-06-30, 30.06.2014."""
    if language is Language.EN:
        return day
    return _BETWEEN[language].join(reversed(day.split("-")))
