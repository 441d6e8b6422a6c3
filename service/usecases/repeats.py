"""Repeated requests: answered from what was kept for a day, and not done again."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast
from uuid import UUID

from service.crypto.indexes import IndexKey
from service.crypto.keyring import KeyPurpose
from service.crypto.seals import RecordSeal
from service.domain.errors import ErasedSince, Forbidden, KeyReused, Unreadable
from service.domain.policy import Purpose, readable_fields
from service.storage import answers
from service.storage.applications import Found, find_application
from service.storage.tables import StoredAnswer
from service.usecases.case import Case, Repeatable
from service.usecases.reach import open_seal, reached, sight_of

ANSWERS_KEPT = timedelta(hours=24)


def kept_answer(case: Case) -> Mapping[str, object] | None:
    """The answer to the same request, if it was made before; it is reached like anything else."""
    asked = case.repeatable
    if asked is None:
        return None
    ring = case.current_ring
    # While an index key is rotated it may lie, or be about to lie, under another key: who began
    # with that one claims there, and is waited for. In one order on all hosts, so that no two
    # wait for each other.
    for index in sorted((*ring.other_indexes, ring.index), key=lambda index: index.key_id):
        claim = claim_under(case, asked, index)
        kept = answers.claim_answer(
            case.session, claim.scope, claim.fingerprint, case.now, claim.expires_at
        )
        if kept is not None:
            forget_claims(case)  # under the other keys: nothing is to be kept there
            return _answered(case, kept, claim.fingerprint)
        case.answer_scopes.append(claim.scope)
    return None


class Claim(NamedTuple):
    """What a repeat of this request is known by, and until when."""

    scope: bytes
    fingerprint: bytes
    expires_at: datetime


def claim_under(case: Case, asked: Repeatable, index: IndexKey) -> Claim:
    fingerprint = index.digest("request", asked.request)
    return Claim(_scope_of(case, asked, index), fingerprint, case.now + ANSWERS_KEPT)


def _answered(case: Case, kept: StoredAnswer, fingerprint: bytes) -> Mapping[str, object] | None:
    if not kept.fingerprint:
        raise ErasedSince
    if kept.fingerprint != fingerprint:
        raise KeyReused
    if kept.sealed is None:  # what was answered is not kept, only what was asked
        return None
    if kept.application_id is None:
        opened = _opened(_loose_seal(case, kept.kek_id or "", kept.scope), kept)
    else:
        case.about(kept.application_id)
        found = reached(case, find_application(case.session, kept.application_id, case.reach))
        opened = _opened(open_seal(case, found), kept)
        _disclose_again(case, found, opened["fields"])
    case.entry.details = {**opened["details"], "repeated": True}
    case.purpose = opened["purpose"] and Purpose(opened["purpose"])
    answer: Mapping[str, object] = opened["answer"]
    return answer


def keep_answer_with(case: Case, found: Found) -> None:
    """Keep a repeatable answer with its record; apart from it, if the record's key is damaged.

    For such answers only as hold dates: from a damaged record, too, people withdraw.
    """
    with suppress(Unreadable):
        case.keep_answer_under(open_seal(case, found))


def keep_answer(case: Case, result: object) -> None:
    for scope in case.answer_scopes:
        row = answers.get_claimed(case.session, scope)
        row.application_id, seal = case.answer_about, case.answer_seal
        if not case.is_answer_kept:
            continue
        if seal is None:
            row.kek_id = case.current_ring.active(KeyPurpose.KEK).id
            seal = _loose_seal(case, row.kek_id, row.scope)
        row.sealed = sealed_answer(case, seal, row.scope, result)


def sealed_answer(case: Case, seal: RecordSeal, scope: bytes, result: object) -> bytes:
    """The answer as it is kept, with what the audit says of it."""
    shown = case.entry.fields if case.entry.shown else []
    noted = {"fields": shown, "purpose": case.purpose, "details": case.entry.details}
    return seal.seal(_answer_field(scope), {"answer": result, **noted})


def forget_claims(case: Case) -> None:
    """Give the key free again: the request was refused, and is judged anew when it is repeated."""
    while case.answer_scopes:
        case.session.delete(answers.get_claimed(case.session, case.answer_scopes.pop()))


def _opened(seal: RecordSeal, kept: StoredAnswer) -> dict[str, Any]:
    return cast("dict[str, Any]", seal.open(_answer_field(kept.scope), kept.sealed or b""))


def _disclose_again(case: Case, found: Found, fields: list[str]) -> None:
    """What an answer shows, it shows again only to who may still see it, and it counts as read."""
    if not fields:
        return
    if not readable_fields(sight_of(case, found)).issuperset(fields):
        raise Forbidden
    case.disclose([found.application.id], fields)


def _scope_of(case: Case, repeatable: Repeatable, index: IndexKey) -> bytes:
    who = case.principal
    return index.digest("answer", who.role.encode(), who.subject.encode(), repeatable.key.encode())


def _answer_field(scope: bytes) -> str:
    """Tied to its caller and key: an answer moved to another's row does not open."""
    return f"answer:{scope.hex()}"


def _loose_seal(case: Case, kek_id: str, scope: bytes) -> RecordSeal:
    return case.house.keyring.holding(kek_id).loose_seal(kek_id, UUID(bytes=scope[:16]))
