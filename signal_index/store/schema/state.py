"""The tables of one row: which index this is, and how often it was changed."""

from sqlalchemy import CheckConstraint, Integer, LargeBinary, Table, Text

from signal_index.store.sql import Count, Moment, cell, key

from .base import metadata

index_state = Table(
    "index_state",
    metadata,
    key("id", Integer, "always 1: there is one index in a database"),
    cell("scope", Text, "the region this index serves; immutable"),
    cell("incarnation", LargeBinary, "16 random bytes, new at each initialisation or restore"),
    cell("key_epoch", Integer, "epoch of the keys in use"),
    cell("bucket_bits", Integer, "bits of a keyed hash that choose a person's shard; 0 on SQLite"),
    cell("key_check", LargeBinary, "tags that only the key file of this database makes; no secret"),
    cell("created_at", Moment, "when the index was initialised"),
    CheckConstraint("id = 1", name="single"),
    sqlite_strict=True,
)

change_counter = Table(
    "change_counter",
    metadata,
    key("id", Integer, "always 1: whoever changes something waits for this row"),
    cell("number", Count, "transactions that changed something; on SQLite the file counts them itself"),
    CheckConstraint("id = 1", name="single"),
    sqlite_strict=True,
)
