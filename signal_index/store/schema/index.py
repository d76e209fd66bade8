"""The tables of the index itself and of the workplace: who delivers, what was delivered, and who works with it."""

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from signal_index.store.sql import Count, Day, Moment, YesNo, cell, key, key_epoch, optional

from .base import metadata

publishers = Table(
    "publishers",
    metadata,
    key("oin", Text, "organisation identification number, 20 digits"),
    cell("name", Text, "for people; never part of a decision"),
    cell("verify_key", LargeBinary, "Ed25519 public key, 32 bytes"),
    cell("items_per_batch", Integer, "the fixed number of items in its batches"),
    cell("classes", Text, "kinds of batch it may send, sorted, separated by spaces"),
    cell("organisations", Text, "OINs whose care relations it may register, sorted, separated by spaces"),
    sqlite_strict=True,
)

publications = Table(
    "publications",
    metadata,
    key("source", Text, "code of the source"),
    key("type", Text, "code of the signal type"),
    cell("source_name", Text, "name of the source, for people"),
    cell("publisher", Text, "the one publisher of this source and type", ForeignKey("publishers.oin")),
    cell("contact_name", Text, "whom to ask for"),
    cell("contact_phone", Text, "the number to call"),
    Index(None, "publisher"),
    sqlite_strict=True,
)

entrances = Table(
    "entrances",
    metadata,
    key("issuer", Text, "what its tickets say who made them, to the letter"),
    cell("name", Text, "for people; never part of a decision"),
    cell("organisation", Text, "OIN of the organisation whose relations it may open"),
    cell("verify_key", LargeBinary, "Ed25519 public key, 32 bytes"),
    sqlite_strict=True,
)

series = Table(
    "series",
    metadata,
    key("series_id", LargeBinary, "16 random bytes; all that a flag tells about its source and type"),
    cell("lookup_tag", LargeBinary, "tag of source and type"),
    cell("generation", Count, "number of the complete set, counted by the publisher"),
    cell("state", Text, "filling, current or abandoned"),
    cell("row_count", Count, "flags stored in this series now"),
    cell("accepted_count", Count, "distinct live wishes accepted in this series, stored or held"),
    optional("as_of", Day, "the source has processed its messages up to and including this day"),
    cell("sealed", LargeBinary, "source and type, sealed and padded"),
    key_epoch(),
    UniqueConstraint("lookup_tag", "generation"),
    CheckConstraint("row_count >= 0", name="row_count"),
    sqlite_strict=True,
)

