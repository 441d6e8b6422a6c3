"""Who receives what, over all records: what the processing register tells of recipients."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.domain.words import RecipientKind
from service.storage.tables import Disclosure


class Recipient(NamedTuple):
    """An organisation that received fields: of which kind, under which agreement, where."""

    name: str
    kind: RecipientKind
    agreement: str | None
    country: str


def list_all_recipients(session: Session, limit: int) -> Sequence[Recipient]:
    """Everybody who received fields of any record that is still kept."""
    told = (Disclosure.recipient, Disclosure.kind, Disclosure.agreement, Disclosure.country)
    query = select(*told).distinct().order_by(*told).limit(limit)
    return [Recipient(*row) for row in session.execute(query)]
