"""What the catalogue and the texts of the rules may say."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest

from policy.catalogue import Catalogue
from policy.in_force import InForce
from policy.rule_text import Kind
from policy.rulesets import RuleSet
from policy.vocabulary import LifeDomain, Role, Sensitivity

REQUIRED_TYPES = {
    "schuldhulptraject",
    "wmo-voorziening",
    "jeugdhulp",
    "ww-uitkering",
    "ziektewet-uitkering",
    "wia-uitkering",
    "bijstandsuitkering",
    "aow-uitkering",
    "anw-uitkering",
    "studiefinanciering",
    "schoolinschrijving-verzuim",
    "wlz-indicatie",
    "onder-curatele",
    "beschermingsbewind",
    "inburgering-traject",
    "participatie-traject",
}
ZRM_2013 = {
    "financiën",
    "dagbesteding",
    "huisvesting",
    "huiselijke relaties",
    "geestelijke gezondheid",
    "lichamelijke gezondheid",
    "verslaving",
    "adl",
    "sociaal netwerk",
    "maatschappelijke participatie",
    "justitie",
}
NEVER_SAID = re.compile(r"risico|verdacht|fraude|score|melding|client|cliënt|burger\b", re.IGNORECASE)
NEVER_TOLD_APART = re.compile(
    r"ggz|psych|verslav|opvang|reclassering|jeugdbescherming|detentie|justitie", re.IGNORECASE
)
LABEL_CHARS_MAX = 40
WORDS_PER_SENTENCE_MAX = 15


@pytest.fixture(scope="module")
def catalogue(rule_set: RuleSet) -> Catalogue:
    return rule_set.catalogue


def _shown(catalogue: Catalogue) -> list[str]:
    types = [text for each in catalogue.types for text in (each.label_nl, each.sentence_nl)]
    domains = [each.label_nl for each in catalogue.life_domains]
    return (
        types + domains + [text for each in catalogue.purposes for text in (each.label_nl, each.worker_text)]
    )


def _rule_texts(rules: InForce) -> list[str]:
    return [text for rule in rules.rules for text in (rule.title, rule.worker_text) if text is not None]


def test_every_type_that_others_rely_on_exists(catalogue: Catalogue) -> None:
    assert {each.code for each in catalogue.types} == REQUIRED_TYPES


def test_labels_fit_on_a_small_screen(catalogue: Catalogue) -> None:
    labels = [label for each in catalogue.types for label in (each.label_nl, each.label_en)]
    labels += [label for each in catalogue.purposes for label in (each.label_nl, each.label_en)]
    assert [label for label in labels if len(label) > LABEL_CHARS_MAX] == []


def test_the_sentence_of_a_type_follows_er_is(catalogue: Catalogue) -> None:
    for each in catalogue.types:
        sentence = f"Er is {each.sentence_nl}."
        assert not each.sentence_nl.endswith("."), sentence
        assert not each.sentence_nl.startswith(("Er is", "de ", "het ")), sentence


def test_no_text_uses_a_word_that_judges(catalogue: Catalogue, rules: InForce) -> None:
    texts = [*_shown(catalogue), *_rule_texts(rules), *(rule.officer_text for rule in rules.rules)]
    assert [text for text in texts if NEVER_SAID.search(text)] == []


def test_no_text_tells_apart_what_must_stay_coarse(catalogue: Catalogue) -> None:
    codes = [code for each in catalogue.types for code in (each.code, each.source_kind)]
    assert [text for text in [*_shown(catalogue), *codes] if NEVER_TOLD_APART.search(text)] == []


def test_wmo_and_youth_help_are_one_type_each(catalogue: Catalogue) -> None:
    kinds = [each.source_kind for each in catalogue.types]
    assert (kinds.count("wmo-aanbieder"), kinds.count("jeugdhulpaanbieder")) == (1, 1)
    assert [each.code for each in catalogue.types if each.life_domain is LifeDomain.YOUTH_AND_FAMILY] == [
        "jeugdhulp"
    ]


def test_sentences_for_workers_are_short(catalogue: Catalogue, rules: InForce) -> None:
    texts = [*_rule_texts(rules), *(each.worker_text for each in catalogue.purposes)]
    sentences = [sentence for text in texts for sentence in re.split(r"(?<=[.!?])\s", text)]
    assert [sentence for sentence in sentences if len(sentence.split()) > WORDS_PER_SENTENCE_MAX] == []


def test_a_worker_text_says_nothing_about_shielding_or_age(rules: InForce) -> None:
    about_the_resident = re.compile(r"afgescherm|geheim|leeftijd|jaar|minderjarig", re.IGNORECASE)
    assert [rule.key for rule in rules.rules if about_the_resident.search(rule.worker_text or "")] == []


def test_every_legal_basis_is_used_and_has_its_source(catalogue: Catalogue, rules: InForce) -> None:
    used = {code for each in catalogue.types for code in each.legal_bases}
    used |= {code for each in catalogue.purposes for code in each.legal_bases}
    used |= {rule.legal_basis for rule in rules.rules}
    assert used == {each.code for each in catalogue.legal_bases}
    for basis in catalogue.legal_bases:
        assert re.fullmatch(
            r"https://(wetten\.overheid\.nl/BWBR[0-9]{7}|eur-lex\.europa\.eu/eli/reg/\S+)", basis.source_url
        )
        assert basis.article.startswith("artikel ")


def test_no_legal_basis_claims_a_lawyer_looked_at_it(catalogue: Catalogue) -> None:
    assert not any(basis.verified_by_lawyer for basis in catalogue.legal_bases)


def test_every_type_is_of_use_for_some_purpose(catalogue: Catalogue) -> None:
    reached = {code for purpose in catalogue.purposes for code in purpose.types}
    assert reached == {each.code for each in catalogue.types}


def test_benefits_from_uwv_and_svb_are_not_for_a_home_visit(catalogue: Catalogue) -> None:
    purpose = catalogue.purpose("voorbereiding-huisbezoek")
    assert purpose is not None
    kinds = {each.source_kind for each in catalogue.types if each.code in purpose.types}
    assert not kinds & {"uwv", "svb", "duo"}


def test_every_domain_of_the_matrix_is_either_shown_or_named_as_never_shown(catalogue: Catalogue) -> None:
    shown = [name for each in catalogue.life_domains for name in each.zrm_2013]
    listed = [*shown, *catalogue.unpublished_zrm_2013]
    assert len(listed) == len(set(listed))
    assert set(listed) == ZRM_2013
    assert {"verslaving", "justitie", "geestelijke gezondheid"} <= set(catalogue.unpublished_zrm_2013)


def test_what_says_something_about_health_or_capacity_is_marked_sensitive(catalogue: Catalogue) -> None:
    sensitive = {each.code for each in catalogue.types if each.sensitivity is Sensitivity.SENSITIVE}
    assert {
        "wmo-voorziening",
        "jeugdhulp",
        "ziektewet-uitkering",
        "wia-uitkering",
        "wlz-indicatie",
        "onder-curatele",
    } <= sensitive


def test_nobody_who_administers_or_oversees_may_choose_a_purpose(catalogue: Catalogue) -> None:
    assert {role for purpose in catalogue.purposes for role in purpose.roles} == {Role.TEAM_MEMBER}


def test_what_does_not_exist_is_not_found(catalogue: Catalogue) -> None:
    assert catalogue.signal_type("geheim-traject") is None
    assert catalogue.purpose("nieuwsgierigheid") is None
    assert catalogue.legal_basis("avg-99") is None


def test_the_types_of_a_purpose_follow_from_the_bases_that_hold_that_day(catalogue: Catalogue) -> None:
    bases = tuple(
        replace(each, valid_from=date(2027, 1, 1)) if each.code == "jeugdwet-7-4-0" else each
        for each in catalogue.legal_bases
    )
    changed = replace(catalogue, legal_bases=bases)
    before = changed.at(date(2026, 12, 31)).purpose("voorbereiding-huisbezoek")
    after = changed.at(date(2027, 1, 1)).purpose("voorbereiding-huisbezoek")
    assert before is not None
    assert after is not None
    assert set(after.types) - set(before.types) == {"jeugdhulp", "schoolinschrijving-verzuim"}


def test_each_rule_is_explained_to_the_privacy_officer(rules: InForce) -> None:
    for rule in rules.rules:
        assert rule.officer_text.endswith("."), rule.key
        assert rule.kind is Kind.GRANT or len(rule.officer_text.split()) <= WORDS_PER_SENTENCE_MAX, rule.key


def test_the_bundled_files_are_rules_and_cases_only(files: Mapping[str, str]) -> None:
    folders = {name.split("/")[0] for name in files}
    assert folders == {"canaries.toml", "catalogue.toml", "schema.cedarschema", "cases", "grants", "guards"}
