"""What a source delivers is either on disk and acknowledged, or refused with words and not kept."""

import asyncio
import json
import os
import re
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from connectors.service import webhook
from connectors.service.listening import Listening, figures_app
from connectors.service.settings import Webhook
from connectors.service.webhook import KINDS, Door, Spool, Tokens

TOKEN = "a-token-nobody-guesses-0123456789"
NEXT_TOKEN = "the-token-that-comes-after-987654321"
HEADERS = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}


class Place:
    """A webhook in this process, and what it was told."""

    def __init__(self, folder: Path, spool: Spool | None = None, **changes: Any) -> None:
        self.folder = folder
        self.outcomes: list[str] = []
        values = {
            "listen": "127.0.0.1:1", "path": "/in", "format": "csv", "spool": folder, "token": folder,
            "bytes_max": 1000,
        }  # fmt: skip
        settings = Webhook(**(values | changes))
        tokens = Tokens(None if settings.behind_proxy else [TOKEN, NEXT_TOKEN])
        self.app = Door(settings, tokens, spool or Spool(folder, _now), self.outcomes.append).app()

    def kept(self) -> list[bytes]:
        return [path.read_bytes() for path in sorted(self.folder.iterdir())]

    def post(
        self, content: Any = b"{}", path: str = "/in", method: str = "POST", **headers: str | None
    ) -> httpx.Response:
        sent = HEADERS | {name.replace("_", "-"): value for name, value in headers.items()}
        present = [(n.encode(), value.encode("latin-1")) for n, value in sent.items() if value is not None]
        return ask(self.app, lambda http: http.request(method, path, content=content, headers=present))


def _now() -> datetime:
    return datetime(2026, 11, 22, 12, tzinfo=UTC)


def ask(app: Starlette, call: Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]) -> httpx.Response:
    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://webhook") as http:
            return await call(http)

    return asyncio.run(run())


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_delivery_is_kept_as_it_came_for_its_owner_only(place: Place) -> None:
    body = b'{"bsn": "999900006"}'
    assert (place.post(body).status_code, place.kept()) == (204, [body])
    assert place.outcomes == ["delivered"]
    (path,) = place.folder.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert re.fullmatch(r"20261122T120000\.000000-[0-9a-f]{16}\.message", path.name)


def test_nothing_is_acknowledged_before_it_is_written(tmp_path: Path) -> None:
    may_go_on, answered = threading.Event(), threading.Event()

    class SlowSpool(Spool):
        def write(self, body: bytes) -> None:
            assert may_go_on.wait(20)
            assert not answered.is_set()
            super().write(body)

    place = Place(tmp_path, SlowSpool(tmp_path, _now))

    def deliver() -> None:
        assert place.post().status_code == 204
        answered.set()

    thread = threading.Thread(target=deliver)
    thread.start()
    assert place.kept() == []
    may_go_on.set()
    thread.join(20)
    assert answered.is_set()
    assert place.kept() == [b"{}"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Authorization": None}, "not-authenticated"),
        ({"Authorization": f"Bearer {TOKEN}x"}, "not-authenticated"),
        ({"Authorization": "Bearer"}, "not-authenticated"),
        ({"Authorization": f"Basic {TOKEN}"}, "not-authenticated"),
        ({"Authorization": "Bearer é"}, "not-authenticated"),
        ({"Content_Type": None}, "media-type"),
        ({"Content_Type": "text/html"}, "media-type"),
        ({"Content_Encoding": "gzip"}, "media-type"),
        ({"content": b""}, "malformed"),
        ({"content": b"999900006" * 200}, "too-large"),
        ({"method": "GET"}, "method-not-allowed"),
        ({"method": "PUT"}, "method-not-allowed"),
        ({"path": "/in/"}, "not-found"),
        ({"path": "/"}, "not-found"),
    ],
    ids=str,
)
def test_what_is_refused_is_a_problem_document_and_not_kept(
    change: dict[str, Any], code: str, place: Place
) -> None:
    answer = place.post(**change)
    kind = KINDS[code]
    assert (answer.status_code, place.kept(), place.outcomes) == (kind.status, [], [code])
    assert answer.headers["Content-Type"] == "application/problem+json"
    document = answer.json()
    assert document["type"] == f"/problemen/{code}"
    assert (document["title"], document["status"], document["detail"]) == (
        kind.title,
        kind.status,
        kind.detail,
    )
    assert "999900006" not in answer.text
    if kind.status == 405:
        assert answer.headers["Allow"] == "POST"
    if kind.status == 401:
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_who_shows_no_token_is_not_read(place: Place) -> None:
    read = []

    async def body() -> AsyncIterator[bytes]:
        read.append(1)
        yield b"{}"

    assert place.post(body(), Authorization="Bearer wrong").status_code == 401
    assert not read


