"""What is written differently in two sets of rules, line by line, for a report on the change.

It says nothing of what that does: a rule may be new and open nothing. What opens and closes is worked out elsewhere.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum

from policy.catalogue import LegalBasis, PurposeRule, SignalType
from policy.proving.phrases import phrase
from policy.rulesets import RuleSet
from policy.telling.wording import Language, day_text

Entry = SignalType | PurposeRule

_BASES = "legal_bases"
_DERIVED = {"types"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Two sets of rules, side by side."""

    old: RuleSet
    new: RuleSet
    language: Language

    def lines(self) -> Iterator[str]:
        """Everything that is new, altered or gone."""
        entries = [*self.entries("type", self.old.catalogue.types, self.new.catalogue.types)]
        entries += self.entries("purpose", self.old.catalogue.purposes, self.new.catalogue.purposes)
        lines = [*self._rules(), *self._bases(), *entries]
        yield from lines or [self._say("files.none")]
        if entries:
            yield self._say("files.day")

    def _law(self, basis: LegalBasis) -> str:
        return f"{basis.law}, {basis.article}"

    def unverified(self, basis: LegalBasis) -> str:
        """What follows the mention of a legal basis."""
        return "" if basis.verified_by_lawyer else self._say("unverified")

    def _say(self, key: str, /, **places: object) -> str:
        return phrase(key, self.language, **places)

    def _rules(self) -> Iterator[str]:
        before, after = ({rule.key: rule for rule in each.versions} for each in (self.old, self.new))
        for key, rule in sorted((before | after).items()):
            if key not in before:
                day = day_text(rule.valid_from, self.language)
                text = rule.officer_text if self.language == "nl" else rule.officer_text_en
                replaces = self._say("replaces", key=rule.replaces) if rule.replaces else ""
                yield self._say("added", day=day, title=rule.title, key=key, replaces=replaces, text=text)
            elif key not in after:
                yield self._say("removed", title=rule.title, key=key)
            elif before[key].policy != rule.policy:
                yield self._say("altered", title=rule.title, key=key)

    def _bases(self) -> Iterator[str]:
        before, after = (
            {each.code: each for each in rules.catalogue.legal_bases} for rules in (self.old, self.new)
        )
        for code, basis in (before | after).items():
            if before.get(code) != after.get(code):
                until = self._until(basis.valid_until) if basis.valid_until else ""
                yield self._say(
                    f"basis.{_fate(code, before, after)}",
                    law=basis.law,
                    article=basis.article,
                    day=day_text(basis.valid_from, self.language),
                    until=until,
                    unverified=self.unverified(basis),
                )

    def _until(self, day: date) -> str:
        return self._say("until", day=day_text(day, self.language))

    def entries(self, kind: str, old: Iterable[Entry], new: Iterable[Entry]) -> Iterator[str]:
        """Kinds of signal or purposes; those to which the same happens share a line."""
        before, after = {each.code: each for each in old}, {each.code: each for each in new}
        alike: dict[tuple[str, str, str], list[str]] = {}
        for code, entry in (before | after).items():
            fate = _fate(code, before, after)
            details = " ".join(self._details(before[code], entry)) if fate == "altered" else ""
            starts = self._starts(code) if kind == "purpose" and fate == "added" else ""
            if details or fate != "altered":
                alike.setdefault((fate, details, starts), []).append(label(entry, self.language))
        for (fate, details, starts), labels in alike.items():
            yield self._say(f"{kind}.{fate}", labels=", ".join(labels), details=details, starts=starts)

    def _starts(self, code: str) -> str:
        days = [epoch.starts for epoch in self.new.epochs if epoch.catalogue.purpose(code)]
        return (
            self._say("starts", day=day_text(days[0], self.language)) if days else self._say("starts.never")
        )

    def _details(self, old: Entry, new: Entry) -> Iterator[str]:
        texts = False
        for name in (each.name for each in fields(new) if each.name not in _DERIVED):
            before, after = getattr(old, name), getattr(new, name)
            if before == after:
                continue
            if name == _BASES:
                yield from self._bases_of(before, after)
            elif name.endswith(("_nl", "_en")) or name == "worker_text":
                texts = True
            else:
                yield self._say(
                    "detail", name=self._say(name), old=self._value(before), new=self._value(after)
                )
        if texts:
            yield self._say("detail.text")

    def _bases_of(self, before: tuple[str, ...], after: tuple[str, ...]) -> Iterator[str]:
        changes = (
            ("+", self.new, [code for code in after if code not in before]),
            ("-", self.old, [code for code in before if code not in after]),
        )
        for sign, rules, codes in changes:
            bases = [each for each in rules.catalogue.legal_bases if each.code in codes]
            if bases:
                laws = self._say("and").join(self._law(each) for each in bases)
                yield self._say("detail.legal_bases", sign=self._say(sign), laws=laws)

    def _value(self, value: object) -> str:
        if isinstance(value, bool):
            return self._say("yes" if value else "no")
        if isinstance(value, tuple):
            return ", ".join(map(str, value))
        return value.value if isinstance(value, StrEnum) else str(value)


def label(entry: Entry, language: Language) -> str:
    """What a kind of signal or a purpose is called."""
    return entry.label_nl if language == "nl" else entry.label_en


def _fate(code: str, before: Mapping[str, object], after: Mapping[str, object]) -> str:
    return "added" if code not in before else "altered" if code in after else "gone"
