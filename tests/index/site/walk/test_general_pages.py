"""The pages to read: what they promise is what the product does, and whom to ask comes from the settings."""

import re
from typing import Any

import pytest

from policy.vocabulary import Role
from signal_index.model import Register
from signal_index.model.workplace import (
    COVER_DAYS_MAX,
    QUESTION_DAYS,
    SESSION_IDLE,
    SESSION_LONGEST,
    VIEW_KEPT,
    VIEW_LASTS,
)
from signal_index.web.markup.passages import PASSAGES
from signal_index.web.pages.site import PAGES

TO_READ = ("/hulp", "/toegankelijkheid", "/privacy", "/regels", "/status")
TASKS = ("/caseload", "/raadplegingen", "/berichten", "/vervanging", "/team")
NUMBER = re.compile(r"(?<![0-9a-f-])\d{9}(?![0-9a-f-])")


def part(walker: Any, heading: str) -> str:
    """What stands under one heading."""
    section = walker.find("//main//section[h2[normalize-space(.) = $wanted]]", wanted=heading)
    return " ".join(section.text_content().split())


@pytest.fixture
def guest(walk: Any, house: Any) -> Any:
    """Somebody who is not signed in."""
    return walk(staff_id=None)


@pytest.mark.parametrize("path", TO_READ)
def test_everybody_may_read_them_signed_in_or_not(guest: Any, walk: Any, world: Any, path: str) -> None:
    filled(world)
    assert guest.open(path).status == 200
    for who in ("w.een", "t.lead", "p.officer", "w.niets"):
        signed = walk(staff_id=who).open(path)
        assert signed.status == 200
        assert signed.heading == guest.heading


def test_every_page_leads_to_the_passage_of_the_help_that_is_about_it(guest: Any, walk: Any) -> None:
    assert set(PASSAGES) == {page.name for page in PAGES if page.get is not None}
    headings = {each.get("id") for each in guest.open("/hulp").all("//main//h2")}
    assert set(PASSAGES.values()) - {""} <= headings
    for who, path, passage in (
        (None, "/hulp", ""),
        (None, "/inloggen", "#wie-helpt"),
        ("w.een", "/caseload", "#stappen"),
        ("w.een", "/berichten", "#berichten"),
        ("w.een", "/vervanging", "#afwezig"),
        ("t.lead", "/team", "#teamleider"),
        ("p.officer", "/toezicht/logboek", "#privacy-officer"),
        ("w.een", "/nergens", ""),
    ):
        page = walk(staff_id=who).open(path)
        assert page.find("//footer//a[starts-with(@href, '/hulp')]").get("href") == f"/hulp{passage}", path


def filled(world: Any) -> None:
    """Every feed of relations has sent a complete set."""
    world.register_relations((world.PEOPLE[0], world.relation()))


def test_the_status_of_a_new_index_says_what_is_not_there_yet(guest: Any, world: Any) -> None:
    page = guest.open("/status")
    assert page.status == 503
    assert "Nee, kijken kan nu niet" in page.text
    assert "De index wordt opnieuw gevuld." in page.text
    filled(world)
    page = guest.open("/status")
    assert page.status == 200
    assert "Ja, u kunt nu kijken" in page.text
    world.database.run(lambda tx: tx.register.replace(Register((), ())))
    page = guest.open("/status")
    assert page.status == 200
    assert "De index werkt, maar is nog leeg" in page.text
    assert "Uw functioneel beheerder sluit de bronnen aan." in page.text
    assert "Ja, u kunt nu kijken" not in page.text


def test_help_gives_the_four_steps_in_order(guest: Any) -> None:
    guest.open("/hulp")
    steps = [each.text for each in guest.all("//main//ol/li/strong")]
    assert steps == [
        "Kies de zaak.",
        "Kies waarvoor u kijkt.",
        "Zeg of de inwoner weet dat u kijkt.",
        "Kies Toon signalen.",
    ]


def test_help_keeps_the_three_kinds_of_nothing_apart(guest: Any) -> None:
    guest.open("/hulp")
    kinds = guest.all("//main//section[starts-with(normalize-space(h2), 'Ziet u niets?')]//li/strong")
    assert [each.text for each in kinds] == [
        "Er is geen signaal.",
        "De bron is niet actueel.",
        "Bij dit doel laten wij het niet zien.",
    ]


def test_help_names_the_times_the_product_keeps(walk: Any) -> None:
    page = walk().open("/hulp")
    warning = int(page.find("//body").get("data-warning-seconds"))
    said = part(page, "Hoelang blijft een scherm open?")
    assert f"blijven {int(VIEW_LASTS.total_seconds()) // 60} minuten zichtbaar" in said
    assert f"Doet u {int(SESSION_IDLE.total_seconds()) // 60} minuten niets?" in said
    assert f"krijgt {warning // 60} minuten daarvoor een waarschuwing" in said
    assert f"Na {int(SESSION_LONGEST.total_seconds()) // 3600} uur" in said


