"""A whole site in one process: the index of `tests/index`, its pages, and browsers that keep cookies."""

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from html import unescape
from pathlib import Path
from secrets import token_bytes
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket

from policy.vocabulary import Role
from signal_index.model import StaffMember
from signal_index.usecases.workplace import sessions
from signal_index.usecases.workplace.sessions import SignedIn
from signal_index.web.app import Surface, create_app
from signal_index.web.markup import rendering
from signal_index.web.markup.words import LANGUAGES, Words, load_words
from signal_index.web.pages import site
from signal_index.web.pages.site import PAGES, Front, addresses_of, open_site
from signal_index.web.pages.visits import SESSION_COOKIE, Page, Site, give_session
from signal_index.web.provider import Provider, Relying

ORIGIN = "https://index.test"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}
CSRF = re.compile(r'name="csrf" value="([^"]+)"')
HIRED = {
    "p.officer": [Role.PRIVACY_OFFICER],
    "p.tweede": [Role.PRIVACY_OFFICER],
    "f.beheer": [Role.FUNCTIONAL_ADMIN],
    "b.bron": [Role.SOURCE_ADMIN],
    "w.leidt": [Role.TEAM_MEMBER, Role.TEAM_LEAD],
    "w.niets": [],
}


class Browser:
    """Sends requests as a browser would, and keeps cookies; it follows no redirects."""

    def __init__(self, app: Any, origin: str = ORIGIN) -> None:
        self.app = app
        self.origin = origin
        self.cookies: dict[str, str] = {}

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request; what it answers about cookies is kept."""
        headers = dict(options.pop("headers", {}))
        if self.cookies:
            headers.setdefault("Cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()))

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=self.origin) as client:
                return await client.request(method, path, headers=headers, **options)

        response = asyncio.run(ask())
        for line in response.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            gone = "max-age=0" in line.lower() or "01 jan 1970" in line.lower()
            self.cookies.pop(name, None) if gone else self.cookies.update({name: value.strip('"')})
        return response

    def get(self, path: str, **options: Any) -> httpx.Response:
        """Open a page."""
        return self.request("GET", path, **options)

    def post(self, path: str, fields: Any = None, **options: Any) -> httpx.Response:
        """Send a form from a page of the site itself, with the token of the session."""
        headers = {**SAME_ORIGIN, **options.pop("headers", {})}
        data = {"csrf": self.csrf(), **(fields or {})}
        return self.request("POST", path, data=data, headers=headers, **options)

    def csrf(self) -> str:
        """The token every form of this session carries; empty without a session."""
        found = CSRF.search(self.get("/hulp").text)
        return unescape(found[1]) if found else ""


class House:
    """One site with people who work there."""

    ORIGIN = ORIGIN
    SAME_ORIGIN = SAME_ORIGIN
    _app: FastAPI | None

    def __init__(self, world: Any, *, provider: Provider | None = None, **changed: Any) -> None:
        self.world = world
        chosen = {
            "origin": ORIGIN,
            "name": "Signaalindex",
            "organisation": "Gemeente Test",
            "accessibility_contact": "toegankelijk@gemeente.example",
            "privacy_contact": "privacy@gemeente.example",
            "demonstration": False,
        }
        # Nothing listens there: who comes in here does so without a provider.
        nobody = Relying(
            issuer="https://nobody.invalid",
            client_id="index",
            client_secret=None,
            return_to=f"{ORIGIN}/inloggen/terug",
            signed_out=f"{ORIGIN}/uitgelogd",
            subject_claim="sub",
            second_factor_acr=frozenset(),
            second_factor_amr=frozenset({"mfa"}),
        )
        self.site = open_site(
            world.desk, Front(**{**chosen, **changed}), provider or Provider(nobody, world.desk.now)
        )
        self._desk, self._app = world.desk, None
        for staff_id, roles in HIRED.items():
            self.hire(staff_id, roles)

    @property
    def app(self) -> FastAPI:
        """The application; made when it is first asked something."""
        if self._app is None:
            self._app = create_app(self._desk, Surface.ALL, self.site)
        return self._app

    @app.setter
    def app(self, app: FastAPI) -> None:
        self._app = app

    def fill(self) -> None:
        """Let every feed of relations send a complete set, so that people can look."""
        self.world.register_relations((self.world.PEOPLE[0], self.world.relation()))

    def hire(self, staff_id: str, roles: Any) -> None:
        """Put somebody in the staff table of the municipality, in team noord."""
        member = StaffMember(staff_id, self.world.GEMEENTE, "noord", active=True)

        def write(tx: Any) -> None:
            tx.staff.put(member)
            for role in roles:
                tx.staff.grant(staff_id, role.value, "test", self.world.clock)

        self.world.database.run(write)

    def site_with(self, *extra: Page) -> Site:
        """The site with more pages than it has."""
        addresses = addresses_of([*PAGES, *extra])
        return replace(self.site, addresses=addresses)

    def block(self, staff_id: str) -> None:
        """Switch an account off."""

        def write(tx: Any) -> None:
            tx.staff.put(replace(tx.staff.get(staff_id), active=False))

        self.world.database.run(write)

    def browser(
        self, staff_id: str | None = None, role: str | None = None, email: str | None = None
    ) -> Browser:
        """A fresh browser; signed in when it belongs to somebody, in the role she would get unless one is named."""
        browser = Browser(self.app)
        if staff_id is None:
            return browser
        secret, second = token_bytes(32), token_bytes(32)
        who = SignedIn(staff_id, second_factor=True, email=email)
        now = self.world.clock
        self.world.database.run(lambda tx: sessions.open_session(tx, secret, who, now))
        if role is not None:
            self.world.database.run(lambda tx: sessions.switch_role(tx, secret, second, role, now))
        response = _Cookie()
        give_session(response, secret if role is None else second)  # type: ignore[arg-type]
        browser.cookies[SESSION_COOKIE] = response.value
        return browser


class _Cookie:
    """Catches what `give_session` would write on a response."""

    value = ""

    def set_cookie(self, _: str, value: str, **__: Any) -> None:
        self.value = value


class Compiled(BytecodeCache):
    """Templates as they were compiled in this process, as long as their text is the same."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """Nearly every test opens a site, and compiling its templates and words anew took most of the time of a page."""
    kept = {lang: Compiled() for lang in LANGUAGES}
    make = rendering._environment

    def environment(folder: Path, lang: str, words: Words) -> Environment:
        made = make(folder, lang, words)
        made.bytecode_cache = kept[lang]
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rendering, "_environment", environment)
        patch.setattr(site, "load_words", cache(load_words))
        yield


@pytest.fixture
def new_house(world: Any) -> Callable[..., House]:
    """Makes sites over the one world, with other choices of the municipality."""
    return lambda **changed: House(world, **changed)


@pytest.fixture
def house(new_house: Callable[..., House]) -> House:
    """One site with people who work there."""
    return new_house()
