"""Bearer tokens: one strict reading of signed JWTs, and the issuing that tests and key-bound clients need.

Invariants:

1. The header chooses nothing. Key and algorithm are pinned beforehand; the header must agree with them or the token
   is refused, and no other header member is known.
2. There is one text per token: segments are canonical unpadded base64url, JSON members are unique.
3. Time comes from the caller; PyJWT checks the signature and nothing else.
4. A refusal carries a reason code and never a part of the token.

Whoever writes tokens without a pinned private key can at most have them refused.
Source: RFC 7515 (JWS), RFC 7519 (JWT), RFC 8725 (JWT best practice), RFC 9068 (`at+jwt`).
"""

import json
import re
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from math import isfinite
from typing import Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from crypto.errors import KeyFault, MalformedInput, TokenRefused
from crypto.verify_keys import decode_verify_key

TOKEN_BYTES_MAX: Final = 8 * 1024  # A token travels in one header line; larger ones are refused unread.
TOKENS_KEPT: Final = 4096
"""How many accepted tokens are remembered: more than a region has people at work at once; some 2 kB each."""
TOKEN_REFUSALS: Final = frozenset(
    {
        "token-algorithm",  # not the algorithm the key is pinned to
        "token-audience",  # for another service
        "token-claims",  # a claim is missing or not of its type
        "token-expired",
        "token-header",  # a header member is missing or unknown
        "token-issuer",  # from another issuer
        "token-key",  # no pinned key has this id, or the id is missing and there is a choice
        "token-lifetime",  # valid for too long, or ending before it begins
        "token-malformed",  # not three canonical segments of strict JSON
        "token-not-yet-valid",  # issued, or to be used, in the future
        "token-signature",
        "token-too-large",
        "token-type",  # another kind of token, an ID token for instance
    }
)
_RSA_BITS_MIN: Final = 2048
_RSA_BITS_MAX: Final = 8192  # Beyond this a verification takes long enough to be used against us.
_RSA_EXPONENT_MIN: Final = 65537  # FIPS 186-5 §5.1; smaller ones turn sloppy padding checks into forgeries.
_KEY_ID: Final = re.compile(r"[\x21-\x7e]{1,128}", re.ASCII)
_IDENTIFIER: Final = re.compile(r"[\x20-\x7e]{1,255}", re.ASCII)
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)
_TIME_MAX: Final = 253_402_300_799  # 9999-12-31T23:59:59Z, the last second a datetime can hold.

_SIGNATURES: Final = {
    name: jwt.PyJWS(algorithms=[name], options={"enforce_minimum_key_length": True})
    for name in ("EdDSA", "ES256", "RS256", "PS256")
}

PublicKey = Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey
PrivateKey = Ed25519PrivateKey | EllipticCurvePrivateKey | RSAPrivateKey


def encode_base64url(data: bytes) -> str:
    """Return the data as unpadded base64url (RFC 4648 §5)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode_base64url(text: str) -> bytes:
    """Read unpadded base64url in its only spelling.

    Raises:
        MalformedInput: padding, other characters, or bits set where no byte takes them.
    """
    if not _BASE64URL.fullmatch(text) or len(text) % 4 == 1:
        raise MalformedInput("not unpadded base64url")
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode_base64url(data) != text:
        raise MalformedInput("not the canonical base64url of its bytes")
    return data


def read_json_object(data: bytes) -> dict[str, object]:
    """Read one JSON object so that no other reader can see something else in it.

    Raises:
        MalformedInput: not UTF-8 or not JSON, not an object, a member twice at any depth, NaN, a number out of
            range, half a surrogate pair, or nested too deeply.
    """
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_unique_members,
            parse_float=_finite,
            parse_constant=_finite,
        )
        if b"\\u" in data:  # the one way to write half a surrogate pair
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        # Not chained: the parser's error holds the whole text, which may be secret.
        raise MalformedInput("not strict JSON") from None
    if not isinstance(value, dict):
        raise MalformedInput("not a JSON object")
    return value


def _unique_members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate member")
    return members


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError("not a finite number")
    return number


@dataclass(frozen=True)
class TrustedKey:
    """A public key of an issuer, bound to one algorithm.

    Args:
        key_id: the `kid` the issuer gives it, printable ASCII.
        algorithm: `EdDSA` (Ed25519), `ES256`, `RS256` or `PS256`.
        public_key: of the kind that belongs to the algorithm; RSA of 2048 to 8192 bits, Ed25519 not of low order.

    Raises:
        KeyFault: any other algorithm, kind or size.
    """

    key_id: str
    algorithm: str
    public_key: PublicKey = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a key that does not belong to its algorithm or is too weak for it."""
        if not _KEY_ID.fullmatch(self.key_id):
            raise KeyFault("a key id is 1 to 128 printable ASCII characters without spaces")
        if not _fits(self.algorithm, self.public_key):
            raise KeyFault(f"token key {self.key_id!r} cannot be used for {self.algorithm!r}")

    @property
    def encoded(self) -> bytes:
        """The key as SubjectPublicKeyInfo (DER)."""
        return self.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _fits(algorithm: str, key: PublicKey) -> bool:
    match algorithm, key:
        case "EdDSA", Ed25519PublicKey():
            decode_verify_key(key.public_bytes_raw())
            return True
        case "ES256", EllipticCurvePublicKey():
            return isinstance(key.curve, SECP256R1)
        case "RS256" | "PS256", RSAPublicKey():
            return (
                _RSA_BITS_MIN <= key.key_size <= _RSA_BITS_MAX and key.public_numbers().e >= _RSA_EXPONENT_MIN
            )
        case _:
            return False


