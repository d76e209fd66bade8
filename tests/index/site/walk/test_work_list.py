"""The work list by real forms: why each look is on it, until when, and the judgement that takes it off."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from signal_index.model.review import Chosen, Indicator, LookRef, Reason, Review, Week
from signal_index.usecases.oversight.chosen import FIRST_WITHIN
from signal_index.web.pages.visits import LANGUAGE_COOKIE

MANY = Reason(Indicator.MANY_IN_HOUR, 4, (("number", "14"), ("usual", "3"), ("team", "2")))
LATE_AT_NIGHT = Reason(Indicator.OUTSIDE_HOURS, 3, (("time", "22.14"), ("times", "1"), ("looks", "40")))
TRIED = Reason(Indicator.ATTEMPTS, 5, (("times", "3"),))


@pytest.fixture
def choose(world: Any) -> Callable[..., LookRef]:
    """Puts the look that was made last on the work list."""

    def on_list(*reasons: Reason, **changed: Any) -> LookRef:
        (entry, *_) = world.records("lookup.answered", "lookup.refused")
        ref = LookRef(entry.writer, entry.number)
        today = world.clock.date()
        stated: dict[str, Any] = {
            "chosen": Chosen.STRIKING if reasons else Chosen.SAMPLE,
            "chosen_on": today,
            "due_on": today + timedelta(days=7),
            **changed,
        }
        review = Review(
            ref, entry.at, str(entry.fields["actor"]), None, answered=True, reasons=reasons, **stated
        )
        world.database.run(lambda tx: tx.reviews.put(review))
        return ref

    return on_list


@pytest.fixture
def case(world: Any) -> bytes:
    """A case of a worker."""
    world.register_relations((world.PEOPLE[0], world.relation(case_reference="WT-2026-0301")))
    world.publish_nothing_else()
    (relation,) = world.database.run(lambda tx: tx.relations.all_of(world.GEMEENTE))
    identifier: bytes = relation.relation_id
    return identifier


@pytest.fixture
def listed(case: bytes, choose: Any, world: Any) -> list[LookRef]:
    """Three looks on the list: for two reasons, by lot, and an attempt that waits for too long."""
    refs = []
    world.look(case)
    refs.append(choose(LATE_AT_NIGHT, MANY))
    world.look(case)
    refs.append(choose(due_on=world.clock.date() + timedelta(days=8)))
    world.look(case, "w.twee")
    refs.append(choose(TRIED, due_on=world.clock.date() - timedelta(days=1)))
    return refs


@pytest.fixture
def officer(walk: Any) -> Any:
    return walk(staff_id="p.officer")


def cards(page: Any) -> list[str]:
    return [
        " ".join(each.text_content().split())
        for each in page.all("//main//li[contains(@class, 'si-signal')]")
    ]


def path_of(world: Any, ref: LookRef) -> str:
    name = world.database.run(lambda tx: tx.names.of_look(ref.writer, ref.number))
    return f"/toezicht/raadplegingen/{uuid.UUID(bytes=name)}"


def review_of(world: Any, ref: LookRef) -> Review:
    found: Review = world.database.run(lambda tx: tx.reviews.get(ref))
    return found


def test_home_leads_to_the_list_the_most_urgent_first_with_why_and_until_when(
    listed: Any, officer: Any
) -> None:
    page = officer.open("/")
    assert page.path == "/toezicht/werklijst"
    assert "3 raadplegingen · 1 te laat" in page.text
    first, second, third = cards(page)
    assert "w.twee (noord)" in first
    assert "Poging buiten de caseload (3 keer)." in first
    assert "Te laat" in first
    assert "14 inwoners in één uur. Gewoon is 3, en in het team 2." in second
    assert "Buiten kantoortijd: 22.14 uur." in second
    assert second.index("14 inwoners") > 0
    assert "Steekproef: door het lot gekozen." in third
    assert "Voorbereiding van een huisbezoek" in third


def test_reading_the_list_is_on_record_and_shows_no_rank(listed: Any, officer: Any, world: Any) -> None:
    page = officer.open("/toezicht/werklijst")
    (record,) = world.records("worklist.read")
    assert (record.fields["actor"], record.fields["items"]) == ("p.officer", 3)
    assert "WT-2026" not in page.text
    assert "punten" not in " ".join(cards(page))


def test_what_else_shows_of_a_look_drawn_by_lot_is_no_reason_for_drawing_it(
    case: bytes, choose: Any, officer: Any, house: Any, world: Any
) -> None:
    world.look(case)
    sampled = choose(MANY, chosen=Chosen.SAMPLE)
    said = "Steekproef: door het lot gekozen. Ook te zien:"
    assert said in " ".join(cards(officer.open("/toezicht/werklijst")))
    assert said in officer.open(path_of(world, sampled)).text
    browser = house.browser("p.officer")
    browser.cookies[LANGUAGE_COOKIE] = "en"
    assert "Sample: drawn by lot. Also to be seen:" in browser.get("/toezicht/werklijst").text


def test_the_list_can_be_narrowed_to_one_kind_of_reason(listed: Any, officer: Any) -> None:
    page = officer.open("/toezicht/werklijst").tap("Steekproef (1)")
    assert len(cards(page)) == 1
    assert "Steekproef" in cards(page)[0]
    assert len(cards(page.tap("Pogingen (1)"))) == 1
    assert len(cards(page.tap("Alles (3)"))) == 3
    assert len(cards(page.open("/toezicht/werklijst?reden=onzin"))) == 3


def made_list(world: Any, *, weeks_ago: int) -> None:
    today = world.clock.date()
    monday = today - timedelta(days=today.weekday() + 7 * weeks_ago)
    world.database.run(lambda tx: tx.reviews.put_week(Week(monday, 0, today)))


def test_an_empty_list_says_so(officer: Any, world: Any) -> None:
    made_list(world, weeks_ago=1)
    text = officer.open("/toezicht/werklijst").text
    assert "U bent bij" in text
    assert "De nieuwste lijst ontbreekt" not in text


def test_a_new_index_has_no_list_yet_and_says_what_to_do_meanwhile(officer: Any) -> None:
    text = officer.open("/toezicht/werklijst").text
    assert "Er is nog geen lijst" in text
    assert "Kijk nu alvast bij Logboek" in text
    assert "De nieuwste lijst ontbreekt" not in text
    assert "U bent bij" not in text


def test_a_list_that_nobody_makes_is_not_an_empty_list(walk: Any, world: Any) -> None:
    world.database.run(lambda tx: tx.log.integrate(world.clock, 10_000))
    world.clock += FIRST_WITHIN
    officer = walk(staff_id="p.officer")
    text = officer.open("/toezicht/werklijst").text
    assert "Er is nog nooit een lijst gemaakt." in text
    assert "U bent bij" not in text
    made_list(world, weeks_ago=3)
    text = officer.open("/toezicht/werklijst").text
    assert "De laatste lijst gaat over de week van" in text
    assert "De nieuwste lijst ontbreekt" in text
    assert "U bent bij" not in text


def test_a_long_list_goes_in_pages(case: bytes, choose: Any, officer: Any, world: Any) -> None:
    for _ in range(21):
        world.look(case)
        choose(MANY)
    page = officer.open("/toezicht/werklijst")
    assert len(cards(page)) == 20
    assert len(cards(page.tap("Volgende"))) == 1
    assert len(cards(page.tap("Vorige"))) == 20
    assert len(cards(page.open("/toezicht/werklijst?bladzijde=99999"))) == 1
    assert len(cards(page.open("/toezicht/werklijst?bladzijde=-1"))) == 20


def test_a_judgement_takes_a_look_off_the_list_and_is_on_record(
    listed: Any, officer: Any, world: Any
) -> None:
    page = officer.open(path_of(world, listed[0]))
    assert "Waarom staat dit op de werklijst?" in page.text
    page.choose("Er was een huisbezoek").tap("Leg het oordeel vast")
    assert page.path == "/toezicht/werklijst?beoordeeld=ja"
    assert "Uw oordeel is vastgelegd" in page.text
    assert "De raadpleging is van de lijst." in page.text
    assert len(cards(page)) == 2
    (record,) = world.records("review.judged")
    assert (record.fields["verdict"], record.fields["ground"]) == ("terecht", "huisbezoek")
    again = officer.open(path_of(world, listed[0]))
    assert "p.officer: Terecht (Er was een huisbezoek)" in again.text
    assert not again.offers("Leg het oordeel vast")


def test_a_question_waits_for_a_final_judgement(listed: Any, officer: Any, walk: Any, world: Any) -> None:
    path = path_of(world, listed[0])
    officer.open(path).choose("Gevraagd aan de teamleider").tap("Leg het oordeel vast")
    assert "Vraag gesteld" in " ".join(cards(officer))
    assert "De raadpleging blijft op de lijst, en wacht op een eindoordeel." in officer.text
    second = walk(staff_id="p.tweede").open(path)
    assert "p.officer stelde een vraag. Geef nu uw eindoordeel." in second.text
    assert "U stelde een vraag. Geef nu uw eindoordeel." in officer.open(path).text
    assert "Ik stel eerst een vraag" not in second.headings("legend")
    second.choose("Het was uit eigen belang").tap("Leg het oordeel vast")
    history = officer.open(path).text
    assert "p.officer: Ik stel eerst een vraag (Gevraagd aan de teamleider)" in history
    assert "p.tweede: Onterecht (Het was uit eigen belang)" in history
    assert not review_of(world, listed[0]).is_open


def test_without_a_choice_nothing_is_judged(listed: Any, officer: Any, world: Any) -> None:
    path = path_of(world, listed[0])
    page = officer.open(path).tap("Leg het oordeel vast")
    assert page.status == 400
    assert "Kies een oordeel met een reden." in page.text
    for choice in ("terecht", "terecht/eigen-belang", "x/y", "onterecht/huisbezoek", ""):
        assert officer.open(path).send(f"{path}/oordeel", ("oordeel", choice)).status == 400
    assert world.records("review.judged") == []


def test_judging_twice_or_what_is_not_on_the_list_is_refused(
    listed: Any, case: bytes, officer: Any, world: Any
) -> None:
    path = path_of(world, listed[0])
    officer.open(path).choose("Er was een huisbezoek").tap("Leg het oordeel vast")
    assert officer.send(f"{path}/oordeel", ("oordeel", "onterecht/vergissing")).status == 409
    world.look(case)
    (entry, *_) = world.records("lookup.answered")
    elsewhere = path_of(world, LookRef(entry.writer, entry.number))
    page = officer.open(elsewhere)
    assert not page.offers("Leg het oordeel vast")
    assert page.send(f"{elsewhere}/oordeel", ("oordeel", "terecht/huisbezoek")).status == 404


@pytest.mark.parametrize("who", ["w.een", "t.lead", "f.beheer", "b.bron", "w.niets"])
def test_nobody_else_judges(listed: Any, walk: Any, world: Any, who: str) -> None:
    page = walk(staff_id=who).open("/hulp")
    refused = page.send(f"{path_of(world, listed[0])}/oordeel", ("oordeel", "terecht/huisbezoek"))
    assert refused.status == 403
    assert review_of(world, listed[0]).is_open


def test_the_report_says_whether_lists_were_judged_in_time(listed: Any, walk: Any, world: Any) -> None:
    walk(staff_id="p.officer").open(path_of(world, listed[0])).choose("Er was een huisbezoek").tap(
        "Leg het oordeel vast"
    )
    world.clock += timedelta(days=60)
    page = walk(staff_id="p.officer").open("/toezicht/rapportage?maand=2026-03")
    rows = {
        " ".join(each.text_content().split()): " ".join(each.getnext().text_content().split())
        for each in page.all("//main//dt")
    }
    assert {
        name: rows[name] for name in ("Opvallend", "Steekproef", "Op tijd beoordeeld", "Te laat", "Nog open")
    } == {
        "Opvallend": "2",
        "Steekproef": "1",
        "Op tijd beoordeeld": "1",
        "Te laat": "2",
        "Nog open": "0",
    }


def test_before_she_judges_she_reads_what_each_verdict_does(listed: Any, officer: Any, world: Any) -> None:
    page = officer.open(path_of(world, listed[0]))
    assert "Wij sturen niets. U krijgt 14 dagen voor uw eindoordeel." in page.text
    assert "Wij lichten niemand in." in page.text
    assert "U kunt het niet meer veranderen." in page.text


@pytest.mark.parametrize(
    ("what", "dutch", "english"),
    [
        ("zaak", "Een privacy officer let extra op deze inwoner.", "pays extra attention to this resident."),
        ("medewerker", "let extra op deze medewerker.", "pays extra attention to this member of staff."),
    ],
)
def test_what_is_watched_is_said_in_both_languages_and_never_as_a_court_measure(
    case: bytes, choose: Any, officer: Any, house: Any, world: Any, what: str, dutch: str, english: str
) -> None:
    world.look(case)
    choose(Reason(Indicator.WATCHED, 4, (("what", what),)))
    text = officer.open("/toezicht/werklijst").text
    assert dutch in text
    assert "nder toezicht" not in text
    browser = house.browser("p.officer")
    browser.cookies[LANGUAGE_COOKIE] = "en"
    text = browser.get("/toezicht/werklijst").text
    assert english in text
    assert f" {what}." not in text
