"""The tables of the source organisation: keys with their days, its own contact routes, and its deliveries' records."""

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, Table, Text

from signal_index.store.sql import Count, Day, Moment, YesNo, cell, key, optional

from .base import metadata

publisher_keys = Table(
    "publisher_keys",
    metadata,
    key("publisher", Text, "OIN of the publisher", ForeignKey("publishers.oin")),
    key("verify_key", LargeBinary, "Ed25519 public key, 32 bytes"),
    cell("place", Integer, "0 for the oldest key of the publisher, one more for each after it"),
    optional("valid_from", Day, "first day on which it counts"),
    optional("valid_until", Day, "last day on which it counts"),
    sqlite_strict=True,
)

key_proposals = Table(
    "key_proposals",
    metadata,
    key("proposal_id", LargeBinary, "16 random bytes"),
    cell("publisher", Text, "OIN of the publisher it is for"),
    cell("verify_key", LargeBinary, "Ed25519 public key, 32 bytes"),
    cell("overlap_days", Integer, "days that the keys before it still count beside it"),
    cell("proposed_by", Text, "staff id of the bronbeheerder who proposed it"),
    cell("proposed_at", Moment, "when that was"),
    optional("decided_by", Text, "staff id of the second person, once she decided"),
    optional("decided_at", Moment, "when that was"),
    optional("approved", YesNo, "whether she put it in force"),
    Index(None, "proposed_at"),
    sqlite_strict=True,
)

own_contacts = Table(
    "own_contacts",
    metadata,
    key("source", Text, "code of the source"),
    key("type", Text, "code of the signal type"),
    cell("publisher", Text, "OIN of the organisation that chose it; it holds for no other"),
    cell("register_name", Text, "whom the register named then; once it names another, this holds no more"),
    cell("register_phone", Text, "the number in the register then, likewise"),
    cell("contact_name", Text, "whom to ask for"),
    cell("contact_phone", Text, "the number to call"),
    cell("changed_on", Day, "when the source chose it"),
    sqlite_strict=True,
)

delivery_records = Table(
    "delivery_records",
    metadata,
    key("writer", LargeBinary, "whose chain the record of the answer is in"),
    key("number", Count, "the record's number in that chain"),
    cell("publisher", Text, "OIN of the publisher whose delivery it is about"),
    cell("answered_at", Moment, "when it was answered, for finding and removing"),
    Index(None, "publisher", "answered_at"),
    Index(None, "answered_at"),
    sqlite_strict=True,
)
