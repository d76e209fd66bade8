"""The bundled rules keep every promise, and each way to break one is found and shown."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from itertools import product
from typing import Any

import pytest

from policy.errors import RuleSetError
from policy.in_force import InForce
from policy.proving.checks import About, Check, Unconfirmed, allows, check, find
from policy.proving.formulas import Names
from policy.proving.lookups import Facts, Stretch
from policy.rule_text import Kind
from policy.rulesets import RuleSet, load
from policy.vocabulary import Level

DAY = date(2026, 3, 3)
T01 = "grants/T01-huisbezoek-wmo-2026-01-01.cedar"
T04 = "grants/T04-zelfredzaamheid-wmo-2026-01-01.cedar"

Changing = Callable[..., RuleSet]


def _broken(rules: RuleSet, on: date = DAY) -> list[Check]:
    return [each for each in check(rules.in_force(on), rules.promises) if not each.kept]


def test_every_check_on_the_bundled_rules_holds_on_every_day(rule_set: RuleSet) -> None:
    for epoch in rule_set.epochs:
        found = list(check(epoch, rule_set.promises))
        assert [each for each in found if not each.kept] == []
        assert {each.about for each in found} == set(About)


SECOND_LINE = {"G04-bekend-doel", "G05-grondslag-past"}
"""Every grant already asks what these ask; they stand for a grant that forgets it (the canaries show that they do)."""


def test_leaving_out_any_guard_but_two_breaks_a_promise_or_opens_something(rule_set: RuleSet) -> None:
    rules = rule_set.in_force(DAY)
    without_effect = set()
    for guard in (rule for rule in rules.rules if rule.kind is Kind.GUARD):
        without = rules.without(guard.key)
        broken = any(not each.kept for each in check(without, rule_set.promises))
        if not broken and not _opens(rules, without):
            without_effect.add(guard.rule_id)
    assert without_effect == SECOND_LINE


def _opens(before: InForce, after: InForce) -> bool:
    facts = Facts(Names())
    old, new = Stretch(facts, before), Stretch(facts, after)
    return find(new, new.allowed & ~old.allowed) is not None


def test_without_the_guard_on_the_relation_evidence_is_shown_and_confirmed(rule_set: RuleSet) -> None:
    opened = rule_set.in_force(DAY).without("G01-zorgrelatie-2026-01-01")
    broken = next(each for each in check(opened, rule_set.promises) if not each.kept)
    assert broken.subject == "B01-zorgrelatie"
    assert broken.evidence is not None
    assert not (broken.evidence.facts["relatie_loopt"] and broken.evidence.facts["relatie_bevestigd"])
    assert allows(opened, broken.evidence)
    assert broken.evidence.type_code in broken.said()


def test_a_grant_for_another_role_breaks_the_promise_about_roles(files: Mapping[str, str]) -> None:
    widened = files[T01].replace(
        'context.raadpleging.rol == "wijkteammedewerker" &&',
        '(context.raadpleging.rol == "wijkteammedewerker" || context.raadpleging.rol == "teamleider") &&',
    )
    assert widened != files[T01]
    begins = 'label_en = "Preparing a home visit"\nroles = ["wijkteammedewerker"'
    catalogue = files["catalogue.toml"].replace(begins, f'{begins}, "teamleider"')
    assert catalogue != files["catalogue.toml"]
    rules = load({**files, T01: widened, "catalogue.toml": catalogue})
    assert [each.subject for each in _broken(rules)] == ["B03-rol"]


def test_a_grant_that_nothing_can_reach_is_found(files: Mapping[str, str]) -> None:
    dead = _grant(files, "T90-dood", 'context.raadpleging.rol == "wijkteammedewerker" &&', "false &&")
    broken = _broken(load({**files, "grants/T90-dood-2026-01-01.cedar": dead}))
    assert [(each.about, each.subject) for each in broken] == [(About.GRANT, "T90-dood-2026-01-01")]
    assert "no look-up" in broken[0].said()


def test_a_guard_that_another_guard_makes_needless_is_found(rule_set: RuleSet) -> None:
    rules = rule_set.in_force(DAY)
    guard = next(rule for rule in rules.rules if rule.rule_id == "G03-tweede-factor")
    twin = replace(guard, key="G98-tweeling-2026-01-01", rule_id="G98-tweeling")
    broken = [each for each in check(_with(rules, twin), rule_set.promises) if not each.kept]
    assert {(each.about, each.subject) for each in broken} == {
        (About.GUARD, "G03-tweede-factor-2026-01-01"),
        (About.GUARD, "G98-tweeling-2026-01-01"),
    }


def test_a_grant_outside_its_own_basis_is_found(rule_set: RuleSet) -> None:
    rules = rule_set.in_force(DAY)
    grant = next(rule for rule in rules.rules if rule.rule_id == "T01-huisbezoek-wmo")
    moved = replace(grant, legal_basis="wgs-8")
    swapped = replace(rules, rules=tuple(moved if rule is grant else rule for rule in rules.rules))
    broken = [each for each in check(swapped, rule_set.promises) if not each.kept]
    assert [(each.about, each.subject) for each in broken] == [(About.BASIS, grant.key)]


def test_a_grant_of_contact_without_source_is_found(rule_set: RuleSet) -> None:
    rules = rule_set.in_force(DAY)
    grant = next(rule for rule in rules.rules if rule.rule_id == "T01-huisbezoek-wmo")
    scope = ', {"id": "toon_bron", "type": "Action"}'
    assert scope in grant.policy
    skipping = replace(grant, policy=grant.policy.replace(scope, ""))
    broken = [
        each for each in check(_with(rules.without(grant.key), skipping), rule_set.promises) if not each.kept
    ]
    assert (About.LEVELS, "contact") in {(each.about, each.subject) for each in broken}


def test_formulas_that_disagree_with_the_engine_prove_nothing(
    rule_set: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the translation had lost the guards: what it finds, the engine refuses."""
    monkeypatch.setattr(Stretch, "of", _without_guards)
    with pytest.raises(Unconfirmed, match="disagree"):
        list(check(rule_set.in_force(DAY), rule_set.promises))


