"""What a worker and a privacy officer read about a decision: four fixed lines, in Dutch and in English."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import product
from typing import Any

import cedarpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy import rulesets
from policy.facts import _YES_OR_NO, ATTRIBUTE_OF_FACT, LookupFacts
from policy.in_force import InForce, build_source
from policy.pdp import Decision, decide
from policy.rule_text import read_rule
from policy.rulesets import RuleSet, load
from policy.telling import sentences
from policy.telling.decided import Decided
from policy.telling.explain import Explanation, basis_text, for_officer, for_worker
from policy.telling.wording import Language
from policy.vocabulary import AgeBand, Outcome, PurposeCode, Role
from tests.policy.test_misses import asking_more_of
from tests.policy.test_properties import RULE_SET, RULES, TYPES, facts_of_any_kind

Facts = Callable[..., LookupFacts]
LANGUAGES: tuple[Language, ...] = ("nl", "en")
DEBT = PurposeCode("schuldhulp-afstemming")
T03 = "T03-schuldhulp-wgs-2026-01-01"
ONE_CHANGE = "Met één ander feit mocht het wel: "
AREAS = PurposeCode("toets-zelfredzaamheid")
FEW = ("schuldhulptraject", "jeugdhulp", "ww-uitkering")
WMO_TEXT = "Wet maatschappelijke ondersteuning 2015, artikel 5.1.1, https://wetten.overheid.nl/BWBR0035362"


def _decided(facts: LookupFacts, codes: Sequence[str], rules: InForce = RULES) -> Decided:
    decision = decide(rules, facts, codes)
    return Decided(rules=rules, words=RULE_SET.words, facts=facts, decision=decision)


def _worker(facts: LookupFacts, *codes: str, language: Language = "nl") -> tuple[Explanation, ...]:
    return for_worker(_decided(facts, codes), language)


def _officer(
    facts: LookupFacts, *codes: str, language: Language = "nl", rules: InForce = RULES
) -> tuple[Explanation, ...]:
    def again(other: LookupFacts) -> Decision:
        return decide(rules, other, codes)

    return for_officer(_decided(facts, codes, rules), again, language)


def _without_canaries(files: Mapping[str, str], name: str, text: str) -> InForce:
    """The rules with one changed, in force without having been tried out."""
    schema = files[rulesets.SCHEMA_FILE]
    changed = read_rule(name, text, cedarpy.Schema.from_str(schema))
    rules = tuple(changed if rule.key == changed.key else rule for rule in RULES.rules)
    return replace(RULES, rules=rules, source=build_source(schema, rules, RULES.catalogue))


def _with(facts: LookupFacts, **changes: Any) -> LookupFacts:
    return replace(facts, **changes)


def _lines(explanation: Explanation) -> list[str]:
    return [f"{name}: {' '.join(texts)}" for name, texts in explanation.lines()]


def test_a_worker_reads_of_a_refusal_why_on_which_ground_and_what_helps(facts_with: Facts) -> None:
    (told,) = _worker(facts_with(relation_live=False), "schuldhulptraject")
    assert _lines(told) == [
        "Besluit: U ziet niet of er een schuldhulptraject is.",
        "Waarom: Deze inwoner staat niet in uw caseload.",
        (
            "Grondslag: Algemene verordening gegevensbescherming, artikel 5, eerste lid, onder b en c, "
            "https://eur-lex.europa.eu/eli/reg/2016/679/oj (niet gecontroleerd door een jurist)"
        ),
        (
            "Wat kan helpen: Zet de zaak in uw regiesysteem op uw naam. Deed u dat zelf? Vraag dan uw teamleider om de "
            "zaak te bevestigen."
        ),
    ]


def test_a_worker_reads_the_same_in_english(facts_with: Facts) -> None:
    (told,) = _worker(facts_with(second_factor=False), "schuldhulptraject", language="en")
    assert _lines(told)[0] == "Decision: You do not see whether there is a debt help programme."
    assert _lines(told)[1] == "Why: Sign in with a second step. Then choose your purpose again."
    assert _lines(told)[3] == "What can help: Sign out. Then sign in again, with a second step."


def test_a_worker_reads_each_reason_once_in_the_order_of_the_rules(facts_with: Facts) -> None:
    (told,) = _worker(facts_with(second_factor=False, account_active=False), "wmo-voorziening", "jeugdhulp")
    assert told.codes == ("wmo-voorziening", "jeugdhulp")
    assert told.decision == "U ziet niet of dit er is: Wmo-voorziening, Jeugdhulp."
    assert told.why == (
        "Uw account is niet actief. Vraag uw functioneel beheerder om hulp.",
        "Log in met een tweede stap. Kies daarna opnieuw uw doel.",
    )


def test_of_an_allowance_a_worker_reads_her_purpose_and_nothing_of_the_level(facts_with: Facts) -> None:
    (told,) = _worker(facts_with(), "wmo-voorziening")
    assert told.decision == "U ziet of er een Wmo-voorziening is."
    assert told.why == ("U gaat op huisbezoek. U wilt weten welke hulp er al is en wie u kunt bellen.",)
    assert _lines(told)[2] == f"Grondslag: {WMO_TEXT} (niet gecontroleerd door een jurist)"
    assert _worker(facts_with(shielded=True), "wmo-voorziening") == (told,)
    (area,) = _worker(facts_with(purpose=AREAS), "wmo-voorziening")
    assert area.decision == (
        "U ziet alleen of er iets loopt op het leefgebied Ondersteuning en zorg. "
        "U ziet niet of er een Wmo-voorziening is."
    )


def test_a_worker_cannot_tell_one_secret_reason_from_another(
    files: Mapping[str, str], facts_with: Facts
) -> None:
    name = "guards/G03-tweede-factor-2026-01-01.cedar"
    unsaid = ("@uitleg_medewerker", "@wat_helpt")
    kept = "\n".join(line for line in files[name].splitlines() if not line.startswith(unsaid))
    rules = load({**files, name: kept}).in_force(date(2026, 3, 3))
    secret = for_worker(_decided(facts_with(second_factor=False), ["jeugdhulp"], rules), "nl")
    no_rule = for_worker(_decided(facts_with(role=Role.TEAM_LEAD), ["jeugdhulp"], rules), "nl")
    assert secret == no_rule
    assert secret[0].why == ("U mag deze gegevens nu niet zien.",)
    (read,) = _officer(facts_with(second_factor=False), "jeugdhulp", rules=rules)
    assert "niet ingelogd met een tweede factor" in read.why[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_worker_is_not_told_that_somebody_registered_that_she_knows_the_resident(
    language: Language, facts_with: Facts
) -> None:
    stopped = _worker(facts_with(involved=True), "wmo-voorziening", language=language)
    assert stopped == _worker(facts_with(objection=True), "wmo-voorziening", language=language)
    assert stopped[0].why == (sentences.say("worker.neutral", language),)


@settings(max_examples=50, deadline=None)
@given(facts=facts_of_any_kind, age_band=st.sampled_from(AgeBand), shielded=st.booleans())
def test_what_a_worker_reads_tells_nothing_of_the_resident_but_whether_she_sees_it(
    facts: LookupFacts, age_band: AgeBand, *, shielded: bool
) -> None:
    other = replace(facts, age_band=age_band, shielded=shielded)
    for code, language in product(TYPES, LANGUAGES):
        one, two = (_decided(each, [code]) for each in (facts, other))
        read = for_worker(one, language)
        if one.decision.status is Outcome.ALLOWED and two.decision.status is not Outcome.ALLOWED:
            # All that is left to read of it is the sentence that stands for every reason.
            assert for_worker(two, language)[0].why == (sentences.say("worker.neutral", language),)
        elif two.decision.status is not Outcome.ALLOWED or one.decision.status is Outcome.ALLOWED:
            assert for_worker(two, language) == read


@pytest.mark.parametrize("fact", ["age_band", "shielded", "relation_live"])
def test_a_fault_reads_the_same_to_a_worker_whatever_was_missing(fact: str, facts_with: Facts) -> None:
    (told,) = _worker(facts_with(**{fact: None}), "jeugdhulp")
    assert (told,) == _worker(facts_with(organisation=None), "jeugdhulp")
    assert told.why == ("Wij kunnen nu niet bepalen wat u mag zien.",)
    (read,) = _officer(facts_with(**{fact: None}), "jeugdhulp")
    label = RULE_SET.words.label(ATTRIBUTE_OF_FACT[fact], "nl")
    assert read.why == (f"Niet bekend was: {label}.",)


def test_an_article_of_a_bill_is_called_a_bill_in_every_explanation() -> None:
    law = RULES.catalogue.legal_bases[0]
    words: Mapping[Language, str] = {"nl": "wetsvoorstel", "en": "bill"}
    for language, word in words.items():
        assert word in basis_text(replace(law, bill=True), language)
        assert word not in basis_text(law, language)


def test_the_officer_reads_which_grants_allowed_and_what_kept_more_away(
    files: Mapping[str, str], facts_with: Facts
) -> None:
    limit = '(action == Action::"toon_aanwezigheid" || context.raadpleging.coordinator)'
    rules = asking_more_of(files, limit)
    (told,) = _officer(facts_with(purpose=DEBT), "ww-uitkering", rules=rules)
    grant = rules.rule(T03)
    assert grant is not None
    assert told.decision == "De medewerker mocht zien of er een WW-uitkering is."
    assert told.why == (
        f"{grant.officer_text} (regel {T03}, geldt sinds 1 januari 2026)",
        "Meer mocht niet.",
        "Daarbij telde: De medewerker coördineert de hulp aan deze inwoner niet.",
    )
    assert _lines(told)[2:] == [
        ("Grondslag: Wet gemeentelijke schuldhulpverlening, artikel 8, https://wetten.overheid.nl/BWBR0031331"
        " (niet gecontroleerd door een jurist)"),
        "Wat kan helpen: Er is niets nodig.",
    ]  # fmt: skip
    (full,) = _officer(facts_with(purpose=DEBT, coordinator=True), "ww-uitkering", rules=rules)
    assert full.decision == (
        "De medewerker mocht zien of er een WW-uitkering is, bij welke organisatie en wie te bellen is."
    )
    assert "Meer mocht niet." not in full.why
    (areas,) = _officer(facts_with(purpose=AREAS), "jeugdhulp")
    assert "Meer mocht niet." not in areas.why, "for this purpose more is never shown"


def test_the_officer_reads_which_guard_kept_more_away(files: Mapping[str, str], facts_with: Facts) -> None:
    name = "guards/G03-tweede-factor-2026-01-01.cedar"
    asked = "context.raadpleging.tweede_factor"
    limited = files[name].replace(asked, f'(action != Action::"toon_contact" || {asked})')
    rules = _without_canaries(files, name, limited)
    (told,) = _officer(facts_with(second_factor=False), "wmo-voorziening", rules=rules)
    assert told.decision.endswith("en bij welke organisatie.")
    assert told.why[1:] == (
        "Meer mocht niet.",
        ("De medewerker was niet ingelogd met een tweede factor. "
        "(regel G03-tweede-factor-2026-01-01, geldt sinds 1 januari 2026)"),
        "Daarbij telde: De medewerker is niet ingelogd in twee stappen.",
    )  # fmt: skip


def test_the_officer_reads_every_guard_that_refused_and_the_facts_it_refused_on(facts_with: Facts) -> None:
    (told,) = _officer(facts_with(relation_confirmed=False, account_active=False), "jeugdhulp")
    assert told.why == (
        (
            "De medewerker heeft op deze dag geen lopende en bevestigde zorgrelatie met deze inwoner. "
            "Alleen het doel voor nood kan zonder, na een verklaring. "
            "(regel G01-zorgrelatie-2026-01-01, geldt sinds 1 januari 2026)"
        ),
        (
            "Het account van de medewerker was op deze dag niet actief. "
            "(regel G02-actief-account-2026-01-01, geldt sinds 1 januari 2026)"
        ),
        (
            "Daarbij telde: Niemand anders heeft de zorgrelatie bevestigd. "
            "Het account van de medewerker is niet actief."
        ),
    )
    assert [each.code for each in told.bases] == ["avg-5", "avg-32"]
    assert told.helps[-1] == "Met één ander feit mocht het ook niet."
    assert told.helps[0].startswith("De medewerker leest: Zet de zaak in uw regiesysteem op uw naam.")


def test_where_no_rule_allows_it_the_officer_reads_which_came_nearest_and_what_it_missed(
    files: Mapping[str, str], facts_with: Facts
) -> None:
    rules = asking_more_of(files, "context.raadpleging.coordinator")
    for code in ("ww-uitkering", "schuldhulptraject"):
        (told,) = _officer(facts_with(purpose=DEBT), code, rules=rules)
        assert told.why == (
            "Geen enkele regel staat dit toe.",
            ("Het dichtst in de buurt komt: Schuldhulp afstemmen op grond van de Wgs "
            f"(regel {T03}, geldt sinds 1 januari 2026)."),
            "Daarbij telde: De medewerker coördineert de hulp aan deze inwoner niet.",
        )  # fmt: skip
        assert [each.code for each in told.bases] == ["wgs-8"]
        assert f"{ONE_CHANGE}De medewerker coördineert de hulp aan deze inwoner." in told.helps
    # Just as near for this kind of help is a grant for another purpose, which would have helped as well.
    assert f"{ONE_CHANGE}Het doel: Voorbereiding van een huisbezoek." in told.helps


@settings(max_examples=15, deadline=None)
@given(facts=facts_of_any_kind)
def test_a_change_that_would_help_does_and_there_is_no_other(facts: LookupFacts) -> None:
    said = {
        code: [text for text in told.helps if text.startswith(ONE_CHANGE)]
        for told in _officer(facts, *FEW)
        for code in told.codes
    }
    for code in FEW:
        expected = [
            other
            for other in (
                *(_with(facts, **{name: not getattr(facts, name)}) for name in _YES_OR_NO),
                *(replace(facts, role=each) for each in Role if each != facts.role),
                *(replace(facts, age_band=each) for each in AgeBand if each != facts.age_band),
                *(
                    replace(facts, purpose=PurposeCode(each.code))
                    for each in RULES.catalogue.purposes
                    if each.code != facts.purpose
                ),
            )
            if decide(RULES, facts, [code]).status is not Outcome.ALLOWED
            and decide(RULES, other, [code]).status is Outcome.ALLOWED
        ]
        assert len(said[code]) == len(expected)


def test_a_fault_is_said_in_words_and_an_unknown_kind_by_its_code(facts_with: Facts) -> None:
    known, unknown = _officer(facts_with(), "jeugdhulp", "geheim-traject")
    assert known.codes == ("jeugdhulp",)
    assert unknown.decision.endswith("of er geheim-traject is.")
    assert unknown.why == ("De catalogus kent dit soort hulp niet.",)
    assert _lines(unknown)[2] == "Grondslag: Er is niets besloten, dus ook op geen grondslag."
    (late,) = _officer(facts_with(on=date(2025, 12, 31)), "jeugdhulp")
    assert late.why == ("Op deze dag waren er geen regels van kracht.",)
    (odd,) = _officer(facts_with(age_band="oud"), "jeugdhulp", language="en")
    assert odd.why == ("Of no use was: the age of the resident.",)


@settings(max_examples=25, deadline=None)
@given(facts=facts_of_any_kind)
def test_every_explanation_is_the_four_lines_with_something_in_each(facts: LookupFacts) -> None:
    for language in LANGUAGES:
        for told in (*_worker(facts, *TYPES, language=language), *_officer(facts, *TYPES, language=language)):
            lines = dict(told.lines())
            assert tuple(lines) == sentences.LINES[language]
            assert all(texts and all(texts) for texts in lines.values())


def test_every_fixed_sentence_is_there_in_both_languages_with_the_same_places() -> None:
    places = {
        language: {name: sorted(_places(text)) for name, text in sentences._BY_LANGUAGE[language].items()}
        for language in LANGUAGES
    }
    assert places["nl"] == places["en"]


def _places(text: str) -> list[str]:
    return [part.partition("}")[0] for part in text.split("{")[1:]]


def test_help_for_the_worker_stands_only_beside_a_text_for_the_worker(rule_set: RuleSet) -> None:
    for rule in rule_set.in_force(date(2026, 3, 3)).rules:
        assert (rule.help_text is None) == (rule.help_text_en is None)
        assert rule.help_text is None or rule.worker_text is not None
