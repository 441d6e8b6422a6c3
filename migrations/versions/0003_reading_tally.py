"""the tally of what each subject was shown"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# A tally is never less than the audit: what was just shown counts for the hour that has begun.
COUNTED = """
    INSERT INTO reading_tally (subject, hour, shown, before)
    SELECT subject, date_trunc('hour', max(at)), sum(shown), 0
    FROM audit_event
    WHERE shown > 0 AND at > now() - interval '2 hours' AND role <> 'applicant'
    GROUP BY subject
"""


def upgrade() -> None:
    op.create_table(
        "reading_tally",
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.Column("before", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject"),
        postgresql_with={"fillfactor": 50},
    )
    if op.get_bind().dialect.name == "postgresql":  # alone uses it
        op.execute(COUNTED)


def downgrade() -> None:
    op.drop_table("reading_tally")
