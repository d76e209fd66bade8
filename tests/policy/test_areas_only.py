"""A purpose that shows areas of life: no set of rules loads in which a grant would open more than presence.

Each fault is planted in a bundled grant. The faults that asking the engine finds and those that only the text
of the grant gives away are kept apart, so neither proof can fall away unseen.
"""

from collections.abc import Callable, Mapping
from datetime import date

import pytest

from policy.errors import RuleSetError
from policy.facts import LookupFacts
from policy.pdp import decide
from policy.rule_text import Kind
from policy.rulesets import RuleSet, load
from policy.vocabulary import AgeBand, Level, PurposeCode, Shows

Files = Mapping[str, str]

CATALOGUE = "catalogue.toml"
T01 = "grants/T01-huisbezoek-wmo-2026-01-01.cedar"
T03 = "grants/T03-schuldhulp-wgs-2026-01-01.cedar"
T04 = "grants/T04-zelfredzaamheid-wmo-2026-01-01.cedar"
T05 = "grants/T05-zelfredzaamheid-jeugdwet-2026-01-01.cedar"
PRESENCE = 'action == Action::"toon_aanwezigheid"'
EVERY_LEVEL = 'action in [Action::"toon_aanwezigheid", Action::"toon_bron", Action::"toon_contact"]'
TALK = 'context.raadpleging.doel == "toets-zelfredzaamheid"'
VISIT = 'context.raadpleging.doel == "voorbereiding-huisbezoek"'
BY_ASKING = "it gives {level} of [a-z-]+ for toets-zelfredzaamheid, which shows areas of life only"
BY_READING = (
    "it names more than aanwezigheid and may serve toets-zelfredzaamheid, which shows areas of life only"
)


def _changed(files: Files, name: str, old: str, new: str) -> dict[str, str]:
    assert files[name].count(old) == 1, (name, old)
    return {**files, name: files[name].replace(old, new)}


def _opened(files: Files, name: str, condition: str) -> dict[str, str]:
    """The grant with every level in its scope, and more than presence only under this condition."""
    scope = _changed(files, name, PRESENCE, EVERY_LEVEL)
    return _changed(scope, name, TALK, f"{TALK} && ({PRESENCE} || ({condition}))")


def _refused(files: Files, problem: str) -> str:
    with pytest.raises(RuleSetError, match=problem) as caught:
        load(files)
    return caught.value.file


@pytest.mark.parametrize("level", ["bron", "contact"])
@pytest.mark.parametrize("name", [T04, T05])
def test_a_grant_that_names_one_level_more_is_refused(name: str, level: str, files: Files) -> None:
    scope = f'action in [Action::"toon_aanwezigheid", Action::"toon_{level}"]'
    assert _refused(_changed(files, name, PRESENCE, scope), BY_ASKING.format(level=level)) == name


@pytest.mark.parametrize(
    "condition",
    [
        *(f'context.raadpleging.leeftijdsgroep == "{band}"' for band in AgeBand),
        *(f"!context.raadpleging.afgeschermd && {one}context.raadpleging.coordinator" for one in ("", "!")),
        '!context.raadpleging.coordinator && context.raadpleging.leeftijdsgroep == "0-11"',
        'resource == Signaaltype::"beschermingsbewind"',
        'resource.gevoeligheid == "gewoon"',
        'action == Action::"toon_contact"',
    ],
)
def test_a_grant_that_opens_more_for_some_residents_or_types_is_found_by_asking(
    condition: str, files: Files
) -> None:
    assert _refused(_opened(files, T04, condition), BY_ASKING.format(level="(bron|contact)")) == T04


def test_a_grant_that_opens_more_without_presence_is_found_by_asking(files: Files) -> None:
    # No look-up could show this as the rules stand; one more grant for the young would make it visible.
    adults = 'context.raadpleging.leeftijdsgroep == "18+"'
    planted = _changed(files, T04, PRESENCE, EVERY_LEVEL)
    planted = _changed(planted, T04, TALK, f"{TALK} && (if {adults} then {PRESENCE} else !({PRESENCE}))")
    assert _refused(planted, BY_ASKING.format(level="bron")) == T04


def test_a_grant_for_another_purpose_that_takes_this_one_along_is_found_by_asking(files: Files) -> None:
    both = '["voorbereiding-huisbezoek", "toets-zelfredzaamheid"].contains(context.raadpleging.doel)'
    assert _refused(_changed(files, T01, VISIT, both), BY_ASKING.format(level="bron")) == T01


@pytest.mark.parametrize(
    "condition",
    [
        'context.raadpleging.organisatie == "gemeente"',
        'context.raadpleging.organisatie like "stichting*"',
        'context.raadpleging.op >= datetime("2026-09-01")',
        # The guard on shielding keeps these shut; nobody should have to know that either.
        "context.raadpleging.afgeschermd",
        "context.raadpleging.afgeschermd && context.raadpleging.coordinator",
        'context.raadpleging.afgeschermd && context.raadpleging.leeftijdsgroep == "onbekend"',
        # Harmless, but nobody should have to work that out from a condition.
        "false",
    ],
)
def test_a_grant_that_asking_cannot_see_through_is_refused_for_the_levels_it_names(
    condition: str, files: Files
) -> None:
    assert _refused(_opened(files, T05, condition), BY_READING) == T05


