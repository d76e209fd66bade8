"""Make the row that counts changes, for which whoever changes something waits on PostgreSQL.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make it, and begin at nought."""
    made = op.create_table(
        "change_counter",
        sa.Column(
            "id",
            sa.Integer(),
            nullable=False,
            autoincrement=False,
            comment="always 1: whoever changes something waits for this row",
        ),
        sa.Column(
            "number",
            COUNT,
            nullable=False,
            comment="transactions that changed something; on SQLite the file counts them itself",
        ),
        sa.CheckConstraint("id = 1", name=op.f("ck_change_counter_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_counter")),
        sqlite_strict=True,
    )
    op.bulk_insert(made, [{"id": 1, "number": 0}])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("change_counter")
