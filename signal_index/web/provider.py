"""Speaks with the municipality's identity provider: OpenID Connect, code flow with PKCE, through Authlib.

Invariants:
1. Who somebody is comes from an ID token that verifies: signature by a key of the provider, exact issuer, made for
   us, for this sign-in (nonce), a few minutes old at most. Nothing else the provider or the browser says counts.
2. Which algorithms are fit for that is decided here, never by the provider's own list.
3. Nothing is asked of the provider before somebody wants to sign in, and nothing without a time limit. One that just
   failed to describe itself is left alone for a few seconds, however many people want to sign in.
4. An e-mail address is who somebody is only when the provider says that it has verified the address.

Whoever controls the provider can be any member of staff, visibly in the log, within the roles staff have here.
Source: OpenID Connect Core 1.0 §3.1, Discovery 1.0, RP-Initiated Logout 1.0; RFC 7636; RFC 9700.

Authlib's ready-made Starlette client is left aside: it believes the provider's list of algorithms and its issuer, and
brings an HTTP library of its own. What it is made of (requests, answers, claims) is used here.
"""

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import compare_digest, token_urlsafe
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from authlib.oauth2 import OAuth2Error  # type: ignore[import-untyped]
from authlib.oauth2.auth import ClientAuth  # type: ignore[import-untyped]
from authlib.oauth2.client import OAuth2Client  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749.parameters import prepare_token_request  # type: ignore[import-untyped]
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from authlib.oidc.discovery import get_well_known_url  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from signal_index.errors import Unavailable
from signal_index.usecases.workplace.sessions import SignedIn

ALGORITHMS = ("RS256", "PS256", "ES256", "Ed25519")
TOKEN_AGE_MAX = timedelta(minutes=5)
CLOCK_SKEW = timedelta(seconds=30)
METADATA_KEPT_SECONDS = 300.0
LEFT_ALONE_SECONDS = 5.0
TIMEOUT_SECONDS = 5.0
SCOPE = "openid profile email"

_TEXT_MAX = 200


