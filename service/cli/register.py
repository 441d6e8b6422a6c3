"""The processing register (GDPR art. 30(1)), printed from settings, policy and catalogue."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import click

from service.cli import register_words as words
from service.cli.register_words import say
from service.cli.root import Root, application, new_case, shown
from service.config.settings import Settings
from service.domain import requests, retention
from service.domain.access import APPLICANT_TOKEN_LIFE
from service.domain.catalogue import CATALOGUE, DocumentKind, Export, Field, Group
from service.domain.labels import CHOICES, Language, write_day
from service.domain.policy import EVERYTHING, NEED_TO_KNOW, NOTHING, Purpose, Role, Sight
from service.domain.retention import AUDIT_KEPT_MONTHS, Phase
from service.domain.words import RequestKind
from service.usecases import register as use
from service.usecases.register import Register
from service.usecases.repeats import ANSWERS_KEPT

_LANGUAGES = [Language.NL.value, Language.EN.value]
# The member states of the Union, and Iceland, Liechtenstein and Norway.
_EEA = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"


@click.command()
@click.option("--language", type=click.Choice(_LANGUAGES), default="nl", show_default=True)
@click.pass_obj
def register(root: Root, language: str) -> None:
    """Print the processing register of the law as Markdown."""
    with application(root) as house:
        facts = use.read_register(new_case(house))
        click.echo(Page(house.settings, facts, Language(language)).render(), nl=False)


@dataclass(frozen=True)
class Page:
    """The register in one language."""

    settings: Settings
    facts: Register
    language: Language

    def render(self) -> str:
        sections: dict[str, Callable[[], Iterator[str]]] = {
            "controller": self._controller,
            "purposes": self._purposes,
            "subjects": self._subjects,
            "data": self._data,
            "need_to_know": self._need_to_know,
            "recipients": self._recipients,
            "countries": self._countries,
            "terms": self._terms,
            "measures": self._measures,
            "rights": self._rights,
        }
        day = write_day(self.facts.printed_on.isoformat(), self.language)
        printed = self._line("printed", day=day, statement=self.settings.statement_version)
        parts = [f"# {self._title('register')}", printed]
        for name, section in sections.items():
            parts += [f"## {self._title(name)}", "\n".join(section())]
        return "\n\n".join(parts) + "\n"

    def _controller(self) -> Iterator[str]:
        yield _plain(self.settings.controller) or self._line("no_controller")

    def _purposes(self) -> Iterator[str]:
        yield from _list(say(words.PURPOSES, purpose, self.language) for purpose in Purpose)

    def _subjects(self) -> Iterator[str]:
        of_others = [self._label(field) for field in CATALOGUE if _is_of_others(field)]
        yield f"- {self._line('applicants')}"
        if of_others:
            yield f"- {self._line('referees', fields=', '.join(of_others))}"
        yield f"- {self._line('staff')}"

    def _data(self) -> Iterator[str]:
        yield from _head(self._line("group"), self._line("fields"))
        for group in Group:
            fields = [self._told(field) for field in CATALOGUE if field.group is group]
            yield _row(say(words.GROUPS, group, self.language), ", ".join(fields))
        yield _row(self._line("documents"), ", ".join(map(self._kind, DocumentKind)))

    def _need_to_know(self) -> Iterator[str]:
        yield from _head(self._line("role"), self._line("phase"), self._line("sees"))
        for role in Role:
            seen = {phase: NEED_TO_KNOW.get((role, phase), NOTHING) for phase in Phase}
            name = f"`{role}`: {say(words.ROLES, role, self.language)}"
            if not any(sight != NOTHING for sight in seen.values()):
                yield _row(name, "", self._line("nothing"))
            for phase, sight in seen.items():
                if sight != NOTHING:
                    phase_name = say(words.PHASES, phase, self.language)
                    yield _row(name, phase_name, self._sees(sight))
        yield f"\n{self._line('unlisted')}"

    def _recipients(self) -> Iterator[str]:
        columns = ("recipient", "kind", "agreement", "country")
        if self.facts.recipients:
            yield from _head(*(self._line(column) for column in columns))
        else:
            yield self._line("no_recipients")
        for one in self.facts.recipients:
            kind = say(words.RECIPIENT_KINDS, one.kind, self.language)
            own = words.RECIPIENT_NAMES if one.name == one.kind else {}
            name = _plain(say(own, one.name, self.language))
            yield _row(name, kind, _plain(one.agreement or ""), one.country)
        if self.facts.has_more_recipients:
            yield f"\n{self._line('more_recipients', count=len(self.facts.recipients))}"
        if self.facts.systems:
            yield ""
            yield from _list(f"{_plain(n)}: {self._line('system')}" for n in self.facts.systems)

    def _countries(self) -> Iterator[str]:
        allowed = self.settings.countries
        outside = [country for country in allowed if country not in _EEA.split()]
        yield self._line("countries", countries=", ".join(allowed))
        yield (
            self._line("third_countries", countries=", ".join(outside))
            if outside
            else self._line("no_third_countries")
        )

    def _terms(self) -> Iterator[str]:
        yield from _list(
            [
                self._term("without_consent", months=retention.WITHOUT_CONSENT_MONTHS),
                self._term("with_consent", months=retention.WITH_CONSENT_MONTHS),
                self._term("procedures", months=retention.LONGEST_PROCEDURE_MONTHS),
                self._term("open", months=retention.OPEN_APPLICATION_MONTHS),
                self._term("holds", months=retention.LONGEST_HOLD_MONTHS),
                self._term("answers", months=requests.ANSWER_MONTHS),
                self._term("prolongation", months=requests.LONGEST_PROLONGATION_MONTHS),
                self._term("audit", months=AUDIT_KEPT_MONTHS),
                self._line("repeats", n=ANSWERS_KEPT // timedelta(hours=1)),
                self._term("backups", days=self.settings.backup_days),
            ]
        )

    def _measures(self) -> Iterator[str]:
        access = self._line("access", n=self.settings.read_budget)
        yield from _list([self._line("sealing"), access, *map(self._line, ("alarms", "deletion"))])

    def _rights(self) -> Iterator[str]:
        minutes = APPLICANT_TOKEN_LIFE // timedelta(minutes=1)
        yield self._line("exercised", minutes=minutes) + "\n"
        yield from _list(
            f'{say(words.REQUESTS, kind, self.language)}: `POST /v1/privacy-requests`, `"{kind}"`'
            for kind in RequestKind
        )
        yield f"\n{self._line('authority', authority=requests.AUTHORITY)}"

    def _title(self, name: str) -> str:
        return say(words.TITLES, name, self.language)

    def _line(self, name: str, **facts: object) -> str:
        return say(words.LINES, name, self.language).format(**facts)

    def _term(self, name: str, **amounts: int) -> str:
        """A line with its amount, of months or of days: one of them or more."""
        said = {
            unit: f"{n} {words.UNITS[unit][n != 1].within(self.language)}"
            for unit, n in amounts.items()
        }
        return self._line(name, **said)

    def _label(self, field: Field) -> str:
        return self.language.of(field.labels)

    def _told(self, field: Field) -> str:
        by = f" ({self._line('company')})" if field.company else ""
        return self._label(field) + by

    def _kind(self, kind: DocumentKind) -> str:
        return self.language.of(CHOICES[DocumentKind][kind])

    def _sees(self, sight: Sight) -> str:
        if sight == EVERYTHING:
            return self._line("everything")
        groups = [
            say(words.GROUPS, group, self.language) for group in Group if group in sight.groups
        ]
        kinds = [self._kind(kind) for kind in DocumentKind if kind in sight.documents]
        documents = [f"{self._line('documents')}: {', '.join(kinds)}"] if kinds else []
        return "; ".join([", ".join(groups), *documents])


def _is_of_others(field: Field) -> bool:
    """Whether a field holds data of other people, which the applicant supplied."""
    return field.export is Export.ACCESS_ONLY and not field.company


def _plain(text: str) -> str:
    """Text of others as Markdown shows it and nothing else: no markup, no orders to a terminal."""
    return "".join(f"\\{c}" if c in r"\`*_[]<>|#" else c for c in shown(text))


def _list(lines: Iterable[str]) -> Iterator[str]:
    return (f"- {line}" for line in lines)


def _head(*cells: str) -> Iterator[str]:
    yield _row(*cells)
    yield _row(*("---" for _ in cells))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
