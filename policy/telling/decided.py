"""A decision with everything it was made from, and what is told of one type before it is put in lines."""

from collections.abc import Iterable
from dataclasses import dataclass

from policy.catalogue import LegalBasis, PurposeRule
from policy.facts import ATTRIBUTE_OF_FACT, LookupFacts
from policy.in_force import InForce
from policy.pdp import Decision, TypeOutcome
from policy.rule_text import Rule
from policy.telling.sentences import say, say_fault
from policy.telling.wording import Language, Words, day_text

_FACT_OF_ATTRIBUTE = {attribute: fact for fact, attribute in ATTRIBUTE_OF_FACT.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision, the rules and facts it was made from, and the words that go with those rules."""

    rules: InForce
    words: Words
    facts: LookupFacts
    decision: Decision

    @property
    def purpose(self) -> PurposeRule | None:
        """The purpose of the look-up; None if the catalogue does not know it."""
        return self.rules.catalogue.purpose(self.facts.purpose or "")

    def determining(self, outcome: TypeOutcome) -> tuple[Rule, ...]:
        """The rules that determined an outcome, in the order of their keys."""
        return tuple(rule for rule in self.rules.rules if rule.key in outcome.reasons)

    def bases(self, codes: Iterable[str]) -> tuple[LegalBasis, ...]:
        """The legal bases with these codes that hold on the day, each once, in the order of the catalogue."""
        wanted = set(codes)
        return tuple(each for each in self.rules.catalogue.legal_bases if each.code in wanted)

    def facts_known(self, language: Language) -> tuple[str, ...]:
        """Every fact of the look-up as a sentence, in the order of the rules; for one that was not known, that."""
        return tuple(
            self.said(attribute, value, language)
            if (value := getattr(self.facts, fact)) is not None
            else say_fault("missing-fact", self.words.label(attribute, language), language)
            for fact, attribute in ATTRIBUTE_OF_FACT.items()
        )

    def stated(self, attribute: str, language: Language) -> str:
        """A sentence that states what a fact was; none was unknown, or nothing would have been decided."""
        return self.said(attribute, getattr(self.facts, _FACT_OF_ATTRIBUTE[attribute]), language)

    def said(self, attribute: str, value: object, language: Language) -> str:
        """A sentence that states a fact as if it were this."""
        purpose = (
            self.rules.catalogue.purpose(str(value)) if attribute == ATTRIBUTE_OF_FACT["purpose"] else None
        )
        if purpose is not None:
            value = purpose.label_nl if language == "nl" else purpose.label_en
        return self.words.sentence(attribute, value, language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is told of one type, apart from its name; of several types at once if all of it is the same.

    Attributes:
        sentence: The name of the sentence that says what was decided.
        area: The area of life it speaks of, if it does.
    """

    sentence: str
    area: str = ""
    why: tuple[str, ...]
    bases: tuple[LegalBasis, ...]
    helps: tuple[str, ...]


def rule_text(rule: Rule, text: str, language: Language) -> str:
    """A text of a rule, with which version it is from."""
    return say("rule", language, text=text, key=rule.key, day=day_text(rule.valid_from, language))
