"""What a worker and a privacy officer read about a decision."""

from collections.abc import Callable, Mapping
from datetime import date

import pytest

from policy.facts import LookupFacts
from policy.in_force import InForce
from policy.pdp import decide
from policy.rulesets import load
from policy.telling.explain import FAULT_TEXT, NEUTRAL_TEXT, officer_texts, worker_texts
from policy.vocabulary import PurposeCode

Facts = Callable[..., LookupFacts]
ASKED = ["wmo-voorziening", "jeugdhulp"]


def test_a_worker_reads_nothing_extra_about_what_is_allowed(rules: InForce, facts_with: Facts) -> None:
    assert worker_texts(rules, decide(rules, facts_with(), [*ASKED, "ww-uitkering"])) == ()


def test_a_worker_reads_each_reason_once_in_the_order_of_the_rules(rules: InForce, facts_with: Facts) -> None:
    decision = decide(rules, facts_with(second_factor=False, account_active=False), ASKED)
    assert worker_texts(rules, decision) == (
        "Uw account is niet actief. Vraag uw functioneel beheerder om hulp.",
        "Log in met een tweede stap. Kies daarna opnieuw uw doel.",
    )


def test_a_worker_reads_the_neutral_text_when_no_rule_allows(rules: InForce, facts_with: Facts) -> None:
    assert worker_texts(rules, decide(rules, facts_with(role="teamleider"), ASKED)) == (NEUTRAL_TEXT,)


def test_a_worker_cannot_tell_a_secret_reason_from_no_rule(
    files: Mapping[str, str], facts_with: Facts
) -> None:
    name = "guards/G03-tweede-factor-2026-01-01.cedar"
    lines = [line for line in files[name].splitlines() if "uitleg_medewerker" not in line]
    rules = load({**files, name: "\n".join(lines)}).in_force(date(2026, 3, 3))
    secret = decide(rules, facts_with(second_factor=False), ASKED)
    no_rule = decide(rules, facts_with(role="teamleider"), ASKED)
    assert worker_texts(rules, secret) == worker_texts(rules, no_rule) == (NEUTRAL_TEXT,)
    assert "niet ingelogd met een tweede factor" in officer_texts(rules, secret)[0]


@pytest.mark.parametrize("fact", ["age_band", "shielded", "relation_live"])
def test_a_fault_reads_the_same_to_a_worker_whatever_was_missing(
    fact: str, rules: InForce, facts_with: Facts
) -> None:
    decision = decide(rules, facts_with(**{fact: None}), ASKED)
    assert worker_texts(rules, decision) == (FAULT_TEXT,)
    assert f"missing-fact:{fact}" in officer_texts(rules, decision)[0]


def test_the_privacy_officer_reads_every_type_with_outcome_rules_and_level(
    rules: InForce, facts_with: Facts
) -> None:
    debt = facts_with(purpose=PurposeCode("schuldhulp-afstemming"), shielded=True)
    lines = officer_texts(rules, decide(rules, debt, ["ww-uitkering", "jeugdhulp"]))
    assert lines[0].startswith("ww-uitkering: toegestaan tot en met aanwezigheid. ")
    assert lines[0].endswith("(T03-schuldhulp-wgs-2026-01-01)")
    assert lines[1] == (
        "jeugdhulp: geweigerd. Het doel en het soort signaal hebben op deze dag geen grondslag gemeen. "
        "(G05-grondslag-past-2026-01-01)"
    )
    minor = officer_texts(rules, decide(rules, facts_with(role="teamleider"), ["jeugdhulp"]))
    assert minor == ("jeugdhulp: geen regel. Geen enkele regel staat dit toe.",)
