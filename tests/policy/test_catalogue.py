"""What the catalogue and the texts of the rules may say."""

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date

import pytest

from policy.catalogue import Catalogue, LifeDomainText, PurposeRule, SignalType
from policy.in_force import InForce
from policy.rule_text import Kind
from policy.rulesets import RuleSet
from policy.vocabulary import LifeDomain, Role, Sensitivity, Shows

REQUIRED_TYPES = {
    "schuldhulptraject",
    "wmo-voorziening",
    "jeugdhulp",
    "overige-jeugdhulp",
    "ww-uitkering",
    "ziektewet-uitkering",
    "wia-uitkering",
    "wao-uitkering",
    "wajong-uitkering",
    "bijstandsuitkering",
    "aow-uitkering",
    "anw-uitkering",
    "aio-aanvulling",
    "studiefinanciering",
    "opleiding",
    "schoolinschrijving-verzuim",
    "wlz-indicatie",
    "wlz-zorg",
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
NEVER_SAID_IN_ENGLISH = re.compile(r"risk|suspect|fraud|score|client|citizen", re.IGNORECASE)
ABOUT_THE_RESIDENT = re.compile(
    r"afgescherm|geheim|leeftijd|jaar|minderjarig|shield|secret|\bage\b", re.IGNORECASE
)
LABEL_CHARS_MAX = 40
WORDS_PER_SENTENCE_MAX = 15
SENTENCES_NOT_SHOWN_MAX = 3

# By which words the paragraph "Wat ziet u hier niet?" names each type, in Dutch and in English.
NAMED_AS_NOT_SHOWN = {
    "schuldhulptraject": ("schuldhulp", "debt help"),
    "wmo-voorziening": ("Wmo", "Wmo"),
    "jeugdhulp": ("jeugdhulp", "youth help"),
    "overige-jeugdhulp": ("verige hulp voor jeugd", "ther help for youth"),
    "ww-uitkering": ("UWV", "UWV"),
    "ziektewet-uitkering": ("UWV", "UWV"),
    "wia-uitkering": ("UWV", "UWV"),
    "wao-uitkering": ("UWV", "UWV"),
    "wajong-uitkering": ("UWV", "UWV"),
    "bijstandsuitkering": ("bijstand", "social assistance"),
    "aow-uitkering": ("SVB", "SVB"),
    "anw-uitkering": ("SVB", "SVB"),
    "aio-aanvulling": ("SVB", "SVB"),
    "studiefinanciering": ("DUO", "DUO"),
    "opleiding": ("DUO", "DUO"),
    "schoolinschrijving-verzuim": ("school", "school"),
    "wlz-indicatie": ("langdurige zorg", "long-term care"),
    "wlz-zorg": ("langdurige zorg", "long-term care"),
    "onder-curatele": ("curatele", "guardianship"),
    "beschermingsbewind": ("bewind", "administration"),
    "inburgering-traject": ("inburgering", "integration"),
    "participatie-traject": ("naar werk", "towards work"),
}


@pytest.fixture(scope="module")
def catalogue(rule_set: RuleSet) -> Catalogue:
    return rule_set.catalogue


def _shown(catalogue: Catalogue) -> list[str]:
    types = [text for each in catalogue.types for text in (each.label_nl, each.sentence_nl)]
    domains = [each.label_nl for each in catalogue.life_domains]
    return (
        types + domains + [text for each in catalogue.purposes for text in (each.label_nl, each.worker_text)]
    )


def _shown_in_english(catalogue: Catalogue) -> list[str]:
    types = [text for each in catalogue.types for text in (each.label_en, each.sentence_en)]
    domains = [each.label_en for each in catalogue.life_domains]
    return (
        types
        + domains
        + [text for each in catalogue.purposes for text in (each.label_en, each.worker_text_en)]
    )


def _not_shown(catalogue: Catalogue) -> list[str]:
    return [text for each in catalogue.purposes for text in (each.not_shown_nl, each.not_shown_en)]


def _sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?])\s", text)


def _rule_texts(rules: InForce) -> list[str]:
    """What may be read of rules by whom they are about; a rule without a text for her is about somebody else."""
    about_her = [rule for rule in rules.rules if rule.worker_text is not None]
    return [text for rule in about_her for text in (rule.title, rule.worker_text) if text is not None]


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


