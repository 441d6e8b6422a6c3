"""access codes, requests, disclosures, notices, deliveries and restriction"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subscriber", sa.String(length=60), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_delivery_next_at"), "delivery", ["next_at"], unique=False)
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("recipient", sa.String(length=200), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.String(length=100), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_notice_application_id"), "notice", ["application_id"], unique=False)
    op.create_index(op.f("ix_notice_confirmed_at"), "notice", ["confirmed_at"], unique=False)
    op.create_table(
        "access_code",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("application_id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_table(
        "disclosure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("recipient", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("agreement", sa.String(length=200), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disclosed_by", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_disclosure_application_id"), "disclosure", ["application_id"], unique=False
    )
    op.create_table(
        "privacy_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("prolonged_months", sa.Integer(), nullable=False),
        sa.Column("prolonged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("prolongation_reason", sa.String(length=40), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("refusal_reason", sa.String(length=40), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("is_holding", sa.Boolean(), nullable=True),
        sa.Column("channel", sa.String(length=40), nullable=True),
        sa.Column("recorded_by", sa.String(length=100), nullable=True),
        sa.Column("identity_check", sa.String(length=40), nullable=True),
        sa.Column("identity_checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("identity_checked_by", sa.String(length=100), nullable=True),
        sa.Column("closed_by", sa.String(length=100), nullable=True),
        sa.Column("sealed_text", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_privacy_request_application_id"),
        "privacy_request",
        ["application_id"],
        unique=False,
    )
    op.create_index(op.f("ix_privacy_request_due_on"), "privacy_request", ["due_on"], unique=False)
    # A handover was a disclosure to personnel all along; one a record, so that its id will do.
    op.execute(
        "INSERT INTO disclosure (id, application_id, recipient, kind, reason, country, fields,"
        " at, disclosed_by) SELECT application_id, application_id, 'personnel', 'personnel',"
        " 'hired', 'NL', fields, at, handed_over_by FROM handover"
    )
    op.drop_table("handover")
    with op.batch_alter_table("api_token") as batch:  # SQLite adds a foreign key by copying
        batch.add_column(sa.Column("application_id", sa.Uuid(), nullable=True))
        batch.create_foreign_key(
            "api_token_application_id_fkey",
            "application",
            ["application_id"],
            ["id"],
            ondelete="CASCADE",
        )
    op.create_index(
        op.f("ix_api_token_application_id"), "api_token", ["application_id"], unique=False
    )
    op.add_column(
        "application", sa.Column("restricted_at", sa.DateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    # The code before this knows neither role, and could not list their tokens.
    op.execute("DELETE FROM api_token WHERE role IN ('applicant', 'mailer')")
    op.drop_column("application", "restricted_at")
    op.drop_index(op.f("ix_api_token_application_id"), table_name="api_token")
    with op.batch_alter_table("api_token") as batch:
        batch.drop_constraint("api_token_application_id_fkey", type_="foreignkey")
        batch.drop_column("application_id")
    op.create_table(
        "handover",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handed_over_by", sa.String(length=100), nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("application_id"),
    )
    op.execute(
        "INSERT INTO handover (application_id, at, handed_over_by, fields)"
        " SELECT application_id, at, disclosed_by, fields FROM disclosure WHERE reason = 'hired'"
    )
    op.drop_index(op.f("ix_privacy_request_due_on"), table_name="privacy_request")
    op.drop_index(op.f("ix_privacy_request_application_id"), table_name="privacy_request")
    op.drop_table("privacy_request")
    op.drop_index(op.f("ix_disclosure_application_id"), table_name="disclosure")
    op.drop_table("disclosure")
    op.drop_table("access_code")
    op.drop_index(op.f("ix_notice_confirmed_at"), table_name="notice")
    op.drop_index(op.f("ix_notice_application_id"), table_name="notice")
    op.drop_table("notice")
    op.drop_index(op.f("ix_delivery_next_at"), table_name="delivery")
    op.drop_table("delivery")
