"""The tables: what the index keeps, column by column, and who could learn what from each.

Invariants:
1. No pseudonym stands in any table unsealed, and no code of a source or type stands beside a person.
2. Sealed cells of one column are equally long, so that lengths tell nothing.
3. Every row that depends on keys names its key epoch.

Whoever takes the database without the keys sees sizes of anonymous series, expiry months, how many looks and other
actions share an unknown person and how many looks share an unknown worker, when sign-ins were in use, how many covers
and questions there are and until when, the register, the staff list with who proposed and decided what about whom and
which teams were looked through, who wants a digest at which address, how many records the log has and when they were
made, how many openings were asked for and when, the sets of rules and who agreed to them, how many impediments there
are and until when, which records were chosen for review, how each was judged, and how much is under watch; nothing that
leads to a resident or says which help runs, and no cookie or ticket that works. Keys are public, and which publisher
was answered when is no secret of a person.

Everything here also compiles on PostgreSQL. STRICT tables make SQLite refuse values of another type, as PostgreSQL
does by itself.
"""

from .accountability import (
    NO_LOOK,
    audit_records,
    audit_writers,
    log_cosignatures,
    log_entries,
    log_head,
    log_progress,
    log_refusals,
    log_tiles,
)
from .administration import proposals, team_confirmations
from .base import metadata
from .impediments import impediments
from .index import (
    acknowledgements,
    care_relations,
    covers,
    deliveries,
    entrances,
    flags,
    held_wishes,
    preferences,
    publications,
    publisher_sets,
    publishers,
    questions,
    restrictions,
    series,
    sessions,
    staff,
    staff_roles,
    tallies,
    used_tickets,
    views,
)
from .openings import openings
from .reviews import review_state, review_weeks, reviews, watches
from .rulebook import rule_approvals, rule_sets
from .sourcing import delivery_records, key_proposals, own_contacts, publisher_keys
from .state import change_counter, index_state

__all__ = [
    "NO_LOOK",
    "acknowledgements",
    "audit_records",
    "audit_writers",
    "care_relations",
    "change_counter",
    "covers",
    "deliveries",
    "delivery_records",
    "entrances",
    "flags",
    "held_wishes",
    "impediments",
    "index_state",
    "key_proposals",
    "log_cosignatures",
    "log_entries",
    "log_head",
    "log_progress",
    "log_refusals",
    "log_tiles",
    "metadata",
    "openings",
    "own_contacts",
    "preferences",
    "proposals",
    "publications",
    "publisher_keys",
    "publisher_sets",
    "publishers",
    "questions",
    "restrictions",
    "review_state",
    "review_weeks",
    "reviews",
    "rule_approvals",
    "rule_sets",
    "series",
    "sessions",
    "staff",
    "staff_roles",
    "tallies",
    "team_confirmations",
    "used_tickets",
    "views",
    "watches",
]
