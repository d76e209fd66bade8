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
        _count("persons", "rows about persons that were accepted"),
        _count("misses", "of these, about somebody the index knew nothing of"),
        sa.Column(
            "alarms",
            sa.Text(),
            nullable=False,
            autoincrement=False,
            comment="alarms raised that day, parted by spaces; each once",
        ),
        sa.PrimaryKeyConstraint("publisher", "batch_class", "day", name=op.f("pk_tallies")),
        sqlite_strict=True,
    )


def _count(name: str, comment: str) -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column(name, kind, nullable=False, autoincrement=False, comment=comment)


def downgrade() -> None:
    """Drop it; days that were counted are lost, records of alarms are not."""
    op.drop_table("tallies")
