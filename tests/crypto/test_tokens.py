"""The strict token wrapper: the header chooses nothing, one text per token, time from the caller."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import MalformedInput, TokenRefused
from crypto.tokens import (
    TOKEN_BYTES_MAX,
    TOKEN_REFUSALS,
    PrivateKey,
    TokenRules,
    TrustedKey,
    decode_base64url,
    encode_base64url,
    issue,
    read_json_object,
    verify,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
ISSUER = "https://login.gemeente.example"
AUDIENCE = "https://index.example/wijkteam"
GOOD: dict[str, object] = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "m.jansen",
    "jti": "0b0f6f6e",
    "iat": SECONDS - 10,
    "exp": SECONDS + 600,
    "acr": "http://eidas.europa.eu/LoA/substantial",
    "amr": ["pwd", "otp"],
}


@cache
def rsa_key(bits: int = 2048, exponent: int = 65537) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(exponent, bits)


@cache
def ed_key(name: str = "issuer") -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


@cache
def ec_key(curve: type[ec.EllipticCurve] = ec.SECP256R1) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(curve())


def private_key(algorithm: str) -> PrivateKey:
    keys: dict[str, Callable[[], PrivateKey]] = {"EdDSA": ed_key, "ES256": ec_key}
    return keys.get(algorithm, rsa_key)()


def rules(algorithm: str = "EdDSA", **changes: Any) -> TokenRules:
    key = TrustedKey("k1", algorithm, private_key(algorithm).public_key())
    return TokenRules(**({"issuer": ISSUER, "audience": AUDIENCE, "keys": (key,)} | changes))


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(header: bytes, payload: bytes, key: ed25519.Ed25519PrivateKey | None = None) -> str:
    """A token over these very bytes, so that a test can write what no library would."""
    text = f"{b64(header)}.{b64(payload)}"
    return f"{text}.{b64((key or ed_key()).sign(text.encode()))}"


def with_header(**changes: object) -> str:
    header = {"alg": "EdDSA", "typ": "at+jwt", "kid": "k1"} | changes
    kept = {name: value for name, value in header.items() if value is not None}
    return signed(json.dumps(kept).encode(), json.dumps(GOOD).encode())


def with_claims(**changes: object) -> str:
    kept = {name: value for name, value in (GOOD | changes).items() if value is not ...}
    return signed(b'{"alg":"EdDSA","typ":"at+jwt","kid":"k1"}', json.dumps(kept).encode())


def with_payload(payload: str | bytes) -> str:
    data = payload.encode() if isinstance(payload, str) else payload
    return signed(b'{"alg":"EdDSA","typ":"at+jwt","kid":"k1"}', data)


def with_member(text: str) -> str:
    """A good payload with one more member, written as it stands."""
    return with_payload(json.dumps(GOOD)[:-1] + f", {text}}}")


def unsigned(algorithm: str) -> str:
    header = json.dumps({"alg": algorithm, "typ": "at+jwt", "kid": "k1"}).encode()
    return f"{b64(header)}.{b64(json.dumps(GOOD).encode())}."


def hs256_with_public_key() -> str:
    secret = ed_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    text = unsigned("HS256")
    return text + b64(hmac.digest(secret, text[:-1].encode(), "sha256"))


def as_text(token: str, change: Callable[[list[str]], list[str]]) -> str:
    return ".".join(change(token.split(".")))


def refusal(token: str, given_rules: TokenRules | None = None, now: datetime = NOW) -> str:
    with pytest.raises(TokenRefused) as refused:
        verify(token, given_rules or rules(), now)
    assert refused.value.reason in TOKEN_REFUSALS
    assert refused.value.__cause__ is None
    assert str(refused.value) == refused.value.reason
    return refused.value.reason


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256", "PS256"])
def test_a_good_token_of_each_algorithm_is_accepted(algorithm: str) -> None:
    claims = verify(issue(private_key(algorithm), "k1", algorithm, GOOD), rules(algorithm), NOW)
    assert (claims.subject, claims.token_id) == ("m.jansen", "0b0f6f6e")
    assert (claims.issued_at, claims.expires_at) == (SECONDS - 10, SECONDS + 600)
    assert claims.acr == "http://eidas.europa.eu/LoA/substantial"
    assert claims.amr == ("pwd", "otp")
    assert claims.raw == GOOD


def test_our_own_writing_of_a_good_token_is_accepted() -> None:
    assert verify(with_claims(), rules(), NOW).subject == "m.jansen"


def test_a_token_of_an_independent_writer_is_accepted() -> None:
    token = jwt.encode(GOOD, ed_key(), "EdDSA", headers={"typ": "at+jwt", "kid": "k1"})
    assert verify(token, rules(), NOW).subject == "m.jansen"


def test_acr_and_amr_may_be_absent() -> None:
    claims = verify(with_claims(acr=..., amr=...), rules(), NOW)
    assert (claims.acr, claims.amr) == (None, ())


def test_other_claims_pass_through_unjudged() -> None:
    claims = verify(with_claims(cnf={"x5t#S256": "abc"}, azp="regie", score=1.5), rules(), NOW)
    assert claims.raw["cnf"] == {"x5t#S256": "abc"}


HEADERS: list[tuple[str, dict[str, object], str]] = [
    ("no alg", {"alg": None}, "token-header"),
    ("no typ", {"typ": None}, "token-header"),
    ("alg is none", {"alg": "none"}, "token-algorithm"),
    ("alg is None in capitals", {"alg": "NONE"}, "token-algorithm"),
    ("alg is HS256", {"alg": "HS256"}, "token-algorithm"),
    ("alg of another key kind", {"alg": "RS256"}, "token-algorithm"),
    ("alg in another case", {"alg": "eddsa"}, "token-algorithm"),
    ("alg by its curve", {"alg": "Ed25519"}, "token-algorithm"),
    ("alg is a list", {"alg": ["EdDSA"]}, "token-algorithm"),
    ("alg is a number", {"alg": 1}, "token-algorithm"),
    ("typ of an ID token", {"typ": "JWT"}, "token-type"),
    ("typ in capitals", {"typ": "AT+JWT"}, "token-type"),
    ("typ in full", {"typ": "application/at+jwt"}, "token-type"),
    ("typ is a list", {"typ": ["at+jwt"]}, "token-type"),
    ("kid is another", {"kid": "k2"}, "token-key"),
    ("kid is a path", {"kid": "../../dev/null"}, "token-key"),
    ("kid is SQL", {"kid": "k1' OR '1'='1"}, "token-key"),
    ("kid is empty", {"kid": ""}, "token-key"),
    ("kid is a list", {"kid": ["k1"]}, "token-key"),
    ("kid is a number", {"kid": 1}, "token-key"),
    ("jku", {"jku": "https://attacker.example/keys"}, "token-header"),
    ("x5u", {"x5u": "https://attacker.example/cert"}, "token-header"),
    ("x5c", {"x5c": ["MIIB"]}, "token-header"),
    ("x5t", {"x5t": "abc"}, "token-header"),
    ("jwk", {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": "abc"}}, "token-header"),
    ("crit", {"crit": ["exp"]}, "token-header"),
    ("b64", {"b64": False}, "token-header"),
    ("b64 with crit", {"b64": False, "crit": ["b64"]}, "token-header"),
    ("zip", {"zip": "DEF"}, "token-header"),
    ("cty", {"cty": "JWT"}, "token-header"),
    ("unknown", {"x-new": 1}, "token-header"),
]


@pytest.mark.parametrize(("changes", "reason"), [h[1:] for h in HEADERS], ids=[h[0] for h in HEADERS])
def test_a_header_that_does_not_agree_with_the_pinned_key_is_refused(
    changes: dict[str, object], reason: str
) -> None:
    assert refusal(with_header(**changes)) == reason


def test_a_header_without_kid_is_good_only_where_there_is_one_key() -> None:
    token = with_header(kid=None)
    assert verify(token, rules(), NOW).subject == "m.jansen"
    two = (rules().keys[0], TrustedKey("k2", "EdDSA", ed_key("second").public_key()))
    assert refusal(token, rules(keys=two)) == "token-key"
    assert verify(with_header(), rules(keys=two), NOW).subject == "m.jansen"


CLAIMS: list[tuple[str, dict[str, object], str]] = [
    ("another issuer", {"iss": "https://login.other.example"}, "token-issuer"),
    ("issuer with a slash", {"iss": ISSUER + "/"}, "token-issuer"),
    ("issuer in a list", {"iss": [ISSUER]}, "token-issuer"),
    ("no issuer", {"iss": ...}, "token-issuer"),
    ("another audience", {"aud": "https://index.example/bronnen"}, "token-audience"),
    ("audience in a list", {"aud": [AUDIENCE]}, "token-audience"),
    ("two audiences", {"aud": [AUDIENCE, "https://other.example"]}, "token-audience"),
    ("no audience", {"aud": ...}, "token-audience"),
    ("no subject", {"sub": ...}, "token-claims"),
    ("empty subject", {"sub": ""}, "token-claims"),
    ("subject is a number", {"sub": 17}, "token-claims"),
    ("subject with a line break", {"sub": "m.jansen\nadmin"}, "token-claims"),
    ("subject too long", {"sub": "x" * 256}, "token-claims"),
    ("no token id", {"jti": ...}, "token-claims"),
    ("token id is null", {"jti": None}, "token-claims"),
    ("no exp", {"exp": ...}, "token-claims"),
    ("no iat", {"iat": ...}, "token-claims"),
    ("exp is a float", {"exp": SECONDS + 600.0}, "token-claims"),
    ("exp is true", {"exp": True}, "token-claims"),
    ("exp is text", {"exp": str(SECONDS + 600)}, "token-claims"),
    ("exp is null", {"exp": None}, "token-claims"),
    ("exp is huge", {"exp": 10**40}, "token-claims"),
    ("exp is negative", {"exp": -1}, "token-claims"),
    ("iat is a float", {"iat": SECONDS - 0.5}, "token-claims"),
    ("iat is false", {"iat": False}, "token-claims"),
    ("iat is negative", {"iat": -(10**40)}, "token-claims"),
    ("nbf is text", {"nbf": "now"}, "token-claims"),
    ("nbf is huge", {"nbf": 10**40}, "token-claims"),
    ("nbf is null", {"nbf": None}, "token-claims"),
    ("acr is a list", {"acr": ["high"]}, "token-claims"),
    ("acr is null", {"acr": None}, "token-claims"),
    ("amr is text", {"amr": "otp"}, "token-claims"),
    ("amr holds a number", {"amr": ["pwd", 2]}, "token-claims"),
    ("expired", {"iat": SECONDS - 600, "exp": SECONDS - 30}, "token-expired"),
    ("issued in the future", {"iat": SECONDS + 31}, "token-not-yet-valid"),
    ("not before a moment to come", {"nbf": SECONDS + 31}, "token-not-yet-valid"),
    ("valid too long", {"iat": SECONDS, "exp": SECONDS + 3601}, "token-lifetime"),
    ("ends where it begins", {"iat": SECONDS, "exp": SECONDS}, "token-lifetime"),
    ("ends before it begins", {"iat": SECONDS, "exp": SECONDS - 1}, "token-lifetime"),
]


@pytest.mark.parametrize(("changes", "reason"), [c[1:] for c in CLAIMS], ids=[c[0] for c in CLAIMS])
def test_a_claim_that_breaks_the_rules_is_refused(changes: dict[str, object], reason: str) -> None:
    assert refusal(with_claims(**changes)) == reason


EDGES: list[tuple[str, dict[str, object]]] = [
    ("expires within the leeway", {"iat": SECONDS - 600, "exp": SECONDS - 29}),
    ("issued within the leeway", {"iat": SECONDS + 30}),
    ("starts within the leeway", {"nbf": SECONDS + 30}),
    ("longest lifetime", {"iat": SECONDS, "exp": SECONDS + 3600}),
    ("longest subject", {"sub": "x" * 255}),
]


@pytest.mark.parametrize("changes", [e[1] for e in EDGES], ids=[e[0] for e in EDGES])
def test_the_edge_of_a_rule_is_still_inside(changes: dict[str, object]) -> None:
    verify(with_claims(**changes), rules(), NOW)


TEXTS: list[tuple[str, str, str]] = [
    ("empty", "", "token-malformed"),
    ("one segment", "abc", "token-malformed"),
    ("two segments", "e30.e30", "token-malformed"),
    ("four segments", with_claims() + ".e30", "token-malformed"),
    ("a space in front", " " + with_claims(), "token-malformed"),
    ("a line break behind", with_claims() + "\n", "token-malformed"),
    ("not ASCII", with_claims()[:-1] + "\N{KELVIN SIGN}", "token-malformed"),
    ("padding", as_text(with_claims(), lambda s: [s[0] + "=" * (-len(s[0]) % 4), *s[1:]]), "token-malformed"),
    ("padded signature", with_claims() + "==", "token-malformed"),
    ("standard alphabet", as_text(with_claims(), lambda s: [*s[:2], "+/" + s[2][2:]]), "token-malformed"),
    ("header is a list", signed(b"[]", json.dumps(GOOD).encode()), "token-malformed"),
    ("header is no JSON", signed(b"{", json.dumps(GOOD).encode()), "token-malformed"),
    ("payload is a list", with_payload("[1]"), "token-malformed"),
    ("payload is empty", with_payload(""), "token-malformed"),
    ("payload in UTF-16", with_payload(json.dumps(GOOD).encode("utf-16")), "token-malformed"),
    (
        "payload with a byte order mark",
        with_payload(b"\xef\xbb\xbf" + json.dumps(GOOD).encode()),
        "token-malformed",
    ),
    ("payload not UTF-8", with_payload(b'{"a":"\xff"}'), "token-malformed"),
    ("sub twice", with_member('"sub": "admin"'), "token-malformed"),
    ("exp twice, equal", with_member(f'"exp": {GOOD["exp"]}'), "token-malformed"),
    ("a nested member twice", with_member('"cnf": {"a": 1, "a": 2}'), "token-malformed"),
    ("a member twice by escape", with_member('"s\\u0075b": "admin"'), "token-malformed"),
    ("NaN", with_member('"x": NaN'), "token-malformed"),
    ("Infinity", with_member('"x": -Infinity'), "token-malformed"),
    ("a float that overflows", with_member('"x": 1e999'), "token-malformed"),
    ("an integer of 5000 digits", with_member('"x": ' + "9" * 5000), "token-malformed"),
    ("half a surrogate pair", with_member('"x": "\\ud800"'), "token-malformed"),
    ("nested too deeply", with_member('"x": ' + "[" * 2000 + "]" * 2000), "token-malformed"),
    ("header twice alg", signed(b'{"alg":"none","alg":"EdDSA","typ":"at+jwt"}', b"{}"), "token-malformed"),
    ("too large", with_claims(filling="x" * TOKEN_BYTES_MAX), "token-too-large"),
    ("no signature", as_text(with_claims(), lambda s: [*s[:2], ""]), "token-signature"),
    ("signature of zeros", as_text(with_claims(), lambda s: [*s[:2], b64(bytes(64))]), "token-signature"),
    ("half a signature", as_text(with_claims(), lambda s: [*s[:2], b64(bytes(32))]), "token-signature"),
    ("alg none without a signature", unsigned("none"), "token-algorithm"),
    ("pinned alg without a signature", unsigned("EdDSA"), "token-signature"),
    ("HS256 under the public key", hs256_with_public_key(), "token-algorithm"),
    (
        "signed by another issuer under our issuer's name",
        signed(b'{"alg":"EdDSA","typ":"at+jwt","kid":"k1"}', json.dumps(GOOD).encode(), ed_key("other")),
        "token-signature",
    ),
]


@pytest.mark.parametrize(("token", "reason"), [t[1:] for t in TEXTS], ids=[t[0] for t in TEXTS])
def test_a_text_that_is_not_the_one_form_of_a_signed_token_is_refused(token: str, reason: str) -> None:
    assert refusal(token) == reason


@given(st.integers(0, 10**6), st.characters(codec="utf-8"), st.sampled_from(["replace", "insert", "delete"]))
def test_any_change_of_a_character_is_refused(position: int, character: str, how: str) -> None:
    token = with_claims()
    at = position % len(token)
    changed = {
        "replace": token[:at] + character + token[at + 1 :],
        "insert": token[:at] + character + token[at:],
        "delete": token[:at] + token[at + 1 :],
    }[how]
    if changed == token:
        verify(changed, rules(), NOW)
    else:
        refusal(changed)


def test_every_last_character_of_every_segment_has_one_spelling() -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    segments = with_claims().split(".")
    for number, segment in enumerate(segments):
        for character in alphabet.replace(segment[-1], ""):
            changed = [*segments]
            changed[number] = segment[:-1] + character
            refusal(".".join(changed))


def test_a_token_of_the_largest_size_is_still_read() -> None:
    assert refusal("x" * TOKEN_BYTES_MAX) == "token-malformed"
    assert refusal("x" * (TOKEN_BYTES_MAX + 1)) == "token-too-large"


def test_the_first_and_last_second_of_the_calendar_are_times() -> None:
    last = 253_402_300_799
    verify(with_claims(iat=0, exp=60), rules(), datetime(1970, 1, 1, tzinfo=UTC))
    verify(with_claims(iat=last - 60, exp=last), rules(), datetime(9999, 12, 31, 23, 59, 30, tzinfo=UTC))
    assert refusal(with_claims(iat=last - 60, exp=last + 1)) == "token-claims"


@given(st.text())
def test_random_text_is_refused(text: str) -> None:
    refusal(text)


@dataclass(frozen=True)
class Desk:
    issuer: str
    audience: str
    type: str
    key: str

    def rules(self) -> TokenRules:
        trusted = TrustedKey("k1", "EdDSA", ed_key(self.key).public_key())
        return TokenRules(self.issuer, self.audience, (trusted,), type=self.type)

    def token(self) -> str:
        claims = GOOD | {"iss": self.issuer, "aud": self.audience}
        return issue(ed_key(self.key), "k1", "EdDSA", claims, token_type=self.type)


SERVICES = [
    Desk(issuer, audience, kind, key)
    for issuer, key in ((ISSUER, "issuer"), ("https://login.other.example", "other"))
    for audience in (AUDIENCE, "https://index.example/bronnen")
    for kind in ("at+jwt", "JWT", "client-authentication+jwt")
]


def test_a_token_is_good_at_exactly_one_service() -> None:
    for maker in SERVICES:
        for taker in SERVICES:
            if maker is taker:
                verify(maker.token(), taker.rules(), NOW)
            else:
                refusal(maker.token(), taker.rules())


def test_the_moment_must_have_a_time_zone_and_any_will_do() -> None:
    with pytest.raises(ValueError, match="aware"):
        verify(with_claims(), rules(), NOW.replace(tzinfo=None))
    verify(with_claims(), rules(), NOW.astimezone(timezone(timedelta(hours=5))))


def test_a_signature_with_the_other_rsa_padding_is_refused() -> None:
    text = issue(rsa_key(), "k1", "RS256", GOOD).rpartition(".")[0]
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    assert refusal(f"{text}.{b64(rsa_key().sign(text.encode(), pss, hashes.SHA256()))}", rules("RS256")) == (
        "token-signature"
    )


def test_an_elliptic_signature_in_the_form_of_certificates_is_refused() -> None:
    text = issue(ec_key(), "k1", "ES256", GOOD).rpartition(".")[0]
    der = ec_key().sign(text.encode(), ec.ECDSA(hashes.SHA256()))
    r, s = decode_dss_signature(der)
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    verify(f"{text}.{b64(raw)}", rules("ES256"), NOW)
    for other in (der, bytes(64), raw + b"\0", b"\0" + raw):
        assert refusal(f"{text}.{b64(other)}", rules("ES256")) == "token-signature"


def test_claims_show_no_raw_content_and_keys_no_bytes_when_printed() -> None:
    claims = verify(with_claims(geheim="f8a1"), rules(), NOW)
    assert "f8a1" not in repr(claims)
    assert repr(rules().keys[0]) == "TrustedKey(key_id='k1', algorithm='EdDSA')"


def test_claims_that_have_no_json_form_are_not_issued() -> None:
    with pytest.raises(ValueError, match="JSON"):
        issue(ed_key(), "k1", "EdDSA", {"x": float("nan")})


@given(st.binary(max_size=80))
def test_base64url_comes_back(data: bytes) -> None:
    assert decode_base64url(encode_base64url(data)) == data


@given(st.text(st.sampled_from("AQgw-_019=+/ \n"), max_size=9))
def test_base64url_has_one_spelling(text: str) -> None:
    try:
        data = decode_base64url(text)
    except MalformedInput:
        return
    assert encode_base64url(data) == text


def test_strict_json_keeps_what_it_accepts() -> None:
    assert read_json_object(b' {"a": [1, 2.5, null, "\\ud83d\\ude00"]} ') == {
        "a": [1, 2.5, None, "\N{GRINNING FACE}"]
    }
