"""Requests as they stand on the wire, to the application itself: odd spellings, hosts, and static files as sent.

A client for tests tidies a path before it sends it and unpacks an answer before it shows it; nothing does that here.
"""

import asyncio
import gzip
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

ASSET = re.compile(r'(?:href|src)="(/static/[^"]+)"')


@dataclass(frozen=True)
class Wire:
    """An answer as it leaves the application: nothing joined, normalised or unpacked."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body of a page."""
        return self.body.decode()


def wire(app: Any, method: str, target: str, *headers: tuple[str, str], hosts: Any = ("index.test",)) -> Wire:
    """Send a request target as it is written; a client for tests would resolve its dots and slashes first."""
    path, _, query = target.partition("?")
    lines = [*(("host", host) for host in hosts), *headers]
    scope = {
        "type": "http", "http_version": "1.1", "scheme": "https", "method": method, "root_path": "",
        "path": unquote(path), "raw_path": path.encode(), "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in lines],
    }  # fmt: skip
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    asyncio.run(app(scope, receive, send))
    start, *rest = sent
    return Wire(
        start["status"],
        {name.decode(): value.decode() for name, value in start["headers"]},
        b"".join(message.get("body", b"") for message in rest),
    )


def cookies_of(browser: Any) -> tuple[str, str]:
    return "cookie", "; ".join(f"{name}={value}" for name, value in browser.cookies.items())


def test_a_request_with_no_host_or_two_gets_nothing(house: Any) -> None:
    for hosts in ([], ["index.test", "evil.example"], ["index.test", "index.test"]):
        assert wire(house.app, "GET", "/hulp", hosts=hosts).status == 421, hosts
    assert wire(house.app, "GET", "/hulp").status == 200


def test_static_files_are_kept_forever_under_a_name_that_says_what_they_hold(house: Any) -> None:
    browser = house.browser()
    found = sorted(set(ASSET.findall(browser.get("/hulp").text)))
    assert {Path(each).suffix for each in found} >= {".css", ".js", ".svg"}
    for path in found:
        packed = wire(house.app, "GET", path, ("accept-encoding", "gzip"))
        plain = wire(house.app, "GET", path, ("accept-encoding", "identity"))
        assert packed.headers["cache-control"] == plain.headers["cache-control"]
        assert "immutable" in plain.headers["cache-control"]
        assert plain.headers["x-content-type-options"] == "nosniff"
        assert packed.headers["content-encoding"] == "gzip"
        assert int(packed.headers["content-length"]) == len(packed.body) < len(plain.body)
        assert gzip.decompress(packed.body) == plain.body
        assert "content-encoding" not in plain.headers
        stem, _, suffix = path.rpartition(".")
        assert browser.get(f"{stem[:-1]}.{suffix}").status_code == 404


@pytest.mark.parametrize(
    "target",
    [
        "/static/", "/static/..", "/static/../visits.py", "/static/%2e%2e/visits.py", "/static/..%2fvisits.py",
        "/static/..\\visits.py", "/static//etc/passwd", "/static/%2fetc%2fpasswd", "/static/./{name}",
        "/static//{name}", "//static/{name}", "/static/../static/{name}", "/static/{name}%00", "/static/app.css",
    ],
)  # fmt: skip
def test_nothing_but_static_files_is_served_as_such(house: Any, target: str) -> None:
    own = ASSET.findall(house.browser().get("/hulp").text)[0]
    assert wire(house.app, "GET", own).status == 200
    assert wire(house.app, "GET", target.format(name=Path(own).name)).status == 404


def test_no_spelling_of_a_path_or_method_gets_past_the_roles(house: Any) -> None:
    worker, lead = cookies_of(house.browser("w.een")), cookies_of(house.browser("t.lead"))
    spellings = [
        "/team", "team", "*", "", "https://index.test/team", "/team/.", "/./team/", "///team", "/hulp//../team",
        "/team/", "//team", "/./team", "/TEAM", "/team%2f", "/team%00", "/team;x", "/%74eam", "/team?x=/hulp",
        "/hulp/../team", "/hulp/%2e%2e/team", "/hulp%2f..%2fteam", "/static/../team", "/v1/../team", "/v1/%2e%2e/team",
        "/v1//team", "/\\team", "/team\\", "/team%0a", "/%00", "/%ff", "/caseload/../team",
    ]  # fmt: skip
    for path in spellings:
        for method in ("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "PROPFIND", "get"):
            tricks = (
                ("x-http-method-override", "GET"),
                ("x-original-url", "/team"),
                ("x-rewrite-url", "/team"),
            )
            answer = wire(house.app, method, path, worker, *tricks)
            assert 400 <= answer.status < 500, (method, path, answer.status)
            assert "Te bevestigen" not in answer.text, (method, path)
    assert not house.world.records("relations.awaiting")
    assert "Te bevestigen" in wire(house.app, "GET", "/team", lead).text
    assert house.world.records("relations.awaiting")
