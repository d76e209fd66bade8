"""The table of what keeps workers from looking at residents."""

from sqlalchemy import Index, LargeBinary, Table, Text

from signal_index.store.sql import Day, cell, key, key_epoch, optional

from .base import metadata

impediments = Table(
    "impediments",
    metadata,
    key("organisation", Text, "OIN of the organisation whose looks it stops"),
    key("impediment_id", LargeBinary, "16 random bytes"),
    cell("person_tag", LargeBinary, "tag of organisation and person; differs in every table"),
    optional("last_day", Day, "inclusive, for removing; the sealed body has it too, and they must agree"),
    cell("sealed_person", LargeBinary, "pseudonym, sealed to this row"),
    cell("sealed_body", LargeBinary, "which kind, about whom, and who registered it when, sealed and padded"),
    key_epoch(),
    Index(None, "person_tag"),
    Index(None, "last_day"),
    sqlite_strict=True,
)
