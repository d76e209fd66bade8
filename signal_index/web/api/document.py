"""The API document (OpenAPI 3.1): what the framework knows of each route, and what the registry says of it.

Each surface serves the document of its own routes. Problems are named once, and every operation lists the ones it can
really give, by status.

Source: NL API Design Rules 2.2.0; RFC 9457 for problems.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from signal_index.web.frame import API_VERSION
from signal_index.web.problems import KINDS, PROBLEM_JSON, Kind

from .rates import PER_MINUTE, Rate
from .registry import ROUTES, Declared, Part, Proof

PREFIX: Final = "/v1"

_SUMMARY: Final = "Zegt dat er hulp loopt voor een inwoner, nooit welke."
_DESCRIPTION: Final = (
    "Met deze API leveren bronnen aan de signaalindex, kijken medewerkers van een wijkteam welke hulp er loopt, en "
    "leest de privacy officer het logboek. Een burgerservicenummer of pseudoniem staat nooit in een adres. Elke fout "
    "is een `application/problem+json`. Versies en termijnen staan in `docs/api.md`, foutcodes in `docs/errors.md`."
)
_PARTS: Final[Mapping[Part, str]] = {
    Part.SOURCES: "Bronnen leveren, via beide pseudonimiseerders.",
    Part.WORKERS: "Medewerkers van een wijkteam: hun caseload en hun raadplegingen.",
    Part.OVERSIGHT: "Toezicht op wie keek en waarom.",
    Part.ADMINISTRATION: "Beheer van medewerkers, rollen, bronnen en sleutels.",
    Part.GENERAL: "Over deze API zelf.",
}
_TOKEN: Final = "medewerker"  # noqa: S105 - the name of a scheme
_SCHEMES: Final = {
    _TOKEN: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "Token van de identiteitsvoorziening van de gemeente (OpenID Connect). Rollen staan niet in het "
        "token maar in de index.",
    }
}
_NOT_SIGNED_IN: Final[Mapping[Proof, str]] = {
    Proof.NOTHING: "Zonder inloggen.",
    Proof.SIGNATURE: "Zonder token: de bron ondertekent de levering zelf (Ed25519), en beide pseudonimiseerders voegen "
    "hun bewijs toe.",
}
_PROBLEM_SCHEMA: Final = {
    "type": "object",
    "title": "Probleem",
    "description": "Een fout, naar RFC 9457.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "description": "Soort probleem, als pad."},
        "title": {"type": "string", "description": "Korte naam van het probleem."},
        "status": {"type": "integer", "description": "De HTTP-status, nog een keer."},
        "detail": {"type": "string", "description": "Wat u kunt doen."},
        "code": {"type": "string", "description": "De precieze reden, voor programma's."},
        "velden": {
            "type": "array",
            "description": "Waar het aan ligt.",
            "items": {
                "type": "object",
                "required": ["veld", "melding"],
                "properties": {"veld": {"type": "string"}, "melding": {"type": "string"}},
            },
        },
    },
}
_API_VERSION: Final = {
    "description": "Volledige versie van deze API.",
    "schema": {"type": "string", "examples": [API_VERSION]},
}
_RETRY_AFTER: Final = {
    "description": "Na hoeveel seconden het weer kan.",
    "schema": {"type": "integer", "minimum": 0},
}


@dataclass(frozen=True)
class Imprint:
    """Who answers for this API, and where it stands.

    Args:
        origin: scheme and host.
        name: of whoever runs it.
        email: where to ask.
        url: where to read more.
    """

    origin: str = "https://signaalindex.example"
    name: str = "Beheer van de signaalindex"
    email: str = "beheer@signaalindex.example"
    url: str = "https://signaalindex.example/hulp"


def describe(routes: Sequence[BaseRoute], imprint: Imprint, per_minute: Mapping[Rate, int]) -> dict[str, Any]:
    """The document of these routes, each of which is in the registry.

    Args:
        routes: as the framework holds them, their paths beginning with the version.
        imprint: who answers for it.
        per_minute: how often one caller may do what.
    """
    document = get_openapi(
        title="Signaalindex",
        version=API_VERSION,
        summary=_SUMMARY,
        description=_DESCRIPTION,
        routes=routes,
        servers=[{"url": f"{imprint.origin}{PREFIX}"}],
        license_info={"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
    )
    document["info"]["contact"] = {"name": imprint.name, "email": imprint.email, "url": imprint.url}
    paths = document["paths"] = {
        path.removeprefix(PREFIX): {
            method: _operation(found, per_minute) for method, found in methods.items()
        }
        for path, methods in document["paths"].items()
    }
    used = {operation["tags"][0] for methods in paths.values() for operation in methods.values()}
    document["tags"] = [
        {"name": part.value, "description": text} for part, text in _PARTS.items() if part.value in used
    ]
    document["components"] = _components(document.get("components", {}).get("schemas", {}))
    return document


def _operation(found: Mapping[str, Any], per_minute: Mapping[Rate, int]) -> dict[str, Any]:
    declared = ROUTES[found["operationId"]]
    operation = {name: value for name, value in found.items() if name != "responses"}
    parameters = [_parameter(each) for each in found.get("parameters", ())]
    if parameters:
        operation["parameters"] = parameters
    operation |= {
        "tags": [declared.part.value],
        "security": [{_TOKEN: []}] if declared.proof is Proof.TOKEN else [],
        "responses": _responses(found, declared),
        "x-wie": _callers(declared),
        "x-vraagt-doel": declared.asks_purpose,
        "x-vastgelegd-als": declared.records,
        "x-per-minuut": per_minute.get(declared.rate),
    }
    if declared.proof in _NOT_SIGNED_IN:
        operation["description"] = f"{found['description']}\n\n{_NOT_SIGNED_IN[declared.proof]}"
    return operation


def _parameter(found: Mapping[str, Any]) -> dict[str, Any]:
    """Without the titles the framework makes up out of names."""
    schema = {name: value for name, value in found["schema"].items() if name != "title"}
    return {**found, "schema": schema}


def _callers(declared: Declared) -> list[str]:
    if declared.proof is Proof.SIGNATURE:
        return ["bron"]
    if declared.proof is Proof.NOTHING:
        return ["iedereen"]
    return sorted(declared.roles) or ["medewerker met een rol"]


def _responses(found: Mapping[str, Any], declared: Declared) -> dict[str, Any]:
    """By status: what the route describes itself, and the problems it can give; the stock 422 never comes."""
    own = {
        status: _answer(status, response)
        for status, response in found["responses"].items()
        if status != "422"
    }
    problems = {str(status) for status in statuses(declared, has_body="requestBody" in found)}
    return dict(sorted({**{status: _problem(status) for status in problems}, **own}.items()))


def _answer(status: str, response: Mapping[str, Any]) -> dict[str, Any]:
    """An answer the route describes itself, with the header every answer carries."""
    content = dict(response.get("content", {}))
    if status >= "400":
        content[PROBLEM_JSON] = {"schema": {"$ref": "#/components/schemas/Probleem"}}
    stock = response["description"] == "Successful Response"
    answer = {
        "description": "Gelukt." if stock else response["description"],
        "headers": {"API-Version": {"$ref": "#/components/headers/API-Version"}},
    }
    return {**answer, "content": content} if content else answer


def _problem(status: str) -> dict[str, str]:
    return {"$ref": f"#/components/responses/{_component(_KINDS[status])}"}


_KINDS: Final[Mapping[str, Kind]] = {str(kind.status): kind for kind in KINDS}


def _component(kind: Kind) -> str:
    return "".join(word.capitalize() for word in kind.name.split("-"))


def statuses(declared: Declared, *, has_body: bool) -> frozenset[int]:
    """Every problem a route can give, by HTTP status.

    Args:
        declared: its row in the registry.
        has_body: whether it reads a body.
    """
    found = {400, 406, 500, *declared.statuses}  # 400 also where nothing is asked: then any query is too much
    found |= {413, 415} if has_body else set()
    found |= {401, 403} if declared.proof is Proof.TOKEN else set()
    found |= {429} if declared.rate in PER_MINUTE else set()
    found |= {503} if declared.reads_database else set()
    return frozenset(found)


def _components(schemas: Mapping[str, Any]) -> dict[str, Any]:
    stock = {"HTTPValidationError", "ValidationError"}  # what the framework would answer, and never does here
    kept = {name: schema for name, schema in schemas.items() if name not in stock}
    return {
        "schemas": {**kept, "Probleem": _PROBLEM_SCHEMA},
        "headers": {"API-Version": _API_VERSION, "Retry-After": _RETRY_AFTER},
        "responses": {_component(kind): _component_of(kind) for kind in KINDS if kind.status != 405},
        "securitySchemes": _SCHEMES,
    }


def _component_of(kind: Kind) -> dict[str, Any]:
    names = ["API-Version", *(["Retry-After"] if kind.status in {429, 503} else [])]
    return {
        "description": kind.title,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
        "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Probleem"}}},
    }
