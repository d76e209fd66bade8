"""What the browser tests share: three places, one browser, and who is signed in where."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from deploy.demo.processes import Processes, free_ports

from . import impeded, offices, places, rule_books
from .delivering import deliver
from .hands import WAYS, Hand
from .places import Place
from .stage import IdentityProvider, Stage, chromium, serving
from .states import ALARMS, Album


def _from_above(config: pytest.Config, name: str) -> Any:
    """A class of a conftest further up: its fixtures make one for every test, and here one must serve them all."""
    return next(
        getattr(plugin, name) for plugin in config.pluginmanager.get_plugins() if hasattr(plugin, name)
    )


@pytest.fixture(scope="package")
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Everything that runs: worlds are made before Playwright starts its loop, since making one needs a loop too."""
    new_world, new_house = (_from_above(request.config, name) for name in ("World", "House"))
    with ExitStack() as stack:
        processes = stack.enter_context(Processes())
        provider = IdentityProvider(processes, tmp_path_factory.mktemp("provider"))

        def world(name: str) -> Any:
            made = new_world(tmp_path_factory.mktemp(name))
            stack.callback(made.database.close)
            return made

        def place(world: Any, issuer: str, *rules: Any, **front: Any) -> Place:
            made = Place(world, new_house, issuer, *rules, **front)
            stack.callback(made.socket.close)
            return made

        full = place(world("full"), provider.issuer)
        quiet = place(world("quiet"), provider.issuer, rule_books.one_purpose)
        nowhere = f"http://127.0.0.1:{free_ports(1)[0]}"
        dark = place(full.world, nowhere, rule_books.no_rules, demonstration=True)
        places.fill(full)
        offices.administer(full)
        rule_books.propose(full)
        impeded.impede(full)
        impeded.forge(full)
        deliver(full)
        places.keep_quiet(quiet)
        dark.cases = full.cases
        besieged = place(world("hostile"), provider.issuer)
        places.be_hostile(besieged)
        bare = place(world("bare"), provider.issuer)
        offices.empty(bare)
        all_places = {"full": full, "quiet": quiet, "dark": dark, "hostile": besieged, "bare": bare}
        for kind in ALARMS:
            all_places[kind] = place(world(kind), provider.issuer)
            places.alarm(all_places[kind], kind)
        stack.enter_context(serving(list(all_places.values())))
        provider.wait()
        yield Stage(stack.enter_context(chromium()), all_places, {"dark": "full"})


@pytest.fixture(scope="package")
def album(stage: Stage) -> Album:
    """What every page looks like in every state."""
    return Album(stage)


@pytest.fixture(scope="package")
def thorough_album(stage: Stage) -> Album:
    """The same, each page judged in full at both widths."""
    return Album(stage, thorough=True)


class Working:
    """One way of working, with the people of its own team.

    Args:
        stage: the browser and the places.
        name: of `WAYS`.
    """

    def __init__(self, stage: Stage, name: str) -> None:
        self.stage = stage
        self.place = stage.places["full"]
        self.name = name
        self.kind = WAYS[name]
        self._pages: dict[str, Page] = {}
        self._views: dict[str, str] = {}

    def case(self, kind: str) -> str:
        """Reference of a case of the worker."""
        return f"{self.name}-{kind}".upper()

    def hand(self, who: str = "w") -> Hand:
        """Somebody of the team: the worker, her colleague (c) or her team lead (l)."""
        if who not in self._pages:
            self._pages[who] = self.browser(signed_in=who).new_page()
        return self.kind(self._pages[who])

    def browser(self, signed_in: str | None = None) -> BrowserContext:
        """A fresh browser for this way of working; printing is counted, not done."""
        options = dict(self.kind.options)
        if signed_in is not None:
            options["storage_state"] = self.stage.session("full", f"{signed_in}.{self.name}")
        context = self.stage.context("full", **options)
        context.add_init_script("window.printed = 0; window.print = () => { window.printed += 1 }")
        return context

    def looked(self, kind: str, look: Callable[[Hand, str], None]) -> Hand:
        """The worker before the signals of a case; she looks once, and later comes back to what she saw."""
        hand = self.hand()
        if kind not in self._views:
            hand.open("/caseload")
            look(hand, self.case(kind))
            self._views[kind] = hand.path
        else:
            hand.open(self._views[kind])
        return hand

    def close(self) -> None:
        """Close every browser."""
        for each in self._pages.values():
            each.context.close()


@pytest.fixture(scope="package", params=WAYS)
def working(request: pytest.FixtureRequest, stage: Stage) -> Iterator[Working]:
    """Each way of working in turn."""
    way = Working(stage, request.param)
    yield way
    way.close()


@pytest.fixture
def hand(working: Working) -> Hand:
    """The worker, at her caseload."""
    found = working.hand()
    found.open("/caseload")
    return found
