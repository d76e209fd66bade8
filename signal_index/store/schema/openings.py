"""The table of openings: who asked which case stands behind a look, and what was decided."""

from sqlalchemy import Index, LargeBinary, Table, Text

from signal_index.store.sql import Moment, cell, key, key_epoch

from .base import metadata

openings = Table(
    "openings",
    metadata,
    key("organisation", Text, "OIN of the privacy officers' organisation"),
    key("opening_id", LargeBinary, "16 random bytes"),
    cell("asked_at", Moment, "when, for removing; the sealed body has it too, and they must agree"),
    cell("look_tag", LargeBinary, "tag of the look's record"),
    cell("sealed_body", LargeBinary, "which look, why, who asked and who decided what, sealed and padded"),
    key_epoch(),
    Index(None, "look_tag"),
    Index(None, "asked_at"),
    sqlite_strict=True,
)
