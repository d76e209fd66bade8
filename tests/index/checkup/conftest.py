"""An index that is set up well, with an identity provider and a mail server outside it, for tests to spoil."""

import json
import re
import shutil
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from policy.vocabulary import Role
from signal_index.cli import main
from signal_index.model import Register, StaffMember
from signal_index.model.workplace import Entrance
from signal_index.store import open_database

CLIENT_SECRET = "a-secret-of-the-client"
CONFIG = """
environment = "dev"
database = "index.sqlite"
keys = "index.key"
manifest = "manifest.json"
[issuer]
name = "https://idp.test"
audience = "index"
keys = "issuer.public.json"
"""
OUTSIDE = """
[site]
url = "http://127.0.0.1:8100"
organisation = "Gemeente Test"
accessibility_contact = "a@gemeente.example"
privacy_contact = "p@gemeente.example"
theme = "theme.css"
[sign_in]
issuer = "{provider}"
client_id = "index"
client_secret_file = "client.secret"
[mail]
host = "127.0.0.1"
port = {mail_port}
sender = "index@gemeente.example"
starttls = false
"""


class IdentityProvider:
    """Says about itself what a test wants it to."""

    def __init__(self) -> None:
        provider = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, document = provider.pages.get(self.path, (404, None))
                body = document if isinstance(document, bytes) else json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.said: dict[str, Any] = {
            "issuer": self.url,
            **{name: f"{self.url}/{name}" for name in ("authorization_endpoint", "token_endpoint")},
            "jwks_uri": f"{self.url}/jwks",
            "response_types_supported": ["code", "code id_token"],
            "code_challenge_methods_supported": ["plain", "S256"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        self.pages: dict[str, tuple[int, Any]] = {
            "/.well-known/openid-configuration": (200, self.said),
            "/jwks": (200, {"keys": [{"kty": "RSA"}]}),
        }
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """Answer no more."""
        self.server.shutdown()
        self.server.server_close()


class Swallows:
    """Takes no mail at all; the check-up should not send any."""


class Clinic:
    """An index that is set up well, until a test spoils it; runs the command on it.

    Args:
        folder: with keys, manifest and database, a copy for this test alone.
        world: the closed one it was copied from, for its keys and names.
    """

    CONFIG = CONFIG

    def __init__(self, folder: Path, world: Any, provider: IdentityProvider, mail_port: int) -> None:
        self.folder = folder
        self.world = world
        self.provider = provider
        self.mail_port = mail_port
        self.config = folder / "index.toml"
        self.path = folder / "index.sqlite"
        (folder / "theme.css").write_text("body {}")
        (folder / "client.secret").touch(mode=0o600)
        (folder / "client.secret").write_text(CLIENT_SECRET)
        self.settings(CONFIG + OUTSIDE.format(provider=provider.url, mail_port=mail_port))

    @property
    def entrance(self) -> Entrance:
        """The one system that may open cases."""
        (found,) = self.run(lambda tx: tx.register.entrances())
        assert isinstance(found, Entrance)
        return found

    def run(self, job: Callable[[Any], Any]) -> Any:
        """Do something with the database."""
        with open_database(self.path, self.world.secrets, writer_kind="cli") as opened:
            return opened.run(job)

    def settings(self, text: str) -> None:
        """Write the settings file."""
        self.config.write_text(text)
        self.config.chmod(0o644)

    def register(self, **changed: Any) -> None:
        """Replace parts of the register, whatever the rules for importing one."""

        def write(tx: Any) -> None:
            parts = {
                "publishers": tuple(tx.register.publishers()),
                "publications": tuple(tx.register.publications()),
                "entrances": tuple(tx.register.entrances()),
            }
            tx.register.replace(Register(**(parts | changed)))

        self.run(write)

    def staff(self, staff_id: str, *roles: Role, **changed: Any) -> None:
        """Put somebody in the staff table with exactly these roles, whatever the rules for granting."""
        member = replace(StaffMember(staff_id, self.world.GEMEENTE, "noord", active=True), **changed)

        def write(tx: Any) -> None:
            tx.staff.put(member)
            for role in Role:
                tx.staff.revoke(staff_id, role.value)
            for role in roles:
                tx.staff.grant(staff_id, role.value, "test", self.world.clock)

        self.run(write)

    def sql(self, statement: str, *values: Any) -> None:
        """Change the database behind the index's back."""
        with sqlite3.connect(self.path) as connection:
            connection.execute(statement, values)
        connection.close()

    def visit(self, *options: str) -> tuple[int, list[str]]:
        """Run the command; its exit status and its lines, which never hold a secret."""
        result = CliRunner().invoke(main, ["doctor", *options, "--config", str(self.config)])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        self._expect_no_secret(result.output)
        return result.exit_code, result.stdout.splitlines()

    def points(self, *options: str) -> tuple[int, list[str]]:
        """Run the command; its exit status, and a line per point with what to do behind it."""
        status, lines = self.visit(*options)
        found: list[str] = []
        for line in lines[: lines.index("What is left")] if "What is left" in lines else lines:
            if line.startswith("           -> "):
                found[-1] += f": {line.removeprefix('           -> ')}"
            elif line.startswith("  "):
                found.append(line.removeprefix("  "))
        return status, found

    def _expect_no_secret(self, said: str) -> None:
        # A run of letters and digits as long as half a key, where it is no address of ours, would be one.
        assert CLIENT_SECRET not in said
        for key in (self.world.secrets.row_keys, self.world.secrets.audit_keys):
            assert key.tag_key.hex() not in said
        assert not re.search(r"9999[0-9]{5}", said)
        words = said.replace(str(self.folder), "").split()
        assert not [word for word in words if re.fullmatch(r"[A-Za-z0-9_+/=-]{43,}", word)]


@pytest.fixture(scope="module")
def mail_port() -> Iterator[int]:
    """A mail server without TLS."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(Swallows(), hostname="127.0.0.1", port=port)
    controller.start()
    yield port
    controller.stop()


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    made = IdentityProvider()
    yield made
    made.close()


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Where the sound index is kept once it has been made: `folder` and `world`."""
    return {"folder": tmp_path_factory.mktemp("sound") / "index"}


@pytest.fixture
def clinic(
    new_world: Callable[..., Any],
    kept: dict[str, Any],
    provider: IdentityProvider,
    mail_port: int,
    tmp_path: Path,
) -> Clinic:
    """An index of this test's own; publishing everything anew for each would take most of the time."""
    if "world" not in kept:
        kept["world"] = _made_sound(new_world())
        shutil.copytree(kept["world"].folder, kept["folder"])
    folder = shutil.copytree(kept["folder"], tmp_path / "index")
    return Clinic(folder, kept["world"], provider, mail_port)


def _made_sound(world: Any) -> Any:
    """Give a world everything a sound index has, and close it."""
    world.clock = datetime.now(UTC)
    world.secrets.save(world.folder / "index.key")
    world.manifest.save(world.folder / "manifest.json")
    key = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    entrance = Entrance("https://regie.example", "Regiesysteem", world.GEMEENTE, key)

    def write(tx: Any) -> None:
        tx.register.replace(
            Register(tuple(tx.register.publishers()), tuple(tx.register.publications()), (entrance,))
        )

    world.database.run(write)
    world.register_relations((world.PEOPLE[0], world.relation()))
    world.publish_nothing_else()
    world.database.close()
    return world
