"""The Authorization API over HTTP, for whoever decides: the product does, and a test with rules of others does too.

These addresses stand outside the version of our own interface, and errors are told apart as their standard does: a body
in another form than JSON is a 400. A no is a 200.

Source: OpenID AuthZEN Authorization API 1.0, HTTPS JSON binding.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from crypto.errors import MalformedInput
from crypto.tokens import read_json_object
from signal_index.errors import Malformed
from signal_index.web.frame import continue_trace
from signal_index.web.strict import JSON, routes_below

from .protocol import Answer, Asked, read_evaluation, read_evaluations

ACCESS: Final = "/access/v1"
WELL_KNOWN: Final = "/.well-known/authzen-configuration"

Decide = Callable[[Request, Asked], Awaitable[Sequence[Answer]]]
"""Answers what was asked, in order, up to the answer that ends it."""
_Read = Callable[[Mapping[str, Any]], Asked]


def deciding(decide: Decide) -> APIRouter:
    """The routes on which questions are asked.

    Args:
        decide: answers them.
    """
    routes = routes_below(ACCESS)

    async def answered(request: Request, read: _Read) -> Response:
        asked = read(await _body(request))
        _continue(asked.context)
        return _json(asked.body(await decide(request, asked)))

    @routes.post("/evaluation", name="toegangsvraag", include_in_schema=False)
    async def evaluation(request: Request) -> Response:
        """Vraag of een medewerker iets mag zien."""
        return await answered(request, read_evaluation)

    @routes.post("/evaluations", name="toegangsvragen", include_in_schema=False)
    async def evaluations(request: Request) -> Response:
        """Vraag van meer dingen tegelijk of een medewerker ze mag zien."""
        return await answered(request, read_evaluations)

    return routes


def describing(found: Mapping[str, Any]) -> APIRouter:
    """The route that tells callers where to ask.

    Args:
        found: the metadata.
    """
    routes = routes_below(WELL_KNOWN)

    @routes.get("", name="beslispunt", include_in_schema=False)
    async def configuration() -> Response:
        """De beschrijving van dit beslispunt."""
        return _json(found)

    return routes


async def _body(request: Request) -> Mapping[str, Any]:
    """The body as one JSON object in which every member stands once.

    Raises:
        Malformed: it is something else, or does not say that it is JSON.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise Malformed(
            "malformed", "Stuur application/json.", (("Content-Type", "Dit moet application/json zijn."),)
        )
    try:
        return read_json_object(await request.body())
    except MalformedInput as error:
        text = "Verbeter de genoemde velden en stuur opnieuw."
        raise Malformed("malformed", text, (("body", "Dit is geen geldige JSON."),)) from error


def _continue(context: Mapping[str, Any]) -> None:
    """The Dutch profile has the trace of a request in its context."""
    stated = context.get("traceparent")
    if isinstance(stated, str):
        continue_trace(stated)


def _json(body: Mapping[str, Any]) -> Response:
    return Response(json.dumps(body, ensure_ascii=False).encode(), media_type=JSON)
