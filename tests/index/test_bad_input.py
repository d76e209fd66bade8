"""Bad requests get a clear problem that never repeats what was sent."""

from typing import Any

import pytest

BSN = "999900006"
GOOD = {"zorgrelatie": "00000000-0000-0000-0000-000000000001", "doel": "voorbereiding-huisbezoek"}

BODIES = [
    ("not JSON", f'{{"zorgrelatie": {BSN}'.encode(), "body"),
    ("a number for the relation", f'{{"zorgrelatie": {BSN}, "doel": "x"}}'.encode(), "zorgrelatie"),
    ("a BSN for the relation", f'{{"zorgrelatie": "{BSN}", "doel": "x"}}'.encode(), "zorgrelatie"),
    ("an unknown field", f'{{"bsn": "{BSN}", "doel": "x"}}'.encode(), "onbekend veld"),
    ("a BSN as field name", f'{{"{BSN}": 1, "doel": "x"}}'.encode(), "onbekend veld"),
    (
        "a member twice",
        f'{{"doel": "a", "zorgrelatie": "{GOOD["zorgrelatie"]}", "doel": "b"}}'.encode(),
        "body",
    ),
    ("nothing", b"", "body"),
    ("an array", f"[{BSN}]".encode(), "body"),
    ("not UTF-8", b"\xff\xfe" + BSN.encode(), None),
    ("a lone surrogate", f'{{"zorgrelatie": "\\ud800{BSN}", "doel": "x"}}'.encode(), None),
    (
        "a very long purpose",
        f'{{"zorgrelatie": "{GOOD["zorgrelatie"]}", "doel": "{BSN * 20}"}}'.encode(),
        "doel",
    ),
    ("deeply nested", b"[" * 20_000 + BSN.encode(), None),
]


@pytest.mark.parametrize(("_name", "body", "field"), BODIES, ids=[name for name, *_ in BODIES])
def test_a_malformed_look_up_is_a_400_that_names_the_field_and_echoes_nothing(
    world: Any, _name: str, body: bytes, field: str | None
) -> None:
    headers = {"content-type": "application/json", **world.token()}
    response = world.request("POST", "/v1/raadplegingen", content=body, headers=headers)
    assert response.status_code == 400, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert BSN not in response.text
    assert {"type", "title", "status", "detail", "code"} <= response.json().keys()
    if field is not None:
        assert field in [each["veld"] for each in response.json()["velden"]]


def test_a_body_over_the_limit_is_a_413(world: Any) -> None:
    headers = {"content-type": "application/json", **world.token()}
    response = world.request("POST", "/v1/raadplegingen", content=b" " * 5_000_000, headers=headers)
    assert (response.status_code, response.json()["code"]) == (413, "too-large")


ROUTES = [
    ("GET", "/v1/nergens", 404, "not-found"),
    ("GET", "/v1/raadplegingen/", 404, "not-found"),
    ("GET", "/v1/logbewijzen", 405, "method-not-allowed"),
    ("GET", f"/v1/zorgrelaties/{BSN}", 404, "not-found"),
    ("POST", f"/v1/zorgrelaties/{BSN}/bevestiging", 400, "malformed"),
    ("GET", "/v1/logregels?limiet=0", 400, "malformed"),
    ("POST", "/v1/leveringen", 415, "unsupported-media-type"),
    ("POST", "/v1/raadplegingen", 415, "unsupported-media-type"),
]


@pytest.mark.parametrize(("method", "path", "status", "code"), ROUTES)
def test_every_wrong_turn_is_problem_json(world: Any, method: str, path: str, status: int, code: str) -> None:
    response = world.request(method, path, headers=world.token("p.officer"))
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert BSN not in response.text


def test_every_answer_carries_the_fixed_headers(world: Any) -> None:
    for path in ("/v1/gereed", "/v1/nergens", "/v1/openapi.json"):
        headers = world.request("GET", path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["api-version"]
        assert len(headers["x-request-id"]) == 32


def test_an_unexpected_fault_is_a_500_without_detail(world: Any, caplog: pytest.LogCaptureFixture) -> None:
    async def broken() -> None:
        raise RuntimeError(BSN)

    world.app.add_api_route("/v1/stuk", broken)
    response = world.request("GET", "/v1/stuk")
    assert (response.status_code, response.json()["code"]) == (500, "internal")
    assert response.headers["cache-control"] == "no-store"
    assert BSN not in response.text
    assert BSN not in caplog.text
