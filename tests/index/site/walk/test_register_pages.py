"""The functioneel beheerder's register by real forms: what stands in it, adding, changing and removing one entry."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from crypto.batch import BatchClass
from crypto.keyfiles import PublisherSecrets, spelled
from signal_index.cli import main
from signal_index.model import ContactRoute, Register

from .test_source_pages import FAULTY

NEW = "00000099000000000009"
REGIE = "https://regie.gemeente.example"


@pytest.fixture
def beheer(walk: Callable[..., Any]) -> Any:
    """The functioneel beheerder at her browser."""
    return walk(staff_id="f.beheer")


@pytest.fixture
def made_key(tmp_path: Path) -> Callable[[str], str]:
    """What a publisher's own key command makes: the text of its public file."""

    def make(oin: str) -> str:
        folder = tmp_path / oin
        done = CliRunner().invoke(main, ["keys", "publisher", oin, "--out", str(folder)])
        assert done.exit_code == 0, done.output
        return (folder / "publisher.public.json").read_text(encoding="utf-8")

    return make


@pytest.fixture
def printed(tmp_path: Path) -> Callable[..., str]:
    """What a vendor's own command prints for the register."""

    def make(name: str = "Regie", issuer: str = REGIE, folder: str = "vendor") -> str:
        options = ["--issuer", issuer, "--name", name, "--organisation", "00000099000000000001"]
        done = CliRunner().invoke(main, ["entrance", "new", *options, "--out", str(tmp_path / folder)])
        assert done.exit_code == 0, done.output
        return done.output[done.output.index("[[") :]

    return make


def card(page: Any, name: str) -> str:
    """What stands in the card of the register with this heading."""
    found = page.all("//main//li[.//h3[normalize-space(.)=$name]]", name=name)
    assert len(found) == 1, page.text
    return " ".join(found[0].text_content().split())


def registered(world: Any) -> Register:
    """The register as it is."""
    found: Register = world.database.run(
        lambda tx: Register(
            tuple(tx.register.publishers()), tuple(tx.register.publications()), tuple(tx.register.entrances())
        )
    )
    return found


def record(world: Any) -> dict[str, Any]:
    """The newest change on record."""
    fields = world.records("register.changed")[0].fields
    assert fields["actor"] == "f.beheer"
    return {name: fields[name] for name in ("entry", "key", "change")}


# --- Reading ------------------------------------------------------------------------------------------------------


def test_the_register_says_who_delivers_what_how_current_it_is_and_whom_to_phone(
    beheer: Any, world: Any
) -> None:
    world.publish(world.GEMEENTE, "agb:00000003", "jeugdhulp", {world.PEOPLE[0]: "2026-01"})
    page = beheer.open("/beheer/bronnen")
    shown = card(page, "Bron 0003")
    assert "Actueel" in shown
    assert "Bijgewerkt tot en met3 maart 2026" in shown
    assert "Levert viaOrganisatie 1" in shown
    assert "BellenBalie, 085-0000000" in shown
    assert "Nog niets ontvangen" in card(page, "Bron 0004")
    assert "3 van de 4 zijn niet actueel." in page.text
    assert "Zaken van OIN00000099000000000001" in card(page, "Organisatie 3")
    assert world.records("administration.read")[0].fields["page"] == "sources"


def test_a_source_that_fell_behind_stands_first_and_says_so(walk: Any, world: Any) -> None:
    world.publish_nothing_else()
    assert "niet actueel" not in walk(staff_id="f.beheer").open("/beheer/bronnen").text
    world.clock += timedelta(days=100)
    world.publish(world.GEMEENTE, "agb:00000001", "wmo-voorziening", {}, generation=2)
    page = walk(staff_id="f.beheer").open("/beheer/bronnen")
    assert "Bijgewerkt tot en met11 juni 2026" in card(page, "Bron 0001")
    assert "Niet actueel" not in card(page, "Bron 0001")
    assert "Niet actueel" in card(page, "Bron 0002")
    assert "3 van de 4 zijn niet actueel." in page.text
    assert page.headings("h3")[:4] == ["Bron 0002", "Bron 0003", "Bron 0004", "Bron 0001"]


