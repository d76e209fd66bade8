"""One question to a source over HTTP, with every way it may want to know who asks.

Invariants:
1. TLS is verified, no redirect is followed, no proxy is taken from the environment, and no answer is read beyond its
   limit in bytes or in time.
2. Only 200 with a body, 204 and 304 are answers; everything else is `Unreachable`, and nothing of it is shown.
3. An assertion is used once: a fresh 256-bit `jti`, valid for a minute, for the token endpoint alone.

Keys and certificates are read anew for each question, so that renewed files are used without a restart.
Source: OAuth NL GOV 1.2 (client credentials with private_key_jwt), RFC 7523 §3, RFC 8705 (mutual TLS), RFC 6749 §4.4;
FSC Core and Logging (`Fsc-Grant-Hash`, `Fsc-Transaction-Id` as UUIDv7, RFC 9562 §5.7); W3C Trace Context.
"""

import json
import re
import secrets
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Timer
from time import monotonic
from typing import Final
from uuid import UUID

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from connectors.formats import Unreachable
from crypto.errors import CryptoError
from crypto.tokens import issue

from .life import CALL_SECONDS_MAX
from .settings import OAuth, Poll

ANSWER_SECONDS_MAX: Final = 300.0
"""For a whole answer; one that drips in more slowly than this is broken off."""

ASSERTION_SECONDS: Final = 60
TOKEN_BYTES_MAX: Final = 64 * 1024
TOKEN_SECONDS_USUAL: Final = 60
"""How long a token is used whose endpoint does not say."""

TOKEN_SECONDS_MAX: Final = 6 * 3600
"""OAuth NL GOV: no access token for client credentials lives longer."""

_TIMEOUT: Final = httpx.Timeout(60.0, connect=10.0)
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,16384}")


@dataclass(frozen=True)
class Answer:
    """What a source answered.

    Args:
        status: 200, 204 or 304.
        headers: as they came.
        body: empty unless the status is 200.
    """

    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def has_content(self) -> bool:
        """Whether there is something to read, be it nothing at all."""
        return self.status == httpx.codes.OK

    @property
    def is_unchanged(self) -> bool:
        """Whether it is what the source answered before."""
        return self.status == httpx.codes.NOT_MODIFIED

    @property
    def dated(self) -> datetime | None:
        """When the source says it answered, by its own clock; in UTC."""
        return _moment(self.headers.get("Date", ""))


