"""The routes of the privacy officer's papers: person searches, ending consents, breaches."""

from datetime import date

from service.domain.persons import Born
from service.domain.policy import Action
from service.storage.audit import ShownTo
from service.storage.slices import Slice
from service.usecases import breaches, persons, renewals
from service.usecases.case import Case
from service.usecases.paging import Page
from service.web import schemas_officer as schemas
from service.web.doors import Asked, door
from service.web.schemas import PurposeQuery


@door(
    "POST", "/person-searches", Action.SEARCH_PERSONS, body=schemas.PersonSought, query=PurposeQuery
)
def search_persons(case: Case, asked: Asked) -> persons.PersonsFound:
    """Find all records of one person, in whatever procedure.

    By `email`, which opens nothing, in at most 10,000 records a call; or by `name` and
    `birth_date`, which opens the names in at most 2,000. A record with that name that has no
    date of birth is told as the weaker match `name`. Oldest records come first; while `next` is
    not null, send it as `cursor` with the same search to go on, even if nothing was found so
    far. What is past its date is not found, unless it is held.

    Each match counts as one application read. The terms are kept nowhere, and no answer is: a
    repeated search is made anew, on what is there by then, with an `Idempotency-Key` as well.
    """
    body = asked.body
    part = Slice(body.get("cursor"), body["limit"])
    if "email" in body:
        return persons.search_persons(case, body["email"], part)
    sought = Born(body["name"], date.fromisoformat(body["birth_date"]))
    return persons.search_persons(case, sought, part)


@door("GET", "/ending-consents", Action.LIST_ENDING_CONSENTS, query=schemas.EndingConsentsQuery)
def list_ending_consents(case: Case, asked: Asked) -> Page[renewals.EndingConsent]:
    """The applications that are deleted within so many days although their applicants agreed.

    Ids and dates only, for the system that writes to them. Consent given again does not move the
    date: one year after the end of the same procedure is the most. Who wants to be kept for
    longer applies anew with what is kept.
    """
    return renewals.list_ending_consents(case, asked.query["within_days"], asked.page)


@door("GET", "/breach-report", Action.REPORT_BREACH, query=schemas.BreachQuery)
def report_breach(case: Case, asked: Asked) -> breaches.BreachReport:
    """What a subject or a token was shown in a span of at most 24 months, as a report needs it.

    For the report within 72 hours (GDPR art. 33(3)): how many applications and people, which
    categories of data, which fields and documents of each, first and last when. Name either the
    `subject` or the `token_id`. People are told apart by their e-mail addresses, which are opened
    for it and shown to nobody; records without one, or gone since, count one each. At most
    10,000 applications a report: `next_since` tells where another one goes on.
    """
    query = asked.query
    wanted = ShownTo(query.get("subject"), query.get("token_id"), query["since"], query["until"])
    return breaches.report_breach(case, wanted)