def test_how_much_a_source_said_changes_nothing_on_any_page(walk: Any, world: Any) -> None:
    def pages() -> list[bytes]:
        beheer = walk(staff_id="f.beheer")
        list_page = beheer.open("/beheer/bronnen")
        links = [str(each.get("href")) for each in list_page.all("//main//a[starts-with(@href, '/beheer')]")]
        found = [list_page.content, *(beheer.open(link).content for link in links)]
        found.append(beheer.open("/beheer/doelen").content)
        return [re.sub(rb'name="csrf" value="[^"]*"', b"", each) for each in found]

    world.publish(world.GEMEENTE, "agb:00000003", "jeugdhulp", {})
    before = pages()
    everybody = dict.fromkeys(world.PEOPLE, "2026-01")
    world.publish(world.GEMEENTE, "agb:00000003", "jeugdhulp", everybody, generation=2)
    assert pages() == before
    assert len(before) > 15


# --- Sources ------------------------------------------------------------------------------------------------------


def test_she_adds_a_source_and_workers_see_it(beheer: Any, world: Any) -> None:
    page = beheer.open("/beheer/bronnen").tap("Voeg een bron toe")
    page.fill("Code van de bron", "kvk:00000077").fill("Soort signaal", "Jeugdhulp")
    page.fill("Naam van de bron", "Jeugdhulp Zuid").fill("Levert via", "Organisatie 2")
    page.fill("Naar wie vraagt", "Aanmelding").fill("Telefoonnummer", "085-0000077").tap("Voeg toe")
    assert (page.status, page.path) == (200, "/beheer/bronnen?gedaan=toegevoegd")
    assert "Het is toegevoegd" in page.text
    assert "BellenAanmelding, 085-0000077" in card(page, "Jeugdhulp Zuid")
    assert record(world) == {"entry": "publication", "key": "kvk:00000077 jeugdhulp", "change": "added"}
    world.publish(world.ZORG, "kvk:00000077", "jeugdhulp", {world.PEOPLE[0]: "2026-01"})
    assert "Actueel" in card(beheer.open("/beheer/bronnen"), "Jeugdhulp Zuid")


def test_an_empty_form_says_of_each_field_what_to_do_and_changes_nothing(beheer: Any, world: Any) -> None:
    before = registered(world)
    page = beheer.open("/beheer/bronnen/nieuw").tap("Voeg toe")
    assert page.status == 400
    links = [str(each.get("href")) for each in page.all("//ul[contains(@class, 'si-errors__list')]//a")]
    assert links == ["#bron", "#soort", "#naam", "#leverancier", "#contact", "#telefoon"]
    assert all(page.all(f"//*[@id='{link[1:]}']") for link in links)
    assert registered(world) == before


def test_a_pair_that_is_there_cannot_be_added_again(beheer: Any, world: Any) -> None:
    before = registered(world)
    page = beheer.open("/beheer/bronnen/nieuw").fill("Code van de bron", "agb:00000003")
    page.fill("Soort signaal", "Jeugdhulp").fill("Naam van de bron", "Nog eens").fill(
        "Levert via", "Organisatie 2"
    )
    page.fill("Naar wie vraagt", "Balie").fill("Telefoonnummer", "085-0000000").tap("Voeg toe")
    assert page.status == 400
    assert "Deze bron levert deze soort al. Kies een andere soort." in page.text
    assert registered(world) == before


@pytest.mark.parametrize("typed", ["999990019", "9999 90 019", "bel 999990019 even"])
def test_a_number_that_could_be_somebodys_is_not_sent_back(beheer: Any, typed: str) -> None:
    page = beheer.open("/beheer/bronnen/nieuw").fill("Naam van de bron", typed).tap("Voeg toe")
    assert page.status == 400
    assert typed.encode() not in page.content
    assert b"999990019" not in page.content


