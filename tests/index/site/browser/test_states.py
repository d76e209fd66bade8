"""Every page in every state, looked at once: obstacles, weight, whom it calls, and numbers that could be a BSN.

It meets what a machine can check of WCAG 2.2 A and AA, and whoever cannot see or use a mouse finds the focus. This is
no statement of conformity: a person with a screen reader finds what no machine does.
"""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.routing import compile_path

from signal_index.web.pages.site import PAGES

from .office_states import EVERYWHERE as STATES
from .sights import Sight
from .states import Album, State

WEIGHT_MAX = 60_000

# Random identifiers and hashes may hold nine digits in a row; anything else that does could be somebody's number.
IDENTIFIER = re.compile(
    r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{12}\b|\b[0-9a-f]{16}\b|\b[0-9a-f]{64}\b"
)
NINE_DIGITS = re.compile(r"(?<!\d)\d{9}(?!\d)")
# What the browser says on the way out, which is good news.
CLEARED = re.compile(r"info: Clear-Site-Data header on .*: Cleared data types: .*")

# What axe leaves for a person to judge, with the judgement. Anything else it cannot decide is a fault.
JUDGED: dict[str, str] = {}

# Two buttons without a name and too small, pale text, text on a picture, an image without words, and a wide line.
PLANT = """() => {
  const add = (kind, style, text = '') => {
    const made = document.body.appendChild(document.createElement(kind));
    Object.assign(made.style, style);
    made.textContent = text;
  };
  for (let count = 0; count < 2; count += 1) {
    add('button', { width: '10px', height: '10px', padding: 0, outline: 'none', boxShadow: 'none' });
  }
  add('p', { color: '#bbb', background: '#fff' }, 'Wie leest dit?');
  add('p', { backgroundImage: 'linear-gradient(#fff, #000)' }, 'En wie dit?');
  add('img', {});
  add('p', { width: '2000px' }, 'Breed.');
}"""


@pytest.fixture(params=STATES, ids=[each.name for each in STATES])
def state(request: Any) -> State:
    """One page in one state."""
    found: State = request.param
    return found


@pytest.fixture
def sight(state: State, album: Album) -> Sight:
    """What is seen of it."""
    return album[state]


# --- Obstacles ----------------------------------------------------------------------------------------------------


def test_a_machine_finds_no_obstacle(state: State, sight: Sight) -> None:
    _check_obstacles(state, sight)


@pytest.mark.long
def test_a_machine_finds_no_obstacle_at_either_width(state: State, thorough_album: Album) -> None:
    _check_obstacles(state, thorough_album[state])


def _check_obstacles(state: State, sight: Sight) -> None:
    assert (sight.status, _page_at(sight.path)) == (state.status, state.page)
    assert set(sight.axe) == {390, 1280}
    faults = [
        f"{width}: {each['kind']} {each['rule']} {each['where']} {each['why']}"
        for width, found in sight.axe.items()
        for each in found
        if each["kind"] == "violations" or each["rule"] not in JUDGED
    ]
    assert not faults, "\n".join(faults)
    assert not sight.overflow, "scrolls sideways at 320 px"
    assert not sight.unfocused, "\n".join(["do not show the focus", *sight.unfocused])
    assert not sight.small, "\n".join(["too small for a thumb", *sight.small])


def _page_at(path: str) -> str | None:
    """Name of the page with this path."""
    found = [page.name for page in PAGES if compile_path(page.path)[0].fullmatch(path)]
    return found[0] if found else None


def test_every_page_is_looked_at() -> None:
    readable = {page.name for page in PAGES if page.get}
    assert not readable - {state.page for state in STATES}, "add a state for the page, in states.py"


def test_what_is_planted_is_found(album: Album) -> None:
    tour = album.tour(next(each for each in STATES if each.name == "caseload"))
    tour.open("/hulp")
    tour.page.evaluate(PLANT)
    found = tour.watch.look("planted", thorough=True)
    for width in (390, 1280):
        rules = {each["rule"] for each in found.axe[width] if each["kind"] == "violations"}
        assert {"button-name", "color-contrast", "image-alt", "target-size", "region"} <= rules
        assert "color-contrast" in {each["rule"] for each in found.axe[width] if each["kind"] == "incomplete"}
    assert found.overflow
    assert found.inline
    assert len(found.unfocused) == len(found.small) == 2


# --- What it weighs, whom it calls and what it never holds --------------------------------------------------------


def test_the_first_load_is_light_and_asks_nothing_of_anybody_else(state: State, sight: Sight) -> None:
    assert 10_000 < sight.weight < WEIGHT_MAX
    home = urlsplit(sight.url).netloc
    assert {urlsplit(each).netloc for each in sight.requests} == {home}
    assert len(sight.requests) >= 5, "style sheets and script are part of the load"


def test_the_browser_has_nothing_to_complain_of(state: State, sight: Sight) -> None:
    expected = rf"error: Failed to load resource: the server responded with a status of {state.status} .*"
    assert not [
        each for each in sight.said if not re.fullmatch(expected, each) and not CLEARED.fullmatch(each)
    ]
    assert not sight.inline, "the policy of the page refuses this"


def test_a_page_holds_no_number_that_could_be_a_bsn(state: State, sight: Sight) -> None:
    for text in (sight.html, sight.text):
        assert not [number for number in NINE_DIGITS.findall(IDENTIFIER.sub("", text)) if _passes(number)]


def test_a_planted_bsn_would_be_seen(album: Album) -> None:
    planted = album[STATES[0]].text + " van 999990019."
    assert [each for each in NINE_DIGITS.findall(IDENTIFIER.sub("", planted)) if _passes(each)] == [
        "999990019"
    ]


def _passes(number: str) -> bool:
    """The eleven-test."""
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return sum(int(digit) * weight for digit, weight in zip(number, weights, strict=True)) % 11 == 0
