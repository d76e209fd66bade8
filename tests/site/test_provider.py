"""What a provider that lies, or somebody between us and it, can make the index believe: nothing."""

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from signal_index.errors import Unavailable
from signal_index.usecases.workplace.sessions import SignedIn
from signal_index.web.provider import (
    METADATA_KEPT_SECONDS,
    TIMEOUT_SECONDS,
    Departure,
    Provider,
    Relying,
    SignInRefused,
)

NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
ISSUER = "https://idp.example"
RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
OTHER_RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
EC = ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"})
RELYING = Relying(
    issuer=ISSUER,
    client_id="index",
    client_secret="geheim",
    return_to="https://index.test/inloggen/terug",
    signed_out="https://index.test/uitgelogd",
    subject_claim="sub",
    second_factor_acr=frozenset({"high"}),
    second_factor_amr=frozenset({"mfa"}),
)
METADATA = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/jwks",
    "end_session_endpoint": f"{ISSUER}/logout?tenant=1",
    # A provider that offers everything; none of this list counts.
    "id_token_signing_alg_values_supported": ["none", "HS256", "RS256", "ES256"],
}


class Idp:
    """A provider in this process that says whatever a test wants."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, relying: Relying = RELYING) -> None:
        self.metadata: Any = dict(METADATA)
        self.keys: Any = KeySet([RSA, EC]).as_dict()
        self.token: Callable[[Mapping[str, str]], httpx.Response] = lambda _: httpx.Response(
            200, json={"access_token": "x", "token_type": "Bearer", "id_token": self.signed()}
        )
        self.requests: list[httpx.Request] = []
        self.departure = Departure("", "state", "nonce", "v" * 64)
        self.now = NOW
        self.provider = Provider(relying, lambda: self.now)
        transport = httpx.MockTransport(self.answer)
        monkeypatch.setattr(
            self.provider, "_http", lambda: httpx.AsyncClient(transport=transport, follow_redirects=False)
        )

    def answer(self, request: httpx.Request) -> httpx.Response:
        """One request to the provider."""
        self.requests.append(request)
        if request.url.path.endswith("openid-configuration"):
            return said(self.metadata)
        if request.url.path == "/jwks":
            return said(self.keys)
        return self.token({name: values[0] for name, values in parse_qs(request.content.decode()).items()})

    def signed(
        self, key: Any = RSA, alg: str = "RS256", header: Mapping[str, Any] | None = None, **claims: Any
    ) -> str:
        """An ID token as it should be, but for what is changed; None takes a claim away."""
        issued = int(self.now.timestamp())
        good = {
            "iss": ISSUER,
            "aud": "index",
            "sub": "w.een",
            "iat": issued,
            "exp": issued + 300,
            "nonce": "nonce",
            "acr": "high",
        }
        body = {name: value for name, value in {**good, **claims}.items() if value is not None}
        return jwt.encode({"alg": alg, "kid": key.kid, **(header or {})}, body, key, algorithms=[alg])

    def says(self, token: str) -> None:
        """Answer every code with this ID token."""
        self.token = lambda _: httpx.Response(
            200, json={"access_token": "x", "token_type": "Bearer", "id_token": token}
        )

    def identify(self) -> SignedIn:
        """What the index believes about who came back."""
        return asyncio.run(self.provider.identify("code", self.departure))


def said(answer: object) -> httpx.Response:
    """An answer that stands ready, or a document as JSON."""
    return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)


@pytest.fixture
def idp(monkeypatch: pytest.MonkeyPatch) -> Idp:
    return Idp(monkeypatch)


@pytest.mark.parametrize(("key", "alg"), [(RSA, "RS256"), (RSA, "PS256"), (EC, "ES256")])
def test_a_token_as_it_should_be_is_believed(idp: Idp, key: Any, alg: str) -> None:
    idp.says(idp.signed(key, alg, name="Wil Een", email="wil@gemeente.example"))
    assert idp.identify() == SignedIn("w.een", True, "Wil Een", "wil@gemeente.example")


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://idp.example/"}, {"iss": None}, {"aud": "another"}, {"aud": None}, {"aud": []},
        {"aud": ["index", "another"]}, {"aud": ["index", "another"], "azp": "another"}, {"azp": "another"},
        {"exp": None}, {"exp": int(NOW.timestamp()) - 31}, {"exp": "tomorrow"}, {"iat": None},
        {"iat": int(NOW.timestamp()) - 331}, {"iat": int(NOW.timestamp()) + 31}, {"iat": "now"},
        {"nbf": int(NOW.timestamp()) + 31}, {"nonce": None}, {"nonce": "other"}, {"nonce": ["nonce"]},
        {"nonce": ""}, {"sub": None}, {"sub": ""}, {"sub": 7}, {"sub": " w.een"}, {"sub": "w.een\n"},
        {"amr": "mfa", "acr": None}, {"at_hash": "x" * 22},
    ],
)  # fmt: skip
def test_a_token_with_one_claim_wrong_is_not(idp: Idp, changed: dict[str, Any]) -> None:
    idp.says(idp.signed(**changed))
    with pytest.raises(SignInRefused):
        idp.identify()


def unsigned(claims: str) -> str:
    """A token that says it needs no signature."""
    header = base64.urlsafe_b64encode(b'{"alg":"none","kid":"rsa"}').decode().rstrip("=")
    return f"{header}.{claims}."


def by_public_key(claims: str) -> str:
    """A token signed with the public key, as if that were a secret both sides share."""
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"rsa"}').decode().rstrip("=")
    mac = hmac.digest(RSA.as_pem(private=False), f"{header}.{claims}".encode(), "sha256")
    return f"{header}.{claims}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def forged(idp: Idp) -> dict[str, str]:
    """Tokens with a signature that proves nothing."""
    good = idp.signed()
    header, claims, signature = good.split(".")
    return {
        "by another key": idp.signed(OTHER_RSA),
        "none": unsigned(claims),
        "the public key as a secret": by_public_key(claims),
        "cut off": f"{header}.{claims}.",
        "bent": f"{header}.{claims}.{signature[:-4]}AAAA",
        "an unknown key": idp.signed(RSA, header={"kid": "elsewhere"}),
        "a key in the header": idp.signed(OTHER_RSA, header={"jwk": OTHER_RSA.as_dict(private=False)}),
        "an access token": idp.signed(header={"typ": "at+jwt"}),
        "no token": "a.b.c",
        "nothing": "",
    }


def test_a_token_without_a_signature_that_proves_something_is_not_believed(idp: Idp) -> None:
    for what, token in forged(idp).items():
        idp.says(token)
        with pytest.raises(SignInRefused):
            raise AssertionError((what, idp.identify()))


@pytest.mark.parametrize("answer", [{}, {"id_token": None}, {"id_token": 7}, {"access_token": "x"}])
def test_an_answer_without_an_id_token_lets_nobody_in(idp: Idp, answer: dict[str, Any]) -> None:
    idp.token = lambda _: httpx.Response(200, json={"token_type": "Bearer", **answer})
    with pytest.raises(SignInRefused):
        idp.identify()


def test_a_second_factor_is_what_the_municipality_says_it_is(idp: Idp) -> None:
    for claims, enough in (
        ({"acr": "high"}, True), ({"acr": "low"}, False), ({"acr": None}, False), ({"acr": ["high"]}, False),
        ({"acr": None, "amr": ["pwd", "mfa"]}, True), ({"acr": "low", "amr": ["mfa"]}, True),
        ({"acr": None, "amr": ["pwd"]}, False), ({"acr": None, "amr": []}, False),
        ({"acr": None, "amr": [["mfa"]]}, False),
    ):  # fmt: skip
        idp.says(idp.signed(**claims))
        assert idp.identify().second_factor is enough, claims


def test_another_claim_can_hold_the_staff_id(monkeypatch: pytest.MonkeyPatch) -> None:
    idp = Idp(monkeypatch, replace(RELYING, subject_claim="medewerker"))
    idp.says(idp.signed(sub="7f3a", medewerker="w.twee"))
    assert idp.identify().staff_id == "w.twee"
    idp.says(idp.signed(sub="w.een"))
    with pytest.raises(SignInRefused):
        idp.identify()


def test_a_name_or_address_that_is_no_line_of_text_counts_as_not_said(idp: Idp) -> None:
    for value in ("", " ", "a\nb", "x" * 201, 7, ["a"], None):
        idp.says(idp.signed(name=value, email=value))
        assert (idp.identify().name, idp.identify().email) == (None, None), value
    idp.says(idp.signed(email="wil@gemeente.example", email_verified=False))
    assert idp.identify().email is None


def test_the_code_is_traded_with_the_secret_and_the_verifier_of_this_departure(idp: Idp) -> None:
    departure = asyncio.run(idp.provider.depart())
    query = parse_qs(urlsplit(departure.url).query)
    digest = hashlib.sha256(departure.verifier.encode()).digest()
    assert query["code_challenge"] == [base64.urlsafe_b64encode(digest).decode().rstrip("=")]
    assert query["acr_values"] == ["high"]
    idp.departure = departure
    idp.says(idp.signed(nonce=departure.nonce))
    idp.identify()
    sent = next(request for request in idp.requests if request.url.path == "/token")
    fields = parse_qs(sent.content.decode())
    assert fields["code_verifier"] == [departure.verifier]
    assert fields["code"] == ["code"]
    assert fields["redirect_uri"] == [RELYING.return_to]
    assert sent.headers["authorization"] == "Basic " + base64.b64encode(b"index:geheim").decode()
    assert "geheim" not in sent.content.decode()


@pytest.mark.parametrize(
    ("secret", "offered", "in_body"),
    [("geheim", ["client_secret_post"], {"client_id", "client_secret"}), (None, None, {"client_id"})],
)
def test_a_provider_that_wants_the_secret_in_the_body_or_none_at_all_gets_that(
    monkeypatch: pytest.MonkeyPatch, secret: str | None, offered: list[str] | None, in_body: set[str]
) -> None:
    idp = Idp(monkeypatch, replace(RELYING, client_secret=secret))
    idp.metadata["token_endpoint_auth_methods_supported"] = offered
    idp.identify()
    sent = next(request for request in idp.requests if request.url.path == "/token")
    assert "authorization" not in sent.headers
    assert {"client_id", "client_secret"} & set(parse_qs(sent.content.decode())) == in_body


@pytest.mark.parametrize(
    ("error", "reason"), [("invalid_grant", "code"), ("invalid_client", "provider-refused")]
)
def test_a_code_the_provider_refuses_lets_nobody_in(idp: Idp, error: str, reason: str) -> None:
    idp.token = lambda _: httpx.Response(400, json={"error": error})
    with pytest.raises(SignInRefused) as refused:
        idp.identify()
    assert refused.value.reason == reason


def broken_answers() -> list[object]:
    """What a provider in trouble, or somebody in its place, may answer."""
    return [
        httpx.Response(500, text="oops"),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[1]),
        httpx.Response(302, headers={"Location": "https://evil.example/"}),
        httpx.Response(200, content=b"\xff"),
    ]


def test_whatever_else_the_provider_answers_is_a_reason_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for what in ("metadata", "keys", "token"):
        for answer in broken_answers():
            idp = Idp(monkeypatch)
            setattr(idp, what, (lambda _, answer=answer: answer) if what == "token" else answer)
            with pytest.raises((Unavailable, SignInRefused)):
                raise AssertionError((what, answer, idp.identify()))
            assert not any("evil" in str(request.url) for request in idp.requests)


@pytest.mark.parametrize(
    "name", ["authorization_endpoint", "token_endpoint", "jwks_uri", "end_session_endpoint"]
)
@pytest.mark.parametrize(
    "address",
    [
        "http://idp.example/x",
        "javascript:alert(1)",
        "//idp.example/x",
        "https://idp.example/\nx",
        "",
        None,
        7,
    ],
)
def test_an_address_that_is_not_over_tls_is_not_used(idp: Idp, name: str, address: object) -> None:
    idp.metadata[name] = address
    if name == "end_session_endpoint":
        assert asyncio.run(idp.provider.way_out()) is None
        return
    with pytest.raises(Unavailable):
        asyncio.run(idp.provider.depart()) if name == "authorization_endpoint" else idp.identify()


def test_a_provider_that_calls_itself_otherwise_is_not_believed(idp: Idp) -> None:
    for name in (f"{ISSUER}/", "https://evil.example", None, 7):
        idp.metadata["issuer"] = name
        with pytest.raises(Unavailable):
            asyncio.run(idp.provider.depart())


def test_no_request_follows_a_redirect_waits_long_or_takes_a_proxy_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://evil.example")
    client = Provider(RELYING, lambda: NOW)._http()
    assert client.follow_redirects is False
    assert client.trust_env is False
    assert client.timeout == httpx.Timeout(TIMEOUT_SECONDS)
    assert TIMEOUT_SECONDS <= 10


def test_the_way_out_says_where_to_come_back(idp: Idp) -> None:
    way = asyncio.run(idp.provider.way_out())
    assert way is not None
    assert way.startswith(f"{ISSUER}/logout?tenant=1&")
    assert parse_qs(urlsplit(way).query)["post_logout_redirect_uri"] == [RELYING.signed_out]


def test_the_providers_description_is_read_again_after_a_while(
    idp: Idp, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(idp.provider.depart())
    asyncio.run(idp.provider.depart())
    assert len(idp.requests) == 1
    later = time.monotonic() + METADATA_KEPT_SECONDS + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    asyncio.run(idp.provider.depart())
    assert len(idp.requests) == 2


def test_a_provider_without_a_way_out_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    idp = Idp(monkeypatch)
    del idp.metadata["end_session_endpoint"]
    assert asyncio.run(idp.provider.way_out()) is None