def test_six_weeks_three_months_and_eight_weeks_are_what_is_kept(guest: Any, walk: Any) -> None:
    assert COVER_DAYS_MAX == 6 * 7
    assert "hoogstens zes weken" in part(guest.open("/hulp"), "Bent u er even niet?")
    assert "hoogstens zes weken" in walk().open("/vervanging").text
    kept = part(guest.open("/privacy"), "Hoelang bewaren wij het?")
    assert round(VIEW_KEPT.days / 30.5) == 3
    assert "drie maanden" in kept
    assert 2 * QUESTION_DAYS == 8 * 7
    assert "acht weken" in kept


def test_whom_to_ask_comes_from_the_settings(guest: Any) -> None:
    privacy, obstacle = "mailto:privacy@gemeente.example", "mailto:toegankelijk@gemeente.example"
    links = {path: [each.get("href") for each in guest.open(path).all("//main//a")] for path in TO_READ}
    assert privacy in links["/hulp"]
    assert obstacle in links["/hulp"]
    assert privacy in links["/privacy"]
    assert obstacle in links["/toegankelijkheid"]


@pytest.mark.parametrize(
    ("contact", "link"),
    [
        ("085 - 000 00 00", "tel:0850000000"),
        ("+31 85 0000000", "tel:+31850000000"),
        ("fg@gemeente.example", "mailto:fg@gemeente.example"),
        ("de balie op het stadhuis", None),
    ],
)
def test_a_contact_is_a_link_when_it_is_a_number_or_an_address(
    new_house: Any, contact: str, link: str | None
) -> None:
    page = new_house(privacy_contact=contact).browser().get("/privacy").text
    shown = f'href="{link}">{contact}</a>' if link else contact
    assert shown in page
    assert link is not None or "mailto:" not in page


def test_the_statement_claims_no_more_than_was_tested(guest: Any) -> None:
    guest.open("/toegankelijkheid")
    assert guest.headings() == [
        "Status: onderzoek loopt",
        "Wat is getest?",
        "Wat is nog niet getest?",
        "Loopt u ergens op vast?",
    ]
    assert "Wij zeggen dus niet dat de website aan alle eisen voldoet." in guest.text
    assert "schermlezer" in part(guest, "Wat is nog niet getest?")


def test_the_pages_name_the_organisation_and_the_product(new_house: Any) -> None:
    browser = new_house(organisation="Gemeente Elders", name="Hulpwijzer").browser()
    for path in ("/privacy", "/toegankelijkheid"):
        page = browser.get(path).text
        assert "Gemeente Elders" in page
        assert "Hulpwijzer" in page


def test_who_has_more_roles_sees_in_which_one_she_works(walk: Any) -> None:
    under = "//header//*[@class='si-account__team']"
    assert walk().open("/hulp").find(under).text == "noord"
    assert walk(staff_id="w.leidt").open("/hulp").find(under).text == "Wijkteammedewerker"
    leading = walk(staff_id="w.leidt", role=Role.TEAM_LEAD.value)
    assert leading.open("/hulp").find(under).text == "Teamleider"


def test_who_cannot_sign_in_is_led_to_who_can_help(guest: Any) -> None:
    link = guest.open("/inloggen").find("//main//p/a[starts-with(., 'Lukt inloggen niet?')]").get("href")
    path, _, part_of_page = link.partition("#")
    guest.open(path)
    assert guest.find("//h2[@id=$wanted]", wanted=part_of_page).text == "Wie helpt u verder?"


def test_no_page_holds_nine_digits_in_a_row(walk: Any, guest: Any, world: Any) -> None:
    relation = world.relation(case_reference="WT-2026-0147")
    world.publish(world.GEMEENTE, "agb:00000001", "wmo-voorziening", {world.PEOPLE[0]: "2025-04"})
    world.register_relations((world.PEOPLE[0], relation))
    pages = [guest.open(path).text for path in TO_READ]
    for who, role in (("w.een", None), ("w.leidt", "teamleider")):
        walker = walk(staff_id=who, role=role)
        pages += [walker.open(path).text for path in TASKS]
    walker = walk().open("/caseload").tap("WT-2026-0147")
    pages.append(walker.choose("Voorbereiding").choose("Nog niet").tap("Toon signalen").text)
    pages.append(walker.tap("Klopt dit niet? Meld het bij de bron").text)
    pages.append(walker.choose("Er is een Wmo-voorziening.").tap("Laat nakijken").text)
    assert "WT-2026-0147" in "".join(pages)
    assert [found for page in pages for found in NUMBER.findall(page)] == []
