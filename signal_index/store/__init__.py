"""The store: keeps and finds, sealed and tagged, and decides nothing.

Whoever takes the database file without the index's key file gets sizes of anonymous series, expiry months, the
register and the staff list. Whoever can write to it can destroy, but can neither plant a flag nor move one.
"""

from .engine import SqlDatabase, open_database
from .log.tree import origin_of
from .provision import begin_again, copy, current_revision, initialise, is_initialised, read_state, upgrade

__all__ = [
    "SqlDatabase",
    "begin_again",
    "copy",
    "current_revision",
    "initialise",
    "is_initialised",
    "open_database",
    "origin_of",
    "read_state",
    "upgrade",
]
