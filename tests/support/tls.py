"""TLS as it stands in front of the parties: an authority of our own, and a proxy with an address for each party.

The addresses are of the loopback network, but none is one that the product takes for this machine itself.
"""

import http.client
import ipaddress
import ssl
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_OF_THE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length"}


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(issuer: str, subject: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .issuer_name(_name(issuer))
        .subject_name(_name(subject))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
    )


class Authority:
    """Whom the machines of a region trust, and nobody else: its certificate is in no list that comes with software.

    Args:
        folder: where the files are kept.
    """

    NAME = "Region test authority"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        made = _certificate(self.NAME, self.NAME, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        identity = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        signed = made.add_extension(identity, critical=False).add_extension(
            x509.KeyUsage(
                digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
                key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
            ),
            critical=True,
        ).sign(self._key, hashes.SHA256())  # fmt: skip
        self.certificate = folder / "authority.pem"
        self.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))

    def vouch(self, host: str) -> ssl.SSLContext:
        """What a server at this address needs to show that it is there."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
        by = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        signed = (
            _certificate(self.NAME, host, key)
            .add_extension(names, critical=False)
            .add_extension(by, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        path = self._folder / f"{host}.pem"
        path.touch(mode=0o600)
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + signed.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


@dataclass
class Front:
    """A proxy that ends TLS in front of a service on this machine.

    Args:
        host: address it is found at.
        tls: see `Authority.vouch`.
        behind: port of the service.
    """

    host: str
    tls: ssl.SSLContext
    behind: int
    _server: ThreadingHTTPServer = field(init=False)

    def __post_init__(self) -> None:
        """Listen."""
        self._server = ThreadingHTTPServer((self.host, 0), _passing_on(self.behind))
        # The handshake is made by the thread of the connection, so that a slow one holds up nobody.
        self._server.socket = self.tls.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        """Its address, as an origin."""
        return f"https://{self.host}:{self._server.server_port}"

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()


def _passing_on(port: int) -> type[BaseHTTPRequestHandler]:
    class PassingOn(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            behind = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            try:
                behind.request(self.command, self.path, body, {**self.headers, "X-Forwarded-Proto": "https"})
                answer = behind.getresponse()
                status, headers, content = answer.status, answer.getheaders(), answer.read()
            except OSError:
                status, headers, content = 502, [], b""
            finally:
                behind.close()
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in _OF_THE_CONNECTION:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _pass  # noqa: N815 - the names the server calls

        def log_message(self, *_: object) -> None: ...

    return PassingOn