@dataclass(frozen=True)
class TokenRules:
    """What a token must say to be accepted by one audience.

    Args:
        issuer: the only `iss`.
        audience: the only `aud`; a list is refused, also one of a single element.
        keys: of this issuer; each id once, and each key once, so that it serves one algorithm.
        type: the only `typ`, compared exactly.
        max_lifetime_seconds: longest distance between `iat` and `exp`.
        leeway_seconds: how far the issuer's clock may be off.

    Raises:
        KeyFault: no keys, or a key or key id that stands there twice.
    """

    issuer: str
    audience: str
    keys: tuple[TrustedKey, ...]
    type: str = "at+jwt"
    max_lifetime_seconds: int = 3600
    leeway_seconds: int = 30

    def __post_init__(self) -> None:
        """Refuse rules under which a header could choose between two readings."""
        ids = {key.key_id for key in self.keys}
        encodings = {key.encoded for key in self.keys}
        if not self.keys or len(ids) < len(self.keys) or len(encodings) < len(self.keys):
            raise KeyFault("token rules need at least one key, and every key and key id only once")


@dataclass(frozen=True)
class Claims:
    """What an accepted token says.

    Args:
        issued_at: seconds since 1970, UTC.
        not_before: seconds since 1970, UTC; when it was issued, if it does not say.
        expires_at: seconds since 1970, UTC; the leeway is not added.
        acr: authentication context class, None when the issuer gives none.
        amr: authentication methods; empty when the issuer gives none.
        raw: every claim as it stood in the token.
    """

    subject: str
    token_id: str
    issued_at: int
    not_before: int
    expires_at: int
    acr: str | None
    amr: tuple[str, ...]
    raw: Mapping[str, object] = field(repr=False)


def verify(token: str, rules: TokenRules, now: datetime) -> Claims:
    """Check a token against the rules of its audience.

    Args:
        token: compact serialisation, without `Bearer`.
        rules: of the audience that is asked to accept it.
        now: aware moment to judge times by.

    Raises:
        TokenRefused: with a code of `TOKEN_REFUSALS`.
        ValueError: `now` has no time zone.
    """
    if now.utcoffset() is None:
        raise ValueError("now must be an aware datetime")
    if len(token) > TOKEN_BYTES_MAX:
        raise TokenRefused("token-too-large")
    header, claims = _parse(token)
    key = _pinned_key(header, rules)
    _check_signature(token, key)
    return _accept(claims, rules, now.timestamp())


class VerifiedTokens:
    """Verifies tokens under one set of rules, and remembers those that were accepted; not for several threads.

    What a token says cannot change, nor can the rules, so only the times are judged anew at each use. A token that was
    refused is not remembered, nor is the text of any: other rules have a memory of their own.

    Args:
        rules: as for `verify`.
        most: how many are remembered; the one that was not used for longest goes first.
    """

    def __init__(self, rules: TokenRules, most: int = TOKENS_KEPT) -> None:
        self._rules, self._most = rules, most
        self._accepted: OrderedDict[bytes, Claims] = OrderedDict()

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._accepted)

    def verify(self, token: str, now: datetime) -> Claims:
        """See `verify`.

        Raises:
            TokenRefused: with a code of `TOKEN_REFUSALS`.
            ValueError: `now` has no time zone.
        """
        name = sha256(token.encode("utf-8", "surrogatepass")).digest()
        claims = self._accepted.pop(name, None)
        if claims is None or now.utcoffset() is None:
            claims = verify(token, self._rules, now)
        else:
            _check_times(claims.issued_at, claims.not_before, claims.expires_at, self._rules, now.timestamp())
        self._accepted[name] = claims
        if len(self._accepted) > self._most:
            self._accepted.popitem(last=False)
        return claims


