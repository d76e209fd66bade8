"""Every page in every state it can be in, and how a person gets there; a test sees to it that no page is left out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page

from .places import DEBTS, TALK, VISIT, Place
from .sights import Sight, Watch
from .stage import Stage

ALARMS = ("gap", "fork", "still")
TOLD, TOGETHER, NOT_YET = "verteld", "samen", "nog-niet"
UNKNOWN = "00000000-0000-0000-0000-000000000007"

# By name: case, purpose, whether the resident knows, areas of life.
LOOKS: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "eight": ("WT-2026-0147", VISIT, TOLD, ()),
    "together": ("WT-2026-0147", VISIT, TOGETHER, ()),
    "later": ("WT-2026-0150", DEBTS, NOT_YET, ()),
    "narrowed": ("WT-2026-0147", VISIT, TOLD, ("jeugd-en-gezin",)),
    "none": ("WT-2026-0148", DEBTS, TOLD, ()),
    "hidden": ("WT-2026-0149", DEBTS, TOLD, ()),
    "presence": ("WT-2026-0150", VISIT, TOLD, ("ondersteuning", "jeugd-en-gezin")),
    "areas": ("WT-2026-0147", TALK, TOLD, ()),
    "english": ("WT-2026-0147", DEBTS, TOGETHER, ()),
    "closed": ("WT-2026-0147", VISIT, TOLD, ()),
    "told": ("WT-2026-0148", DEBTS, NOT_YET, ()),
    "quiet": ("WT-2026-0001", VISIT, TOLD, ()),
    "hostile": ("WT-2026-0666", VISIT, TOLD, ()),
}
SEND = """async ([path, fields]) => {
  const token = document.querySelector('input[name=csrf]').value;
  const body = new URLSearchParams([['csrf', token], ...fields]);
  return new URL((await fetch(path, { method: 'POST', body })).url).pathname;
}"""


class Tour:
    """One browser that goes past pages.

    Args:
        stage: the browser and the places.
        place: where it is.
        staff_id: whose it is.
        **options: what else `Stage.context` takes.
    """

    def __init__(self, stage: Stage, place: str, staff_id: str | None, **options: Any) -> None:
        self.place: Place = stage.places[place]
        self.context = stage.context(place, staff_id, **options)
        self.watch = Watch(self.context, self.place.origin)
        self._views: dict[str, str] = {}

    @property
    def page(self) -> Page:
        """The page that is before her."""
        return self.watch.page

    def open(self, path: str) -> None:
        """Type an address."""
        self.page.goto(path)

    def send(self, path: str, *fields: tuple[str, str]) -> str:
        """Send a form without leaving the page; the path where it leads."""
        if not self.page.url.startswith(self.place.origin):
            self.open("/hulp")
        led: str = self.page.evaluate(SEND, [path, [*fields]])
        return led

    def view(self, name: str) -> str:
        """Path of a look of `LOOKS`; the look itself is made once."""
        if name not in self._views:
            case, purpose, informed, areas = LOOKS[name]
            fields = [("doel", purpose), ("inwoner", informed), *(("leefgebied", each) for each in areas)]
            self._views[name] = self.send(self.place.look(case), *fields)
        return self._views[name]

    def tick(self, boxes: str, most: int) -> None:
        """Tick boxes, the first ones."""
        self.page.eval_on_selector_all(
            boxes, "(all, most) => { for (const each of all.slice(0, most)) each.checked = true }", most
        )

    def press(self, text: str) -> None:
        """Click the button or link with this text and wait for where it leads."""
        with self.page.expect_navigation():
            self.page.locator("main").locator("button, a").filter(has_text=text).first.click()


Way = Callable[[Tour], None]


@dataclass(frozen=True)
class State:
    """One page in one state.

    Args:
        name: in words.
        page: name of the page in `site.PAGES`; None where there is no such page.
        way: how she gets there.
        who: staff id; None for nobody.
        status: of the answer.
        alone: whether it needs a browser of its own.
        options: what else that browser takes.
    """

    name: str
    page: str | None
    way: Way
    who: str | None = field(default="w.een", kw_only=True)
    place: str = field(default="full", kw_only=True)
    status: int = field(default=200, kw_only=True)
    alone: bool = field(default=False, kw_only=True)
    options: tuple[tuple[str, Any], ...] = field(default=(), kw_only=True)


class Album:
    """Sights of states, each made once and only when somebody asks.

    Args:
        stage: the browser and the places.
        thorough: see `Watch.look`.
    """

    def __init__(self, stage: Stage, *, thorough: bool = False) -> None:
        self._stage = stage
        self._thorough = thorough
        self._tours: dict[Any, Tour] = {}
        self._sights: dict[str, Sight] = {}

    def __getitem__(self, state: State) -> Sight:
        if state.name not in self._sights:
            tour = self.tour(state)
            state.way(tour)
            self._sights[state.name] = tour.watch.look(state.name, thorough=self._thorough)
            if state.alone:
                tour.context.close()
        return self._sights[state.name]

    def tour(self, state: State) -> Tour:
        """The browser for a state; states of one person share it."""
        key = (state.name if state.alone else "", state.place, state.who, state.options)
        if key not in self._tours:
            self._tours[key] = Tour(self._stage, state.place, state.who, **dict(state.options))
        return self._tours[key]


# --- Ways -------------------------------------------------------------------------------------------------------------


def at(path: str) -> Way:
    """Straight to an address."""
    return lambda tour: tour.open(path)


def look_at(case: str) -> Way:
    """To the purpose step of a case."""
    return lambda tour: tour.open(tour.place.look(case))


def view(name: str, page: str = "") -> Way:
    """To a page of a look."""
    return lambda tour: tour.open(tour.view(name) + page)


def then(way: Way, *presses: str) -> Way:
    """On from there by buttons."""

    def go(tour: Tour) -> None:
        way(tour)
        for each in presses:
            tour.press(each)

    return go


def having(name: str, way: Way) -> Way:
    """Somewhere, with a look still open."""

    def go(tour: Tour) -> None:
        tour.view(name)
        way(tour)

    return go


def closed(tour: Tour) -> None:
    """A look she was done with."""
    tour.send(f"{tour.view('closed')}/klaar")
    tour.open(tour.view("closed"))


def said(tour: Tour) -> None:
    """A look after which she told the resident and said that it was of use."""
    tour.open(tour.view("told"))
    tour.press("Ik heb het verteld")
    tour.press("Ja")


def sheet(name: str) -> Way:
    """To the work sheet of a look."""
    return lambda tour: tour.open(tour.send(f"{tour.view(name)}/werkblad"))


def fridge_sheet(name: str, contacts: int) -> Way:
    """To the fridge sheet of a look, with this many contacts."""

    def go(tour: Tour) -> None:
        tour.open(tour.view(name) + "/koelkastblad")
        tour.tick("main input[type=checkbox]", contacts)
        tour.press("Maak het blad")

    return go


def warned(tour: Tour) -> None:
    """Away from the keyboard for thirteen minutes."""
    tour.page.clock.install()
    tour.open("/caseload")
    tour.page.clock.fast_forward("13:05")
    tour.page.locator("dialog[open]").wait_for()


def over_here(tour: Tour) -> None:
    """A look that ends while it is on the screen; she stayed signed in."""
    tour.page.clock.install()
    tour.open(tour.view("eight"))
    for _ in range(2):
        tour.page.clock.fast_forward("13:05")
        tour.page.get_by_role("button", name="Blijf ingelogd").click()
        tour.page.locator("dialog:not([open])").wait_for(state="attached")
    tour.page.clock.fast_forward("04:00")
    tour.page.locator("[data-ended]:not([hidden])").wait_for()


def roles_open(tour: Tour) -> None:
    """The menu of roles."""
    tour.open("/caseload")
    tour.page.locator("details.si-roles summary").click()


def overseen(name: str, page: str = "") -> Way:
    """To a page of oversight, by what it is called at the place."""
    return lambda tour: tour.open(tour.place.overseen[name] + page)


def searched(worker: str) -> Way:
    """To what a search for a worker finds."""

    def go(tour: Tour) -> None:
        tour.open("/toezicht/zoeken")
        tour.page.get_by_text("Een klacht").click()
        tour.page.get_by_label("Dossiernummer").fill("PO-2026-014")
        tour.page.get_by_label("Medewerker (niet verplicht)").fill(worker)
        tour.press("Zoek")

    return go


def leaving(tour: Tour) -> None:
    """Signed out here, on the way to the provider, which this time does not take her further."""
    tour.page.route("**/oauth2/end_session*", lambda route: route.fulfill(status=204))
    tour.open("/hulp")
    with tour.page.expect_navigation():
        tour.page.locator("header form[data-sign-out] button").click()


def mending_contact(tour: Tour) -> None:
    """A contact route that nobody can call."""
    tour.open("/bron/contactpunten")
    tour.page.locator("details.si-details summary").first.click()
    tour.page.locator("input[name=telefoon]").first.fill("12")
    tour.press("Wijzig het contactpunt")


def pasting_nonsense(tour: Tour) -> None:
    """A key that is none."""
    tour.open("/bron/sleutels")
    tour.page.get_by_label("Openbare sleutel").fill("geen sleutel")
    tour.press("Stel de sleutel voor")


OFFICER, SOURCE = "p.officer", "b.bron"
ENGLISH = (("locale", "en-GB"),)

STATES: tuple[State, ...] = (
    # --- Nobody is signed in
    State("sign in", "sign_in", at("/inloggen"), who=None),
    State("sign in refused", "sign_in_return", at("/inloggen/terug?code=a&state=b"), who=None, status=403),
    State("provider away", "sign_in_start", at("/inloggen/start"), who=None, place="dark", status=503),
    State("signed out", "signed_out", at("/uitgelogd"), who=None),
    State("expired", "expired", at("/verlopen?terug=%2Fberichten"), who=None),
    State("help", "help", at("/hulp"), who=None),
    State("accessibility", "accessibility", at("/toegankelijkheid"), who=None),
    State("privacy", "privacy", at("/privacy"), who=None),
    State("rules for everybody", "open_rules", at("/regels"), who=None),
    State("rules for everybody, in English", "open_rules", at("/regels"), who=None, options=ENGLISH),
    State("rules for everybody, none in force", "open_rules", at("/regels"), who=None, place="dark"),
    State("status", "status", at("/status"), who=None),
    State("status, no rules", "status", at("/status"), who=None, place="dark", status=503),
    State("no such page", None, at("/nergens"), who=None, status=404),
    # --- A worker with everything
    State("caseload", "caseload", at("/caseload")),
    State("caseload, demonstration", "caseload", at("/caseload"), place="dark"),
    State("look", "look", look_at("WT-2026-0147")),
    State("look for a colleague", "look", look_at("WT-2026-0160")),
    State("look, nothing chosen", "look", then(look_at("WT-2026-0147"), "Toon signalen"), status=400),
    State("view, eight signals", "view", view("eight")),
    State("view, together", "view", view("together")),
    State("view, resident to be told", "view", view("later")),
    State("view, narrowed", "view", view("narrowed")),
    State("view, none", "view", view("none")),
    State("view, presence only", "view", view("presence")),
    State("view, areas of life", "view", view("areas")),
    State("view, told and useful", "view", said),
    State("view, done", "view", closed, status=410),
    State("view, over on the screen", "view", over_here, alone=True),
    State("view, not hers", "view", at(f"/raadplegingen/{UNKNOWN}"), status=404),
    State("worksheet", "worksheet", sheet("eight")),
    State("worksheet, areas of life", "worksheet", sheet("areas")),
    State("fridge", "fridge", view("eight", "/koelkastblad")),
    State("fridge, nothing to choose", "fridge", view("none", "/koelkastblad")),
    State("fridge sheet", "fridge_sheet", fridge_sheet("eight", 2)),
    State("fridge sheet, no contacts", "fridge_sheet", fridge_sheet("none", 0)),
    State("question", "question", view("eight", "/klopt-niet")),
    State(
        "question, none chosen", "question", then(view("eight", "/klopt-niet"), "Laat nakijken"), status=400
    ),
    State("question, nothing to ask", "question", view("presence", "/klopt-niet")),
    State("asked, in sight", "asked", having("eight", at("/vragen/V-2222-2222"))),
    State("asked, out of sight", "asked", at("/vragen/V-6666-6666")),
    State("asked, answered: right", "asked", at("/vragen/V-3333-3333")),
    State("asked, no answer", "asked", at("/vragen/V-5555-5555")),
    State("my looks", "my_looks", having("later", at("/raadplegingen"))),
    State("messages", "messages", having("later", at("/berichten"))),
    State("covers", "covers", at("/vervanging")),
    State("covers, empty form", "covers", then(at("/vervanging"), "Regel vervanging"), status=400),
    State("ticket refused", "arrive", at("/openen?kaartje=aaa.bbb.ccc"), status=403),
    State("not in the caseload", "look", at(f"/caseload/{UNKNOWN}/raadplegen"), status=404),
    State("session warning", "caseload", warned, alone=True),
    State("view in English", "view", view("english"), options=ENGLISH),
    # --- Nothing there
    State("caseload, empty", "caseload", at("/caseload"), who="w.stil", place="quiet"),
    State("my looks, empty", "my_looks", at("/raadplegingen"), who="w.stil", place="quiet"),
    State("messages, empty", "messages", at("/berichten"), who="w.stil", place="quiet"),
    State("covers, nobody", "covers", at("/vervanging"), who="w.stil", place="quiet"),
    State("look, one purpose", "look", look_at("WT-2026-0001"), place="quiet"),
    State("view, quiet", "view", view("quiet"), place="quiet"),
    # --- Other roles
    State("team", "team", at("/team"), who="t.lead"),
    State("covers of the team", "covers", at("/vervanging"), who="t.lead"),
    State("team, nothing waiting", "team", at("/team"), who="t.stil", place="quiet"),
    State("not for this role", "caseload", at("/caseload"), who="t.lead", status=403),
    State("begin without a role", "home", at("/"), who="w.niets"),
    # --- The source organisation, and who decides on its keys
    *(
        State(name, page, way, who=SOURCE, place=place, status=status)
        for name, page, way, place, status in (
            ("source series", "source_series", at("/bron/signalen"), "full", 200),
            ("deliveries", "deliveries", at("/bron/leveringen"), "full", 200),
            ("deliveries, older ones", "deliveries", at("/bron/leveringen?bladzijde=2"), "full", 200),
            ("contacts", "contacts", at("/bron/contactpunten"), "full", 200),
            ("contacts, changed", "contacts", at("/bron/contactpunten?gewijzigd=1"), "full", 200),
            ("contacts, to mend", "contacts", mending_contact, "full", 400),
            ("questions of the source", "source_questions", at("/bron/meldingen"), "full", 200),
            ("keys, one waits", "keys", at("/bron/sleutels?voorgesteld=1"), "full", 200),
            ("use", "usage", at("/bron/gebruik"), "full", 200),
            ("source series, few", "source_series", at("/bron/signalen"), "quiet", 200),
            ("questions of the source, none", "source_questions", at("/bron/meldingen"), "quiet", 200),
            ("keys", "keys", at("/bron/sleutels"), "quiet", 200),
            ("keys, to mend", "keys", pasting_nonsense, "quiet", 400),
            ("use, too few", "usage", at("/bron/gebruik"), "quiet", 200),
        )
    ),
    *(
        State(f"{page}, nothing registered", page, at(path), who="b.nieuw")
        for page, path in (
            ("source_series", "/bron/signalen"),
            ("deliveries", "/bron/leveringen"),
            ("contacts", "/bron/contactpunten"),
            ("keys", "/bron/sleutels"),
            ("usage", "/bron/gebruik"),
        )
    ),
    State("source series in English", "source_series", at("/bron/signalen"), who=SOURCE, options=ENGLISH),
    State("keys to decide on", "key_requests", at("/beheer/sleutels"), who="f.beheer"),
    State("keys to decide on, none", "key_requests", at("/beheer/sleutels"), who="f.beheer", place="quiet"),
    # --- The privacy officer
    *(
        State(name, page, way, who=who, status=status)
        for name, page, way, who, status in (
            ("work list", "work_list", at("/toezicht/werklijst"), OFFICER, 200),
            ("one look", "one_look", overseen("answered"), OFFICER, 200),
            ("one look, for a colleague", "one_look", overseen("for a colleague"), OFFICER, 200),
            ("one look, refused", "one_look", overseen("refused"), OFFICER, 200),
            ("one look, asked about", "one_look", overseen("look 0"), OFFICER, 200),
            (
                "one look, no verdict chosen",
                "judge",
                then(overseen("answered"), "Leg het oordeel vast"),
                OFFICER,
                400,
            ),
            ("work list, late ones", "work_list", at("/toezicht/werklijst?reden=pogingen"), OFFICER, 200),
            ("no such look", "one_look", at(f"/toezicht/raadplegingen/{UNKNOWN}"), OFFICER, 404),
            ("search", "search", at("/toezicht/zoeken"), OFFICER, 200),
            ("search, nothing filled in", "search", then(at("/toezicht/zoeken"), "Zoek"), OFFICER, 400),
            ("search, found", "search", searched("Samira"), OFFICER, 200),
            ("search, nothing found", "search", searched("Willem Weg"), OFFICER, 200),
            ("ask for a case", "open_person", overseen("answered", "/zaaknummer"), OFFICER, 200),
            (
                "ask for a case, nothing filled in",
                "open_person",
                then(overseen("answered", "/zaaknummer"), "Vraag het aan"),
                OFFICER,
                400,
            ),
            ("openings", "openings", at("/toezicht/zaaknummers"), "p.tweede", 200),
            ("opening, waits for another", "opening", overseen("asked"), OFFICER, 200),
            ("opening, to decide", "opening", overseen("asked"), "p.tweede", 200),
            ("opening, open", "opening", overseen("approved"), OFFICER, 200),
            ("opening, refused", "opening", overseen("refused request"), OFFICER, 200),
            ("figures", "figures", at("/toezicht/rapportage"), OFFICER, 200),
            ("rules", "rules", at("/toezicht/regels"), OFFICER, 200),
            ("log", "log_health", at("/toezicht/logboek"), OFFICER, 200),
        )
    ),
    State("one look in English", "one_look", overseen("answered"), who=OFFICER, options=ENGLISH),
    State("work list, empty", "work_list", at("/toezicht/werklijst"), who=OFFICER, place="quiet"),
    State("openings, none", "openings", at("/toezicht/zaaknummers"), who=OFFICER, place="quiet"),
    State("log, in order", "log_health", at("/toezicht/logboek"), who=OFFICER, place="quiet"),
    *(
        State(f"log, {kind}", "log_health", at("/toezicht/logboek"), who=OFFICER, place=kind)
        for kind in ALARMS
    ),
    State("figures, none", "figures", at("/toezicht/rapportage"), who=OFFICER, place="quiet"),
    State("rules, none in force", "rules", at("/toezicht/regels"), who=OFFICER, place="dark"),
    State("two roles", "caseload", roles_open, who="w.leidt"),
    State("on the way out", "sign_out", leaving, who="w.weg", alone=True),
)
