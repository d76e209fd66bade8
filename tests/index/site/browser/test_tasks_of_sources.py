"""Every task of a bronbeheerder, and the decision on her key, in each way of working.

Runs after the pages were looked at, since it changes what stands on them.
"""

import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from crypto.keyfiles import PublisherSecrets

from .delivering import QUESTIONS
from .hands import Hand

NUMBERS = {"telefoon": "030 111 1111", "toetsen": "030 222 2222", "kaal": "030 333 3333"}


@pytest.fixture
def hands(working: Any) -> Iterator[Callable[[str], Hand]]:
    """Somebody by her staff id, in this way of working."""
    opened = []

    def of(staff_id: str) -> Hand:
        options = dict(working.kind.options)
        context = working.stage.context(
            "full", storage_state=working.stage.session("full", staff_id), **options
        )
        opened.append(context)
        found: Hand = working.kind(context.new_page())
        return found

    yield of
    for each in opened:
        each.close()


@pytest.fixture
def source(hands: Callable[[str], Hand]) -> Hand:
    """The bronbeheerder, where her work begins."""
    hand = hands("b.bron")
    hand.open("/")
    assert (hand.path, hand.heading) == ("/bron/signalen", "Onze signalen")
    return hand


def test_she_sees_why_a_delivery_was_refused(source: Hand) -> None:
    source.tap("Leveringen", within="nav")
    assert "Uw organisatie staat niet in het register voor deze bron of soort." in source.text
    source.press("Wat ziet u hier niet?")
    assert "Om wie een levering ging" in source.text


def test_she_changes_whom_teams_phone(source: Hand, working: Any) -> None:
    source.tap("Contactpunten", within="nav")
    source.press("Wijzigen: Bewindvoering De Brug")
    source.page.locator("details[open] input[name=telefoon]").fill(NUMBERS[working.name])
    source.tap("Wijzig het contactpunt")
    assert "Het contactpunt is gewijzigd" in source.text
    assert NUMBERS[working.name] in source.text


def test_she_answers_a_question_by_its_reference(source: Hand, working: Any) -> None:
    reference = QUESTIONS[working.name]
    source.tap("Meldingen", within="nav")
    assert reference in source.text
    found = source.page.locator("main li").filter(has_text=reference)
    with source.page.expect_navigation():
        source._press(found.locator("button").filter(has_text="Het signaal klopt"))
    assert "Uw antwoord is vastgelegd" in source.text
    assert reference not in source.text


def test_a_key_waits_for_somebody_else_who_refuses_it_and_she_proposes_another(
    source: Hand, hands: Callable[[str], Hand], working: Any
) -> None:
    admin = hands("f.beheer")
    admin.open("/beheer/sleutels")
    admin.tap("Weiger")
    assert "De sleutel is geweigerd" in admin.text
    fresh = PublisherSecrets.generate(working.place.world.GEMEENTE, created=date(2026, 5, 4)).public()
    source.tap("Sleutels", within="nav")
    source.fill("Openbare sleutel", json.dumps(fresh.to_document()))
    source.choose("30 dagen")
    source.tap("Stel de sleutel voor")
    assert "De sleutel is voorgesteld" in source.text
    assert "Er wacht al een sleutel op een besluit." in source.text


def test_she_sees_how_often_per_month(source: Hand) -> None:
    source.tap("Gebruik", within="nav")
    assert source.heading == "Gebruik in april 2026"
    assert "Schuldhulptraject 60" in source.text
    source.tap("maart")
    assert source.heading == "Gebruik in maart 2026"
