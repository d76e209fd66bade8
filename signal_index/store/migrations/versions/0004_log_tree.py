"""Make the tables of the log's tree, and call what a record commits with by its name.

Revision ID: 0004
Revises: 0003
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")


def _cell(name: str, kind: TypeEngine[Any], comment: str) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, autoincrement=False, comment=comment)


def upgrade() -> None:
    """Rename the column, then make the tables; records that are there go into the tree when a process serves."""
    op.execute("ALTER TABLE audit_records RENAME COLUMN leaf TO commitment")
    # What has passed its term is found by kind and age, and so is the last export or the last gap.
    op.create_index(op.f("ix_audit_records_event_recorded_at"), "audit_records", ["event", "recorded_at"])
    _tree()
    _head()


def _tree() -> None:
    op.create_table(
        "log_entries",
        _cell(
            "position",
            COUNT,
            "place in the tree: 0, 1, 2 ... without gaps; rows are immutable and never removed",
        ),
        _cell("writer", sa.LargeBinary(), "whose chain the record is in"),
        _cell("number", COUNT, "the record's number in that chain"),
        _cell(
            "commitment",
            sa.LargeBinary(),
            "the record's; stays when the record is erased, and tells nothing then",
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_log_entries")),
        sa.UniqueConstraint("writer", "number", name=op.f("uq_log_entries_writer_number")),
        sa.ForeignKeyConstraint(
            ["writer"], ["audit_writers.writer"], name=op.f("fk_log_entries_writer_audit_writers")
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "log_tiles",
        _cell("level", sa.Integer(), "0 for the leaves, one more for every 256 hashes"),
        _cell("tile", COUNT, "which group of 256 at this level"),
        _cell(
            "hashes",
            sa.LargeBinary(),
            "1 to 256 hashes of 32 bytes; only the last tile of a level ever grows",
        ),
        sa.PrimaryKeyConstraint("level", "tile", name=op.f("pk_log_tiles")),
        sqlite_strict=True,
    )
    op.create_table(
        "log_progress",
        _cell("writer", sa.LargeBinary(), "whose chain"),
        _cell("number", COUNT, "the last record of it that is in the tree"),
        sa.PrimaryKeyConstraint("writer", name=op.f("pk_log_progress")),
        sa.ForeignKeyConstraint(
            ["writer"], ["audit_writers.writer"], name=op.f("fk_log_progress_writer_audit_writers")
        ),
        sqlite_strict=True,
    )


def _head() -> None:
    op.create_table(
        "log_head",
        _cell("id", sa.Integer(), "always 1: there is one log in a database"),
        _cell("size", COUNT, "number of entries in the tree"),
        _cell("root", sa.LargeBinary(), "hash of the whole tree"),
        _cell("checkpoint", sa.LargeBinary(), "the signed note that says so"),
        _cell("signed_at", MOMENT, "when it was signed"),
        _cell("integrator", sa.LargeBinary(), "the process that puts records into the tree; the others wait"),
        _cell("integrator_until", MOMENT, "when another process may take over"),
        sa.CheckConstraint("id = 1", name=op.f("ck_log_head_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_head")),
        sqlite_strict=True,
    )
    op.create_table(
        "log_cosignatures",
        _cell("witness", sa.Text(), "name of the witness, as in its key"),
        _cell("size", COUNT, "size of the tree it cosigned last"),
        _cell("checkpoint", sa.LargeBinary(), "the signed note with its line beneath"),
        _cell("cosigned_at", MOMENT, "the moment in that line, by the clock of the witness"),
        sa.PrimaryKeyConstraint("witness", name=op.f("pk_log_cosignatures")),
        sqlite_strict=True,
    )
    op.create_table(
        "log_refusals",
        _cell("witness", sa.Text(), "name of the witness, as in its key"),
        _cell("reason", sa.Text(), "why it gave no cosignature the last time: a code"),
        _cell("since", MOMENT, "when this began; the row goes with the next cosignature"),
        sa.PrimaryKeyConstraint("witness", name=op.f("pk_log_refusals")),
        sqlite_strict=True,
    )


def downgrade() -> None:
    """Drop the tree; it can be made again, but only as a new log: witnesses remember this one."""
    for table in ("log_refusals", "log_cosignatures", "log_head", "log_progress", "log_tiles", "log_entries"):
        op.drop_table(table)
    op.drop_index(op.f("ix_audit_records_event_recorded_at"), "audit_records")
    op.execute("ALTER TABLE audit_records RENAME COLUMN commitment TO leaf")
