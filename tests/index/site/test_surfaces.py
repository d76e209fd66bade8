"""A page belongs to a surface: on another one it does not exist, and nothing leads to it."""

import re
from typing import Any

import pytest

from policy.vocabulary import Role
from signal_index.web.app import PAGES_OF, Surface, create_app
from signal_index.web.pages.site import OVERSIGHT_PAGES, PAGES, SOURCE_PAGES, WORKER_PAGES
from signal_index.web.pages.visits import OFFICERS, SOURCES, WORKERS, Page

UNKNOWN_ADDRESS = "Deze pagina bestaat niet."
ANY = "00000000-0000-0000-0000-000000000007"
IDENTIFIER = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LINK = re.compile(r'(?:href|action)="(/[^"#?]*)')


def path_of(page: Page) -> str:
    return re.sub(r"\{\w+:(\w+)\}", ANY, re.sub(r"\{\w+\}", "V-2222-2222", page.path))


def names(pages: tuple[Page, ...]) -> set[str]:
    return {page.name for page in pages}


@pytest.fixture
def at(house: Any) -> Any:
    """A browser at one surface."""

    def browser(surface: Surface, staff_id: str | None, role: str | None = None) -> Any:
        found = house.browser(staff_id, role)
        found.app = create_app(house.world.desk, surface, house.site)
        return found

    return browser


def test_pages_of_the_surfaces_together_are_all_pages_and_share_only_what_is_nobodys_task() -> None:
    assert names(WORKER_PAGES) | names(OVERSIGHT_PAGES) | names(SOURCE_PAGES) == names(PAGES)
    for page in PAGES:
        if page.roles and page.roles & WORKERS:
            assert page.name not in names(OVERSIGHT_PAGES) | names(SOURCE_PAGES)
        if page.roles == OFFICERS:
            assert page.name not in names(WORKER_PAGES) | names(SOURCE_PAGES)
        if page.roles == SOURCES:
            assert page.name not in names(WORKER_PAGES) | names(OVERSIGHT_PAGES)
    assert {"home", "sign_in", "sign_out", "role", "help", "privacy"} <= names(WORKER_PAGES) & names(
        OVERSIGHT_PAGES
    ) & names(SOURCE_PAGES)


@pytest.mark.parametrize("surface", Surface)
def test_a_page_of_another_surface_is_an_unknown_address(at: Any, surface: Surface) -> None:
    served = names(PAGES_OF[surface])
    browser = at(surface, "p.officer")
    for page in PAGES:
        method = "GET" if page.get else "POST"
        if page.name in {"sign_out", "sign_in_start", "sign_in_return", "role"}:
            continue
        response = browser.request(method, path_of(page), headers={"Sec-Fetch-Site": "same-origin"})
        if page.name in served and page.name != "asked":  # a question nobody asked has that very text
            assert UNKNOWN_ADDRESS not in response.text, (surface, page.name)
        if page.name not in served:
            assert response.status_code == 404, (surface, page.name)
            assert UNKNOWN_ADDRESS in response.text, (surface, page.name)


@pytest.mark.parametrize("surface", list(Surface))
@pytest.mark.parametrize("who", ["w.een", "t.lead", "p.officer", "f.beheer", "b.bron", "w.niets", None])
def test_nothing_leads_to_a_page_of_another_surface(at: Any, surface: Surface, who: str | None) -> None:
    browser = at(surface, who)
    shown = browser.get("/")
    if shown.status_code == 303:
        shown = browser.get(shown.headers["location"])
    assert shown.status_code == 200
    known = {path_of(page) for page in PAGES_OF[surface]}
    led = {IDENTIFIER.sub(ANY, path) for path in LINK.findall(shown.text) if not path.startswith("/static/")}
    assert led <= known


def test_home_is_where_her_work_is_or_says_that_it_is_elsewhere(at: Any) -> None:
    assert at(Surface.OVERSIGHT, "p.officer").get("/").headers["location"] == "/toezicht/werklijst"
    assert at(Surface.OVERSIGHT, "f.beheer").get("/").headers["location"] == "/beheer"
    assert at(Surface.WORKERS, "w.een").get("/").headers["location"] == "/caseload"
    assert at(Surface.SOURCES, "b.bron").get("/").headers["location"] == "/bron/signalen"
    for surface, who in (
        (Surface.WORKERS, "p.officer"),
        (Surface.WORKERS, "f.beheer"),
        (Surface.OVERSIGHT, "w.een"),
        (Surface.OVERSIGHT, "t.lead"),
        (Surface.SOURCES, "w.een"),
        (Surface.WORKERS, "b.bron"),
    ):
        text = at(surface, who).get("/").text
        assert "De schermen voor deze rol staan op een ander adres." in text, (surface, who)
        assert "nog geen schermen" not in text


def test_the_way_back_after_signing_in_leads_nowhere_that_is_not_there(at: Any) -> None:
    for surface, path in ((Surface.WORKERS, "/toezicht/werklijst"), (Surface.OVERSIGHT, "/caseload")):
        response = at(surface, "w.niets").post("/taal", {"taal": "en", "terug": path})
        assert response.headers["location"] == "/"


def test_a_lead_who_oversees_too_gets_the_menu_of_the_role_she_is_in(house: Any, at: Any) -> None:
    house.hire("p.leidt", [Role.TEAM_LEAD, Role.PRIVACY_OFFICER])
    overseeing = at(Surface.ALL, "p.leidt", "privacy-officer").get("/toezicht/zoeken").text
    assert ">Te beoordelen</a>" in overseeing
    assert ">Te bevestigen</a>" not in overseeing


def test_the_decision_point_stands_beside_the_pages(at: Any) -> None:
    for surface in Surface:
        found = at(surface, None).get("/.well-known/authzen-configuration")
        assert (found.status_code == 200) is (surface in {Surface.WORKERS, Surface.ALL})
        assert "text/html" not in found.headers["content-type"]
    refused = at(Surface.WORKERS, None).request("POST", "/access/v1/evaluation", json={})
    assert refused.headers["content-type"] == "application/problem+json"
    assert at(Surface.WORKERS, None).get("/.well-known/iets").headers["content-type"].startswith("text/html")
