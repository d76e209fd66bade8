"""What stands around every page: headers, host, roles, forms from elsewhere, languages and errors.

What depends on how a request is spelled, byte by byte, is in `test_wire.py`.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from starlette.exceptions import HTTPException
from starlette.responses import Response

from policy.rulesets import bundled, load
from policy.vocabulary import Role
from signal_index.errors import Conflict, NotFound, Unavailable
from signal_index.web.frame import HEADERS, PAGE_HEADERS
from signal_index.web.pages.site import PAGES, checked, pages_app
from signal_index.web.pages.visits import NOT_THIS_ROLE, PUBLIC, SESSION_COOKIE, SIGNED_IN, Guest, Page

# Everybody who can come: staff id, and the role that is active.
CALLERS = {
    "w.een": Role.TEAM_MEMBER.value,
    "t.lead": Role.TEAM_LEAD.value,
    "w.leidt": Role.TEAM_MEMBER.value,
    "p.officer": Role.PRIVACY_OFFICER.value,
    "f.beheer": Role.FUNCTIONAL_ADMIN.value,
    "b.bron": Role.SOURCE_ADMIN.value,
    "w.niets": None,
}
FORMS = [page for page in PAGES if page.post]
READABLE = [page for page in PAGES if page.get and not page.sign_in_memory]
FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}
# Not within the digest of a set of rules, which is hexadecimal and stands on pages.
NINE_DIGITS = re.compile(r"(?<![\da-f])\d{9}(?![\da-f])")
IDENTIFIER = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
INLINE = re.compile(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)", re.IGNORECASE)
# A law to read elsewhere is for whoever taps it; nothing of it is loaded.
LAWS = re.compile(
    "|".join(
        r'<a class="utrecht-link utrecht-link--html-a(?: si-link)?" href="' + re.escape(each) + '"'
        for each in {basis.source_url for basis in load(bundled()).catalogue.legal_bases}
    )
)
ELSEWHERE = re.compile(r"""(?:href|src|action)=["'](?!/(?!/)|#|tel:|mailto:)[^"']*""")


def path_of(page: Page) -> str:
    """A path of this page, with identifiers nobody knows."""
    return re.sub(
        r"\{\w+:(\w+)\}", lambda match: str(uuid4()) if match[1] == "uuid" else "V-2222-2222", page.path
    )


def pages_of(house: Any, staff_id: str) -> Iterator[tuple[Page, Any]]:
    """Every page that can be read, as this member of staff gets it."""
    browser = house.browser(staff_id)
    for page in READABLE:
        yield page, browser.get(path_of(page))


def passes_eleven_test(digits: str) -> bool:
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return sum(w * int(d) for w, d in zip(weights, digits, strict=True)) % 11 == 0 and int(digits) > 0


# --- Headers and host ---------------------------------------------------------------------------------------------


def test_every_page_has_the_headers_of_a_page_and_is_never_kept_or_compressed(house: Any) -> None:
    browser = house.browser("w.een")
    for path in ("/caseload", "/hulp", "/nergens", "/team", "/inloggen"):
        response = browser.get(path, headers={"Accept-Encoding": "gzip"})
        for name, value in PAGE_HEADERS.items():
            assert response.headers[name] == value, (path, name)
        assert response.headers["cache-control"] == "no-store"
        assert "content-encoding" not in response.headers
        assert "api-version" not in response.headers


def test_the_policy_of_a_page_lets_nothing_in_from_elsewhere_and_nothing_inline(house: Any) -> None:
    policy = house.browser().get("/hulp").headers["content-security-policy"]
    directives = {part.split()[0]: part.split()[1:] for part in policy.split(";")}
    assert directives["default-src"] == ["'none'"]
    assert directives["form-action"] == ["'self'"]
    assert directives["require-trusted-types-for"] == ["'script'"]
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "data:", "https:"} & {
        source for sources in directives.values() for source in sources
    }


def test_no_page_needs_what_its_policy_refuses(house: Any) -> None:
    for staff_id in CALLERS:
        for page, response in pages_of(house, staff_id):
            assert not INLINE.search(response.text), page.name
            assert not ELSEWHERE.search(LAWS.sub("", response.text)), page.name


