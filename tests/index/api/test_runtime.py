"""The rules for APIs that no linter sees: what every answer carries, and what happens at a wrong address or form."""

import re
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter

from crypto.batch import BatchClass
from signal_index.web.api.methods import Methods
from signal_index.web.app import LIST_BYTES_MAX, Surface, create_app
from signal_index.web.frame import API_VERSION
from tests.index.conftest import GEMEENTE, World
from tests.support.serving import Server

ALWAYS = {
    "api-version": API_VERSION,
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
JSON = {"content-type": "application/json"}
OCTETS = {"content-type": "application/octet-stream"}
BSN = "999900006"

# method, path, options, status; one for every status that can be had from outside
ANSWERS: list[tuple[str, str, dict[str, Any], int]] = [
    ("GET", "/v1/gereed", {}, 200),
    ("HEAD", "/v1/gereed", {}, 200),
    ("GET", "/v1/openapi.json", {}, 200),
    ("POST", "/v1/raadplegingen", {"content": b"{", "headers": JSON}, 400),
    ("GET", "/v1/gereed?bsn=1", {}, 400),
    ("GET", "/v1/zorgrelaties", {}, 401),
    ("GET", "/v1/nergens", {}, 404),
    ("GET", "/v1", {}, 404),
    ("GET", "/v1/", {}, 404),
    ("GET", "/v1/gereed/", {}, 404),
    ("POST", "/v1/raadplegingen/", {"content": b"{}", "headers": JSON}, 404),
    ("GET", "/v1/logbewijzen", {}, 405),
    ("DELETE", "/v1/zorgrelaties", {}, 405),
    ("OPTIONS", "/v1/openapi.json", {}, 405),
    ("GET", "/v1/gereed", {"headers": {"accept": "text/html"}}, 406),
    ("POST", "/v1/leveringen", {"content": b"x", "headers": {**OCTETS, "accept": "application/json"}}, 406),
    ("POST", "/v1/raadplegingen", {"content": b" " * 5_000_000, "headers": JSON}, 413),
    ("POST", "/v1/raadplegingen", {"content": b"{}", "headers": {"content-type": "text/plain"}}, 415),
    ("POST", "/v1/leveringen", {"content": b"x", "headers": JSON}, 415),
]


def is_framed(response: httpx.Response, status: int) -> bool:
    """Whether an answer is what every answer has to be."""
    assert response.status_code == status, response.text
    assert {name: response.headers.get(name) for name in ALWAYS} == ALWAYS
    assert re.fullmatch(r"[0-9a-f]{32}", response.headers["x-request-id"])
    if status >= 400:
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json().keys() >= {"type", "title", "status", "detail", "code"}
        assert response.json()["status"] == status
    return True


@pytest.mark.parametrize(("method", "path", "options", "status"), ANSWERS)
def test_every_answer_carries_the_version_and_the_headers_that_protect(
    world: World, method: str, path: str, options: dict[str, Any], status: int
) -> None:
    assert is_framed(world.request(method, path, **options), status)


def test_so_does_a_fault_of_ours_and_its_number_is_in_the_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken() -> None:
        raise RuntimeError(BSN)

    world.app.add_api_route("/v1/stuk", broken)
    response = world.request("GET", "/v1/stuk")
    assert is_framed(response, 500)
    assert response.headers["x-request-id"] in caplog.text
    assert BSN not in caplog.text + response.text


def test_a_real_process_answers_the_same(world: World) -> None:
    """The server between us and the caller adds and drops headers of its own, and never sends a body after HEAD."""
    world.database.close()
    server = Server(world)
    server.start()
    try:
        with httpx.Client(base_url=server.url, trust_env=False) as client:
            for method, path, options, status in ANSWERS:
                assert is_framed(client.request(method, path, **options), status)
            whole, head = client.get("/v1/openapi.json"), client.head("/v1/openapi.json")
            assert whole.headers["access-control-allow-origin"] == "*"
            # What the settings of this process say, not what the program would say by itself.
            found = whole.json()["paths"]
            assert found["/raadplegingen"]["post"]["x-per-minuut"] == 100_000
            assert found["/logregels"]["get"]["x-per-minuut"] == 90_000
            assert (head.content, head.headers["content-length"]) == (b"", str(len(whole.content)))
        assert _after_head(server.port) == b""
    finally:
        server.stop()


def _after_head(port: int) -> bytes:
    """What a server really sends after the headers of an answer to HEAD."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        wire.sendall(b"HEAD /v1/openapi.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        received = b""
        while more := wire.recv(65536):
            received += more
    assert received.startswith(b"HTTP/1.1 200")
    return received.partition(b"\r\n\r\n")[2]


def test_the_document_is_for_everybody_and_for_every_page(world: World) -> None:
    elsewhere = {"origin": "https://developer.overheid.example"}
    response = world.request("GET", "/v1/openapi.json", headers=elsewhere)
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (200, "*")
    assert response.headers["content-type"] == "application/json"
    others = [world.request("GET", path, headers=elsewhere) for path in ("/v1/gereed", "/v1/zorgrelaties")]
    assert all("access-control-allow-origin" not in each.headers for each in others)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/gereed", "GET, HEAD"),
        ("/v1/logbewijzen", "POST"),
        ("/v1/raadplegingen", "GET, HEAD, POST"),
        ("/v1/leveringen", "GET, HEAD, POST"),
        ("/v1/zorgrelaties/00000000-0000-0000-0000-000000000007/bevestiging", "POST"),
    ],
)
def test_a_wrong_method_hears_which_ones_there_are(world: World, path: str, allowed: str) -> None:
    for method in {"PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "GET", "HEAD", "POST"} - {
        *allowed.split(", ")
    }:
        response = world.request(method, path)
        assert (response.status_code, response.headers["allow"]) == (405, allowed), method


def test_an_address_of_several_routes_names_the_methods_of_all() -> None:
    routes = APIRouter(prefix="/v1")
    routes.add_api_route("/zaken", lambda: None, methods=["GET"])
    routes.add_api_route("/zaken", lambda: None, methods=["POST"])
    routes.add_api_route("/zaken/{zaak}", lambda: None, methods=["DELETE"])
    methods = Methods(routes.routes)
    assert methods.at("/v1/zaken") == {"GET", "HEAD", "POST"}
    assert methods.at("/v1/zaken/7") == {"DELETE"}
    assert methods.at("/v1/nergens") == frozenset()


def test_head_is_get_without_the_body(world: World) -> None:
    headers = world.token()
    for path in ("/v1/gereed", "/v1/openapi.json", "/v1/zorgrelaties"):
        get = world.request("GET", path, headers=headers)
        head = world.request("HEAD", path, headers=headers)
        assert head.status_code == get.status_code == 200
        assert (head.content, head.headers["content-type"]) == (b"", get.headers["content-type"])
        assert head.headers["content-length"] == str(len(get.content))


@pytest.mark.parametrize(
    "query", ["?limiet=5&limiet=6", "?Limiet=5", f"?bsn={BSN}", f"?{BSN}", "?limiet=5&x", "?alles=misschien"]
)
def test_a_query_that_would_be_skipped_is_refused_and_never_repeated(world: World, query: str) -> None:
    response = world.request("GET", f"/v1/logregels{query}", headers=world.token("p.officer"))
    assert is_framed(response, 400)
    assert BSN not in response.text
    assert response.json()["velden"]


def test_nothing_about_a_person_can_be_put_in_an_address(committed: dict[str, Any]) -> None:
    for path, methods in committed["paths"].items():
        assert not re.search("bsn|pseudoniem|inwoner|burger|naam", path)
        for operation in methods.values():
            for parameter in operation.get("parameters", ()):
                kinds = parameter["schema"].get("anyOf", [parameter["schema"]])
                named = committed["components"]["schemas"]
                assert all(
                    is_closed(named.get(kind.get("$ref", "").rpartition("/")[2], kind)) for kind in kinds
                ), f"{path} {parameter['name']}: free text could be anything"


def is_closed(schema: dict[str, Any]) -> bool:
    """Whether a value in an address can only be of a form that we know."""
    free = schema["type"] == "string" and not schema.keys() & {"format", "pattern", "enum"}
    return not free and schema["type"] in {"string", "integer", "boolean", "null"}


def test_moments_are_in_utc_and_say_so(world: World) -> None:
    world.look(bytes(16))
    found = world.request("GET", "/v1/logregels?alles=true", headers=world.token("p.officer")).json()
    assert found["logregels"]
    for each in found["logregels"]:
        assert each["tijdstip"].endswith("Z")
        assert datetime.fromisoformat(each["tijdstip"]).tzinfo == UTC


def test_every_documented_moment_and_date_has_its_format(committed: dict[str, Any]) -> None:
    schemas = committed["components"]["schemas"]
    assert schemas["Logregel"]["properties"]["tijdstip"]["format"] == "date-time"
    own = schemas["EigenRaadpleging"]["properties"]
    assert {own[name]["format"] for name in ("geopend", "sluit")} == {"date-time"}
    assert {schemas["Zorgrelatie"]["properties"][name]["format"] for name in ("van", "tot")} == {"date"}


def test_a_refused_delivery_is_signed_bytes_unless_somebody_wants_to_read_it(world: World) -> None:
    wrong = world.batch(GEMEENTE, BatchClass.SIGNAAL, [], sequence=9)
    signed = world.post(wrong)
    assert (signed.status_code, signed.headers["content-type"]) == (409, "application/octet-stream")
    reads = {**OCTETS, "accept": "application/problem+json, application/octet-stream;q=0.5"}
    readable = world.request("POST", "/v1/leveringen", content=wrong.encode(), headers=reads)
    assert is_framed(readable, 409)
    assert readable.json()["code"] == "wrong-sequence"
    neither = {**OCTETS, "accept": "application/problem+json"}
    refused = world.request("POST", "/v1/leveringen", content=wrong.encode(), headers=neither)
    assert is_framed(refused, 406)


def test_at_most_two_majors_are_served_and_the_page_on_versions_names_the_present_one(
    world: World, committed: dict[str, Any]
) -> None:
    served = {path for path in (f"/v{major}/openapi.json" for major in range(10)) if _is_there(world, path)}
    assert served == {"/v1/openapi.json"}
    assert committed["info"]["version"] == API_VERSION
    assert committed["servers"][0]["url"].endswith(f"/v{API_VERSION.partition('.')[0]}")
    page = Path(__file__).parents[3].joinpath("docs/api.md").read_text(encoding="utf-8")
    assert f"### {API_VERSION}\n" in page


def _is_there(world: World, path: str) -> bool:
    return world.request("GET", path).status_code == 200


def test_a_list_of_too_many_names_itself_and_one_of_too_many_bytes_is_not_read(world: World) -> None:
    world.app = create_app(world.desk, Surface.OVERSIGHT)
    headers = world.token("f.beheer")
    many = world.request("POST", "/v1/medewerkerslijsten", headers=headers, json={"Resources": [{}] * 10_001})
    assert is_framed(many, 400)
    assert [each["veld"] for each in many.json()["velden"]] == ["Resources"]
    heavy = {"Resources": [{"userName": "x" * LIST_BYTES_MAX}]}
    assert is_framed(world.request("POST", "/v1/medewerkerslijsten", headers=headers, json=heavy), 413)
