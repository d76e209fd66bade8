"""The decision point with the rules of others, served over HTTP."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import uvicorn

from tests.support.serving import free_port

from .point import point


@dataclass(frozen=True)
class Caller:
    """Whoever asks."""

    origin: str
    client: httpx.Client

    def send(self, path: str, **options: Any) -> httpx.Response:
        """One request to one of the default addresses."""
        return self.client.post(f"{self.origin}/access/v1/{path}", **options)

    def ask(self, path: str, body: Any) -> Any:
        """The answer to a body that is well formed."""
        response = self.send(path, json=body)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == "application/json"
        return response.json()


@pytest.fixture(scope="package")
def caller() -> Iterator[Caller]:
    """Somebody with a decision point at hand."""
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    server = uvicorn.Server(uvicorn.Config(point(origin), port=port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + 20
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        with httpx.Client(trust_env=False) as client:
            yield Caller(origin, client)
    finally:
        server.should_exit = True
        thread.join(10)
