"""From the rules one by one to an answer: a second reading of how a decision falls.

Written from the texts of the rules, their page and the catalogue, by somebody who had seen none of the rules in Cedar.
It imports nothing of the product, so that an error there is not made here as well.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from .catalogue import Catalogue, Kind, Purpose
from .faults import faults_of
from .question import Predicate, Question, Rule

LEVELS = ("aanwezigheid", "bron", "contact")
MOST_KINDS = 64
NO_PURPOSE = Purpose(frozenset(), areas_only=False, in_force=False)


@dataclass(frozen=True)
class Look:
    """One look-up.

    Attributes:
        facts: By the names of `policy.facts`; None for what nobody knows.
        asked_at: The moment of it, if anybody knows.
        read_ago: How long before that each register was read; one that is not named was not. None if nobody knows.
        kinds: The codes of the kinds of signals that are asked about.
    """

    facts: Mapping[str, Any]
    asked_at: datetime | None
    read_ago: Mapping[str, timedelta] | None
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """What is decided about one kind of signal.

    Attributes:
        refused: Per level the keys of the guards that refuse it.
        granted: Per level the keys of the grants that say yes, whether or not a guard refuses.
    """

    outcome: str
    level: str | None = None
    reasons: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    refused: tuple[tuple[str, ...], ...] = ()
    granted: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Answer:
    """What is decided about a look-up: the whole, each kind, what is wrong with it, and what has to be done."""

    status: str
    kinds: Mapping[str, Verdict]
    errors: tuple[str, ...] = ()
    duties: tuple[str, ...] = ()


@dataclass(frozen=True)
class Model:
    """The rules with the catalogue they speak of."""

    guards: Sequence[Rule]
    grants: Sequence[Rule]
    catalogue: Catalogue

    def answer(self, look: Look) -> Answer:
        asked = tuple(dict.fromkeys(look.kinds))
        errors = tuple(faults_of(look.facts, look.read_ago, knows_when=look.asked_at is not None))
        if len(asked) > MOST_KINDS:
            errors = (*errors, "too-many-types")
        if not errors and not self._counts_on(look.facts["on"]):
            errors = ("no-rules-in-force",)
        if errors:
            return Answer("fout", {code: Verdict("fout", errors=errors) for code in asked}, errors)
        kinds = self._kinds(look.facts, asked)
        return Answer(_status(kinds.values()), kinds, duties=self._duties(kinds.values()))

    def _counts_on(self, day: date) -> bool:
        return any(rule.counts_on(day) for rule in (*self.guards, *self.grants))

    def _kinds(self, facts: Mapping[str, Any], asked: Iterable[str]) -> dict[str, Verdict]:
        guards, grants = _counting(self.guards, facts["on"]), _counting(self.grants, facts["on"])
        holding = self.catalogue.holding(facts["on"])
        found = {}
        for code in asked:
            kind = self.catalogue.kinds.get(code)
            if kind is None:
                found[code] = Verdict("fout", errors=("unknown-type",))
                continue
            questions = [self._question(facts, holding, kind, level) for level in LEVELS]
            refused = [tuple(key for key, holds in guards if not holds(each)) for each in questions]
            granted = [tuple(key for key, holds in grants if holds(each)) for each in questions]
            found[code] = _verdict(refused, granted)
        return found

    def _question(
        self, facts: Mapping[str, Any], holding: frozenset[str], kind: Kind, level: str
    ) -> Question:
        purpose = self.catalogue.purposes.get(facts["purpose"], NO_PURPOSE)
        purpose = purpose if self.catalogue.exists(purpose, facts["on"]) else NO_PURPOSE
        return Question(
            facts=facts,
            level=level,
            purpose_exists=purpose is not NO_PURPOSE,
            purpose_bases=purpose.bases & holding,
            areas_only=purpose.areas_only,
            kind_bases=kind.bases & holding,
            special=kind.special,
        )

    def _duties(self, verdicts: Iterable[Verdict]) -> tuple[str, ...]:
        used = {key for each in verdicts if each.outcome == "toegestaan" for key in each.reasons}
        return tuple(sorted({duty for rule in self.grants if rule.key in used for duty in rule.duties}))


def _counting(rules: Iterable[Rule], day: date) -> list[tuple[str, Predicate]]:
    """The rules of that day, sorted by key."""
    return sorted((rule.key, rule.holds) for rule in rules if rule.counts_on(day))


def _verdict(refused: Sequence[tuple[str, ...]], granted: Sequence[tuple[str, ...]]) -> Verdict:
    shown = _how_many(refused, granted)
    outcome = "toegestaan" if shown else "geweigerd" if refused[0] else "geen regel"
    reasons = {key for level in granted[:shown] for key in level} if shown else refused[0]
    return Verdict(
        outcome=outcome,
        level=LEVELS[shown - 1] if shown else None,
        reasons=tuple(sorted(reasons)),
        refused=tuple(refused),
        granted=tuple(granted),
    )


def _how_many(refused: Sequence[Collection[str]], granted: Sequence[Collection[str]]) -> int:
    """How many levels are shown: each needs a yes, no guard against it, and the level before it."""
    for number, (guards, grants) in enumerate(zip(refused, granted, strict=True)):
        if guards or not grants:
            return number
    return len(LEVELS)


def _status(verdicts: Iterable[Verdict]) -> str:
    """The first of these that any kind of signal has."""
    found = {each.outcome for each in verdicts}
    return next((each for each in ("fout", "toegestaan", "geweigerd") if each in found), "geen regel")
