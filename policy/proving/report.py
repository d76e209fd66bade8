"""What a change of the rules does, for whoever must approve it: readable without knowing the rule language.

Written in Dutch or English as lightly marked text, so that it can be mailed, printed and kept with the decision.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from policy.catalogue import Catalogue, LegalBasis
from policy.proving.checks import broken_promises
from policy.proving.difference import Change, Direction, differences
from policy.proving.phrases import phrase
from policy.proving.written import Written, label
from policy.rule_text import Rule
from policy.rulesets import RuleSet
from policy.telling.wording import Language, Words, day_text
from policy.upkeep.promises import Promise
from policy.vocabulary import Level

_DIGEST_SHOWN = 16
_PROTECTING = (
    ("relatie_loopt", False),
    ("relatie_bevestigd", False),
    ("afgeschermd", True),
    ("bezwaar", True),
    ("betrokken", True),
)


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
            old=self.old.digest[:_DIGEST_SHOWN],
            new=self.new.digest[:_DIGEST_SHOWN],
            since=self._day(self.since),
        )
        yield from self._section("brief", self._brief())
        for direction in Direction:
            changes = [each for each in self.changes if each.direction is direction]
            yield from self._section(direction.value, self._changed(changes, direction))
        yield from self._section("promises", self._promises())
        yield from self._section("files", (f"- {line}" for line in self.written.lines()))
        yield from self._section("same", iter([self._say("same.text")]))

    @property
    def written(self) -> Written:
        """What is written differently."""
        return Written(old=self.old, new=self.new, language=self.language)

    def _say(self, key: str, /, **places: object) -> str:
        return phrase(key, self.language, **places)

    def _day(self, day: date) -> str:
        return day_text(day, self.language)

    def _section(self, key: str, lines: Iterator[str]) -> Iterator[str]:
        yield ""
        yield f"## {self._say(key)}"
        yield from lines

    def _brief(self) -> Iterator[str]:
        first = min((each.starts for each in self.changes), default=self.since)
        if first > self.since:
            yield f"- {self._say('until.then', day=self._day(first - timedelta(days=1)))}"
        for direction in Direction:
            days = [each.starts for each in self.changes if each.direction is direction]
            if days:
                yield f"- {self._say(f'{direction.value}.some', day=self._day(min(days)), count=len(days))}"
            else:
                yield f"- {self._say(f'{direction.value}.none')}"
        bases = [each for each in self._opened_on() if not each.verified_by_lawyer]
        laws = dict.fromkeys(f"{each.law}, {each.article}" for each in bases)
        if laws:
            yield f"- {self._say('on.unverified', laws='; '.join(laws))}"

    def _opened_on(self) -> Iterator[LegalBasis]:
        for change in self.changes:
            if change.direction is Direction.OPENED:
                yield from (basis for _, basis in _grounds(self.new, change))

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
            for change in together:
                yield ""
                yield from self._change(change)

    def _change(self, change: Change) -> Iterator[str]:
        rules = self.new if change.direction is Direction.OPENED else self.old
        catalogue = rules.in_force(change.starts).catalogue
        role = rules.words.value("rol", change.role, self.language)
        yield self._say("who", role=role, purpose=self._purpose(catalogue, change.purpose))
        levels = self._say("and").join(self._say(level.value) for level in change.levels)
        yield f"- {self._say(f'what.{change.direction.value}', levels=levels)}"
        yield f"- {self._say('types', types=self._types(catalogue, change.types))}"
        yield from self._kept(change)
        yield f"- {self._only(rules.words, change)}"
        if change.direction is Direction.OPENED:
            yield from self._protected(rules.words, change)
        yield f"- {self._elsewhere(change)}"
        yield from self._rested_on(rules, change)

    def _only(self, words: Words, change: Change) -> str:
        if change.conditions:
            told = " ".join(self._condition(words, *each) for each in change.conditions)
            return self._say("only", conditions=told)
        return self._say("any")

    def _protected(self, words: Words, change: Change) -> Iterator[str]:
        """Whether it is shown in the circumstances in which people expect that it is not."""
        values = dict(change.values)
        told: dict[str, list[str]] = {"also": [], "never": []}
        for name, so in _PROTECTING:
            shown = ("ja" if so else "nee") in values[name]
            told["also" if shown else "never"].append(words.sentence(name, so, self.language))
        yield from (f"- {self._say(key, facts=' '.join(facts))}" for key, facts in told.items() if facts)

    def _kept(self, change: Change) -> Iterator[str]:
        """The lower levels of what closes, where none of them closes too."""
        if change.direction is Direction.OPENED:
            return
        alike = [each for each in self.changes if each.closes_with(change)]
        gone = {level for each in alike for level in each.levels}
        levels = [self._say(each.value) for each in Level if each < min(change.levels) and each not in gone]
        if levels:
            yield f"- {self._say('kept', levels=self._say('and').join(levels))}"

    def _elsewhere(self, change: Change) -> str:
        direction = change.direction.value
        if not change.elsewhere:
            return self._say(f"nowhere.{direction}")
        catalogue = (
            (self.old if change.direction is Direction.OPENED else self.new).in_force(change.starts).catalogue
        )
        purposes = "; ".join(
            self._purpose(catalogue, code)
            + ("" if types == change.types else f" ({self._types(catalogue, types)})")
            for code, types in change.elsewhere
        )
        return self._say(f"elsewhere.{direction}", purposes=purposes)

    def _condition(self, words: Words, attribute: str, values: tuple[str, ...]) -> str:
        if values[0].startswith("= "):
            first, second = words.label(attribute, self.language), words.label(values[0][2:], self.language)
            return self._say("equal", first=first, second=second)
        if set(values) <= {"ja", "nee"}:
            return words.sentence(attribute, values[0] == "ja", self.language)
        name = words.label(attribute, self.language)
        said = self._say("or").join(words.value(attribute, each, self.language) for each in values)
        return f"{name[0].upper()}{name[1:]}: {said}."

    def _rested_on(self, rules: RuleSet, change: Change) -> Iterator[str]:
        for rule, basis in _grounds(rules, change):
            unverified = self.written.unverified(basis)
            yield f"- {self._say('law', law=basis.law, article=basis.article, unverified=unverified)}"
            yield f"- {self._say('rule', key=rule.key, text=self._text(rule))}"
        yield f"- {self._held(change)}"

    def _held(self, change: Change) -> str:
        other = self.old if change.direction is Direction.OPENED else self.new
        guards = [rule for rule in other.in_force(change.starts).rules if rule.key in change.held_by]
        if not guards:
            return self._say(f"no.rule.{change.direction.value}")
        texts = " ".join(f"{self._text(rule)} ({rule.key})" for rule in guards)
        return self._say(f"held.{change.direction.value}", texts=texts)

    def _text(self, rule: Rule) -> str:
        return rule.officer_text if self.language == "nl" else rule.officer_text_en

    def _purpose(self, catalogue: Catalogue, code: str) -> str:
        purpose = catalogue.purpose(code)
        return label(purpose, self.language) if purpose else code

    def _types(self, catalogue: Catalogue, codes: tuple[str, ...]) -> str:
        return ", ".join(label(each, self.language) for each in catalogue.types if each.code in codes)


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


def _grounds(rules: RuleSet, change: Change) -> Iterator[tuple[Rule, LegalBasis]]:
    """The rules by which the more generous set allows it, each with its legal basis."""
    now = rules.in_force(change.starts)
    for key in change.rules:
        rule = now.rule(key)
        basis = now.catalogue.legal_basis(rule.legal_basis) if rule else None
        if rule is not None and basis is not None:
            yield rule, basis
