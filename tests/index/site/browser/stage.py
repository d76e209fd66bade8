"""Real parties for the browser tests: a server over HTTP, an identity provider of its own, and Debian's Chromium."""

import contextlib
import json
import shutil
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from deploy.demo.processes import Processes, free_ports, wait_until_ready

from .places import PEOPLE, Place, claims

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 900}
WAIT_MS = 20_000
# The provider's own pages want a style sheet from elsewhere; nothing of these tests leaves this machine.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
# One person per role comes in at the real provider; for the others a session is opened beside it, which is quicker.
BY_PROVIDER = {"w.een", "t.lead", "p.officer", "w.gek"}


class IdentityProvider:
    """The provider in a process of its own.

    Args:
        processes: where it is started, and ended with.
        folder: for its log.
    """

    def __init__(self, processes: Processes, folder: Path) -> None:
        (port,) = free_ports(1)
        self.issuer = f"http://127.0.0.1:{port}"
        said = [f"--user-claims={json.dumps(each)}" for each in claims()]
        command = [str(Path(sys.executable).parent / "oidc-provider-mock"), f"--port={port}", *said]
        self._running = processes.start("provider", command, folder / "provider.log")

    def wait(self) -> None:
        """Wait until it answers."""
        wait_until_ready(self._running, f"{self.issuer}/.well-known/openid-configuration")


@contextlib.contextmanager
def serving(places: Sequence[Place]) -> Iterator[None]:
    """Serves every place on its own port, from one thread, as `signal-index serve` would."""
    apps = {place.port: place.house.app for place in places}

    async def by_port(scope: Any, receive: Any, send: Any) -> None:
        await apps[scope["server"][1]](scope, receive, send)

    options = uvicorn.Config(
        by_port,
        log_level="warning",
        lifespan="off",
        access_log=False,
        server_header=False,
        date_header=False,
    )
    server = uvicorn.Server(options)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [place.socket for place in places]})
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    yield
    server.should_exit = True
    thread.join(10)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """The browser of the system, without its window if Debian's package for that is there: it takes half the time."""
    path = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if path is None:
        missing = "Chromium is missing. Install it (Debian: sudo apt-get install chromium-headless-shell)."
        pytest.fail(missing, pytrace=False)
    with sync_playwright() as playwright:
        # Playwright switches the memory of the Back button off; people have it, and it must show nothing.
        browser = playwright.chromium.launch(
            executable_path=path, args=FLAGS, ignore_default_args=["--disable-back-forward-cache"]
        )
        yield browser
        browser.close()


class Stage:
    """Browsers at places.

    Args:
        browser: Chromium.
        places: by name.
        doors: places where nobody can sign in, with the place whose sessions are good there too.
    """

    def __init__(self, browser: Browser, places: Mapping[str, Place], doors: Mapping[str, str]) -> None:
        self.browser = browser
        self.places = places
        self._elsewhere = doors
        self._doors: dict[tuple[str, str], Any] = {}

    def context(self, place: str, staff_id: str | None = None, **options: Any) -> BrowserContext:
        """A fresh browser at a place, signed in when it belongs to somebody.

        Args:
            place: name of it.
            staff_id: who signs in.
            **options: what else Playwright takes.
        """
        if staff_id is not None:
            enter = self.door if staff_id in BY_PROVIDER else self.session
            options["storage_state"] = enter(place, staff_id)
        context = self.browser.new_context(
            **{"base_url": self.places[place].origin, "viewport": DESK, "locale": "nl-NL", **options}
        )
        context.set_default_timeout(WAIT_MS)
        return context

    def door(self, place: str, staff_id: str) -> Any:
        """What a browser remembers after signing in, once per place and person, at the real provider."""
        place = self._elsewhere.get(place, place)
        if (place, staff_id) not in self._doors:
            context = self.context(place)
            page = context.new_page()
            page.goto("/inloggen/start")
            self.consent(page, staff_id)
            self._doors[place, staff_id] = context.storage_state()
            context.close()
        return self._doors[place, staff_id]

    def session(self, place: str, staff_id: str) -> Any:
        """What a browser remembers of a session of its own, opened without the provider."""
        place = self._elsewhere.get(place, place)
        email = next(each.email for each in PEOPLE if each.staff_id == staff_id)
        cookies = self.places[place].house.browser(staff_id, email=email).cookies
        kept = {"domain": "127.0.0.1", "path": "/", "expires": -1, "httpOnly": True, "secure": True}
        return {
            "cookies": [
                {"name": name, "value": value, "sameSite": "Lax", **kept} for name, value in cookies.items()
            ]
        }

    def consent(self, page: Page, staff_id: str) -> None:
        """Be this person at the provider, and come back."""
        page.locator(f"button[name=sub][value='{staff_id}']").click()
        page.wait_for_url(lambda url: any(url.startswith(place.origin) for place in self.places.values()))
