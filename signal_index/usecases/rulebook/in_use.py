"""The rules that count, for whoever decides or explains: read from the rulebook, checked against their digest.

Invariants:
1. Only a set counts of which log and rulebook say the same (`on_record`), and of that only files that still have the
   digest two people agreed to. Anything else is as no rules at all: every decision by it is a fault.
2. A set that is adopted while this process runs counts here within `LOOKED_EVERY_SECONDS`.
"""

from datetime import date, datetime
from functools import lru_cache
from typing import Final, Protocol

from policy.errors import RuleSetError
from policy.in_force import InForce
from policy.rulesets import RuleSet, digest_of, load, no_rules
from signal_index.errors import Unavailable
from signal_index.model.rulebook import RuleFiles
from signal_index.ports import Database, Transaction

from .on_record import Standing, note_contradiction, standing

LOOKED_EVERY_SECONDS: Final = 5.0
_SETS_KEPT = 16


class Rules(Protocol):
    """Where the rules come from."""

    @property
    def current(self) -> RuleSet:
        """The set that counts now."""


class RulesInUse:
    """The rulebook of one database, remembered in this process.

    Args:
        database: open for as long as this is used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._current = no_rules()
        self._contradicted = False

    @property
    def current(self) -> RuleSet:
        """The set that counted when `refresh` last looked; asking is free, also within a transaction."""
        return self._current

    def refresh(self) -> None:
        """Look whether another set was adopted, and use it. Not to be called within a transaction.

        Raises:
            Unavailable: the database cannot serve; what counted goes on counting.
        """
        digest, files, self._contradicted = self._database.run(self._adopted)
        if digest is None:
            self._current = no_rules()
        elif files is not None:
            self._current = _checked(digest, files)

    def report(self, now: datetime) -> Standing | None:
        """Record that log and rulebook differ, if `refresh` found so; what they say, or None.

        Raises:
            Unavailable: the database cannot serve.
        """
        if not self._contradicted:
            return None
        return self._database.run(lambda tx: note_contradiction(tx, now))

    def _adopted(self, tx: Transaction) -> tuple[str | None, RuleFiles | None, bool]:
        claimed = tx.rulebook.adopted()
        if claimed is not None and claimed == self._current.digest:
            return claimed, None, False
        found = standing(tx)
        files = {} if found.counts is None else tx.rulebook.files(found.counts) or {}
        return found.counts, files, not found.agree


def require_in_force(rules: RuleSet, today: date) -> InForce:
    """The rules of today.

    Args:
        rules: those that count.
        today: the Dutch calendar day.

    Raises:
        Unavailable: `no-rules`: nobody put any in force, or none of them holds today.
    """
    in_force = rules.in_force(today)
    if not in_force.covers(today):
        raise Unavailable(
            "no-rules",
            "Er gelden nu geen regels, en dan ziet niemand iets. Een functioneel beheerder en een privacy officer "
            "moeten ze eerst goedkeuren.",
        )
    return in_force


def rules_of(tx: Transaction, digest: str) -> RuleSet | None:
    """A set that counts, counted or waits, by its digest; None if this index never held it."""
    files = tx.rulebook.files(digest)
    return None if files is None else _checked(digest, files)


def loaded(files: RuleFiles) -> RuleSet:
    """Load a set of rules; in one process each set once, for it is tried out as a whole and that takes a while.

    Raises:
        RuleSetError: it does not load.
    """
    return _loaded(tuple(sorted(files.items())))


def _checked(digest: str, files: RuleFiles) -> RuleSet:
    """The stored set, or no rules at all when it is not what its digest says: then nothing of it is even parsed."""
    try:
        return loaded(files) if digest_of(files) == digest else no_rules()
    except RuleSetError:
        return no_rules()


@lru_cache(maxsize=_SETS_KEPT)
def _loaded(files: tuple[tuple[str, str], ...]) -> RuleSet:
    return load(dict(files))
