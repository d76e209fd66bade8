"""What a change of the rules does, for whoever must approve it: readable without knowing the rule language.

Written in Dutch or English as lightly marked text, so that it can be mailed, printed and kept with the decision.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from policy.catalogue import Catalogue
from policy.proving.brief import Brief
from policy.proving.changes import Change, Conditions, Direction, Elsewhere
from policy.proving.checks import broken_promises
from policy.proving.difference import differences
from policy.proving.terms import Terms
from policy.proving.written import Written
from policy.rulesets import RuleSet
from policy.telling.wording import Language
from policy.upkeep.promises import Promise
from policy.vocabulary import Level

# Said beside the role, so that nobody takes a few for everybody.
_ABOUT_WORKER = {"account_actief", "tweede_factor", "coordinator", "betrokken", "noodsituatie"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A change of rules in words.

    Attributes:
        since: The first day that was looked at.
        changes: What `differences` found between the two sets.
        broken: Ids of promises that the new set does not keep, as `broken_promises` found them.
    """

    old: RuleSet
    new: RuleSet
    since: date
    changes: tuple[Change, ...]
    broken: Collection[str]
    language: Language

    def lines(self) -> Iterator[str]:
        """The report, line by line."""
        yield f"# {self._say('title')}"
        yield ""
        yield self._say(
            "sets",
            old=self.old.digest,
            new=self.new.digest,
            since=self._day(self.since),
        )
        yield from self._section("brief", (f"- {line}" for line in self.brief.lines()))
        for direction in Direction:
            changes = [each for each in self.changes if each.direction is direction]
            yield from self._section(direction.value, self._changed(changes, direction))
        yield from self._section("promises", self._promises())
        yield from self._section("files", (f"- {line}" for line in self.written.lines()))
        yield from self._section("same", iter([self._say("same.text")]))

    @property
    def terms(self) -> Terms:
        """What everything is called."""
        return Terms(self.language)

    @property
    def brief(self) -> Brief:
        """The change in a few lines."""
        return Brief(old=self.old, new=self.new, since=self.since, changes=self.changes, terms=self.terms)

    @property
    def written(self) -> Written:
        """What is written differently."""
        told = {key for each in self.changes if each.direction is Direction.OPENED for key in each.rules}
        return Written(
            old=self.old, new=self.new, terms=self.terms, unseen_until=self._unseen_until(), told=told
        )

    def _unseen_until(self) -> date | None:
        """The day before the first change, if all that decides or is shown is the same until then."""
        first = min((each.starts for each in self.changes), default=self.since)
        days = {self.since} | {epoch.starts for each in (self.old, self.new) for epoch in each.epochs}
        both = [(self.old.in_force(day), self.new.in_force(day)) for day in days if self.since <= day < first]
        same = all((old.source, old.catalogue) == (new.source, new.catalogue) for old, new in both)
        return first - timedelta(days=1) if both and same and self.old.words == self.new.words else None

    def _say(self, key: str, /, **places: object) -> str:
        return self.terms.say(key, **places)

    def _day(self, day: date) -> str:
        return self.terms.day(day)

    def _section(self, key: str, lines: Iterator[str]) -> Iterator[str]:
        yield ""
        yield f"## {self._say(key)}"
        yield from lines

    def _promises(self) -> Iterator[str]:
        yield self._say("promises.text", since=self._day(self.since))
        before, after = ({each.promise_id: each for each in rules.promises} for rules in (self.old, self.new))
        for key, promise in (before | after).items():
            yield f"- {self._say(f'promise.{self._fate(promise, before.get(key), after)}', **self._titled(promise))}"

    def _fate(self, promise: Promise, before: Promise | None, after: Collection[str]) -> str:
        if promise.promise_id in self.broken:
            return "broken"
        if promise.promise_id not in after:
            return "gone"
        return "added" if before is None else "same" if before == promise else "altered"

    def _titled(self, promise: Promise) -> dict[str, str]:
        title = promise.title_nl if self.language == "nl" else promise.title_en
        return {"title": title, "key": promise.promise_id}

    def _changed(self, changes: list[Change], direction: Direction) -> Iterator[str]:
        if not changes:
            yield self._say(f"{direction.value}.none")
        for (starts, ends), together in groupby(changes, key=lambda each: (each.starts, each.ends)):
            yield ""
            until = {"until": self._day(ends)} if ends else {}
            yield f"### {self._say('from.until' if ends else 'from', day=self._day(starts), **until)}"
            if starts > self.since:
                before = "before.other" if any(each.ends == starts for each in changes) else "before"
                yield self._say(before, day=self._day(starts - timedelta(days=1)))
            for change in together:
                yield ""
                yield from self._change(change)

    def _change(self, change: Change) -> Iterator[str]:
        rules = self.new if change.direction is Direction.OPENED else self.old
        catalogue = rules.in_force(change.starts).catalogue
        yield self._who(rules, change, self.terms.purpose(catalogue, change.purpose))
        yield f"- {self._say(f'what.{change.direction.value}', levels=self.terms.levels(change.levels))}"
        yield f"- {self._say('types', types=self.terms.types(catalogue, change.types))}"
        yield from self._kept(change)
        yield from self._only(rules, change)
        if change.direction is Direction.OPENED:
            yield from self._stopped(rules, change)
        yield from (f"- {line}" for line in self._elsewhere(change))
        yield from self._rested_on(rules, change)

    def _who(self, rules: RuleSet, change: Change, purpose: str) -> str:
        role = rules.words.value("rol", change.role, self.language)
        facts = tuple(each for each in _left(change) if each[0] in _ABOUT_WORKER)
        only = self._say("who.only", facts=self.terms.clauses(rules.words, facts)) if facts else ""
        return self._say("who", role=role, only=only, purpose=purpose)

    def _only(self, rules: RuleSet, change: Change) -> Iterator[str]:
        facts = tuple(each for each in _left(change) if each[0] not in _ABOUT_WORKER)
        if facts:
            yield f"- {self._say('only', conditions=self.terms.sentences(rules.words, facts))}"
        elif not change.conditions:
            yield f"- {self._say('any')}"

    def _stopped(self, rules: RuleSet, change: Change) -> Iterator[str]:
        """Whether it is shown in the circumstances in which people expect that it is not."""
        told: dict[str, list[tuple[str, tuple[str, ...]]]] = {"also": [], "needed": [], "never": []}
        bound = dict(change.conditions)
        for name, so, stops in change.expected_to_stop():
            if stops:
                told["never" if so else "needed"].append((name, ("ja",)))
            elif name not in bound:
                told["also"].append((name, ("ja" if so else "nee",)))
        for key, facts in told.items():
            if facts:
                yield f"- {self._say(key, facts=self.terms.sentences(rules.words, tuple(facts)))}"

    def _kept(self, change: Change) -> Iterator[str]:
        """The lower levels of what closes, where none of them closes too."""
        if change.direction is Direction.OPENED:
            return
        alike = [each for each in self.changes if each.closes_with(change)]
        gone = {level for each in alike for level in each.levels}
        levels = [each for each in Level if each < min(change.levels) and each not in gone]
        if levels:
            yield f"- {self._say('kept', levels=self.terms.levels(levels))}"

    def _elsewhere(self, change: Change) -> Iterator[str]:
        direction = change.direction.value
        if not change.elsewhere:
            yield self._say(f"nowhere.{direction}")
        rules = self.old if change.direction is Direction.OPENED else self.new
        catalogue = rules.in_force(change.starts).catalogue
        alike: dict[Conditions, list[str]] = {}
        for each in change.elsewhere:
            alike.setdefault(each.conditions, []).append(self._other(catalogue, change, each))
        for conditions, purposes in sorted(alike.items(), key=lambda each: len(each[0])):
            key = f"elsewhere.{direction}.if" if conditions else f"elsewhere.{direction}"
            facts = self.terms.clauses(rules.words, conditions)
            yield self._say(key, facts=facts, purposes="; ".join(purposes))

    def _other(self, catalogue: Catalogue, change: Change, other: Elsewhere) -> str:
        purpose = self.terms.purpose(catalogue, other.purpose)
        if len(change.types) == 1:
            return purpose
        every = other.types == change.types
        return f"{purpose} ({self._say('all.types') if every else self.terms.types(catalogue, other.types)})"

    def _rested_on(self, rules: RuleSet, change: Change) -> Iterator[str]:
        for rule, basis in change.grounds(rules):
            yield f"- {self._say('law', law=self.terms.law(basis), reserve=self.terms.reserve(basis))}"
            yield f"- {self._say(f'rule.{change.direction.value}', key=rule.key, text=self.terms.text(rule))}"
        yield f"- {self._held(change)}"

    def _held(self, change: Change) -> str:
        other = (self.old if change.direction is Direction.OPENED else self.new).in_force(change.starts)
        if other.catalogue.purpose(change.purpose) is None:
            return self._say(f"no.purpose.{change.direction.value}")
        guards = [rule for rule in other.rules if rule.key in change.held_by]
        if not guards:
            return self._say(f"no.rule.{change.direction.value}")
        texts = " ".join(f"{self.terms.text(rule)} ({rule.key})" for rule in guards)
        return self._say(f"held.{change.direction.value}", texts=texts)


def compared(old: RuleSet, new: RuleSet, since: date, language: Language) -> Report:
    """Work out what a change of rules does, for every look-up on every day from a day on.

    Raises:
        RuleSetError: As `differences` and `broken_promises`.
    """
    return Report(
        old=old,
        new=new,
        since=since,
        changes=differences(old, new, since),
        broken=broken_promises(new, since),
        language=language,
    )


def _left(change: Change) -> Conditions:
    """The conditions that are not said already as what stops it."""
    if change.direction is Direction.CLOSED:
        return change.conditions
    stopping = {name for name, _, stops in change.expected_to_stop() if stops}
    return tuple(each for each in change.conditions if each[0] not in stopping)
