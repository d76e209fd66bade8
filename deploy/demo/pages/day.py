"""A day at the wijkteam, on the pages: sign in, look, doubt a signal, arrange a cover, confirm a case, follow a link.

Every page is asked for over HTTP and read as it stands there; so is the sign-in at the identity provider.
"""

import re
from collections import Counter
from datetime import timedelta

import httpx

from deploy.demo.identity.accounts import CLIENT
from deploy.demo.looks import HOME_VISIT, expected
from deploy.demo.municipality import Case
from deploy.demo.organisations import (
    ADMINISTRATORS,
    CASE_SYSTEM,
    MARGA,
    NOOR,
    PEPIJN,
    SAMIRA,
    WORK_AND_INCOME,
    Employee,
)
from deploy.demo.pages.browser import Browser
from deploy.demo.parties import ENTRANCE, SCOPE
from deploy.demo.report import check
from deploy.demo.setting_up import Demo

COVER_DAYS = 5
SIGNALS = '//*[@id="signalen"]//li'
CASE = re.compile(r"WT-[0-9]{4}-[0-9]{4}")
REFERENCE = re.compile(r"V-[0-9A-Z]{4}-[0-9A-Z]{4}")


def work_a_day(demo: Demo) -> None:
    """Everything there is to see afterwards, done by the people themselves."""
    with Browser(demo.index_url) as noors:
        sign_in(demo, noors, NOOR)
        prepare_a_visit(demo, noors)
        doubt_a_signal(demo, noors)
        follow_a_link(demo, noors)
        read_messages(demo, noors)
    arrange_a_cover(demo)


def sign_in(demo: Demo, browser: Browser, employee: Employee) -> None:
    """Sign in at the identity provider, and come back signed in."""
    browser.open("/")
    browser.follow("Inloggen")
    check(browser.url.startswith(demo.ports.sign_in), "signing in happens at the identity provider")
    check(f"client_id={CLIENT}" in browser.url, "the index says who asks")
    check("code_challenge_method=S256" in browser.url, "the way back is tied to this browser (PKCE)")
    browser.press(employee.name)
    check(any("/inloggen/terug" in each for each in browser.way), "the provider sends her back to the index")
    check(browser.url.startswith(demo.index_url), "she is back at the index")
    greeted = browser.texts('//header//*[contains(@class, "account__who")]')
    check(any(employee.name in each for each in greeted), f"the page knows {employee.name}")


def prepare_a_visit(demo: Demo, browser: Browser) -> None:
    """Choose a case, say what for, and see the same signals as over the API."""
    report, case = demo.report, demo.place.case_of("several")
    report.step(f"{NOOR.name} signs in and prepares the visit on the pages, case {case.reference}")
    report.line(f"Signed in at {demo.ports.sign_in}, with a second factor, and back at {browser.url}")
    check(browser.heading == "Mijn caseload", "a worker begins at her caseload")
    look(demo, browser, case)
    signals = browser.texts(SIGNALS)
    help_running = sum(expected(demo, case, later=True).values())
    check(len(signals) == help_running, f"the page has a card for each of {help_running} kinds of help")
    behind = [each for each in signals if ADMINISTRATORS.name in each]
    check(len(behind) == 1, "what a source said that is out of date is still shown")
    areas = Counter(browser.texts('//*[@id="signalen"]//section[.//li]/h2'))
    report.line(f"{help_running} signals in {len(areas)} areas of life, at {browser.url}:")
    for signal in signals:
        report.line(f"  {signal}")


def look(demo: Demo, browser: Browser, case: Case, informed: str = "nog-niet") -> None:
    """From the caseload, or from the step before the signals, to the signals."""
    asking = f"/caseload/{case.relation_id}/raadplegen"
    if not browser.url.endswith(asking):
        browser.open(asking)
    check(browser.heading == case.reference, f"this is the step before the signals of {case.reference}")
    chosen = browser.values("//input[@type='radio'][@checked]/@value")
    check(not chosen, "nothing is chosen beforehand")
    browser.press("Toon signalen", {"doel": HOME_VISIT, "inwoner": informed})
    demo.looks[httpx.codes.OK] += 1


