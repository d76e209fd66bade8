"""The tables of the rulebook: sets of rules and who agreed to them, in the clear, for rules are public."""

from sqlalchemy import ForeignKey, Index, LargeBinary, Table, Text

from signal_index.store.sql import Moment, cell, key, optional

from .base import metadata

rule_sets = Table(
    "rule_sets",
    metadata,
    key("digest", Text, "SHA-256 over the files that decide, hex"),
    cell("files", LargeBinary, "every file by name, as JSON, zlib-compressed"),
    cell("proposed_by", Text, "staff id, or set-up"),
    cell("proposed_at", Moment, "when that was"),
    optional("refused_by", Text, "staff id of who refused it"),
    optional("refused_at", Moment, "when that was"),
    optional("adopted_at", Moment, "when the second of two people agreed"),
    Index(None, "adopted_at"),
    sqlite_strict=True,
)

rule_approvals = Table(
    "rule_approvals",
    metadata,
    key("digest", Text, "the set of rules", ForeignKey("rule_sets.digest")),
    key("role", Text, "role in which she agreed"),
    cell("staff_id", Text, "who agreed"),
    cell("approved_at", Moment, "when that was"),
    sqlite_strict=True,
)
