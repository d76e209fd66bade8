"""Every task a person has, done on a phone; what she does every day also with the keyboard alone and without script."""

from typing import Any

import pytest

from .hands import Hand, WithoutScript

VISIT, DEBTS = "Voorbereiding van een huisbezoek", "Afstemmen van schuldhulp"
TOLD, TOGETHER, NOT_YET = "Ja, dat heb ik verteld", "Ja, wij kijken samen", "Nog niet"

on_a_phone = pytest.mark.parametrize("working", ["telefoon"], indirect=True)
with_the_keyboard = pytest.mark.parametrize("working", ["toetsen"], indirect=True)


def look(hand: Hand, case: str, purpose: str = VISIT, informed: str = TOLD) -> None:
    """Go the whole way from the caseload."""
    hand.tap(case)
    hand.choose(purpose)
    hand.choose(informed)
    hand.tap("Toon signalen")


# --- Coming in and going out ------------------------------------------------------------------------------------------


def test_she_signs_in_at_the_provider_and_stands_at_her_caseload(working: Any) -> None:
    context = working.browser()
    hand = working.kind(context.new_page())
    hand.open("/")
    assert hand.path == "/inloggen"
    hand.tap("Inloggen")
    working.stage.consent(hand.page, f"w.{working.name}")
    assert (hand.path, hand.heading) == ("/caseload", "Mijn caseload")
    assert "Wil Hand" in hand.page.locator("header").inner_text()
    context.close()


@on_a_phone
def test_after_signing_out_the_back_button_shows_nothing(working: Any) -> None:
    context = working.browser(signed_in="w")
    hand = working.kind(context.new_page())
    hand.open("/caseload")
    hand.tap(working.case("vol"))
    hand.tap("Uitloggen", within="header")
    hand.page.wait_for_url("**/oauth2/end_session*")
    with hand.page.expect_navigation():
        hand.page.get_by_role("button", name="End session").click()
    assert (hand.path, hand.heading) == ("/uitgelogd", "U bent uitgelogd")
    for steps in (-2, -1):  # past the provider, to the case, and to the caseload before it
        with hand.page.expect_navigation():
            hand.page.evaluate("steps => { setTimeout(() => history.go(steps)) }", steps)
        assert hand.path == "/inloggen"
        assert working.case("vol") not in hand.page.content()
    context.close()


@on_a_phone
def test_a_link_from_the_regiesysteem_opens_the_case_once(working: Any, hand: Hand) -> None:
    link = f"/openen?kaartje={working.place.ticket(f'w.{working.name}', working.case('vol'), working.name)}"
    hand.open(link)
    assert hand.path == working.place.look(working.case("vol"))
    assert hand.heading == working.case("vol")
    hand.open(link)
    assert hand.heading == "Deze link werkt niet meer"
    assert "Open de zaak opnieuw in uw regiesysteem." in hand.text


@on_a_phone
def test_the_language_is_one_tap_away_and_stays(hand: Hand) -> None:
    hand.tap("English", within="footer")
    assert (hand.path, hand.heading) == ("/caseload", "My caseload")
    hand.tap("Messages", within="nav")
    assert hand.page.locator("html").get_attribute("lang") == "en"
    hand.tap("Nederlands", within="footer")
    assert (hand.path, hand.heading) == ("/berichten", "Berichten")


# --- Looking ----------------------------------------------------------------------------------------------------------


def test_four_taps_lead_from_the_caseload_to_the_signals(working: Any, hand: Hand) -> None:
    look(hand, working.case("vol"))
    assert hand.taps == 4
    assert "Er is een schuldhulptraject." in hand.text
    assert "Er is een Wmo-voorziening." in hand.text
    phone = hand.page.get_by_role("link", name="Aanmelding schuldhulp")
    assert phone.get_attribute("href") == "tel:0850000101"


