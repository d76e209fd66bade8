"""Rules for an index under test: fixed ones for one process, adopted ones for every process on its database."""

import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import create_engine

from policy.rulesets import RuleSet, bundled, load
from signal_index.model.rulebook import APPROVING_ROLES, Approval, HeldRuleSet
from signal_index.store.oversight.rulebook import SqlRulebook

LONG_AGO = datetime(2025, 12, 1, 9, 0, tzinfo=UTC)
"""Before any clock that a test begins with."""


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


def adopt(path: Path, files: Mapping[str, str] | None = None, *, at: datetime = LONG_AGO) -> str:
    """Have a set of rules count in a database file, as if two people had agreed to it long ago; its digest.

    Args:
        path: of a database with the present tables.
        files: those of this release when left out.
        at: when; a later one counts instead of an earlier one.
    """
    chosen = bundled() if files is None else files
    digest = load(chosen).digest
    agreed = tuple(Approval(f"test-{role.value}", role, at) for role in APPROVING_ROLES)
    with rulebook_of(path) as rulebook:
        rulebook.put(HeldRuleSet(digest=digest, proposed_by="test", proposed_at=at, approvals=agreed), chosen)
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