def test_a_body_without_a_length_is_read_no_further_than_the_limit(place: Place) -> None:
    read = []

    async def body() -> AsyncIterator[bytes]:
        while True:
            read.append(1)
            yield b"x" * 400

    assert place.post(body()).status_code == 413
    # The transport hands over the next piece before it hears that the last one was too much.
    assert len(read) < 8


def test_a_body_that_takes_too_long_is_broken_off(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "BODY_SECONDS_MAX", 0.05)

    async def body() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(30)

    app_body = body()
    seen: list[int] = []

    async def receive() -> dict[str, Any]:
        chunk = await anext(app_body)
        return {"type": "http.request", "body": chunk, "more_body": True}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            seen.append(message["status"])

    headers = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
    scope = {
        "type": "http", "method": "POST", "path": "/in", "raw_path": b"/in", "root_path": "", "query_string": b"",
        "headers": headers, "scheme": "http", "server": ("webhook", 80), "client": None, "http_version": "1.1",
    }  # fmt: skip
    asyncio.run(place.app(scope, receive, send))
    assert (seen, place.kept()) == ([408], [])


def test_the_next_token_is_accepted_beside_the_present_one(place: Place) -> None:
    assert place.post(Authorization=f"bearer {NEXT_TOKEN}").status_code == 204


@pytest.mark.parametrize("path", ["/in", "/elders"])
def test_nothing_can_be_hidden_in_a_request_for_behind_the_proxy(path: str, tmp_path: Path) -> None:
    place = Place(tmp_path, token=None, behind_proxy=True)
    head = "Host: x\r\nContent-Type: application/json\r\n"
    hidden = f"POST /in HTTP/1.1\r\n{head}Content-Length: 2\r\n\r\n[]"
    lengths = f"Content-Length: {5 + len(hidden)}\r\nTransfer-Encoding: chunked\r\n"
    outer = f"POST {path} HTTP/1.1\r\n{head}{lengths}\r\n0\r\n\r\n"
    listening = Listening([("127.0.0.1:0", place.app)])
    listening.start()
    try:
        port = int(listening.addresses[0].rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as end:
            end.sendall((outer + hidden).encode())
            answer = b"".join(iter(lambda: end.recv(65_536), b""))
    finally:
        listening.close()
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 404"))
    assert place.kept() == []


def test_behind_a_proxy_that_checks_there_is_no_token(tmp_path: Path) -> None:
    place = Place(tmp_path, token=None, behind_proxy=True)
    assert place.post(Authorization=None).status_code == 204


@pytest.mark.parametrize("content", ["", "short\n", f"{TOKEN}\nshort\n"])
def test_a_token_that_can_be_guessed_is_refused_at_the_start(content: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(content)
    with pytest.raises(ValueError, match="at least 32"):
        Tokens.read(tmp_path / "token")


def test_a_spool_that_is_full_or_gone_asks_for_patience(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "SPOOLED_MAX", 2)
    assert [place.post().status_code for _ in range(5)] == [204, 204, 204, 503, 503]
    for path in place.folder.iterdir():
        path.unlink()
    place.folder.rmdir()
    answer = place.post()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    place.folder.mkdir()


def test_drafts_of_a_process_that_was_killed_are_swept_at_the_start(tmp_path: Path) -> None:
    (tmp_path / ".draft-old").write_bytes(b"half")
    (tmp_path / "whole.message").write_bytes(b"whole")
    Spool(tmp_path, _now)
    assert os.listdir(tmp_path) == ["whole.message"]  # noqa: PTH208 - names only


def test_health_and_figures_are_told_in_dutch_paths_and_plain_text() -> None:
    why: list[str | None] = [None]
    alive = [True]
    app = figures_app(lambda: "a 1.0\n", lambda: alive[0], lambda: why[0])

    def get(path: str) -> tuple[int, str]:
        answer = ask(app, lambda http: http.get(path))
        return answer.status_code, answer.text

    assert get("/metrics") == (200, "a 1.0\n")
    assert get("/v1/levend") == (200, json.dumps({"status": "levend"}))
    assert get("/v1/gereed") == (200, json.dumps({"status": "gereed"}))
    why[0], alive[0] = "no-connection", False
    assert get("/v1/levend")[0] == 503
    assert get("/v1/gereed") == (503, json.dumps({"status": "niet gereed", "reden": "no-connection"}))