def test_she_narrows_the_look_to_one_area(working: Any, hand: Hand) -> None:
    hand.tap(working.case("vol"))
    hand.choose(VISIT)
    hand.press("Alleen bepaalde leefgebieden")
    hand.choose("Geld en inkomen")
    hand.choose(TOLD)
    hand.tap("Toon signalen")
    assert "U koos alleen: Geld en inkomen." in hand.text
    assert "Er is een schuldhulptraject." in hand.text
    assert "Wmo" not in hand.page.locator("#signalen").inner_text()


def test_what_she_forgot_is_said_and_one_tap_away(working: Any) -> None:
    hand = working.hand()
    hand.open(working.place.look(working.case("vol")))
    hand.choose(TOLD)
    hand.tap("Toon signalen")
    assert hand.page.title().startswith("Fout: ")
    assert "Er is een" not in hand.text
    summary = hand.page.locator("[data-error-summary]")
    if not isinstance(hand, WithoutScript):
        assert summary.evaluate("each => each === document.activeElement")
    hand.jump("Kies één doel.")
    assert hand.page.evaluate("document.activeElement.name") == "doel"
    hand.choose(VISIT)
    hand.tap("Toon signalen")
    assert "Er is een schuldhulptraject." in hand.text


@on_a_phone
def test_three_kinds_of_nothing_are_three_texts(working: Any, hand: Hand) -> None:
    look(hand, working.case("leeg"), DEBTS)
    assert "Dat betekent niet dat er geen hulp is. Vraag het de inwoner zelf." in hand.text
    assert "Geen signaal, maar een bron is niet actueel." in hand.part("Geld en inkomen")
    assert "Hier is nog geen bron aangesloten." in hand.part("Werk en opleiding")
    hand.press("Wat ziet u hier niet?")
    assert "U ziet hier geen Wmo-voorziening" in hand.text
    hand.open("/caseload")
    look(hand, working.case("leeg"))
    assert hand.part("Jeugd en gezin") == "Jeugd en gezin Geen signaal."


@on_a_phone
def test_looking_together_leaves_no_way_to_another_case(working: Any, hand: Hand) -> None:
    look(hand, working.case("vol"), informed=TOGETHER)
    assert not hand.page.locator("nav").count()
    assert not hand.page.locator("a[href='/caseload'], a[href='/']").count()
    hand.tap("Klaar")
    hand.tap("Stop met samen kijken")
    assert hand.heading == "Mijn caseload"


@on_a_phone
def test_when_she_is_done_nothing_is_left_to_see(working: Any, hand: Hand) -> None:
    look(hand, working.case("vol"))
    shown = hand.path
    hand.tap("Klaar")
    assert (hand.path, hand.heading) == (shown, "U bent klaar met deze raadpleging")
    hand.page.go_back()
    assert "Er is een schuldhulptraject" not in hand.page.content()


# --- Paper ------------------------------------------------------------------------------------------------------------


def test_she_prints_a_work_sheet(working: Any) -> None:
    hand = working.looked("vol", look)
    hand.tap("Werkblad afdrukken")
    assert hand.path.endswith("/werkblad")
    assert "Afspraken: wie doet wat, en wanneer?" in hand.text
    prints(hand)


def test_she_makes_a_fridge_sheet_of_what_the_resident_chose(working: Any) -> None:
    hand = working.looked("vol", look)
    hand.tap("Koelkastblad maken")
    hand.choose("Planning, 085-0000104")
    hand.tap("Maak het blad")
    sheet = hand.page.locator("#signalen").inner_text()
    assert "085-0000104" in sheet
    assert "085-0000101" not in sheet
    assert working.case("vol") not in hand.text
    prints(hand)


def prints(hand: Hand) -> None:
    """With a button where a script can print; else the page says what to do."""
    by_hand = "Kies Afdrukken in uw browser."
    if isinstance(hand, WithoutScript):
        assert not hand.page.locator("[data-print]").is_visible()
        assert by_hand in hand.text
    else:
        assert by_hand not in hand.text
        hand.press("Afdrukken")
        assert hand.page.evaluate("window.printed") == 1


# --- Afterwards -------------------------------------------------------------------------------------------------------


