"""Replacement by real forms: arranging it, every error, ending it, and who may not."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from policy.vocabulary import Role

FORM = {"vervanger": "w.twee", "van": "04-03-2026", "tot": "18-03-2026", "reden": "vrij-of-verlof"}


def arranged(worker: Any, **changed: str) -> Any:
    """Fill in the form and send it."""
    filled = {**FORM, **changed}
    worker.open("/vervanging").fill("Wie wordt uw vervanger?", filled["vervanger"])
    worker.fill("Eerste dag", filled["van"]).fill("Laatste dag", filled["tot"])
    return worker.choose("Vrij of verlof").tap("Regel vervanging")


def sent(worker: Any, **changed: str) -> Any:
    """Send the form with values that the page itself may not offer."""
    return worker.open("/vervanging").send("/vervanging", *{**FORM, **changed}.items())


def part(walker: Any, heading: str) -> str:
    """What stands under one heading."""
    section = walker.find("//main//section[h2[normalize-space(.) = $wanted]]", wanted=heading)
    return " ".join(section.text_content().split())


def covers(world: Any) -> Any:
    return world.database.run(lambda tx: tx.covers.of_team(world.GEMEENTE, "noord"))


def test_who_arranged_nothing_reads_so_and_finds_the_form(walk: Any) -> None:
    page = walk().open("/vervanging")
    assert "Niemand. U heeft ook voor later niets geregeld." in part(page, "Wie vervangt mij?")
    assert "Niemand." in part(page, "Wie vervang ik?")
    assert "Er is geen andere vervanging geregeld." in part(page, "Anderen in uw team")
    assert "hoogstens zes weken" in part(page, "Regel een vervanger")


def test_nothing_is_chosen_beforehand(walk: Any) -> None:
    page = walk().open("/vervanging")
    assert not page.all("//main//input[@checked]")
    assert [each.get("value") for each in page.all("//select[@name='vervanger']/option[@selected]")] == [""]


def test_colleagues_are_chosen_from_a_list_of_ones_own_team(walk: Any, house: Any) -> None:
    house.hire("w.elders", [Role.TEAM_MEMBER])
    house.world.database.run(lambda tx: tx.staff.put(replace(tx.staff.get("w.elders"), team="zuid")))
    offered = [each.get("value") for each in walk().open("/vervanging").all("//select/option")]
    assert offered == ["", "w.leidt", "w.twee"]


def test_a_day_is_typed_as_text_because_a_date_field_speaks_the_language_of_the_browser(walk: Any) -> None:
    kinds = [
        each.get("type") for each in walk().open("/vervanging").all("//input[@name='van' or @name='tot']")
    ]
    assert kinds == ["text", "text"]


def test_a_cover_is_arranged_and_both_of_them_and_the_team_see_it(walk: Any) -> None:
    page = arranged(walk())
    assert page.status == 200
    assert "De vervanging is geregeld" in page.text
    assert "w.twee vervangt u van 4 maart 2026 tot en met 18 maart 2026." in page.text
    assert "w.twee vervangt u Begint later" in part(page, "Wie vervangt mij?")
    delegate = walk(staff_id="w.twee").open("/vervanging")
    assert "U vervangt w.een" in part(delegate, "Wie vervang ik?")
    team = part(walk(staff_id="w.leidt").open("/vervanging"), "Anderen in uw team")
    assert "w.twee vervangt w.een" in team
    assert "Reden: Vrij of verlof" in team
    assert "Beëindigen" not in team


def test_a_cover_that_runs_says_so(walk: Any) -> None:
    assert "Loopt nu" in arranged(walk(), van="03-03-2026").text


def test_the_news_of_a_cover_is_not_in_the_address_alone(walk: Any) -> None:
    page = arranged(walk())
    invented = page.path.partition("=")[0] + "=00000000-0000-0000-0000-000000000000"
    assert "De vervanging is geregeld" not in walk().open(invented).text


def test_an_empty_form_says_at_each_field_what_to_do(walk: Any, world: Any) -> None:
    page = walk().open("/vervanging").tap("Regel vervanging")
    assert page.status == 400
    assert page.find("//title").text.startswith("Fout: ")
    expected = {
        "vervanger": "Kies uw vervanger.",
        "van": "Vul de eerste dag in: dag, maand en jaar.",
        "tot": "Vul de laatste dag in: dag, maand en jaar.",
        "reden": "Kies een reden.",
    }
    summary = page.all("//*[@data-error-summary]//a")
    assert {each.get("href"): each.text for each in summary} == {
        f"#{at}": said for at, said in expected.items()
    }
    for at, said in expected.items():
        field = page.find("//*[self::input or self::select][@id=$at]", at=at)
        described = [*field.xpath("ancestor-or-self::*/@aria-describedby")]
        texts = [
            page.find("//*[@id=$at]", at=each).text_content() for ids in described for each in ids.split()
        ]
        assert any(said in text for text in texts), at
    assert covers(world) == []


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"van": "02-03-2026"}, "van", "Kies vandaag of een latere dag."),
        ({"tot": "03-03-2026"}, "tot", "De laatste dag ligt vóór de eerste dag. Kies een latere dag."),
        ({"tot": "15-04-2026"}, "tot", "Een vervanging duurt hoogstens"),
        ({"tot": "31-02-2026"}, "tot", "Schrijf de laatste dag zo: 05-05-2026."),
        ({"van": "morgen"}, "van", "Schrijf de eerste dag zo: 05-05-2026."),
        ({"tot": ""}, "tot", "Vul de laatste dag in: dag, maand en jaar."),
    ],
)
def test_one_wrong_day_is_named_and_the_rest_stays_filled_in(
    walk: Any, world: Any, changed: dict[str, str], field: str, said: str
) -> None:
    page = arranged(walk(), **changed)
    assert page.status == 400
    summary = page.find("//*[@data-error-summary]//a")
    assert summary.get("href") == f"#{field}"
    assert summary.text.startswith(said)
    filled = {**FORM, **changed}
    assert page.find("//select[@name='vervanger']").value == "w.twee"
    assert {at: page.find("//input[@name=$at]", at=at).value for at in ("van", "tot")} == {
        at: filled[at] for at in ("van", "tot")
    }
    assert [each.get("value") for each in page.all("//input[@checked]")] == ["vrij-of-verlof"]
    assert covers(world) == []


def test_the_longest_cover_is_six_weeks_both_days_included(walk: Any, world: Any) -> None:
    first, last = date(2026, 3, 4), date(2026, 4, 14)
    assert last - first == timedelta(days=41)
    assert "De vervanging is geregeld" in arranged(walk(), tot="14-04-2026").text


@pytest.mark.parametrize(
    "changed",
    [
        {"vervanger": "t.lead"},
        {"vervanger": "w.een"},
        {"vervanger": "w.bestaat-niet"},
    ],
)
def test_a_colleague_who_was_not_offered_is_refused(walk: Any, world: Any, changed: dict[str, str]) -> None:
    page = sent(walk(), **changed)
    assert page.status == 400
    assert "Kies een collega uit uw eigen team." in page.text
    assert covers(world) == []


def test_a_reason_that_was_not_offered_is_refused_and_not_repeated(walk: Any, world: Any) -> None:
    page = sent(walk(), reden="griep")
    assert page.status == 400
    assert "Kies een reden." in page.text
    assert b"griep" not in page.content
    assert covers(world) == []


@pytest.mark.parametrize("number", ["999900006", "999 900 006", "9999.00.006", "01042026", "1.99990000"])
def test_a_number_of_a_person_typed_in_the_wrong_field_does_not_come_back(walk: Any, number: str) -> None:
    page = arranged(walk(), van=number)
    assert page.status == 400
    assert number.encode() not in page.content


def test_the_form_sent_twice_arranges_one_cover_and_says_why(walk: Any, world: Any) -> None:
    page = arranged(walk())
    again = page.send("/vervanging", *FORM.items())
    assert again.status == 400
    assert "Voor deze dagen heeft u al een vervanger. Kies andere dagen." in again.text
    assert len(covers(world)) == 1


@pytest.mark.parametrize(
    ("who", "role"), [("w.een", None), ("w.twee", None), ("t.lead", None), ("w.leidt", "teamleider")]
)
def test_the_absent_worker_her_delegate_and_a_team_lead_end_it(
    walk: Any, world: Any, who: str, role: str | None
) -> None:
    arranged(walk(), van="03-03-2026")
    page = walk(staff_id=who, role=role).open("/vervanging")
    page.tap("Ja, beëindig de vervanging")
    assert "De vervanging is beëindigd" in page.text
    assert not page.offers("Ja, beëindig de vervanging")
    assert covers(world)[0].is_over(date(2026, 3, 3))


def test_ending_asks_once_more_without_javascript(walk: Any) -> None:
    page = arranged(walk())
    button = page.find("//main//details[starts-with(normalize-space(summary), 'Beëindigen')]//button")
    assert "w.twee kan dan niet in uw zaken kijken. Dat gaat meteen in." in " ".join(
        button.xpath("ancestor::details")[0].text_content().split()
    )


def test_a_colleague_it_is_no_business_of_cannot_end_it(walk: Any, world: Any) -> None:
    arranged(walk())
    cover = covers(world)[0]
    other = walk(staff_id="w.leidt").open("/vervanging")
    path = walk().open("/vervanging").find("//form[contains(@action, 'beeindigen')]").get("action")
    assert other.send(path).status == 404
    assert covers(world) == [cover]


def test_ending_twice_is_ended_once(walk: Any, world: Any) -> None:
    page = arranged(walk())
    path = page.find("//form[contains(@action, 'beeindigen')]").get("action")
    assert page.tap("Ja, beëindig de vervanging").send(path).status == 200
    assert len(world.records("cover.ended")) == 1


def test_a_team_lead_sees_the_team_and_arranges_nothing_herself(walk: Any, world: Any) -> None:
    lead = walk(staff_id="t.lead").open("/vervanging")
    assert "Er is geen vervanging geregeld." in part(lead, "In uw team")
    assert lead.headings() == ["In uw team"]
    assert sent(lead).status == 403
    assert covers(world) == []


def test_who_has_no_colleague_reads_what_to_do(walk: Any, house: Any) -> None:
    house.block("w.twee")
    house.block("w.leidt")
    page = walk().open("/vervanging")
    assert "Er is nog geen collega die u kan vervangen" in page.text
    assert "Vraag uw functioneel beheerder om hulp." in page.text
    assert not page.offers("Regel vervanging")


@pytest.mark.parametrize("who", ["p.officer", "f.beheer", "b.bron", "w.niets"])
def test_other_roles_have_nothing_to_do_with_covers(walk: Any, world: Any, who: str) -> None:
    arranged(walk())
    other = walk(staff_id=who).open("/hulp")
    path = walk().open("/vervanging").find("//form[contains(@action, 'beeindigen')]").get("action")
    assert other.open("/vervanging").status == 403
    assert other.open("/hulp").send("/vervanging", *FORM.items()).status == 403
    assert other.open("/hulp").send(path).status == 403
    assert len(covers(world)) == 1
    assert {each.fields["surface"] for each in world.records("action.refused")} >= {"covers", "end_cover"}