def test_a_grant_of_more_to_a_role_that_may_not_choose_the_purpose_is_refused(files: Files) -> None:
    member = 'context.raadpleging.rol == "wijkteammedewerker"'
    lead = 'context.raadpleging.rol == "teamleider" && context.raadpleging.afgeschermd'
    opened = _opened(files, T05, lead)
    assert _refused(_changed(opened, T05, member, f"({member} || {lead})"), BY_READING) == T05


@pytest.mark.parametrize(
    "tie",
    [
        f'({VISIT} || context.raadpleging.organisatie == "stichting")',
        f'(if context.raadpleging.organisatie == "stichting" then true else {VISIT})',
        'context.raadpleging.doel like "voor*"',
        'context.raadpleging.doel != "schuldhulp-afstemming"',
        'context.raadpleging.organisatie != "voorbereiding-huisbezoek"',
        'context.raadpleging.rol == "wijkteammedewerker"',
    ],
)
def test_a_grant_of_more_that_is_tied_to_no_purpose_is_refused(tie: str, files: Files) -> None:
    # The second condition keeps what is asked in order, so that only the missing tie is wrong.
    asked = f'({VISIT} || context.raadpleging.organisatie == "stichting")'
    assert _refused(_changed(files, T01, VISIT, f"{tie} && {asked}"), BY_READING) == T01


def test_a_tie_under_unless_is_no_tie(files: Files) -> None:
    untied = _changed(files, T01, VISIT, f'({VISIT} || context.raadpleging.organisatie == "stichting")')
    untied = _changed(
        untied,
        T01,
        'contains("wmo-2015-5-1-1")\n}',
        'contains("wmo-2015-5-1-1")\n}\nunless {U}',
    )
    assert _refused(_changed(untied, T01, "{U}", f"{{ {VISIT} && false }}"), BY_READING) == T01


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"{VISIT} &&", f"true && ({VISIT} && true) &&"),
        (f"{VISIT} &&", f"true }}\nwhen {{ {VISIT} &&"),
        (f"{VISIT} &&", f"{VISIT} }}\nwhen {{"),
    ],
)
def test_a_grant_of_more_may_be_tied_anywhere_beside_its_other_conditions(
    old: str, new: str, files: Files
) -> None:
    rule = load(_changed(files, T01, old, new)).epochs[0].rule("T01-huisbezoek-wmo-2026-01-01")
    assert rule is not None
    assert rule.purpose == "voorbereiding-huisbezoek"


def test_a_grant_of_presence_needs_no_tie(files: Files) -> None:
    both = '["toets-zelfredzaamheid", "kanarie"].contains(context.raadpleging.doel)'
    rule = load(_changed(files, T04, TALK, both)).epochs[0].rule("T04-zelfredzaamheid-wmo-2026-01-01")
    assert rule is not None
    assert (rule.purpose, rule.levels) == (None, (Level.PRESENCE,))


def test_a_grant_that_opens_more_from_a_later_day_on_is_refused_today(files: Files) -> None:
    later = T04.replace("2026-01-01", "2027-01-01")
    text = files[T04].replace("2026-01-01", "2027-01-01").replace(PRESENCE, EVERY_LEVEL)
    replacing = text.replace("@titel", '@vervangt("T04-zelfredzaamheid-wmo-2026-01-01")\n@titel')
    assert _refused({**files, later: replacing}, BY_ASKING.format(level="bron")) == later


def test_a_purpose_cannot_be_turned_to_areas_while_a_grant_opens_more(files: Files) -> None:
    before, code, after = files[CATALOGUE].partition('code = "schuldhulp-afstemming"')
    turned = before + code + after.replace('shows = "signalen"', 'shows = "leefgebieden"', 1)
    assert _refused({**files, CATALOGUE: turned}, "for schuldhulp-afstemming, which shows areas") == T03


def test_where_signals_are_shown_the_same_grant_loads_and_opens_more(
    files: Files, facts_with: Callable[..., LookupFacts]
) -> None:
    catalogue = files[CATALOGUE].replace('shows = "leefgebieden"', 'shows = "signalen"')
    opened = load({**_opened(files, T04, "context.raadpleging.coordinator"), CATALOGUE: catalogue})
    for coordinator, level in ((True, Level.CONTACT), (False, Level.PRESENCE)):
        facts = facts_with(purpose=PurposeCode("toets-zelfredzaamheid"), coordinator=coordinator)
        decision = decide(opened.in_force(date(2026, 3, 3)), facts, ["wmo-voorziening"])
        assert decision.allowed == (("wmo-voorziening", level),)


def test_the_bundled_grants_are_each_tied_to_one_purpose_and_name_what_it_may_show(rule_set: RuleSet) -> None:
    rules = rule_set.in_force(date(2026, 3, 3))
    named = {}
    for rule in rules.rules:
        if rule.kind is Kind.GRANT:
            purpose = rules.catalogue.purpose(rule.purpose or "")
            assert purpose is not None, rule.key
            named[rule.rule_id[:3]] = (purpose.shows, rule.levels)
    everything = (Shows.SIGNALS, tuple(Level))
    presence = (Shows.AREAS, (Level.PRESENCE,))
    assert named == {
        "T01": everything,
        "T02": everything,
        "T03": everything,
        "T04": presence,
        "T05": presence,
        "T06": presence,
        "T07": presence,
        "T08": everything,
        "T09": everything,
        "T10": everything,
        "T11": everything,
    }
