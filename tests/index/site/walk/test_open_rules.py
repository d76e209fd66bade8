"""The rules as everybody may read them: no sign-in, nothing about anybody, and no less than the rules do."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from policy.pdp import decide
from policy.rulesets import bundled, load
from policy.selftest import _all_is_well
from policy.vocabulary import AgeBand, Level, Shows
from signal_index.usecases.rulebook.published import published
from tests.support.rules import Fixed

DAY = date(2026, 3, 3)
RULES = load(bundled())
IN_FORCE = RULES.in_force(DAY)
HOME, DEBTS, TALK = "voorbereiding-huisbezoek", "schuldhulp-afstemming", "toets-zelfredzaamheid"


@pytest.fixture
def guest(walk: Any, house: Any) -> Any:
    """Somebody who is not signed in."""
    return walk(staff_id=None)


def matrix(page: Any) -> dict[str, list[str]]:
    """What stands in the table of purposes and areas of life, by purpose."""
    rows = [
        [" ".join(cell.text_content().split()) for cell in row]
        for row in page.all("//section[@aria-labelledby = 'matrix']//tbody/tr")
    ]
    return {row[0]: row[1:] for row in rows}


def test_anybody_reads_every_rule_with_its_article_and_whether_a_lawyer_checked_it(guest: Any) -> None:
    page = guest.open("/regels")
    assert (page.status, page.heading) == (200, "Wie mag wat zien?")
    for rule in IN_FORCE.rules:
        assert rule.title in page.text
        assert " ".join(rule.officer_text.split()) in page.text
        basis = IN_FORCE.catalogue.legal_basis(rule.legal_basis)
        assert basis is not None
        link = page.find("//a[normalize-space(.) = $text]", text=f"{basis.law}, {basis.article}")
        assert link.get("href") == basis.source_url
    assert RULES.digest in page.text
    assert page.text.count("Nog niet") == sum(
        not each.verified_by_lawyer for each in published(RULES, DAY).bases
    )


def test_each_purpose_says_per_area_of_life_the_most_it_shows(guest: Any) -> None:
    shown = matrix(guest.open("/regels"))
    names = {each.code: each.label_nl for each in IN_FORCE.catalogue.purposes}
    areas = [each.label_nl for each in IN_FORCE.catalogue.life_domains]
    assert set(shown) == set(names.values())
    money, youth = areas.index("Geld en inkomen"), areas.index("Jeugd en gezin")
    everything = "Welke hulp er is, van welke bron, en wie te bellen"
    assert shown[names[HOME]][youth] == everything
    assert (shown[names[DEBTS]][money], shown[names[DEBTS]][youth]) == (everything, "Niets")
    assert set(shown[names[TALK]]) <= {"Alleen of er iets is", "Niets"}


def test_what_the_table_says_is_what_the_rules_do_when_all_is_well() -> None:
    book = published(RULES, DAY)
    for reach in book.reaches:
        found: dict[str, Level] = {}
        for role in reach.purpose.roles:
            for age_band in AgeBand:
                facts = _all_is_well(IN_FORCE, reach.purpose, role, age_band)
                for code, level in decide(IN_FORCE, facts, reach.purpose.types).allowed:
                    kind = IN_FORCE.catalogue.signal_type(code)
                    assert kind is not None
                    found[kind.life_domain] = max(level, found.get(kind.life_domain, level))
        assert reach.cells == tuple(found.get(area.code) for area in book.areas), reach.purpose.code
        assert reach.purpose.shows is Shows.SIGNALS or set(reach.cells) <= {Level.PRESENCE, None}


def test_every_page_leads_to_it(guest: Any, walk: Any) -> None:
    for walker, path in ((guest, "/privacy"), (walk(staff_id="p.officer"), "/toezicht/logboek")):
        assert walker.open(path).tap("Wie mag wat zien?").path == "/regels"


def test_it_can_be_read_in_english(guest: Any) -> None:
    page = guest.open("/regels").tap("English")
    assert page.heading == "Who may see what?"
    assert "The worker has no running and confirmed care relation" in page.text
    assert "De medewerker heeft op deze dag" not in page.text


def test_without_rules_it_says_that_nobody_sees_anything(house: Any, world: Any, walk: Any) -> None:
    world.desk = replace(world.desk, rulebook=Fixed(replace(RULES, epochs=())))
    page = walk(world, staff_id=None).open("/regels")
    assert page.status == 200
    assert "Zolang dat zo is, ziet niemand iets." in page.text
    assert not page.all("//table")
