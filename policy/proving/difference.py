"""What one set of rules allows that another does not: everything, not what somebody thought of trying.

Both sets are held against each other over each stretch of days in which neither changes. What is found is grouped for a
reader: for which purpose and role, how much of which kinds of signal, and under which conditions that not everything
already meets. Every group carries one look-up, confirmed by the engine under both sets.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import combinations

import z3

from policy.engine import Question
from policy.engine.agreed import engines_for
from policy.in_force import InForce
from policy.proving.changes import Change, Conditions, Direction, Elsewhere
from policy.proving.checks import Unconfirmed, allows
from policy.proving.formulas import Formula, Names, milliseconds
from policy.proving.lookups import Facts, Situation, Stretch, kinds_of_facts
from policy.rulesets import RuleSet
from policy.vocabulary import Level, Shows

_PURPOSE, _ROLE, _DAY = "doel", "rol", "op"

_Reasons = tuple[tuple[str, ...], tuple[str, ...]]  # rules that allow it, guards that hold it
_Values = Mapping[str, tuple[str, ...]]  # what each fact can be
_Group = tuple[str, str, Conditions, tuple[str, ...], _Reasons]  # purpose, role, conditions, types


def differences(old: RuleSet, new: RuleSet, since: date) -> tuple[Change, ...]:
    """Everything the new set opens or closes from a day on, by first day and for each what is opened first.

    Args:
        old: the set that counts now.
        new: the set that would take its place.
        since: the first day to look at.

    Raises:
        RuleSetError: If a rule has no formula, the solver gives up, or engine and formulas disagree.
    """
    found: list[Change] = []
    for starts, ends in _stretches(old, new, since):
        before, after = old.in_force(starts), new.in_force(starts)
        if before.source == after.source:
            continue
        found += _Comparison(after, before, starts, ends).changes(Direction.OPENED)
        found += _Comparison(before, after, starts, ends).changes(Direction.CLOSED)
    return _joined(found)


def _joined(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Make one of what goes on unchanged from one stretch of days into the next."""
    joined: list[Change] = []
    for change in changes:
        earlier = next((each for each in joined if each.goes_on_in(change)), None)
        if earlier is None:
            joined.append(change)
        else:
            joined[joined.index(earlier)] = replace(earlier, ends=change.ends)
    return tuple(joined)


