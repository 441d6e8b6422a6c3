"""What the database itself testifies: half records, orphans, receipts, the order of commits."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import Connection, NullPool, Table, create_engine, func, select, text

from service.crypto.documents import chunk_count
from service.domain.policy import Action
from service.domain.words import ProcedureKind
from service.storage.database import Base
from service.storage.tables import (
    Application,
    AuditEvent,
    ConsentEvent,
    Document,
    DocumentChunk,
    Procedure,
    PurgeReceipt,
    PurgeRun,
    RecordKey,
    StoredAnswer,
    TeamMember,
)
from tests.campaign.installation import Installation, demand


@contextmanager
def looking(installation: Installation) -> Iterator[Connection]:
    engine = create_engine(installation.database_url, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def applications_there(installation: Installation) -> set[UUID]:
    with looking(installation) as connection:
        return set(connection.scalars(select(Application.id)))


def receipts(installation: Installation) -> set[UUID]:
    with looking(installation) as connection:
        return set(connection.scalars(select(PurgeReceipt.application_id)))


def demand_sound(installation: Installation) -> None:
    """No half record and no orphan, in any table, and nothing left in temporary files."""
    with looking(installation) as connection:
        faults = [*_orphans(connection), *_half_records(connection), *_half_purges(connection)]
        if connection.dialect.name == "sqlite":
            (verdict,) = connection.execute(text("PRAGMA integrity_check")).one()
            faults += [] if verdict == "ok" else [verdict]
    faults += [f"left behind: {path}" for path in installation.scratch.iterdir()]
    demand(not faults, "; ".join(faults))


def demand_answered(installation: Installation) -> None:
    """Every application of the day has the kept answer of its Idempotency-Key, and only one."""
    with looking(installation) as connection:
        ids = sorted(connection.scalars(select(Application.id)), key=str)
        answered = sorted(connection.scalars(select(StoredAnswer.application_id)), key=str)
    demand(answered == ids, f"{len(ids)} applications, {len(answered)} kept answers")


def demand_scrubbed(installation: Installation) -> None:
    """No run's deleted bytes still wait to leave the database's files."""
    pending = select(PurgeRun.id).where(PurgeRun.purged > 0, PurgeRun.scrubbed_at.is_(None))
    with looking(installation) as connection:
        demand(not connection.scalars(pending).all(), "deleted bytes are not scrubbed")


def committed_first(installation: Installation, request_id: UUID, application_id: UUID) -> bool:
    """Whether that request was committed before the deletion of that application.

    PostgreSQL tells the time of each row's commit (`track_commit_timestamp`). SQLite commits one
    writer after another, so that the rows of the audit lie in the order of their commits.
    """
    with looking(installation) as connection:
        if connection.dialect.name == "postgresql":
            verdict = connection.scalar(
                text(
                    "SELECT pg_xact_commit_timestamp(a.xmin) < pg_xact_commit_timestamp(r.xmin)"
                    " FROM audit_event a, purge_receipt r"
                    " WHERE a.request_id = :request AND a.outcome = 'allowed'"
                    " AND r.application_id = :application"
                ),
                {"request": request_id, "application": application_id},
            )
        else:
            verdict = connection.scalar(
                text(
                    "SELECT a.rowid < p.rowid FROM audit_event a, audit_event p, purge_receipt r"
                    " WHERE a.request_id = :request AND a.outcome = 'allowed'"
                    " AND r.application_id = :application"
                    " AND json_extract(p.details, '$.run') = :run"
                ),
                {
                    "request": request_id.hex,
                    "application": application_id.hex,
                    "run": str(
                        connection.scalar(
                            select(PurgeReceipt.run_id).where(
                                PurgeReceipt.application_id == application_id
                            )
                        )
                    ),
                },
            )
    demand(verdict is not None, f"no order of commits for {application_id}")
    return bool(verdict)


def _orphans(connection: Connection) -> Iterator[str]:
    """Rows that refer to what is not there, by every foreign key of every table."""
    for table in Base.metadata.sorted_tables:
        for key in table.foreign_keys:
            parent = Table(key.column.table.name, Base.metadata).alias()
            mine = table.c[key.parent.name]
            query = (
                select(func.count())
                .select_from(table.outerjoin(parent, mine == parent.c[key.column.name]))
                .where(mine.is_not(None), parent.c[key.column.name].is_(None))
            )
            if count := connection.scalar(query):
                yield f"{table.name}.{key.parent.name}: {count} orphans"
    open_kind = Procedure.kind == ProcedureKind.OPEN
    for what, having in (("application", Application), ("team", TeamMember)):
        lone = select(func.count()).select_from(Procedure).outerjoin(having)
        if count := connection.scalar(lone.where(open_kind, having.procedure_id.is_(None))):
            yield f"{count} open procedures without {what}"


def _half_records(connection: Connection) -> Iterator[str]:
    """Applications without key, name, answer or audit row; documents without all their chunks."""
    ids = set(connection.scalars(select(Application.id)))
    gone = set(connection.scalars(select(PurgeReceipt.application_id)))
    keyed = set(connection.scalars(select(RecordKey.application_id)))
    answered = connection.scalars(select(StoredAnswer.application_id)).all()
    if ids != keyed:
        yield f"{len(ids ^ keyed)} applications or keys without the other"
    if ids & gone:
        yield f"{len(ids & gone)} applications with a receipt of their deletion"
    submissions = select(AuditEvent.application_ids).where(
        AuditEvent.action == Action.SUBMIT_APPLICATION, AuditEvent.outcome == "allowed"
    )
    audited = [UUID(one) for found in connection.scalars(submissions) for one in found]
    if not ids <= set(audited) <= ids | gone:
        yield "applications and audit rows of their intake differ"
    if connection.scalar(select(func.count()).where(StoredAnswer.sealed.is_(None))):
        yield "an Idempotency-Key without its answer"
    if not set(answered) - {None} <= ids:
        yield "a kept answer without its application"
    yield from _half_documents(connection)
    ledger: dict[UUID, list[int]] = {}
    for event in connection.execute(select(ConsentEvent.application_id, ConsentEvent.number)):
        ledger.setdefault(event[0], []).append(event[1])
    for numbers in ledger.values():
        if sorted(numbers) != list(range(1, len(numbers) + 1)):
            yield "a ledger of consent with a gap"


def _half_documents(connection: Connection) -> Iterator[str]:
    query = (
        select(Document.size, func.count(DocumentChunk.number), func.max(DocumentChunk.number))
        .outerjoin(DocumentChunk, DocumentChunk.document_id == Document.id)
        .group_by(Document.id, Document.size)
    )
    for size, count, last in connection.execute(query):
        if count != chunk_count(size) or last != count - 1:
            yield f"a document of {size} bytes with {count} chunks"


def _half_purges(connection: Connection) -> Iterator[str]:
    """Runs that say another number than the receipts that they wrote."""
    query = (
        select(PurgeRun.purged, func.count(PurgeReceipt.application_id))
        .outerjoin(PurgeReceipt, PurgeReceipt.run_id == PurgeRun.id)
        .where(PurgeRun.planned.is_(False))
        .group_by(PurgeRun.id, PurgeRun.purged)
    )
    for said, written in connection.execute(query):
        if said != written:
            yield f"a run that says {said} and wrote {written} receipts"
    runs = (
        select(func.count())
        .select_from(PurgeReceipt)
        .outerjoin(PurgeRun, PurgeRun.id == PurgeReceipt.run_id)
    )
    if connection.scalar(runs.where(PurgeReceipt.run_id.is_not(None), PurgeRun.id.is_(None))):
        yield "receipts of no run"
