"""The routes of recipients: who received what, and who must be told of a change."""

from service.domain.policy import Action
from service.domain.words import DisclosureReason, RecipientKind
from service.usecases import disclosures
from service.usecases.case import Case
from service.usecases.paging import Page
from service.web import schemas_recipients as schemas
from service.web.doors import Asked, door


@door(
    "POST",
    "/disclosures",
    Action.RECORD_DISCLOSURE,
    body=schemas.NewDisclosure,
    location="/disclosures",
)
def record_disclosure(case: Case, asked: Asked) -> disclosures.DisclosureView:
    """Record that an organisation is given fields of an application, and which.

    It is recorded, not sent, and no value is in the answer. A `group` company or a `processor`
    gets fields for `selection` or `processing`, under a written agreement; an `authority` where
    the law demands it (`legal-duty`). A recruiter names fields that he may see. For another
    organisation that the applicant named (`portability`) it is the privacy officer, and only
    fields that an applicant takes along. Only countries that the service is set to are allowed.
    Recipients are told when the application is corrected, restricted or erased: see the notices.
    What `personnel` gets is recorded by the handover.
    """
    body = asked.body
    order = disclosures.DisclosureOrder(
        application_id=body["application_id"],
        recipient=body["recipient"],
        kind=RecipientKind(body["kind"]),
        reason=DisclosureReason(body["reason"]),
        agreement=body.get("agreement"),
        country=body["country"],
        fields=frozenset(body["chosen"]),
    )
    return disclosures.record_disclosure(case, order)


@door("GET", "/disclosures", Action.LIST_DISCLOSURES, query=schemas.DisclosuresQuery)
def list_disclosures(case: Case, asked: Asked) -> Page[disclosures.DisclosureView]:
    """Who received which fields, when, why, under which agreement and in which country."""
    return disclosures.list_disclosures(case, asked.query.get("application_id"), asked.page)


@door("GET", "/notices", Action.LIST_NOTICES, query=schemas.NoticesQuery)
def list_notices(case: Case, asked: Asked) -> Page[disclosures.NoticeView]:
    """Which recipients are to be told of what, oldest first.

    Correction, restriction, its end, and erasure each make a notice for every recipient. It stays
    open until it is confirmed, also when the record is gone; after 14 days it is a duty.
    """
    wanted = asked.query.get("open")
    is_open = None if wanted is None else wanted == "true"
    return disclosures.list_notices(case, asked.page, is_open=is_open)


@door(
    "PATCH",
    "/notices/<uuid:notice_id>",
    Action.CONFIRM_NOTICE,
    body=schemas.NoticePatch,
    versioned=True,
    conflicts=("already-confirmed",),
)
def confirm_notice(case: Case, asked: Asked) -> disclosures.NoticeView:
    """Confirm that the recipient was told."""
    return disclosures.confirm_notice(case, asked.path["notice_id"], asked.version)
