"""Make the table of impediments: objections of residents, and workers who know a resident outside their work.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

DAY = sa.Date().with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "impediments",
        sa.Column(
            "organisation",
            sa.Text(),
            nullable=False,
            autoincrement=False,
            comment="OIN of the organisation whose looks it stops",
        ),
        sa.Column(
            "impediment_id", sa.LargeBinary(), nullable=False, autoincrement=False, comment="16 random bytes"
        ),
        sa.Column(
            "person_tag",
            sa.LargeBinary(),
            nullable=False,
            comment="tag of organisation and person; differs in every table",
        ),
        sa.Column(
            "last_day",
            DAY,
            nullable=True,
            comment="inclusive, for removing; the sealed body has it too, and they must agree",
        ),
        sa.Column("sealed_person", sa.LargeBinary(), nullable=False, comment="pseudonym, sealed to this row"),
        sa.Column(
            "sealed_body",
            sa.LargeBinary(),
            nullable=False,
            comment="which kind, about whom, and who registered it when, sealed and padded",
        ),
        sa.Column(
            "key_epoch",
            sa.Integer(),
            nullable=False,
            comment="epoch of the keys behind the tags and seals of this row",
        ),
        sa.PrimaryKeyConstraint("organisation", "impediment_id", name=op.f("pk_impediments")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_impediments_person_tag"), "impediments", ["person_tag"])
    op.create_index(op.f("ix_impediments_last_day"), "impediments", ["last_day"])


def downgrade() -> None:
    """Drop it; what was registered and ended stays in the log."""
    op.drop_table("impediments")
