"""What a change of the rules does, for whoever must approve it: readable without knowing the rule language.

Written in Dutch or English as lightly marked text, so that it can be mailed, printed and kept with the decision.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from policy.catalogue import Catalogue, PurposeRule, SignalType
from policy.proving.difference import Change, Direction
from policy.rulesets import RuleSet
from policy.telling.wording import Language, Words, day_text

_DIGEST_SHOWN = 16
_Entry = SignalType | PurposeRule

_NL: Mapping[str, str] = {
    "title": "Wat verandert er met deze regels?",
    "sets": "Nu geldt regelset {old}. Straks geldt regelset {new}. Gekeken is vanaf {since}.",
    "brief": "In het kort",
    "opened.none": "Er gaat niets open.",
    "closed.none": "Er gaat niets dicht.",
    "opened.some": "Er gaat iets open, voor het eerst op {day}. Aantal veranderingen: {count}.",
    "closed.some": "Er gaat iets dicht, voor het eerst op {day}. Aantal veranderingen: {count}.",
    "files": "Regels die erbij komen, veranderen of verdwijnen",
    "files.none": "Geen enkele regel is anders.",
    "added": "Nieuw vanaf {day}: {title} ({key})",
    "replaces": ", in plaats van {key}",
    "removed": "Verdwenen: {title} ({key}). Een regel verdwijnt nooit: er hoort een opvolger te zijn.",
    "altered": "Veranderd: {title} ({key}). Een regel die al gold, hoort niet te veranderen: maak een opvolger.",
    "basis.added": "Nieuwe grondslag vanaf {day}: {law}, {article}",
    "basis.altered": "Grondslag veranderd: {law}, {article}. Geldt nu vanaf {day}{until}",
    "until": " tot {day}",
    "opened": "Wat gaat open",
    "closed": "Wat gaat dicht",
    "from": "Vanaf {day}",
    "from.until": "Vanaf {day} tot {until}",
    "who": "Wie: {role}. Doel: {purpose}.",
    "what.opened": "Ziet nieuw: {levels}.",
    "what.closed": "Ziet niet meer: {levels}.",
    "aanwezigheid": "dat er iets loopt",
    "bron": "bij welke organisatie het loopt",
    "contact": "wie te bellen is",
    "types": "Bij: {types}.",
    "only": "Alleen hierbij: {conditions}",
    "any": "Voor iedere inwoner uit de eigen caseload.",
    "law": "Op grond van: {law}, {article}.{unverified}",
    "unverified": " Niet gecontroleerd door een jurist.",
    "rule": "Regel {key}: {text}",
    "held.opened": "Nu tegengehouden door: {texts}",
    "held.closed": "Straks tegengehouden door: {texts}",
    "no.rule.opened": "Nu is er geen regel die dit toestaat.",
    "no.rule.closed": "Straks is er geen regel die dit toestaat.",
    "type.added": "Nieuw soort signaal: {label}",
    "type.altered": "Soort signaal veranderd: {label}",
    "type.gone": "Soort signaal verdwenen: {label}",
    "purpose.added": "Nieuw doel: {label}",
    "purpose.altered": "Doel veranderd: {label}",
    "purpose.gone": "Doel verdwenen: {label}",
    "equal": "{first} en {second} zijn hetzelfde.",
    "or": " of ",
    "and": " en ",
    "same": "Wat blijft gelijk",
    "same.text": "Alles wat hier niet staat, blijft zoals het is. Dat is nagerekend voor elke mogelijke raadpleging, "
    "niet alleen voor voorbeelden. Bij elke verandering is een voorbeeld ook echt door de regels beslist.",
}
_EN: Mapping[str, str] = {
    "title": "What do these rules change?",
    "sets": "Rule set {old} counts now. Rule set {new} would. Looked at from {since}.",
    "brief": "In brief",
    "opened.none": "Nothing opens.",
    "closed.none": "Nothing closes.",
    "opened.some": "Something opens, first on {day}. Changes: {count}.",
    "closed.some": "Something closes, first on {day}. Changes: {count}.",
    "files": "Rules that are added, altered or gone",
    "files.none": "No rule is different.",
    "added": "New from {day}: {title} ({key})",
    "replaces": ", in place of {key}",
    "removed": "Gone: {title} ({key}). A rule never goes: it has a successor.",
    "altered": "Altered: {title} ({key}). A rule that already counted must not change: give it a successor.",
    "basis.added": "New legal basis from {day}: {law}, {article}",
    "basis.altered": "Legal basis altered: {law}, {article}. It now holds from {day}{until}",
    "until": " until {day}",
    "opened": "What opens",
    "closed": "What closes",
    "from": "From {day}",
    "from.until": "From {day} until {until}",
    "who": "Who: {role}. Purpose: {purpose}.",
    "what.opened": "Newly sees: {levels}.",
    "what.closed": "No longer sees: {levels}.",
    "aanwezigheid": "that something runs",
    "bron": "at which organisation it runs",
    "contact": "whom to phone",
    "types": "Of: {types}.",
    "only": "Only with: {conditions}",
    "any": "For every resident in her own caseload.",
    "law": "On the basis of: {law}, {article}.{unverified}",
    "unverified": " Not checked by a lawyer.",
    "rule": "Rule {key}: {text}",
    "held.opened": "Held back now by: {texts}",
    "held.closed": "Would be held back by: {texts}",
    "no.rule.opened": "No rule allows this now.",
    "no.rule.closed": "No rule would allow this.",
    "type.added": "New kind of signal: {label}",
    "type.altered": "Kind of signal altered: {label}",
    "type.gone": "Kind of signal gone: {label}",
    "purpose.added": "New purpose: {label}",
    "purpose.altered": "Purpose altered: {label}",
    "purpose.gone": "Purpose gone: {label}",
    "equal": "{first} and {second} are the same.",
    "or": " or ",
    "and": " and ",
    "same": "What stays the same",
    "same.text": "Everything not mentioned here stays as it is. That was worked out for every possible look-up, not "
    "only for examples. Of each change one example was decided by the rules themselves.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A change of rules in words.

    Attributes:
        since: The first day that was looked at.
        changes: What `differences` found between the two sets.
    """

    old: RuleSet
    new: RuleSet
    since: date
    changes: tuple[Change, ...]
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
        yield from self._section("files", self._files())
        for direction in Direction:
            changes = [each for each in self.changes if each.direction is direction]
            yield from self._section(direction.value, self._changed(changes, direction))
        yield from self._section("same", iter([self._say("same.text")]))

    def _say(self, key: str, /, **places: object) -> str:
        return (_NL if self.language == "nl" else _EN)[key].format(**places)

    def _day(self, day: date) -> str:
        return day_text(day, self.language)

    def _section(self, key: str, lines: Iterator[str]) -> Iterator[str]:
        yield ""
        yield f"## {self._say(key)}"
        yield from lines

    def _brief(self) -> Iterator[str]:
        for direction in Direction:
            days = [each.starts for each in self.changes if each.direction is direction]
            if days:
                yield f"- {self._say(f'{direction.value}.some', day=self._day(min(days)), count=len(days))}"
            else:
                yield f"- {self._say(f'{direction.value}.none')}"

    def _files(self) -> Iterator[str]:
        lines = [*self._rule_lines(), *self._basis_lines()]
        lines += self._entry_lines("type", self.old.catalogue.types, self.new.catalogue.types)
        lines += self._entry_lines("purpose", self.old.catalogue.purposes, self.new.catalogue.purposes)
        yield from lines or [f"- {self._say('files.none')}"]

    def _rule_lines(self) -> Iterator[str]:
        before, after = ({rule.key: rule for rule in each.versions} for each in (self.old, self.new))
        for key, rule in sorted((before | after).items()):
            if key not in before:
                added = self._say("added", day=self._day(rule.valid_from), title=rule.title, key=key)
                yield f"- {added}{self._say('replaces', key=rule.replaces) if rule.replaces else ''}."
            elif key not in after:
                yield f"- {self._say('removed', title=rule.title, key=key)}"
            elif before[key].policy != rule.policy:
                yield f"- {self._say('altered', title=rule.title, key=key)}"

    def _basis_lines(self) -> Iterator[str]:
        before = {each.code: each for each in self.old.catalogue.legal_bases}
        for basis in self.new.catalogue.legal_bases:
            if before.get(basis.code) == basis:
                continue
            until = self._say("until", day=self._day(basis.valid_until)) if basis.valid_until else ""
            key = "basis.altered" if basis.code in before else "basis.added"
            day = self._day(basis.valid_from)
            yield f"- {self._say(key, law=basis.law, article=basis.article, day=day, until=until)}."

    def _entry_lines(self, kind: str, old: Iterable[_Entry], new: Iterable[_Entry]) -> Iterator[str]:
        before, after = {each.code: each for each in old}, {each.code: each for each in new}
        for code, entry in (before | after).items():
            if before.get(code) == after.get(code):
                continue
            fate = "added" if code not in before else "altered" if code in after else "gone"
            yield f"- {self._say(f'{kind}.{fate}', label=_label(entry, self.language))}."

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
        words = rules.words
        role = words.value("rol", change.role, self.language)
        yield self._say("who", role=role, purpose=_purpose(catalogue, change.purpose, self.language))
        levels = self._say("and").join(self._say(level.value) for level in change.levels)
        yield f"- {self._say(f'what.{change.direction.value}', levels=levels)}"
        yield f"- {self._say('types', types=', '.join(_types(catalogue, change.types, self.language)))}"
        if change.conditions:
            told = " ".join(self._condition(words, *each) for each in change.conditions)
            yield f"- {self._say('only', conditions=told)}"
        else:
            yield f"- {self._say('any')}"
        yield from self._grounds(rules, change)

    def _condition(self, words: Words, attribute: str, values: tuple[str, ...]) -> str:
        if values[0].startswith("= "):
            first, second = words.label(attribute, self.language), words.label(values[0][2:], self.language)
            return self._say("equal", first=first, second=second)
        if set(values) <= {"ja", "nee"}:
            return words.sentence(attribute, values[0] == "ja", self.language)
        label = words.label(attribute, self.language)
        said = self._say("or").join(words.value(attribute, each, self.language) for each in values)
        return f"{label[0].upper()}{label[1:]}: {said}."

    def _grounds(self, rules: RuleSet, change: Change) -> Iterator[str]:
        now = rules.in_force(change.starts)
        for key in change.rules:
            rule = now.rule(key)
            basis = now.catalogue.legal_basis(rule.legal_basis) if rule else None
            if rule is None or basis is None:
                continue
            unverified = "" if basis.verified_by_lawyer else self._say("unverified")
            yield f"- {self._say('law', law=basis.law, article=basis.article, unverified=unverified)}"
            yield f"- {self._say('rule', key=key, text=rule.officer_text)}"
        yield f"- {self._held(change)}"

    def _held(self, change: Change) -> str:
        other = self.old if change.direction is Direction.OPENED else self.new
        guards = [rule for rule in other.in_force(change.starts).rules if rule.key in change.held_by]
        if not guards:
            return self._say(f"no.rule.{change.direction.value}")
        texts = " ".join(f"{rule.officer_text} ({rule.key})" for rule in guards)
        return self._say(f"held.{change.direction.value}", texts=texts)


def _purpose(catalogue: Catalogue, code: str, language: Language) -> str:
    purpose = catalogue.purpose(code)
    return _label(purpose, language) if purpose else code


def _types(catalogue: Catalogue, codes: tuple[str, ...], language: Language) -> list[str]:
    return [_label(each, language) for each in catalogue.types if each.code in codes]


def _label(entry: _Entry, language: Language) -> str:
    return entry.label_nl if language == "nl" else entry.label_en
