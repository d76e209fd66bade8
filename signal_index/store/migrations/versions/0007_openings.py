"""Make the table of openings: requests to know which case stands behind a look.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "openings",
        sa.Column(
            "organisation",
            sa.Text(),
            nullable=False,
            autoincrement=False,
            comment="OIN of the privacy officers' organisation",
        ),
        sa.Column(
            "opening_id", sa.LargeBinary(), nullable=False, autoincrement=False, comment="16 random bytes"
        ),
        sa.Column(
            "asked_at",
            MOMENT,
            nullable=False,
            comment="when, for removing; the sealed body has it too, and they must agree",
        ),
        sa.Column("look_tag", sa.LargeBinary(), nullable=False, comment="tag of the look's record"),
        sa.Column(
            "sealed_body",
            sa.LargeBinary(),
            nullable=False,
            comment="which look, why, who asked and who decided what, sealed and padded",
        ),
        sa.Column(
            "key_epoch",
            sa.Integer(),
            nullable=False,
            comment="epoch of the keys behind the tags and seals of this row",
        ),
        sa.PrimaryKeyConstraint("organisation", "opening_id", name=op.f("pk_openings")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_openings_look_tag"), "openings", ["look_tag"])
    op.create_index(op.f("ix_openings_asked_at"), "openings", ["asked_at"])


def downgrade() -> None:
    """Drop it; what was opened before stays in the log."""
    op.drop_table("openings")
