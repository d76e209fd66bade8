"""What a set of rules must prove before it is used, by asking both engines; if they differ, it is not used.

1. The baseline look-up is allowed, and each canary is refused by exactly the guard it names, at every level.
2. Every guard has a canary; a guard is in force whenever something may be granted, unless it says from when.
3. What the catalogue promises is what the rules do: a purpose reaches exactly the types and roles it lists, and
   no grant gives a type that its own legal basis does not cover.
4. For a purpose that shows areas of life, no grant opens more than presence. The engine is asked about every age
   group, shielded or not, coordinating or not. Organisations and days cannot all be tried, so there the text of the
   grant has to show it: it names presence alone, or is tied to another purpose.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import product

import msgspec

from policy.catalogue import PurposeRule
from policy.engine import Answer, Engine, Question, Verdict
from policy.engine.agreed import engines_for
from policy.errors import RuleSetError
from policy.facts import LookupFacts, cedar_day
from policy.in_force import InForce
from policy.rule_text import Kind, Rule
from policy.vocabulary import AgeBand, Level, PurposeCode, Role, Shows

FILE = "canaries.toml"

_RICHER = (Level.SOURCE, Level.CONTACT)
_AREAS_ONLY = "which shows areas of life only"

Attribute = bool | str | tuple[str, ...]


class Canary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A planted fault: these attributes of the look-up must make this guard refuse."""

    guard: str
    plants: dict[str, Attribute]
    starts: date | None = None