def test_she_changes_a_source_but_not_which_one_it_is(beheer: Any, world: Any) -> None:
    page = beheer.open("/beheer/bronnen")
    page.tap("Wijzigen: Bron 0003, Jeugdhulp").fill("Naam van de bron", "Jeugdhulp Vierhoek").fill(
        "Levert via", "Organisatie 2"
    ).tap("Bewaar")
    changed = next(
        each for each in registered(world).publications if each.source_name == "Jeugdhulp Vierhoek"
    )
    assert (changed.source, changed.type, changed.publisher) == ("agb:00000003", "jeugdhulp", world.ZORG)
    assert changed.contact.phone == "085-0000000"
    assert record(world) == {"entry": "publication", "key": "agb:00000003 jeugdhulp", "change": "changed"}


def test_she_changes_whom_to_phone_and_nothing_else(beheer: Any, world: Any) -> None:
    before = registered(world)
    page = beheer.open("/beheer/bronnen").tap("Contactpunt: Bron 0003, Jeugdhulp")
    page.fill("Telefoonnummer", "nul").tap("Bewaar")
    assert page.status == 400
    assert "Vul een telefoonnummer in van 10 cijfers, zoals 085 000 0000." in page.text
    page.fill("Telefoonnummer", "0800 1234").tap("Bewaar")
    assert "BellenBalie, 0800 1234" in card(page, "Bron 0003")
    assert record(world)["entry"] == "contact"
    after = registered(world)
    nobody = ContactRoute("", "")
    assert [replace(each, contact=nobody) for each in after.publications] == [
        replace(each, contact=nobody) for each in before.publications
    ]


@pytest.mark.parametrize(("name", "phone", "said"), FAULTY)
def test_she_is_held_to_what_a_source_is_held_to(
    beheer: Any, world: Any, name: str, phone: str, said: str
) -> None:
    before = registered(world)
    page = beheer.open("/beheer/bronnen").tap("Contactpunt: Bron 0003, Jeugdhulp")
    page.fill("Naar wie vraagt", name).fill("Telefoonnummer", phone).tap("Bewaar")
    assert page.status == 400
    assert said in page.text
    assert registered(world) == before


def test_removing_first_says_what_is_shown_no_more_and_then_it_is(beheer: Any, world: Any) -> None:
    page = beheer.open("/beheer/bronnen").tap("Wijzigen: Bron 0003, Jeugdhulp").tap("Verwijder deze bron")
    assert "Wat deze bron over deze soort zegt, ziet niemand meer." in page.text
    assert "Daarna levert niemand deze soort nog." in page.text
    assert len(registered(world).publications) == 4
    page.tap("Verwijder deze bron")
    assert "Het is verwijderd" in page.text
    assert "Bron 0003" not in page.text
    assert "Jeugdhulp" in page.text[page.text.index("Deze soorten levert nog niemand") :]
    assert record(world) == {"entry": "publication", "key": "agb:00000003 jeugdhulp", "change": "removed"}


def test_one_of_two_sources_of_a_type_is_not_the_last(beheer: Any) -> None:
    page = (
        beheer.open("/beheer/bronnen").tap("Wijzigen: Bron 0001, Wmo-voorziening").tap("Verwijder deze bron")
    )
    assert "Daarna levert niemand deze soort nog." not in page.text


def test_whoever_did_not_see_what_it_does_removes_nothing(beheer: Any, world: Any) -> None:
    before = registered(world)
    page = beheer.open("/beheer/bronnen").tap("Wijzigen: Bron 0003, Jeugdhulp").tap("Verwijder deze bron")
    page.send(page.path)
    assert page.status == 409
    assert "Kijk eerst wat dit doet." in page.text
    assert registered(world) == before


def test_an_entry_that_is_gone_is_not_found(beheer: Any) -> None:
    for path in ("bronnen", "leveranciers", "toegangen"):
        page = beheer.open(f"/beheer/{path}/00000000-0000-0000-0000-000000000007")
        assert page.status == 404
        assert "Dit staat niet (meer) in het register." in page.text


# --- Publishers ---------------------------------------------------------------------------------------------------


