"""The words of the processing register, in Dutch and English. What it says follows from the code.

A word of the code that has none here is printed as it is, so that nothing new stays unsaid.
"""

from collections.abc import Mapping
from typing import NamedTuple

from service.domain.catalogue import Group
from service.domain.policy import Purpose, Role
from service.domain.retention import Phase
from service.domain.words import RecipientKind, RequestKind


class Said(NamedTuple):
    """One thing, said in both languages."""

    nl: str
    en: str

    def within(self, language: str) -> str:
        return self.en if language == "en" else self.nl


def say(words: Mapping[str, Said], word: str, language: str) -> str:
    """The words for it, or the word itself."""
    return words[word].within(language) if word in words else word


GROUPS: dict[str, Said] = {
    Group.IDENTITY: Said("Identiteit", "Identity"),
    Group.CONTACT: Said("Contactgegevens", "Contact data"),
    Group.PERSONAL: Said("Persoonlijke gegevens", "Personal data"),
    Group.PERMIT: Said("Werkvergunning", "Work permit"),
    Group.PROFESSIONAL: Said("Opleiding en werk", "Education and work"),
    Group.FREE_TEXT: Said("Vrije tekst", "Free text"),
    Group.REFERENCES: Said("Referenties", "References"),
    Group.ASSESSMENTS: Said("Assessments", "Assessments"),
    Group.NOTES: Said("Notities van het team", "Notes of the team"),
}
ROLES: dict[str, Said] = {
    Role.WEBSITE: Said("HR-website: neemt in, leest niets", "HR website: takes in, reads nothing"),
    Role.RECRUITER: Said("Recruiter van het team", "Recruiter of the team"),
    Role.INTERVIEWER: Said("Interviewer van het team", "Interviewer of the team"),
    Role.SCREENER: Said(
        "Beoordelaar van het team, anoniem", "Screener of the team, without knowing whose it is"
    ),
    Role.SOURCER: Said(
        "Zoekt in de talentenpool, waar de toestemming die noemt",
        "Searches the talent pool, where the consent names it",
    ),
    Role.OFFICER: Said(
        "Privacyfunctionaris, met een doel dat wordt vastgelegd",
        "Privacy officer, with a purpose that is recorded",
    ),
    Role.PURGER: Said("Verwijdertaak: leest niets", "Deletion job: reads nothing"),
    Role.MAILER: Said(
        "Mailsysteem: kenmerken van aflopende toestemmingen",
        "Mailing system: ids of consents that end",
    ),
    Role.ADMIN: Said("Beheerder van tokens en teams", "Admin of tokens and teams"),
    Role.APPLICANT: Said("Sollicitant: het eigen dossier", "Applicant: his own record"),
    Role.OPERATOR: Said("Beheer op de opdrachtregel", "Operator at the command line"),
}
PHASES: dict[str, Said] = {
    Phase.RUNNING: Said("tijdens de procedure", "while the procedure runs"),
    Phase.AFTERCARE: Said("in de maand erna", "in the month after it"),
    Phase.TALENT_POOL: Said("daarna, met toestemming", "after that, with consent"),
    Phase.OVER: Said(
        "na de bewaartermijn, zolang een bewaargrond geldt", "past its date, while a hold lasts"
    ),
}
PURPOSES: dict[str, Said] = {
    Purpose.SELECTION: Said(
        "Selectie voor een vacature of op een open sollicitatie",
        "Selection for a vacancy or on an open application",
    ),
    Purpose.TALENT_POOL: Said(
        "Benadering voor ander werk, met toestemming (art. 6 lid 1 onder a AVG)",
        "Being found for other work, with consent (GDPR art. 6(1)(a))",
    ),
    Purpose.ACCESS_REQUEST: Said(
        "Verzoeken om inzage en overdracht (art. 15 en 20 AVG)",
        "Requests for access and portability (GDPR art. 15 and 20)",
    ),
    Purpose.CORRECTION: Said("Rectificatie (art. 16 AVG)", "Correction (GDPR art. 16)"),
    Purpose.ERASURE: Said("Wissing (art. 17 AVG)", "Erasure (GDPR art. 17)"),
    Purpose.COMPLAINT: Said(
        "Behandeling van klachten en bezwaren", "Handling complaints and objections"
    ),
    Purpose.LEGAL_CLAIM: Said(
        "Rechtsvordering of onderzoek (art. 17 lid 3 onder b en e AVG)",
        "A legal claim or an investigation (GDPR art. 17(3)(b) and (e))",
    ),
    Purpose.SUPERVISION: Said(
        "Toezicht door de privacyfunctionaris", "Supervision by the privacy officer"
    ),
    Purpose.BREACH: Said(
        "Melding van een datalek (art. 33 en 34 AVG)",
        "Notification of a breach (GDPR art. 33 and 34)",
    ),
    Purpose.OWN_RECORD: Said(
        "De sollicitant ziet het eigen dossier in", "The applicant reads his own record"
    ),
}
# The name that a handover gives; other recipients have names of their own.
RECIPIENT_NAMES: dict[str, Said] = {
    RecipientKind.PERSONNEL: Said("de eigen personeelsadministratie", "the company's personnel")
}
RECIPIENT_KINDS: dict[str, Said] = {
    RecipientKind.PERSONNEL: Said("binnen het bedrijf", "within the company"),
    RecipientKind.GROUP: Said("onderdeel van de groep", "company of the group"),
    RecipientKind.PROCESSOR: Said("verwerker", "processor"),
    RecipientKind.AUTHORITY: Said("overheid, op grond van de wet", "authority, as the law demands"),
    RecipientKind.NAMED_BY_APPLICANT: Said("door de sollicitant genoemd", "named by the applicant"),
}
REQUESTS: dict[str, Said] = {
    RequestKind.ACCESS: Said("Inzage (art. 15)", "Access (art. 15)"),
    RequestKind.CORRECTION: Said("Rectificatie (art. 16)", "Correction (art. 16)"),
    RequestKind.ERASURE: Said("Wissing (art. 17)", "Erasure (art. 17)"),
    RequestKind.RESTRICTION: Said("Beperking (art. 18)", "Restriction (art. 18)"),
    RequestKind.PORTABILITY: Said("Overdracht (art. 20)", "Portability (art. 20)"),
    RequestKind.OBJECTION: Said("Bezwaar (art. 21)", "Objection (art. 21)"),
    RequestKind.CONSENT_WITHDRAWAL: Said(
        "Intrekken van toestemming (art. 7 lid 3)", "Withdrawal of consent (art. 7(3))"
    ),
    RequestKind.COMPLAINT: Said("Klacht (art. 77)", "Complaint (art. 77)"),
}
TITLES: dict[str, Said] = {
    "register": Said("Register van verwerkingen: sollicitaties", "Processing register: applicants"),
    "controller": Said("Verwerkingsverantwoordelijke", "Controller"),
    "purposes": Said("Doelen", "Purposes"),
    "subjects": Said("Categorieën van betrokkenen", "Categories of data subjects"),
    "data": Said("Categorieën van persoonsgegevens", "Categories of personal data"),
    "need_to_know": Said("Wie wat ziet", "Who sees what"),
    "recipients": Said("Ontvangers", "Recipients"),
    "countries": Said("Landen", "Countries"),
    "terms": Said("Bewaartermijnen", "Terms of retention"),
    "measures": Said("Beveiligingsmaatregelen", "Technical measures"),
    "rights": Said("Rechten en waar zij worden uitgeoefend", "Rights and where they are exercised"),
}
# One, and more than one.
UNITS: dict[str, tuple[Said, Said]] = {
    "months": (Said("maand", "month"), Said("maanden", "months")),
    "days": (Said("dag", "day"), Said("dagen", "days")),
}
LINES: dict[str, Said] = {
    "printed": Said(
        "Artikel 30 lid 1 AVG. Opgemaakt op {day} uit de werkende instellingen van Kluis;"
        " privacyverklaring {statement}.",
        "GDPR art. 30(1). Printed on {day} from the running settings of Kluis;"
        " privacy statement {statement}.",
    ),
    "no_controller": Said(
        "Niet ingevuld: zet naam en contactgegevens in KLUIS_CONTROLLER.",
        "Not filled in: put name and contact data into KLUIS_CONTROLLER.",
    ),
    "applicants": Said(
        "Sollicitanten op een vacature, en wie een open sollicitatie stuurt",
        "Applicants to a vacancy, and senders of open applications",
    ),
    "referees": Said(
        "Referenten die de sollicitant noemt ({fields}); hun gegevens gaan niet mee bij overdracht",
        "Referees whom the applicant names ({fields}); their data is no part of portability",
    ),
    "staff": Said(
        "Medewerkers die selecteren of toezien, onder een kenmerk zonder naam",
        "Staff who select or supervise, under an opaque id",
    ),
    "documents": Said("Documenten", "Documents"),
    "company": Said("door het bedrijf vastgelegd", "recorded by the company"),
    "group": Said("Categorie", "Category"),
    "fields": Said("Gegevens", "Data"),
    "role": Said("Rol", "Role"),
    "phase": Said("Fase", "Phase"),
    "sees": Said("Ziet", "Sees"),
    "everything": Said("alles", "everything"),
    "nothing": Said("niets", "nothing"),
    "unlisted": Said(
        "Wat hier niet staat, wordt geweigerd. Een teamlid ziet alleen de eigen procedure, en wat"
        " zijn token en zijn rol in het team allebei toestaan.",
        "What is not listed is refused. A member of a team sees its own procedure only, and what"
        " both his token and his role on the team allow.",
    ),
    "no_recipients": Said(
        "Van de bewaarde sollicitaties is nog niets verstrekt.",
        "Nothing of the applications that are kept was disclosed so far.",
    ),
    "more_recipients": Said(
        "En meer: hier staan de eerste {count}.", "And more: these are the first {count}."
    ),
    "recipient": Said("Ontvanger", "Recipient"),
    "kind": Said("Soort", "Kind"),
    "agreement": Said("Overeenkomst", "Agreement"),
    "country": Said("Land", "Country"),
    "system": Said(
        "krijgt meldingen met een kenmerk en een gebeurtenis, zonder persoonsgegevens",
        "is told of events by an id, without personal data",
    ),
    "countries": Said(
        "Verstrekt wordt alleen aan ontvangers in: {countries}. Al het andere wordt geweigerd.",
        "Fields are disclosed to recipients in these countries only: {countries}. All else is"
        " refused.",
    ),
    "third_countries": Said(
        "Daarvan buiten de Europese Economische Ruimte: {countries}.",
        "Of these outside the European Economic Area: {countries}.",
    ),
    "no_third_countries": Said(
        "Geen daarvan ligt buiten de Europese Economische Ruimte.",
        "None of these is outside the European Economic Area.",
    ),
    "without_consent": Said(
        "Zonder toestemming, na het einde van de procedure: {months}",
        "Without consent, after the end of the procedure: {months}",
    ),
    "with_consent": Said(
        "Met toestemming, na het einde van de procedure: {months}; opnieuw toestemmen verlengt"
        " dit niet",
        "With consent, after the end of the procedure: {months}; consent given again does not"
        " prolong this",
    ),
    "procedures": Said(
        "Een procedure duurt ten hoogste {months}", "A procedure lasts at most {months}"
    ),
    "open": Said(
        "Een open sollicitatie loopt {months}, tenzij zij wordt verlengd",
        "An open application runs for {months}, unless it is prolonged",
    ),
    "holds": Said(
        "Een wettelijke bewaargrond duurt telkens ten hoogste {months}",
        "A legal hold lasts at most {months} at a time",
    ),
    "answers": Said(
        "Verzoeken van betrokkenen worden beantwoord binnen {months}",
        "Requests of data subjects are answered within {months}",
    ),
    "prolongation": Said(
        "Met een reden wordt een antwoord uitgesteld met ten hoogste {months}",
        "With a reason an answer is put off by at most {months}",
    ),
    "audit": Said(
        "Logboek van lezen en wijzigen, zonder inhoud, en afgehandelde verzoeken: {months}",
        "Audit of reading and changing, without values, and closed requests: {months}",
    ),
    "repeats": Said(
        "Antwoorden op herhaalbare aanvragen, verzegeld: {n} uur",
        "Answers to requests that can be repeated, sealed: {n} hours",
    ),
    "backups": Said("Back-ups: {days}", "Backups: {days}"),
    "sealing": Said(
        "Elk gegeven en elk document apart verzegeld (AES-256-GCM) onder een sleutel per"
        " sollicitatie; de hoofdsleutels liggen buiten de database",
        "Every value and document sealed on its own (AES-256-GCM) under a key for each"
        " application; the key-encryption keys lie outside the database",
    ),
    "access": Said(
        "Toegang per rol, team en fase (zie boven), met tokens die verlopen; ten hoogste {n}"
        " sollicitaties per lezer per uur",
        "Access by role, team and phase (see above), with tokens that expire; at most {n}"
        " applications a reader and hour",
    ),
    "alarms": Said(
        "Elke beslissing in een logboek; alarm bij beschadiging, te veel lezen en gemiste"
        " verwijdering",
        "Every decision in an audit; alarms for damage, excessive reading and overdue deletion",
    ),
    "deletion": Said(
        "Verwijdering op de dag zelf, ook uit de bestanden van de database, met een rem tegen"
        " een verkeerde klok",
        "Deletion on the day itself, out of the database's files as well, with a brake against a"
        " wrong clock",
    ),
    "exercised": Said(
        "De sollicitant logt in met een toegangscode en controlevragen (`POST /v1/access-tokens`,"
        " {minutes} minuten geldig), of vraagt het langs een andere weg.",
        "The applicant logs in with an access code and control questions"
        " (`POST /v1/access-tokens`, good for {minutes} minutes), or asks in another way.",
    ),
    "authority": Said("Toezichthouder: {authority}", "Supervisory authority: {authority}"),
}