def test_the_english_sentence_of_a_type_follows_there_is(catalogue: Catalogue) -> None:
    for each in catalogue.types:
        sentence = f"There is {each.sentence_en}."
        assert not each.sentence_en.endswith("."), sentence
        assert not each.sentence_en.startswith(("There is", "the ", "is ")), sentence
        assert not re.match(r"a [aeio]|an [^aeiou]|[A-Z]", each.sentence_en), sentence
    assert len({each.sentence_en for each in catalogue.types}) == len(catalogue.types)


@pytest.mark.parametrize("shape", [SignalType, PurposeRule, LifeDomainText])
def test_every_text_for_a_page_has_a_twin_in_the_other_language(shape: type) -> None:
    names = {field.name for field in fields(shape)}
    dutch = {name.removesuffix("_nl") for name in names if name.endswith("_nl")} | ({"worker_text"} & names)
    assert dutch == {name.removesuffix("_en") for name in names if name.endswith("_en")}


def test_both_languages_say_it_in_as_many_sentences(catalogue: Catalogue) -> None:
    for each in catalogue.purposes:
        for dutch, english in (
            (each.worker_text, each.worker_text_en),
            (each.not_shown_nl, each.not_shown_en),
        ):
            assert len(_sentences(dutch)) == len(_sentences(english)), each.code
            assert dutch.endswith("."), dutch
            assert english.endswith("."), english
            assert dutch != english


def test_no_text_uses_a_word_that_judges(catalogue: Catalogue, rules: InForce) -> None:
    texts = [*_shown(catalogue), *_rule_texts(rules), *(rule.officer_text for rule in rules.rules)]
    texts += _not_shown(catalogue)
    assert [text for text in texts if NEVER_SAID.search(text)] == []
    english = [*_shown_in_english(catalogue), *_not_shown(catalogue)]
    assert [text for text in english if NEVER_SAID_IN_ENGLISH.search(text)] == []


def test_no_text_tells_apart_what_must_stay_coarse(catalogue: Catalogue) -> None:
    codes = [code for each in catalogue.types for code in (each.code, each.source_kind)]
    assert [text for text in [*_shown(catalogue), *codes] if NEVER_TOLD_APART.search(text)] == []


def test_wmo_and_youth_help_are_one_type_each(catalogue: Catalogue) -> None:
    kinds = [each.source_kind for each in catalogue.types]
    assert (kinds.count("wmo-aanbieder"), kinds.count("jeugdhulpaanbieder")) == (1, 2)
    youth = [each for each in catalogue.types if each.life_domain is LifeDomain.YOUTH_AND_FAMILY]
    assert {each.code: each.sensitivity for each in youth} == {
        "jeugdhulp": Sensitivity.SENSITIVE,
        "overige-jeugdhulp": Sensitivity.SPECIAL,
    }


def test_what_is_special_belongs_to_no_purpose_that_shows_signals(catalogue: Catalogue) -> None:
    special = {each.code for each in catalogue.types if each.sensitivity is Sensitivity.SPECIAL}
    reaching = {each.shows for each in catalogue.purposes if special & set(each.types)}
    assert special == {"overige-jeugdhulp"}
    assert reaching == {Shows.AREAS}


def test_sentences_for_workers_are_short(catalogue: Catalogue, rules: InForce) -> None:
    texts = [*_rule_texts(rules), *_not_shown(catalogue)]
    texts += [text for each in catalogue.purposes for text in (each.worker_text, each.worker_text_en)]
    sentences = [sentence for text in texts for sentence in _sentences(text)]
    assert [sentence for sentence in sentences if len(sentence.split()) > WORDS_PER_SENTENCE_MAX] == []


def test_a_worker_text_says_nothing_about_shielding_or_age(catalogue: Catalogue, rules: InForce) -> None:
    texts = [*_rule_texts(rules), *_not_shown(catalogue)]
    assert [text for text in texts if ABOUT_THE_RESIDENT.search(text)] == []


def test_what_is_not_shown_is_told_in_at_most_three_sentences(catalogue: Catalogue) -> None:
    for text in _not_shown(catalogue):
        assert len(_sentences(text)) <= SENTENCES_NOT_SHOWN_MAX, text


def test_what_is_not_shown_names_every_type_the_purpose_never_reaches_and_no_other(
    catalogue: Catalogue,
) -> None:
    assert set(NAMED_AS_NOT_SHOWN) == {each.code for each in catalogue.types}
    for purpose in catalogue.purposes:
        for code, (dutch, english) in NAMED_AS_NOT_SHOWN.items():
            named = (dutch in purpose.not_shown_nl, english in purpose.not_shown_en)
            assert named == (code not in purpose.types,) * 2, (purpose.code, code)


