"""The demo's own model of the dates, written apart from the service's, to check it against."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Terms:
    """What the privacy statement promises, in months after the end."""

    without_consent: int = 1
    with_consent: int = 12


@dataclass
class Procedure:
    id: str
    title: str
    ends_on: date
    recruiter: str = ""


@dataclass
class Record:
    """One application, and what the demo has seen happen to it. `gone_on` as the model has it."""

    id: str
    name: str
    channel: str
    procedure: Procedure
    consented: bool = False
    consent_withdrawn: bool = False
    withdrawn_on: date | None = None
    held_until: date | None = None
    gone_on: date | None = None

    @property
    def end(self) -> date:
        return min(self.procedure.ends_on, self.withdrawn_on or date.max)

    @property
    def reason(self) -> str:
        """Why it goes on its day, in the words of the tally."""
        if self.held_until:
            return "late, after a hold for a claim"
        if self.withdrawn_on:
            return "a month after the applicant withdrew"
        if self.consented:
            return "a year after the end, with consent"
        if self.consent_withdrawn:
            return "a month after the end, consent withdrawn"
        return "a month after the end, no consent"

    def leaves_on(self, terms: Terms) -> date:
        months = terms.with_consent if self.consented else terms.without_consent
        return months_later(self.end, months)

    def is_due(self, day: date, terms: Terms) -> bool:
        is_held = self.held_until is not None and day < self.held_until
        return self.leaves_on(terms) <= day and not is_held

    def is_in_talent_pool(self, day: date, terms: Terms) -> bool:
        begins = months_later(self.end, terms.without_consent)
        return self.consented and begins <= day < self.leaves_on(terms)


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or that month's last."""
    count = day.year * 12 + day.month - 1 + months
    first = date(count // 12, count % 12 + 1, 1)
    return min(first + timedelta(day.day - 1), end_of_month(first))


def end_of_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(31)).replace(day=1) - timedelta(1)
