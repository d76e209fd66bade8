"""Builds the HTTP application for one surface, or for all of them in a trial.

Pages for people stand beside the JSON interface of the surface they belong to; both use the same use cases.
"""

from collections.abc import Mapping
from enum import StrEnum

from fastapi import FastAPI
from fastapi.middleware import Middleware

from . import administration, authzen, oversight, sources, workers, workplace
from .api import general
from .api.document import PREFIX, Imprint, describe
from .api.methods import HeadLikeGet, Methods
from .api.registry import require_declared
from .desk import Desk
from .frame import API_VERSION, Fork, Frame
from .pages.site import OVERSIGHT_PAGES, PAGES, SOURCE_PAGES, WORKER_PAGES, pages_app
from .pages.visits import Page, Site
from .problems import install
from .sourcing import routes as sourcing

JSON_BYTES_MAX = 64 * 1024
LIST_BYTES_MAX = 1024 * 1024  # a list of some thousands of members of staff


class Surface(StrEnum):
    """Which part of the index a process serves; separate processes in production (ADR-0007)."""

    SOURCES = "sources"
    WORKERS = "workers"
    OVERSIGHT = "oversight"
    ALL = "all"


_ROUTERS = {
    Surface.SOURCES: (sources.router, sourcing.router),
    Surface.WORKERS: (workers.router, workplace.router),
    Surface.OVERSIGHT: (oversight.router, administration.router, sourcing.deciding),
    Surface.ALL: (
        workers.router,  # first, for every request is held against one route after another
        workplace.router,
        sources.router,
        sourcing.router,
        oversight.router,
        administration.router,
        sourcing.deciding,
    ),
}

# Whose questions are about a worker herself.
_ASKED_BY_SYSTEMS = frozenset({Surface.WORKERS, Surface.ALL})

_LIMITS = {
    Surface.SOURCES: sources.BATCH_BYTES_MAX,
    Surface.WORKERS: JSON_BYTES_MAX,
    Surface.OVERSIGHT: LIST_BYTES_MAX,
    Surface.ALL: sources.BATCH_BYTES_MAX,
}

PAGES_OF: Mapping[Surface, tuple[Page, ...]] = {
    Surface.SOURCES: SOURCE_PAGES,
    Surface.WORKERS: WORKER_PAGES,
    Surface.OVERSIGHT: OVERSIGHT_PAGES,
    Surface.ALL: PAGES,
}


def create_app(
    desk: Desk, surface: Surface, site: Site | None = None, imprint: Imprint | None = None
) -> FastAPI:
    """The application for one surface.

    Args:
        desk: what the use cases need.
        surface: which routes exist; the others answer 404.
        site: what the pages for people need; None to serve none.
        imprint: who answers for the interface, for its document.

    Raises:
        ValueError: a route is not in the registry.
    """
    app = FastAPI(
        title="Signaalindex",
        version=API_VERSION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=[Middleware(HeadLikeGet), Middleware(Frame, body_bytes_max=_LIMITS[surface])],
    )
    stated = imprint or Imprint()
    routers = [router(desk) for router in _ROUTERS[surface]]
    routers.append(general.router(desk, lambda: describe(app.routes, stated, desk.limiter.per_minute)))
    if surface in _ASKED_BY_SYSTEMS and desk.decision_clients:
        routers += authzen.routers(desk, stated.origin)
    for router in routers:
        app.routes.extend(router.routes)
    require_declared(app.routes)
    install(app, Methods(app.routes))
    pages = PAGES_OF[surface]
    if site is not None and pages:
        # Added last, so it stands outermost: a page never passes through what is made for the JSON interface.
        app.add_middleware(
            Fork, prefixes=(PREFIX, authzen.ACCESS, authzen.WELL_KNOWN), pages=pages_app(site, pages)
        )
    return app
