"""Who may receive fields of an application, why, and which: a table. The unlisted get nothing.

Personnel is not in it: what personnel gets, it gets by the handover alone.
"""

from service.domain.catalogue import PORTABLE
from service.domain.errors import Fault
from service.domain.words import DisclosureReason, RecipientKind

REASONS: dict[RecipientKind, frozenset[DisclosureReason]] = {
    RecipientKind.GROUP: frozenset({DisclosureReason.SELECTION, DisclosureReason.PROCESSING}),
    RecipientKind.PROCESSOR: frozenset({DisclosureReason.SELECTION, DisclosureReason.PROCESSING}),
    RecipientKind.AUTHORITY: frozenset({DisclosureReason.LEGAL_DUTY}),
    RecipientKind.NAMED_BY_APPLICANT: frozenset({DisclosureReason.PORTABILITY}),
}
UNDER_AGREEMENT = frozenset({RecipientKind.GROUP, RecipientKind.PROCESSOR})


def reason_faults(
    kind: RecipientKind, reason: DisclosureReason, agreement: str | None
) -> list[Fault]:
    """What is wrong with giving fields to such a recipient for this reason, by its place."""
    faults = []
    if reason not in REASONS.get(kind, frozenset()):
        faults.append(Fault("/reason", "not-with-this-kind"))
    if kind in UNDER_AGREEMENT and agreement is None:
        faults.append(Fault("/agreement", "required"))
    return faults


def field_faults(kind: RecipientKind, fields: frozenset[str]) -> list[Fault]:
    """The fields that do not go to such a recipient, each by its place.

    To whom the applicant named goes what he supplied, and nothing of other people (GDPR art. 20).
    """
    if kind is not RecipientKind.NAMED_BY_APPLICANT:
        return []
    return [
        Fault(f"/fields/{name}", "not-taken-along") for name in sorted(fields.difference(PORTABLE))
    ]
