"""The facts of a look-up in words for people, from `words.toml` of the same rule set.

Invariant: every fact that rules may use has words in Dutch and English, or the set does not load.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, TypeAlias, get_args, get_type_hints

import msgspec

from policy.errors import RuleSetError
from policy.facts import ATTRIBUTE_OF_FACT, LookupFacts

FILE = "words.toml"

Language: TypeAlias = Literal["nl", "en"]

# Twelve words, so that deciding needs no library of languages.
_MONTHS: Mapping[Language, tuple[str, ...]] = {
    "nl": (
        "januari", "februari", "maart", "april", "mei", "juni",
        "juli", "augustus", "september", "oktober", "november", "december",
    ),
    "en": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
}  # fmt: skip

_Line = Annotated[str, msgspec.Meta(pattern=r"^\S(.*\S)?\Z", max_length=120)]


class _Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    nl: _Line
    en: _Line

    def in_(self, language: Language) -> str:
        return self.nl if language == "nl" else self.en


class _Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    label_nl: _Line
    label_en: _Line
    yes_nl: _Line | None = None
    no_nl: _Line | None = None
    yes_en: _Line | None = None
    no_en: _Line | None = None
    values: dict[str, _Said] = {}


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    fact: dict[str, _Fact]


@dataclass(frozen=True, slots=True)
class Words:
    """What to call each fact, by its Dutch name in the rules."""

    _facts: Mapping[str, _Fact]

    def label(self, attribute: str, language: Language) -> str:
        """What the fact is called."""
        fact = self._facts[attribute]
        return fact.label_nl if language == "nl" else fact.label_en

    def value(self, attribute: str, value: object, language: Language) -> str:
        """What the value is called; the value itself where it needs no other words."""
        if isinstance(value, date):
            return day_text(value, language)
        said = self._facts[attribute].values.get(str(value))
        return said.in_(language) if said else str(value)

    def sentence(self, attribute: str, value: object, language: Language) -> str:
        """One sentence that states the fact."""
        fact = self._facts[attribute]
        if isinstance(value, bool):
            if language == "nl":
                return str(fact.yes_nl if value else fact.no_nl)
            return str(fact.yes_en if value else fact.no_en)
        label = self.label(attribute, language)
        return f"{label[0].upper()}{label[1:]}: {self.value(attribute, value, language)}."


NO_WORDS = Words({})
"""The words of a set without rules: there is nothing to say."""


def day_text(day: date, language: Language) -> str:
    """A day as people say it."""
    return f"{day.day} {_MONTHS[language][day.month - 1]} {day.year}"


def read_words(text: str) -> Words:
    """Read the words.

    Raises:
        RuleSetError: If the file is not TOML of this shape, has no words for a fact or has them for none.
    """
    try:
        facts = msgspec.convert(tomllib.loads(text), _File).fact
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise RuleSetError(FILE, str(error)) from error
    odd = sorted(set(facts) ^ set(ATTRIBUTE_OF_FACT.values()))
    if odd:
        raise RuleSetError(FILE, f"facts without words, or words without a fact: {', '.join(odd)}")
    hints = get_type_hints(LookupFacts)
    for name, attribute in ATTRIBUTE_OF_FACT.items():
        fact = facts[attribute]
        sentences = (fact.yes_nl, fact.no_nl, fact.yes_en, fact.no_en)
        wanted = bool in get_args(hints[name])
        if any((sentence is not None) != wanted for sentence in sentences):
            raise RuleSetError(
                FILE, f"{attribute}: sentences for yes and no go with a fact that is yes or no"
            )
    return Words(facts)
