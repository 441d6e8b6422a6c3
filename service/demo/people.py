"""Believable Dutch applicants, all of them fictional: fields and files, the same for each seed."""

import io
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from docx import Document
from faker import Faker
from fpdf import FPDF

_YEAR = 2026
_PDF = "application/pdf"
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_STUDIES = ("MBO Elektrotechniek", "HBO-ICT", "HBO Bedrijfskunde", "MBO Logistiek", "HBO Bouwkunde")
_SCHOOLS = ("Noorderpoort", "Hanze", "NHL Stenden", "Drenthe College", "Alfa-college")
_COURSES = ("Scrum Master", "Projectmatig werken", "Veilig werken", "BHV", "Zakelijk Engels")
_JOBS = ("Monteur", "Planner", "Projectleider", "Werkvoorbereider", "Teamleider", "Adviseur")
_WHY = (
    "Ik zoek werk waarin ik mijn vak kan blijven leren.",
    "De sfeer die uit de vacature spreekt, past bij mij.",
    "Na jaren in een groot bedrijf wil ik dichter bij huis werken.",
    "Ik maak graag af waar ik aan begin, en liefst samen.",
    "Een collega wees mij op deze functie; ik herkende mij er meteen in.",
)
File = tuple[str, tuple[str, bytes, str]]


@dataclass(frozen=True)
class Applicant:
    fields: dict[str, Any]
    files: list[File] = field(default_factory=list)


class Applicants:
    """A source of applicants; the same seed gives the same people in the same order."""

    def __init__(self, seed: int = 2026) -> None:
        self._fake = Faker("nl_NL")
        self._fake.seed_instance(seed)
        self._count = 0

    def next(self) -> Applicant:
        self._count += 1
        fake = self._fake
        gender = fake.random_element(("female", "male"))
        first = fake.first_name_female() if gender == "female" else fake.first_name_male()
        name = f"{first} {fake.last_name()}"
        born = fake.date_between_dates(date(1963, 1, 1), date(2002, 1, 1))
        fields = self._contact(name) | self._career(born.year + 21) | {"gender": gender}
        fields |= {"birth_date": f"{born}"} if fake.boolean(70) else {"age": _YEAR - born.year}
        return Applicant(fields, self._files(name, fields))

    def resume(self) -> dict[str, Any]:
        """A resume in the JSON Resume format, for where there is no sample of it."""
        name, phone = f"{self._fake.first_name()} {self._fake.last_name()}", "+31 6 20304050"
        return {
            "basics": {"name": name, "email": f"{_slug(name)}@example.org", "phone": phone},
            "work": [{"name": self._employer(), "position": "Adviseur", "startDate": "2019-03"}],
            "skills": [{"name": "Advies", "level": "Ervaren", "keywords": ["Zorg", "Overheid"]}],
            "languages": [{"language": "Nederlands", "fluency": "Moedertaal"}],
        }

    def _contact(self, name: str) -> dict[str, Any]:
        fake = self._fake
        return {
            "name": name,
            "email": f"{_slug(name)}.{self._count}@example.org",
            "phone": f"+31 6 {fake.random_int(10_000_000, 99_999_999)}",
            "address": {
                "street": f"{fake.street_name()} {fake.random_int(1, 180)}",
                "postal_code": fake.postcode(),
                "city": fake.city(),
                "country": "NL",
            },
        }

    def _career(self, begun: int) -> dict[str, Any]:
        fake = self._fake
        permit = {"kind": "orientation-year", "valid_until": "2027-09-01"}
        return {
            "nationality": "Nederlandse" if fake.boolean(85) else "Oekraïense",
            "work_permit": {"kind": "not-needed"} if fake.boolean(90) else permit,
            "education": [
                {
                    "institution": fake.random_element(_SCHOOLS),
                    "programme": fake.random_element(_STUDIES),
                    "started": f"{begun - 4}-09",
                    "ended": f"{begun}",
                }
            ],
            "internships": [{"organisation": self._employer(), "started": f"{begun - 1}-02"}],
            "work_experience": [
                {
                    "organisation": self._employer(),
                    "position": fake.random_element(_JOBS),
                    "started": f"{year}-{fake.random_int(1, 12):02}",
                }
                for year in range(begun, _YEAR, 6)
            ],
            "trainings": [{"title": fake.random_element(_COURSES), "taken_through": "self"}],
            "certificates": [{"title": "VCA Basis", "issued": f"{begun + 1}-05"}],
            "availability": {"hours_per_week": fake.random_element((24, 32, 36, 40))},
            "motivation": " ".join(fake.random_elements(_WHY, length=3, unique=True)),
            "references": [{"name": fake.name(), "relation": "Leidinggevende"}],
        }

    def _employer(self) -> str:
        return f"{self._fake.last_name()} {self._fake.company_suffix()}"

    def _files(self, name: str, fields: dict[str, Any]) -> list[File]:
        jobs = [
            f"{job['started']}  {job['position']}, {job['organisation']}"
            for job in fields["work_experience"]
        ]
        cv, letter = [fields["email"], "", *jobs], [fields["motivation"], "", name]
        if self._count % 3:
            files = [("cv", (f"CV {name}.pdf", _pdf(name, cv), _PDF))]
        else:
            files = [("cv", (f"CV {name}.docx", _docx(name, cv), _DOCX))]
        if self._count % 2:
            files.append(("letter", (f"Brief {name}.docx", _docx("Sollicitatie", letter), _DOCX)))
        return files


def _pdf(title: str, lines: list[str]) -> bytes:
    page = FPDF()
    page.add_page()
    page.set_font("Helvetica", "B", 16)
    page.cell(text=title, new_x="LMARGIN", new_y="NEXT")
    page.set_font("Helvetica", size=11)
    for line in lines:
        page.multi_cell(0, 7, line, new_x="LMARGIN", new_y="NEXT")
    return bytes(page.output())


def _docx(title: str, lines: list[str]) -> bytes:
    letter, buffer = Document(), io.BytesIO()
    letter.add_heading(title, level=1)
    for line in lines:
        letter.add_paragraph(line)
    letter.save(buffer)
    return buffer.getvalue()


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z]+", ".", plain)
