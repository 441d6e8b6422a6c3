"""All tables. Each docstring says what the table may hold about a person."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from service.domain.catalogue import CATALOGUE, DocumentKind
from service.domain.policy import Action, Purpose, Role
from service.domain.retention import Rule
from service.domain.words import (
    Channel,
    ConsentChange,
    DisclosureReason,
    Event,
    HoldReason,
    IdentityCheck,
    Outcome,
    ProcedureKind,
    ProlongationReason,
    RecipientKind,
    RefusalReason,
    RequestKind,
    Status,
)
from service.storage.database import Base
from service.storage.types import Instant, JsonColumn, word

Columns = dict[str, Any]  # of a row to be, by their names

_id = Uuid()
_held = text("hold_until IS NOT NULL")


def _of_application() -> ForeignKey:
    return ForeignKey("application.id", ondelete="CASCADE")


def _of_procedure() -> ForeignKey:
    return ForeignKey("procedure.id", ondelete="CASCADE")


class Procedure(Base):
    """One selection procedure. Nothing about an applicant: an open one's title is generated."""

    __tablename__ = "procedure"

    id: Mapped[UUID] = mapped_column(_id, primary_key=True)
    kind: Mapped[ProcedureKind] = mapped_column(word(ProcedureKind))
    reference: Mapped[str | None] = mapped_column(String(100), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    opened_on: Mapped[date]
    apply_until: Mapped[date | None]
    ends_on: Mapped[date] = mapped_column(index=True)
    version: Mapped[int] = mapped_column(default=1)


class TeamMember(Base):
    """Who selects in a procedure. Subjects are opaque ids of staff; nothing about an applicant."""

    __tablename__ = "team_member"

    procedure_id: Mapped[UUID] = mapped_column(_id, _of_procedure(), primary_key=True)
    subject: Mapped[str] = mapped_column(String(100), primary_key=True, index=True)
    role: Mapped[Role] = mapped_column(word(Role))


class Application(Base):
    """One person's record in one procedure: dates and status in the clear, all else sealed.

    `email_index` is a keyed digest that links nothing across procedures. One sealed column per
    field of the catalogue is added below; they are loaded only when asked for.
    """

    __tablename__ = "application"
    __table_args__ = (
        Index("ix_application_procedure", "procedure_id", "id"),
        Index("ix_application_email", "procedure_id", "email_index"),
        # Counted from alone, without the rows: what is due, and the few that are held.
        Index("ix_application_due", "purge_on", "hold_until"),
        Index(
            "ix_application_held",
            "hold_until",
            "purge_on",
            postgresql_where=_held,
            sqlite_where=_held,
        ),
    )

    id: Mapped[UUID] = mapped_column(_id, primary_key=True)
    procedure_id: Mapped[UUID] = mapped_column(_id, _of_procedure())
    channel: Mapped[Channel] = mapped_column(word(Channel))
    status: Mapped[Status] = mapped_column(word(Status), default=Status.RECEIVED)
    received_at: Mapped[datetime] = mapped_column(Instant)
    withdrawn_on: Mapped[date | None]
    restricted_at: Mapped[datetime | None] = mapped_column(Instant)
    statement_version: Mapped[str] = mapped_column(String(40))
    purge_on: Mapped[date]
    hold_until: Mapped[date | None]
    email_index: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    index_key_id: Mapped[str | None] = mapped_column(ForeignKey("keyring_key.id"))
    version: Mapped[int] = mapped_column(default=1)


def sealed_column(field_name: str) -> str:
    """The column that holds this field's seal."""
    return f"sealed_{field_name}"


for _field in CATALOGUE:
    setattr(
        Application,
        sealed_column(_field.name),
        mapped_column(LargeBinary, nullable=True, deferred=True),
    )


class KeyringKey(Base):
    """The keys that this database was sealed with: check values only. Nothing about a person.

    Rows that use a key refer to it here, so that the database itself refuses its destruction.
    """

    __tablename__ = "keyring_key"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(10))
    check_value: Mapped[str] = mapped_column(String(16))
    last_used_at: Mapped[datetime] = mapped_column(Instant)


