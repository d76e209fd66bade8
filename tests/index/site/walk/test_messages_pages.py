"""Messages by real forms: each kind with its place to act, open questions, the daily e-mail, and no flags."""

import re
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from policy.vocabulary import Role
from signal_index.model import Actor
from signal_index.model.workplace import Verdict
from signal_index.usecases.workplace import questions

ADDRESS = "w.een@gemeente.example"
TOKEN = re.compile(rb'name="csrf" value="[^"]+"')


def part(walker: Any, heading: str) -> str:
    """What stands under one heading."""
    section = walker.find("//main//section[h2[normalize-space(.) = $wanted]]", wanted=heading)
    return " ".join(section.text_content().split())


def look(walker: Any, relation: Any, informed: str = "Ja, dat heb ik verteld") -> Any:
    """Look in one case."""
    walker.open(f"/caseload/{uuid.UUID(bytes=relation.relation_id)}/raadplegen")
    return walker.choose("Voorbereiding van een huisbezoek").choose(informed).tap("Toon signalen")


def asked(walker: Any, relation: Any) -> str:
    """Doubt the Wmo signal in one case; the reference of the question."""
    page = look(walker, relation).tap("Klopt dit niet? Meld het bij de bron")
    return str(page.choose("Er is een Wmo-voorziening.").tap("Laat nakijken").path.rpartition("/")[2])


@pytest.fixture
def case(world: Any) -> Any:
    """One case with help from the municipality, and every source current."""
    relation = world.relation(case_reference="WT-2026-0147")
    world.publish(world.GEMEENTE, "agb:00000001", "wmo-voorziening", {world.PEOPLE[0]: "2025-04"})
    world.publish_nothing_else()
    world.register_relations((world.PEOPLE[0], relation))
    return relation


def test_without_messages_it_says_what_will_come_here(case: Any, walk: Any) -> None:
    page = walk().open("/berichten")
    assert "U heeft geen berichten" in page.text
    assert "als een vervanging of een zaak bijna eindigt" in page.text
    assert "U heeft geen open vragen." in part(page, "Uw vragen aan een bron")


def test_a_look_the_resident_does_not_know_of_is_told_in_one_tap(case: Any, walk: Any) -> None:
    look(walk(), case, "Nog niet, ik vertel het later")
    page = walk().open("/berichten")
    said = part(page, "Vertel de inwoner dat u keek")
    assert "Op 3 maart 2026 keek u in zaak WT-2026-0147. De inwoner weet dat nog niet." in said
    page.tap("Ik heb het verteld (WT-2026-0147)")
    assert "Vertel de inwoner dat u keek" not in page.open("/berichten").headings()


def test_a_cover_that_ends_is_news_for_both(case: Any, walk: Any) -> None:
    worker = walk().open("/vervanging").fill("Wie wordt uw vervanger?", "w.twee")
    worker.fill("Eerste dag", "03-03-2026").fill("Laatste dag", "10-03-2026")
    worker.choose("Andere reden").tap("Regel vervanging")
    for reader, other in (("w.een", "w.twee"), ("w.twee", "w.een")):
        page = walk(staff_id=reader).open("/berichten")
        said = part(page, "Een vervanging eindigt")
        assert f"De vervanging met {other} eindigt op 10 maart 2026." in said
        assert page.tap(f"Bekijk de vervanging met {other}").heading == "Vervanging"


def test_a_case_that_ends_leads_to_that_case(world: Any, walk: Any) -> None:
    relation = world.relation(case_reference="WT-2026-0099", valid_until=date(2026, 3, 10))
    world.register_relations((world.PEOPLE[0], relation))
    page = walk().open("/berichten")
    said = part(page, "U kunt straks niet meer kijken")
    assert "Zaak WT-2026-0099 staat tot en met 10 maart 2026 in uw caseload." in said
    assert "Verleng de zaak in uw regiesysteem." in said
    assert page.tap("Open zaak WT-2026-0099").heading == "WT-2026-0099"


