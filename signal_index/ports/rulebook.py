"""What the rulebook needs from storage: every set of rules ever proposed, with its files, while the index lives."""

from collections.abc import Sequence
from typing import Protocol

from signal_index.model.rulebook import HeldRuleSet, RuleFiles


class Rulebook(Protocol):
    """Sets of rules by digest. The files of one never change, and an adopted one never goes."""

    def put(self, held: HeldRuleSet, files: RuleFiles | None = None) -> None:
        """Insert or replace what became of a set; its files come with it the first time."""

    def get(self, digest: str) -> HeldRuleSet | None:
        """One set."""

    def all(self) -> Sequence[HeldRuleSet]:
        """Every set, the last proposed first."""

    def files(self, digest: str) -> RuleFiles | None:
        """The files of a set."""

    def adopted(self) -> str | None:
        """The digest of the set that was adopted last: the one that counts."""
