"""Make the tables of the source organisation: keys with days, own contact routes, and records of deliveries.

Revision ID: 0010
Revises: 0009
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DAY = sa.Date().with_variant(sa.Text(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")
YES_NO = sa.Boolean().with_variant(sa.Integer(), "sqlite")


def _key(name: str, kind: TypeEngine[Any], comment: str) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, autoincrement=False, comment=comment)


def _cell(name: str, kind: TypeEngine[Any], comment: str, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=optional, comment=comment)


def upgrade() -> None:
    """Make the tables; a publisher keeps the key in its own row until it gets one with days."""
    op.create_table(
        "publisher_keys",
        _key("publisher", sa.Text(), "OIN of the publisher"),
        _key("verify_key", sa.LargeBinary(), "Ed25519 public key, 32 bytes"),
        _cell("place", sa.Integer(), "0 for the oldest key of the publisher, one more for each after it"),
        _cell("valid_from", DAY, "first day on which it counts", optional=True),
        _cell("valid_until", DAY, "last day on which it counts", optional=True),
        sa.ForeignKeyConstraint(
            ["publisher"], ["publishers.oin"], name=op.f("fk_publisher_keys_publisher_publishers")
        ),
        sa.PrimaryKeyConstraint("publisher", "verify_key", name=op.f("pk_publisher_keys")),
        sqlite_strict=True,
    )
    op.create_table(
        "key_proposals",
        _key("proposal_id", sa.LargeBinary(), "16 random bytes"),
        _cell("publisher", sa.Text(), "OIN of the publisher it is for"),
        _cell("verify_key", sa.LargeBinary(), "Ed25519 public key, 32 bytes"),
        _cell("overlap_days", sa.Integer(), "days that the keys before it still count beside it"),
        _cell("proposed_by", sa.Text(), "staff id of the bronbeheerder who proposed it"),
        _cell("proposed_at", MOMENT, "when that was"),
        _cell("decided_by", sa.Text(), "staff id of the second person, once she decided", optional=True),
        _cell("decided_at", MOMENT, "when that was", optional=True),
        _cell("approved", YES_NO, "whether she put it in force", optional=True),
        sa.PrimaryKeyConstraint("proposal_id", name=op.f("pk_key_proposals")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_key_proposals_proposed_at"), "key_proposals", ["proposed_at"])
    op.create_table(
        "own_contacts",
        _key("source", sa.Text(), "code of the source"),
        _key("type", sa.Text(), "code of the signal type"),
        _cell("publisher", sa.Text(), "OIN of the organisation that chose it; it holds for no other"),
        _cell(
            "register_name",
            sa.Text(),
            "whom the register named then; once it names another, this holds no more",
        ),
        _cell("register_phone", sa.Text(), "the number in the register then, likewise"),
        _cell("contact_name", sa.Text(), "whom to ask for"),
        _cell("contact_phone", sa.Text(), "the number to call"),
        _cell("changed_on", DAY, "when the source chose it"),
        sa.PrimaryKeyConstraint("source", "type", name=op.f("pk_own_contacts")),
        sqlite_strict=True,
    )
    op.create_table(
        "delivery_records",
        _key("writer", sa.LargeBinary(), "whose chain the record of the answer is in"),
        _key("number", COUNT, "the record's number in that chain"),
        _cell("publisher", sa.Text(), "OIN of the publisher whose delivery it is about"),
        _cell("answered_at", MOMENT, "when it was answered, for finding and removing"),
        sa.PrimaryKeyConstraint("writer", "number", name=op.f("pk_delivery_records")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_delivery_records_publisher_answered_at"), "delivery_records", ["publisher", "answered_at"]
    )
    op.create_index(op.f("ix_delivery_records_answered_at"), "delivery_records", ["answered_at"])


def downgrade() -> None:
    """Drop them; each publisher is left with the newest key it was given, which its own row names."""
    for table in ("delivery_records", "own_contacts", "key_proposals", "publisher_keys"):
        op.drop_table(table)
