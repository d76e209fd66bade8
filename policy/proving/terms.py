"""How a report on a change calls what it is about: days, levels, purposes, kinds of signal, laws and facts."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from policy.catalogue import Catalogue, LegalBasis, PurposeRule, SignalType
from policy.proving.changes import Conditions
from policy.proving.phrases import phrase
from policy.rule_text import Rule
from policy.telling.wording import Language, Words, day_text
from policy.vocabulary import Level


@dataclass(frozen=True, slots=True)
class Terms:
    """What everything is called in one language."""

    language: Language

    def say(self, key: str, /, **places: object) -> str:
        """A fixed sentence with its places filled."""
        return phrase(key, self.language, **places)

    def day(self, day: date) -> str:
        """A day as people say it."""
        return day_text(day, self.language)

    def label(self, entry: SignalType | PurposeRule) -> str:
        """What a kind of signal or a purpose is called."""
        return entry.label_nl if self.language == "nl" else entry.label_en

    def levels(self, levels: Iterable[Level]) -> str:
        """How much is shown."""
        return self.say("and").join(self.say(each.value) for each in levels)

    def purpose(self, catalogue: Catalogue, code: str) -> str:
        """What a purpose is called; its code if it is not in the catalogue."""
        purpose = catalogue.purpose(code)
        return self.label(purpose) if purpose else code

    def types(self, catalogue: Catalogue, codes: Collection[str]) -> str:
        """Kinds of signal in the order of the catalogue."""
        return ", ".join(self.label(each) for each in catalogue.types if each.code in codes)

    def law(self, basis: LegalBasis) -> str:
        """A legal basis by its law and article."""
        return f"{basis.law}, {basis.article}"

    def text(self, rule: Rule) -> str:
        """What a rule says, for whoever has to judge it."""
        return rule.officer_text if self.language == "nl" else rule.officer_text_en

    def reserve(self, basis: LegalBasis) -> str:
        """What must follow the mention of a legal basis; nothing if it is law and a lawyer checked it."""
        bill = self.say("bill") if basis.bill else ""
        return bill + ("" if basis.verified_by_lawyer else self.say("unverified"))

    def sentences(self, words: Words, conditions: Conditions) -> str:
        """Facts, each in a sentence."""
        return " ".join(self._sentence(words, *each) for each in conditions)

    def clauses(self, words: Words, conditions: Conditions) -> str:
        """Facts, to stand within a sentence."""
        told = (self._sentence(words, *each).removesuffix(".") for each in conditions)
        return ", ".join(f"{each[0].lower()}{each[1:]}" for each in told)

    def _sentence(self, words: Words, attribute: str, values: tuple[str, ...]) -> str:
        if values[0].startswith("= "):
            first, second = words.label(attribute, self.language), words.label(values[0][2:], self.language)
            return self.say("equal", first=first, second=second)
        if set(values) <= {"ja", "nee"}:
            return words.sentence(attribute, values[0] == "ja", self.language)
        name = words.label(attribute, self.language)
        said = self.say("or").join(words.value(attribute, each, self.language) for each in values)
        return self.say("fact", name=f"{name[0].upper()}{name[1:]}", values=said)
