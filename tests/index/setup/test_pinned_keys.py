"""Keys are pinned of the provider that was named, over a road as safe as the provider's own, or not at all."""

import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from signal_index.cli.checkup.findings import State
from signal_index.cli.setup.keymaking import token_keys
from signal_index.insecure_issuer import make_keys
from tests.connectors.publisher.service.source import Authority, SourceServer

from .conftest import DISCOVERY


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SourceServer]:
    """One over TLS, whose one document is its own description and its keys in one."""
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust.load_cert_chain(*authority.issue("provider"))
    server = SourceServer(trust=trust)
    yield server
    server.close()


@pytest.fixture
def elsewhere(provider: SourceServer) -> Iterator[SourceServer]:
    """Another place, without TLS, with what the provider says."""
    server = SourceServer()
    yield server
    server.close()


def pin(
    provider: SourceServer, elsewhere: SourceServer, folder: Path, **said: str
) -> tuple[bool, list[str], list[str]]:
    """Let it say this of itself; whether its keys were pinned, what there is to mend, and what was asked for."""
    _, public = make_keys(folder)
    stated = {"issuer": provider.url, "jwks_uri": f"{provider.url}/jwks"} | said
    answer = json.dumps(json.loads(public.read_text()) | stated).encode()
    provider.answer = elsewhere.answer = answer
    pinned = folder / "pinned.json"
    findings = list(token_keys(pinned, provider.url, trial=False, waiting=lambda _: None))
    wrong = [each.text for each in findings if each.state is State.MEND]
    return pinned.exists(), wrong, [each.path for each in provider.asked + elsewhere.asked]


def test_a_provider_that_says_who_it_is_has_its_keys_pinned(
    provider: SourceServer, elsewhere: SourceServer, tmp_path: Path
) -> None:
    assert pin(provider, elsewhere, tmp_path) == (True, [], [DISCOVERY, "/jwks"])


def test_keys_of_another_issuer_are_not_so_much_as_fetched(
    provider: SourceServer, elsewhere: SourceServer, tmp_path: Path
) -> None:
    made, wrong, asked = pin(provider, elsewhere, tmp_path, issuer="https://another.example")
    assert (made, asked) == (False, [DISCOVERY])
    assert wrong == [f"{provider.url}: the provider calls itself https://another.example"]


def test_keys_that_would_come_over_an_unsafe_road_are_not_so_much_as_fetched(
    provider: SourceServer, elsewhere: SourceServer, tmp_path: Path
) -> None:
    made, wrong, asked = pin(provider, elsewhere, tmp_path, jwks_uri=f"{elsewhere.url}/jwks")
    assert (made, asked) == (False, [DISCOVERY])
    assert wrong == [f"{provider.url}: no safe address in jwks_uri"]
