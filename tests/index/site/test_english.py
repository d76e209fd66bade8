"""The pages in English hold no Dutch but names, and say the same about errors."""

from html import escape
from typing import Any

from deploy.site.words import load
from policy.vocabulary import Role
from signal_index.web.pages.site import PAGES
from signal_index.web.pages.visits import LANGUAGE_COOKIE, PUBLIC

# Long enough not to stand inside an English word by chance.
LENGTH_MIN = 8


def dutch_texts() -> set[str]:
    """Every Dutch text without places to fill in, as it would stand in HTML, that is not the same in English."""
    return {
        escape(entry.id)
        for entry in load()
        if isinstance(entry.id, str)
        and entry.id != entry.string
        and len(entry.id) >= LENGTH_MIN
        and "%(" not in entry.id
        and "<" not in entry.id
    }


def test_no_page_that_needs_no_case_says_anything_in_dutch_to_who_reads_english(house: Any) -> None:
    texts = dutch_texts()
    for staff_id, role in (
        ("w.een", Role.TEAM_MEMBER),
        ("t.lead", Role.TEAM_LEAD),
        ("p.officer", Role.PRIVACY_OFFICER),
        ("b.bron", Role.SOURCE_ADMIN),
        ("f.beheer", Role.FUNCTIONAL_ADMIN),
        (None, None),
    ):
        browser = house.browser(staff_id)
        browser.cookies[LANGUAGE_COOKIE] = "en"
        for page in PAGES:
            shown = page.roles is PUBLIC or role in page.roles or (role and not page.roles)
            if page.get and shown and "{" not in page.path and not page.sign_in_memory:
                response = browser.get(page.path)
                left = {text for text in texts if text in response.text}
                assert not left, (page.name, left)


def test_errors_are_in_english_too(house: Any) -> None:
    texts = dutch_texts()
    browser = house.browser("w.een")
    browser.cookies[LANGUAGE_COOKIE] = "en"
    answers = [
        browser.get("/team"),
        browser.get("/nergens"),
        browser.get("/openen?kaartje=x"),
        browser.get("/raadplegingen/00000000-0000-0000-0000-000000000000"),
        browser.get("/caseload/00000000-0000-0000-0000-000000000000/raadplegen"),
        browser.get("/vragen/V-2222-2222"),
        browser.request("POST", "/sessie", data={}),
        browser.post("/vervanging", {"vervanger": "niemand", "van": "32-1-2026", "tot": ""}),
        browser.post("/rol", {"rol": "x"}),
    ]
    for response in answers:
        assert response.status_code in {400, 403, 404, 415}, response.url
        assert not {text for text in texts if text in response.text}, response.url
