"""What holds for every page of the functioneel beheerder: whose it is, what stands on none, and the figures."""

import re
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from crypto.encoding import Month
from policy.vocabulary import Role
from signal_index import audit
from signal_index.model import Actor
from signal_index.web.pages import administration, sourcing
from signal_index.web.pages.site import PAGES
from signal_index.web.pages.visits import ADMINISTRATORS, Page

SECTIONS = (*administration.SECTIONS, *sourcing.DECIDING)
ANY = str(uuid.UUID(int=7))
OFFICES = tuple(page for page in PAGES if page.path.startswith("/beheer"))
HERS_ALONE = tuple(page for page in OFFICES if page.roles == ADMINISTRATORS)
SHARED = {"proposals", "proposal"}
STRANGERS = ["w.een", "t.lead", "p.officer", "b.bron", "w.niets"]
IDENTIFIER = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Not within the digest of a set of rules, which is hexadecimal and stands on pages.
NINE_DIGITS = re.compile(r"(?<![\da-f])\d{9}(?![\da-f])")


@pytest.fixture
def beheer(walk: Callable[..., Any]) -> Any:
    """The functioneel beheerder at her browser."""
    return walk(staff_id="f.beheer")


def path_of(page: Page) -> str:
    """An address of a page, about something that is not there."""
    return re.sub(r"\{\w+:uuid\}", ANY, page.path)


# --- Whose they are -----------------------------------------------------------------------------------------------


def test_every_page_of_the_package_is_among_those_that_are_tried() -> None:
    made = {page.name for module in SECTIONS for page in module.PAGES}
    assert made == {page.name for page in OFFICES}
    assert {page.name for page in OFFICES} - {page.name for page in HERS_ALONE} == SHARED


@pytest.mark.parametrize("who", STRANGERS)
def test_every_page_is_hers_alone_and_trying_is_on_record(
    walk: Callable[..., Any], world: Any, who: str
) -> None:
    other = walk(staff_id=who)
    tried = 0
    for page in OFFICES:
        if page.name in SHARED and who == "p.officer":
            continue
        if page.get is not None:
            assert other.open(path_of(page)).status == 403, page.name
            tried += 1
        if page.post is not None:
            assert other.open("/hulp").send(path_of(page), ("zeker", "ja")).status == 403, page.name
            tried += 1
        assert len(world.records("action.refused")) == tried, page.name
    assert tried > 30


def test_who_has_another_role_too_needs_to_be_in_this_one(walk: Callable[..., Any], house: Any) -> None:
    house.hire("b.beide", [Role.SOURCE_ADMIN, Role.FUNCTIONAL_ADMIN])
    assert walk(staff_id="b.beide", role="bronbeheerder").open("/beheer").status == 403
    assert walk(staff_id="b.beide", role="functioneel-beheerder").open("/beheer").status == 200


def test_nobody_who_is_signed_out_gets_in(house: Any) -> None:
    for page in OFFICES:
        if page.get is not None:
            assert house.browser().get(path_of(page)).status_code == 303, page.name


# --- What stands on none of them ----------------------------------------------------------------------------------


@pytest.fixture
def full(world: Any) -> set[str]:
    """Flags, cases, looks and a cover; everything of them that no page may hold."""
    people = world.PEOPLE[:6]
    for source, kind in (("agb:00000001", "wmo-voorziening"), ("agb:00000003", "jeugdhulp")):
        world.publish(world.GEMEENTE, source, kind, dict.fromkeys(people, "2024-07"))
    relations = [
        (person, world.relation(("w.een", "w.twee")[place % 2], case_reference=f"WT-2026-07{place:02}"))
        for place, person in enumerate(people)
    ]
    world.register_relations(*relations)
    for _, relation in relations[::2]:
        assert world.look(relation.relation_id).status_code == 200
    flags = world.database.run(
        lambda tx: [
            tx.relations.get(world.GEMEENTE, relation.relation_id).person.encoded for _, relation in relations
        ]
    )
    return {
        *(person.digits for person in people),
        *(relation.case_reference for _, relation in relations),
        *(str(uuid.UUID(bytes=relation.relation_id)) for _, relation in relations),
        *(each.hex() for each in flags),
        "juli 2024",
        "2024-07",
    }


def everything(page: Any) -> Iterator[tuple[str, str]]:
    """Every page of hers that can be reached by links from the menu, and what stands on it."""
    waiting, seen = ["/beheer", "/beheer/doelen"], set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        shown = page.open(path)
        assert shown.status == 200, path
        yield path, shown.content.decode()
        links = (str(each).partition("#")[0] for each in shown.all("//@href"))
        waiting += [each for each in links if each.startswith("/beheer")]


