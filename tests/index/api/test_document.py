"""The API document in the repository is the one the index serves, and each surface serves its part of it."""

from dataclasses import replace
from typing import Any

import pytest

from signal_index.settings import Settings
from signal_index.web.api.document import Imprint
from signal_index.web.api.rates import PER_MINUTE, Limiter, Rate
from signal_index.web.api.registry import ROUTES
from signal_index.web.app import Surface, create_app
from signal_index.wiring.serving import build_imprint

from .conftest import rendered

PARTS = {
    Surface.SOURCES: {"bronnen", "algemeen"},
    Surface.WORKERS: {"wijkteam", "algemeen"},
    Surface.OVERSIGHT: {"beheer", "toezicht", "algemeen"},
}


def operations(document: dict[str, Any]) -> dict[str, Any]:
    """By id."""
    return {op["operationId"]: op for methods in document["paths"].values() for op in methods.values()}


def test_the_document_in_the_repository_is_the_one_that_is_served(
    served: dict[str, Any], committed: dict[str, Any]
) -> None:
    assert committed == served, "run make openapi"


@pytest.mark.parametrize("surface", PARTS)
def test_a_surface_serves_its_own_part(world: Any, surface: Surface, committed: dict[str, Any]) -> None:
    part = rendered(world, surface)
    for path, methods in part["paths"].items():  # one path may have a method on another surface as well
        assert methods.items() <= committed["paths"][path].items()
    assert part["components"]["schemas"].items() <= committed["components"]["schemas"].items()
    assert {tag["name"] for tag in part["tags"]} == PARTS[surface]
    assert {op["tags"][0] for op in operations(part).values()} == PARTS[surface]


def test_every_route_says_what_the_registry_says(committed: dict[str, Any]) -> None:
    described = operations(committed)
    ours = {name: declared for name, declared in ROUTES.items() if not declared.standard}
    assert described.keys() == ours.keys()
    for name, declared in ours.items():
        assert described[name]["tags"] == [declared.part]
        assert described[name]["x-vastgelegd-als"] == declared.records
        assert described[name]["x-vraagt-doel"] is declared.asks_purpose
        assert described[name]["x-per-minuut"] == PER_MINUTE.get(declared.rate)
        assert bool(described[name]["security"]) is ("401" in described[name]["responses"])
    assert described["raadplegingen"]["x-wie"] == ["wijkteammedewerker"]


def test_every_route_tells_a_dutch_reader_what_it_does(committed: dict[str, Any]) -> None:
    for operation in operations(committed).values():
        assert operation["summary"] != operation["operationId"].capitalize(), "not the framework's own"
        assert operation["description"].rstrip().endswith(".")
    assert "Successful Response" not in str(committed)
    assert "HTTPValidationError" not in str(committed)
    assert not {"422", "4XX", "5XX"} & {s for op in operations(committed).values() for s in op["responses"]}


def test_a_delivery_is_documented_as_the_bytes_it_is(committed: dict[str, Any]) -> None:
    delivery = operations(committed)["leveringen"]
    assert delivery["security"] == []
    assert list(delivery["requestBody"]["content"]) == ["application/octet-stream"]
    assert list(delivery["responses"]["200"]["content"]) == ["application/octet-stream"]
    assert delivery["responses"]["409"]["content"].keys() == {
        "application/octet-stream",
        "application/problem+json",
    }


def test_it_names_the_limits_and_the_people_of_this_installation(world: Any) -> None:
    desk = replace(world.desk, limiter=Limiter({Rate.LOOK: 7, Rate.WORK: 9}))
    imprint = Imprint("https://api.b.example", "Gemeente B", "api@b.example", "https://b.example/api")
    world.app = create_app(desk, Surface.ALL, imprint=imprint)
    document = world.request("GET", "/v1/openapi.json").json()
    assert document["servers"] == [{"url": "https://api.b.example/v1"}]
    assert document["info"]["contact"] == {
        "name": "Gemeente B",
        "email": "api@b.example",
        "url": "https://b.example/api",
    }
    assert operations(document)["raadplegingen"]["x-per-minuut"] == 7
    assert operations(document)["logregels"]["x-per-minuut"] == 9


STATED = {
    "database": "d",
    "keys": "k",
    "manifest": "m",
    "issuer": {"name": "i", "audience": "a", "keys": "j"},
}
SITE = {
    "site": {
        "url": "https://b.example",
        "organisation": "Gemeente B",
        "accessibility_contact": "a@b.example",
        "privacy_contact": "p@b.example",
    },
    "sign_in": {"issuer": "https://idp.example", "client_id": "c"},
}


@pytest.mark.parametrize(
    ("further", "expected"),
    [
        ({}, Imprint()),
        (SITE, Imprint("https://b.example", "Gemeente B", Imprint().email, "https://b.example/hulp")),
        (
            {
                **SITE,
                "api": {
                    "url": "https://api.b.example",
                    "contact_name": "Team",
                    "contact_email": "t@b.example",
                    "contact_url": "https://b.example/x",
                },
            },
            Imprint("https://api.b.example", "Team", "t@b.example", "https://b.example/x"),
        ),
    ],
)
def test_who_answers_for_it_comes_from_the_settings(further: dict[str, Any], expected: Imprint) -> None:
    assert build_imprint(Settings.model_validate({**STATED, **further})) == expected


@pytest.mark.parametrize("url", ["http://api.b.example", "https://api.b.example/v1", "https://127.0.0.1"])
def test_an_address_that_systems_must_not_trust_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"api\.url"):
        Settings.model_validate({**STATED, "api": {"url": url}})
