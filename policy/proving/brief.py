"""The first lines of a report on a change: what whoever approves it must not miss, even without reading on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from policy.proving.changes import Change, Direction
from policy.proving.terms import Terms
from policy.rulesets import RuleSet
from policy.vocabulary import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """A change of rules in a few lines."""

    old: RuleSet
    new: RuleSet
    since: date
    changes: tuple[Change, ...]
    terms: Terms

    def lines(self) -> Iterator[str]:
        """The day before, then what opens and what closes, each with what it rests on."""
        first = min((each.starts for each in self.changes), default=self.since)
        if first > self.since:
            yield self.terms.say("until.then", day=self.terms.day(first - timedelta(days=1)))
        for direction in Direction:
            changes = [each for each in self.changes if each.direction is direction]
            yield from self._some(direction, changes)
            if direction is Direction.OPENED and changes:
                yield self._how_new(changes)
                yield from self._despite(changes)
            yield from self._resting_on(direction, changes)

    def _some(self, direction: Direction, changes: list[Change]) -> Iterator[str]:
        if not changes:
            yield self.terms.say(f"{direction.value}.none")
            return
        first = min(each.starts for each in changes)
        yield self.terms.say(f"{direction.value}.some", day=self.terms.day(first), count=len(changes))

    def _how_new(self, changes: Iterable[Change]) -> str:
        """Whether the purpose is new, and what can be seen for no other purpose."""
        purposes: dict[str, None] = {}
        unseen: list[str] = []
        for each in changes:
            now, then = (rules.in_force(each.starts).catalogue for rules in (self.old, self.new))
            if now.purpose(each.purpose) is None:
                purposes[self.terms.purpose(then, each.purpose)] = None
            if each.new_types():
                types = self.terms.types(then, each.new_types())
                unseen.append(f"{self.terms.levels(each.levels)} ({types})")
        purpose = self.terms.say(
            "new.purpose" if purposes else "new.no.purpose", purposes=", ".join(purposes)
        )
        seen = self.terms.say("new.seen" if unseen else "new.nothing", seen="; ".join(dict.fromkeys(unseen)))
        return f"{purpose} {seen}"

    def _despite(self, changes: Iterable[Change]) -> Iterator[str]:
        """What opens in circumstances of which people expect that they stop it."""
        shown: dict[tuple[str, bool], set[Level]] = {}
        for change in changes:
            for name, so, stops in change.expected_to_stop():
                if not stops:
                    shown.setdefault((name, so), set()).update(change.levels)
        for (name, so), levels in shown.items():
            fact = self.terms.clauses(self.new.words, ((name, ("ja" if so else "nee",)),))
            yield self.terms.say("despite", fact=fact, levels=self.terms.levels(sorted(levels)))

    def _resting_on(self, direction: Direction, changes: Iterable[Change]) -> Iterator[str]:
        rules = self.new if direction is Direction.OPENED else self.old
        bases = list(dict.fromkeys(basis for each in changes for _, basis in each.grounds(rules)))
        for bill, verified in ((True, False), (True, True), (False, False)):
            chosen = [each for each in bases if (each.bill, each.verified_by_lawyer) == (bill, verified)]
            if chosen:
                laws = "; ".join(map(self.terms.law, chosen))
                checked = "" if verified else self.terms.say("on.unchecked")
                key = "on.bill" if bill else "on.unverified"
                yield self.terms.say(f"{key}.{direction.value}", laws=laws, checked=checked)