def test_the_json_interface_keeps_its_own_headers_and_errors(house: Any) -> None:
    response = house.browser().get("/v1/nergens")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    for name, value in HEADERS.items():
        assert response.headers[name] == value
    wrong_method = house.browser().request("DELETE", "/v1/zorgrelaties")
    assert (wrong_method.status_code, wrong_method.headers["allow"]) == (405, "GET, HEAD")


def test_pages_do_not_exist_without_settings_for_them(world: Any) -> None:
    response = world.request("GET", "/caseload")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


def test_another_host_gets_nothing(house: Any) -> None:
    browser = house.browser("w.een")
    for host in (
        "evil.example", "index.test.evil.example", "index.test:444", "index.test.", "INDEX.TEST", "index.test@evil",
        "", "127.0.0.1", "index.test, evil.example",
    ):  # fmt: skip
        response = browser.get("/caseload", headers={"Host": host})
        assert response.status_code == 421, host
        assert "Signaalindex" not in response.text


def test_a_theme_of_the_municipality_is_served_from_the_site_itself(
    new_house: Callable[..., Any], tmp_path: Path
) -> None:
    theme = tmp_path / "gemeente.css"
    theme.write_text(":root { --kleur: teal }", encoding="utf-8")
    browser = new_house(theme=theme).browser()
    found = re.findall(r'href="(/static/own-theme\.[0-9a-f]+\.css)"', browser.get("/hulp").text)
    assert len(found) == 1
    assert browser.get(found[0]).text == ":root { --kleur: teal }"


# --- Who may see what ---------------------------------------------------------------------------------------------


def test_a_page_cannot_be_declared_without_saying_for_whom() -> None:
    with pytest.raises(TypeError, match="roles"):
        Page("/geheim", "geheim", get=print)  # type: ignore[call-arg,arg-type]


@pytest.mark.parametrize(("path", "name"), [("/hulp", "nieuw"), ("/nieuw", "help")])
def test_two_pages_with_one_path_or_name_and_nothing_starts(path: str, name: str) -> None:
    help_page = next(page for page in PAGES if page.name == "help")
    with pytest.raises(ValueError, match="two pages"):
        checked([*PAGES, Page(path, name, roles=PUBLIC, get=help_page.get)])


def test_a_page_that_answers_nothing_and_nothing_starts() -> None:
    with pytest.raises(ValueError, match="answer nothing"):
        checked([Page("/leeg", "leeg", roles=PUBLIC)])


def test_a_page_that_belongs_to_none_and_nothing_starts() -> None:
    help_page = next(page for page in PAGES if page.name == "help")
    with pytest.raises(ValueError, match="sections"):
        checked([*PAGES, Page("/kwijt", "lost", roles=PUBLIC, section="nergens", get=help_page.get)])


def test_every_page_lets_in_exactly_the_roles_it_declares(house: Any) -> None:
    house.fill()
    for staff_id, role in CALLERS.items():
        for page in PAGES:
            if page.name in {"sign_out", "role", "sign_in_start", "sign_in_return"}:
                continue  # they end or begin a session; below, and in test_sign_in.py
            browser = house.browser(staff_id)
            for method in [*(["get"] if page.get else []), *(["post"] if page.post else [])]:
                response = getattr(browser, method)(path_of(page))
                turned_away = response.status_code == 403 and NOT_THIS_ROLE in response.text
                declared = not page.roles or role in page.roles
                assert turned_away is not declared, (page.name, method, staff_id)
                assert response.status_code < 500, (page.name, method, staff_id)


def test_a_role_that_is_held_but_not_active_opens_nothing(house: Any) -> None:
    assert house.browser("w.leidt").get("/team").status_code == 403
    leading = house.browser("w.leidt", role=Role.TEAM_LEAD.value)
    assert leading.get("/team").status_code == 200
    assert leading.get("/caseload").status_code == 403


def test_who_is_turned_away_is_recorded(house: Any) -> None:
    house.browser("w.een").get("/team")
    record = house.world.records("action.refused")[0]
    assert {name: record.fields[name] for name in ("actor", "surface", "reason")} == {
        "actor": "w.een",
        "surface": "team",
        "reason": "role",
    }
    assert str(record.fields["token"]).startswith("session:")


