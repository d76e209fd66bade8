"""The table of the log of processing operations, which is written beside the log and belongs to no chain."""

from sqlalchemy import Index, LargeBinary, Table, Text

from signal_index.store.sql import Moment, cell, key, key_epoch, optional

from .base import metadata

processing_records = Table(
    "processing_records",
    metadata,
    key(
        "trace_id",
        LargeBinary,
        "16 random bytes of the request, the caller's if it has one; immutable, like all here",
    ),
    key(
        "span_id",
        LargeBinary,
        "8 random bytes of this action; the audit record of the action names both, sealed",
    ),
    optional("parent_span_id", LargeBinary, "8 bytes of the caller's action"),
    cell("status", Text, "Unset, or Error when the index could not come to a decision"),
    cell("started_at", Moment, "when the action began"),
    cell("ended_at", Moment, "when it was recorded"),
    cell("sealed_action", LargeBinary, "activity, its name and who asked from outside, sealed and padded"),
    optional("person_tag", LargeBinary, "tag of the person concerned"),
    optional("sealed_subject", LargeBinary, "pseudonym of the person concerned, sealed to this row"),
    key_epoch(),
    Index(None, "started_at"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
