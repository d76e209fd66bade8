"""The one table from errors to HTTP, and every error of the JSON interface as problem+json.

Pages take kind, status and title from the same table; `signal_index.web.reception` writes them as HTML.

Invariants:
1. No answer echoes what the caller sent: a posted BSN must not come back in an error.
2. An unknown error loses its detail here.
3. A refusal about a case is the same bytes for every case; the request id travels in a header, not in the body.

Source: RFC 9457; the table in `docs/errors.md`, which a test compares with `KINDS`.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from secrets import token_hex

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from signal_index.errors import (
    Conflict,
    LimitExceeded,
    Malformed,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    SignalIndexError,
    Unavailable,
)

from .api.methods import Methods
from .frame import HEADERS

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kind:
    """One row of the table of problem types."""

    name: str
    status: int
    title: str


MALFORMED = Kind("malformed", 400, "Er klopt iets niet in uw verzoek")
NOT_AUTHENTICATED = Kind("not-authenticated", 401, "U bent niet ingelogd")
NOT_PERMITTED = Kind("not-permitted", 403, "U mag dit niet doen")
NOT_FOUND = Kind("not-found", 404, "Niet gevonden")
METHOD_NOT_ALLOWED = Kind("method-not-allowed", 405, "Dit kan hier niet")
NOT_ACCEPTABLE = Kind("not-acceptable", 406, "Deze vorm van antwoord geven wij hier niet")
CONFLICT = Kind("conflict", 409, "Dit past niet bij de huidige stand")
TOO_LARGE = Kind("too-large", 413, "Uw verzoek is te groot")
UNSUPPORTED_MEDIA_TYPE = Kind("unsupported-media-type", 415, "Deze vorm van verzoek lezen wij niet")
TOO_MANY = Kind("too-many", 429, "Dit gaat te snel achter elkaar")
INTERNAL = Kind("internal", 500, "Er ging bij ons iets mis")
UNAVAILABLE = Kind("unavailable", 503, "De index kan nu niet antwoorden")

KINDS = (
    MALFORMED, NOT_AUTHENTICATED, NOT_PERMITTED, NOT_FOUND, METHOD_NOT_ALLOWED, NOT_ACCEPTABLE, CONFLICT, TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE, TOO_MANY, INTERNAL, UNAVAILABLE,
)  # fmt: skip

_OF_ERROR: Mapping[type[SignalIndexError], Kind] = {
    Malformed: MALFORMED,
    NotAuthenticated: NOT_AUTHENTICATED,
    NotPermitted: NOT_PERMITTED,
    NotFound: NOT_FOUND,
    Conflict: CONFLICT,
    LimitExceeded: TOO_MANY,
    Unavailable: UNAVAILABLE,
}
_OF_STATUS = {kind.status: kind for kind in KINDS}

# What is wrong with a field, by the validator's own code; its message is never passed on, since it may quote.
_FIELD_TEXTS = {
    "missing": "Dit veld ontbreekt.",
    "extra_forbidden": "Dit veld kennen wij niet.",
    "json_invalid": "Dit is geen geldige JSON.",
    "uuid_parsing": "Dit is geen geldig kenmerk.",
    "uuid_type": "Dit is geen geldig kenmerk.",
    "string_type": "Dit moet tekst zijn.",
    "string_too_long": "Deze tekst is te lang.",
}
_FIELDS = frozenset(
    {
        "zorgrelatie",
        "doel",
        "leefgebieden",
        "inwoner",
        "limiet",
        "kenmerk",
        "medewerker",
        "naam",
        "organisatie",
        "team",
        "actief",
        "rol",
        "reden",
        "Resources",
        "totalResults",
        "alleenVergelijken",
        "magWeglaten",
        "voorstel",
        "akkoord",
        "werkend",
        "vertrokken",
        "vervanging",
        "afwezig",
        "vervanger",
        "van",
        "tot",
        "leveranciers",
        "aanleveringen",
        "toegangen",
        "sleutel",
        "alles",
        "schrijver",
        "nummer",
        "blad",
        "bladzijde",
        "maand",
        "telefoon",
        "antwoord",
        "overlap",
        "bron",
        "soort",
        "raadpleging",
        "kaartje",
        "nut",
        "signaal",
        "signalen",
        "gewenst",
        "oordeel",
        "grond",
        "dossier",
        "zaak",
        "uitkomst",
    }
)
_FIELD_TEXT_ELSE = "Dit veld is niet goed gevuld."

PROBLEM_JSON = "application/problem+json"


def problem(
    kind: Kind,
    code: str,
    detail: str,
    violations: tuple[tuple[str, str], ...] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Build a problem+json response.

    Args:
        kind: row of the table.
        code: stable reason.
        detail: Dutch sentence that says what to do.
        violations: (field, what is wrong) pairs.
        headers: extra response headers.
    """
    body: dict[str, object] = {
        "type": f"/problemen/{kind.name}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "code": code,
    }
    if violations:
        body["velden"] = [{"veld": place, "melding": text} for place, text in violations]
    return Response(
        json.dumps(body, ensure_ascii=False).encode(),
        status_code=kind.status,
        media_type=PROBLEM_JSON,
        headers=dict(headers or {}),
    )


