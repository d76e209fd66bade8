"""Builds the HTTP application for one surface, or for all of them in a trial.

Pages for people stand beside the JSON interface of the surface they belong to; both use the same use cases.
"""

from collections.abc import Mapping
from enum import StrEnum

from fastapi import APIRouter, FastAPI
from fastapi.middleware import Middleware

from signal_index.errors import Unavailable
from signal_index.model import dutch_day

from . import oversight, sources, workers
from .desk import Desk
from .frame import API_VERSION, Fork, Frame
from .pages.site import OVERSIGHT_PAGES, PAGES, SOURCE_PAGES, WORKER_PAGES, pages_app
from .pages.visits import Page, Site
from .problems import PROBLEMS, install
from .sourcing import routes as sourcing

PREFIX = "/v1"
JSON_BYTES_MAX = 64 * 1024


class Surface(StrEnum):
    """Which part of the index a process serves; separate processes in production (ADR-0007)."""

    SOURCES = "sources"
    WORKERS = "workers"
    OVERSIGHT = "oversight"
    ALL = "all"


_ROUTERS = {
    Surface.SOURCES: (sources.router, sourcing.router),
    Surface.WORKERS: (workers.router,),
    Surface.OVERSIGHT: (oversight.router, sourcing.deciding),
    Surface.ALL: (sources.router, sourcing.router, workers.router, oversight.router, sourcing.deciding),
}

PAGES_OF: Mapping[Surface, tuple[Page, ...]] = {
    Surface.SOURCES: SOURCE_PAGES,
    Surface.WORKERS: WORKER_PAGES,
    Surface.OVERSIGHT: OVERSIGHT_PAGES,
    Surface.ALL: PAGES,
}


def create_app(desk: Desk, surface: Surface, site: Site | None = None) -> FastAPI:
    """The application for one surface.

    Args:
        desk: what the use cases need.
        surface: which routes exist; the others answer 404.
        site: what the pages for people need; None to serve none.
    """
    takes_batches = surface in {Surface.SOURCES, Surface.ALL}
    limit = sources.BATCH_BYTES_MAX if takes_batches else JSON_BYTES_MAX
    app = FastAPI(
        title="Signaalindex",
        version=API_VERSION,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=PROBLEMS,
        middleware=[Middleware(Frame, body_bytes_max=limit)],
    )
    install(app)
    for router in _ROUTERS[surface]:
        app.include_router(router(desk), prefix=PREFIX)
    app.include_router(_readiness(desk), prefix=PREFIX)
    pages = PAGES_OF[surface]
    if site is not None and pages:
        # Added last, so it stands outermost: a page never passes through what is made for the JSON interface.
        app.add_middleware(Fork, prefix=PREFIX, pages=pages_app(site, pages))
    return app


def _readiness(desk: Desk) -> APIRouter:
    routes = APIRouter()

    @routes.get("/gereed", name="gereed")
    async def gereed() -> dict[str, bool]:
        """Of deze index nu kan antwoorden: de database kan vastleggen en er zijn regels van kracht."""
        await desk.run(lambda tx: tx.scope)
        today = dutch_day(desk.now())
        if not desk.rules.in_force(today).covers(today):
            raise Unavailable("no-rules", "Er zijn nu geen regels van kracht.")
        return {"gereed": True}

    return routes
