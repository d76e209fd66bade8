"""What the tests of the JSON interface share."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from signal_index.web.api.rates import Limiter
from signal_index.web.app import Surface, create_app

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def served(world: Any) -> dict[str, Any]:
    """The API document as the whole interface gives it, with the limits of the product."""
    return rendered(world, Surface.ALL)


@pytest.fixture(scope="session")
def committed() -> dict[str, Any]:
    """The API document as it stands in the repository."""
    found: dict[str, Any] = json.loads((ROOT / "docs/openapi.json").read_text(encoding="utf-8"))
    return found


def rendered(world: Any, surface: Surface) -> dict[str, Any]:
    """What one surface answers when it is asked what it is."""
    world.app = create_app(replace(world.desk, limiter=Limiter()), surface)
    response = world.request("GET", "/v1/openapi.json")
    assert response.status_code == 200
    found: dict[str, Any] = response.json()
    return found
