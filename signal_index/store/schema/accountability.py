"""The tables of the log: its records, the tree they are put into, and who cosigned it."""

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from signal_index.store.sql import Count, Moment, cell, key, key_epoch, optional

from .base import metadata

NO_LOOK = text("event NOT IN ('lookup.answered', 'lookup.refused')")
"""What an index on the kind of event leaves out: looks are most of the log, found by time, and must be cheap to record.
A query uses that index only if it says the very same."""

audit_writers = Table(
    "audit_writers",
    metadata,
    key("writer", LargeBinary, "8 random bytes, new at each start of a process"),
    cell("kind", Text, "serve or cli"),
    cell("registered_at", Moment, "time of its first record; a writer without records has lost them"),
    sqlite_strict=True,
)

audit_records = Table(
    "audit_records",
    metadata,
    key("writer", LargeBinary, "whose chain it is in", ForeignKey("audit_writers.writer")),
    key(
        "number",
        Count,
        "1, 2, 3 ... without gaps per writer; immutable, as are all columns up to sealed_body",
    ),
    cell("recorded_at", Moment, "never earlier than the record before it; the sealed body has it too"),
    cell("event", Text, "what happened; the sealed body has it too"),
    cell("salt", LargeBinary, "16 random bytes that keep the leaf from being guessed"),
    cell("commitment", LargeBinary, "hash that commits to salt and body"),
    cell("link", LargeBinary, "hash over the link before, the writer, the number and the leaf"),
    cell("sealed_body", LargeBinary, "the record, sealed and padded"),
    optional(
        "person_tag",
        LargeBinary,
        "tag of the person concerned; outside the leaf, as a change of keys rewrites it",
    ),
    optional(
        "sealed_subject",
        LargeBinary,
        "pseudonym of the person concerned, sealed to this row; outside the leaf",
    ),
    key_epoch(),
    Index(None, "recorded_at", "writer", "number"),
    Index(None, "event", "recorded_at", sqlite_where=NO_LOOK, postgresql_where=NO_LOOK),
    Index(None, "person_tag"),
    sqlite_strict=True,
)

log_entries = Table(
    "log_entries",
    metadata,
    key(
        "position", Count, "place in the tree: 0, 1, 2 ... without gaps; rows are immutable and never removed"
    ),
    cell("writer", LargeBinary, "whose chain the record is in", ForeignKey("audit_writers.writer")),
    cell("number", Count, "the record's number in that chain"),
    cell("commitment", LargeBinary, "the record's; stays when the record is erased, and tells nothing then"),
    UniqueConstraint("writer", "number"),
    sqlite_strict=True,
)

log_tiles = Table(
    "log_tiles",
    metadata,
    key("level", Integer, "0 for the leaves, one more for every 256 hashes"),
    key("tile", Count, "which group of 256 at this level"),
    cell("hashes", LargeBinary, "1 to 256 hashes of 32 bytes; only the last tile of a level ever grows"),
    sqlite_strict=True,
)

log_progress = Table(
    "log_progress",
    metadata,
    key("writer", LargeBinary, "whose chain", ForeignKey("audit_writers.writer")),
    cell("number", Count, "the last record of it that is in the tree"),
    sqlite_strict=True,
)

log_head = Table(
    "log_head",
    metadata,
    key("id", Integer, "always 1: there is one log in a database"),
    cell("size", Count, "number of entries in the tree"),
    cell("root", LargeBinary, "hash of the whole tree"),
    cell("checkpoint", LargeBinary, "the signed note that says so"),
    cell("signed_at", Moment, "when it was signed"),
    cell("integrator", LargeBinary, "the process that puts records into the tree; the others wait"),
    cell("integrator_until", Moment, "when another process may take over"),
    CheckConstraint("id = 1", name="single"),
    sqlite_strict=True,
)

log_cosignatures = Table(
    "log_cosignatures",
    metadata,
    key("witness", Text, "name of the witness, as in its key"),
    cell("size", Count, "size of the tree it cosigned last"),
    cell("checkpoint", LargeBinary, "the signed note with its line beneath"),
    cell("cosigned_at", Moment, "the moment in that line, by the clock of the witness"),
    sqlite_strict=True,
)

log_refusals = Table(
    "log_refusals",
    metadata,
    key("witness", Text, "name of the witness, as in its key"),
    cell("reason", Text, "why it gave no cosignature the last time: a code"),
    cell("since", Moment, "when this began; the row goes with the next cosignature"),
    sqlite_strict=True,
)
