"""Telling others what became of an application: recipients by a notice, systems by the outbox.

Both are written in the transaction of what they tell, so that nothing is told that did not happen
and nothing that happened is left untold. Neither holds personal data: an id, an event, field names.
"""

from collections.abc import Collection, Iterable
from uuid import UUID

from service.domain.words import Event
from service.storage import deliveries, disclosures
from service.storage.tables import Notice
from service.usecases.case import Case


def tell(case: Case, application_id: UUID, event: Event, fields: Iterable[str] = ()) -> None:
    """Tell the recipients and every subscribed system of one application.

    Of a correction only who received the `fields`, or some of them, and of those alone.
    """
    changed = frozenset(fields)
    recipients = disclosures.list_recipients(case.session, application_id)
    for recipient, received in sorted(recipients.items()):
        if changed and changed.isdisjoint(received):
            continue
        case.session.add(
            Notice(
                id=case.new_id(),
                application_id=application_id,
                recipient=recipient,
                event=event,
                fields=sorted(changed & received),
                made_on=case.today,
                version=1,
            )
        )
    tell_systems(case, [application_id], event)


def tell_systems(case: Case, application_ids: Collection[UUID], event: Event) -> None:
    """Tell the subscribed systems alone: the ordinary end of a record is no recipient's business.

    Who received fields of a hired applicant keeps them by a right of its own.
    """
    deliveries.add_deliveries(
        case.session,
        [
            {
                "id": case.new_id(),
                "subscriber": subscriber.name,
                "event": event,
                "application_id": application_id,
                "at": case.now,
                "attempts": 0,
                "next_at": case.now,
            }
            for application_id in application_ids
            for subscriber in case.house.subscribers
        ],
    )
