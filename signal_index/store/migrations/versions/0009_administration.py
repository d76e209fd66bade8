"""Make the tables of administration, and keep the day a member of staff was last seen and last confirmed.

Revision ID: 0009
Revises: 0008
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

DAY = sa.Date().with_variant(sa.Text(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")
YES_NO = sa.Boolean().with_variant(sa.Integer(), "sqlite")


def _cell(name: str, kind: TypeEngine[Any], comment: str, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=optional, autoincrement=False, comment=comment)


def upgrade() -> None:
    """Make the tables and the columns; the days count from the first daily job on."""
    for name, comment in (
        ("seen_on", "day she last signed in, was added or let in again; empty before that counted"),
        ("confirmed_on", "day it was last said that she works in this team; empty likewise"),
    ):
        op.add_column("staff", _cell(name, DAY, comment, optional=True))
    _proposals()
    op.create_table(
        "team_confirmations",
        _cell("organisation", sa.Text(), "OIN of the team's organisation"),
        _cell("team", sa.Text(), "name of the team"),
        _cell("confirmed_on", DAY, "the day somebody looked through it"),
        _cell("confirmed_by", sa.Text(), "staff id of who did"),
        _cell("members", sa.Text(), "staff ids of who works there, sorted, separated by spaces"),
        sa.PrimaryKeyConstraint(
            "organisation", "team", "confirmed_on", "confirmed_by", name=op.f("pk_team_confirmations")
        ),
        sqlite_strict=True,
    )


def _proposals() -> None:
    op.create_table(
        "proposals",
        _cell("proposal_id", sa.LargeBinary(), "16 random bytes"),
        _cell("what", sa.Text(), "which change: one of a closed list"),
        _cell("staff_id", sa.Text(), "whom it is about"),
        _cell("role", sa.Text(), "the role that is given or taken away", optional=True),
        _cell("organisation", sa.Text(), "OIN of where she moves to", optional=True),
        _cell("team", sa.Text(), "name of the team she moves to", optional=True),
        _cell("why", sa.Text(), "the reason: one of a closed list"),
        _cell("entry", sa.LargeBinary(), "digest of her entry when it was proposed"),
        _cell("proposed_by", sa.Text(), "staff id of who proposed it"),
        _cell("proposed_at", MOMENT, "when; after fourteen days nobody can decide any more"),
        _cell(
            "decided_by",
            sa.Text(),
            "staff id of who decided; never who proposed it, or whom it is about",
            optional=True,
        ),
        _cell("decided_at", MOMENT, "when it was decided", optional=True),
        _cell("approved", YES_NO, "what was decided", optional=True),
        sa.PrimaryKeyConstraint("proposal_id", name=op.f("pk_proposals")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_proposals_proposed_at"), "proposals", ["proposed_at"])


def downgrade() -> None:
    """Drop them; what was changed stays, and so do the records of it."""
    op.drop_table("team_confirmations")
    op.drop_table("proposals")
    op.drop_column("staff", "confirmed_on")
    op.drop_column("staff", "seen_on")
