"""Make the log of processing operations; what was recorded before has no records in it.

Revision ID: 0006
Revises: 0005
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")


def _cell(name: str, kind: TypeEngine[Any], comment: str, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=optional, autoincrement=False, comment=comment)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "processing_records",
        _cell(
            "trace_id",
            sa.LargeBinary(),
            "16 random bytes of the request, the caller's if it has one; immutable, like all here",
        ),
        _cell(
            "span_id",
            sa.LargeBinary(),
            "8 random bytes of this action; the audit record of the action names both, sealed",
        ),
        _cell("parent_span_id", sa.LargeBinary(), "8 bytes of the caller's action", optional=True),
        _cell("status", sa.Text(), "Unset, or Error when the index could not come to a decision"),
        _cell("started_at", MOMENT, "when the action began"),
        _cell("ended_at", MOMENT, "when it was recorded"),
        _cell(
            "sealed_action",
            sa.LargeBinary(),
            "activity, its name and who asked from outside, sealed and padded",
        ),
        _cell("person_tag", sa.LargeBinary(), "tag of the person concerned", optional=True),
        _cell(
            "sealed_subject",
            sa.LargeBinary(),
            "pseudonym of the person concerned, sealed to this row",
            optional=True,
        ),
        _cell("key_epoch", sa.Integer(), "epoch of the keys behind the tags and seals of this row"),
        sa.PrimaryKeyConstraint("trace_id", "span_id", name=op.f("pk_processing_records")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_processing_records_started_at"), "processing_records", ["started_at"])


def downgrade() -> None:
    """Drop it, with what it holds; export it first."""
    op.drop_table("processing_records")
