"""Three ways of working: thumbs on a phone, a keyboard and nothing else, and a browser without JavaScript."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from playwright.sync_api import Locator, Page, expect

from .places import HANDS
from .sights import RINGS
from .stage import PHONE, WAIT_MS

STOPS_MAX = (
    150  # more presses of Tab than any page has stops: whatever was not found by then cannot be reached
)
# Where the focus is, and how that looks; the label stands for a choice that has one.
AT_FOCUS = f"""async (wanted) => {{{RINGS}
  const each = document.activeElement;
  if (each === document.body || each === null) return null;
  const inSight = (one) => {{
    const box = one.getBoundingClientRect();
    return box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  }};
  const isSeen = () => [each, ...(each.labels || [])].some(inSight);
  // The page scrolls to the focus in a frame of its own.
  for (let frame = 0; !isSeen() && frame < 60; frame += 1) await new Promise(requestAnimationFrame);
  const shown = {{ seen: isSeen(), visible: each.matches(':focus-visible'), ...ring(each) }};
  return {{ html: each.outerHTML.slice(0, 120), reached: wanted.includes(each), ...shown }};
}}"""


class Hand:
    """Works with a page as somebody with a mouse does, and counts the taps.

    Args:
        page: the page before her.
    """

    options: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, page: Page) -> None:
        self.page = page
        self.taps = 0

    # --- What she sees ------------------------------------------------------------------------------------------------

    @property
    def path(self) -> str:
        """Where she is."""
        return re.sub(r"^https?://[^/]+|[?#].*$", "", self.page.url)

    @property
    def heading(self) -> str:
        """The heading of the page."""
        return self._line(self.page.locator("h1:visible").inner_text())

    @property
    def text(self) -> str:
        """Everything in the page itself that is not folded away, on one line."""
        return self._line(self.page.locator("main").inner_text())

    def part(self, heading: str) -> str:
        """What stands under one heading."""
        found = self.page.locator("main section").filter(has=self.page.locator("h2", has_text=heading))
        return self._line(found.inner_text())

    @staticmethod
    def _line(text: str) -> str:
        return " ".join(text.split())

    # --- What she does ------------------------------------------------------------------------------------------------

    def open(self, path: str) -> None:
        """Type an address."""
        self.page.goto(path)

    def tap(self, text: str, within: str = "main") -> None:
        """Follow a link or press a button that leads somewhere, by the text it begins with."""
        found = self._named(within, "a, button", text)
        with self.page.expect_navigation(timeout=WAIT_MS):
            self._press(found)

    def press(self, text: str, within: str = "main") -> None:
        """Press a button that stays on the page, or fold something open."""
        self._press(self._named(within, "button, summary", text))

    def jump(self, text: str) -> None:
        """Follow a link to another place on the same page."""
        self._press(self._named("main", "a[href^='#']", text))

    def choose(self, label: str) -> None:
        """Choose a radio button or tick a box."""
        found = self._named("main", "label", label)
        self._pick(found)
        expect(self._field(found)).to_be_checked()

    def fill(self, label: str, text: str) -> None:
        """Type into a field."""
        self.page.get_by_label(label, exact=True).fill(text)

    def select(self, label: str, option: str) -> None:
        """Choose from a list."""
        self.page.get_by_label(label, exact=True).select_option(label=option)

    def _named(self, within: str, kinds: str, text: str) -> Locator:
        begins = re.compile(rf"^\s*{re.escape(text)}")
        return self.page.locator(within).locator(kinds).filter(has_text=begins).filter(visible=True)

    def _press(self, found: Locator) -> None:
        found.click()
        self.taps += 1

    def _field(self, label: Locator) -> Locator:
        return self.page.locator(f"[id='{label.get_attribute('for')}']")

    def _pick(self, label: Locator) -> None:
        self._press(label)


class Thumbs(Hand):
    """On a phone, by touch."""

    options: ClassVar[Mapping[str, Any]] = {"viewport": PHONE, "has_touch": True, "is_mobile": True}

    def _press(self, found: Locator) -> None:
        found.tap()
        self.taps += 1


class WithoutScript(Hand):
    """With JavaScript switched off."""

    options: ClassVar[Mapping[str, Any]] = {"viewport": PHONE, "java_script_enabled": False}


class Keys(Hand):
    """With the keyboard alone; whatever gets the focus on the way must show it."""

    def fill(self, label: str, text: str) -> None:
        """Type into a field."""
        self._reach(self.page.get_by_label(label, exact=True))
        self.page.keyboard.type(text)

    def select(self, label: str, option: str) -> None:
        """Go down the list until it shows the option."""
        found = self.page.get_by_label(label, exact=True)
        self._reach(found)
        for _ in range(found.locator("option").count()):
            if found.locator("option:checked").inner_text() == option:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{label} does not offer {option}")

    def _press(self, found: Locator) -> None:
        self._reach(found)
        self.page.keyboard.press("Enter")
        self.taps += 1

    def _pick(self, label: Locator) -> None:
        """Tab stops once at a group of radio buttons; arrows go on from there and choose."""
        field = self._field(label)
        if field.get_attribute("type") == "radio":
            group = self.page.locator(f"input[name='{field.get_attribute('name')}']")
            self._reach(group)
            for _ in range(group.count()):
                if field.evaluate("each => each === document.activeElement"):
                    break
                self.page.keyboard.press("ArrowDown")
            if not field.is_checked():
                self.page.keyboard.press("Space")
        else:
            self._reach(field)
            self.page.keyboard.press("Space")
        self.taps += 1

    def _reach(self, wanted: Locator) -> None:
        """Press Tab until one of these has the focus."""
        for presses in range(STOPS_MAX):
            at = wanted.evaluate_all(AT_FOCUS)
            if at is not None and presses:
                fine = at["seen"] and at["visible"] and at["width"] >= 2 and at["contrast"] >= 3
                assert fine, f"does not show that it has the focus: {at}"
            if at is not None and at["reached"]:
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not reach {wanted}")


WAYS: Mapping[str, type[Hand]] = dict(zip(HANDS, (Thumbs, Keys, WithoutScript), strict=True))