class RecordKey(Base):
    """The wrapped data key of one application. Without the keyring it opens nothing."""

    __tablename__ = "record_key"

    application_id: Mapped[UUID] = mapped_column(_id, _of_application(), primary_key=True)
    kek_id: Mapped[str] = mapped_column(ForeignKey("keyring_key.id"), index=True)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)


class Document(Base):
    """A file with the application: kind and size in the clear, its name sealed."""

    __tablename__ = "document"

    id: Mapped[UUID] = mapped_column(_id, primary_key=True)
    application_id: Mapped[UUID] = mapped_column(_id, _of_application(), index=True)
    kind: Mapped[DocumentKind] = mapped_column(word(DocumentKind))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    added_at: Mapped[datetime] = mapped_column(Instant)
    sealed_name: Mapped[bytes] = mapped_column(LargeBinary)
    header: Mapped[bytes] = mapped_column(LargeBinary)


class DocumentChunk(Base):
    """One sealed chunk of a document."""

    __tablename__ = "document_chunk"

    document_id: Mapped[UUID] = mapped_column(
        _id, ForeignKey("document.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class ConsentWording(Base):
    """A wording that applicants were shown. Nothing about a person."""

    __tablename__ = "consent_wording"

    version: Mapped[str] = mapped_column(String(40), primary_key=True)
    texts: Mapped[dict[str, str]] = mapped_column(JsonColumn)
    names_talent_pool: Mapped[bool]
    added_at: Mapped[datetime] = mapped_column(Instant)


class ConsentEvent(Base):
    """The ledger: consent given or withdrawn, when, on which wording, how, recorded by whom."""

    __tablename__ = "consent_event"

    application_id: Mapped[UUID] = mapped_column(_id, _of_application(), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    change: Mapped[ConsentChange] = mapped_column(word(ConsentChange))
    at: Mapped[datetime] = mapped_column(Instant)
    wording_version: Mapped[str | None] = mapped_column(ForeignKey("consent_wording.version"))
    channel: Mapped[Channel] = mapped_column(word(Channel))
    recorded_by: Mapped[str] = mapped_column(String(100))


class Hold(Base):
    """A legal reason to keep, on an application or a procedure; the case reference is sealed."""

    __tablename__ = "hold"

    id: Mapped[UUID] = mapped_column(_id, primary_key=True)
    application_id: Mapped[UUID | None] = mapped_column(_id, _of_application(), index=True)
    procedure_id: Mapped[UUID | None] = mapped_column(_id, _of_procedure(), index=True)
    reason: Mapped[HoldReason] = mapped_column(word(HoldReason))
    sealed_reference: Mapped[bytes] = mapped_column(LargeBinary)
    reference_key_id: Mapped[str | None] = mapped_column(ForeignKey("keyring_key.id"))
    placed_at: Mapped[datetime] = mapped_column(Instant)
    placed_by: Mapped[str] = mapped_column(String(100))
    until: Mapped[date] = mapped_column(index=True)
    version: Mapped[int] = mapped_column(default=1)


class AccessCode(Base):
    """The applicant's own code as a digest, and how often its control questions were failed."""

    __tablename__ = "access_code"

    application_id: Mapped[UUID] = mapped_column(_id, _of_application(), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(Instant)
    issued_at: Mapped[datetime] = mapped_column(Instant)
    issued_by: Mapped[str] = mapped_column(String(100))


class PrivacyRequest(Base):
    """What a person asked for: dates, kind and outcome. They stay when the record goes.

    All else is forgotten with the record: which it was, who checked, what was said (sealed).
    """

    __tablename__ = "privacy_request"

    id: Mapped[UUID] = mapped_column(_id, primary_key=True)
    kind: Mapped[RequestKind] = mapped_column(word(RequestKind))
    received_on: Mapped[date]
    due_on: Mapped[date] = mapped_column(index=True)
    prolonged_months: Mapped[int] = mapped_column(default=0)
    prolonged_at: Mapped[datetime | None] = mapped_column(Instant)
    prolongation_reason: Mapped[ProlongationReason | None] = mapped_column(word(ProlongationReason))
    outcome: Mapped[Outcome | None] = mapped_column(word(Outcome))
    refusal_reason: Mapped[RefusalReason | None] = mapped_column(word(RefusalReason))
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    lifted_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=1)
    application_id: Mapped[UUID | None] = mapped_column(
        _id, ForeignKey("application.id", ondelete="SET NULL"), index=True
    )
    is_holding: Mapped[bool | None]
    channel: Mapped[Channel | None] = mapped_column(word(Channel))
    recorded_by: Mapped[str | None] = mapped_column(String(100))
    identity_check: Mapped[IdentityCheck | None] = mapped_column(word(IdentityCheck))
    identity_checked_at: Mapped[datetime | None] = mapped_column(Instant)
    identity_checked_by: Mapped[str | None] = mapped_column(String(100))
    closed_by: Mapped[str | None] = mapped_column(String(100))
    sealed_text: Mapped[bytes | None] = mapped_column(LargeBinary)


class Disclosure(Base):
    """That fields of one application were given to an organisation: which, why, when, by whom."""

    __tablename__ = "disclosure"

    id: Mapped[UUID] = mapped_column(_id, primary_key=True)
    application_id: Mapped[UUID] = mapped_column(_id, _of_application(), index=True)
    recipient: Mapped[str] = mapped_column(String(200))
    kind: Mapped[RecipientKind] = mapped_column(word(RecipientKind))
    reason: Mapped[DisclosureReason] = mapped_column(word(DisclosureReason))
    agreement: Mapped[str | None] = mapped_column(String(200))
    country: Mapped[str] = mapped_column(String(2))
    fields: Mapped[list[str]] = mapped_column(JsonColumn)
    at: Mapped[datetime] = mapped_column(Instant)
    disclosed_by: Mapped[str] = mapped_column(String(100))


class Notice(Base):
    """That a recipient must be told what became of an application, by its random id."""

    __tablename__ = "notice"

    id: Mapped[UUID] = mapped_column(_id, primary_key=True)
    application_id: Mapped[UUID] = mapped_column(_id, index=True)
    recipient: Mapped[str] = mapped_column(String(200))
    event: Mapped[Event] = mapped_column(word(Event))
    fields: Mapped[list[str]] = mapped_column(JsonColumn)
    made_on: Mapped[date]
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    confirmed_by: Mapped[str | None] = mapped_column(String(100))
    version: Mapped[int] = mapped_column(default=1)


class Delivery(Base):
    """The outbox: an event on its way to one subscribed system. Gone once it has arrived."""

    __tablename__ = "delivery"

    id: Mapped[UUID] = mapped_column(_id, primary_key=True)
    subscriber: Mapped[str] = mapped_column(String(60))
    event: Mapped[Event] = mapped_column(word(Event))
    application_id: Mapped[UUID] = mapped_column(_id)
    at: Mapped[datetime] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(Instant, index=True)


class ApiToken(Base):
    """A token's digest. Subjects are opaque ids of staff or systems.

    An applicant's token belongs to his application, whose id is its subject, and goes with it.
    """

    __tablename__ = "api_token"

    id: Mapped[UUID] = mapped_column(_id, primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    role: Mapped[Role] = mapped_column(word(Role))
    subject: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str] = mapped_column(String(100))
    expires_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    application_id: Mapped[UUID | None] = mapped_column(_id, _of_application(), index=True)


class AuditEvent(Base):
    """One decision: who, what, which applications by id, which fields by name. No values."""

    __tablename__ = "audit_event"
    __table_args__ = (Index("ix_audit_subject", "subject", "at"),)

    id: Mapped[UUID] = mapped_column(_id, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    role: Mapped[Role] = mapped_column(word(Role))
    subject: Mapped[str] = mapped_column(String(100))
    token_id: Mapped[UUID | None] = mapped_column(_id)
    action: Mapped[Action] = mapped_column(word(Action))
    outcome: Mapped[str] = mapped_column(String(60))
    purpose: Mapped[Purpose | None] = mapped_column(word(Purpose))
    application_ids: Mapped[list[str]] = mapped_column(JsonColumn)
    fields: Mapped[list[str]] = mapped_column(JsonColumn)
    shown: Mapped[int] = mapped_column(default=0)
    details: Mapped[dict[str, Any]] = mapped_column(JsonColumn)
    request_id: Mapped[UUID] = mapped_column(_id)


class ReadingTally(Base):
    """What one of the staff was shown in two clock hours, repeats counted. Applicants have none.

    Never less than the audit says, unless `hour` is yet to come, and one row to look at: who is far
    from his budget by it needs no sum. `before` is of the hour before `hour`.
    """

    __tablename__ = "reading_tally"
    __table_args__ = ({"postgresql_with": {"fillfactor": 50}},)  # room to count on in the same page

    subject: Mapped[str] = mapped_column(String(100), primary_key=True)
    hour: Mapped[datetime] = mapped_column(Instant)
    shown: Mapped[int]
    before: Mapped[int]


class PurgeRun(Base):
    """One call of the deletion job, or a plan of one: counts and dates only.

    A plan is `outdated` by the next run that leaves nothing due; no clock decides this.
    """

    __tablename__ = "purge_run"

    id: Mapped[UUID] = mapped_column(_id, primary_key=True)
    planned: Mapped[bool]
    at: Mapped[datetime] = mapped_column(Instant)
    today: Mapped[date]
    purged: Mapped[int] = mapped_column(default=0)
    remaining: Mapped[int] = mapped_column(default=0)
    passed_over: Mapped[int] = mapped_column(default=0)
    seconds: Mapped[float] = mapped_column(default=0.0)
    braked: Mapped[bool] = mapped_column(default=False)
    brake: Mapped[list[str]] = mapped_column(JsonColumn, default=list)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    confirmed_by: Mapped[str | None] = mapped_column(String(100))
    outdated: Mapped[bool] = mapped_column(default=False)
    plan_id: Mapped[UUID | None] = mapped_column(_id)
    completed_on: Mapped[date | None] = mapped_column(index=True)
    scrubbed_at: Mapped[datetime | None] = mapped_column(Instant)


class PurgeReceipt(Base):
    """What stays of a deleted application: its random id, the date, the rule and the run."""

    __tablename__ = "purge_receipt"

    application_id: Mapped[UUID] = mapped_column(_id, primary_key=True)
    run_id: Mapped[UUID | None] = mapped_column(_id, index=True)
    purged_on: Mapped[date]
    rule: Mapped[Rule] = mapped_column(word(Rule))


class StoredAnswer(Base):
    """The answer to a POST with an Idempotency-Key, sealed, for 24 hours.

    The client's key is kept as a keyed digest: clients put all sorts of things into it. When what
    was made is erased, that digest and its day alone stay, with an empty `fingerprint`: else a
    client that sends the same again would bring it back.
    """

    __tablename__ = "idempotency_key"

    scope: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(32))
    application_id: Mapped[UUID | None] = mapped_column(_id, _of_application(), index=True)
    kek_id: Mapped[str | None] = mapped_column(ForeignKey("keyring_key.id"))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)


class Installation(Base):
    """What this database is: a real one, or a demo's that accepts a clock given to it."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True)
    is_demo: Mapped[bool]
