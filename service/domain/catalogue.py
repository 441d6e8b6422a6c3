"""All fields of an application, declared once. Columns, schemas, need to know, labels derive.

A field's name is for ever: it is part of every seal. The README says what else a new field needs.
"""

from dataclasses import dataclass
from enum import StrEnum

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
    Shape,
    Text,
    Whole,
)


class Group(StrEnum):
    """Groups of fields: what need to know is written in."""

    IDENTITY = "identity"
    CONTACT = "contact"
    PERSONAL = "personal"
    PERMIT = "permit"
    PROFESSIONAL = "professional"
    FREE_TEXT = "free_text"
    REFERENCES = "references"
    ASSESSMENTS = "assessments"
    NOTES = "notes"


class Export(StrEnum):
    """What leaves with the applicant: what he supplied (portability), or only what he may see."""

    PORTABLE = "portable"
    ACCESS_ONLY = "access-only"


class Gender(StrEnum):
    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNSPECIFIED = "unspecified"


class PermitKind(StrEnum):
    NOT_NEEDED = "not-needed"
    RESIDENCE_AND_WORK = "residence-and-work"
    WORK_PERMIT = "work-permit"
    HIGHLY_SKILLED_MIGRANT = "highly-skilled-migrant"
    ORIENTATION_YEAR = "orientation-year"
    STUDENT = "student"
    OTHER = "other"


class TakenThrough(StrEnum):
    """Whether the applicant took a course by himself or through the company."""

    SELF = "self"
    COMPANY = "company"


class DocumentKind(StrEnum):
    CV = "cv"
    LETTER = "letter"
    CERTIFICATE = "certificate"
    OTHER = "other"


@dataclass(frozen=True)
class Labels:
    nl: str
    en: str
    de: str


@dataclass(frozen=True)
class Field:
    """One value of the record. `listed` fields are shown in lists unless others are asked for."""

    name: str
    group: Group
    shape: Shape
    labels: Labels
    example: object
    export: Export = Export.PORTABLE
    company: bool = False
    listed: bool = False


_STORY = Text(2_000, lines=True)
_PERIOD: dict[str, Shape] = {"started": PartialDay(), "ended": PartialDay()}
_WORK = Entry(
    {
        "organisation": Text(),
        "position": Text(),
        "place": Text(),
        "website": Text(500, numbers=Numbers.OTHER),
        **_PERIOD,
        "description": Text(5_000, lines=True),
    }
)

