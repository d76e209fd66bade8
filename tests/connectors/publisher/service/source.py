"""A source for the polling tests: a server that really checks tokens and assertions, and misbehaves on order."""

import gzip
import json
import secrets
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Asked:
    """One question as it came in."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes


@dataclass
class SourceServer:
    """Answers `answer`, or whatever `misbehave` says; hands out tokens to who proves to be `client`."""

    trust: ssl.SSLContext | None = None
    client: str = "connector-1"
    public_key: Any = None
    token_seconds: int = 300
    answer: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    misbehave: Callable[["SourceServer", Any], object] = lambda _, __: False
    asked: list[Asked] = field(default_factory=list)
    assertions: list[dict[str, Any]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    needs_token: bool = False
    etag: str | None = None

    def __post_init__(self) -> None:
        outer = self

        class Answering(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.serve(self)

            def do_POST(self) -> None:
                outer.serve(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self._server.daemon_threads = True
        if self.trust is not None:
            self._server.socket = self.trust.wrap_socket(self._server.socket, server_side=True)
        self.url = f"http{'s' if self.trust else ''}://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def serve(self, http: Any) -> None:
        body = http.rfile.read(int(http.headers.get("Content-Length", 0)))
        parts = urlsplit(http.path)
        if parts.path == "/token":
            self._grant(http, {name: values[0] for name, values in parse_qs(body.decode()).items()})
            return
        self.asked.append(Asked(http.command, parts.path, parse_qs(parts.query), dict(http.headers), body))
        shown = http.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.misbehave(self, http):
            return
        if self.needs_token and shown not in self.tokens:
            respond(http, 401, b"")
        elif self.etag and http.headers.get("If-None-Match") == self.etag:
            respond(http, 304, b"")
        else:
            respond(http, 200, self.answer, self.headers | ({"ETag": self.etag} if self.etag else {}))

    def _grant(self, http: Any, form: dict[str, str]) -> None:
        """Hand out a token, if the assertion is what the NL GOV profile asks for."""
        try:
            claims = self._claims(form)
        except (jwt.PyJWTError, AssertionError, KeyError):
            respond(http, 400, b'{"error": "invalid_client"}')
            return
        self.assertions.append(claims)
        token = secrets.token_urlsafe(32)
        self.tokens.add(token)
        said = {"access_token": token, "token_type": "Bearer", "expires_in": self.token_seconds}
        squeezes = "gzip" in http.headers.get("Accept-Encoding", "")  # as most servers do for who can take it
        body = json.dumps(said).encode()
        respond(
            http,
            200,
            gzip.compress(body) if squeezes else body,
            {"Content-Encoding": "gzip"} if squeezes else {},
        )

    def _claims(self, form: dict[str, str]) -> dict[str, Any]:
        assert form["grant_type"] == "client_credentials"
        assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        assert form["client_id"] == self.client
        claims: dict[str, Any] = jwt.decode(
            form["client_assertion"],
            self.public_key,
            algorithms=["PS256"],
            audience=f"{self.url}/token",
            issuer=self.client,
            options={"require": ["iss", "sub", "aud", "exp", "iat", "jti"]},
        )
        assert claims["sub"] == self.client
        assert claims["exp"] - claims["iat"] <= 60
        assert len(claims["jti"]) * 6 >= 128
        assert claims["jti"] not in [each["jti"] for each in self.assertions]
        return claims


def respond(http: Any, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> bool:
    """Answer; True, as that is all there is to do then."""
    http.send_response_only(status)  # without a date of its own
    for name, value in ({"Content-Length": str(len(body))} | dict(headers or {})).items():
        http.send_header(name, value)
    http.end_headers()
    http.wfile.write(body)
    return True


def write_key(path: Path, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> Path:
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


@dataclass(frozen=True)
class Authority:
    """A certificate authority that makes certificates for one test."""

    folder: Path

    def __post_init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "name", name)
        certificate = self._certificate(name, key.public_key(), is_authority=True)
        (self.folder / "ca.pem").write_bytes(certificate.public_bytes(Encoding.PEM))

    def issue(self, name: str) -> tuple[Path, Path]:
        """Write a certificate with its key; return both paths."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._certificate(subject, key.public_key(), is_authority=False)
        path = self.folder / f"{name}.pem"
        path.write_bytes(certificate.public_bytes(Encoding.PEM))
        return path, write_key(self.folder / f"{name}.key", key)

    def _certificate(self, subject: x509.Name, public_key: Any, *, is_authority: bool) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)  # type: ignore[attr-defined] # set above
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
            )
        )
        return builder.sign(self.key, hashes.SHA256())  # type: ignore[attr-defined] # set above