def test_a_guest_gets_the_public_pages_and_is_otherwise_asked_to_sign_in(house: Any) -> None:
    house.fill()
    browser = house.browser()
    for page in READABLE:
        path = path_of(page)
        response = browser.get(path)
        if page.roles is PUBLIC:
            assert response.status_code == 200, page.name
        else:
            assert response.status_code == 303, page.name
            wanted = response.headers["location"].partition("?")[0]
            assert wanted == ("/inloggen/start" if page.name == "arrive" else "/inloggen"), page.name
    for page in FORMS:
        if page.roles is not PUBLIC:
            response = browser.post(path_of(page))
            assert (response.status_code, SESSION_COOKIE in response.headers.get("set-cookie", "")) == (
                303,
                False,
            )


def test_a_cookie_we_never_gave_is_nobody(house: Any) -> None:
    browser = house.browser()
    for cookie in ("", "x", "A" * 42, "A" * 43, "A" * 44, "ü" * 43, "../" * 15, "A" * 5000):
        response = browser.get("/caseload", headers={"Cookie": f"{SESSION_COOKIE}={cookie}".encode()})
        assert response.status_code == 303, cookie


# --- Forms from elsewhere -----------------------------------------------------------------------------------------


def bad_forms(csrf: str, other: str) -> dict[str, tuple[dict[str, str], dict[str, str]]]:
    """Headers and fields a form from elsewhere could come with; the last three are about the token."""
    good = {"Sec-Fetch-Site": "same-origin"}
    token = {"csrf": csrf}
    return {
        "another site": ({"Sec-Fetch-Site": "cross-site"}, token),
        "a sibling host": ({"Sec-Fetch-Site": "same-site"}, token),
        "the address bar": ({"Sec-Fetch-Site": "none"}, token),
        "a site that says it is us": (
            {"Sec-Fetch-Site": "cross-site", "Origin": "https://index.test"},
            token,
        ),
        "an old browser elsewhere": ({"Origin": "https://evil.example"}, token),
        "an old browser that hides it": ({"Origin": "null"}, token),
        "no word of where from": ({}, token),
        "no token": (good, {}),
        "another token": (good, {"csrf": other}),
        "half a token": (good, {"csrf": csrf[:-1]}),
    }


def test_a_form_from_elsewhere_is_refused_on_every_path_that_takes_one(house: Any) -> None:
    stranger = house.browser("w.twee").csrf()
    by_role = {role: house.browser(staff_id) for staff_id, role in CALLERS.items() if role}
    before = len(house.world.records())
    tried = 0
    for page in FORMS:
        roles = page.roles or {Role.TEAM_MEMBER}
        browser = by_role[min(roles)]
        for what, (headers, fields) in bad_forms(browser.csrf(), stranger).items():
            if page.roles is PUBLIC and "token" in what:
                continue
            response = browser.request("POST", path_of(page), data=fields, headers=headers | FORM_TYPE)
            assert response.status_code == 403, (page.name, what)
            assert not response.headers.get_list("set-cookie"), (page.name, what)
            tried += 1
    assert tried > 10 * 9
    records = house.world.records()[: len(house.world.records()) - before]
    assert {(record.event, record.fields["reason"]) for record in records} == {("action.refused", "csrf")}


def test_an_old_browser_that_names_our_origin_may_send_its_form(house: Any) -> None:
    browser = house.browser("w.een")
    response = browser.request(
        "POST", "/sessie", data={"csrf": browser.csrf()}, headers={"Origin": house.ORIGIN}
    )
    assert response.status_code == 303


def test_a_body_that_is_no_form_of_ours_is_refused(house: Any) -> None:
    browser = house.browser("w.een")
    for headers, body, status in (
        ({"Content-Type": "application/json"}, b"{}", 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"", 415),
        (FORM_TYPE, b"a=" + b"b" * 70_000, 413),
        (FORM_TYPE, b"&".join(b"a=b" for _ in range(201)), 400),
        (FORM_TYPE, b"a=%ff", 400),
        (FORM_TYPE, b"a=\xc3\xa9", 400),
        (FORM_TYPE, b"a=%00", 400),
    ):
        response = browser.request("POST", "/sessie", content=body, headers=house.SAME_ORIGIN | headers)
        assert response.status_code == status, body[:20]
        assert response.headers["content-type"].startswith("text/html")


