"""Every way to an unwanted yes, as a table: what is planted, and the errors with which everything is denied.

What is planted outside the decision point stands elsewhere: in a set of rules in `test_loading`, in what two people
approved in `tests/index/rulebook/test_on_record.py`, in a look and its record in `tests/index/test_planted_faults.py`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import cedarpy
import pytest

from policy.engine.agreed import _remembered
from policy.engine.cedar import CedarEngine
from policy.engine.compiled import CompiledEngine
from policy.facts import COUNTS_FOR, REGISTER_OF_FACT, LookupFacts, Register, read_at
from policy.in_force import InForce
from policy.pdp import TYPES_MAX, _outcomes, decide
from policy.rulesets import no_rules
from policy.vocabulary import Level, Outcome, PurposeCode
from tests.support.planting import OVERFLOW, PLANTED, with_rule, with_schema, with_texts, without_entity

Facts = Callable[..., LookupFacts]
DAY = date(2026, 3, 3)
NOW = datetime(2026, 3, 3, 9, tzinfo=UTC)
ASKED = ("wmo-voorziening", "jeugdhulp")
GUARD = "G02-actief-account-2026-01-01"
RULE_ERROR = (f"rule-error:{PLANTED}",)
FAILURE = ("engine-failure",)
FACTS = tuple(REGISTER_OF_FACT)


@dataclass(frozen=True)
class Question:
    """What `decide` is asked, with a fault in one of the three.

    Args:
        facts: those that differ from facts that are all in order.
    """

    rules: InForce
    facts: Mapping[str, Any]
    types: Sequence[str] = ASKED


Plant = Callable[[Question], Question]


def a_rule(text: str) -> Plant:
    return lambda asked: replace(asked, rules=with_rule(asked.rules, text))


def texts(**changes: str) -> Plant:
    return lambda asked: replace(asked, rules=with_texts(asked.rules, **changes))


def a_schema(old: str, new: str) -> Plant:
    return lambda asked: replace(asked, rules=with_schema(asked.rules, old, new))


def no_entity(part: str, name: str) -> Plant:
    return lambda asked: replace(asked, rules=without_entity(asked.rules, part, name))


def a_fact(**changes: Any) -> Plant:
    return lambda asked: replace(asked, facts=changes)


def a_number_of_types(count: int) -> Plant:
    return lambda asked: replace(asked, types=[*ASKED, *(f"soort-{number}" for number in range(count - 2))])


def a_duplicate_id(asked: Question) -> Question:
    """A guard stands there twice, and the second one never refuses: a reader of JSON believes the last."""
    assert asked.rules.source is not None
    again = json.loads(asked.rules.source.policies)["staticPolicies"][GUARD]
    again["conditions"] = []
    guard = f'"{GUARD}": {{'
    double = asked.rules.source.policies.replace(guard, f'"{GUARD}": {json.dumps(again)}, {guard}', 1)
    return replace(asked, rules=with_texts(asked.rules, policies=double))


def a_group_without_its_schema(asked: Question) -> Question:
    """The trap of a forbid on a group of actions, which without the schema matches nothing and says so to nobody."""
    grouped = with_schema(asked.rules, "action toon_aanwezigheid,", "action tonen; action toon_aanwezigheid,")
    return replace(
        asked, rules=with_rule(grouped, 'forbid (principal, action in Action::"tonen", resource);')
    )


def engines_that_differ(asked: Question) -> Question:
    """In this schema whoever may show the contact may show the source: Cedar's `in` reaches down, ours never does."""
    grouped = with_schema(
        asked.rules,
        "action toon_aanwezigheid, toon_bron, toon_contact appliesTo",
        """action toon_contact in [toon_bron] appliesTo {
             principal: Medewerker, resource: Signaaltype, context: { raadpleging: Raadpleging },
           };
           action toon_aanwezigheid, toon_bron appliesTo""",
    )
    text = 'forbid (principal, action in Action::"toon_bron", resource == Signaaltype::"jeugdhulp");'
    return replace(asked, rules=with_rule(grouped, text))


def read_long_ago(register: Register) -> Plant:
    """One register did not answer in time, so what is there is what it said before."""
    late = NOW - COUNTS_FOR[register] - timedelta(microseconds=1)
    origins = tuple(
        replace(each, known_at=late) if each.register is register else each
        for each in read_at(NOW, dict.fromkeys(Register, "test"))
    )
    return a_fact(origins=origins)


def of(register: Register, fault: str) -> tuple[str, ...]:
    return tuple(f"{fault}:{fact}" for fact, own in REGISTER_OF_FACT.items() if own is register)


def without(register: Register) -> Plant:
    """Nobody read one register."""
    versions = dict.fromkeys((each for each in Register if each is not register), "test")
    return a_fact(origins=read_at(NOW, versions))


