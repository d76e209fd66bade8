"""The decision table of a rule set: look-ups in plain words, each with the answer its owners expect.

A case is an example, not a rule: what no case mentions is decided all the same. Cases therefore stand outside the
digest, and a set with a failing case still loads; `signal-index rules test` and the tests of the product refuse it.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

import msgspec

from policy.errors import RuleSetError
from policy.facts import ATTRIBUTE_OF_FACT, LookupFacts, as_stated
from policy.in_force import InForce
from policy.pdp import TypeOutcome, decide
from policy.rulesets import CASES_FOLDER, RuleSet
from policy.vocabulary import Level, Outcome

_Value = bool | str


class _Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    outcome: Outcome
    level: Level | None = None
    rules: tuple[str, ...] = ()


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: Annotated[str, msgspec.Meta(min_length=1)]
    about: tuple[str, ...]
    on: date
    expect: Annotated[dict[str, _Expected], msgspec.Meta(min_length=1)]
    facts: dict[str, _Value] = {}
    unknown: tuple[str, ...] = ()


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    persona: dict[str, _Value]
    case: tuple[_Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One look-up and the answer that is expected.

    Attributes:
        file: The file it stands in.
        about: Ids of the rules it is an example of.
        facts: What is known of the look-up.
        expected: The outcome of each type it asks about, by code.
    """

    file: str
    title: str
    about: tuple[str, ...]
    facts: LookupFacts
    expected: Mapping[str, TypeOutcome]
    day: date

    def fired(self) -> set[str]:
        """Keys of the rules that should determine an outcome."""
        return {key for outcome in self.expected.values() for key in outcome.reasons}

    def failures(self, rules: InForce) -> tuple[TypeOutcome, ...]:
        """What these rules decide that is not expected; codes of faults are not compared."""
        decided = decide(rules, self.facts, list(self.expected))
        found = (replace(outcome, errors=()) for outcome in decided.outcomes)
        return tuple(outcome for outcome in found if outcome != self.expected[outcome.code])


@dataclass(frozen=True, slots=True, kw_only=True)
class Untried:
    """A rule that the table does not hold in place.

    Attributes:
        without_yes: No case about it in which it determines an outcome.
        without_no: No case about it in which it does not.
        without_loss: No case fails when the rule is left out.
    """

    key: str
    without_yes: bool
    without_no: bool
    without_loss: bool

    def needs(self) -> tuple[str, ...]:
        """The cases that are missing."""
        missing = (
            (self.without_yes, "a case in which it decides"),
            (self.without_no, "a case in which it does not"),
            (self.without_loss, "a case that fails without it"),
        )
        return tuple(text for applies, text in missing if applies)


def read_cases(files: Mapping[str, str]) -> tuple[Case, ...]:
    """Read every case in the files of a rule set.

    Raises:
        RuleSetError: If a file is not a table of this shape, or a case does not state every fact.
    """
    return tuple(
        case
        for name, text in sorted(files.items())
        if name.startswith(CASES_FOLDER)
        for case in _read_file(name, text)
    )


def untried(rules: RuleSet, cases: tuple[Case, ...]) -> Iterator[Untried]:
    """The rules that could be changed or dropped without any case failing."""
    for rule in rules.versions:
        about = [case for case in cases if rule.rule_id in case.about]
        result = Untried(
            key=rule.key,
            without_yes=not any(rule.key in case.fired() or _needs(rules, case, rule.key) for case in about),
            without_no=not any(rule.key not in case.fired() for case in about),
            without_loss=not any(_needs(rules, case, rule.key) for case in cases),
        )
        if result.needs():
            yield result


def _needs(rules: RuleSet, case: Case, key: str) -> bool:
    """Whether the case fails without the rule; a guard that limits how much is shown decides without being named."""
    return bool(case.failures(rules.in_force(case.day).without(key)))


def _read_file(name: str, text: str) -> Iterator[Case]:
    try:
        table = msgspec.convert(tomllib.loads(text), _File)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise RuleSetError(name, str(error)) from error
    for row in table.case:
        yield Case(
            file=name,
            title=row.title,
            about=row.about,
            facts=_facts(name, row, table.persona),
            expected={code: _outcome(name, row, code, each) for code, each in row.expect.items()},
            day=row.on,
        )


def _facts(name: str, row: _Row, persona: Mapping[str, _Value]) -> LookupFacts:
    stated: dict[str, object] = {**persona, **row.facts, "op": row.on, **dict.fromkeys(row.unknown)}
    odd = sorted(set(stated) ^ set(ATTRIBUTE_OF_FACT.values()))
    if odd:
        raise RuleSetError(name, f"{row.title}: facts that are missing or do not exist: {', '.join(odd)}")
    return as_stated(stated)


def _outcome(name: str, row: _Row, code: str, cell: _Expected) -> TypeOutcome:
    try:
        return TypeOutcome(code=code, outcome=cell.outcome, level=cell.level, reasons=cell.rules)
    except ValueError as error:
        raise RuleSetError(name, f"{row.title}, {code}: {error}") from error
