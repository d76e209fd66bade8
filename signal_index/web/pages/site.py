"""The site: every page, where each is, on which surface, and the application that serves them.

Invariants:
1. A page of another surface is an unknown address here, and nothing leads to it: no link, no menu, no way back.
2. Two pages with one path or name, or a page that answers nothing, and nothing starts; a page without declared roles
   cannot even be written down.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from signal_index.web.desk import Desk
from signal_index.web.frame import PAGE_HEADERS, Frame, OneHost
from signal_index.web.markup.addresses import Address, Addresses
from signal_index.web.markup.assets import PREFIX, Assets
from signal_index.web.markup.rendering import About, Renderer
from signal_index.web.markup.words import load_words
from signal_index.web.provider import Provider
from signal_index.web.reception import answer, stray

from . import (
    administration,
    caseload,
    covers,
    general,
    impediments,
    looking,
    messages,
    oversight,
    questions,
    sheets,
    sign_in,
    sourcing,
    team,
)
from .forms import FORM_BYTES_MAX
from .visits import SIGN_IN_COOKIE, UNUSED_DAYS, Guest, Page, Site

_HERE = Path(__file__).parent

OWN_THEME = "own-theme.css"


def checked(pages: Sequence[Page]) -> tuple[Page, ...]:
    """The pages, if each answers something, belongs to one that is there, and no two share a path or a name.

    Raises:
        ValueError: otherwise; nothing starts.
    """
    for what, values in (("path", [page.path for page in pages]), ("name", [page.name for page in pages])):
        if len(values) != len(set(values)):
            raise ValueError(f"two pages with one {what}")
    lost = {page.section for page in pages if page.section} - {page.name for page in pages}
    if lost:
        raise ValueError(f"sections that are no page: {sorted(lost)}")
    silent = [page.name for page in pages if page.get is None and page.post is None]
    if silent:
        raise ValueError(f"pages that answer nothing: {silent}")
    return tuple(pages)


_EVERYWHERE = (*general.PAGES, *sign_in.PAGES)
_FOR_WORKERS = tuple(
    page
    for module in (caseload, looking, sheets, questions, covers, messages, team, *impediments.SECTIONS)
    for page in module.PAGES
)
_FOR_OVERSIGHT = tuple(
    page
    for module in (*oversight.SECTIONS, *administration.SECTIONS, *sourcing.DECIDING)
    for page in module.PAGES
)
_FOR_SOURCES = tuple(page for module in sourcing.SECTIONS for page in module.PAGES)

WORKER_PAGES = checked([*_EVERYWHERE, *_FOR_WORKERS])
OVERSIGHT_PAGES = checked([*_EVERYWHERE, *_FOR_OVERSIGHT])
SOURCE_PAGES = checked([*_EVERYWHERE, *_FOR_SOURCES])
PAGES = checked([*_EVERYWHERE, *_FOR_WORKERS, *_FOR_OVERSIGHT, *_FOR_SOURCES])


def addresses_of(pages: Sequence[Page]) -> Addresses:
    """Where these pages are, and which of them one may be sent back to."""
    return Addresses(
        {
            page.name: Address(
                page.path, returnable=page.get is not None and page.returnable, ticket=page.ticket
            )
            for page in pages
        }
    )


@dataclass(frozen=True)
class Front:
    """What a municipality decides about its site.

    Args:
        origin: scheme and host, as in the address bar.
        name: of the product as shown.
        accessibility_contact: e-mail address or phone number for who meets an obstacle.
        privacy_contact: the same for questions about privacy.
        demonstration: whether every page says that nothing here is real.
        theme: a style sheet to serve after ours.
        unused_days: after how many days without a sign-in the daily job blocks an account.
    """

    origin: str
    name: str
    organisation: str
    accessibility_contact: str
    privacy_contact: str
    demonstration: bool
    theme: Path | None = None
    unused_days: int = UNUSED_DAYS


def open_site(desk: Desk, front: Front, provider: Provider) -> Site:
    """Read templates, words and static files, and put the site together.

    Raises:
        OSError: a file cannot be read; it says which.
    """
    files = Assets.load(_HERE / "static", {OWN_THEME: front.theme} if front.theme else {})
    about = About(
        name=front.name,
        organisation=front.organisation,
        accessibility_contact=front.accessibility_contact,
        privacy_contact=front.privacy_contact,
        demonstration=front.demonstration,
        theme=files.url(OWN_THEME) if front.theme else None,
    )
    addresses = addresses_of(PAGES)
    renderer = Renderer(
        _HERE / "templates", about, load_words(_HERE / "locale/en.po"), addresses=addresses, assets=files
    )
    return Site(desk, front.origin, renderer, addresses, files, provider, front.unused_days)


def pages_app(site: Site, pages: Sequence[Page] = PAGES) -> ASGIApp:
    """The application that serves the site, headers and all.

    Args:
        site: what all pages share.
        pages: which there are; nothing here leads to any other.
    """
    site = replace(site, addresses=addresses_of(pages))

    async def unmatched(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return await stray(site, request, error)

    static = Route(f"{PREFIX}/{{name}}", site.assets.serve, methods=["GET"], name="static")
    app = Starlette(
        routes=[*(_route(site, page) for page in pages), static],
        exception_handlers={HTTPException: unmatched},
    )
    app.router.redirect_slashes = False
    return Frame(OneHost(app, site.origin.partition("://")[2]), FORM_BYTES_MAX, PAGE_HEADERS)


def _route(site: Site, page: Page) -> Route:
    async def endpoint(request: Request) -> Response:
        return await answer(Guest(site, request, page), page)

    methods = [*(["GET"] if page.get else []), *(["POST"] if page.post else [])]
    memory = Middleware(
        SessionMiddleware,
        secret_key=site.sign_in_key,
        session_cookie=SIGN_IN_COOKIE,
        max_age=int(sign_in.DEPARTURE_LASTS.total_seconds()),
        same_site="lax",
        https_only=True,
    )
    return Route(
        page.path,
        endpoint,
        methods=methods,
        name=page.name,
        middleware=[memory] if page.sign_in_memory else [],
    )