def kind_of(error: SignalIndexError) -> Kind:
    """The row for one of the product's own errors; an unlisted one is `INTERNAL`."""
    return _OF_ERROR.get(type(error), INTERNAL)


def kind_of_status(status: int) -> Kind:
    """The row for an HTTP status; one that is not in the table is `INTERNAL`."""
    return _OF_STATUS.get(status, INTERNAL)


def of_error(error: SignalIndexError) -> Response:
    """The answer for one of the product's own errors; an unlisted one becomes 500 without detail."""
    kind = kind_of(error)
    if kind is INTERNAL:
        return _internal(HEADERS)
    headers = {}
    if isinstance(error, NotAuthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, (Unavailable, LimitExceeded)):
        headers["Retry-After"] = str(error.retry_after_seconds)
    violations = error.violations if isinstance(error, Malformed) else ()
    return problem(kind, error.code, error.detail, violations, headers)


def _internal(headers: Mapping[str, str]) -> Response:
    detail = "Probeer het later nog eens. Blijft het misgaan, bel uw beheerder."
    return problem(INTERNAL, "internal", detail, headers=headers)


async def _on_product_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, SignalIndexError)
    return of_error(error)


async def _on_validation_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    violations = tuple(
        (_place(fault["loc"]), _FIELD_TEXTS.get(str(fault["type"]), _FIELD_TEXT_ELSE))
        for fault in error.errors()
    )
    return problem(MALFORMED, "malformed", "Verbeter de genoemde velden en stuur opnieuw.", violations)


def _place(location: Sequence[object]) -> str:
    """A field's name as we know it; an unknown field is the caller's own text and may hold anything."""
    names = [part for part in location[1:] if isinstance(part, str)]
    if not names:
        return "body"
    return names[0] if names[0] in _FIELDS else "onbekend veld"


def _on_http_error(methods: Methods, request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kind = kind_of_status(error.status_code)
    details = {
        404: "Dit adres bestaat niet. Kijk in /v1/openapi.json welke adressen er zijn.",
        405: "Gebruik een andere methode. Welke dat zijn staat in de header Allow.",
        406: "Vraag in de header Accept om de vorm die in /v1/openapi.json staat.",
        413: "Stuur een kleiner verzoek.",
        415: "Stuur application/json of, voor leveringen, application/octet-stream.",
    }
    detail = details.get(kind.status, "Verbeter uw verzoek en stuur het opnieuw.")
    headers = dict(error.headers or {})
    if kind is METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(methods.at(request.scope["path"])))
    return problem(kind, kind.name, detail, headers=headers)


async def _on_unknown_error(_: Request, error: Exception) -> Response:
    # Answered outside the frame, which sets these headers on every other answer.
    number = token_hex(16)
    # Only the kind of error: its text may quote what was being handled.
    _log.error("unhandled %s in request %s", type(error).__name__, number)
    return _internal({**HEADERS, "X-Request-ID": number})


def install(app: FastAPI, methods: Methods) -> None:
    """Replace every stock error answer, FastAPI's echoing 422 first of all.

    Args:
        app: the application.
        methods: of its addresses, for `Allow`.
    """

    async def on_http_error(request: Request, error: Exception) -> Response:
        return _on_http_error(methods, request, error)

    app.add_exception_handler(SignalIndexError, _on_product_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(Exception, _on_unknown_error)
