"""What waits for a functioneel beheerder or a bronbeheerder shows where she begins, before she goes looking for it."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from crypto.keyfiles import PublisherSecrets
from signal_index.model.workplace import Question

BADGE = "//nav//*[contains(@class, 'utrecht-number-badge')]"


@pytest.fixture
def beheer(walk: Callable[..., Any]) -> Any:
    """The functioneel beheerder at her browser."""
    return walk(staff_id="f.beheer")


@pytest.fixture
def source(walk: Callable[..., Any]) -> Any:
    """A bronbeheerder at her browser."""
    return walk(staff_id="b.bron")


def test_a_key_that_waits_is_among_what_waits_until_she_decides(beheer: Any, source: Any, world: Any) -> None:
    fresh = PublisherSecrets.generate(world.GEMEENTE, created=world.clock.date())
    source.open("/bron/sleutels").fill("Openbare sleutel", json.dumps(fresh.public().to_document()))
    source.choose("14 dagen").tap("Stel de sleutel voor")
    page = beheer.open("/beheer")
    assert "Sleutels om over te beslissen" in page.headings()
    page.tap("Organisatie 1").tap("Weiger: Organisatie 1")
    assert "Sleutels om over te beslissen" not in beheer.open("/beheer").headings()


def test_a_question_that_waits_has_its_number_in_the_menu_until_it_is_answered(
    source: Any, world: Any
) -> None:
    world.register_relations((world.PEOPLE[0], world.relation(case_reference="WT-2026-0301")))

    def ask(tx: Any) -> None:
        (stored,) = tx.relations.all_of(world.GEMEENTE)
        day = world.clock.date()
        for reference, kind in (("V-2222-2222", "jeugdhulp"), ("V-3333-3333", "schuldhulptraject")):
            of = "agb:00000003" if kind == "jeugdhulp" else "kvk:00000004"
            about = (stored.relation_id, stored.person, of, kind, day, day + timedelta(days=28))
            tx.questions.put(Question(reference, world.GEMEENTE, "w.een", *about))

    world.database.run(ask)
    page = source.open("/bron/signalen")
    assert page.find(BADGE).text_content() == "1 wacht op u", (
        "the other question is about another organisation"
    )
    assert not world.records("questions.listed"), "a number is no reading of the questions"
    page.tap("Meldingen 1 wacht op u").tap("Het signaal klopt: V-2222-2222")
    assert not source.open("/bron/signalen").all(BADGE)


def test_whoever_has_no_role_yet_can_be_searched_for(beheer: Any, house: Any) -> None:
    house.hire("n.nieuw", [])
    page = beheer.open("/beheer/medewerkers").fill("Rol", "Geen rol").tap("Zoek")
    assert "n.nieuw" in page.text
    assert "w.een" not in page.text


def test_only_who_may_send_signals_can_be_chosen_for_a_new_source(beheer: Any) -> None:
    page = beheer.open("/beheer/bronnen/nieuw")
    offered = [each.text for each in page.all("//select[@name='leverancier']/option")]
    assert "Organisatie 1" in offered
    assert "Organisatie 3" not in offered, "it sends cases"


@pytest.mark.parametrize(
    ("change", "never"),
    [("blokkeren", "Terug aan het werk"), ("deblokkeren", "Werkt hier niet meer")],
)
def test_a_reason_that_cannot_be_true_of_a_change_is_not_offered(
    beheer: Any, change: str, never: str
) -> None:
    address = beheer.open("/beheer/medewerkers").find("//main//li//a[contains(., 'w.een')]").get("href")
    page = beheer.open(f"{address}/wijzigen?wat={change}")
    assert page.all("//input[@name='reden']")
    assert never not in page.text


def test_a_wrong_phone_number_comes_back_to_be_mended_but_never_a_bsn(source: Any) -> None:
    page = source.open("/bron/contactpunten")
    fields = [(name, str(page.all(f"//input[@name='{name}']")[0].get("value"))) for name in ("bron", "soort")]
    for typed, shown in (("085", "085"), ("999990019", "")):
        page.send("/bron/contactpunten", *fields, ("naam", "Balie"), ("telefoon", typed))
        assert page.status == 400
        assert page.find("//input[@name='telefoon'][@aria-invalid]").get("value") == shown


def test_a_team_lead_who_is_late_hears_so_where_she_begins(walk: Callable[..., Any], world: Any) -> None:
    world.clock += timedelta(days=100)
    lead = walk(staff_id="t.lead").open("/team")
    assert "Dit moest uiterlijk op" in lead.text
    assert "Doe dit uiterlijk op" not in lead.text
