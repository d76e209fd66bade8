"""What a privacy officer reads of a decision: every rule, what it foundered on, and which one fact would change it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from policy.engine import Question
from policy.engine.misses import Miss, misses
from policy.facts import ATTRIBUTE_OF_FACT
from policy.pdp import TypeOutcome
from policy.rule_text import Kind, Rule
from policy.telling.changes import Decide, single_changes
from policy.telling.decided import Decided, Told, rule_text
from policy.telling.sentences import say, say_fault
from policy.telling.wording import Language, day_text
from policy.telling.worker import area_of
from policy.vocabulary import Level, Outcome, Shows


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """Tells a privacy officer about the types of one decision.

    Attributes:
        changes: By type that was not allowed, what would have been stated had one other fact allowed it.
    """

    decided: Decided
    changes: Mapping[str, tuple[str, ...]]
    language: Language

    def told(self, outcome: TypeOutcome) -> Told:
        """What she reads of one type."""
        match outcome.outcome:
            case Outcome.FAULT:
                return self._fault(outcome)
            case Outcome.ALLOWED:
                return self._allowed(outcome)
            case Outcome.REFUSED:
                return self._refused(outcome)
            case Outcome.NO_RULE:
                return self._no_rule(outcome)

    def _allowed(self, outcome: TypeOutcome) -> Told:
        purpose, kind = self.decided.purpose, self.decided.rules.catalogue.signal_type(outcome.code)
        assert purpose is not None, "nothing is allowed for a purpose nobody knows"
        assert kind is not None, "nothing is allowed of a type nobody knows"
        assert outcome.level is not None, "an allowance has a level"
        areas_only = purpose.shows is Shows.AREAS
        rules = self.decided.determining(outcome)
        most = self.decided.rules.highest(purpose).get(outcome.code, outcome.level)
        why = [self._text(rule) for rule in rules]
        if outcome.level < most:
            why += self._no_more(outcome.code, next(level for level in Level if level > outcome.level))
        return Told(
            sentence="officer.area" if areas_only else f"officer.{outcome.level.value}",
            area=area_of(self.decided, kind, self.language) if areas_only else "",
            why=tuple(why),
            bases=self.decided.bases(rule.legal_basis for rule in rules),
            helps=(self._say("nothing.needed"),),
        )

    def _no_more(self, code: str, level: Level) -> list[str]:
        """Why the next level was not allowed: the guards that refuse it, or what keeps the nearest grant from it."""
        missed = self._missed(code, level)
        guards = [rule for rule in self.decided.rules.rules if rule.kind is Kind.GUARD and missed[rule.key]]
        if guards:
            texts = [self._text(rule) for rule in guards]
            return [self._say("no.more"), *texts, *self._facts(missed[rule.key] for rule in guards)]
        return [self._say("no.more"), *self._facts([missed[self._nearest(missed).key]])]

    def _refused(self, outcome: TypeOutcome) -> Told:
        guards = self.decided.determining(outcome)
        missed = self._missed(outcome.code, Level.PRESENCE)
        texts = [guard.help_text if self.language == "nl" else guard.help_text_en for guard in guards]
        helps = (self._say("officer.help", text=text) for text in texts if text)
        return Told(
            sentence="officer.no",
            why=(*map(self._text, guards), *self._facts(missed[guard.key] for guard in guards)),
            bases=self.decided.bases(guard.legal_basis for guard in guards),
            helps=(*helps, *self._other_facts(outcome.code)),
        )

    def _no_rule(self, outcome: TypeOutcome) -> Told:
        missed = self._missed(outcome.code, Level.PRESENCE)
        if not any(rule.kind is Kind.GRANT for rule in self.decided.rules.rules):
            return Told(
                sentence="officer.no", why=(self._say("no.rule"),), bases=(), helps=self._other_facts("")
            )
        near = self._nearest(missed)
        named = self._say(
            "nearest", title=near.title, key=near.key, day=day_text(near.valid_from, self.language)
        )
        return Told(
            sentence="officer.no",
            why=(self._say("no.rule"), named, *self._facts([missed[near.key]])),
            bases=self.decided.bases([near.legal_basis]),
            helps=self._other_facts(outcome.code),
        )

    def _fault(self, outcome: TypeOutcome) -> Told:
        return Told(
            sentence="officer.fault",
            why=tuple(self._error(code) for code in outcome.errors),
            bases=(),
            helps=(self._say("officer.again"),),
        )

    def _nearest(self, missed: Mapping[str, tuple[Miss, ...]]) -> Rule:
        """The grant with the fewest conditions that do not hold; of equals first one for the purpose asked."""
        grants = [rule for rule in self.decided.rules.rules if rule.kind is Kind.GRANT]
        asked = self.decided.facts.purpose
        return min(grants, key=lambda rule: (len(missed[rule.key]), rule.purpose != asked, rule.key))

    def _missed(self, code: str, level: Level) -> Mapping[str, tuple[Miss, ...]]:
        rules = self.decided.rules
        assert rules.source is not None, "only a fault is decided without rules"
        return misses(rules.source, rules.attributes_of(self.decided.facts), Question(code, level))

    def _facts(self, missed: Iterable[tuple[Miss, ...]]) -> list[str]:
        """What the conditions that do not hold foundered on, each said once, in one line."""
        said = dict.fromkeys(text for each in missed for miss in each for text in self._foundered(miss))
        return [self._say("missed", facts=" ".join(said))] if said else []

    def _foundered(self, miss: Miss) -> list[str]:
        if not miss.facts:
            return [self._say("miss.question")]
        known = set(ATTRIBUTE_OF_FACT.values())
        return [
            self.decided.stated(name, self.language) if name in known else self._say("miss.bases")
            for name in miss.facts
        ]

    def _other_facts(self, code: str) -> tuple[str, ...]:
        found = self.changes.get(code, ())
        return tuple(self._say("one.change", fact=fact) for fact in found) or (self._say("no.change"),)

    def _error(self, code: str) -> str:
        kind, _, about = code.partition(":")
        attribute = ATTRIBUTE_OF_FACT.get(about)
        label = self.decided.words.label(attribute, self.language) if attribute else about
        return say_fault(kind, label, self.language)

    def _text(self, rule: Rule) -> str:
        text = rule.officer_text if self.language == "nl" else rule.officer_text_en
        return rule_text(rule, text, self.language)

    def _say(self, name: str, **places: str) -> str:
        return say(name, self.language, **places)


def what_if(decided: Decided, decide: Decide, language: Language) -> Mapping[str, tuple[str, ...]]:
    """By type that was refused, or that no rule allowed, each single other fact with which it would be allowed."""
    closed = {
        each.code for each in decided.decision.outcomes if each.outcome in {Outcome.REFUSED, Outcome.NO_RULE}
    }
    found: dict[str, list[str]] = {code: [] for code in closed}
    for attribute, facts, value in single_changes(decided.facts, decided.rules.catalogue) if closed else ():
        for code, _ in decide(facts).allowed:
            if code in closed:
                found[code].append(decided.said(attribute, value, language))
    return {code: tuple(said) for code, said in found.items()}
