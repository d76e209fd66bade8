"""From caseload to signals and back by real forms: what is asked, what is shown, what is recorded, and when it ends."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from crypto.batch import BatchClass
from crypto.sheet import SignaalOperation, SignaalRow, ZorgrelatieOperation, ZorgrelatieRow
from signal_index.model import Register
from signal_index.model.workplace import Question
from tests.support.rules import Fixed

HOME_VISIT, DEBT_HELP, TALK = "Voorbereiding van een huisbezoek", "Afstemmen van schuldhulp", "Gesprek over"
TOLD, TOGETHER, NOT_YET = "Ja, dat heb ik verteld", "Ja, wij kijken samen", "Nog niet"
AREAS = ["Geld en inkomen", "Werk en opleiding", "Ondersteuning en zorg", "Jeugd en gezin"]


@pytest.fixture
def case(world: Any) -> ZorgrelatieRow:
    """A case with help from two sources, in a world where every other source is current and says nothing."""
    person = world.PEOPLE[0]
    world.publish(world.GEMEENTE, "agb:00000001", "wmo-voorziening", {person: "2025-04"})
    world.publish(world.ZORG, "kvk:00000004", "schuldhulptraject", {person: "2025-11"})
    row: ZorgrelatieRow = world.relation()
    world.register_relations((person, row))
    world.publish_nothing_else()
    return row


def look(walker: Any, purpose: str = HOME_VISIT, informed: str = TOLD, areas: tuple[str, ...] = ()) -> Any:
    """Go the whole way from the caseload."""
    walker.open("/caseload").tap("WT-2026-0001")
    for each in (purpose, *areas, informed):
        walker.choose(each)
    return walker.tap("Toon signalen")


def wait(walker: Any, minutes: int) -> Any:
    """Let time pass without the session running out."""
    for _ in range(minutes // 10):
        walker.world.clock += timedelta(minutes=10)
        walker.open("/hulp")
    return walker


def cards(walker: Any) -> list[str]:
    return [" ".join(each.text_content().split()) for each in walker.all("//li[@class='si-signal']")]


# --- The way there ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("case")
def test_four_taps_lead_from_the_caseload_to_the_signals(walk: Any) -> None:
    worker = look(walk())
    assert worker.taps == 4
    assert (worker.status, worker.heading) == (200, "WT-2026-0001")
    assert worker.headings("h3") == ["Er is een schuldhulptraject.", "Er is een Wmo-voorziening."]


def test_with_one_purpose_three_taps_are_enough(world: Any, case: ZorgrelatieRow, walk: Any) -> None:
    epochs = tuple(
        replace(each, catalogue=replace(each.catalogue, purposes=each.catalogue.purposes[:1]))
        for each in world.desk.rules.epochs
    )
    world.desk = replace(world.desk, rulebook=Fixed(replace(world.desk.rules, epochs=epochs)))
    worker = walk(world).open("/caseload").tap("WT-2026-0001")
    assert not worker.all("//input[@name='doel' and @type='radio']")
    worker.choose(TOLD).tap("Toon signalen")
    assert (worker.taps, worker.status) == (3, 200)
    assert f"Doel: {HOME_VISIT}" in worker.text


@pytest.mark.usefixtures("case")
def test_nothing_is_chosen_for_her(walk: Any) -> None:
    worker = walk().open("/caseload").tap("WT-2026-0001")
    assert len(worker.all("//input[@name='doel']")) == 3
    assert len(worker.all("//input[@name='inwoner']")) == 3
    assert not worker.all("//main//*[@checked or @selected]")


@pytest.mark.usefixtures("case")
def test_an_incomplete_form_looks_nothing_up_and_says_what_to_do(world: Any, walk: Any) -> None:
    worker = walk().open("/caseload").tap("WT-2026-0001").choose(TOGETHER).tap("Toon signalen")
    assert worker.status == 400
    assert worker.find("//title").text.startswith("Fout:")
    assert [each.text_content() for each in worker.all("//*[@data-error-summary]//a")] == ["Kies één doel."]
    for link in worker.all("//*[@data-error-summary]//a"):
        assert worker.find("//input[@id=$wanted]", wanted=link.get("href").lstrip("#")).get("name") == "doel"
    assert [each.get("value") for each in worker.all("//main//input[@checked]")] == ["samen"]
    assert not world.records("lookup.answered", "lookup.refused")
    assert not cards(worker)
    worker.choose(HOME_VISIT).tap("Toon signalen")
    assert worker.status == 200


@pytest.mark.usefixtures("case")
def test_a_purpose_that_was_not_offered_is_no_purpose(world: Any, walk: Any) -> None:
    worker = walk().open("/caseload").tap("WT-2026-0001")
    worker.send(worker.path, ("doel", "nieuwsgierigheid"), ("inwoner", "verteld"))
    assert worker.status == 400
    worker.send(worker.path, ("doel", "voorbereiding-huisbezoek"), ("inwoner", "misschien"))
    assert worker.status == 400
    twice = ("doel", "voorbereiding-huisbezoek"), ("doel", "schuldhulp-afstemming"), ("inwoner", "verteld")
    assert worker.send(worker.path, *twice).status == 400
    assert b"nieuwsgierigheid" not in worker.content
    assert not world.records("lookup.answered", "lookup.refused")


@pytest.mark.usefixtures("case")
def test_she_can_narrow_the_look_to_areas_of_life(world: Any, walk: Any) -> None:
    worker = look(walk(), areas=("Geld en inkomen",))
    assert worker.headings("h3") == ["Er is een schuldhulptraject."]
    assert [each for each in worker.headings() if each in AREAS] == ["Geld en inkomen"]
    assert "U koos alleen: Geld en inkomen." in worker.text
    assert "Bron 0001" not in worker.text
    assert world.records("lookup.answered")[0].fields["domains"] == ["financien"]


@pytest.mark.usefixtures("case")
def test_nothing_in_the_areas_she_chose_is_not_said_of_the_whole_purpose(walk: Any) -> None:
    worker = look(walk(), areas=("Jeugd en gezin",))
    for page in ("the view", "the work sheet"):
        assert "Er zijn geen signalen in de leefgebieden die u koos." in worker.text, page
        assert "voor dit doel" not in worker.text, page
        if page == "the view":
            worker.tap("Werkblad afdrukken")


@pytest.mark.usefixtures("case")
def test_areas_that_do_not_fit_the_purpose_are_an_error_and_those_beside_it_fall_away(
    world: Any, walk: Any
) -> None:
    worker = look(walk(), DEBT_HELP, areas=("Jeugd en gezin",))
    assert worker.status == 400
    assert "Bij dit doel horen deze leefgebieden niet." in worker.text
    assert worker.find("//details[.//input[@name='leefgebied']]").get("open") is not None
    assert not world.records("lookup.answered", "lookup.refused")
    worker = look(worker, DEBT_HELP, areas=("Jeugd en gezin", "Geld en inkomen"))
    assert worker.status == 200
    assert world.records("lookup.answered")[0].fields["domains"] == ["financien"]


@pytest.mark.usefixtures("case")
def test_the_record_says_what_for_and_whether_the_resident_knew(world: Any, walk: Any) -> None:
    look(walk(), DEBT_HELP, TOGETHER)
    (record,) = world.records("lookup.answered")
    stated = {"actor": "w.een", "purpose": "schuldhulp-afstemming", "informed": "samen", "any_shown": True}
    assert {name: record.fields[name] for name in stated} == stated


# --- What is shown ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("case")
def test_a_card_says_that_help_runs_where_since_when_and_whom_to_phone(walk: Any) -> None:
    worker = look(walk())
    card = cards(worker)[0]
    for part in ("Er is een schuldhulptraject.", "Bron 0004", "november 2025", "3 maart 2026", "Balie"):
        assert part in card
    assert worker.all("//li[@class='si-signal']//a")[0].get("href") == "tel:0850000000"
    assert "2 signalen op 2 leefgebieden." in worker.text
    assert "Zichtbaar tot 10:30" in worker.text
    when = worker.find("//main//p[@class='si-lead']").text_content()
    assert "3\u00a0maart\u00a02026,\u00a010:00" in when, "a date stays on one line"


def test_at_presence_level_a_card_names_nobody(world: Any, walk: Any) -> None:
    person = world.PEOPLE[0]
    world.publish(world.GEMEENTE, "agb:00000001", "wmo-voorziening", {person: "2025-04"})
    world.register_relations((person, world.relation(shielded=True)))
    worker = look(walk())
    (card,) = cards(worker)
    assert card == "Er is een Wmo-voorziening. Sindsapril 2025 Bij wie deze hulp loopt, ziet u hier niet."
    assert not worker.all("//li[@class='si-signal']//a")


def test_the_three_kinds_of_nothing_are_three_texts(world: Any, walk: Any) -> None:
    world.publish(world.GEMEENTE, "agb:00000003", "jeugdhulp", {})
    world.register_relations((world.PEOPLE[0], world.relation()))
    worker = look(walk())
    said = {
        each.find("h2").text: each.find("p").text
        for each in worker.all("//section[h2[starts-with(@id, 'gebied-')]]")
    }
    assert said["Jeugd en gezin"] == "Geen signaal."
    assert said["Geld en inkomen"] == "Geen signaal, maar een bron is niet actueel. Er kan iets ontbreken."
    assert said["Werk en opleiding"] == "Hier is nog geen bron aangesloten. Wij weten dus niets."
    assert "Er zijn geen signalen voor dit doel." in worker.text
    assert "3 van de 4 bronnen zijn niet actueel." in worker.text
    shut = worker.find("//details[summary = 'Wat ziet u hier niet?']")
    assert "geen uitkering van het UWV" in " ".join(shut.text_content().split())
    assert "Dat betekent niet dat er geen hulp is. Vraag het de inwoner zelf." in worker.text


@pytest.mark.usefixtures("case")
def test_every_area_of_the_purpose_has_its_heading_in_a_fixed_order(walk: Any) -> None:
    worker = look(walk())
    assert [each for each in worker.headings() if each in AREAS] == AREAS


def test_a_source_that_is_behind_is_said_on_the_card_and_at_the_top(
    world: Any, case: ZorgrelatieRow, walk: Any
) -> None:
    world.clock += timedelta(days=60)
    worker = look(walk())
    assert all("Niet actueel" in card for card in cards(worker))
    assert "4 van de 4 bronnen zijn niet actueel. Bekijk de bronnen" in worker.text
    assert worker.find("//details[@id='bronnen']").get("open") is not None
    assert worker.find("//a[.='Bekijk de bronnen']").get("href") == "#bronnen"


def test_a_source_that_publishes_two_kinds_counts_once(world: Any, case: ZorgrelatieRow, walk: Any) -> None:
    def rename(tx: Any) -> None:
        publishers, published = tuple(tx.register.publishers()), tx.register.publications()
        names = {"agb:00000002": "Bron 0004"}
        renamed = (replace(each, source_name=names.get(each.source, each.source_name)) for each in published)
        tx.register.replace(Register(publishers, tuple(renamed)))

    world.database.run(rename)
    world.clock += timedelta(days=60)
    world.publish(world.GEMEENTE, "agb:00000003", "jeugdhulp", {}, generation=2)
    worker = look(walk())
    assert "2 van de 3 bronnen zijn niet actueel." in worker.text
    rows = [
        " ".join(each.text_content().split()) for each in worker.all("//details[@id='bronnen']//tbody/tr")
    ]
    assert ["Niet actueel" in row for row in rows] == [True, True, True, False]
    assert "3 mrt 2026 Niet actueel" in rows[0]
    assert "Niet actueel: Bron 0004, Bron 0001." in worker.tap("Werkblad afdrukken").text


def test_kinds_without_a_source_are_named_as_in_a_sentence(case: ZorgrelatieRow, walk: Any) -> None:
    said = look(walk(), DEBT_HELP).text
    assert "Nog geen bron aangesloten voor: een WW-uitkering, een Ziektewetuitkering," in said


def test_a_signal_that_is_doubted_carries_a_mark(world: Any, case: ZorgrelatieRow, walk: Any) -> None:
    def doubt(tx: Any) -> None:
        person = tx.relations.get(world.GEMEENTE, case.relation_id).person
        day = world.clock.date()
        source, kind = "kvk:00000004", "schuldhulptraject"
        tx.questions.put(
            Question("V-1", world.GEMEENTE, "w.twee", case.relation_id, person, source, kind, day, day)
        )

    world.database.run(doubt)
    doubted, other = cards(look(walk()))
    assert "Wordt nagekeken" in doubted
    assert "Wordt nagekeken" not in other


def test_the_talk_about_self_sufficiency_gets_a_checklist_without_kinds_or_sources_of_a_resident(
    world: Any, walk: Any
) -> None:
    person = world.PEOPLE[0]
    world.publish(world.ZORG, "kvk:00000004", "schuldhulptraject", {person: "2025-11"})
    world.publish(world.GEMEENTE, "agb:00000003", "jeugdhulp", {})
    world.publish(world.GEMEENTE, "agb:00000001", "wmo-voorziening", {})
    world.register_relations((person, world.relation()))
    worker = look(walk(), TALK)
    rows = worker.all("//*[@id='signalen']//tbody/tr")
    assert [[" ".join(cell.text_content().split()) for cell in row] for row in rows] == [
        ["Geld en inkomen", "Signaal"],
        ["Werk en opleiding", "Geen bron aangesloten"],
        ["Ondersteuning en zorg", "Bron niet actueel"],
        ["Jeugd en gezin", "Geen signaal"],
    ]
    assert not cards(worker)
    assert "Er is een" not in worker.text
    assert not worker.offers("Koelkastblad maken")


# --- Showing it again, and the end --------------------------------------------------------------------------------


@pytest.mark.usefixtures("case")
def test_refresh_and_back_make_no_record(world: Any, walk: Any) -> None:
    worker = look(walk())
    before, first = len(world.records()), worker.content
    shown = worker.path
    assert worker.refresh().refresh().content == first
    worker.open("/hulp").open(shown)
    assert worker.content == first
    assert len(world.records()) == before


def test_a_withdrawn_flag_is_gone_the_next_time_it_is_shown(
    world: Any, case: ZorgrelatieRow, walk: Any
) -> None:
    worker = look(walk())
    assert len(cards(worker)) == 2
    withdraw = SignaalRow(
        SignaalOperation.WITHDRAW, source="agb:00000001", type="wmo-voorziening", generation=1
    )
    world.accept(world.GEMEENTE, BatchClass.SIGNAAL, [(world.PEOPLE[0], withdraw)])
    assert worker.refresh().headings("h3") == ["Er is een schuldhulptraject."]


@pytest.mark.usefixtures("case")
def test_after_half_an_hour_the_page_is_gone_and_one_tap_looks_again(world: Any, walk: Any) -> None:
    worker = look(walk())
    shown = worker.path
    ends = datetime.fromisoformat(worker.find("//*[@data-ends-at]").get("data-ends-at"))
    assert ends == world.clock + timedelta(minutes=30)
    assert wait(worker, 20).open(shown).status == 200
    wait(worker, 10)
    before = len(world.records())
    worker.open(shown)
    assert (worker.status, worker.heading) == (410, "Deze raadpleging is verlopen")
    assert not cards(worker)
    assert len(world.records()) == before
    worker.tap("Kijk opnieuw")
    assert (worker.status, worker.heading) == (200, "WT-2026-0001")
    assert worker.offers("Toon signalen")


@pytest.mark.usefixtures("case")
@pytest.mark.parametrize("page", ["", "/werkblad", "/koelkastblad", "/koelkastblad/blad"])
def test_no_page_of_a_view_shows_a_signal_after_its_end(walk: Any, page: str) -> None:
    worker = look(walk())
    shown = worker.path
    worker.tap("Klaar").open(shown + page)
    assert (worker.status, worker.heading) == (410, "U bent klaar met deze raadpleging")
    assert "Balie" not in worker.text
    assert "schuldhulp" not in worker.text


def test_a_look_ends_with_the_case(world: Any, case: ZorgrelatieRow, walk: Any) -> None:
    worker = look(walk())
    row = ZorgrelatieRow(
        ZorgrelatieOperation.END,
        relation_id=case.relation_id,
        generation=1,
        organisation=world.GEMEENTE,
        valid_until=world.clock.date() - timedelta(days=1),
    )
    world.accept(world.REGIE, BatchClass.ZORGRELATIE, [(world.PEOPLE[0], row)])
    assert worker.refresh().status == 404
    assert not cards(worker)


# --- What she says afterwards -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("case")
def test_whether_it_was_of_use_is_one_tap_and_never_asked_twice(world: Any, walk: Any) -> None:
    worker = look(walk())
    taps = worker.taps
    worker.tap("Weet ik niet")
    assert worker.taps == taps + 1
    assert "Dank u. Uw antwoord: Weet ik niet." in worker.text
    assert not worker.offers("Weet ik niet")
    assert cards(worker)
    (record,) = world.records("view.useful")
    assert record.fields["useful"] == "weet-niet"


@pytest.mark.usefixtures("case")
def test_an_answer_that_is_none_of_ours_changes_nothing(world: Any, walk: Any) -> None:
    worker = look(walk())
    worker.send(f"{worker.path}/nut", ("nut", "geweldig"))
    assert worker.status == 200
    assert worker.offers("Weet ik niet")
    assert not world.records("view.useful")


@pytest.mark.usefixtures("case")
def test_she_says_that_she_told_the_resident(world: Any, walk: Any) -> None:
    worker = look(walk(), informed=NOT_YET)
    assert "Vertel de inwoner dat u keek" in worker.headings()
    worker.tap("Ik heb het verteld")
    assert "U heeft het de inwoner verteld op 3 maart 2026." in worker.text
    assert not worker.offers("Ik heb het verteld")
    assert len(world.records("view.told")) == 1
    assert not look(worker, informed=TOLD).offers("Ik heb het verteld")


@pytest.mark.usefixtures("case")
def test_looking_together_offers_no_way_to_another_case(walk: Any) -> None:
    worker = look(walk(), informed=TOGETHER)
    own = f"/raadplegingen/{worker.view}"
    assert "si-calm" in worker.find("/html").get("class")
    assert not worker.all("//nav")
    links = {each.get("href") for each in worker.all("//a") if each.get("href")[0] == "/"}
    again = {each for each in links if each.endswith("/raadplegen")}
    assert len(again) == 1
    assert {each for each in links if not each.startswith(f"{own}/")} == again
    worker.tap("Klaar")
    assert (worker.path, worker.heading) == (own, "U bent klaar met deze raadpleging")
    assert not worker.all("//nav")
    assert worker.tap("Stop met samen kijken").heading == "Mijn caseload"
    assert worker.all("//nav")


@pytest.mark.usefixtures("case")
def test_the_pages_of_a_look_speak_english_too(walk: Any) -> None:
    worker = walk()
    worker._browser.cookies["__Host-taal"] = "en"
    worker.open("/caseload").open(worker.find("//main//li/a").get("href"))
    worker.send(worker.path, ("doel", "voorbereiding-huisbezoek"), ("inwoner", "nog-niet"))
    assert worker.find("/html").get("lang") == "en"
    assert "There is a debt help programme." in worker.headings("h3")
    assert "Money and income" in worker.headings()