def test_only_the_self_sufficiency_talk_and_the_front_office_show_areas_and_no_signals(
    catalogue: Catalogue,
) -> None:
    assert {each.code: each.shows for each in catalogue.purposes} == {
        "voorbereiding-huisbezoek": Shows.SIGNALS,
        "schuldhulp-afstemming": Shows.SIGNALS,
        "toets-zelfredzaamheid": Shows.AREAS,
        "loket-triage": Shows.AREAS,
        "noodtoegang": Shows.AREAS,
        "wmo-onderzoek": Shows.SIGNALS,
        "jeugdhulp-toeleiding": Shows.SIGNALS,
        "participatie-begeleiding": Shows.SIGNALS,
    }


def test_what_a_purpose_shows_is_the_same_on_every_day(catalogue: Catalogue) -> None:
    for day in (date(2026, 1, 1), date(2036, 1, 1)):
        assert [each.shows for each in catalogue.at(day).purposes] == [
            each.shows for each in catalogue.purposes if each.in_force
        ]


def test_a_purpose_exists_from_the_first_day_of_the_first_of_its_legal_bases(
    catalogue: Catalogue,
) -> None:
    later = {"pw-64": date(2027, 1, 1), "suwi-62": date(2028, 1, 1), "wgs-8": date(2029, 1, 1)}
    bases = tuple(
        replace(each, valid_from=later.get(each.code, each.valid_from)) for each in catalogue.legal_bases
    )
    days = (date(2025, 12, 31), date(2026, 12, 31), date(2027, 1, 1), date(2028, 12, 31), date(2029, 1, 1))
    exist = [{each.code for each in replace(catalogue, legal_bases=bases).at(day).purposes} for day in days]
    assert exist[0] == set()
    assert exist[2] - exist[1] == {"participatie-begeleiding"}
    assert exist[4] - exist[3] == {"schuldhulp-afstemming"}


def test_the_self_sufficiency_talk_names_every_area_that_stays_empty(catalogue: Catalogue) -> None:
    purpose = catalogue.purpose("toets-zelfredzaamheid")
    assert purpose is not None
    filled = catalogue.domains_of(purpose)
    empty = [each.label_nl.lower() for each in catalogue.life_domains if each not in filled]
    # The matrix says "geestelijke gezondheid", the paragraph says "gezondheid".
    never = [name.split()[-1] for name in catalogue.unpublished_zrm_2013]
    assert empty == ["wonen"]
    assert [word for word in [*empty, *never] if word not in purpose.not_shown_nl] == []


@pytest.mark.parametrize(
    ("code", "domains"),
    [
        (
            "voorbereiding-huisbezoek",
            ["financien", "werk-en-opleiding", "ondersteuning", "jeugd-en-gezin"],
        ),
        ("schuldhulp-afstemming", ["financien", "werk-en-opleiding"]),
        ("toets-zelfredzaamheid", ["financien", "werk-en-opleiding", "ondersteuning", "jeugd-en-gezin"]),
        ("loket-triage", ["financien", "werk-en-opleiding", "ondersteuning", "jeugd-en-gezin"]),
        ("wmo-onderzoek", ["financien", "werk-en-opleiding", "ondersteuning"]),
        ("jeugdhulp-toeleiding", ["werk-en-opleiding", "jeugd-en-gezin"]),
        ("participatie-begeleiding", ["financien", "werk-en-opleiding"]),
    ],
)
def test_the_areas_of_a_purpose_are_those_of_its_types_in_catalogue_order(
    code: str, domains: list[str], catalogue: Catalogue
) -> None:
    purpose = catalogue.purpose(code)
    assert purpose is not None
    assert [each.code.value for each in catalogue.domains_of(purpose)] == domains
    turned = replace(catalogue, life_domains=catalogue.life_domains[::-1], types=catalogue.types[::-1])
    assert [each.code.value for each in turned.domains_of(purpose)] == domains[::-1]