# --- Session ------------------------------------------------------------------------------------------------------


def test_switching_role_gives_a_new_cookie_and_form_token_and_kills_the_old_ones(house: Any) -> None:
    browser, copy = house.browser("w.leidt"), house.browser()
    copy.cookies = dict(browser.cookies)
    old_csrf = browser.csrf()
    response = browser.post("/rol", {"rol": Role.TEAM_LEAD.value})
    assert (response.status_code, response.headers["location"]) == (303, "/")
    assert browser.cookies != copy.cookies
    assert browser.get("/").headers["location"] == "/team"
    assert copy.get("/hulp").text.count("csrf") == 0
    assert copy.get("/caseload").status_code == 303
    assert browser.csrf() != old_csrf
    assert house.world.records("role.switched")[0].fields["role"] == Role.TEAM_LEAD.value


def test_a_role_she_does_not_hold_cannot_be_chosen(house: Any) -> None:
    browser = house.browser("w.een")
    before = dict(browser.cookies)
    assert browser.post("/rol", {"rol": Role.PRIVACY_OFFICER.value}).status_code == 403
    assert browser.cookies == before
    assert browser.get("/caseload").status_code == 200


def test_staying_signed_in_answers_a_script_briefly_and_a_form_with_the_page_it_came_from(house: Any) -> None:
    browser = house.browser("w.een")
    by_script = {"Accept": "application/json", "Sec-Fetch-Mode": "cors"}
    assert browser.post("/sessie", headers=by_script).status_code == 204
    assert browser.post("/sessie", {"terug": "/berichten"}).headers["location"] == "/berichten"
    assert browser.post("/sessie", {"terug": "//evil.example"}).headers["location"] == "/"
    browser.cookies[SESSION_COOKIE] = "A" * 43
    assert browser.post("/sessie", headers=by_script).status_code == 401


def test_signing_out_clears_the_browser_and_ends_the_session(house: Any) -> None:
    browser, copy = house.browser("w.een"), house.browser()
    copy.cookies = dict(browser.cookies)
    response = browser.post("/uitloggen")
    assert (response.status_code, response.headers["location"]) == (303, "/uitgelogd")
    assert response.headers["clear-site-data"] == '"cache", "storage"'
    assert browser.cookies == {}
    assert copy.get("/caseload").status_code == 303
    assert browser.post("/uitloggen").headers["location"] == "/uitgelogd"


def test_a_page_says_how_long_the_session_still_lasts(house: Any) -> None:
    browser = house.browser("w.een")
    assert 'data-idle-seconds="900" data-warning-seconds="120"' in browser.get("/caseload").text
    assert "data-idle-seconds" not in house.browser().get("/hulp").text


def test_the_beginning_is_where_her_role_works(house: Any) -> None:
    for staff_id, beginning in (
        ("w.een", "/caseload"),
        ("t.lead", "/team"),
        ("w.leidt", "/caseload"),
        ("b.bron", "/bron/signalen"),
    ):
        assert house.browser(staff_id).get("/").headers["location"] == beginning


def test_whoever_has_no_role_hears_that(house: Any) -> None:
    response = house.browser("w.niets").get("/")
    assert response.status_code == 200
    assert "U heeft nu geen rol." in response.text


def test_every_role_has_somewhere_to_begin(house: Any) -> None:
    assert set(CALLERS.values()) == {None, *(role.value for role in Role)}
    for staff_id in (each for each, role in CALLERS.items() if role is not None):
        assert house.browser(staff_id).get("/").status_code == 303


# --- Languages, errors, what is never on a page -------------------------------------------------------------------


