"""Everything outside that a set-up asks: two pseudonymisers, a witness, an identity provider; and answers that hold."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crypto.keyfiles import IndexSecrets, PseudonymiserSecrets
from crypto.log.notes import COSIGNATURE, Verifier
from signal_index.cli import main
from signal_index.insecure_issuer import make_keys
from signal_index.settings import Settings
from signal_index.settings import load as load_settings
from signal_index.store import SqlDatabase, open_database
from tests.support.keys import agreed
from tests.support.serving import free_port

WITNESS_KEY = Verifier.of(
    "getuige.example", Ed25519PrivateKey.from_private_bytes(b"w" * 32), COSIGNATURE
).text
OIN = "00000099000000000001"
MADE = [
    "index.initialised", "role.granted", "role.granted", "rules.proposed", "staff.added", "staff.added",
    "staff.imported",
]  # fmt: skip
"""What a set-up records, in the order of the alphabet."""
DISCOVERY = "/.well-known/openid-configuration"
READY = "/v1/gereed"
DAY = datetime.now(UTC).date()


class Elsewhere:
    """An HTTP service of somebody else, on this machine; says what a test wants it to."""

    def __init__(self) -> None:
        pages: dict[str, tuple[int, Any]] = {}

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, document = pages.get(self.path, (404, {}))
                body = document if isinstance(document, bytes) else json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None: ...

        self.pages = pages
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@dataclass
class Desk:
    """A folder in which an index is set up, and who else is asked about it."""

    folder: Path
    a: Elsewhere
    b: Elsewhere
    witness: Elsewhere
    provider: Elsewhere
    answers: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.folder / "signal-index.toml"

    def file(self, **changed: str | None) -> Path:
        """A file with the good answers, but for these; None leaves one out."""
        stated = {name: value for name, value in (self.answers | changed).items() if value is not None}
        path = self.folder / "given.toml"
        path.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in stated.items()))
        return path

    def run(self, *words: str | Path, typed: str | None = None) -> Result:
        """Run the command; nothing but an exit ends it."""
        result = CliRunner().invoke(
            main, ["setup", *map(str, words), "--config", str(self.config)], input=typed
        )
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    def set_up(self, **changed: str | None) -> Result:
        """Set up from a file with answers."""
        return self.run("--answers", self.file(**changed))

    def typed(self, **changed: str) -> str:
        """The good answers as somebody would type them, several of them for a question that is asked again."""
        return "\n".join(changed.get(name, value) for name, value in self.answers.items()) + "\n"

    @property
    def settings(self) -> Settings:
        return load_settings(self.config)

    def opened(self) -> SqlDatabase:
        secrets = IndexSecrets.load(self.folder / "index.key")
        return open_database(self.settings.database, secrets, writer_kind="cli")

    def roles(self) -> dict[str, frozenset[str]]:
        with self.opened() as database:
            return {each.staff_id: each.roles for each in database.run(lambda tx: tx.staff.all())}

    def events(self) -> list[str]:
        with self.opened() as database:
            return [each.event for each in database.run(lambda tx: list(tx.audit.entries()))]


@pytest.fixture(scope="session")
def ceremony(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the key ceremony left at the index."""
    folder = tmp_path_factory.mktemp("ceremony")
    index = IndexSecrets.generate("regio-proef", 1, created=DAY)
    b = PseudonymiserSecrets.generate("B", index.public(), created=DAY)
    a = PseudonymiserSecrets.generate("A", b.public(), created=DAY)
    index.save(folder / "index.key")
    agreed(index, b, a).save(folder / "manifest.json")
    make_keys(folder)
    for secrets in (a, b):
        secrets.save(folder / f"{secrets.party}.key")
    return folder


@pytest.fixture(scope="session")
def others() -> Iterator[list[Elsewhere]]:
    made = [Elsewhere() for _ in range(4)]
    yield made
    for each in made:
        each.close()


@pytest.fixture
def desk(
    ceremony: Path,
    others: list[Elsewhere],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Desk:
    folder = tmp_path / "index"
    folder.mkdir()
    for name in ("index.key", "manifest.json", "issuer.public.json"):
        (folder / name).write_bytes((ceremony / name).read_bytes())
        (folder / name).chmod(0o600)
    (folder / "sign-in.secret").touch(mode=0o600)
    (folder / "sign-in.secret").write_text("a-secret-of-the-client")
    a, b, witness, provider = others
    made = Desk(folder, a, b, witness, provider)
    made.answers = _good(made)
    _answer_well(made)
    return made


def _answer_well(desk: Desk) -> None:
    for party, at in (("A", desk.a), ("B", desk.b)):
        at.pages.clear()
        at.pages[READY] = (200, {"status": "gereed", "partij": party, "regio": "regio-proef", "epoch": 1})
    desk.witness.pages.clear()
    desk.witness.pages[READY] = (200, {"status": "gereed", "getuige": "getuige.example"})
    said = {
        "issuer": desk.provider.url,
        **{name: f"{desk.provider.url}/{name}" for name in ("authorization_endpoint", "token_endpoint")},
        "jwks_uri": f"{desk.provider.url}/jwks",
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }
    desk.provider.pages.clear()
    desk.provider.pages[DISCOVERY] = (200, said)
    desk.provider.pages["/jwks"] = (200, json.loads((desk.folder / "issuer.public.json").read_text()))


def _good(desk: Desk) -> dict[str, str]:
    return {
        "environment": "dev",
        "oin": OIN,
        "site_url": "http://127.0.0.1:8100",
        "organisation": 'Gemeente "Proef" én omstreken',
        "accessibility_contact": "a@proef.example",
        "privacy_contact": "p@proef.example",
        "identity_provider": desk.provider.url,
        "client_id": "signaalindex",
        "client_secret_file": "sign-in.secret",
        "token_audience": "index",
        "token_keys": "issuer.public.json",
        "keys": "index.key",
        "manifest": "manifest.json",
        "manifest_fingerprint": "-",
        "pseudonymiser_a": desk.a.url,
        "pseudonymiser_b": desk.b.url,
        "witness_key": WITNESS_KEY,
        "witness_certificate": "-",
        "witness_address": desk.witness.url,
        "database": "index.sqlite",
        "listen": f"127.0.0.1:{free_port()}",
        "first_administrator": "f.beheer",
        "second_administrator": "g.beheer",
    }
