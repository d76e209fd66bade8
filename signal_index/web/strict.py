"""Reads request bodies strictly: JSON only, every member once, so that no two readers can see two questions.

Whoever takes no form of answer that a route has, hears so before anything is done.

Source: RFC 8259 §4 (names should be unique), RFC 8725 §2.4 for what goes wrong when they are not.
"""

import json
from collections.abc import Callable, Coroutine
from typing import Any, get_type_hints

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException

from crypto.errors import MalformedInput
from crypto.tokens import read_json_object
from signal_index.errors import Malformed

from .api.accept import quality

JSON = "application/json"

_ONCE = "Dit kennen wij hier niet, of het staat er twee keer."


class _StrictRequest(Request):
    async def json(self) -> object:
        """The body as one JSON object; anything else is the error the framework already answers as malformed."""
        try:
            return read_json_object(await self.body())
        except MalformedInput as error:
            raise json.JSONDecodeError("not one strict JSON object", "", 0) from error


def _require_known(request: Request, names: frozenset[str]) -> None:
    """Refuse a query with a name we do not know, or with one name twice: what we skip the caller would count on.

    Raises:
        Malformed: there is one; it is not repeated, for it is the caller's own text.
    """
    if not request.scope["query_string"]:
        return
    given = [name for name, _ in request.query_params.multi_items()]
    places = [
        name if name in names else "onbekend veld"
        for name in given
        if given.count(name) > 1 or name not in names
    ]
    if places:
        text = "Vraag alleen wat in /v1/openapi.json staat, en alles één keer."
        raise Malformed("malformed", text, tuple((place, _ONCE) for place in sorted({*places})))


class StrictRoute(APIRoute):
    """A route whose JSON body is read strictly; one with another media type is refused with 415.

    A caller whose `Accept` leaves out what this route answers gets 406; a query we do not know gets 400.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the framework's handler, so that it sees a strict request."""
        handle = super().get_route_handler()
        straight = self._straight()
        takes_body = self.body_field is not None
        asked = frozenset(each.alias for each in self.dependant.query_params)
        gives = str(getattr(self.response_class, "media_type", None) or JSON)

        async def strict(request: Request) -> Response:
            if not quality(request.headers.getlist("accept"), gives):
                raise HTTPException(406)
            _require_known(request, asked)
            if (
                takes_body
                and request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON
            ):
                raise HTTPException(415)
            own = _StrictRequest(request.scope, request.receive)
            passed = await straight(own) if straight is not None else None
            return passed if passed is not None else await handle(own)

        return strict

    def _straight(self) -> Callable[["_StrictRequest"], Coroutine[Any, Any, Response | None]] | None:
        """How a good body goes straight to an endpoint that takes nothing else; None for any other endpoint.

        The framework says what is wrong with a body that is not good. Letting it find nothing wrong as well costs more
        than all the rest it does for such an endpoint.
        """
        taken = get_type_hints(self.endpoint)
        names = [name for name, kind in taken.items() if name != "return" and kind is not Request]
        if self.body_field is None or taken.get("return") is not Response or len(names) != 1:
            return None
        (name,) = names
        requests = [each for each, kind in taken.items() if kind is Request]
        model, endpoint = taken[name], self.endpoint
        if not isinstance(model, type) or not issubclass(model, BaseModel) or self.dependencies:
            return None

        async def straight(request: _StrictRequest) -> Response | None:
            try:
                body = model.model_validate(await request.json())
            except (json.JSONDecodeError, ValidationError):
                return None
            given: Response = await endpoint(**{name: body}, **dict.fromkeys(requests, request))
            return given

        return straight


def routes_below(prefix: str) -> APIRouter:
    """A router for strict routes that know their whole address, so that an application takes them over as they are.

    An application that includes a router makes every route of it anew at the first request, and searches them twice for
    each one after that.
    """
    return APIRouter(
        prefix=prefix, route_class=StrictRoute, generate_unique_id_function=lambda route: route.name
    )