def test_sources_that_fell_behind_are_named_with_their_last_day(world: Any, walk: Any) -> None:
    world.publish(world.GEMEENTE, "agb:00000001", "wmo-voorziening", {})
    world.clock += timedelta(days=200)
    said = part(walk().open("/berichten"), "Een bron is niet actueel")
    assert "Bron 0001 stuurde voor het laatst gegevens op 3 maart 2026." in said
    assert "Bron 0002 stuurde nog geen gegevens. U mist misschien iets. Vraag het de inwoner." in said


def test_a_form_that_comes_back_still_counts_her_messages(world: Any, walk: Any) -> None:
    relation = world.relation(case_reference="WT-2026-0099", valid_until=date(2026, 3, 10))
    world.register_relations((world.PEOPLE[0], relation))
    world.publish_nothing_else()
    badge = "//nav//*[@class='utrecht-number-badge']"
    page = walk().open("/vervanging")
    assert page.find(badge).text_content() == "1 wacht op u"
    assert page.tap("Regel vervanging").status == 400
    assert page.find(badge).text_content() == "1 wacht op u"


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (Verdict.RIGHT, "De bron zegt: het signaal klopt."),
        (Verdict.MENDED, "De bron heeft het signaal aangepast."),
    ],
)
def test_an_answer_is_news_and_no_open_question_any_more(
    case: Any, walk: Any, world: Any, verdict: Verdict, said: str
) -> None:
    reference = asked(walk(), case)
    waiting = walk().open("/berichten")
    stands = "Zaak WT-2026-0147 Gesteld op 3 maart 2026. De bron antwoordt uiterlijk op 31 maart 2026."
    assert f"{reference} {stands}" in part(waiting, "Uw vragen aan een bron")

    def answer(tx: Any) -> None:
        source = Actor.in_one_role(
            "b.bron", tx.staff.get("b.bron"), Role.SOURCE_ADMIN, second_factor=True, token_id="t"
        )
        questions.answer(tx, source, reference, verdict, world.clock)

    world.database.run(answer)
    page = walk().open("/berichten")
    news = f"Zaak WT-2026-0147 Uw vraag {reference} is beantwoord op 3 maart 2026. {said}"
    assert news in part(page, "Een bron heeft geantwoord")
    assert "U heeft geen open vragen." in part(page, "Uw vragen aan een bron")
    assert page.tap(f"Bekijk vraag {reference}").heading == "De bron heeft geantwoord"


def test_an_open_question_names_her_case_and_says_nothing_of_the_signal(case: Any, walk: Any) -> None:
    reference = asked(walk(), case)
    page = walk().open("/berichten")
    assert page.offers(f"Bekijk vraag {reference}")
    assert "Zaak WT-2026-0147" in part(page, "Uw vragen aan een bron")
    for word in (b"Wmo", b"Bron 0001", b"085-0000000"):
        assert word not in page.content


@pytest.mark.parametrize(
    "flags",
    [
        {("agb:00000001", "wmo-voorziening"): "2025-04"},
        {("agb:00000003", "jeugdhulp"): "2025-04", ("kvk:00000004", "schuldhulptraject"): "2026-01"},
    ],
)
def test_the_page_is_the_same_bytes_with_and_without_flags(
    new_world: Callable[..., Any], walk: Any, flags: dict[tuple[str, str], str]
) -> None:
    def page(found: dict[tuple[str, str], str]) -> tuple[int, bytes]:
        world = new_world()
        person = world.PEOPLE[0]
        for (source, kind), since in found.items():
            owner = world.ZORG if source.startswith("kvk") else world.GEMEENTE
            world.publish(owner, source, kind, {person: since})
        world.publish_nothing_else()
        relation = world.relation(relation_id=b"r" * 16, valid_until=date(2026, 3, 10))
        world.register_relations((person, relation))
        walker = walk(world)
        look(walker, relation)
        shown = walker.open("/berichten")
        return shown.status, TOKEN.sub(b"TOKEN", shown.content)

    status, without = page({})
    assert status == 200
    assert page(flags) == (status, without)