def _parse(token: str) -> tuple[Mapping[str, object], Mapping[str, object]]:
    segments = token.split(".")
    if len(segments) != 3:
        raise TokenRefused("token-malformed")
    try:
        header, payload, _ = (decode_base64url(segment) for segment in segments)
        return read_json_object(header), read_json_object(payload)
    except MalformedInput:
        # Not chained: the cause may hold the token.
        raise TokenRefused("token-malformed") from None


def _pinned_key(header: Mapping[str, object], rules: TokenRules) -> TrustedKey:
    if not {"alg", "typ"} <= header.keys() <= {"alg", "typ", "kid"}:
        raise TokenRefused("token-header")
    if header["typ"] != rules.type:
        raise TokenRefused("token-type")
    # A header without a key id cannot choose either: it is good only where there is nothing to choose.
    candidates = [key for key in rules.keys if "kid" not in header or header["kid"] == key.key_id]
    if len(candidates) != 1:
        raise TokenRefused("token-key")
    if header["alg"] != candidates[0].algorithm:
        raise TokenRefused("token-algorithm")
    return candidates[0]


def _check_signature(token: str, key: TrustedKey) -> None:
    # The signature layer of PyJWT only: its claim checks read the clock themselves and grow between versions.
    try:
        _SIGNATURES[key.algorithm].decode(token, key.public_key, algorithms=[key.algorithm])
    except jwt.PyJWTError:
        raise TokenRefused("token-signature") from None


def _accept(claims: Mapping[str, object], rules: TokenRules, now: float) -> Claims:
    if claims.get("iss") != rules.issuer:
        raise TokenRefused("token-issuer")
    if claims.get("aud") != rules.audience:
        raise TokenRefused("token-audience")
    issued_at, expires_at = _time(claims, "iat"), _time(claims, "exp")
    not_before = _time(claims, "nbf") if "nbf" in claims else issued_at
    if not 0 < expires_at - issued_at <= rules.max_lifetime_seconds:
        raise TokenRefused("token-lifetime")
    _check_times(issued_at, not_before, expires_at, rules, now)
    return Claims(
        subject=_identifier(claims, "sub"),
        token_id=_identifier(claims, "jti"),
        issued_at=issued_at,
        not_before=not_before,
        expires_at=expires_at,
        acr=_identifier(claims, "acr") if "acr" in claims else None,
        amr=_methods(claims),
        raw=claims,
    )


def _check_times(issued_at: int, not_before: int, expires_at: int, rules: TokenRules, now: float) -> None:
    if max(issued_at, not_before) > now + rules.leeway_seconds:
        raise TokenRefused("token-not-yet-valid")
    if now >= expires_at + rules.leeway_seconds:
        raise TokenRefused("token-expired")


def _time(claims: Mapping[str, object], name: str) -> int:
    value = claims.get(name)
    # bool is an int to Python, and a float that looks whole is still another text for the same moment.
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _TIME_MAX:
        raise TokenRefused("token-claims")
    return value


def _identifier(claims: Mapping[str, object], name: str) -> str:
    return _printable(claims.get(name))


def _methods(claims: Mapping[str, object]) -> tuple[str, ...]:
    value = claims.get("amr", [])
    if not isinstance(value, list):
        raise TokenRefused("token-claims")
    return tuple(_printable(method) for method in value)


def _printable(value: object) -> str:
    if not isinstance(value, str) or not _IDENTIFIER.fullmatch(value):
        raise TokenRefused("token-claims")
    return value


def issue(
    private_key: PrivateKey,
    key_id: str,
    algorithm: str,
    claims: Mapping[str, object],
    *,
    token_type: str = "at+jwt",  # noqa: S107 - a media type
    certificates: Sequence[bytes] = (),
) -> str:
    """Sign claims as they are, without judging them.

    For the development issuer, and for systems that prove who they are with a signed assertion.

    Args:
        private_key: of the kind that belongs to the algorithm.
        key_id: the `kid` whoever checks knows it by.
        algorithm: as in `TrustedKey`.
        claims: every one of them.
        token_type: the `typ`.
        certificates: chain of the key as DER, its own first, for the header `x5c` (RFC 7515 §4.1.6).

    Raises:
        KeyFault: the key does not belong to the algorithm, or is too weak.
    """
    TrustedKey(key_id, algorithm, private_key.public_key())
    payload = json.dumps(claims, separators=(",", ":"), allow_nan=False).encode()
    headers: dict[str, object] = {"typ": token_type, "kid": key_id}
    if certificates:
        headers["x5c"] = [b64encode(certificate).decode("ascii") for certificate in certificates]
    return _SIGNATURES[algorithm].encode(payload, private_key, algorithm, headers=headers)
