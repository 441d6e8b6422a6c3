"""applications, procedures, consent, holds, keys, audit and purge"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=100), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_table(
        "audit_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("token_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=60), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=True),
        sa.Column("application_ids", JSON, nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_audit_event_at"), "audit_event", ["at"], unique=False)
    op.create_index("ix_audit_subject", "audit_event", ["subject", "at"], unique=False)
    op.create_table(
        "consent_wording",
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("texts", JSON, nullable=False),
        sa.Column("names_talent_pool", sa.Boolean(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version"),
    )
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "keyring_key",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=10), nullable=False),
        sa.Column("check_value", sa.String(length=16), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "procedure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("apply_until", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("reference"),
    )
    op.create_index(op.f("ix_procedure_ends_on"), "procedure", ["ends_on"], unique=False)
    op.create_table(
        "purge_receipt",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("purged_on", sa.Date(), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("application_id"),
    )
    op.create_index(op.f("ix_purge_receipt_run_id"), "purge_receipt", ["run_id"], unique=False)
    op.create_table(
        "purge_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("planned", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("today", sa.Date(), nullable=False),
        sa.Column("purged", sa.Integer(), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.Column("passed_over", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("braked", sa.Boolean(), nullable=False),
        sa.Column("brake", JSON, nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.String(length=100), nullable=True),
        sa.Column("outdated", sa.Boolean(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("completed_on", sa.Date(), nullable=True),
        sa.Column("scrubbed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_purge_run_completed_on"), "purge_run", ["completed_on"], unique=False)
    op.create_table(
        "application",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("procedure_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("statement_version", sa.String(length=40), nullable=False),
        sa.Column("purge_on", sa.Date(), nullable=False),
        sa.Column("hold_until", sa.Date(), nullable=True),
        sa.Column("email_index", sa.LargeBinary(length=32), nullable=True),
        sa.Column("index_key_id", sa.String(length=40), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed_name", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_email", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_phone", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_other_contact", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_address", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_birth_date", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_age", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_gender", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_nationality", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_work_permit", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_education", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_internships", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_work_experience", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_trainings", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_certificates", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_availability", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_motivation", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_other", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_references", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_assessments", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_assessment_results", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_notes", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["index_key_id"], ["keyring_key.id"]),
        sa.ForeignKeyConstraint(["procedure_id"], ["procedure.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_application_email", "application", ["procedure_id", "email_index"], unique=False
    )
    op.create_index("ix_application_procedure", "application", ["procedure_id", "id"], unique=False)
    op.create_index(op.f("ix_application_purge_on"), "application", ["purge_on"], unique=False)
    op.create_table(
        "team_member",
        sa.Column("procedure_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["procedure_id"], ["procedure.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("procedure_id", "subject"),
    )
    op.create_index(op.f("ix_team_member_subject"), "team_member", ["subject"], unique=False)
    op.create_table(
        "consent_event",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("change", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wording_version", sa.String(length=40), nullable=True),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["wording_version"], ["consent_wording.version"]),
        sa.PrimaryKeyConstraint("application_id", "number"),
    )
    op.create_table(
        "document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed_name", sa.LargeBinary(), nullable=False),
        sa.Column("header", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_document_application_id"), "document", ["application_id"], unique=False
    )
    op.create_table(
        "handover",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handed_over_by", sa.String(length=100), nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("application_id"),
    )
    op.create_table(
        "hold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("procedure_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("sealed_reference", sa.LargeBinary(), nullable=False),
        sa.Column("reference_key_id", sa.String(length=40), nullable=True),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("placed_by", sa.String(length=100), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["procedure_id"], ["procedure.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["reference_key_id"], ["keyring_key.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_hold_application_id"), "hold", ["application_id"], unique=False)
    op.create_index(op.f("ix_hold_procedure_id"), "hold", ["procedure_id"], unique=False)
    op.create_index(op.f("ix_hold_until"), "hold", ["until"], unique=False)
    op.create_table(
        "idempotency_key",
        sa.Column("scope", sa.LargeBinary(length=32), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("kek_id", sa.String(length=40), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["kek_id"], ["keyring_key.id"]),
        sa.PrimaryKeyConstraint("scope"),
    )
    op.create_index(
        op.f("ix_idempotency_key_application_id"),
        "idempotency_key",
        ["application_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_idempotency_key_expires_at"), "idempotency_key", ["expires_at"], unique=False
    )
    op.create_table(
        "record_key",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("kek_id", sa.String(length=40), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["kek_id"], ["keyring_key.id"]),
        sa.PrimaryKeyConstraint("application_id"),
    )
    op.create_index(op.f("ix_record_key_kek_id"), "record_key", ["kek_id"], unique=False)
    op.create_table(
        "document_chunk",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("document_id", "number"),
    )


def downgrade() -> None:
    op.drop_table("document_chunk")
    op.drop_index(op.f("ix_record_key_kek_id"), table_name="record_key")
    op.drop_table("record_key")
    op.drop_index(op.f("ix_idempotency_key_expires_at"), table_name="idempotency_key")
    op.drop_index(op.f("ix_idempotency_key_application_id"), table_name="idempotency_key")
    op.drop_table("idempotency_key")
    op.drop_index(op.f("ix_hold_until"), table_name="hold")
    op.drop_index(op.f("ix_hold_procedure_id"), table_name="hold")
    op.drop_index(op.f("ix_hold_application_id"), table_name="hold")
    op.drop_table("hold")
    op.drop_table("handover")
    op.drop_index(op.f("ix_document_application_id"), table_name="document")
    op.drop_table("document")
    op.drop_table("consent_event")
    op.drop_index(op.f("ix_team_member_subject"), table_name="team_member")
    op.drop_table("team_member")
    op.drop_index(op.f("ix_application_purge_on"), table_name="application")
    op.drop_index("ix_application_procedure", table_name="application")
    op.drop_index("ix_application_email", table_name="application")
    op.drop_table("application")
    op.drop_index(op.f("ix_purge_run_completed_on"), table_name="purge_run")
    op.drop_table("purge_run")
    op.drop_index(op.f("ix_purge_receipt_run_id"), table_name="purge_receipt")
    op.drop_table("purge_receipt")
    op.drop_index(op.f("ix_procedure_ends_on"), table_name="procedure")
    op.drop_table("procedure")
    op.drop_table("keyring_key")
    op.drop_table("installation")
    op.drop_table("consent_wording")
    op.drop_index("ix_audit_subject", table_name="audit_event")
    op.drop_index(op.f("ix_audit_event_at"), table_name="audit_event")
    op.drop_table("audit_event")
    op.drop_table("api_token")
