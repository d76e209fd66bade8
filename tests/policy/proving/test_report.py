"""What a change does, as whoever approves it reads it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

import pytest

from policy.proving import phrases
from policy.proving.report import Report, compared
from policy.rulesets import RuleSet, load
from policy.telling.wording import Language

T02 = "grants/T02-huisbezoek-jeugdwet-2026-01-01.cedar"
T03 = "grants/T03-schuldhulp-wgs-2026-01-01.cedar"
SINCE = date(2026, 3, 1)
KNOWN_AGE = 'context.raadpleging.leeftijdsgroep != "onbekend"'

Changing = Callable[..., RuleSet]


@pytest.fixture(scope="module")
def any_age(rule_set: RuleSet, succeeded: Changing) -> Report:
    """What it does that an unknown age no longer keeps youth help at presence."""
    return compared(rule_set, succeeded((T02, KNOWN_AGE, "true")), SINCE, "nl")


def _text(report: Report, language: Language = "nl") -> str:
    return "\n".join(replace(report, language=language).lines())


def _report(old: RuleSet, new: RuleSet, language: Language) -> str:
    return _text(compared(old, new, SINCE, language), language)


def _altered(files: Mapping[str, str], name: str, old: str, new: str) -> RuleSet:
    """A set with one text in place of another, where it first stands."""
    assert old in files[name]
    return load({**files, name: files[name].replace(old, new, 1)})


def test_a_reader_finds_who_sees_what_from_when_on_which_ground(any_age: Report) -> None:
    text = _text(any_age, "nl")
    for line in (
        "- Er gaat iets open, voor het eerst op 1 januari 2027. Aantal veranderingen: 1.",
        "- Er gaat niets dicht.",
        "### Vanaf 1 januari 2027",
        "Wie: wijkteammedewerker. Doel: Voorbereiding van een huisbezoek.",
        "- Nu staat geen regel dit toe voor dit doel, dit niveau, deze soorten en deze voorwaarden samen.",
    ):
        assert line in text.splitlines()
    assert "in plaats van T02-huisbezoek-jeugdwet-2026-01-01" in text
    assert "De leeftijd van de inwoner is niet bekend." in text
    assert "Jeugdwet, artikel 7.4.0. Niet gecontroleerd door een jurist." in text


def test_a_rule_that_is_edited_instead_of_followed_up_is_called_out(
    files: Mapping[str, str], rule_set: RuleSet
) -> None:
    edited = {**files, T02: files[T02].replace(KNOWN_AGE, "true")}
    assert "- Veranderd: Huisbezoek voorbereiden" in _report(rule_set, load(edited), "nl")


def test_a_report_without_changes_says_so(rule_set: RuleSet) -> None:
    text = _report(rule_set, rule_set, "nl")
    assert text.count("Er gaat niets open.") == text.count("Er gaat niets dicht.") == 2
    assert "- Geen enkele regel is anders." in text


def test_the_days_before_the_first_change_are_said_to_be_as_now(any_age: Report) -> None:
    text = _text(any_age, "nl")
    assert "- Tot en met 31 december 2026 wordt over elke raadpleging precies zo besloten als nu." in text
    assert "- Wat opengaat, rust op grondslagen die geen jurist heeft gecontroleerd: Jeugdwet," in text


def test_what_opens_says_whether_shielding_and_an_objection_stop_it(any_age: Report) -> None:
    lines = _text(any_age).splitlines()
    (never,) = (line for line in lines if line.startswith("- Niet te zien als dit zo is:"))
    for fact in ("zijn afgeschermd", "heeft bezwaar gemaakt", "kent de inwoner buiten"):
        assert fact in never
    (needed,) = (line for line in lines if line.startswith("- Altijd nodig:"))
    assert "Er loopt een zorgrelatie" in needed
    assert "Een tweede persoon" in needed
    assert "niet afgeschermd" not in _text(any_age)
    assert "Dit maakt geen verschil" not in _text(any_age)


def test_what_opens_says_whether_it_could_be_seen_for_another_purpose(any_age: Report) -> None:
    text = _text(any_age)
    new = "Voor een ander doel nu niet te zien, of alleen op andere voorwaarden: bij welke organisatie"
    assert f"- Er komt geen doel bij. {new}" in text
    assert "dit nu alleen zien als dit zo is: de leeftijd van de inwoner is 0 tot en met 11 jaar of" in text


def test_nothing_is_said_to_stay_unseen_where_something_else_is_different(
    files: Mapping[str, str], any_age: Report
) -> None:
    unseen = "Tot en met 31 december 2026 verandert het niets aan wat iemand ziet."
    bases = 'legal_bases = ["wmo-2015-5-1-1", "wgs-8"]'
    later = 'code = "later"\nlaw = "Wet"\narticle = "artikel 1"\nsource_url = "https://wetten.example/1"\n'
    law = f"[[legal_basis]]\n{later}verified_by_lawyer = false\nvalid_from = 2027-01-01\n\n"
    written = files["catalogue.toml"]
    assert bases in written
    added = written.replace(bases, f'{bases[:-1]}, "later"]', 1).replace(
        "[[legal_basis]]", f"{law}[[legal_basis]]", 1
    )
    fresh = added.replace("freshness_days = 45", "freshness_days = 46", 1)
    for catalogue, said in ((added, True), (fresh, False)):
        report = replace(any_age, new=load({**files, "catalogue.toml": catalogue}))
        lines = list(report.written.lines())
        assert lines[-1].startswith("Wat hier zonder dag staat, geldt zodra de regelset geldt;")
        assert lines[-1].endswith(unseen) is said


def test_what_closes_says_what_stays_and_for_which_other_purpose(
    rule_set: RuleSet, succeeded: Changing
) -> None:
    closed = _report(rule_set, succeeded((T03, ', Action::"toon_bron", Action::"toon_contact"', "")), "nl")
    for start in (
        "Ziet niet meer: bij welke organisatie het loopt en wie te bellen is.",
        "Wat te zien blijft: dat er iets loopt.",
        "Voor een ander doel blijft dit te zien: Voorbereiding van een huisbezoek (",
    ):
        assert f"\n- {start}" in closed


def test_what_a_promise_did_is_said_and_one_that_is_not_kept_stands_out(
    files: Mapping[str, str], rule_set: RuleSet
) -> None:
    written = files["promises.toml"]
    fewer = load({**files, "promises.toml": written[: written.rindex("[[promise]]")]})
    report = Report(old=rule_set, new=fewer, since=SINCE, changes=(), broken=(), language="nl")
    assert "- Vervalt: Bij een doel dat leefgebieden laat zien" in _text(report)
    assert "- Nieuw: Bij een doel dat leefgebieden laat zien" in _text(
        replace(report, old=fewer, new=rule_set)
    )
    other = _altered(files, "promises.toml", "geldt = '!context.raadpleging.bezwaar'", "geldt = 'false'")
    broken = _report(rule_set, other, "en")
    assert "- TAKE CARE, the new rules do not keep this: Nothing is shown of a resident who" in broken
    assert broken.count("TAKE CARE") == 1


def test_the_report_says_the_same_in_english_with_the_english_texts_of_the_rules(any_age: Report) -> None:
    text = _text(any_age, "en")
    assert "### From 1 January 2027" in text
    assert "Who: team member. Purpose: Preparing a home visit." in text
    assert "The age of the resident is not known." in text
    assert text.count("For a home visit a team member may see the kinds") == 1
    assert "Een wijkteammedewerker" not in text


def test_a_change_of_the_catalogue_says_what_is_different(
    files: Mapping[str, str], rule_set: RuleSet
) -> None:
    longer = _altered(files, "catalogue.toml", "retention_months = 12", "retention_months = 24")
    report = Report(old=rule_set, new=longer, since=SINCE, changes=(), broken=(), language="nl")
    assert "- Soort signaal veranderd: Schuldhulptraject. Maanden bewaren: 12 wordt 24." in _text(report)
    text = _altered(files, "catalogue.toml", "U gaat op huisbezoek.", "U gaat op bezoek.")
    report = Report(old=rule_set, new=text, since=SINCE, changes=(), broken=(), language="en")
    assert "- Purpose altered: Preparing a home visit. A text is different." in _text(report, "en")


def test_a_purpose_that_starts_and_one_that_is_off_are_told_apart(rule_set: RuleSet) -> None:
    report = Report(old=rule_set, new=rule_set, since=SINCE, changes=(), broken=(), language="nl")
    lines = report.written.entries("purpose", (), rule_set.catalogue.purposes)
    assert list(lines)[-1] == "Nieuw doel, nog uit: Nood: hulp die niet kan wachten."


def test_both_languages_have_the_same_sentences() -> None:
    assert set(phrases.SENTENCES["nl"]) == set(phrases.SENTENCES["en"])