def test_no_page_holds_a_flag_a_case_a_pseudonym_or_a_bsn(full: set[str], beheer: Any, world: Any) -> None:
    found = dict(everything(beheer))
    reached = {
        page.name
        for page in OFFICES
        for path in found
        if re.fullmatch(_pattern(page), path.partition("?")[0])
    }
    assert {page.name for page in HERS_ALONE if page.get is not None} - reached <= {
        "door",
        "remove_door",
        "stand_in",
    }, "pages that no link leads to in this world"
    for path, text in found.items():
        assert not [each for each in full if each in text], path
        assert not NINE_DIGITS.search(re.sub(r'value="[^"]*"', "", IDENTIFIER.sub("", text))), path


def test_a_planted_case_would_be_seen(full: set[str], walk: Callable[..., Any]) -> None:
    shown = walk(staff_id="w.een").open("/caseload").content.decode()
    assert [each for each in full if each in shown]


def _pattern(page: Page) -> str:
    return re.sub(r"\{\w+:uuid\}", "[0-9a-f-]{36}", page.path).replace("{digest}", "[0-9a-f]{64}")


# --- Figures ------------------------------------------------------------------------------------------------------


@pytest.fixture
def april(world: Any) -> None:
    """A month that is over: looks for three purposes, one of them a few times, and answers about their use."""
    counts = {"voorbereiding-huisbezoek": 40, "schuldhulp-afstemming": 18, "toets-zelfredzaamheid": 4}

    def job(tx: Any) -> None:
        actor = Actor.in_all_roles("w.een", tx.staff.get("w.een"), second_factor=True, token_id="test")
        for purpose, count in counts.items():
            for number in range(count):
                said: dict[str, Any] = {"purpose": purpose, "any_shown": number % 2 == 0}
                tx.audit.append(audit.act("lookup.answered", world.clock, actor, **said))
                useful: dict[str, Any] = {
                    "purpose": purpose,
                    "useful": ("ja", "nee", "weet-niet")[number % 3],
                }
                tx.audit.append(audit.act("view.useful", world.clock, actor, **useful))

    world.clock = datetime(2026, 4, 14, 9, tzinfo=UTC)
    world.database.run(job)
    world.clock = datetime(2026, 5, 4, 9, tzinfo=UTC)


def rows(page: Any, table: str) -> dict[str, str]:
    """A table by its caption: first cell to last."""
    found = page.all(f"//caption[@id='{table}']/ancestor::table//tbody/tr")
    return {
        " ".join(row[0].text_content().split()): " ".join(row[-1].text_content().split()) for row in found
    }


def test_figures_are_the_privacy_officers_own_with_the_same_left_out(
    april: None, beheer: Any, walk: Callable[..., Any], world: Any
) -> None:
    page = beheer.open("/beheer/stuurinformatie")
    assert "Cijfers over april 2026" in page.headings()
    shown = rows(page, "tabel-doelen")
    assert shown["Voorbereiding van een huisbezoek"] == "40"
    assert shown["Gesprek over zelfredzaamheid"] == "niet getoond"
    assert rows(page, "tabel-gevonden") == {
        "Beantwoord, met een signaal": "niet getoond",
        "Zonder signaal, of geweigerd": "niet getoond",
        "Totaal": "62",
    }, "beside the table of outcomes it would tell what that one leaves out"
    assert "van de 100 raadplegingen" not in page.text
    officer = walk(staff_id="p.officer").open("/toezicht/rapportage")
    assert rows(officer, "tabel-doelen") == shown
    assert rows(officer, "tabel-nut") == rows(page, "tabel-nut")
    assert not rows(page, "tabel-teams"), "teams are the privacy officer's"
    assert world.records("administration.read")[0].fields["selection"] == str(Month(2026, 4))


def test_every_bar_says_what_the_table_says(april: None, beheer: Any) -> None:
    page = beheer.open("/beheer/stuurinformatie")
    titles = {" ".join(each.text_content().split()) for each in page.all("//main//svg/title")}
    for table in ("tabel-doelen", "tabel-gevonden", "tabel-nut"):
        for text, count in list(rows(page, table).items())[:-1]:
            assert f"{text}: {count}" in titles


def test_a_month_that_is_not_over_has_no_figures(april: None, beheer: Any) -> None:
    assert beheer.open("/beheer/stuurinformatie?maand=2026-05").status == 404
    assert "minder dan 10 raadplegingen" in beheer.open("/beheer/stuurinformatie?maand=2026-03").text


def test_how_many_sources_are_current_stands_there(beheer: Any, world: Any) -> None:
    assert "Vandaag actueel: 0 van de 4." in beheer.open("/beheer/stuurinformatie").text
    world.publish_nothing_else()
    assert "Vandaag actueel: 4 van de 4." in beheer.open("/beheer/stuurinformatie").text