class Caller:
    """Asks one address.

    Args:
        settings: of the poll.
        clock: aware UTC.
    """

    def __init__(self, settings: Poll, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock
        self._token: str | None = None
        self._token_until = 0.0

    def check(self) -> None:
        """See whether every file the settings name can be used.

        Raises:
            Unreachable: one cannot.
        """
        self._trust()
        self._body()
        if self._settings.token is not None:
            _assertion(self._settings.token, self._clock())

    def ask(self, parameters: Mapping[str, str], headers: Mapping[str, str], transaction: UUID) -> Answer:
        """Ask once; a token the source no longer takes is renewed once.

        Args:
            parameters: put in the query, in the place of those with the same name.
            headers: of this question.
            transaction: its number, also in the source's log.

        Raises:
            Unreachable: there is no usable answer.
        """
        http = httpx.Client(verify=self._trust(), timeout=_TIMEOUT, follow_redirects=False, trust_env=False)
        with http, _closed_in_the_end(http):
            for last in (False, True):
                request = self._request(http, parameters, headers, transaction)
                try:
                    return _answer(http, request, self._settings.bytes_max)
                except _NotAuthorised:
                    self._token = None
                    if last or self._settings.token is None:
                        raise
        raise AssertionError("the second try returns or raises")

    def _request(
        self, http: httpx.Client, parameters: Mapping[str, str], headers: Mapping[str, str], transaction: UUID
    ) -> httpx.Request:
        settings = self._settings
        url = httpx.URL(settings.url)
        sent = {"Accept-Encoding": "identity", **settings.headers, **headers}
        sent["traceparent"] = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"
        if settings.fsc_grant_hash is not None:
            sent |= {"Fsc-Grant-Hash": settings.fsc_grant_hash, "Fsc-Transaction-Id": str(transaction)}
        if settings.token is not None:
            sent["Authorization"] = f"Bearer {self._access(http, settings.token)}"
        if parameters:
            url = url.copy_merge_params(parameters)
        return http.build_request(settings.method, url, content=self._body(), headers=sent)

    def _trust(self) -> ssl.SSLContext:
        settings = self._settings
        try:
            trust = ssl.create_default_context(cafile=settings.trust)
            trust.minimum_version = ssl.TLSVersion.TLSv1_2
            if settings.certificate is not None:
                trust.load_cert_chain(settings.certificate, settings.key)
        except OSError as error:  # ssl.SSLError is one
            raise Unreachable("certificate-files") from error
        return trust

    def _body(self) -> bytes | None:
        try:
            return self._settings.body.read_bytes() if self._settings.body else None
        except OSError as error:
            raise Unreachable("body-file") from error

    def _access(self, http: httpx.Client, oauth: OAuth) -> str:
        """Return an access token, got anew when the last one is used up."""
        if self._token is None or monotonic() >= self._token_until:
            form = {
                "grant_type": "client_credentials",
                "client_id": oauth.client_id,
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": _assertion(oauth, self._clock()),
            } | ({"scope": oauth.scope} if oauth.scope else {})
            headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
            request = http.build_request("POST", oauth.url, data=form, headers=headers)
            try:
                answer = _answer(http, request, TOKEN_BYTES_MAX)
            except _NotAuthorised as refusal:
                raise Unreachable("token-refused") from refusal
            self._token, seconds = _read_token(answer.body)
            self._token_until = monotonic() + 0.9 * seconds
        return self._token


@contextmanager
def _closed_in_the_end(http: httpx.Client) -> Iterator[None]:
    """Break off what drips in, head and all: that keeps every timeout of the library from passing."""
    end = Timer(CALL_SECONDS_MAX, http.close)
    end.daemon = True
    end.start()
    try:
        yield
    finally:
        end.cancel()


class _NotAuthorised(Unreachable):
    """The source does not take the token."""


def _assertion(oauth: OAuth, now: datetime) -> str:
    """Sign who asks, for the token endpoint, once."""
    try:
        key = load_pem_private_key(oauth.key.read_bytes(), password=None)
        chain = x509.load_pem_x509_certificates(oauth.certificate.read_bytes()) if oauth.certificate else []
        if not isinstance(key, RSAPrivateKey):
            raise Unreachable("token-key")
        issued = int(now.timestamp())
        claims = {
            "iss": oauth.client_id,
            "sub": oauth.client_id,
            "aud": oauth.url,
            "jti": secrets.token_urlsafe(32),
            "iat": issued,
            "exp": issued + ASSERTION_SECONDS,
        }
        certificates = [each.public_bytes(Encoding.DER) for each in chain]
        return issue(key, oauth.key_id, oauth.algorithm, claims, token_type="JWT", certificates=certificates)  # noqa: S106 - a media type
    except (OSError, ValueError, TypeError, CryptoError):
        # Not chained: what is wrong with a key may quote it.
        raise Unreachable("token-key") from None


def _read_token(body: bytes) -> tuple[str, float]:
    """Read a token and for how many seconds it is good."""
    try:
        said = json.loads(body)
        token, kind = said["access_token"], said["token_type"]
        seconds = said.get("expires_in", TOKEN_SECONDS_USUAL)
        usable = kind.lower() == "bearer" and _TOKEN.fullmatch(token) and not isinstance(seconds, bool)
        if usable and isinstance(seconds, int | float):
            return token, max(0.0, min(float(seconds), TOKEN_SECONDS_MAX))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        pass
    raise Unreachable("token-malformed")


def _answer(http: httpx.Client, request: httpx.Request, bytes_max: int) -> Answer:
    broken_off = monotonic() + ANSWER_SECONDS_MAX
    body = bytearray()
    response = None
    try:
        response = http.send(request, stream=True)
        _check(response)
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > bytes_max:
                raise Unreachable("too-large")
            if monotonic() > broken_off:
                raise Unreachable("too-slow")
    except httpx.ConnectError as error:
        raise Unreachable("no-connection") from error
    except httpx.HTTPError as error:
        raise Unreachable("no-answer") from error
    finally:
        if response is not None:
            response.close()
    return Answer(response.status_code, response.headers, bytes(body))


def _check(response: httpx.Response) -> None:
    """Let through what is an answer.

    Raises:
        Unreachable: it is none.
    """
    status = response.status_code
    if status == httpx.codes.UNAUTHORIZED:
        raise _NotAuthorised("status-401", retry_after_seconds=_retry_after(response.headers))
    if response.has_redirect_location:
        raise Unreachable("redirect")
    if status not in {httpx.codes.OK, httpx.codes.NO_CONTENT, httpx.codes.NOT_MODIFIED}:
        raise Unreachable(f"status-{status}", retry_after_seconds=_retry_after(response.headers))
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise Unreachable("compressed")


def _retry_after(headers: httpx.Headers) -> float | None:
    said = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", said):
        return float(said)
    until = _moment(said)
    return None if until is None else max(0.0, (until - datetime.now(UTC)).total_seconds())


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):  # the last of a year with twenty digits
        return None


def transaction_number(now: datetime) -> UUID:
    """Return a UUIDv7: milliseconds since 1970, then chance."""
    number = int(now.timestamp() * 1000) << 80 | secrets.randbits(80)
    number = number & ~(0xF << 76) | 0x7 << 76
    return UUID(int=number & ~(0x3 << 62) | 0x2 << 62)