class Canaries(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The look-up that must be allowed, and every way to spoil it."""

    type: str
    baseline: dict[str, Attribute]
    canary: tuple[Canary, ...]


def read_canaries(text: str) -> Canaries:
    """Read the canary file.

    Raises:
        RuleSetError: If it is not TOML or not of this shape.
    """
    try:
        return msgspec.convert(tomllib.loads(text), Canaries)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise RuleSetError(FILE, str(error)) from error


def prove(rules: InForce, canaries: Canaries) -> None:
    """Ask the engine everything that this module's invariants say.

    Raises:
        RuleSetError: If one of them does not hold.
    """
    if rules.source is None:
        return
    engine = engines_for(rules.source)
    _check_guards_present(rules, canaries)
    _check_canaries(rules, canaries, engine)
    for purpose in rules.catalogue.purposes:
        _check_promise(rules, purpose, engine)
        if purpose.shows is Shows.AREAS:
            _check_presence_only(rules, purpose, engine)
            _check_scopes(rules, purpose)


def _check_guards_present(rules: InForce, canaries: Canaries) -> None:
    guards = {rule.rule_id for rule in rules.rules if rule.kind is Kind.GUARD}
    unproved = sorted(guards - {canary.guard for canary in canaries.canary})
    if unproved:
        raise RuleSetError(FILE, f"these guards have no canary: {', '.join(unproved)}")
    if not _grants_anything(rules):
        return
    due = {canary.guard for canary in canaries.canary if (canary.starts or date.min) <= rules.starts}
    absent = sorted(due - guards)
    if absent:
        raise RuleSetError(FILE, f"on {rules.starts} these guards are not in force: {', '.join(absent)}")


def _check_canaries(rules: InForce, canaries: Canaries, engine: Engine) -> None:
    if not _grants_anything(rules):
        return
    questions = [Question(canaries.type, level) for level in Level]
    baseline: dict[str, object] = {**canaries.baseline, "op": cedar_day(rules.starts)}
    if any(answer.verdict is not Verdict.ALLOW for answer in engine.ask(baseline, questions)):
        raise RuleSetError(FILE, f"on {rules.starts} the baseline is not allowed at every level")
    keys = {rule.rule_id: rule.key for rule in rules.rules}
    for canary in canaries.canary:
        if canary.guard not in keys:
            continue
        expected = Answer(Verdict.DENY, (keys[canary.guard],))
        if any(answer != expected for answer in engine.ask(baseline | canary.plants, questions)):
            raise RuleSetError(
                FILE,
                f"on {rules.starts} {canary.guard} does not refuse {sorted(canary.plants)}, or not alone",
            )


def _grants_anything(rules: InForce) -> bool:
    return any(rule.kind is Kind.GRANT for rule in rules.rules)


def _check_promise(rules: InForce, purpose: PurposeRule, engine: Engine) -> None:
    types: set[str] = set()
    roles: set[Role] = set()
    for role, question, answer in _everything_allowed(rules, purpose, engine):
        types.add(question.type_code)
        roles.add(role)
        _check_bases(rules, question, answer)
    if types != set(purpose.types):
        odd = ", ".join(sorted(types ^ set(purpose.types)))
        raise RuleSetError("catalogue.toml", f"rules and catalogue disagree on {purpose.code}: {odd}")
    if roles != (set(purpose.roles) if types else set()):
        raise RuleSetError("catalogue.toml", f"rules and catalogue disagree on the roles of {purpose.code}")


def _everything_allowed(
    rules: InForce, purpose: PurposeRule, engine: Engine
) -> Iterator[tuple[Role, Question, Answer]]:
    """What anybody may see for this purpose in any role, at any age of the resident, if all else is well."""
    for role, age_band in product(Role, AgeBand):
        facts = _all_is_well(rules, purpose, role, age_band).attributes(purpose.legal_bases)
        presence = [Question(each.code, Level.PRESENCE) for each in rules.catalogue.types]
        shown = _allowed(engine, facts, presence)
        richer = [Question(question.type_code, level) for question, _ in shown for level in _RICHER]
        for question, answer in [*shown, *_allowed(engine, facts, richer)]:
            yield role, question, answer


def _allowed(
    engine: Engine, facts: Mapping[str, object], questions: Sequence[Question]
) -> list[tuple[Question, Answer]]:
    answers = engine.ask(facts, questions)
    if any(answer.verdict is Verdict.FAULT for answer in answers):
        raise RuleSetError("rules", "a rule errors on facts that are complete")
    return [pair for pair in zip(questions, answers, strict=True) if pair[1].verdict is Verdict.ALLOW]


def _all_is_well(rules: InForce, purpose: PurposeRule, role: Role, age_band: AgeBand) -> LookupFacts:
    return LookupFacts(
        role=role,
        account_active=True,
        second_factor=True,
        purpose=PurposeCode(purpose.code),
        relation_live=True,
        relation_confirmed=True,
        age_band=age_band,
        shielded=False,
        coordinator=True,
        organisation="proef",
        on=rules.starts,
    )


def _check_bases(rules: InForce, question: Question, answer: Answer) -> None:
    signal_type = rules.catalogue.signal_type(question.type_code)
    bases = signal_type.legal_bases if signal_type else ()
    for rule in _named(rules, answer):
        if rule.legal_basis not in bases:
            raise RuleSetError(rule.file, f"it grants {question.type_code} outside its legal basis")


def _named(rules: InForce, answer: Answer) -> Iterator[Rule]:
    return (rule for rule in rules.rules if rule.key in answer.reasons)


def _check_presence_only(rules: InForce, purpose: PurposeRule, engine: Engine) -> None:
    """Ask for more than presence as whoever may choose this purpose; unlike a look-up, without presence too."""
    questions = [Question(code, level) for code, level in product(purpose.types, _RICHER)]
    for role, age_band, shielded, coordinator in product(
        purpose.roles, AgeBand, (False, True), (False, True)
    ):
        well = _all_is_well(rules, purpose, role, age_band)
        facts = replace(well, shielded=shielded, coordinator=coordinator).attributes(purpose.legal_bases)
        for question, answer in _allowed(engine, facts, questions):
            given = f"{question.level.value} of {question.type_code}"
            raise RuleSetError(
                next(_named(rules, answer)).file, f"it gives {given} for {purpose.code}, {_AREAS_ONLY}"
            )


def _check_scopes(rules: InForce, purpose: PurposeRule) -> None:
    """Refuse what asking may miss: a grant that opens more for one organisation, say, or from some day on."""
    for rule in rules.rules:
        may_serve = rule.kind is Kind.GRANT and rule.purpose in {None, purpose.code}
        if may_serve and set(rule.levels) & set(_RICHER):
            raise RuleSetError(
                rule.file,
                f"it names more than {Level.PRESENCE.value} and may serve {purpose.code}, {_AREAS_ONLY};"
                ' name fewer levels, or tie it to another purpose with `doel == ".."`',
            )
