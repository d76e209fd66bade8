"""Looks at one page the way a reviewer would, and writes down everything the tests ask about, in one load."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page, Request, ViewportSize

from .stage import DESK, PHONE

NARROW: ViewportSize = {"width": 320, "height": 640}
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice")
RULES = {"target-size": {"enabled": True}}
OPTIONS = {
    "runOnly": {"type": "tag", "values": TAGS},
    "resultTypes": ["violations", "incomplete"],
    "preload": False,  # style sheets are asked for by no rule that is on
    "selectors": False,  # a third of the time; the markup says as well which element it is
}
# Where to leave pictures of every page at both widths, for eyes; none are made without it.
PICTURES = os.environ.get("PAGE_PICTURES")

# Everything closed is opened, so that what is inside is looked at too. The menu of roles lies over the page.
UNFOLD = "() => { for (const each of document.querySelectorAll('details:not(.si-roles)')) each.open = true }"
OVERFLOW = """() => {
  const beyond = [...document.querySelectorAll('body *')].filter((each) =>
    each.checkVisibility() && !each.closest('.si-scroll, .si-visually-hidden') &&
    each.getBoundingClientRect().right > innerWidth + 0.5);
  const by = document.documentElement.scrollWidth - innerWidth;
  return by > 0 ? [`${by} px`, ...beyond.slice(0, 3).map((each) => each.outerHTML.slice(0, 90))] : [];
}"""
# Thumbs need 44 px; a link in the middle of a sentence is as high as its line.
SMALL = """() => [...document.querySelectorAll('a[href], button, summary, select, input[type=text], .si-choice__label')]
  .filter((each) => each.checkVisibility({ visibilityProperty: true }) && !each.matches('.utrecht-skip-link'))
  .filter((each) => getComputedStyle(each).display !== 'inline')
  .filter((each) => each.getBoundingClientRect().height < 43.5)
  .map((each) => `${each.getBoundingClientRect().height} px: ${each.outerHTML.slice(0, 90)}`)"""
# WCAG 1.4.12: whoever needs more space between letters, words and lines loses nothing.
OVERFLOW_WHEN_SPACED = f"""() => {{
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* {{ line-height: 1.5 !important; letter-spacing: .12em !important;
    word-spacing: .16em !important }} p {{ margin-block-end: 2em !important }}`);
  document.adoptedStyleSheets = [sheet];
  const found = ({OVERFLOW})();
  document.adoptedStyleSheets = [];
  return found;
}}"""
# How the focus shows: the widest ring on the element or on the label that stands for it, and its contrast with what
# it is drawn on. A ring that is there without focus does not count.
RINGS = """
  const rgb = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const contrast = (a, b) => {
    const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  const ground = (each) => {
    for (let at = each; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const own = (each) => {
    const style = getComputedStyle(each);
    const width = style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth);
    const inside = parseFloat(style.outlineOffset) < 0;
    const under = ground(inside ? each : each.parentElement);
    const outline = { width, contrast: contrast(rgb(style.outlineColor), under) };
    const shadow = /^(rgba?\\([^)]*\\)) 0px 0px 0px ([\\d.]+)px/.exec(style.boxShadow);
    if (!shadow || Number(shadow[2]) <= width) return outline;
    return { width: Number(shadow[2]), contrast: contrast(rgb(shadow[1]), ground(each.parentElement)) };
  };
  const ring = (each) => [each, ...(each.labels || [])].map(own).sort((a, b) => b.width - a.width)[0];
"""
FOCUSABLE = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']"
UNSEEN_FOCUS = f"""() => {{{RINGS}
  const faults = [], modal = document.querySelector('dialog:modal');
  document.activeElement?.blur();
  for (const each of document.querySelectorAll("{FOCUSABLE}")) {{
    if (!each.checkVisibility({{ visibilityProperty: true }}) || each.disabled) continue;
    if (modal && !modal.contains(each)) continue;
    const before = ring(each);
    each.focus({{ focusVisible: true }});
    const after = ring(each);
    const seen = each.matches(':focus-visible') && after.width >= 2 && after.contrast >= 3 && before.width < 2;
    if (!seen) faults.push(`${{each.outerHTML.slice(0, 90)}} ${{JSON.stringify([before, after])}}`);
  }}
  document.activeElement.blur();
  return faults;
}}"""


@dataclass
class Sight:
    """What was seen of one page.

    Args:
        url: where it is.
        status: of the answer.
        html: as the browser holds it.
        text: as a person reads it.
        weight: bytes over the wire of the page and everything it needs, with nothing kept from before.
        requests: every address it asked for.
        said: what the browser complained about.
        inline: elements with a style or a script of their own.
        axe: faults by width.
        overflow: what makes the page scroll sideways at 320 px.
        unfocused: elements that do not show that they have the focus.
        small: what is less than 44 px high on a phone and has to be tapped.
    """

    url: str
    status: int
    html: str
    text: str
    weight: int
    requests: Sequence[str]
    said: Sequence[str] = ()
    inline: Sequence[str] = ()
    axe: dict[int, list[Mapping[str, Any]]] = field(default_factory=dict)
    overflow: Sequence[str] = ()
    unfocused: Sequence[str] = ()
    small: Sequence[str] = ()

    @property
    def path(self) -> str:
        """Without host and query."""
        return urlsplit(self.url).path


class Watch:
    """One page of a browser, with everything it sends and says since it last went somewhere.

    Args:
        context: a browser.
        home: address of the site.
    """

    def __init__(self, context: BrowserContext, home: str) -> None:
        self.page: Page = context.new_page()
        self.home = home
        self._sizes: tuple[ViewportSize, ...] = (DESK, PHONE, NARROW)
        self.requests: list[str] = []
        self.said: list[str] = []
        self.weight = 0
        self.status = 0
        wire = context.new_cdp_session(self.page)
        wire.send("Network.enable")
        wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
        wire.on("Network.loadingFinished", self._weigh)
        self.page.on("request", self._sent)
        self.page.on("response", self._answered)
        self.page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.said.append(f"error: {error}"))

    def _weigh(self, event: Mapping[str, Any]) -> None:
        self.weight += int(event["encodedDataLength"])

    def _sent(self, request: Request) -> None:
        if request.is_navigation_request():
            if not request.url.startswith(self.home):
                return  # she leaves; that is no part of a page
            self.requests, self.said, self.weight = [], [], 0
        self.requests.append(request.url)

    def _answered(self, response: Any) -> None:
        if response.request.is_navigation_request() and response.url.startswith(self.home):
            self.status = response.status

    def look(self, name: str, *, thorough: bool = False) -> Sight:
        """Look at the page that is there now, at a desk, on a phone and narrower still.

        Args:
            name: of its pictures.
            thorough: judge the contrast of texts at both widths; else at the width that comes first, which takes
                turns. Colours are the same at every width, and contrast is more work than all other rules together.
        """
        page = self.page
        page.wait_for_load_state("load")
        sight = Sight(
            url=page.url,
            status=self.status,
            html=page.content(),
            text=page.inner_text("body"),
            weight=self.weight,
            requests=tuple(self.requests),
            inline=page.eval_on_selector_all(
                "[style], style, script:not([src])", "all => all.map((each) => each.outerHTML.slice(0, 90))"
            ),
        )
        self._picture(name)
        page.evaluate(UNFOLD)
        page.evaluate(AXE)
        for size in self._sizes:
            page.set_viewport_size(size)
            if size == NARROW:
                sight.overflow = [*page.evaluate(OVERFLOW), *page.evaluate(OVERFLOW_WHEN_SPACED)]
            else:
                sight.axe[size["width"]] = self._axe(contrast=thorough or not sight.axe)
            if size == PHONE:
                sight.small = page.evaluate(SMALL)
        sight.unfocused = page.evaluate(UNSEEN_FOCUS)
        sight.said = tuple(self.said)
        # The next page begins at the width where this one ended: a change of width costs as much as a page.
        self._sizes = self._sizes[::-1]
        return sight

    def _axe(self, *, contrast: bool) -> list[Mapping[str, Any]]:
        rules = {**RULES, "color-contrast": {"enabled": contrast}}
        found: list[Mapping[str, Any]] = self.page.evaluate(
            """async (options) => {
              const found = await axe.run(options);
              const told = (kind) => found[kind].flatMap((rule) => rule.nodes.map((node) => ({
                kind, rule: rule.id, where: node.html.slice(0, 120),
                why: [...node.any, ...node.all, ...node.none].map((each) => each.message).join(' ').slice(0, 200),
              })));
              return [...told('violations'), ...told('incomplete')];
            }""",
            {**OPTIONS, "rules": rules},
        )
        return found

    def _picture(self, name: str) -> None:
        if PICTURES is None:
            return
        for size in (PHONE, DESK):
            self.page.set_viewport_size(size)
            file = Path(PICTURES, f"{re.sub(r'[^A-Za-z]+', '-', name)}-{size['width']}.png")
            self.page.screenshot(path=file, full_page=True)
