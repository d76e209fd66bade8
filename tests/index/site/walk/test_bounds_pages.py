"""On pages too, who administers has her own organisation, and a number in the menu for all that waits for her."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from crypto.keyfiles import PublisherSecrets
from policy.vocabulary import Role
from signal_index.model import ContactRoute, StaffMember
from signal_index.model.sourcing import KeyProposal
from signal_index.store import open_database
from signal_index.usecases.sources import entries
from signal_index.usecases.sources.entries import Editing
from tests.index.conftest import DAY, GEMEENTE, ZORG, World

OTHER = "00000099000000000009"
THERE = "g.beheer"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Any]:
    """An index of one organisation, with another one that administers itself."""
    made: Any = World(tmp_path)
    made.database.close()
    made.adopt(open_database(made.path, made.secrets, writer_kind="serve", owner=GEMEENTE))

    def job(tx: Any) -> None:
        for staff_id, role in ((THERE, Role.FUNCTIONAL_ADMIN), ("g.officer", Role.PRIVACY_OFFICER)):
            member = StaffMember(staff_id, OTHER, "zuid", active=True, seen_on=DAY, confirmed_on=DAY)
            tx.staff.put(member)
            tx.staff.grant(staff_id, role, "test", made.clock)

    made.database.run(job)
    yield made
    made.database.close()


def _menu(page: Any) -> list[str]:
    return [" ".join(each.text_content().split()) for each in page.all("//nav//a[@class='si-nav__link']")]


def test_another_organisation_is_on_no_page_of_hers(walk: Callable[..., Any], world: Any) -> None:
    page = walk(staff_id=THERE).open("/beheer/medewerkers")
    assert "g.officer" in page.text
    assert "w.een" not in page.text
    member, nobody = world.database.run(lambda tx: tx.names.of_staff("staff w.een")), bytes(16)
    shown = [page.open(f"/beheer/medewerkers/{UUID(bytes=each)}") for each in (member, nobody)]
    assert [each.status for each in shown] == [404, 404]
    assert "Bronnen" not in _menu(page)
    assert "Sleutels" not in _menu(page)
    assert page.open("/beheer/bronnen").status == 403
    assert page.open("/beheer").status == 200
    assert "Bronnen" in _menu(walk(staff_id="f.beheer").open("/beheer"))


def test_a_list_that_names_another_organisation_says_where_and_keeps_the_text(
    walk: Callable[..., Any], world: Any
) -> None:
    lines = f"medewerker;organisatie;team;actief\nw.een;{OTHER};zuid;ja\n"
    page = walk(staff_id=THERE).open("/beheer/medewerkers/lijst").fill("De lijst", lines)
    page.tap("Bekijk wat er verandert")
    assert page.status == 400
    assert "iemand hoort bij een organisatie die u niet beheert" in page.text
    assert "w.een" in page.find("//textarea").text_content()


def test_keys_that_wait_count_at_the_beginning_and_in_the_menu(walk: Callable[..., Any], world: Any) -> None:
    world.publish_nothing_else()
    key = PublisherSecrets.generate(world.ZORG, created=DAY).public().verify_key.public_bytes_raw()
    proposal = KeyProposal(b"k" * 16, world.ZORG, key, 30, "b.zorg", world.clock)
    world.database.run(lambda tx: tx.key_proposals.put(proposal))
    page = walk(staff_id="f.beheer").open("/beheer")
    assert "Er wacht niets op u" not in page.text
    assert "Organisatie 2 Voorgesteld op" in page.text
    assert "Sleutels 1 wacht op u" in _menu(page)
    page.tap("Organisatie 2").tap("Weiger: Organisatie 2")
    assert "Sleutels" in _menu(page)
    assert "Er wacht niets op u" in page.open("/beheer").text
    assert "Sleutels" not in walk(staff_id=THERE).open("/beheer").text


def test_a_proposal_waits_in_the_menu_of_who_may_decide_and_of_nobody_else(
    walk: Callable[..., Any], world: Any
) -> None:
    def job(tx: Any) -> None:
        tx.staff.put(StaffMember("w.niets", GEMEENTE, "noord", active=True, seen_on=DAY, confirmed_on=DAY))

    world.database.run(job)
    member = world.database.run(lambda tx: tx.names.of_staff("staff w.niets"))
    page = walk(staff_id="f.beheer").open(f"/beheer/medewerkers/{UUID(bytes=member)}")
    page.tap("Geef de rol privacy officer").choose("Nieuwe taak").tap("Doe het voorstel")
    decider = walk(staff_id="f.tweede").open("/beheer")
    assert "Voorstellen 1 wacht op u" in _menu(decider)
    assert "Voorstellen" in _menu(walk(staff_id=THERE).open("/beheer"))
    page.tap("Trek het voorstel in")
    assert "Ingetrokken" in page.text
    assert "Voorstellen" in _menu(decider.open("/beheer"))
    assert not world.database.run(lambda tx: tx.staff.get("w.niets")).roles


def _types(tx: Any) -> list[str]:
    return [each.type for each in tx.register.publications()]


def _replace_what_was_lost(edit: Editing) -> None:
    """One person says whom to phone about a source, and which key of its publisher counts."""
    publisher = edit.tx.register.publisher(ZORG)
    assert publisher is not None
    key = PublisherSecrets.generate(ZORG, created=DAY).public().verify_key.public_bytes_raw()
    keys = (replace(publisher.keys[0], verify_key=key),)
    entries.change_contact(edit, "kvk:00000004", "schuldhulptraject", ContactRoute("Loket", "085 000 0009"))
    entries.change_publisher(edit, replace(publisher, keys=keys), sure=True)


def test_every_privacy_officer_sees_whom_to_phone_and_which_key_counts_since_one_person_changed_it(
    walk: Callable[..., Any], world: Any
) -> None:
    world.act_as(
        "f.beheer", lambda tx, actor: _replace_what_was_lost(Editing(tx, actor, _types(tx), world.clock))
    )
    stands = world.records("register.changed")[0].fields["stands"]
    for officer in ("p.officer", "g.officer"):
        page = walk(staff_id=officer).open("/toezicht/logboek")
        assert {f"Leverancier: {world.ZORG}", "Contactpunt: kvk:00000004 schuldhulptraject"} <= set(
            page.headings("h3")
        )
        assert {"f.beheer", stands, "Loket, 085 000 0009"} <= {
            " ".join(each.text_content().split()) for each in page.all("//main//dd")
        }


def test_the_people_of_a_source_see_whom_to_phone_and_which_key_counts(
    walk: Callable[..., Any], world: Any
) -> None:
    def job(tx: Any, actor: Any) -> None:
        tx.staff.put(StaffMember("b.zorg", world.ZORG, "bron", active=True, seen_on=DAY, confirmed_on=DAY))
        tx.staff.grant("b.zorg", Role.SOURCE_ADMIN, "test", world.clock)
        _replace_what_was_lost(Editing(tx, actor, _types(tx), world.clock))

    world.act_as("f.beheer", job)
    source = walk(staff_id="b.zorg")
    assert world.records("register.changed")[0].fields["stands"] in source.open("/bron/sleutels").text
    assert "085 000 0009" in source.open("/bron/contactpunten").text