def test_she_doubts_a_signal_and_gets_a_number_to_phone_with(working: Any) -> None:
    hand = working.looked("klopt", look)
    hand.tap("Klopt dit niet? Meld het bij de bron")
    hand.choose("Er is een schuldhulptraject.")
    hand.tap("Laat nakijken")
    assert hand.heading == "Bel nu de bron"
    reference = hand.page.locator(".si-number").inner_text()
    assert "085-0000101" in hand.text
    hand.tap("Terug naar de signalen")
    assert "Wordt nagekeken" in hand.part("Geld en inkomen")
    hand.tap("Berichten", within="nav")
    assert reference in hand.part("Uw vragen aan een bron")


def test_she_says_that_it_was_of_use_and_that_she_told_the_resident(working: Any, hand: Hand) -> None:
    look(hand, working.case("leeg"), informed=NOT_YET)
    hand.tap("Weet ik niet")
    assert "Uw antwoord: Weet ik niet." in hand.text
    hand.tap("Berichten", within="nav")
    assert working.case("leeg") in hand.part("Vertel de inwoner dat u keek")
    hand.tap("Ik heb het verteld")
    assert "Vertel de inwoner dat u keek" not in hand.text
    hand.tap("Mijn raadplegingen", within="nav")
    told = hand.page.locator("main li.si-signal").filter(has_text="Ja, verteld op 4 mei 2026")
    assert working.case("leeg") in told.inner_text()


def test_she_asks_for_a_daily_mail_and_stops_it(working: Any, hand: Hand) -> None:
    hand.tap("Berichten", within="nav")
    assert "De e-mail staat uit." in hand.part("Elke dag een e-mail")
    hand.tap("Zet de e-mail aan")
    assert f"De e-mail staat aan. Hij gaat naar: w.{working.name}@gemeente.example" in hand.text
    hand.tap("Zet de e-mail uit")
    assert "De e-mail staat uit." in hand.part("Elke dag een e-mail")


# --- For each other ---------------------------------------------------------------------------------------------------


def test_a_colleague_sees_her_cases_while_she_covers_and_no_longer(working: Any, hand: Hand) -> None:
    hand.tap("Vervanging", within="nav")
    hand.select("Wie wordt uw vervanger?", "Cor Collega")
    hand.fill("Eerste dag", "04-05-2026")
    hand.fill("Laatste dag", "08-05-2026")
    hand.choose("Vrij of verlof")
    hand.tap("Regel vervanging")
    assert "Cor Collega vervangt u van 4 mei 2026 tot en met 8 mei 2026." in hand.text
    colleague = working.hand("c")
    colleague.open("/caseload")
    look(colleague, working.case("vol"))
    assert "Er is een schuldhulptraject." in colleague.text
    hand.press("Beëindigen")
    hand.tap("Ja, beëindig de vervanging")
    assert "Niemand." in hand.part("Wie vervangt mij?")
    colleague.page.reload()
    assert colleague.heading == "Niet gevonden"
    colleague.open("/caseload")
    assert working.case("vol") not in colleague.text


def test_the_team_lead_confirms_a_case_the_worker_took_for_herself(working: Any, hand: Hand) -> None:
    assert not hand.page.get_by_role("link", name=working.case("zelf")).count()
    lead = working.hand("l")
    lead.open("/")
    assert lead.path == "/team"
    lead.tap("Bevestigen")
    assert "De zaak is bevestigd" in lead.text
    hand.page.reload()
    hand.tap(working.case("zelf"))
    assert hand.heading == working.case("zelf")


# --- The keyboard -----------------------------------------------------------------------------------------------------


@with_the_keyboard
def test_the_first_stop_skips_to_the_content(hand: Hand) -> None:
    hand.page.keyboard.press("Tab")
    skip = hand.page.locator("a:focus")
    assert skip.inner_text() == "Naar de inhoud"
    box = skip.bounding_box()
    assert box is not None
    assert box["y"] >= 0
    hand.page.keyboard.press("Enter")
    hand.page.keyboard.press("Tab")
    assert hand.page.evaluate("document.querySelector('main').contains(document.activeElement)")
