"""Make a record cheaper: no table of processing records beside it, and no look in the index on events.

Revision ID: 0008
Revises: 0007

From here on the audit record of an action is its processing record too, in its own body. What the table holds stands in
no other place in this form; export it first if it must be kept (`signal-index ldv export` of the version before). Who
did what and when stays in the audit records.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")
COLUMNS: dict[str, TypeEngine[Any]] = {
    "trace_id": sa.LargeBinary(),
    "span_id": sa.LargeBinary(),
    "parent_span_id": sa.LargeBinary(),
    "status": sa.Text(),
    "started_at": MOMENT,
    "ended_at": MOMENT,
    "sealed_action": sa.LargeBinary(),
    "person_tag": sa.LargeBinary(),
    "sealed_subject": sa.LargeBinary(),
    "key_epoch": sa.Integer(),
}
BY_TIME = "ix_audit_records_recorded_at"
BY_EVENT = "ix_audit_records_event_recorded_at"
OPTIONAL = {"parent_span_id", "person_tag", "sealed_subject"}


def upgrade() -> None:
    """Drop the table, and make the indexes anew."""
    op.drop_table("processing_records")
    op.drop_index(BY_TIME, "audit_records")
    op.create_index(f"{BY_TIME}_writer_number", "audit_records", ["recorded_at", "writer", "number"])
    op.drop_index(BY_EVENT, "audit_records")
    no_look = sa.text("event NOT IN ('lookup.answered', 'lookup.refused')")
    op.create_index(
        BY_EVENT, "audit_records", ["event", "recorded_at"], sqlite_where=no_look, postgresql_where=no_look
    )


def downgrade() -> None:
    """Make the table again, empty, and the indexes as they were."""
    op.drop_index(f"{BY_TIME}_writer_number", "audit_records")
    op.create_index(BY_TIME, "audit_records", ["recorded_at"])
    op.drop_index(BY_EVENT, "audit_records")
    op.create_index(BY_EVENT, "audit_records", ["event", "recorded_at"])
    op.create_table(
        "processing_records",
        *(sa.Column(name, kind, nullable=name in OPTIONAL) for name, kind in COLUMNS.items()),
        sa.PrimaryKeyConstraint("trace_id", "span_id", name=op.f("pk_processing_records")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_processing_records_started_at"), "processing_records", ["started_at"])
