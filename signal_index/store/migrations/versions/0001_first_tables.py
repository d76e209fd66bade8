"""Make every table of the first version.

Revision ID: 0001
Revises: nothing
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DAY = sa.Date().with_variant(sa.Text(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.Integer(), "sqlite")
YES_NO = sa.Boolean().with_variant(sa.Integer(), "sqlite")


def _cell(name: str, kind: TypeEngine[Any], comment: str) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, autoincrement=False, comment=comment)


def _optional(name: str, kind: TypeEngine[Any], comment: str) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True, comment=comment)


def upgrade() -> None:
    """Make the tables."""
    _state_and_register()
    _flags()
    _relations()
    _staff_and_deliveries()
    _audit()


def downgrade() -> None:
    """Drop the tables, with everything in them."""
    for table in (
        "audit_records",
        "audit_writers",
        "publisher_sets",
        "acknowledgements",
        "deliveries",
        "staff_roles",
        "staff",
        "restrictions",
        "care_relations",
        "held_wishes",
        "flags",
        "series",
        "publications",
        "publishers",
        "index_state",
    ):
        op.drop_table(table)


def _state_and_register() -> None:
    op.create_table(
        "index_state",
        _cell("id", sa.Integer(), "always 1: there is one index in a database"),
        _cell("scope", sa.Text(), "the region this index serves; immutable"),
        _cell("incarnation", sa.LargeBinary(), "16 random bytes, new at each initialisation or restore"),
        _cell("key_epoch", sa.Integer(), "epoch of the keys in use"),
        _cell("bucket_bits", sa.Integer(), "bits of a keyed hash that choose a person's shard; 0 on SQLite"),
        _cell("key_check", sa.LargeBinary(), "tags that only the key file of this database makes; no secret"),
        _cell("created_at", MOMENT, "when the index was initialised"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_index_state")),
        sa.CheckConstraint("id = 1", name=op.f("ck_index_state_single")),
        sqlite_strict=True,
    )
    op.create_table(
        "publishers",
        _cell("oin", sa.Text(), "organisation identification number, 20 digits"),
        _cell("name", sa.Text(), "for people; never part of a decision"),
        _cell("verify_key", sa.LargeBinary(), "Ed25519 public key, 32 bytes"),
        _cell("items_per_batch", sa.Integer(), "the fixed number of items in its batches"),
        _cell("classes", sa.Text(), "kinds of batch it may send, sorted, separated by spaces"),
        _cell(
            "organisations",
            sa.Text(),
            "OINs whose care relations it may register, sorted, separated by spaces",
        ),
        sa.PrimaryKeyConstraint("oin", name=op.f("pk_publishers")),
        sqlite_strict=True,
    )
    op.create_table(
        "publications",
        _cell("source", sa.Text(), "code of the source"),
        _cell("type", sa.Text(), "code of the signal type"),
        _cell("source_name", sa.Text(), "name of the source, for people"),
        _cell("publisher", sa.Text(), "the one publisher of this source and type"),
        _cell("contact_name", sa.Text(), "whom to ask for"),
        _cell("contact_phone", sa.Text(), "the number to call"),
        sa.PrimaryKeyConstraint("source", "type", name=op.f("pk_publications")),
        sa.ForeignKeyConstraint(
            ["publisher"], ["publishers.oin"], name=op.f("fk_publications_publisher_publishers")
        ),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_publications_publisher"), "publications", ["publisher"])


def _flags() -> None:
    op.create_table(
        "series",
        _cell(
            "series_id", sa.LargeBinary(), "16 random bytes; all that a flag tells about its source and type"
        ),
        _cell("lookup_tag", sa.LargeBinary(), "tag of source and type"),
        _cell("generation", COUNT, "number of the complete set, counted by the publisher"),
        _cell("state", sa.Text(), "filling, current or abandoned"),
        _cell("row_count", COUNT, "flags stored in this series now"),
        _cell("accepted_count", COUNT, "distinct live wishes accepted in this series, stored or held"),
        _optional("as_of", DAY, "the source has processed its messages up to and including this day"),
        _cell("sealed", sa.LargeBinary(), "source and type, sealed and padded"),
        _cell("key_epoch", sa.Integer(), "epoch of the keys behind the tags and seals of this row"),
        sa.PrimaryKeyConstraint("series_id", name=op.f("pk_series")),
        sa.UniqueConstraint("lookup_tag", "generation", name=op.f("uq_series_lookup_tag_generation")),
        sa.CheckConstraint("row_count >= 0", name=op.f("ck_series_row_count")),
        sqlite_strict=True,
    )
    op.create_table(
        "flags",
        _cell("bucket", sa.Integer(), "shard of the person"),
        _cell("tag", sa.LargeBinary(), "tag of person and type: what a look-up asks for"),
        _cell("row_key", sa.LargeBinary(), "tag of person, type and source: one flag for each"),
        _cell("series_id", sa.LargeBinary(), "the anonymous series this flag stands in"),
        _cell("expiry_month", sa.Integer(), "last month it may be shown, counted in months since year 0"),
        _cell("key_epoch", sa.Integer(), "epoch of the keys behind the tags and seals of this row"),
        _cell("sealed", sa.LargeBinary(), "pseudonym and starting month, sealed to row_key"),
        sa.PrimaryKeyConstraint("bucket", "tag", "row_key", name=op.f("pk_flags")),
        sa.ForeignKeyConstraint(["series_id"], ["series.series_id"], name=op.f("fk_flags_series_id_series")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_flags_series_id_expiry_month"), "flags", ["series_id", "expiry_month"])
    op.create_table(
        "held_wishes",
        _cell("series_id", sa.LargeBinary(), "the open set this wish counts for"),
        _cell("wish_tag", sa.LargeBinary(), "tag of person and series; joins with no other table"),
        _cell("key_epoch", sa.Integer(), "epoch of the keys behind the tags and seals of this row"),
        _cell("sealed_person", sa.LargeBinary(), "pseudonym, sealed to this row"),
        sa.PrimaryKeyConstraint("series_id", "wish_tag", name=op.f("pk_held_wishes")),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.series_id"], name=op.f("fk_held_wishes_series_id_series")
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _relations() -> None:
    op.create_table(
        "care_relations",
        _cell("organisation", sa.Text(), "OIN of the organisation that gives the care"),
        _cell("relation_id", sa.LargeBinary(), "16 random bytes made by the feed, unique per organisation"),
        _cell("publisher", sa.Text(), "OIN of the feed; only this one may change it"),
        _cell("generation", COUNT, "the complete set it was last registered under"),
        _cell("ref_tag", sa.LargeBinary(), "tag of organisation and case reference"),
        _cell("worker_tag", sa.LargeBinary(), "tag of organisation and worker"),
        _cell("person_tag", sa.LargeBinary(), "tag of the person, different in every table"),
        _cell("valid_until", DAY, "last day; the sealed body has it too, and they must agree"),
        _optional("ended_on", DAY, "day the feed ended it; the sealed body has it too, and they must agree"),
        _cell("sealed_person", sa.LargeBinary(), "pseudonym, sealed to this row"),
        _cell(
            "sealed_body", sa.LargeBinary(), "worker, team, case reference and the rest, sealed and padded"
        ),
        _cell("key_epoch", sa.Integer(), "epoch of the keys behind the tags and seals of this row"),
        sa.PrimaryKeyConstraint("organisation", "relation_id", name=op.f("pk_care_relations")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_care_relations_person_tag"), "care_relations", ["person_tag"])
    op.create_index(
        op.f("ix_care_relations_publisher_generation"), "care_relations", ["publisher", "generation"]
    )
    op.create_index(
        op.f("ix_care_relations_worker_tag_relation_id"), "care_relations", ["worker_tag", "relation_id"]
    )
    op.create_table(
        "restrictions",
        _cell("person_tag", sa.LargeBinary(), "tag of the person, different in every table"),
        _cell("publisher", sa.Text(), "OIN of the publisher that stated it"),
        _cell("kind", sa.Text(), "overleden; no other kind yet"),
        _cell("generation", COUNT, "the complete set it was last stated under"),
        _cell("sealed_person", sa.LargeBinary(), "pseudonym, sealed to this row"),
        _cell("key_epoch", sa.Integer(), "epoch of the keys behind the tags and seals of this row"),
        sa.PrimaryKeyConstraint("person_tag", "publisher", name=op.f("pk_restrictions")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_restrictions_publisher_generation"), "restrictions", ["publisher", "generation"])


def _staff_and_deliveries() -> None:
    op.create_table(
        "staff",
        _cell("staff_id", sa.Text(), "subject of her token"),
        _cell("organisation", sa.Text(), "OIN of her organisation"),
        _cell("team", sa.Text(), "name of her team"),
        _cell("active", YES_NO, "whether the account may be used"),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_staff")),
        sqlite_strict=True,
    )
    op.create_table(
        "staff_roles",
        _cell("staff_id", sa.Text(), "who has the role"),
        _cell("role", sa.Text(), "code of the role"),
        _cell("granted_by", sa.Text(), "staff id of who gave it"),
        _cell("granted_at", MOMENT, "when it was given"),
        sa.PrimaryKeyConstraint("staff_id", "role", name=op.f("pk_staff_roles")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name=op.f("fk_staff_roles_staff_id_staff")),
        sqlite_strict=True,
    )
    op.create_table(
        "deliveries",
        _cell("publisher", sa.Text(), "OIN of the publisher"),
        _cell("next_sequence", COUNT, "the only sequence accepted next"),
        sa.PrimaryKeyConstraint("publisher", name=op.f("pk_deliveries")),
        sqlite_strict=True,
    )
    op.create_table(
        "acknowledgements",
        _cell("publisher", sa.Text(), "OIN of the publisher"),
        _cell("sequence", COUNT, "sequence of the accepted batch"),
        _cell("acknowledgement", sa.LargeBinary(), "the signed words, given again to a repeat; immutable"),
        _cell("accepted_at", MOMENT, "when the batch was accepted"),
        sa.PrimaryKeyConstraint("publisher", "sequence", name=op.f("pk_acknowledgements")),
        sqlite_strict=True,
    )
    op.create_table(
        "publisher_sets",
        _cell("publisher", sa.Text(), "OIN of the publisher"),
        _cell("batch_class", sa.Text(), "zorgrelatie or beperking"),
        _cell("state", sa.Text(), "filling or current"),
        _cell("generation", COUNT, "number of the complete set, counted by the publisher"),
        _cell("accepted_count", COUNT, "distinct live items accepted under it"),
        sa.PrimaryKeyConstraint("publisher", "batch_class", "state", name=op.f("pk_publisher_sets")),
        sqlite_strict=True,
    )


def _audit() -> None:
    op.create_table(
        "audit_writers",
        _cell("writer", sa.LargeBinary(), "8 random bytes, new at each start of a process"),
        _cell("kind", sa.Text(), "serve or cli"),
        _cell("registered_at", MOMENT, "time of its first record; a writer without records has lost them"),
        sa.PrimaryKeyConstraint("writer", name=op.f("pk_audit_writers")),
        sqlite_strict=True,
    )
    op.create_table(
        "audit_records",
        _cell("writer", sa.LargeBinary(), "whose chain it is in"),
        _cell(
            "number",
            COUNT,
            "1, 2, 3 ... without gaps per writer; immutable, as are all columns up to sealed_body",
        ),
        _cell("recorded_at", MOMENT, "never earlier than the record before it; the sealed body has it too"),
        _cell("event", sa.Text(), "what happened; the sealed body has it too"),
        _cell("salt", sa.LargeBinary(), "16 random bytes that keep the leaf from being guessed"),
        _cell("leaf", sa.LargeBinary(), "hash that commits to salt and body"),
        _cell("link", sa.LargeBinary(), "hash over the link before, the writer, the number and the leaf"),
        _cell("sealed_body", sa.LargeBinary(), "the record, sealed and padded"),
        _optional(
            "person_tag",
            sa.LargeBinary(),
            "tag of the person concerned; outside the leaf, as a change of keys rewrites it",
        ),
        _optional(
            "sealed_subject",
            sa.LargeBinary(),
            "pseudonym of the person concerned, sealed to this row; outside the leaf",
        ),
        _cell("key_epoch", sa.Integer(), "epoch of the keys behind the tags and seals of this row"),
        sa.PrimaryKeyConstraint("writer", "number", name=op.f("pk_audit_records")),
        sa.ForeignKeyConstraint(
            ["writer"], ["audit_writers.writer"], name=op.f("fk_audit_records_writer_audit_writers")
        ),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_audit_records_person_tag"), "audit_records", ["person_tag"])
    op.create_index(op.f("ix_audit_records_recorded_at"), "audit_records", ["recorded_at"])
