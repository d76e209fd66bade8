"""The tables of administration: changes that wait for a second person, and teams that were looked through.

In the clear, as the staff list is: they are about colleagues and hold no words of anybody's own.
"""

from sqlalchemy import Index, LargeBinary, Table, Text

from signal_index.store.sql import Day, Moment, YesNo, cell, key, optional

from .base import metadata

proposals = Table(
    "proposals",
    metadata,
    key("proposal_id", LargeBinary, "16 random bytes"),
    cell("what", Text, "which change: one of a closed list"),
    cell("staff_id", Text, "whom it is about"),
    optional("role", Text, "the role that is given or taken away"),
    optional("organisation", Text, "OIN of where she moves to"),
    optional("team", Text, "name of the team she moves to"),
    cell("why", Text, "the reason: one of a closed list"),
    cell("entry", LargeBinary, "digest of her entry when it was proposed"),
    cell("proposed_by", Text, "staff id of who proposed it"),
    cell("proposed_at", Moment, "when; after fourteen days nobody can decide any more"),
    optional("decided_by", Text, "staff id of who decided; never who proposed it, or whom it is about"),
    optional("decided_at", Moment, "when it was decided"),
    optional("approved", YesNo, "what was decided"),
    Index(None, "proposed_at"),
    sqlite_strict=True,
)

team_confirmations = Table(
    "team_confirmations",
    metadata,
    key("organisation", Text, "OIN of the team's organisation"),
    key("team", Text, "name of the team"),
    key("confirmed_on", Day, "the day somebody looked through it"),
    key("confirmed_by", Text, "staff id of who did"),
    cell("members", Text, "staff ids of who works there, sorted, separated by spaces"),
    sqlite_strict=True,
)