CATALOGUE: tuple[Field, ...] = (
    Field(
        "name",
        Group.IDENTITY,
        Text(),
        Labels("Naam", "Name", "Name"),
        "Sanne de Vries",
        listed=True,
    ),
    Field(
        "email",
        Group.CONTACT,
        Email(),
        Labels("E-mailadres", "E-mail address", "E-Mail-Adresse"),
        "sanne.de.vries@example.org",
        listed=True,
    ),
    Field(
        "phone",
        Group.CONTACT,
        Phone(),
        Labels("Telefoonnummer", "Phone number", "Telefonnummer"),
        "+31 6 12345678",
        listed=True,
    ),
    Field(
        "other_contact",
        Group.CONTACT,
        Many(Entry({"kind": Text(80), "value": Text(500, numbers=Numbers.OTHER)}), limit=20),
        Labels("Andere contactgegevens", "Other contact data", "Weitere Kontaktdaten"),
        [{"kind": "Signal", "value": "sanne.42"}],
    ),
    Field(
        "address",
        Group.CONTACT,
        Entry(
            {
                "street": Text(),
                "postal_code": Text(20, numbers=Numbers.OTHER),
                "city": Text(),
                "region": Text(),
                "country": Text(80),
            }
        ),
        Labels("Adres", "Address", "Anschrift"),
        {"street": "Brink 1", "postal_code": "9401 HS", "city": "Assen", "country": "NL"},
    ),
    Field(
        "birth_date",
        Group.PERSONAL,
        Day(),
        Labels("Geboortedatum", "Date of birth", "Geburtsdatum"),
        "1994-02-28",
    ),
    Field("age", Group.PERSONAL, Whole(13, 120), Labels("Leeftijd", "Age", "Alter"), 32),
    Field(
        "gender",
        Group.PERSONAL,
        Choice(Gender),
        Labels("Geslacht", "Gender", "Geschlecht"),
        "female",
    ),
    Field(
        "nationality",
        Group.PERSONAL,
        Text(80),
        Labels("Nationaliteit", "Nationality", "Staatsangehörigkeit"),
        "Nederlandse",
    ),
    Field(
        "work_permit",
        Group.PERMIT,
        Entry({"kind": Choice(PermitKind), "valid_until": Day(), "remarks": _STORY}),
        Labels("Werkvergunning", "Work permit", "Arbeitserlaubnis"),
        {"kind": "not-needed"},
    ),
    Field(
        "education",
        Group.PROFESSIONAL,
        Many(
            Entry(
                {
                    "institution": Text(),
                    "programme": Text(),
                    "level": Text(80),
                    "website": Text(500, numbers=Numbers.OTHER),
                    **_PERIOD,
                    "completed": Flag(),
                    "result": Text(80),
                    "description": _STORY,
                }
            )
        ),
        Labels("Opleidingen", "Education", "Ausbildung"),
        [{"institution": "Hanze", "programme": "HBO-ICT", "started": "2012-09", "ended": "2016"}],
    ),
    Field(
        "internships",
        Group.PROFESSIONAL,
        Many(_WORK),
        Labels("Stages", "Internships", "Praktika"),
        [{"organisation": "Gemeente Assen", "position": "Stagiair", "started": "2015"}],
    ),
    Field(
        "work_experience",
        Group.PROFESSIONAL,
        Many(_WORK),
        Labels("Werkervaring", "Work experience", "Berufserfahrung"),
        [{"organisation": "Voorbeeld B.V.", "position": "Ontwikkelaar", "started": "2016-10-01"}],
    ),
    Field(
        "trainings",
        Group.PROFESSIONAL,
        Many(
            Entry(
                {
                    "title": Text(),
                    "provider": Text(),
                    "taken_through": Choice(TakenThrough),
                    **_PERIOD,
                    "description": _STORY,
                }
            )
        ),
        Labels("Trainingen en cursussen", "Trainings and courses", "Schulungen und Kurse"),
        [{"title": "Scrum Master", "provider": "Voorbeeld Academie", "ended": "2021-05"}],
    ),
    Field(
        "certificates",
        Group.PROFESSIONAL,
        Many(
            Entry(
                {
                    "title": Text(),
                    "issuer": Text(),
                    "number": Text(80, numbers=Numbers.OTHER),
                    "issued": PartialDay(),
                    "valid_until": PartialDay(),
                }
            )
        ),
        Labels("Certificaten en getuigschriften", "Certificates", "Zeugnisse und Zertifikate"),
        [{"title": "VCA Basis", "number": "123456789", "issued": "2023-03"}],
    ),
    Field(
        "availability",
        Group.PROFESSIONAL,
        Entry(
            {
                "available_from": Day(),
                "hours_per_week": Whole(1, 60),
                "notice_period": Text(80),
                "remarks": _STORY,
            }
        ),
        Labels("Beschikbaarheid", "Availability", "Verfügbarkeit"),
        {"available_from": "2027-01-01", "hours_per_week": 36, "notice_period": "1 maand"},
        listed=True,
    ),
    Field(
        "motivation",
        Group.FREE_TEXT,
        Text(20_000, lines=True),
        Labels("Motivatie", "Motivation", "Motivation"),
        "Graag werk ik mee aan software die haar beloften houdt.",
    ),
    Field(
        "other",
        Group.FREE_TEXT,
        Text(20_000, lines=True),
        Labels("Overige informatie", "Other information", "Sonstige Angaben"),
        "Vrijwilliger bij de plaatselijke codeclub.",
    ),
    Field(
        "references",
        Group.REFERENCES,
        Many(
            Entry(
                {
                    "name": Text(),
                    "relation": Text(),
                    "organisation": Text(),
                    "email": Email(),
                    "phone": Phone(),
                    "since": PartialDay(),
                    "statement": _STORY,
                }
            ),
            limit=20,
        ),
        Labels("Referenties", "References", "Referenzen"),
        [{"name": "Daan Bakker", "relation": "Leidinggevende", "email": "d.bakker@example.org"}],
        # Referees are other people: their data is no part of what the applicant takes along.
        export=Export.ACCESS_ONLY,
    ),
    Field(
        "assessments",
        Group.ASSESSMENTS,
        Many(
            Entry(
                {
                    "title": Text(),
                    "provider": Text(),
                    "taken_through": Choice(TakenThrough),
                    "taken": PartialDay(),
                    "result": _STORY,
                }
            )
        ),
        Labels("Assessments", "Assessments", "Assessments"),
        [{"title": "Capaciteitentest", "taken_through": "self", "taken": "2022"}],
    ),
    Field(
        "assessment_results",
        Group.ASSESSMENTS,
        Many(Entry({"title": Text(), "taken": PartialDay(), "result": _STORY})),
        Labels("Assessmentresultaten", "Assessment results", "Assessment-Ergebnisse"),
        [{"title": "Werkproef", "taken": "2026-11-20", "result": "Ruim voldoende"}],
        export=Export.ACCESS_ONLY,
        company=True,
    ),
    Field(
        "notes",
        Group.NOTES,
        Many(Entry({"on": Day(), "text": Text(5_000, lines=True)}), limit=200),
        Labels("Notities van het team", "Notes of the team", "Notizen des Teams"),
        [{"on": "2026-11-20", "text": "Prettig gesprek; tweede ronde."}],
        export=Export.ACCESS_ONLY,
        company=True,
    ),
)

FIELDS: dict[str, Field] = {field.name: field for field in CATALOGUE}
SUPPLIED = frozenset(field.name for field in CATALOGUE if not field.company)
# Referees' data and what the company wrote are no part of what the applicant takes along.
PORTABLE = tuple(
    field.name for field in CATALOGUE if field.export is Export.PORTABLE and not field.company
)
COMPANY = frozenset(field.name for field in CATALOGUE if field.company)
LISTED = frozenset(field.name for field in CATALOGUE if field.listed)
WAYS_OF_CONTACT = frozenset(field.name for field in CATALOGUE if field.group is Group.CONTACT)
