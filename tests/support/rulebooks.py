"""Rules for a test: put in force in a database as two people would, or fixed without any database."""

import sqlite3
import zlib
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from policy.rulesets import RuleSet, load
from signal_index.model.rulebook import APPROVING_ROLES, Approval, HeldRuleSet, RuleFiles
from signal_index.ports import Database


@dataclass(frozen=True)
class Fixed:
    """Rules that nobody changes."""

    current: RuleSet


def put_in_force(database: Database, files: RuleFiles, at: datetime) -> RuleSet:
    """Let a set count from now on, with both approvals and without their records."""
    rules = load(files)
    approvals = tuple(Approval(f"a.{role.value}", role, at) for role in APPROVING_ROLES)
    held = HeldRuleSet(digest=rules.digest, proposed_by="a.voorstel", proposed_at=at, approvals=approvals)
    database.run(lambda tx: tx.rulebook.put(held, files))
    return rules


def damage_rules(path: Path) -> None:
    """Change a text in every set that a database file keeps, as somebody at the database might."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for digest, packed in connection.execute("SELECT digest, files FROM rule_sets").fetchall():
            files = zlib.decompress(packed).replace(b"Een wijkteammedewerker mag", b"Iedereen mag")
            connection.execute(
                "UPDATE rule_sets SET files = ? WHERE digest = ?", [zlib.compress(files), digest]
            )