def doubt_a_signal(demo: Demo, browser: Browser) -> None:
    """Ask a source to look into a signal, and learn which number to mention on the phone."""
    view = browser.url
    browser.follow("Klopt dit niet?")
    (key,) = browser.values('//*[input[@name="signaal"]][contains(., "bijstandsuitkering")]/input/@value')
    browser.press("Laat nakijken", {"signaal": key})
    found = REFERENCE.search(" ".join(browser.texts("//main")))
    check(found is not None, "she gets a number for her question")
    assert found is not None
    demo.report.line(f"She doubts a signal: question {found[0]}, to be mentioned on the phone.")
    browser.open(view)
    marked = [each for each in browser.texts(SIGNALS) if "nagekeken" in each]
    check(len(marked) == 1, "the signal is marked as being looked into")


def follow_a_link(demo: Demo, browser: Browser) -> None:
    """Come in from the regiesysteem, at the step before the signals; the link works once."""
    case = demo.place.case_of("several")
    link = fresh_link(demo, case)
    check(browser.open(link) == httpx.codes.OK, "a link of the regiesysteem opens the case")
    check(browser.heading == case.reference, "at the step before the signals, not at the signals")
    check(browser.open(link) == httpx.codes.FORBIDDEN, "a second time the same link opens nothing")
    demo.report.line(f"A link of {CASE_SYSTEM.name} opens the case, once, and shows nothing by itself.")


def link_words(demo: Demo, case: Case) -> list[str]:
    """The command with which the regiesysteem makes a link for the worker of this case."""
    return [
        *("entrance", "link", "--key", str(demo.folders.entrance), "--issuer", ENTRANCE),
        *("--audience", f"index:{SCOPE}", "--site", demo.index_url),
        *("--worker", case.worker.staff_id, "--relation", str(case.relation_id)),
    ]


def fresh_link(demo: Demo, case: Case) -> str:
    """A link that is good for two minutes."""
    return demo.commands.run(*link_words(demo, case), secret=True).strip()


def read_messages(demo: Demo, browser: Browser) -> None:
    """What is due for Noor: none of it says which help there is."""
    browser.follow("Berichten")
    headings = browser.texts("//main//section[.//li]/h2")
    text = " ".join(browser.texts("//main"))
    check("Vertel de inwoner dat u keek" in headings, "she is reminded to tell the resident")
    check(ADMINISTRATORS.name in text, "she hears which source is out of date")
    check(WORK_AND_INCOME.name not in text, "and nothing about help that runs")
    demo.report.line(f"Her messages: {'; '.join(headings)}.")


def confirm_a_case(demo: Demo, case: Case) -> None:
    """The team leader confirms a case on her page; another one is left for whoever opens the demonstration."""
    with Browser(demo.index_url) as margas:
        sign_in(demo, margas, MARGA)
        check(margas.heading == "Te bevestigen", "a team leader begins at what waits for her")
        waiting = margas.texts("//main//li//h2")
        check(case.reference in waiting, f"case {case.reference} waits for her")
        margas.press(f"Bevestigen ({case.reference})")
        left = margas.texts("//main//li//h2")
    check(len(left) == len(waiting) - 1 > 0, "one case fewer waits, and one is left")


def arrange_a_cover(demo: Demo) -> None:
    """Pepijn goes on leave, and Samira sees his cases beside her own."""
    report, today = demo.report, demo.place.today
    until = today + timedelta(days=COVER_DAYS)
    report.step(f"{PEPIJN.name} goes on leave and asks {SAMIRA.name} to stand in")
    with Browser(demo.index_url) as pepijns:
        sign_in(demo, pepijns, PEPIJN)
        pepijns.follow("Vervanging")
        days = {"van": f"{today:%d-%m-%Y}", "tot": f"{until:%d-%m-%Y}"}
        chosen = {"vervanger": SAMIRA.staff_id, "reden": "vrij-of-verlof", **days}
        pepijns.press("Regel vervanging", chosen)
        check("geregeld" in " ".join(pepijns.texts("//main")), "the cover is arranged")
    with Browser(demo.index_url) as samiras:
        sign_in(demo, samiras, SAMIRA)
        headings = samiras.texts("//main//h2")
        cases = set(CASE.findall(" ".join(samiras.texts("//main"))))
    check(any(PEPIJN.name in each for each in headings), "Samira sees whom she stands in for")
    report.line(f"Until {until:%d-%m-%Y} {SAMIRA.name} sees {len(cases)} cases: her own, and his.")