def test_she_adds_a_publisher_by_its_own_key_file_and_it_can_deliver(
    beheer: Any, world: Any, made_key: Callable[[str], str]
) -> None:
    pasted = made_key(NEW)
    page = (
        beheer.open("/beheer/bronnen")
        .tap("Voeg een leverancier toe")
        .fill("Naam van de leverancier", "Zorg Zuid")
    )
    page.fill("Openbare sleutel", pasted).fill("Aantal regels in één levering", "4").choose("Signalen").tap(
        "Voeg toe"
    )
    assert "Het is toegevoegd" in page.text
    added = next(each for each in registered(world).publishers if each.oin == NEW)
    assert (added.name, added.items_per_batch) == ("Zorg Zuid", 4)
    assert added.classes == frozenset({BatchClass.SIGNAAL})
    assert page.tap("Voeg een bron toe van deze leverancier").all(
        "//option[@selected and @value=$oin]", oin=NEW
    )
    assert record(world) == {"entry": "publisher", "key": NEW, "change": "added"}


def test_its_page_shows_the_fingerprint_that_its_own_command_shows(
    beheer: Any, tmp_path: Path, made_key: Callable[[str], str]
) -> None:
    page = beheer.open("/beheer/leveranciers/nieuw").fill("Naam van de leverancier", "Zorg Zuid")
    page.fill("Openbare sleutel", made_key(NEW)).fill("Aantal regels", "4").choose("Signalen").tap("Voeg toe")
    file = str(tmp_path / NEW / "publisher.public.json")
    said = CliRunner().invoke(main, ["keys", "show", file]).output
    assert spelled(PublisherSecrets.load(tmp_path / NEW / "publisher.key").public().fingerprint) in said
    assert spelled(PublisherSecrets.load(tmp_path / NEW / "publisher.key").public().fingerprint) in page.text


@pytest.mark.parametrize("pasted", ["", "onzin", "{}", '{"kind": "publisher-public"}'])
def test_something_else_than_a_key_is_refused_and_not_repeated(beheer: Any, world: Any, pasted: str) -> None:
    before = registered(world)
    page = beheer.open("/beheer/leveranciers/nieuw").fill("Naam van de leverancier", "Zorg Zuid")
    page.fill("Openbare sleutel", pasted).fill("Aantal regels", "4").choose("Signalen").tap("Voeg toe")
    assert page.status == 400
    assert "Plak het hele bestand publisher.public.json." in page.text
    assert registered(world) == before


def test_a_secret_key_that_was_pasted_by_mistake_goes_nowhere(
    beheer: Any, world: Any, tmp_path: Path, made_key: Callable[[str], str]
) -> None:
    made_key(NEW)
    secret = (tmp_path / NEW / "publisher.key").read_text(encoding="utf-8")
    page = beheer.open("/beheer/leveranciers/nieuw").fill("Naam van de leverancier", "Zorg Zuid")
    page.fill("Openbare sleutel", secret).fill("Aantal regels", "4").choose("Signalen").tap("Voeg toe")
    assert page.status == 400
    assert json.loads(secret)["signing"].encode() not in page.content


def test_a_new_key_needs_a_phone_call_and_the_old_one_stops(
    beheer: Any, world: Any, made_key: Callable[[str], str]
) -> None:
    world.publish(world.ZORG, "kvk:00000004", "schuldhulptraject", {})
    old = registered(world)
    own = made_key(world.ZORG)
    page = beheer.open("/beheer/bronnen").tap("Bekijken: Organisatie 2")
    page.fill("Nieuwe sleutel", own).tap("Bewaar")
    assert page.status == 400
    assert "Vergelijk eerst de vingerafdruk door de telefoon." in page.text
    assert registered(world) == old
    page.fill("Nieuwe sleutel", made_key(world.BRP)).choose("Ik heb de vingerafdruk").tap("Bewaar")
    assert "Dit is de sleutel van een andere leverancier." in page.text
    assert registered(world) == old
    page.fill("Nieuwe sleutel", own).choose("Ik heb de vingerafdruk").tap("Bewaar")
    new = next(each for each in registered(world).publishers if each.oin == world.ZORG)
    assert new.keys != next(each for each in old.publishers if each.oin == world.ZORG).keys
    assert world.post(world.batch(world.ZORG, BatchClass.SIGNAAL, [])).status_code == 400