def _without_guards(stretch: Any, kind: Kind) -> tuple[Any, ...]:
    return tuple(rule for rule in stretch.rules.rules if rule.kind is kind and kind is Kind.GRANT)


def _with(rules: InForce, *more: Any) -> InForce:
    assert rules.source is not None
    every = tuple(sorted((*rules.rules, *more), key=lambda rule: rule.key))
    bare = replace(rules, rules=every)
    # Leaving out a rule that is not there writes the engine's texts anew for those that are.
    padded = replace(bare, rules=(*every, replace(every[0], key="weg")))
    return padded.without("weg")


def _grant(files: Mapping[str, str], rule_id: str, old: str, new: str) -> str:
    text = files["grants/T03-schuldhulp-wgs-2026-01-01.cedar"]
    assert old in text
    return text.replace("T03-schuldhulp-wgs", rule_id).replace(old, new)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('id = "B01-zorgrelatie"', 'id = "B02-inloggen"', "promised twice: B02-inloggen"),
        ("relatie_loopt", "relatie_bestaat", "does not fit the schema"),
        ("context.raadpleging.relatie_loopt &&", "context.raadpleging.relatie_loopt &", "not valid Cedar"),
        ("titel_en =", "titel_de =", "unknown field"),
        ('id = "B01-zorgrelatie"', 'id = "Z1"', "matching regex"),
        ("!context.raadpleging.bezwaar'", "true }; permit (principal, action, resource) when { true'", "one"),
    ],
)
def test_a_promise_that_cannot_be_read_stops_loading(
    old: str, new: str, problem: str, files: Mapping[str, str]
) -> None:
    text = files["promises.toml"]
    assert old in text
    with pytest.raises(RuleSetError, match=problem) as caught:
        load({**files, "promises.toml": text.replace(old, new, 1)})
    assert caught.value.file == "promises.toml"


def test_a_promise_that_disappears_is_another_set(files: Mapping[str, str], rule_set: RuleSet) -> None:
    kept, _, _ = files["promises.toml"].rpartition("[[promise]]")
    assert load({**files, "promises.toml": kept}).digest != rule_set.digest


def test_no_level_is_asked_without_the_lower_ones(rule_set: RuleSet) -> None:
    rules = rule_set.in_force(DAY)
    facts = Facts(Names())
    stretch = Stretch(facts, rules)
    for low, high in product(Level, Level):
        if low < high:
            assert (
                find(stretch, facts.is_level(high) & stretch.allowed & ~stretch.engine_says_yes(low)) is None
            )
