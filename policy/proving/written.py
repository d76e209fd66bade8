"""What is written differently in two sets of rules, line by line, for a report on the change.

It says nothing of what that does: a rule may be new and open nothing. What opens and closes is worked out elsewhere.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum

from policy.catalogue import PurposeRule, SignalType
from policy.proving.terms import Terms
from policy.rulesets import RuleSet

Entry = SignalType | PurposeRule

_BASES = "legal_bases"
_DERIVED = {"types"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Two sets of rules, side by side.

    Attributes:
        unseen_until: The last day up to which nothing of it changes what anybody sees, if it is known to be so.
        told: Keys of rules of which the report gives the text elsewhere.
    """

    old: RuleSet
    new: RuleSet
    terms: Terms
    unseen_until: date | None = None
    told: Collection[str] = ()

    def lines(self) -> Iterator[str]:
        """Everything that is new, altered or gone."""
        entries = [*self.entries("type", self.old.catalogue.types, self.new.catalogue.types)]
        entries += self.entries("purpose", self.old.catalogue.purposes, self.new.catalogue.purposes)
        lines = [*self._rules(), *self._bases(), *entries]
        yield from lines or [self.terms.say("files.none")]
        if entries:
            unseen = self.unseen_until
            until = self.terms.say("files.unseen", day=self.terms.day(unseen)) if unseen else ""
            yield self.terms.say("files.day", unseen=until)

    def _rules(self) -> Iterator[str]:
        before, after = ({rule.key: rule for rule in each.versions} for each in (self.old, self.new))
        for key, rule in sorted((before | after).items()):
            if key not in before:
                day = self.terms.day(rule.valid_from)
                text = "" if key in self.told else f" {self.terms.text(rule)}"
                replaces = self.terms.say("replaces", key=rule.replaces) if rule.replaces else ""
                yield self.terms.say(
                    "added", day=day, title=rule.title, key=key, replaces=replaces, text=text
                )
            elif key not in after:
                yield self.terms.say("removed", title=rule.title, key=key)
            elif before[key].policy != rule.policy:
                yield self.terms.say("altered", title=rule.title, key=key)

    def _bases(self) -> Iterator[str]:
        before, after = (
            {each.code: each for each in rules.catalogue.legal_bases} for rules in (self.old, self.new)
        )
        for code, basis in (before | after).items():
            if before.get(code) != after.get(code):
                until = basis.valid_until
                yield self.terms.say(
                    f"basis.{_fate(code, before, after)}",
                    law=self.terms.law(basis),
                    day=self.terms.day(basis.valid_from),
                    until=self.terms.say("until", day=self.terms.day(until)) if until else "",
                    reserve=self.terms.reserve(basis),
                )

    def entries(self, kind: str, old: Iterable[Entry], new: Iterable[Entry]) -> Iterator[str]:
        """Kinds of signal or purposes; those to which the same happens share a line."""
        before, after = {each.code: each for each in old}, {each.code: each for each in new}
        alike: dict[tuple[str, str, str], list[str]] = {}
        for code, entry in (before | after).items():
            fate = _fate(code, before, after)
            details = " ".join(self._details(before[code], entry)) if fate == "altered" else ""
            starts = self._starts(code) if kind == "purpose" and fate == "added" else ""
            if details or fate != "altered":
                alike.setdefault((fate, details, starts), []).append(self.terms.label(entry))
        for (fate, details, starts), labels in alike.items():
            yield self.terms.say(f"{kind}.{fate}", labels=", ".join(labels), details=details, starts=starts)

    def _starts(self, code: str) -> str:
        days = [epoch.starts for epoch in self.new.epochs if epoch.catalogue.purpose(code)]
        return (
            self.terms.say("starts", day=self.terms.day(days[0])) if days else self.terms.say("starts.never")
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
                yield self.terms.say(
                    "detail", name=self.terms.say(name), old=self._value(before), new=self._value(after)
                )
        if texts:
            yield self.terms.say("detail.text")

    def _bases_of(self, before: tuple[str, ...], after: tuple[str, ...]) -> Iterator[str]:
        changes = (
            ("+", self.new, [code for code in after if code not in before]),
            ("-", self.old, [code for code in before if code not in after]),
        )
        for sign, rules, codes in changes:
            bases = [each for each in rules.catalogue.legal_bases if each.code in codes]
            if bases:
                laws = self.terms.say("and").join(self.terms.law(each) for each in bases)
                yield self.terms.say("detail.legal_bases", sign=self.terms.say(sign), laws=laws)

    def _value(self, value: object) -> str:
        if isinstance(value, bool):
            return self.terms.say("yes" if value else "no")
        if isinstance(value, tuple):
            return ", ".join(map(str, value))
        return value.value if isinstance(value, StrEnum) else str(value)


def _fate(code: str, before: Mapping[str, object], after: Mapping[str, object]) -> str:
    return "added" if code not in before else "altered" if code in after else "gone"
