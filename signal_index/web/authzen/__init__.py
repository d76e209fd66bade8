"""The Authorization API of OpenID AuthZEN: another system asks what a worker may see, before it asks to see it.

- `protocol`: the standard itself, from a body to questions and from answers to a body. It knows nothing of this index.
- `routes`: the same over HTTP, for whoever decides.
- `mapping`: what subjects, actions, resources and purposes are called here, and nothing else of what a caller says.
"""

from fastapi import APIRouter

from signal_index.web.desk import Desk

from .mapping import SUPPORTED_OBLIGATIONS, decided_here
from .protocol import metadata
from .routes import ACCESS, WELL_KNOWN, deciding, describing

__all__ = ["ACCESS", "WELL_KNOWN", "routers"]


def routers(desk: Desk, origin: str) -> list[APIRouter]:
    """The routes of this interface.

    Args:
        desk: what the use cases need.
        origin: scheme and host under which callers know us.
    """
    found = metadata(origin, ACCESS, SUPPORTED_OBLIGATIONS)
    return [deciding(decided_here(desk)), describing(found)]
