"""Make the tables of review.

Revision ID: 0005
Revises: 0004
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DAY = sa.Date().with_variant(sa.Text(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")


def _cell(name: str, kind: TypeEngine[Any], comment: str, *, optional: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=optional, autoincrement=False, comment=comment)


def _key_epoch() -> sa.Column[Any]:
    return _cell("key_epoch", sa.Integer(), "epoch of the keys behind the tags and seals of this row")


def upgrade() -> None:
    """Make the tables; the first run of the review reads the log of the last three months."""
    _reviews()
    op.create_table(
        "review_state",
        _cell("id", sa.Integer(), "always 1: there is one log in a database"),
        _cell("read_up_to", COUNT, "the first position of the log's tree that was not read for review"),
        sa.CheckConstraint("id = 1", name=op.f("ck_review_state_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_state")),
        sqlite_strict=True,
    )
    op.create_table(
        "review_weeks",
        _cell("monday", DAY, "first day of the week"),
        _cell("looks", COUNT, "looks made in it, refused attempts included"),
        _cell("chosen_on", DAY, "when its list was made"),
        sa.PrimaryKeyConstraint("monday", name=op.f("pk_review_weeks")),
        sqlite_strict=True,
    )
    op.create_table(
        "watches",
        _cell("watch_id", sa.LargeBinary(), "16 random bytes"),
        _cell("until", DAY, "last day; the sealed body has it too, and they must agree"),
        _cell(
            "sealed_body",
            sa.LargeBinary(),
            "which case or worker, who asked for it and when, sealed and padded",
        ),
        _key_epoch(),
        sa.PrimaryKeyConstraint("watch_id", name=op.f("pk_watches")),
        sqlite_strict=True,
    )


def _reviews() -> None:
    op.create_table(
        "reviews",
        _cell("writer", sa.LargeBinary(), "chain of the look's record"),
        _cell("number", COUNT, "number of the look's record in that chain"),
        _cell("looked_at", MOMENT, "when the look was made; the sealed body has it too, and they must agree"),
        _cell(
            "rank",
            sa.Integer(),
            "puts looks in order, says nothing of a person; must agree with the sealed body",
        ),
        _cell(
            "chosen",
            sa.Text(),
            "opvallend or steekproef; empty while it is on no list; must agree as well",
            optional=True,
        ),
        _cell("chosen_on", DAY, "when it came on the list; must agree as well", optional=True),
        _cell(
            "judgement",
            sa.Text(),
            "terecht, vraag or onterecht, the last one given; must agree as well",
            optional=True,
        ),
        _cell(
            "sealed_body",
            sa.LargeBinary(),
            "who looked, at which case, why it stands out and who judged it",
        ),
        _key_epoch(),
        sa.PrimaryKeyConstraint("writer", "number", name=op.f("pk_reviews")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_reviews_looked_at"), "reviews", ["looked_at"])
    op.create_index(op.f("ix_reviews_chosen_on"), "reviews", ["chosen_on"])


def downgrade() -> None:
    """Drop the tables; judgements stay in the log, the work list does not."""
    for table in ("watches", "review_weeks", "review_state", "reviews"):
        op.drop_table(table)