def test_the_language_is_her_choice_then_her_browsers_then_dutch(house: Any) -> None:
    browser = house.browser()
    for cookie, accepted, lang in (
        ("", "", "nl"),
        ("", "en-GB,en;q=0.9", "en"),
        ("", "fr-FR,fr;q=0.9", "nl"),
        ("", "fr,en;q=0.3", "en"),
        ("", "nl,en;q=0.5", "nl"),
        ("", "nl;q=0.5,en", "en"),
        ("", "en;q=0", "nl"),
        ("en", "nl", "en"),
        ("nl", "en", "nl"),
        ("../../etc", "en", "en"),
        ("", "\xff;;q=,,;q=x,zz-" + "x" * 9000, "nl"),
    ):
        headers = {"Accept-Language": accepted.encode("latin-1"), "Cookie": f"__Host-taal={cookie}"}
        response = browser.get("/hulp", headers=headers)
        assert response.headers["content-language"] == lang, (cookie, accepted)
        assert f'<html lang="{lang}"' in response.text


def test_choosing_a_language_brings_her_back_to_the_same_page(house: Any) -> None:
    browser = house.browser("w.een")
    response = browser.post("/taal", {"taal": "en", "terug": "/vervanging"})
    assert (response.status_code, response.headers["location"]) == (303, "/vervanging")
    assert browser.get("/vervanging").headers["content-language"] == "en"
    browser.post("/taal", {"taal": "xx"})
    assert browser.get("/vervanging").headers["content-language"] == "en"


def test_an_unknown_path_is_a_page_that_leads_on(house: Any) -> None:
    for browser in (house.browser(), house.browser("w.een")):
        response = browser.get("/nergens")
        assert response.status_code == 404
        assert "Deze pagina bestaat niet" in response.text
        assert 'href="/"' in response.text
    wrong = house.browser().request("DELETE", "/hulp")
    assert (wrong.status_code, "GET" in wrong.headers["allow"]) == (405, True)


def raising(error: Exception) -> Callable[[Guest], Any]:
    async def handler(_: Guest) -> Response:
        raise error

    return handler


def test_every_error_is_a_page_and_an_unknown_one_keeps_its_secret(house: Any) -> None:
    browser = house.browser("w.een")
    for error, status, text in (
        (NotFound("weg", "Deze zaak vinden wij niet."), 404, "Deze zaak vinden wij niet."),
        (Conflict("botst", "Dit kan nu niet."), 409, "Dit kan nu niet."),
        (Unavailable("vol", "Probeer het zo nog eens.", 17), 503, "Probeer het zo nog eens."),
        (HTTPException(415), 415, "Dit formulier kunnen wij niet lezen."),
        (RuntimeError("geheim 123"), 500, "Probeer het later nog eens."),
    ):
        for roles in (PUBLIC, SIGNED_IN):
            broken = Page("/stuk", "broken", roles=roles, get=raising(error))
            browser.app = pages_app(house.site_with(broken), [*PAGES, broken])
            response = browser.get("/stuk")
            assert response.status_code == status
            assert text in response.text
            assert "geheim" not in response.text
            assert (response.headers.get("retry-after") == "17") is isinstance(error, Unavailable)
            assert all(response.headers[name] == value for name, value in PAGE_HEADERS.items())


def test_a_head_request_gets_the_headers_of_the_page_without_it(house: Any) -> None:
    browser = house.browser("w.een")
    page, head = browser.get("/caseload"), browser.request("HEAD", "/caseload")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == page.headers["content-length"]


def test_every_page_of_a_demonstration_says_that_nothing_is_real(new_house: Callable[..., Any]) -> None:
    house = new_house(demonstration=True)
    for page, response in pages_of(house, "w.een"):
        if response.status_code != 303:
            assert "Demonstratie: alles is verzonnen." in response.text, page.name


def test_only_a_demonstration_says_so(house: Any) -> None:
    assert "verzonnen" not in house.browser("w.een").get("/caseload").text


def test_no_page_holds_what_could_be_a_citizen_service_number(house: Any) -> None:
    for staff_id in CALLERS:
        for page, response in pages_of(house, staff_id):
            text = IDENTIFIER.sub("", response.text)  # one that was not chosen by anybody may hold any digits
            suspects = [digits for digits in NINE_DIGITS.findall(text) if passes_eleven_test(digits)]
            assert not suspects, page.name


def test_the_status_page_says_whether_the_index_can_answer(house: Any) -> None:
    house.fill()
    assert house.browser().get("/status").status_code == 200
    house.world.database.close()
    response = house.browser().get("/status")
    assert response.status_code == 503