OWN_ATTRIBUTE = "account_actief: Bool,"
PLANTED_FAULTS: Mapping[str, tuple[Plant, tuple[str, ...]]] = {
    # A rule that errors is skipped by Cedar, a forbid too.
    "a guard that errors: overflow": (
        a_rule(f"forbid (principal, action, resource) when {{ {OVERFLOW} }};"), RULE_ERROR,
    ),
    "a guard that errors: missing attribute": (
        a_rule("forbid (principal, action, resource) unless { context.raadpleging.bestaat_niet };"), RULE_ERROR,
    ),
    "a guard that errors: missing entity": (
        a_rule('forbid (principal, action, resource) unless { Raadpleging::"een-andere".relatie_loopt };'),
        RULE_ERROR,
    ),
    "a guard that errors at a richer level": (
        a_rule(f'forbid (principal, action == Action::"toon_contact", resource) when {{ {OVERFLOW} }};'),
        RULE_ERROR,
    ),
    "a grant that errors beside one that allows": (
        a_rule(f"permit (principal, action, resource) when {{ {OVERFLOW} }};"), RULE_ERROR,
    ),
    "a moment with a colon in its zone": (
        a_rule(
            "forbid (principal, action, resource)"
            ' when { context.raadpleging.op < datetime("2027-01-01T01:00:00+01:00") };'
        ),
        FAILURE,
    ),
    # Entities and the schema.
    "the entity of the catalogue is missing": (
        no_entity("type", "Catalogus"), ("rule-error:G04-bekend-doel-2026-01-01",),
    ),
    "entities that do not fit the schema": (texts(entities='[{"uid": {"type": "X", "id": "x"}}]'), FAILURE),
    "a group of actions, as if entities had no schema": (a_group_without_its_schema, FAILURE),
    "an attribute of the wrong kind": (a_schema(OWN_ATTRIBUTE, "account_actief: String,"), FAILURE),
    "an attribute too few": (a_schema(OWN_ATTRIBUTE, f"{OWN_ATTRIBUTE} nieuw: Bool,"), FAILURE),
    "an attribute too many": (a_schema(OWN_ATTRIBUTE, ""), FAILURE),
    "a question that does not fit the schema: NoDecision": (
        a_schema("raadpleging: Raadpleging }", "raadpleging: Raadpleging, extra: String }"), ("no-decision",),
    ),
    "no schema": (texts(schema=""), FAILURE),
    "no rules in the text": (texts(policies=""), FAILURE),
    "a rule id that stands there twice": (a_duplicate_id, FAILURE),
    # The engines.
    "an engine that fails while deciding": (a_fact(purpose=PurposeCode("\ud800")), FAILURE),
    "engines that disagree": (engines_that_differ, ("engines-disagree",)),
    # The request.
    "one type too many": (a_number_of_types(TYPES_MAX + 1), ("too-many-types",)),
    "only types that nobody knows": (
        lambda asked: replace(asked, types=["geheim-traject"]), ("unknown-type",),
    ),
    # Which rules.
    "no rules at all": (
        lambda asked: replace(asked, rules=no_rules().in_force(DAY)), ("no-rules-in-force",),
    ),
    "rules that have ended": (
        lambda asked: replace(asked, rules=replace(asked.rules, ends=DAY)), ("no-rules-in-force",),
    ),
    "rules that have not begun": (a_fact(on=date(2025, 12, 31)), ("no-rules-in-force",)),
    # Facts. A deadline that passed is a reading that is too old.
    **{f"nobody knows {name}": (a_fact(**{name: None}), (f"missing-fact:{name}",)) for name in FACTS},
    **{f"{name} of the wrong kind": (a_fact(**{name: 0.5}), (f"bad-fact:{name}",)) for name in FACTS},
    "a day with a zone": (a_fact(on=NOW), ("bad-fact:on",)),
    "a moment of asking without a zone": (a_fact(asked_at=NOW.replace(tzinfo=None)), ("bad-fact:asked_at",)),
    "nobody knows where facts come from": (a_fact(origins=None), ("missing-fact:origins",)),
    **{f"{each} was read too long ago": (read_long_ago(each), of(each, "late-fact")) for each in Register},
    **{f"{each} was not read": (without(each), of(each, "missing-fact")) for each in Register},
}  # fmt: skip


@pytest.mark.parametrize("fault", PLANTED_FAULTS)
def test_a_planted_fault_denies_everything_and_is_named(
    fault: str, rules: InForce, facts_with: Facts
) -> None:
    plant, errors = PLANTED_FAULTS[fault]
    whole = Question(rules, {})
    assert decide(whole.rules, facts_with(**whole.facts), whole.types).allowed == tuple(
        (code, Level.CONTACT) for code in ASKED
    ), "without the fault everything is allowed"
    asked = plant(whole)
    decision = decide(asked.rules, facts_with(**asked.facts), asked.types)
    assert (decision.allowed, decision.duties, decision.status) == ((), (), Outcome.FAULT)
    assert [each.code for each in decision.outcomes] == list(asked.types)
    assert {each.outcome for each in decision.outcomes} == {Outcome.FAULT}
    assert {error for each in decision.outcomes for error in each.errors} == set(errors)


@pytest.mark.parametrize(
    "raised", [ValueError, TypeError, KeyError, OverflowError, RuntimeError, RecursionError]
)
def test_whatever_cedar_raises_denies_everything(
    raised: type[Exception], rules: InForce, facts_with: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise raised("gepland: 999990019")

    monkeypatch.setattr(cedarpy, "is_authorized_batch", fail)
    _remembered.cache_clear()
    _outcomes.cache_clear()
    decision = decide(rules, facts_with(), ASKED)
    assert (decision.allowed, decision.errors) == ((), FAILURE)
    assert "999990019" not in repr(decision)


@pytest.mark.parametrize("kept", [slice(1, None), slice(-1)], ids=["the first", "the last"])
@pytest.mark.parametrize("engines", [[CedarEngine], [CompiledEngine], [CedarEngine, CompiledEngine]], ids=len)
def test_engines_that_leave_a_question_out_deny_everything(
    engines: list[Any], kept: slice, rules: InForce, facts_with: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    for engine in engines:
        whole = engine.ask
        monkeypatch.setattr(
            engine, "ask", lambda self, lookup, asked, whole=whole: whole(self, lookup, asked)[kept]
        )
    _remembered.cache_clear()
    _outcomes.cache_clear()
    decision = decide(rules, facts_with(), ASKED)
    assert (decision.allowed, decision.errors) == ((), FAILURE)
    assert _remembered.cache_info().currsize == 0
