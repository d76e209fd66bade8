"""A browser without JavaScript that walks the site as a person does: it reads, taps links and fills in forms."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urljoin

import lxml.html
import pytest
from lxml.html import HtmlElement

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TAPPABLE = (
    "//*[self::a or self::button][not(ancestor-or-self::*[@hidden])]"
    "[normalize-space(.) = $wanted or .//*[normalize-space(.) = $wanted]]"
)
LABEL = "//main//label[starts-with(normalize-space(.), $wanted)]"
PRESET = ".//input[@type='hidden' or @type='text' or ((@type='radio' or @type='checkbox') and @checked)]"
MOMENT = re.compile(rb'data-(?:ends|served)-at="[^"]*"|\b\d{2}:\d{2}\b')
VIEW = re.compile(r"/raadplegingen/([0-9a-f-]{36})")


class Walker:
    """One person at one browser.

    Args:
        house: the site and its people.
        staff_id: who is signed in.
        **session: what else `House.browser` takes.
    """

    def __init__(self, house: Any, staff_id: str = "w.een", **session: Any) -> None:
        self.world = house.world
        self._browser = house.browser(staff_id, **session)
        self._headers = house.SAME_ORIGIN
        self._chosen: dict[str, list[str]] = {}
        self.taps = 0

    # --- What is on the screen ------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """What stands in the page itself, on one line."""
        return _line(self.find("//main"))

    @property
    def heading(self) -> str:
        """The one heading of the page that is not hidden."""
        return _line(self.find("//h1[not(ancestor::*[@hidden])]"))

    def headings(self, level: str = "h2") -> list[str]:
        """Headings of the page itself, from top to bottom."""
        return [_line(each) for each in self.all(f"//main//{level}[not(ancestor::*[@hidden])]")]

    def all(self, xpath: str, **names: str) -> list[HtmlElement]:
        """Every element this finds."""
        found: list[HtmlElement] = self._tree.xpath(xpath, **names)
        return found

    def find(self, xpath: str, **names: str) -> HtmlElement:
        """The one element this finds."""
        found = self.all(xpath, **names)
        assert len(found) == 1, f"{xpath} {names} is there {len(found)} times in {self.path}: {self.text}"
        return found[0]

    def offers(self, text: str) -> bool:
        """Whether there is a link or a button with this text."""
        return bool(self.all(TAPPABLE, wanted=text))

    @property
    def view(self) -> str:
        """Id of the view this page is about."""
        match = VIEW.search(self.path)
        assert match is not None, self.path
        return match[1]

    def masked(self) -> bytes:
        """The page's bytes with its view and its times masked, and nothing else."""
        return bytes(MOMENT.sub(b"TIME", self.content.replace(self.view.encode(), b"VIEW")))

    # --- What a person does ---------------------------------------------------------------------------------------

    def open(self, path: str) -> "Walker":
        """Type an address."""
        return self._go("GET", path)

    def refresh(self) -> "Walker":
        """Ask for the page that is on the screen once more."""
        return self._go("GET", self.path)

    def choose(self, label: str) -> "Walker":
        """Tap a radio button or a checkbox."""
        field = self.find(f"//*[@id='{self.find(LABEL, wanted=label).get('for')}']")
        values = self._chosen.setdefault(str(field.get("name")), [])
        if field.get("type") == "radio":
            values.clear()
        values.append(str(field.get("value")))
        self.taps += 1
        return self

    def fill(self, label: str, text: str) -> "Walker":
        """Type into a text field, or choose from a list by what it shows."""
        field = self.find(f"//*[@id='{self.find(LABEL, wanted=label).get('for')}']")
        if field.tag == "select":
            text = next(str(each.get("value")) for each in field.iter("option") if _line(each) == text)
        self._chosen[str(field.get("name"))] = [text]
        return self

    def tap(self, text: str) -> "Walker":
        """Tap a link or a button; a button sends its form with what was chosen."""
        found = self.find(TAPPABLE, wanted=text)
        self.taps += 1
        if found.tag == "a":
            return self._go("GET", urljoin(self.path, str(found.get("href"))))
        form = next(found.iterancestors("form"))
        assert form.get("method") == "post"
        return self._go("POST", str(form.get("action")), self._filled(form, found))

    def send(self, path: str, *fields: tuple[str, str]) -> "Walker":
        """Send a form that is on no page, with the token of the session."""
        token = str(self.all("//input[@name='csrf']")[0].get("value"))
        return self._go("POST", path, [("csrf", token), *fields])

    def _filled(self, form: HtmlElement, button: HtmlElement) -> list[tuple[str, str]]:
        own = {str(each.get("name")) for each in form.xpath(".//input | .//select | .//textarea")}
        assert self._chosen.keys() <= own, "something was chosen in another form"
        preset = [(str(each.get("name")), str(each.get("value"))) for each in form.xpath(PRESET)]
        lists = form.xpath(".//select")
        preset += [(str(each.get("name")), str(each.value or "")) for each in lists]
        fields = [(name, value) for name, value in preset if name not in self._chosen]
        fields += [(name, value) for name, values in self._chosen.items() for value in values]
        if button.get("name"):
            fields.append((str(button.get("name")), str(button.get("value"))))
        return fields

    def _go(self, method: str, path: str, fields: list[tuple[str, str]] | None = None) -> "Walker":
        self._chosen = {}
        path = path.partition("#")[0]
        content = (
            {} if fields is None else {"content": urlencode(fields), "headers": {**self._headers, **FORM}}
        )
        response = self._browser.request(method, path, **content)
        if response.is_redirect:
            assert response.status_code == 303, response.status_code
            return self._go("GET", urljoin(path, response.headers["location"]))
        self.path, self.status, self.content = path, response.status_code, response.content
        self.headers = response.headers
        self._tree = lxml.html.fromstring(response.text)
        return self


def _line(element: HtmlElement) -> str:
    return " ".join(element.text_content().split())


@pytest.fixture
def walk(house: Any) -> Callable[..., Walker]:
    """A worker at her browser, in the world of the test or in another one."""

    def at(world: Any = None, staff_id: str = "w.een", **session: Any) -> Walker:
        return Walker(house if world is None else type(house)(world), staff_id, **session)

    return at
