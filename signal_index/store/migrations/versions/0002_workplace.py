"""Make the tables of the workplace, the entrances of the register, and names of members of staff.

Revision ID: 0002
Revises: 0001
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

DAY = sa.Date().with_variant(sa.Text(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")


def _cell(name: str, kind: TypeEngine[Any], comment: str) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, autoincrement=False, comment=comment)


def _key_epoch() -> sa.Column[Any]:
    return _cell("key_epoch", sa.Integer(), "epoch of the keys behind the tags and seals of this row")


def upgrade() -> None:
    """Make the tables and the column."""
    _register_and_staff()
    _sessions_and_tickets()
    _views_and_covers()
    _questions()


def downgrade() -> None:
    """Drop them, with everything in them: sign-ins end, and covers, questions and preferences are lost."""
    for table in ("questions", "covers", "views", "used_tickets", "sessions", "preferences", "entrances"):
        op.drop_table(table)
    op.drop_column("staff", "name")


def _register_and_staff() -> None:
    op.create_table(
        "entrances",
        _cell("issuer", sa.Text(), "what its tickets say who made them, to the letter"),
        _cell("name", sa.Text(), "for people; never part of a decision"),
        _cell("organisation", sa.Text(), "OIN of the organisation whose relations it may open"),
        _cell("verify_key", sa.LargeBinary(), "Ed25519 public key, 32 bytes"),
        sa.PrimaryKeyConstraint("issuer", name=op.f("pk_entrances")),
        sqlite_strict=True,
    )
    op.add_column(
        "staff",
        sa.Column(
            "name",
            sa.Text(),
            nullable=False,
            server_default="",
            comment="for colleagues to recognise her by; empty when nobody gave one",
        ),
    )
    op.create_table(
        "preferences",
        _cell("staff_id", sa.Text(), "whose choices these are"),
        sa.Column(
            "digest_to",
            sa.Text(),
            nullable=True,
            comment="address for the daily digest; empty when she wants none",
        ),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_preferences")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name=op.f("fk_preferences_staff_id_staff")),
        sqlite_strict=True,
    )


def _sessions_and_tickets() -> None:
    op.create_table(
        "sessions",
        _cell(
            "session_tag",
            sa.LargeBinary(),
            "tag of the secret in the cookie, which cannot be made from it",
        ),
        _cell(
            "staff_tag",
            sa.LargeBinary(),
            "tag of the member of staff, to end all she has; differs in every table",
        ),
        _cell(
            "seen_at",
            MOMENT,
            "last request, for removing; the sealed body has it too, and they must agree",
        ),
        _cell("sealed_body", sa.LargeBinary(), "who she is, her role and her form token, sealed and padded"),
        _key_epoch(),
        sa.PrimaryKeyConstraint("session_tag", name=op.f("pk_sessions")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_sessions_staff_tag"), "sessions", ["staff_tag"])
    op.create_index(op.f("ix_sessions_seen_at"), "sessions", ["seen_at"])
    op.create_table(
        "used_tickets",
        _cell("ticket_tag", sa.LargeBinary(), "tag of a ticket that must not work again; leads to nobody"),
        _cell("expires_at", MOMENT, "when the ticket would stop working by itself, and the row may go"),
        _key_epoch(),
        sa.PrimaryKeyConstraint("ticket_tag", name=op.f("pk_used_tickets")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_used_tickets_expires_at"), "used_tickets", ["expires_at"])


def _views_and_covers() -> None:
    op.create_table(
        "views",
        _cell("worker_tag", sa.LargeBinary(), "tag of who looked, different in every table"),
        _cell(
            "view_id",
            sa.LargeBinary(),
            "16 random bytes; behind the tag, so that another's is the same miss as none",
        ),
        _cell("opened_at", MOMENT, "when, for removing; the sealed body has it too, and they must agree"),
        _cell("sealed_body", sa.LargeBinary(), "case, purpose and what was allowed, sealed and padded"),
        _key_epoch(),
        sa.PrimaryKeyConstraint("worker_tag", "view_id", name=op.f("pk_views")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_views_opened_at"), "views", ["opened_at"])
    op.create_table(
        "covers",
        _cell("organisation", sa.Text(), "OIN of the organisation they both work for"),
        _cell("cover_id", sa.LargeBinary(), "16 random bytes"),
        _cell("delegate_tag", sa.LargeBinary(), "tag of organisation and who looks"),
        _cell("absentee_tag", sa.LargeBinary(), "tag of organisation and whose cases they are"),
        _cell("team_tag", sa.LargeBinary(), "tag of organisation and team"),
        _cell("last_day", DAY, "inclusive, for removing; the sealed body has it too, and they must agree"),
        _cell("sealed_body", sa.LargeBinary(), "who, for whom, when and why, sealed and padded"),
        _key_epoch(),
        sa.PrimaryKeyConstraint("organisation", "cover_id", name=op.f("pk_covers")),
        sqlite_strict=True,
    )
    for column in ("delegate_tag", "absentee_tag", "team_tag", "last_day"):
        op.create_index(op.f(f"ix_covers_{column}"), "covers", [column])


def _questions() -> None:
    op.create_table(
        "questions",
        _cell("reference", sa.Text(), "what people name on the phone; random, and says nothing"),
        _cell("flag_tag", sa.LargeBinary(), "tag of person, source and type"),
        _cell("asker_tag", sa.LargeBinary(), "tag of organisation and who asked"),
        _cell("source_tag", sa.LargeBinary(), "tag of the source that has to answer"),
        _cell("due_on", DAY, "last day for an answer; the sealed body has it too, and they must agree"),
        _cell("sealed_person", sa.LargeBinary(), "pseudonym, sealed to this row"),
        _cell(
            "sealed_body",
            sa.LargeBinary(),
            "who asked, about which source and type, and the answer, sealed and padded",
        ),
        _key_epoch(),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_questions")),
        sqlite_strict=True,
    )
    for column in ("flag_tag", "asker_tag", "source_tag", "due_on"):
        op.create_index(op.f(f"ix_questions_{column}"), "questions", [column])
