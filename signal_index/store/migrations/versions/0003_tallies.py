"""Make the table that counts what publishers deliver per day, to see a scan.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

DAY = sa.Date().with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "tallies",
        sa.Column(
            "publisher", sa.Text(), nullable=False, autoincrement=False, comment="OIN of the publisher"
        ),
        sa.Column(
            "batch_class", sa.Text(), nullable=False, autoincrement=False, comment="signaal or zorgrelatie"
        ),
        sa.Column(
            "day", DAY, nullable=False, autoincrement=False, comment="Dutch calendar day of acceptance"
        ),
        sa.Column(
            "sealed",
            sa.LargeBinary(),
            nullable=False,
            autoincrement=False,
            comment="rows about persons, how many of them nobody knew, and alarms, sealed and padded",
        ),
        sa.Column(
            "key_epoch",
            sa.Integer(),
            nullable=False,
            autoincrement=False,
            comment="epoch of the keys behind the tags and seals of this row",
        ),
        sa.PrimaryKeyConstraint("publisher", "batch_class", "day", name=op.f("pk_tallies")),
        sqlite_strict=True,
    )


def downgrade() -> None:
    """Drop it; days that were counted are lost, records of alarms are not."""
    op.drop_table("tallies")
