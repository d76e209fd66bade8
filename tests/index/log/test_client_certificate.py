"""The index shows a witness who it is when it has a certificate for that, and only then gets through."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from signal_index.errors import SetupFault
from signal_index.settings import WitnessSettings
from signal_index.witnessing.witness import client
from tests.connectors.publisher.service.source import Authority, SourceServer


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """One that this process trusts as it trusts those of the machine."""
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return made


@pytest.fixture
def address(authority: Authority, tmp_path: Path) -> Iterator[str]:
    """Of a proxy that lets nobody in without a certificate."""
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust.load_cert_chain(*authority.issue("proxy"))
    trust.load_verify_locations(tmp_path / "ca.pem")
    trust.verify_mode = ssl.CERT_REQUIRED
    server = SourceServer(trust=trust, answer=b"signed")
    yield server.url
    server.close()


def test_with_its_certificate_the_index_gets_through(address: str, authority: Authority) -> None:
    with client(authority.issue("index")) as http:
        assert http.post(f"{address}/add-checkpoint", content=b"x").content == b"signed"


def test_without_one_it_does_not(address: str) -> None:
    with client() as http, pytest.raises(httpx.TransportError):
        http.post(f"{address}/add-checkpoint", content=b"x")


def test_files_that_cannot_be_used_are_said_at_the_start(authority: Authority, tmp_path: Path) -> None:
    (certificate, key), (_, other) = authority.issue("index"), authority.issue("other")
    for wrong in ((tmp_path / "gone", key), (certificate, tmp_path / "gone"), (certificate, other)):
        with pytest.raises(SetupFault, match="cannot use the certificate"):
            client(wrong)


@pytest.mark.parametrize(
    ("address", "files", "said"),
    [
        ("https://getuige.example", {"certificate": "a.pem"}, "go together"),
        ("https://getuige.example", {"key_file": "a.key"}, "go together"),
        ("http://127.0.0.1:8300", {"certificate": "a.pem", "key_file": "a.key"}, "https"),
    ],
)
def test_settings_that_would_show_nothing_are_refused(address: str, files: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        WitnessSettings.model_validate({"address": address, "key": "k"} | files)
