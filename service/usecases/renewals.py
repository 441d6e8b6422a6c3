"""Consents that end soon, for the system that writes to applicants: ids, and nothing about them."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from service.domain.policy import Action
from service.storage import consents
from service.storage.slices import Slice
from service.usecases.case import Case
from service.usecases.frame import usecase
from service.usecases.paging import Page, page
from service.usecases.views import view_of


@dataclass(frozen=True)
class EndingConsent:
    """An application that is kept with consent, and the day on which it goes all the same."""

    id: UUID
    purge_on: date


@usecase(Action.LIST_ENDING_CONSENTS)
def list_ending_consents(case: Case, within_days: int, asked: Slice) -> Page[EndingConsent]:
    """A page of the consents that end within so many days, oldest application first.

    Consent given again moves nothing: one year after the end of the same procedure is the cap. Who
    wants to be kept for longer applies anew, with what is kept.
    """
    case.entry.details = {"within_days": within_days}
    until = case.today + timedelta(days=within_days)
    rows = consents.list_ending(case.session, case.today, until, asked)
    return page(rows, asked, lambda row: row.id, lambda row: view_of(EndingConsent, row))
