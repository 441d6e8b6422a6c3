"""what is due is counted from its index alone, what is held from one of its own"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

HELD = sa.text("hold_until IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_application_due", "application", ["purge_on", "hold_until"])
    op.create_index(
        "ix_application_held",
        "application",
        ["hold_until", "purge_on"],
        postgresql_where=HELD,
        sqlite_where=HELD,
    )
    op.drop_index("ix_application_purge_on", table_name="application")


def downgrade() -> None:
    op.create_index("ix_application_purge_on", "application", ["purge_on"])
    op.drop_index("ix_application_held", table_name="application")
    op.drop_index("ix_application_due", table_name="application")
