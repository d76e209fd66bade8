"""Ask the solver whether a set of rules keeps its promises, and the engine whether the solver is right.

Each check says what it looked for and, if it found that, one look-up as evidence. A check about the rules as such (does
this rule do anything, is this guard needed) finds evidence when all is well; the others when it is not.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

import z3

from policy.engine import Question, Verdict
from policy.engine.agreed import engines_for
from policy.errors import RuleSetError
from policy.in_force import InForce
from policy.proving.formulas import Formula, Names
from policy.proving.lookups import Facts, Situation, Stretch
from policy.rule_text import Kind, Rule
from policy.rulesets import RuleSet
from policy.upkeep.promises import Promise
from policy.vocabulary import Level

_SOLVER_MILLISECONDS_MAX = 60_000


class Unconfirmed(RuleSetError):
    """The solver and the engine disagree about one look-up; until that is understood nothing is proved."""

    def __init__(self, about: str, situation: Situation) -> None:
        super().__init__(
            "proofs", f"{about}: engine and formulas disagree about {situation.type_code} on {situation.on}"
        )


class About(Enum):
    """What a check looks at; the value is the word for it in Dutch."""

    PROMISE = "belofte"
    BASIS = "grondslag"
    LEVELS = "niveaus"
    GRANT = "toestemming werkt"
    GUARD = "waarborg is nodig"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked for in one stretch of days.

    Attributes:
        subject: The promise or the rule.
        kept: Whether all is well.
        evidence: A look-up that shows why not; or, for `GRANT` and `GUARD`, that the rule does something.
    """

    about: About
    subject: str
    starts: date
    ends: date | None
    kept: bool
    evidence: Situation | None

    def said(self) -> str:
        """What was found, in one line; the facts under their names in the rules."""
        if self.evidence is None:
            return "no look-up there can be makes it do anything"
        facts = ", ".join(f"{name}={value}" for name, value in self.evidence.facts.items() if name != "op")
        found = self.evidence
        return f"{found.type_code} up to {found.level.value} on {found.on}, with {facts}"


def check(rules: InForce, promises: Sequence[Promise]) -> Iterator[Check]:
    """Check one stretch of days.

    Yields:
        A result as soon as it is known.

    Raises:
        Unsupported: If a rule or promise uses something there is no formula for.
        Unconfirmed: If the engine says otherwise about a look-up the solver found.
    """
    names = Names()
    facts = Facts(names)
    stretch = Stretch(facts, rules)
    for promise in promises:
        yield _kept(stretch, promise)
    for rule in stretch.of(Kind.GRANT):
        yield _never(stretch, About.BASIS, rule.key, _outside_its_basis(facts, stretch, rule), allows)
    for level in list(Level)[1:]:
        yield _never(stretch, About.LEVELS, level.value, _without_lower(facts, stretch, level), _is_gap)
    for rule in stretch.of(Kind.GRANT):
        yield _somewhere(stretch, About.GRANT, rule, z3.And(stretch.allowed, stretch.applies(rule)))
    loose = Stretch(facts, rules, any_bases=True)
    for rule in loose.of(Kind.GUARD):
        others = [loose.applies(each) for each in loose.of(Kind.GUARD) if each is not rule]
        alone = z3.And(loose.applies(rule), z3.Not(z3.Or(*others)))
        yield _somewhere(loose, About.GUARD, rule, alone)


def broken_promises(rules: RuleSet, since: date) -> frozenset[str]:
    """The ids of the promises of a set that it does not keep on some day from a day on.

    Raises:
        RuleSetError: As `check`.
    """
    epochs = (each for each in rules.epochs if each.ends is None or each.ends > since)
    stretches = [Stretch(Facts(Names()), epoch) for epoch in epochs]
    found = (_kept(stretch, promise) for stretch in stretches for promise in rules.promises)
    return frozenset(each.subject for each in found if not each.kept)


def find(stretch: Stretch, wanted: Formula) -> Situation | None:
    """One look-up that fits, if there is any.

    Raises:
        RuleSetError: If the solver cannot tell within a minute.
    """
    solver = z3.Solver()
    solver.set("timeout", _SOLVER_MILLISECONDS_MAX)
    solver.add(stretch.possible, wanted)
    answer = solver.check()
    if answer == z3.unknown:
        raise RuleSetError("proofs", f"the solver gave up: {solver.reason_unknown()}")
    return stretch.found(solver.model()) if answer == z3.sat else None


def allows(rules: InForce, situation: Situation) -> bool:
    """Whether the engine allows this level and every lower one.

    Raises:
        RuleSetError: If the engine cannot tell.
    """
    if rules.source is None:
        return False
    if rules.catalogue.signal_type(situation.type_code) is None:
        return False
    questions = [Question(situation.type_code, each) for each in Level if each <= situation.level]
    answers = engines_for(rules.source).ask(situation.facts, questions)
    if any(answer.verdict is Verdict.FAULT for answer in answers):
        raise RuleSetError("proofs", f"the engine fails on {situation.type_code} on {situation.on}")
    return all(answer.verdict is Verdict.ALLOW for answer in answers)


def _kept(stretch: Stretch, promise: Promise) -> Check:
    broken = z3.And(stretch.allowed, z3.Not(stretch.states(promise.holds)))
    return _never(stretch, About.PROMISE, promise.promise_id, broken, allows)


def _never(
    stretch: Stretch,
    about: About,
    subject: str,
    broken: Formula,
    confirms: Callable[[InForce, Situation], bool],
) -> Check:
    evidence = find(stretch, broken)
    if evidence is not None and not confirms(stretch.rules, evidence):
        raise Unconfirmed(subject, evidence)
    return _result(stretch.rules, about, subject, evidence, kept=evidence is None)


def _somewhere(stretch: Stretch, about: About, rule: Rule, wanted: Formula) -> Check:
    evidence = find(stretch, wanted)
    if evidence is not None and not _is_a_reason(stretch.rules, rule, evidence):
        raise Unconfirmed(rule.key, evidence)
    return _result(stretch.rules, about, rule.key, evidence, kept=evidence is not None)


def _result(rules: InForce, about: About, subject: str, evidence: Situation | None, *, kept: bool) -> Check:
    return Check(
        about=about, subject=subject, starts=rules.starts, ends=rules.ends, kept=kept, evidence=evidence
    )


def _outside_its_basis(facts: Facts, stretch: Stretch, rule: Rule) -> Formula:
    codes = [each.code for each in stretch.rules.catalogue.types if rule.legal_basis in each.legal_bases]
    covered = z3.Or(*(facts.type == facts.names.number(code) for code in codes))
    return z3.And(stretch.allowed, stretch.applies(rule), z3.Not(covered))


def _without_lower(facts: Facts, stretch: Stretch, level: Level) -> Formula:
    """The engine says yes to this level and no to a lower one, so that the rules lean on the order of asking."""
    lower = z3.And(*(stretch.engine_says_yes(each) for each in Level if each < level))
    return z3.And(facts.is_level(level), stretch.engine_says_yes(level), z3.Not(lower))


def _is_gap(rules: InForce, situation: Situation) -> bool:
    return not allows(rules, situation)


def _is_a_reason(rules: InForce, rule: Rule, situation: Situation) -> bool:
    if rules.source is None:
        return False
    question = Question(situation.type_code, situation.level)
    return rule.key in engines_for(rules.source).ask(situation.facts, [question])[0].reasons