class SignInRefused(Exception):
    """Nobody came in; `reason` is for the record, and she who tried gets one of a few texts.

    Args:
        reason: stable code.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Relying:
    """What we are to the provider, and what we want of it.

    Args:
        issuer: exact `iss`; where its discovery document is found.
        client_id: our name there.
        client_secret: None for a public client, for which PKCE alone stands.
        return_to: our address for the way back, registered there.
        signed_out: our address after signing out there.
        subject_claim: the claim that holds the staff id.
        second_factor_acr: values of `acr` that stand for a second factor.
        second_factor_amr: values of which one in `amr` does.
    """

    issuer: str
    client_id: str
    client_secret: str | None = field(repr=False)
    return_to: str
    signed_out: str
    subject_claim: str
    second_factor_acr: frozenset[str]
    second_factor_amr: frozenset[str]


@dataclass(frozen=True)
class Departure:
    """One sign-in that has begun; the browser keeps it until she comes back."""

    url: str
    state: str
    nonce: str
    verifier: str


class Provider:
    """The identity provider.

    Args:
        relying: what we are to it.
        now: the clock; aware UTC.
    """

    def __init__(self, relying: Relying, now: Callable[[], datetime]) -> None:
        self._relying = relying
        self._now = now
        self._metadata: tuple[float, Mapping[str, Any]] | None = None
        self._failed_at: float | None = None
        self._tls: ssl.SSLContext | None = None

    @property
    def issuer(self) -> str:
        """Exact name of the provider, as it may state it when somebody comes back (RFC 9207)."""
        return self._relying.issuer

    async def depart(self) -> Departure:
        """Begin a sign-in.

        Raises:
            Unavailable: the provider does not answer as it should.
        """
        endpoint = self._endpoint(await self._discover(), "authorization_endpoint")
        state, nonce, verifier = token_urlsafe(32), token_urlsafe(32), token_urlsafe(48)
        acr = " ".join(sorted(self._relying.second_factor_acr)) or None
        url, _ = self._client().create_authorization_url(
            endpoint, state=state, code_verifier=verifier, nonce=nonce, acr_values=acr
        )
        return Departure(url, state, nonce, verifier)

    async def identify(self, code: str, departure: Departure) -> SignedIn:
        """Learn who came back with this code.

        Raises:
            SignInRefused: the provider does not stand for her, or not in a form that verifies.
            Unavailable: the provider does not answer as it should.
        """
        metadata = await self._discover()
        answer = await self._exchange(metadata, code, departure)
        keys = await self._get_json(self._endpoint(metadata, "jwks_uri"))
        claims = self._verified(answer, keys, departure.nonce)
        return self._signed_in(claims)

    async def way_out(self) -> str | None:
        """Where to sign out at the provider too; None when it has no such place, or does not answer now."""
        try:
            metadata = await self._discover()
            if "end_session_endpoint" not in metadata:
                return None
            endpoint = self._endpoint(metadata, "end_session_endpoint")
        except Unavailable:
            return None
        query = {"client_id": self._relying.client_id, "post_logout_redirect_uri": self._relying.signed_out}
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    # --- Asking -------------------------------------------------------------------------------------------------------

    def _client(self) -> Any:  # noqa: ANN401 - Authlib has no types
        return OAuth2Client(
            session=None,
            client_id=self._relying.client_id,
            scope=SCOPE,
            redirect_uri=self._relying.return_to,
            code_challenge_method="S256",
        )

    def _http(self) -> httpx.AsyncClient:
        if self._tls is None:  # reading every root certificate takes longer than asking
            # Whom this machine trusts counts, as everywhere in the product: httpx by itself brings a list of its own.
            self._tls = ssl.create_default_context()
        return httpx.AsyncClient(
            verify=self._tls, timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False
        )

    async def _discover(self) -> Mapping[str, Any]:
        """The provider's description of itself, asked again after a few minutes; a failure stands for seconds."""
        if self._metadata is not None and time.monotonic() - self._metadata[0] <= METADATA_KEPT_SECONDS:
            return self._metadata[1]
        if self._failed_at is not None and time.monotonic() - self._failed_at <= LEFT_ALONE_SECONDS:
            raise _unavailable()
        try:
            metadata = await self._describe_itself()
        except Unavailable:
            self._failed_at = time.monotonic()
            raise
        self._metadata, self._failed_at = (time.monotonic(), metadata), None
        return metadata

    async def _describe_itself(self) -> Mapping[str, Any]:
        metadata = await self._get_json(get_well_known_url(self._relying.issuer, external=True))
        if metadata.get("issuer") != self._relying.issuer:
            raise _unavailable()
        return metadata

    def _endpoint(self, metadata: Mapping[str, Any], name: str) -> str:
        """An address of the provider; plain HTTP only where the issuer itself is (settings see to where that is)."""
        endpoint = metadata.get(name)
        schemes = {"https", urlsplit(self._relying.issuer).scheme}
        if not isinstance(endpoint, str) or not (endpoint.isascii() and endpoint.isprintable()):
            raise _unavailable()
        if urlsplit(endpoint).scheme not in schemes:
            raise _unavailable()
        return endpoint

    async def _get_json(self, url: str) -> dict[str, Any]:
        try:
            async with self._http() as http:
                answer = await http.get(url, headers={"Accept": "application/json"})
            document = answer.raise_for_status().json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise _unavailable() from error
        if not isinstance(document, dict):
            raise _unavailable()
        return document

    async def _exchange(
        self, metadata: Mapping[str, Any], code: str, departure: Departure
    ) -> Mapping[str, Any]:
        """Trade the code for tokens."""
        endpoint = self._endpoint(metadata, "token_endpoint")
        body = prepare_token_request(
            "authorization_code",
            code=code,
            redirect_uri=self._relying.return_to,
            code_verifier=departure.verifier,
        )
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        auth = ClientAuth(self._relying.client_id, self._relying.client_secret, self._auth_method(metadata))
        url, headers, body = auth.prepare("POST", endpoint, headers, body)
        try:
            async with self._http() as http:
                answer = await http.post(url, headers=headers, content=body)
            token: Mapping[str, Any] = self._client().parse_response_token(answer)
        except OAuth2Error as error:
            raise SignInRefused("code" if error.error == "invalid_grant" else "provider-refused") from error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise _unavailable() from error
        return token

    def _auth_method(self, metadata: Mapping[str, Any]) -> str:
        if self._relying.client_secret is None:
            return "none"
        offered = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        only_post = "client_secret_basic" not in offered and "client_secret_post" in offered
        return "client_secret_post" if only_post else "client_secret_basic"

    # --- Believing ----------------------------------------------------------------------------------------------------

    def _verified(self, answer: Mapping[str, Any], keys: dict[str, Any], nonce: str) -> Mapping[str, Any]:
        """The claims of the ID token, if every one of them holds."""
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise SignInRefused("no-id-token")
        registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        try:
            decoded = jwt.decode(token, KeySet.import_key_set(keys), registry=registry)  # type: ignore[arg-type]
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                {"iss": {"value": self._relying.issuer}, "aud": {"value": self._relying.client_id}},
                {
                    "nonce": nonce,
                    "client_id": self._relying.client_id,
                    "access_token": answer.get("access_token"),
                },
            )
            claims.validate(now=int(self._now().timestamp()), leeway=int(CLOCK_SKEW.total_seconds()))
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise SignInRefused("id-token") from error
        self._check_for_this_sign_in(decoded.header, claims, nonce)
        verified: Mapping[str, Any] = claims
        return verified

    def _check_for_this_sign_in(
        self, header: Mapping[str, Any], claims: Mapping[str, Any], nonce: str
    ) -> None:
        """What the library leaves open: an ID token and no other, a nonce that is a text, and not an old one."""
        if header.get("typ", "JWT") != "JWT":
            raise SignInRefused("id-token")
        if not isinstance(claims["nonce"], str) or not compare_digest(
            claims["nonce"].encode(), nonce.encode()
        ):
            raise SignInRefused("id-token")
        if self._now().timestamp() - claims["iat"] > (TOKEN_AGE_MAX + CLOCK_SKEW).total_seconds():
            raise SignInRefused("id-token-old")

    def _signed_in(self, claims: Mapping[str, Any]) -> SignedIn:
        staff_id = claims.get(self._relying.subject_claim)
        if not isinstance(staff_id, str) or staff_id != _short_text(staff_id):
            raise SignInRefused("no-subject")
        if self._relying.subject_claim == "email" and claims.get("email_verified") is not True:
            raise SignInRefused("no-subject")  # whoever may type her own address there could be anybody here
        acr, amr = claims.get("acr"), claims.get("amr")
        methods = {each for each in amr if isinstance(each, str)} if isinstance(amr, list) else set()
        by_level = isinstance(acr, str) and acr in self._relying.second_factor_acr
        return SignedIn(
            staff_id=staff_id,
            second_factor=by_level or bool(methods & self._relying.second_factor_amr),
            name=_short_text(claims.get("name")),
            email=_short_text(claims.get("email")) if claims.get("email_verified") is not False else None,
        )


def _short_text(value: object) -> str | None:
    """A text of one line that fits on a page; anything else counts as not said."""
    if not isinstance(value, str) or not value.isprintable() or not 0 < len(value.strip()) <= _TEXT_MAX:
        return None
    return value.strip()


def _unavailable() -> Unavailable:
    return Unavailable(
        "sign-in-provider", "Inloggen lukt nu niet: de inlogdienst antwoordt niet. Probeer het zo nog eens."
    )


# Taken from the error itself, where the test of `docs/errors.md` looks for the codes we raise.
PROVIDER_DOWN = _unavailable().code
