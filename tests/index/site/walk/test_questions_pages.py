"""Doubting a signal by real forms: choosing it, phoning its source, the answer, and what is never told."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest

from policy.vocabulary import Role
from signal_index.model import Actor
from signal_index.model.workplace import Verdict
from signal_index.usecases.workplace import questions

DOUBT = "Klopt dit niet? Meld het bij de bron"
REFERENCE = re.compile(r"V-[2-9BCDFGHJKMPQRTVWXZ]{4}-[2-9BCDFGHJKMPQRTVWXZ]{4}")
WORDS_OF_THE_SIGNAL = (b"Wmo", b"Bron 0001", b"085-0000000")


def look(walker: Any, relation: Any, purpose: str = "Voorbereiding van een huisbezoek") -> Any:
    """Look in one case."""
    walker.open(f"/caseload/{uuid.UUID(bytes=relation.relation_id)}/raadplegen")
    return walker.choose(purpose).choose("Ja, dat heb ik verteld").tap("Toon signalen")


def doubt(walker: Any, relation: Any) -> Any:
    """Go to the page where a signal is chosen."""
    return look(walker, relation).tap(DOUBT)


def asked(walker: Any, relation: Any) -> Any:
    """Doubt the Wmo signal."""
    return doubt(walker, relation).choose("Er is een Wmo-voorziening.").tap("Laat nakijken")


def questions_of(world: Any) -> list[Any]:
    found: list[Any] = world.database.run(lambda tx: list(tx.questions.asked_by(world.GEMEENTE, "w.een")))
    return found


@pytest.fixture
def case(world: Any) -> Any:
    """One case with two signals."""
    person, relation = world.PEOPLE[0], world.relation(case_reference="WT-2026-0147")
    world.publish(world.GEMEENTE, "agb:00000001", "wmo-voorziening", {person: "2025-04"})
    world.publish(world.ZORG, "kvk:00000004", "schuldhulptraject", {person: "2025-11"})
    empty = world.relation(case_reference="WT-2026-0148")
    world.register_relations((person, relation), (world.PEOPLE[1], empty))
    world.empty = empty
    return relation


def test_the_page_lets_her_choose_and_says_what_will_happen(case: Any, walk: Any) -> None:
    page = doubt(walk(), case)
    assert page.status == 200
    assert page.heading == "Klopt dit niet?"
    choices = [" ".join(each.text_content().split()) for each in page.all("//main//label")]
    assert choices == [
        "Er is een schuldhulptraject.Bron 0004, sinds november 2025",
        "Er is een Wmo-voorziening.Bron 0001, sinds april 2025",
    ]
    assert not page.all("//main//input[@checked]")
    assert "U belt de bron, noemt dat nummer en zegt om wie het gaat." in page.text
    assert "De bron kijkt het na, uiterlijk op 31 maart 2026." in page.text


def test_asking_gives_a_reference_and_whom_to_phone_now(case: Any, walk: Any, world: Any) -> None:
    page = asked(walk(), case)
    assert page.status == 200
    assert page.heading == "Bel nu de bron"
    reference = page.find("//*[@class='si-number']").text
    assert REFERENCE.fullmatch(reference)
    assert page.path == f"/vragen/{reference}"
    assert page.find("//main//a[starts-with(@href, 'tel:')]").get("href") == "tel:0850000000"
    assert f"Zaak WT-2026-0147 Noem dit nummer als u belt: {reference}" in page.text
    assert "Bron 0001" in page.text
    assert "De bron kijkt het na, uiterlijk op 31 maart 2026." in page.text
    assert "Tot die dag staat bij het signaal: wordt nagekeken." in page.text
    assert [question.reference for question in questions_of(world)] == [reference]


def test_the_signal_is_marked_and_cannot_be_chosen_again(case: Any, walk: Any) -> None:
    page = asked(walk(), case)
    reference = page.path.rpartition("/")[2]
    assert "Wordt nagekeken" in page.tap("Terug naar de signalen").text
    page.tap(DOUBT)
    assert [each.get("aria-labelledby") for each in page.all("//main//input[@type='radio']")] == [
        "signaal-naam"
    ]
    assert "Er is een schuldhulptraject." in page.find("//*[@id='signaal-naam']").text
    assert page.tap(f"Bekijk vraag {reference}").heading == "Bel nu de bron"


def test_without_a_choice_nothing_is_asked(case: Any, walk: Any, world: Any) -> None:
    page = doubt(walk(), case).tap("Laat nakijken")
    assert page.status == 400
    assert page.find("//title").text.startswith("Fout: ")
    summary = page.find("//*[@data-error-summary]//a")
    assert (summary.get("href"), summary.text) == ("#signaal", "Kies het signaal dat niet klopt.")
    assert page.find("//*[@id='signaal']").get("type") == "radio"
    assert questions_of(world) == []


@pytest.mark.parametrize("key", ["0123456789abcdef", "999900006", ""])
def test_a_signal_that_does_not_stand_there_is_not_asked_about(
    case: Any, walk: Any, world: Any, key: str
) -> None:
    page = doubt(walk(), case)
    refused = page.send(page.path, ("signaal", key))
    assert refused.status == 400
    assert not key or key.encode() not in refused.content
    assert questions_of(world) == []


def test_a_key_of_one_look_asks_nothing_in_another(case: Any, walk: Any, world: Any) -> None:
    page = doubt(walk(), case)
    key = page.all("//input[@name='signaal']")[0].get("value")
    elsewhere = doubt(walk(), case)
    assert elsewhere.send(elsewhere.path, ("signaal", key)).status == 400
    assert questions_of(world) == []


def test_sending_the_form_again_leads_to_the_same_question(case: Any, walk: Any, world: Any) -> None:
    page = doubt(walk(), case)
    path, key = page.path, page.all("//input[@name='signaal']")[0].get("value")
    first = page.choose("Er is een schuldhulptraject.").tap("Laat nakijken").path
    assert page.send(path, ("signaal", key)).path == first
    assert len(questions_of(world)) == 1
    assert len(world.records("question.asked")) == 1


def test_the_record_says_neither_source_nor_type(case: Any, walk: Any, world: Any) -> None:
    asked(walk(), case)
    fields = world.records("question.asked")[0].fields
    assert fields.keys() == {"actor", "organisation", "token", "relation", "question"}
    assert "wmo" not in str(fields)
    assert "agb" not in str(fields)


def test_with_nothing_to_doubt_it_explains(case: Any, walk: Any, world: Any) -> None:
    page = doubt(walk(), world.empty)
    assert page.status == 200
    assert "Hier is geen signaal om te laten nakijken" in page.text
    assert "Mist u een signaal? Vraag het de inwoner, of bel de bron zelf." in page.text
    assert not page.offers("Laat nakijken")


def test_signals_without_a_source_leave_the_page_as_if_there_were_none(walk: Any, world: Any) -> None:
    shielded, empty = (world.relation(shielded=True, case_reference="WT-2026-0147") for _ in range(2))
    world.publish(world.GEMEENTE, "agb:00000001", "wmo-voorziening", {world.PEOPLE[0]: "2025-04"})
    world.register_relations((world.PEOPLE[0], shielded), (world.PEOPLE[1], empty))
    walker = walk()
    assert "Er is een Wmo-voorziening." in look(walker, shielded).text
    with_signal = without_case(walker.tap(DOUBT), shielded)
    assert "Noem alleen het zaaknummer, nooit de naam van de inwoner." in walker.text
    assert with_signal == without_case(doubt(walker, empty), empty)


def without_case(page: Any, relation: Any) -> bytes:
    """The page with what differs between any two looks masked."""
    masked: bytes = page.masked().replace(str(uuid.UUID(bytes=relation.relation_id)).encode(), b"CASE")
    return masked


def test_a_purpose_that_shows_areas_alone_offers_no_signal_to_doubt(case: Any, walk: Any) -> None:
    walker = look(walk(), case, "Gesprek over zelfredzaamheid")
    page = walker.open(f"/raadplegingen/{walker.view}/klopt-niet")
    assert "Hier is geen signaal om te laten nakijken" in page.text
    assert b"Wmo-voorziening" not in page.content


def test_a_look_that_is_over_gives_its_own_page_for_both(case: Any, walk: Any, world: Any) -> None:
    page = doubt(walk(), case)
    path, key = page.path, page.all("//input[@name='signaal']")[0].get("value")
    page.tap("Terug naar de signalen").tap("Klaar")
    ended = page.open(f"/raadplegingen/{page.view}")
    assert ended.status == 410
    heading = ended.heading
    for again in (page.open(path), page.send(path, ("signaal", key))):
        assert again.status == 410
        assert again.heading == heading
    assert questions_of(world) == []


def test_somebody_elses_look_and_an_unknown_one_are_one_answer(case: Any, walk: Any) -> None:
    path = doubt(walk(), case).path
    other = walk(staff_id="w.twee")
    theirs = other.open(path)
    status, content = theirs.status, theirs.content
    unknown = other.open(f"/raadplegingen/{uuid.uuid4()}/klopt-niet")
    assert status == unknown.status == 404
    assert re.sub(rb"[0-9a-f-]{36}", b"ID", content) == re.sub(rb"[0-9a-f-]{36}", b"ID", unknown.content)


def test_once_the_look_is_over_the_question_keeps_its_reference_and_nothing_of_the_signal(
    case: Any, walk: Any, world: Any
) -> None:
    path = asked(walk(), case).path
    world.clock += timedelta(minutes=31)
    page = walk().open(path)
    assert page.find("//*[@class='si-number']").text == path.rpartition("/")[2]
    assert "Het telefoonnummer staat bij het signaal." in page.text
    for word in WORDS_OF_THE_SIGNAL:
        assert word not in page.content
    assert page.tap("Open de zaak").heading == "WT-2026-0147"


def test_a_case_that_is_no_longer_hers_takes_the_question_away_at_once(
    case: Any, walk: Any, world: Any
) -> None:
    page = asked(walk(), case)

    def hand_over(tx: Any) -> None:
        tx.relations.remove(world.GEMEENTE, case.relation_id)

    world.database.run(hand_over)
    reference = page.path.rpartition("/")[2]
    page.refresh()
    assert page.status == 404
    assert reference not in page.text
    assert reference not in page.open("/berichten").text
    for word in WORDS_OF_THE_SIGNAL:
        assert word not in page.content


def answer(world: Any, reference: str, verdict: Verdict) -> None:
    def job(tx: Any) -> None:
        source = Actor.in_one_role(
            "b.bron", tx.staff.get("b.bron"), Role.SOURCE_ADMIN, second_factor=True, token_id="t"
        )
        questions.answer(tx, source, reference, verdict, world.clock)

    world.database.run(job)


@pytest.mark.parametrize(
    ("verdict", "said"),
    [(Verdict.RIGHT, "De bron zegt: het klopt"), (Verdict.MENDED, "De bron heeft het aangepast")],
)
def test_the_answer_of_the_source_stands_on_the_page(
    case: Any, walk: Any, world: Any, verdict: Verdict, said: str
) -> None:
    page = asked(walk(), case)
    answer(world, page.path.rpartition("/")[2], verdict)
    page.refresh()
    assert page.heading == "De bron heeft geantwoord"
    assert f"{said} Antwoord van 3 maart 2026." in page.text
    assert not page.all("//main//a[starts-with(@href, 'tel:')]")


def test_a_source_that_did_not_answer_in_time_lets_her_ask_again(case: Any, walk: Any, world: Any) -> None:
    path = asked(walk(), case).path
    world.clock += timedelta(days=29)
    page = walk().open(path)
    assert page.heading == "De bron heeft niet geantwoord"
    assert "De bron kon antwoorden tot en met 31 maart 2026." in page.text
    again = asked(walk(), case)
    assert again.heading == "Bel nu de bron"
    assert again.path != path


def test_nobody_reads_the_question_of_somebody_else(case: Any, walk: Any) -> None:
    path = asked(walk(), case).path
    other = walk(staff_id="w.twee")
    theirs = other.open(path)
    status, content = theirs.status, theirs.content
    unknown = other.open("/vragen/V-2222-2222")
    assert status == unknown.status == 404
    blank = [
        each.replace(at.encode(), b"HERE")
        for each, at in ((content, path), (unknown.content, "/vragen/V-2222-2222"))
    ]
    assert blank[0] == blank[1]


def test_a_colleague_who_sees_the_same_signal_is_led_to_the_question_that_stands(
    walk: Any, world: Any
) -> None:
    person = world.PEOPLE[0]
    world.publish(world.GEMEENTE, "agb:00000001", "wmo-voorziening", {person: "2025-04"})
    mine, hers = world.relation(), world.relation(worker="w.twee", case_reference="WT-2026-0300")
    world.register_relations((person, mine), (person, hers))
    reference = asked(walk(), mine).path.rpartition("/")[2]
    page = doubt(walk(staff_id="w.twee"), hers)
    assert not page.offers("Laat nakijken")
    assert page.tap(f"Bekijk vraag {reference}").heading == "Bel nu de bron"
    assert "Zaak WT-2026-0300" in page.text
    assert mine.case_reference.encode() not in page.content
    assert str(uuid.UUID(bytes=mine.relation_id)).encode() not in page.content
    assert str(uuid.UUID(bytes=hers.relation_id)).encode() in page.content
    world.clock += timedelta(minutes=31)
    assert walk(staff_id="w.twee").open(f"/vragen/{reference}").status == 404


def test_a_reference_nobody_has_is_not_found_and_not_repeated_as_text(walk: Any) -> None:
    page = walk().open("/vragen/V-7K2M-9QXR")
    assert page.status == 404
    assert "V-7K2M-9QXR" not in page.text


@pytest.mark.parametrize(
    "reference", ["999900006", "%00", "V-9999-0000", "V-99990-006", "V-2345-678A", "v-7k2m-9qxr", "v" * 3000]
)
def test_what_is_no_reference_at_all_is_no_page_and_comes_back_nowhere(walk: Any, reference: str) -> None:
    page = walk().open(f"/vragen/{reference}")
    assert page.status == 404
    assert reference.encode() not in page.content
    anybody = walk(staff_id=None).open(f"/vragen/{reference}")
    assert (anybody.status, anybody.path) == (404, f"/vragen/{reference}"), "not carried to the sign-in"
    assert reference.encode() not in anybody.content


@pytest.mark.parametrize("who", ["t.lead", "p.officer", "f.beheer", "b.bron", "w.niets"])
def test_other_roles_ask_nothing_and_read_no_question(case: Any, walk: Any, world: Any, who: str) -> None:
    walker = walk()
    form = doubt(walker, case).path
    key = walker.all("//input[@name='signaal']")[0].get("value")
    path = asked(walker, case).path
    other = walk(staff_id=who)
    assert other.open(form).status == 403
    assert other.open(path).status == 403
    assert other.open("/hulp").send(form, ("signaal", key)).status == 403
    assert len(questions_of(world)) == 1
