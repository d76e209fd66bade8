"""How pages print, what never stands in them, and when they go from the screen."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from . import hostile
from .sights import OVERFLOW
from .stage import PHONE
from .states import (
    LOOKS,
    STATES,
    UNKNOWN,
    Album,
    Tour,
    Way,
    at,
    fridge_sheet,
    look_at,
    overseen,
    searched,
    sheet,
    then,
    view,
)

A4 = (595, 842)  # points

PAGE_OBJECT = re.compile(rb"/Type\s*/Page\b(?!s)")
PAGE_TOTAL = re.compile(rb"/Type\s*/Pages\s*/Count\s+(\d+)")
PAGE_SIZE = re.compile(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]")

PAGES_OF_A_LOOK = ("", "/werkblad", "/koelkastblad", "/koelkastblad/blad", "/klopt-niet")

FETCH = """async ([method, path, fields]) => {
  const token = document.querySelector('input[name=csrf]').value;
  const body = method === 'POST' ? new URLSearchParams([['csrf', token], ...fields]) : undefined;
  const answer = await fetch(path, { method, body });
  const headers = [...answer.headers].filter(([name]) => !['x-request-id', 'traceparent'].includes(name));
  return [answer.status, JSON.stringify(headers), [...new Uint8Array(await answer.arrayBuffer())]];
}"""


@pytest.fixture
def tour(album: Album) -> Tour:
    """The worker who has everything."""
    return album.tour(next(each for each in STATES if each.name == "caseload"))


@pytest.fixture
def away(stage: Any) -> Iterator[Tour]:
    """The same worker in a browser whose clock can be moved."""
    found = Tour(stage, "full", "w.een")
    found.page.clock.install()
    yield found
    found.context.close()


# --- Paper --------------------------------------------------------------------------------------------------------


def pages_of(page: Page) -> int:
    """How many pages come out of the printer, all of them A4."""
    paper = page.pdf(prefer_css_page_size=True)
    objects, totals = PAGE_OBJECT.findall(paper), PAGE_TOTAL.findall(paper)
    assert sum(map(int, totals)) == len(objects), "read the file in another way: it says something else"
    sizes = {tuple(round(float(each)) for each in size) for size in PAGE_SIZE.findall(paper)}
    assert sizes == {A4}
    return len(objects)


@pytest.mark.parametrize("way", [view, sheet], ids=["the page", "the work sheet"])
@pytest.mark.parametrize("name", ["eight", "together", "areas"])
def test_a_look_prints_on_one_sheet(tour: Tour, name: str, way: Callable[[str], Way]) -> None:
    way(name)(tour)
    if name != "areas":
        assert tour.page.locator("#signalen li.si-signal").count() == 8
    assert pages_of(tour.page) == 1


def test_a_fridge_sheet_with_every_number_is_one_sheet(tour: Tour) -> None:
    fridge_sheet("eight", 8)(tour)
    assert tour.page.locator(".si-fridge__number").count() == 8
    assert pages_of(tour.page) == 1


def test_paper_shows_the_sheet_and_nothing_of_the_screen(tour: Tour) -> None:
    sheet("eight")(tour)
    tour.page.emulate_media(media="print")
    for screen in ("header", "nav", "footer", "[data-print]", ".si-back", "dialog"):
        assert not tour.page.locator(f"{screen} >> visible=true").count(), screen
    assert tour.page.locator("#signalen li.si-signal >> visible=true").count() == 8
    assert "Afspraken" in tour.page.inner_text("main")
    tour.page.emulate_media(media="screen")


def test_a_printed_look_says_that_sources_are_behind_and_leads_to_nothing(tour: Tour) -> None:
    view("eight")(tour)
    tour.page.emulate_media(media="print")
    alert = tour.page.locator(".utrecht-alert >> visible=true").first
    assert alert.inner_text().strip() == "2 van de 10 bronnen zijn niet actueel."
    tour.page.emulate_media(media="screen")


def test_a_long_page_would_be_counted_as_more_sheets(tour: Tour) -> None:
    tour.open("/hulp")
    assert pages_of(tour.page) > 1


# --- The two equalities, as the browser gets them -----------------------------------------------------------------


def fetched(tour: Tour, method: str, path: str, *fields: tuple[str, str]) -> tuple[int, str, bytes]:
    """Status, headers and bytes of an answer."""
    status, headers, body = tour.page.evaluate(FETCH, [method, path, [*fields]])
    return status, headers, bytes(body)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_denied_and_unknown_are_the_same_bytes(tour: Tour, method: str) -> None:
    tour.open("/hulp")
    cases = tour.place.cases
    others = [str(cases[f"WT-2026-0{number}"]) for number in ("151", "152", "154", "155")]
    _, purpose, informed, _ = LOOKS["eight"]
    answers = set()
    for case in (UNKNOWN, *others):
        path = f"/caseload/{case}/raadplegen"
        status, headers, body = fetched(tour, method, path, ("doel", purpose), ("inwoner", informed))
        answers.add((status, headers, body.replace(case.encode(), b"CASE")))
    assert len(answers) == 1
    assert answers.pop()[0] == 404


def test_nothing_there_and_nothing_you_may_see_are_the_same_bytes(tour: Tour) -> None:
    answers: dict[str, list[tuple[int, str, bytes]]] = {page: [] for page in PAGES_OF_A_LOOK}
    for name in ("none", "hidden"):
        sheet(name)(tour)
        fridge_sheet(name, 0)(tour)
        path, case = tour.view(name), LOOKS[name][0]
        own = (path.rpartition("/")[2], str(tour.place.cases[case]), case)
        for page, found in answers.items():
            status, headers, body = fetched(tour, "GET", path + page)
            for each in own:
                body = body.replace(each.encode(), b"-" * len(each))
            found.append((status, headers, body))
    for page, (nothing, hidden) in answers.items():
        assert nothing[0] == 200, page
        assert nothing == hidden, page


# --- Two lists in one order ---------------------------------------------------------------------------------------


def test_what_can_be_doubted_stands_in_the_order_of_the_look(tour: Tour) -> None:
    view("eight")(tour)
    shown = tour.page.locator("#signalen h3").all_inner_texts()
    view("eight", "/klopt-niet")(tour)
    offered = tour.page.locator(".si-choice__text").all_inner_texts()
    assert len(offered) == 7, "one of the eight is doubted already"
    assert offered == [each for each in shown if each in offered]


# --- Errors -------------------------------------------------------------------------------------------------------


def test_whoever_jumps_to_what_she_forgot_still_sees_the_question(tour: Tour) -> None:
    then(look_at("WT-2026-0147"), "Toon signalen")(tour)
    tour.page.set_viewport_size(PHONE)
    tour.page.emulate_media(reduced_motion="reduce")
    tour.page.locator("[data-error-summary] a").first.click()
    tour.page.wait_for_function("scrollY > 0")
    expect(tour.page.locator("legend", has_text="Waarvoor kijkt u?")).to_be_in_viewport()
    tour.page.emulate_media(reduced_motion="no-preference")


# --- Going from the screen ----------------------------------------------------------------------------------------


def test_before_a_session_ends_she_is_asked_and_the_page_is_hidden(away: Tour) -> None:
    page = away.page
    away.open("/caseload")
    page.clock.fast_forward("12:50")
    expect(page.locator("dialog")).to_be_hidden()
    page.clock.fast_forward("00:15")
    expect(page.get_by_text("U wordt over 2 minuten uitgelogd.")).to_be_visible()
    expect(page.locator("main")).to_be_hidden()
    page.get_by_role("button", name="Blijf ingelogd").click()
    expect(page.locator("dialog")).to_be_hidden()
    expect(page.locator("main")).to_be_visible()
    page.clock.fast_forward("13:05")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()
    page.clock.fast_forward("15:05")
    page.wait_for_url("**/verlopen")
    assert "WT-2026" not in page.content()


def test_without_a_session_the_back_button_brings_nothing_back(stage: Any) -> None:
    context = stage.context("full", storage_state=stage.session("full", "w.weg"))
    page = context.new_page()
    page.goto("/caseload")
    page.goto("/hulp")
    context.clear_cookies()
    page.go_back()
    assert urlsplit(page.url).path == "/inloggen"
    context.close()


def test_signing_out_in_one_tab_clears_the_other(stage: Any) -> None:
    context = stage.context("full", storage_state=stage.session("full", "w.weg"))
    one, other = context.new_page(), context.new_page()
    for page in (one, other):
        page.goto("/caseload")
    other.locator("header").get_by_role("button", name="Uitloggen").click()
    one.wait_for_url("**/verlopen")
    context.close()


def test_being_active_in_one_tab_keeps_the_other(away: Tour) -> None:
    page = away.page
    away.open("/caseload")
    page.clock.fast_forward("13:05")
    expect(page.locator("dialog")).to_be_visible()
    second = away.context.new_page()
    second.goto("/hulp")
    expect(page.locator("dialog")).to_be_hidden()


def test_a_session_that_ended_at_the_server_ends_on_the_screen(away: Tour) -> None:
    page = away.page
    away.open("/caseload")
    page.route("**/sessie", lambda route: route.fulfill(status=401))
    page.clock.fast_forward("13:05")
    page.get_by_role("button", name="Blijf ingelogd").click()
    page.wait_for_url("**/verlopen")


def test_a_view_ends_on_the_screen_while_she_is_signed_in(album: Album) -> None:
    sight = album[next(each for each in STATES if each.name == "view, over on the screen")]
    assert "Deze raadpleging is verlopen" in sight.text
    assert "Kijk opnieuw" in sight.text
    # The whole beginning of a phone number: "085-" alone stands in one random address in a few hundred.
    for gone in ("schuldhulp", "085-0000", "WT-2026"):
        assert gone not in re.sub(r"(?s)<header.*?</nav>", "", sight.html), gone


# --- Hostile names ------------------------------------------------------------------------------------------------

STRANGE = (
    "script:not([src]), style, img, iframe, object, embed, math, base, meta[http-equiv], h1 ~ h1, [onload]"
)


@pytest.fixture(scope="module")
def besieged(stage: Any) -> Iterator[Tour]:
    """A worker, herself with such a name, among sources and colleagues with hostile ones."""
    found = Tour(stage, "hostile", "w.gek")
    yield found
    found.context.close()


WAYS: dict[str, Way] = {
    "the messages": at("/berichten"),
    "the covers": at("/vervanging"),
    "the view": view("hostile"),
    "the work sheet": sheet("hostile"),
    "the choice for the fridge": view("hostile", "/koelkastblad"),
    "the fridge sheet": fridge_sheet("hostile", len(hostile.NAMES)),
    "the doubt": view("hostile", "/klopt-niet"),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_hostile_name_stays_a_name(besieged: Tour, way: Way) -> None:
    way(besieged)
    page = besieged.page
    shown = page.evaluate("document.body.textContent")
    assert [each for each in hostile.NAMES if each not in shown] == []
    assert page.evaluate(f"window.{hostile.MARK}") is None
    assert not page.locator(STRANGE).count()
    assert not besieged.watch.said
    assert {urlsplit(each).netloc for each in besieged.watch.requests} == {urlsplit(page.url).netloc}
    assert page.locator("input[name=csrf]").count() == page.locator("form").count()
    page.set_viewport_size({"width": 320, "height": 640})
    assert not page.evaluate(OVERFLOW), "a long name pushes the page aside"


def test_a_hostile_name_stays_a_name_for_the_privacy_officer_too(stage: Any) -> None:
    officer = Tour(stage, "hostile", "p.officer")
    for way in (overseen("hostile"), searched("w.gek")):
        way(officer)
        page = officer.page
        assert "<b>Gerrit</b> <script>" in page.inner_text("main")
        assert page.evaluate("window.pwned") is None
        assert not page.locator(STRANGE).count()
        assert not officer.watch.said
    officer.context.close()


def test_the_report_prints_black_on_white_without_what_is_on_the_screen_only(stage: Any) -> None:
    officer = Tour(stage, "full", "p.officer")
    officer.open("/toezicht/rapportage")
    officer.page.emulate_media(media="print")
    for screen in ("header", "nav", "footer", "[data-print]"):
        assert not officer.page.locator(f"{screen} >> visible=true").count(), screen
    assert officer.page.locator("main svg rect >> visible=true").count() >= 2
    assert officer.page.locator("main table >> visible=true").count() >= 4
    assert pages_of(officer.page) <= 3
    officer.context.close()


def test_on_paper_the_rules_have_their_text(stage: Any) -> None:
    officer = Tour(stage, "full", "p.officer")
    officer.open("/regels")
    officer.page.emulate_media(media="print")
    assert officer.page.get_by_text("Een wijkteammedewerker mag voor een huisbezoek").first.is_visible()
    assert officer.page.locator("main section h3 >> visible=true").count() >= 10
    officer.context.close()


def test_where_nothing_stands_against_them_such_names_do_run(stage: Any) -> None:
    page = stage.browser.new_page()
    harmful = []
    for name in hostile.NAMES[:8]:
        page.set_content(f"<p>{name}</p>")
        page.wait_for_timeout(20)
        harmful.append(page.evaluate(f"window.{hostile.MARK}") == 1)
        page.goto("about:blank")
    page.close()
    assert sum(harmful) >= 4