def _stretches(old: RuleSet, new: RuleSet, since: date) -> list[tuple[date, date | None]]:
    days = {since} | {epoch.starts for each in (old, new) for epoch in each.epochs if epoch.starts > since}
    cuts = sorted(days)
    return list(zip(cuts, [*cuts[1:], None], strict=True))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a difference lies, apart from the facts about worker and resident."""

    purpose: str
    role: str
    type_code: str
    level: Level


class _Comparison:
    """Looks for look-ups that one set allows and another does not, in one stretch of days."""

    def __init__(self, wide: InForce, narrow: InForce, starts: date, ends: date | None) -> None:
        self._wide, self._narrow, self._starts, self._ends = wide, narrow, starts, ends
        self._facts = Facts(Names())
        self._stretch = Stretch(self._facts, wide)
        day = self._facts.symbols[_DAY]
        days = day >= milliseconds(starts)
        if ends is not None:
            days = z3.And(days, day < milliseconds(ends))
        self._allowed = z3.And(*self._facts.bounds, days, self._stretch.allowed)
        allowed_by_other = Stretch(self._facts, narrow).allowed
        self._other = z3.Solver()
        self._other.add(*self._facts.bounds, days, allowed_by_other)
        self._solver = z3.Solver()
        self._solver.add(self._allowed, z3.Not(allowed_by_other))

    def changes(self, direction: Direction) -> Iterator[Change]:
        usual = _Possible(self._facts, [self._allowed])
        grouped = sorted(self._grouped(usual).items())
        for (purpose, role, conditions, types, (rules, held_by)), examples in grouped:
            here = usual.values | {name: values for name, values in conditions if name in usual.values}
            yield Change(
                direction=direction,
                starts=self._starts,
                ends=self._ends,
                purpose=purpose,
                role=role,
                levels=tuple(level for level in Level if level in examples),
                types=types,
                conditions=conditions,
                values=tuple(here.items()),
                example=examples[max(examples)],
                rules=rules,
                held_by=held_by,
                elsewhere=tuple(self._elsewhere(purpose, role, types, max(examples), here)),
            )

    def _elsewhere(
        self, purpose: str, role: str, types: tuple[str, ...], level: Level, here: _Values
    ) -> Iterator[Elsewhere]:
        """Where the other set shows the signals themselves all the same, in some look-up."""
        for each in self._narrow.catalogue.purposes:
            if each.code == purpose or each.shows is Shows.AREAS:
                continue
            alike: dict[Conditions, list[str]] = defaultdict(list)
            for code in types:
                there = self._at(_Place(each.code, role, code, level))
                if self._other.check(there) != z3.unsat:
                    possible = _Possible(self._facts, [*self._other.assertions(), there])
                    alike[possible.lacking(here)].append(code)
            for conditions, seen in alike.items():
                yield Elsewhere(purpose=each.code, types=tuple(seen), conditions=conditions)

    def _grouped(self, usual: "_Possible") -> Mapping[_Group, Mapping[Level, Situation]]:
        """What differs, with an example of each level; the same conditions and types are one group."""
        alike: dict[tuple[str, str, Conditions, _Reasons, Level], dict[str, Situation]] = defaultdict(dict)
        for place, example in self._places():
            here = _Possible(self._facts, [*self._solver.assertions(), self._at(place)])
            reasons = (_reasons(self._wide, example), _reasons(self._narrow, example))
            key = (place.purpose, place.role, here.narrower_than(usual), reasons, place.level)
            alike[key][place.type_code] = example
        grouped: dict[_Group, dict[Level, Situation]] = defaultdict(dict)
        for (purpose, role, conditions, reasons, level), found in alike.items():
            types = tuple(sorted(found))
            grouped[purpose, role, conditions, types, reasons][level] = found[types[0]]
        return grouped

    def _places(self) -> Iterator[tuple[_Place, Situation]]:
        self._solver.push()
        found: list[tuple[_Place, Situation]] = []
        while self._solver.check() == z3.sat:
            example = self._stretch.found(self._solver.model())
            if not allows(self._wide, example) or allows(self._narrow, example):
                raise Unconfirmed("difference", example)
            place = _Place(
                str(example.facts[_PURPOSE]), str(example.facts[_ROLE]), example.type_code, example.level
            )
            found.append((place, example))
            self._solver.add(z3.Not(self._at(place)))
        self._solver.pop()
        yield from found

    def _at(self, place: _Place) -> Formula:
        facts = self._facts
        return z3.And(
            facts.is_text(_PURPOSE, place.purpose),
            facts.is_text(_ROLE, place.role),
            facts.type == facts.names.number(place.type_code),
            facts.is_level(place.level),
        )


class _Possible:
    """Which values each fact can have where all of these hold."""

    def __init__(self, facts: Facts, where: Iterable[Formula]) -> None:
        self._facts = facts
        self._solver = z3.Solver()
        self._solver.add(*where)
        self.values = {name: tuple(self._values(name, kind)) for name, kind in _closed_facts().items()}
        self.equal = {pair for pair in _pairs_of_texts() if not self._may(self._differ(pair))}

    def narrower_than(self, usual: "_Possible") -> Conditions:
        """The facts that are bound more tightly here."""
        values: list[tuple[str, tuple[str, ...]]] = [
            (name, here) for name, here in self.values.items() if here != usual.values[name]
        ]
        equals: list[tuple[str, tuple[str, ...]]] = [
            (first, (f"= {second}",)) for first, second in sorted(self.equal - usual.equal)
        ]
        return tuple(values + equals)

    def lacking(self, other: _Values) -> Conditions:
        """The facts that cannot have here every value that they have there."""
        return tuple((name, here) for name, here in self.values.items() if not set(other[name]) <= set(here))

    def _values(self, name: str, kind: type) -> Iterator[str]:
        symbol = self._facts.symbols[name]
        if kind is bool:
            for word, formula in (("ja", symbol), ("nee", z3.Not(symbol))):
                if self._may(formula):
                    yield word
        elif issubclass(kind, StrEnum):
            yield from (each.value for each in kind if self._may(self._facts.is_text(name, each.value)))

    def _differ(self, pair: tuple[str, str]) -> Formula:
        return self._facts.symbols[pair[0]] != self._facts.symbols[pair[1]]

    def _may(self, formula: Formula) -> bool:
        return bool(self._solver.check(formula) != z3.unsat)


def _closed_facts() -> Mapping[str, type]:
    kinds = kinds_of_facts()
    return {
        name: kind
        for name, kind in kinds.items()
        if name != _ROLE and (kind is bool or issubclass(kind, StrEnum))
    }


def _pairs_of_texts() -> list[tuple[str, str]]:
    texts = [name for name, kind in kinds_of_facts().items() if kind is str and name != _PURPOSE]
    return list(combinations(texts, 2))


def _reasons(rules: InForce, example: Situation) -> tuple[str, ...]:
    """The rules that determine what these rules say about one look-up: grants if allowed, else guards."""
    if rules.source is None or rules.catalogue.signal_type(example.type_code) is None:
        return ()
    question = Question(example.type_code, example.level)
    return engines_for(rules.source).ask(example.facts, [question])[0].reasons
