"""Rules for an index under test: fixed ones for one process, agreed ones for every process on its database."""

import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import create_engine

from policy.rulesets import RuleSet, bundled
from signal_index import audit
from signal_index.model.rulebook import APPROVING_ROLES, Approval, HeldRuleSet
from signal_index.ports import Transaction
from signal_index.store.oversight.rulebook import SqlRulebook
from signal_index.usecases.rulebook.in_use import loaded

BEFOREHAND = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
"""An hour before the clock that a world begins with."""


@dataclass(frozen=True)
class Fixed:
    """Rules that stay what they are; see `signal_index.usecases.rulebook.in_use.Rules`."""

    current: RuleSet


@contextmanager
def rulebook_of(path: Path) -> Iterator[SqlRulebook]:
    """The rulebook in a database file that no keys belong to yet, or whatever they are."""
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.begin() as connection:
            yield SqlRulebook(connection)
    finally:
        engine.dispose()


def agree(tx: Transaction, files: Mapping[str, str] | None = None, *, at: datetime = BEFOREHAND) -> str:
    """Have a set of rules count, on record, as if two people had agreed to it beforehand; its digest.

    Args:
        tx: the open transaction.
        files: those of this release when left out.
        at: when; a later one counts instead of an earlier one.
    """
    chosen = bundled() if files is None else files
    digest = loaded(chosen).digest
    agreed = tuple(Approval(f"test-{role.value}", role, at) for role in APPROVING_ROLES)
    tx.rulebook.put(HeldRuleSet(digest=digest, proposed_by="test", proposed_at=at, approvals=agreed), chosen)
    tx.audit.append(audit.event("rules.proposed", at, actor="test", rule_set=digest))
    for each in agreed:
        who, role = each.staff_id, each.role.value
        tx.audit.append(audit.event("rules.approved", at, actor=who, role=role, rule_set=digest))
    tx.audit.append(audit.event("rules.adopted", at, actor=agreed[-1].staff_id, rule_set=digest))
    return digest


def another(number: int = 1) -> Mapping[str, str]:
    """The rules of this release under another digest: they decide the same, and keep every rule that counts."""
    files = dict(bundled())
    return {**files, "catalogue.toml": f"{files['catalogue.toml']}# {number}\n"}


def damage(path: Path) -> None:
    """Change a text in every set that a database file holds, as somebody at the database might."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for digest, packed in connection.execute("SELECT digest, files FROM rule_sets").fetchall():
            files = zlib.decompress(packed).replace(b"Een wijkteammedewerker mag", b"Iedereen mag")
            connection.execute(
                "UPDATE rule_sets SET files = ? WHERE digest = ?", [zlib.compress(files), digest]
            )