def test_an_area_leaves_a_purpose_with_the_last_type_that_its_bases_carry(catalogue: Catalogue) -> None:
    bases = tuple(
        replace(each, valid_from=date(2027, 1, 1)) if each.code == "jeugdwet-7-4-0" else each
        for each in catalogue.legal_bases
    )
    before, after = (
        replace(catalogue, legal_bases=bases).at(day) for day in (date(2026, 12, 31), date(2027, 1, 1))
    )
    areas = []
    for narrowed in (before, after):
        purpose = narrowed.purpose("toets-zelfredzaamheid")
        assert purpose is not None
        areas.append({each.code for each in narrowed.domains_of(purpose)})
    assert areas[1] - areas[0] == {LifeDomain.YOUTH_AND_FAMILY}
    assert not areas[0] - areas[1]


def test_a_purpose_without_types_has_no_area(catalogue: Catalogue) -> None:
    assert catalogue.domains_of(replace(catalogue.purposes[0], types=())) == ()


def test_an_area_is_found_by_its_word_or_its_code(catalogue: Catalogue) -> None:
    assert {each.code for each in catalogue.life_domains} == set(LifeDomain)
    for each in catalogue.life_domains:
        assert catalogue.life_domain(each.code) is each
        assert catalogue.life_domain(each.code.value) is each


# The working list of the VISD report, and what belongs beside it.
PUBLISHING = {
    "brp", "uwv", "gemeente", "svb", "duo", "leerplicht", "schuldhulpverlener", "wmo-aanbieder", "jeugdhulpaanbieder",
    "ciz", "zorgkantoor", "bewindregister",
}  # fmt: skip
NOT_PUBLISHING = {
    "vir", "zorgverzekeraar", "cak", "jeugdgezondheidszorg", "justitieketen", "veilig-thuis", "reclassering",
    "woningcorporatie", "belastingdienst", "vroegsignalering",
}  # fmt: skip


def test_every_source_of_the_working_list_is_there_and_says_why_it_may_not_publish(
    catalogue: Catalogue,
) -> None:
    assert {each.code for each in catalogue.source_kinds if each.publishable} == PUBLISHING
    assert {each.code for each in catalogue.source_kinds if not each.publishable} == NOT_PUBLISHING
    for each in catalogue.source_kinds:
        reasons = [text for text in (each.reason_nl, each.reason_en) if text is not None]
        assert len(reasons) == (0 if each.publishable else 2), each.code
        assert all(text.endswith(".") for text in reasons), each.code
    assert {each.source_kind for each in catalogue.types} == PUBLISHING


def test_each_type_and_purpose_rest_together_on_an_article_that_holds(rules: InForce) -> None:
    catalogue = rules.catalogue
    for purpose in catalogue.purposes:
        for each in catalogue.types:
            bases = catalogue.bases_of(purpose, each.code)
            assert bool(bases) == (each.code in purpose.types), (purpose.code, each.code)
            assert all(basis.holds_on(rules.starts) and basis.article for basis in bases)
    assert catalogue.bases_of(catalogue.purposes[0], "geheim-traject") == ()


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


@pytest.mark.parametrize(
    "code",
    [
        "voorbereiding-huisbezoek",
        "toets-zelfredzaamheid",
        "loket-triage",
        "wmo-onderzoek",
        "jeugdhulp-toeleiding",
    ],
)
def test_benefits_from_uwv_svb_and_duo_are_for_debt_help_and_work_only(
    code: str, catalogue: Catalogue
) -> None:
    purpose = catalogue.purpose(code)
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
        "wao-uitkering",
        "wajong-uitkering",
        "wlz-indicatie",
        "wlz-zorg",
        "onder-curatele",
    } <= sensitive


def test_nobody_who_administers_or_oversees_may_choose_a_purpose(catalogue: Catalogue) -> None:
    assert {role for purpose in catalogue.purposes for role in purpose.roles} == {Role.TEAM_MEMBER}


def test_what_does_not_exist_is_not_found(catalogue: Catalogue) -> None:
    assert catalogue.signal_type("geheim-traject") is None
    assert catalogue.purpose("nieuwsgierigheid") is None
    assert catalogue.legal_basis("avg-99") is None
    assert catalogue.life_domain("justitie") is None


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
        longest = max(len(each.split()) for each in _sentences(rule.officer_text))
        assert rule.kind is Kind.GRANT or longest <= WORDS_PER_SENTENCE_MAX, rule.key


def test_the_bundled_files_are_rules_and_cases_only(files: Mapping[str, str]) -> None:
    folders = {name.split("/")[0] for name in files}
    single = {"canaries.toml", "catalogue.toml", "promises.toml", "schema.cedarschema", "words.toml"}
    assert folders == single | {"cases", "grants", "guards"}
