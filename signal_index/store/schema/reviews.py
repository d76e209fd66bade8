"""The tables of review: looks with their reasons, the weeks that were listed, and what is under watch."""

from sqlalchemy import CheckConstraint, Index, Integer, LargeBinary, Table, Text

from signal_index.store.sql import Count, Day, Moment, cell, key, key_epoch, optional

from .base import metadata

reviews = Table(
    "reviews",
    metadata,
    key("writer", LargeBinary, "chain of the look's record"),
    key("number", Count, "number of the look's record in that chain"),
    cell("looked_at", Moment, "when the look was made; the sealed body has it too, and they must agree"),
    cell("rank", Integer, "puts looks in order, says nothing of a person; must agree with the sealed body"),
    optional("chosen", Text, "opvallend or steekproef; empty while it is on no list; must agree as well"),
    optional("chosen_on", Day, "when it came on the list; must agree as well"),
    optional("judgement", Text, "terecht, vraag or onterecht, the last one given; must agree as well"),
    cell("sealed_body", LargeBinary, "who looked, at which case, why it stands out and who judged it"),
    key_epoch(),
    Index(None, "looked_at"),
    Index(None, "chosen_on"),
    sqlite_strict=True,
)

review_state = Table(
    "review_state",
    metadata,
    key("id", Integer, "always 1: there is one log in a database"),
    cell("read_up_to", Count, "the first position of the log's tree that was not read for review"),
    CheckConstraint("id = 1", name="single"),
    sqlite_strict=True,
)

review_weeks = Table(
    "review_weeks",
    metadata,
    key("monday", Day, "first day of the week"),
    cell("looks", Count, "looks made in it, refused attempts included"),
    cell("chosen_on", Day, "when its list was made"),
    sqlite_strict=True,
)

watches = Table(
    "watches",
    metadata,
    key("watch_id", LargeBinary, "16 random bytes"),
    cell("until", Day, "last day; the sealed body has it too, and they must agree"),
    cell("sealed_body", LargeBinary, "which case or worker, who asked for it and when, sealed and padded"),
    key_epoch(),
    sqlite_strict=True,
)