flags = Table(
    "flags",
    metadata,
    key("bucket", Integer, "shard of the person"),
    key("tag", LargeBinary, "tag of person and type: what a look-up asks for"),
    key("row_key", LargeBinary, "tag of person, type and source: one flag for each"),
    cell(
        "series_id", LargeBinary, "the anonymous series this flag stands in", ForeignKey("series.series_id")
    ),
    cell("expiry_month", Integer, "last month it may be shown, counted in months since year 0"),
    key_epoch(),
    cell("sealed", LargeBinary, "pseudonym and starting month, sealed to row_key"),
    Index(None, "series_id", "expiry_month"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

held_wishes = Table(
    "held_wishes",
    metadata,
    key("series_id", LargeBinary, "the open set this wish counts for", ForeignKey("series.series_id")),
    key("wish_tag", LargeBinary, "tag of person and series; joins with no other table"),
    key_epoch(),
    cell("sealed_person", LargeBinary, "pseudonym, sealed to this row"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

care_relations = Table(
    "care_relations",
    metadata,
    key("organisation", Text, "OIN of the organisation that gives the care"),
    key("relation_id", LargeBinary, "16 random bytes made by the feed, unique per organisation"),
    cell("publisher", Text, "OIN of the feed; only this one may change it"),
    cell("generation", Count, "the complete set it was last registered under"),
    cell("ref_tag", LargeBinary, "tag of organisation and case reference"),
    cell("worker_tag", LargeBinary, "tag of organisation and worker"),
    cell("person_tag", LargeBinary, "tag of the person, different in every table"),
    cell("valid_until", Day, "last day; the sealed body has it too, and they must agree"),
    optional("ended_on", Day, "day the feed ended it; the sealed body has it too, and they must agree"),
    cell("sealed_person", LargeBinary, "pseudonym, sealed to this row"),
    cell("sealed_body", LargeBinary, "worker, team, case reference and the rest, sealed and padded"),
    key_epoch(),
    Index(None, "worker_tag", "relation_id"),
    Index(None, "person_tag"),
    Index(None, "publisher", "generation"),
    sqlite_strict=True,
)

restrictions = Table(
    "restrictions",
    metadata,
    key("person_tag", LargeBinary, "tag of the person, different in every table"),
    key("publisher", Text, "OIN of the publisher that stated it"),
    cell("kind", Text, "overleden; no other kind yet"),
    cell("generation", Count, "the complete set it was last stated under"),
    cell("sealed_person", LargeBinary, "pseudonym, sealed to this row"),
    key_epoch(),
    Index(None, "publisher", "generation"),
    sqlite_strict=True,
)

staff = Table(
    "staff",
    metadata,
    key("staff_id", Text, "subject of her token"),
    cell("organisation", Text, "OIN of her organisation"),
    cell("team", Text, "name of her team"),
    cell("active", YesNo, "whether the account may be used"),
    cell("name", Text, "for colleagues to recognise her by; empty when nobody gave one", default=""),
    optional("seen_on", Day, "day she last signed in, was added or let in again; empty before that counted"),
    optional("confirmed_on", Day, "day it was last said that she works in this team; empty likewise"),
    sqlite_strict=True,
)

staff_roles = Table(
    "staff_roles",
    metadata,
    key("staff_id", Text, "who has the role", ForeignKey("staff.staff_id")),
    key("role", Text, "code of the role"),
    cell("granted_by", Text, "staff id of who gave it"),
    cell("granted_at", Moment, "when it was given"),
    sqlite_strict=True,
)

preferences = Table(
    "preferences",
    metadata,
    key("staff_id", Text, "whose choices these are", ForeignKey("staff.staff_id")),
    optional("digest_to", Text, "address for the daily digest; empty when she wants none"),
    sqlite_strict=True,
)

sessions = Table(
    "sessions",
    metadata,
    key("session_tag", LargeBinary, "tag of the secret in the cookie, which cannot be made from it"),
    cell("staff_tag", LargeBinary, "tag of the member of staff, to end all she has; differs in every table"),
    cell("seen_at", Moment, "last request, for removing; the sealed body has it too, and they must agree"),
    cell("sealed_body", LargeBinary, "who she is, her role and her form token, sealed and padded"),
    key_epoch(),
    Index(None, "staff_tag"),
    Index(None, "seen_at"),
    sqlite_strict=True,
)

used_tickets = Table(
    "used_tickets",
    metadata,
    key("ticket_tag", LargeBinary, "tag of a ticket that must not work again; leads to nobody"),
    cell("expires_at", Moment, "when the ticket would stop working by itself, and the row may go"),
    key_epoch(),
    Index(None, "expires_at"),
    sqlite_strict=True,
)

views = Table(
    "views",
    metadata,
    key("worker_tag", LargeBinary, "tag of who looked, different in every table"),
    key(
        "view_id", LargeBinary, "16 random bytes; behind the tag, so that another's is the same miss as none"
    ),
    cell("opened_at", Moment, "when, for removing; the sealed body has it too, and they must agree"),
    cell("sealed_body", LargeBinary, "case, purpose and what was allowed, sealed and padded"),
    key_epoch(),
    Index(None, "opened_at"),
    sqlite_strict=True,
)

covers = Table(
    "covers",
    metadata,
    key("organisation", Text, "OIN of the organisation they both work for"),
    key("cover_id", LargeBinary, "16 random bytes"),
    cell("delegate_tag", LargeBinary, "tag of organisation and who looks"),
    cell("absentee_tag", LargeBinary, "tag of organisation and whose cases they are"),
    cell("team_tag", LargeBinary, "tag of organisation and team"),
    cell("last_day", Day, "inclusive, for removing; the sealed body has it too, and they must agree"),
    cell("sealed_body", LargeBinary, "who, for whom, when and why, sealed and padded"),
    key_epoch(),
    Index(None, "delegate_tag"),
    Index(None, "absentee_tag"),
    Index(None, "team_tag"),
    Index(None, "last_day"),
    sqlite_strict=True,
)

questions = Table(
    "questions",
    metadata,
    key("reference", Text, "what people name on the phone; random, and says nothing"),
    cell("flag_tag", LargeBinary, "tag of person, source and type"),
    cell("asker_tag", LargeBinary, "tag of organisation and who asked"),
    cell("source_tag", LargeBinary, "tag of the source that has to answer"),
    cell("due_on", Day, "last day for an answer; the sealed body has it too, and they must agree"),
    cell("sealed_person", LargeBinary, "pseudonym, sealed to this row"),
    cell(
        "sealed_body",
        LargeBinary,
        "who asked, about which source and type, and the answer, sealed and padded",
    ),
    key_epoch(),
    Index(None, "flag_tag"),
    Index(None, "asker_tag"),
    Index(None, "source_tag"),
    Index(None, "due_on"),
    sqlite_strict=True,
)

deliveries = Table(
    "deliveries",
    metadata,
    key("publisher", Text, "OIN of the publisher"),
    cell("next_sequence", Count, "the only sequence accepted next"),
    sqlite_strict=True,
)

acknowledgements = Table(
    "acknowledgements",
    metadata,
    key("publisher", Text, "OIN of the publisher"),
    key("sequence", Count, "sequence of the accepted batch"),
    cell("acknowledgement", LargeBinary, "the signed words, given again to a repeat; immutable"),
    cell("accepted_at", Moment, "when the batch was accepted"),
    sqlite_strict=True,
)

publisher_sets = Table(
    "publisher_sets",
    metadata,
    key("publisher", Text, "OIN of the publisher"),
    key("batch_class", Text, "zorgrelatie or beperking"),
    key("state", Text, "filling or current"),
    cell("generation", Count, "number of the complete set, counted by the publisher"),
    cell("accepted_count", Count, "distinct live items accepted under it"),
    sqlite_strict=True,
)

tallies = Table(
    "tallies",
    metadata,
    key("publisher", Text, "OIN of the publisher"),
    key("batch_class", Text, "signaal or zorgrelatie"),
    key("day", Day, "Dutch calendar day of acceptance"),
    cell(
        "sealed",
        LargeBinary,
        "rows about persons, how many of them nobody knew, and alarms, sealed and padded",
    ),
    key_epoch(),
    sqlite_strict=True,
)
