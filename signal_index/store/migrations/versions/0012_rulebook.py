"""Make the tables of the rulebook: sets of rules and who agreed to them.

Revision ID: 0012
Revises: 0011
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")


def _cell(name: str, kind: TypeEngine[Any], comment: str, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=optional, comment=comment)


def upgrade() -> None:
    """Make the tables; until a set of rules is adopted in them, every look-up is refused."""
    op.create_table(
        "rule_sets",
        _cell("digest", sa.Text(), "SHA-256 over the files that decide, hex"),
        _cell("files", sa.LargeBinary(), "every file by name, as JSON, zlib-compressed"),
        _cell("proposed_by", sa.Text(), "staff id, or set-up"),
        _cell("proposed_at", MOMENT, "when that was"),
        _cell("refused_by", sa.Text(), "staff id of who refused it", optional=True),
        _cell("refused_at", MOMENT, "when that was", optional=True),
        _cell("adopted_at", MOMENT, "when the second of two people agreed", optional=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_rule_sets")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_rule_sets_adopted_at"), "rule_sets", ["adopted_at"])
    op.create_table(
        "rule_approvals",
        _cell("digest", sa.Text(), "the set of rules"),
        _cell("role", sa.Text(), "role in which she agreed"),
        _cell("staff_id", sa.Text(), "who agreed"),
        _cell("approved_at", MOMENT, "when that was"),
        sa.ForeignKeyConstraint(
            ["digest"], ["rule_sets.digest"], name=op.f("fk_rule_approvals_digest_rule_sets")
        ),
        sa.PrimaryKeyConstraint("digest", "role", name=op.f("pk_rule_approvals")),
        sqlite_strict=True,
    )


def downgrade() -> None:
    """Drop them; the sets that counted stay in the records by their digest only."""
    op.drop_table("rule_approvals")
    op.drop_table("rule_sets")