def test_the_daily_email_is_switched_on_and_off_with_one_button_each(
    case: Any, walk: Any, world: Any
) -> None:
    page = walk(email=ADDRESS).open("/berichten")
    said = part(page, "Elke dag een e-mail")
    assert "Er staan geen namen en geen zaken in de e-mail." in said
    assert f"De e-mail staat uit. Zet u hem aan, dan gaat hij naar: {ADDRESS}" in said
    page.tap("Zet de e-mail aan")
    assert f"De e-mail staat aan. Hij gaat naar: {ADDRESS}" in part(page, "Elke dag een e-mail")
    assert [each.digest_to for each in world.database.run(lambda tx: tx.preferences.wanting_digest())] == [
        ADDRESS
    ]
    page.tap("Zet de e-mail uit")
    assert "De e-mail staat uit." in part(page, "Elke dag een e-mail")
    assert world.database.run(lambda tx: tx.preferences.wanting_digest()) == []


def test_a_new_address_is_pointed_out(case: Any, walk: Any) -> None:
    walk(email=ADDRESS).open("/berichten").tap("Zet de e-mail aan")
    page = walk(email="w.1@gemeente.example").open("/berichten")
    said = part(page, "Elke dag een e-mail")
    assert f"Hij gaat naar: {ADDRESS}" in said
    assert "Uw adres is veranderd." in said
    assert "w.1@gemeente.example" in said


def test_without_an_address_it_says_what_to_do(case: Any, walk: Any, world: Any) -> None:
    page = walk().open("/berichten")
    assert "wij kennen uw e-mailadres niet. Vraag uw functioneel beheerder" in part(
        page, "Elke dag een e-mail"
    )
    assert not page.offers("Zet de e-mail aan")
    refused = page.send("/berichten/samenvatting", ("samenvatting", "aan"))
    assert refused.status == 400
    assert "Wij kennen uw e-mailadres niet. Daarom kan dit nog niet aan." in refused.text
    assert world.database.run(lambda tx: tx.preferences.wanting_digest()) == []


@pytest.mark.parametrize("fields", [(), (("samenvatting", "misschien"),), (("samenvatting", "a@b.example"),)])
def test_only_on_and_off_can_be_chosen(
    case: Any, walk: Any, world: Any, fields: tuple[tuple[str, str], ...]
) -> None:
    page = walk(email=ADDRESS).open("/berichten").send("/berichten/samenvatting", *fields)
    assert page.status == 400
    assert page.find("//title").text.startswith("Fout: ")
    assert "Kies of u de e-mail wilt." in page.text
    assert b"misschien" not in page.content
    assert b"a@b.example" not in page.content
    assert world.database.run(lambda tx: tx.preferences.wanting_digest()) == []


def test_an_address_that_could_be_two_is_refused(case: Any, walk: Any, world: Any) -> None:
    page = walk(email="a@b.example, c@d.example").open("/berichten").tap("Zet de e-mail aan")
    assert page.status == 400
    assert "Naar dit e-mailadres kunnen wij niet mailen." in page.text
    assert world.database.run(lambda tx: tx.preferences.wanting_digest()) == []


@pytest.mark.parametrize("who", ["t.lead", "p.officer", "f.beheer", "b.bron", "w.niets"])
def test_other_roles_have_no_messages(case: Any, walk: Any, world: Any, who: str) -> None:
    other = walk(staff_id=who, email=ADDRESS)
    assert other.open("/berichten").status == 403
    assert other.open("/hulp").send("/berichten/samenvatting", ("samenvatting", "aan")).status == 403
    assert world.database.run(lambda tx: tx.preferences.wanting_digest()) == []
