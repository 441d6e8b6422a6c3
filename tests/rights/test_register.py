"""The processing register: whatever policy, catalogue and settings hold stands in it by itself."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select

from service.cli import register_words as words
from service.cli.register import Page
from service.cli.register_words import Said
from service.config.webhooks import Subscriber
from service.domain import requests, retention
from service.domain.catalogue import CATALOGUE, DocumentKind, Group
from service.domain.errors import Forbidden
from service.domain.labels import CHOICES, Language
from service.domain.policy import NEED_TO_KNOW, Purpose, Role
from service.domain.retention import Phase
from service.domain.words import DisclosureReason, RecipientKind, RequestKind
from service.storage.database import db
from service.storage.tables import AuditEvent, Disclosure
from service.usecases import register as use
from service.usecases.case import House
from service.usecases.register import MOST_RECIPIENTS
from tests.world import World

KLUIS = Path(sys.executable).with_name("kluis")
LANGUAGES = ("nl", "en")


def printed(world: World, language: str = "nl", house: House | None = None) -> str:
    """The register as the command prints it."""
    with world.app.app_context():
        case = world.case()
        case.house = house or case.house
        facts = use.read_register(case)
        return Page(case.house.settings, facts, Language(language)).render()


def section(text: str, name: str, language: str = "nl") -> str:
    title = words.TITLES[name].within(language)
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def disclose(world: World, application_id: UUID, recipient: str, **more: Any) -> None:
    row = {
        "id": uuid4(),
        "application_id": application_id,
        "recipient": recipient,
        "kind": RecipientKind.PROCESSOR,
        "reason": DisclosureReason.PROCESSING,
        "agreement": None,
        "country": "NL",
        "fields": ["name"],
        "at": datetime(2026, 11, 22, tzinfo=UTC),
        "disclosed_by": "officer",
    }
    with world.app.app_context():
        db.session.execute(insert(Disclosure), [row | more])
        db.session.commit()


# All that is declared elsewhere


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_field_stands_with_its_group(sqlite_world: World, language: str):
    text = section(printed(sqlite_world, language), "data", language)
    for field in CATALOGUE:
        row = f"| {words.GROUPS[field.group].within(language)} |"
        (line,) = [line for line in text.splitlines() if line.startswith(row)]
        assert getattr(field.labels, language) in line
    for kind in DocumentKind:
        assert getattr(CHOICES[DocumentKind][kind], language) in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_role_is_listed_with_what_it_sees_in_each_phase(sqlite_world: World, language: str):
    text = section(printed(sqlite_world, language), "need_to_know", language)
    for role, phase in product(Role, Phase):
        phase_name = words.PHASES[phase].within(language)
        rows = [line for line in text.splitlines() if line.startswith(f"| `{role}`: ")]
        in_phase = [line for line in rows if f"| {phase_name} |" in line]
        seen = NEED_TO_KNOW.get((role, phase))
        assert rows, role
        assert bool(in_phase) is (seen is not None), (role, phase)
        if seen is None or seen.groups == frozenset(Group):
            continue
        for group in Group:
            name = words.GROUPS[group].within(language)
            assert (name in in_phase[0].rpartition("|")[0].split(" | ")[-1]) is (
                group in seen.groups
            )


@pytest.mark.parametrize("language", LANGUAGES)
def test_purposes_and_rights_are_all_there(sqlite_world: World, language: str):
    text = printed(sqlite_world, language)
    purposes = section(text, "purposes", language)
    assert [words.PURPOSES[purpose].within(language) in purposes for purpose in Purpose] == [
        True
    ] * len(Purpose)
    rights = section(text, "rights", language)
    for kind in RequestKind:
        assert (
            f'{words.REQUESTS[kind].within(language)}: `POST /v1/privacy-requests`, `"{kind}"`'
            in (rights)
        )
    assert requests.AUTHORITY in rights


@pytest.mark.parametrize("language", LANGUAGES)
def test_terms_are_the_rules_own(sqlite_world: World, language: str):
    terms = section(printed(sqlite_world, language), "terms", language)
    numbers = re.findall(r"\d+", terms)
    assert numbers == [
        str(retention.WITHOUT_CONSENT_MONTHS),
        str(retention.WITH_CONSENT_MONTHS),
        str(retention.LONGEST_PROCEDURE_MONTHS),
        str(retention.OPEN_APPLICATION_MONTHS),
        str(retention.LONGEST_HOLD_MONTHS),
        str(requests.ANSWER_MONTHS),
        str(requests.LONGEST_PROLONGATION_MONTHS),
        "24",
        "24",
        "30",
    ]


def test_one_is_said_as_one_and_more_as_more(make_world: Callable[..., World]):
    world = make_world(KLUIS_BACKUP_DAYS="1")
    dutch, english = (section(printed(world, name), "terms", name) for name in LANGUAGES)
    assert "binnen 1 maand\n" in dutch
    assert "within 1 month\n" in english
    assert "ten hoogste 12 maanden\n" in dutch
    assert "at most 12 months\n" in english
    assert "Back-ups: 1 dag\n" in dutch
    assert "Backups: 1 day\n" in english
    assert "(" not in dutch + english


@pytest.mark.parametrize("language", LANGUAGES)
def test_referees_are_among_those_whose_data_is_kept(sqlite_world: World, language: str):
    subjects = section(printed(sqlite_world, language), "subjects", language)
    (field,) = [field for field in CATALOGUE if field.name == "references"]
    assert f"({getattr(field.labels, language)})" in subjects
    (company,) = [field for field in CATALOGUE if field.name == "notes"]
    assert getattr(company.labels, language) not in subjects


TABLES: Mapping[str, tuple[dict[str, Said], Any]] = {
    "groups": (words.GROUPS, Group),
    "roles": (words.ROLES, Role),
    "phases": (words.PHASES, Phase),
    "purposes": (words.PURPOSES, Purpose),
    "recipients": (words.RECIPIENT_KINDS, RecipientKind),
    "rights": (words.REQUESTS, RequestKind),
}


@pytest.mark.parametrize("name", TABLES)
def test_every_word_of_the_code_has_words_in_both_languages(name: str):
    said, of_code = TABLES[name]
    assert said.keys() == set(of_code)
    assert all(one.nl.strip() and one.en.strip() for one in said.values())


def test_a_word_without_words_is_printed_as_it_is():
    assert words.say(words.ROLES, "recruiter", "en") == "Recruiter of the team"
    assert words.say(words.ROLES, "no-such-role", "en") == "no-such-role"


# All that the operator set


def test_what_is_set_is_printed(make_world: Callable[..., World]):
    controller = "Voorbeeld B.V., Brink 1, Assen, privacy@example.org"
    world = make_world(
        KLUIS_CONTROLLER=controller,
        KLUIS_COUNTRIES="NL,BE,US,CH",
        KLUIS_BACKUP_DAYS="77",
        KLUIS_READ_BUDGET="321",
        KLUIS_STATEMENT_VERSION="2031-07-29",
    )
    for language in LANGUAGES:
        text = printed(world, language)
        assert section(text, "controller", language).strip() == controller
        countries = section(text, "countries", language).strip().splitlines()
        assert [re.findall(r"\b[A-Z]{2}\b", line) for line in countries] == [
            ["NL", "BE", "US", "CH"],
            ["US", "CH"],
        ]
        assert "77" in section(text, "terms", language)
        assert "321" in section(text, "measures", language)
        assert "2031-07-29" in text
    assert "22-11-2026" in printed(world, "nl")
    assert "2026-11-22" in printed(world, "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_set_is_asked_for(sqlite_world: World, language: str):
    text = printed(sqlite_world, language)
    assert "KLUIS_CONTROLLER" in section(text, "controller", language)
    assert "US" not in section(text, "countries", language)


# Recipients


def test_nobody_received_anything_yet(world: World):
    world.procedure()
    world.apply()
    assert "nog niets verstrekt" in section(printed(world), "recipients")


def test_each_recipient_is_listed_once_with_kind_agreement_and_country(world: World):
    world.procedure()
    one, other = world.apply(), world.apply()
    for application_id in (one, other, other):
        disclose(world, application_id, "Toets B.V.", agreement="VWO-7")
    disclose(world, one, "Toets B.V.", agreement="VWO-7", country="BE")
    disclose(world, one, "personnel", kind=RecipientKind.PERSONNEL)
    rows = section(printed(world), "recipients").strip().splitlines()[2:]
    personnel = "de eigen personeelsadministratie"
    within = "binnen het bedrijf"
    assert sorted(rows) == [
        "| Toets B.V. | verwerker | VWO-7 | BE |",
        "| Toets B.V. | verwerker | VWO-7 | NL |",
        f"| {personnel} | {within} |  | NL |",
    ]
    version = world.version_of(one)
    assert world.call("DELETE", f"/applications/{one}", "officer", version=version).status_code
    assert section(printed(world), "recipients").count("Toets B.V.") == 1


def test_a_recipients_name_is_text_and_no_markup_nor_an_order_to_the_terminal(world: World):
    world.procedure()
    disclose(world, world.apply(), "A|B\n# [C](x) <d> \x1b[2J")
    (row,) = section(printed(world), "recipients").strip().splitlines()[2:]
    assert row.startswith(r"| A\|B\\n\# \[C\](x) \<d\> \\x1b\[2J | verwerker |")


def test_no_more_than_a_thousand_are_listed_and_that_is_said(world: World):
    world.procedure()
    application_id = world.apply()
    for number in range(2):
        disclose(world, application_id, f"Een {number}")
    assert "En meer" not in printed(world)
    with world.app.app_context():
        template = dict(db.session.execute(select(Disclosure.__table__)).mappings().first())
        more = [
            {**template, "id": uuid4(), "recipient": f"Meer {n}"} for n in range(MOST_RECIPIENTS)
        ]
        db.session.execute(insert(Disclosure), more)
        db.session.commit()
    text = section(printed(world), "recipients")
    assert text.count("| verwerker |") == MOST_RECIPIENTS
    assert f"En meer: hier staan de eerste {MOST_RECIPIENTS}." in text


def test_subscribed_systems_are_named_without_address_or_secret(sqlite_world: World):
    here = sqlite_world.house
    systems = tuple(
        Subscriber(name, f"https://{name}.example.org", b"zeekanarie" * 4)
        for name in ("planning", "crm")
    )
    house = replace(here, subscribers=systems)
    for language in LANGUAGES:
        text = section(printed(sqlite_world, language, house), "recipients", language)
        assert re.findall(r"^- (\w+): ", text, re.MULTILINE) == ["crm", "planning"]
        assert "example.org" not in text
        assert "anarie" not in text


# The command


def test_only_the_operator_prints_it(sqlite_world: World):
    with sqlite_world.app.app_context(), pytest.raises(Forbidden):
        use.read_register(sqlite_world.case(Role.OFFICER, "officer"))


@pytest.fixture
def installation(world: World) -> dict[str, str]:
    """The environment of an operator's shell."""
    return os.environ | {
        "KLUIS_DATABASE_URL": world.database_url,
        "KLUIS_KEYRING_FILE": str(world.keyring_file),
        "KLUIS_CONTROLLER": "Voorbeeld B.V.",
    }


def run(environment: Mapping[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [str(KLUIS), "register", *arguments]
    options = {"capture_output": True, "text": True, "timeout": 60}
    return subprocess.run(command, check=False, env=environment, **options)


def test_it_runs_as_a_process_in_either_language(world: World, installation: dict[str, str]):
    dutch, english = run(installation), run(installation, "--language", "en")
    for ran in (dutch, english):
        assert (ran.returncode, "Voorbeeld B.V." in ran.stdout) == (0, True), ran.stderr
    assert dutch.stdout.startswith("# Register van verwerkingen: sollicitaties\n")
    assert english.stdout.startswith("# Processing register: applicants\n")
    with world.app.app_context():
        query = select(AuditEvent).where(AuditEvent.action == "print-register")
        events = [(e.role, e.outcome, e.subject[:4]) for e in db.session.scalars(query)]
    assert events == [("operator", "allowed", "cli:")] * 2


def test_another_language_is_refused(installation: dict[str, str]):
    ran = run(installation, "--language", "de")
    assert (ran.returncode, ran.stdout) == (2, "")