def test_a_publisher_that_still_delivers_cannot_be_removed(beheer: Any, world: Any) -> None:
    before = registered(world)
    page = beheer.open("/beheer/bronnen").tap("Bekijken: Organisatie 2").tap("Verwijder deze leverancier")
    assert "Dat kan nu nog niet" in page.text
    assert page.offers("Bron 0004: Schuldhulptraject")
    page.send(page.path, ("zeker", "ja"))
    assert page.status == 409
    assert registered(world) == before


def test_removing_the_publisher_of_cases_says_that_they_open_no_more(beheer: Any, world: Any) -> None:
    page = beheer.open("/beheer/bronnen").tap("Bekijken: Organisatie 3").tap("Verwijder deze leverancier")
    assert "Zaken die deze leverancier aanmeldde, kan niemand meer openen." in page.text
    page.tap("Verwijder deze leverancier")
    assert world.REGIE not in {each.oin for each in registered(world).publishers}
    assert record(world) == {"entry": "publisher", "key": world.REGIE, "change": "removed"}


# --- Entrances ----------------------------------------------------------------------------------------------------


def test_she_adds_changes_and_removes_a_system_by_what_its_command_printed(
    beheer: Any, world: Any, printed: Callable[..., str]
) -> None:
    text = printed()
    page = beheer.open("/beheer/bronnen").tap("Voeg een systeem toe").fill("Tekst van de leverancier", text)
    page.tap("Voeg toe")
    assert f"Adres{REGIE}" in card(page, "Regie")
    (added,) = registered(world).entrances
    assert added.issuer == REGIE

    page.tap("Wijzigen: Regie").fill(
        "Tekst van de leverancier", text.replace('"Regie"', '"Regiesysteem"')
    ).tap("Bewaar")
    (renamed,) = registered(world).entrances
    assert renamed == replace(added, name="Regiesysteem")

    other = printed(folder="other")
    page.tap("Wijzigen: Regiesysteem").fill("Tekst van de leverancier", other).tap("Bewaar")
    assert page.status == 400
    assert registered(world).entrances == (renamed,)
    page.fill("Tekst van de leverancier", other).choose("Ik heb nagevraagd").tap("Bewaar")
    (rekeyed,) = registered(world).entrances
    assert rekeyed.verify_key != added.verify_key

    page.tap("Wijzigen: Regie").tap("Verwijder dit systeem")
    assert "Links uit dit systeem openen geen zaak meer." in page.text
    page.tap("Verwijder dit systeem")
    assert registered(world).entrances == ()
    assert [each.fields["change"] for each in world.records("register.changed")] == [
        "removed",
        "changed",
        "changed",
        "added",
    ]


def test_the_text_of_another_system_or_of_none_changes_nothing(
    beheer: Any, world: Any, printed: Callable[..., str]
) -> None:
    page = (
        beheer.open("/beheer/toegangen/nieuw")
        .fill("Tekst van de leverancier", "[[entrances]]")
        .tap("Voeg toe")
    )
    assert "Plak de hele tekst die begint met [[entrances]]." in page.text
    page.fill("Tekst van de leverancier", printed()).tap("Voeg toe")
    other = printed(name="Ander", issuer="https://ander.example", folder="other")
    page.tap("Wijzigen: Regie").fill("Tekst van de leverancier", other).tap("Bewaar")
    assert page.status == 400
    assert "Deze tekst is van een ander systeem." in page.text
    (door,) = registered(world).entrances
    assert door.issuer == REGIE


# --- Purposes -----------------------------------------------------------------------------------------------------


def test_purposes_and_types_stand_with_who_delivers_them_and_who_does_not(beheer: Any, world: Any) -> None:
    page = beheer.open("/beheer/doelen")
    assert "BronnenBron 0003 Nog niets ontvangen" in card(page, "Jeugdhulp")
    assert "Niemand levert dit" in card(page, "Wlz-indicatie")
    rules = world.desk.rules.in_force(world.DAY)
    for purpose in rules.catalogue.purposes:
        shown = card(page, purpose.label_nl)
        assert all(rules.catalogue.signal_type(code).label_nl in shown for code in purpose.types)
    assert rules.digest in page.text
    assert not page.all("//main//form")
