"""A token that was accepted is remembered, as long as it counts and no longer; one that was refused never is."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import TokenRefused
from crypto.tokens import Claims, TokenRules, TrustedKey, VerifiedTokens, issue, verify

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ISSUED = int(NOW.timestamp())
ISSUER, AUDIENCE = "https://login.gemeente.example", "https://index.example/wijkteam"


def key(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest())


def rules_of(signer: str = "issuer", leeway_seconds: int = 30) -> TokenRules:
    trusted = TrustedKey("k1", "EdDSA", key(signer).public_key())
    return TokenRules(issuer=ISSUER, audience=AUDIENCE, keys=(trusted,), leeway_seconds=leeway_seconds)


def token(signer: str = "issuer", /, **changes: object) -> str:
    stated: dict[str, object] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "m.jansen",
        "jti": "1",
        "iat": ISSUED,
        "exp": ISSUED + 600,
    }
    return issue(key(signer), "k1", "EdDSA", stated | changes)


def outcome(verified: VerifiedTokens, text: str, now: datetime) -> Claims | str:
    try:
        return verified.verify(text, now)
    except TokenRefused as refused:
        return refused.reason


@given(
    lifetime=st.integers(1, 3600),
    leeway=st.integers(0, 60),
    begins=st.none() | st.integers(0, 3600),
    moments=st.lists(st.integers(-120, 4000), min_size=1, max_size=12),
)
def test_a_remembered_token_counts_to_the_second_as_one_verified_anew(
    lifetime: int, leeway: int, begins: int | None, moments: list[int]
) -> None:
    rules = rules_of(leeway_seconds=leeway)
    stated: dict[str, object] = {} if begins is None else {"nbf": ISSUED + begins}
    text = token(**{"exp": ISSUED + lifetime, **stated})
    verified = VerifiedTokens(rules)
    edges = [at + off for at in (lifetime + leeway, (begins or 0) - leeway) for off in (-1, 0, 1)]
    for seconds in [*moments, *edges, *moments]:
        now = NOW + timedelta(seconds=seconds)
        assert outcome(verified, text, now) == outcome(VerifiedTokens(rules), text, now)


def test_a_token_that_was_accepted_is_not_read_again() -> None:
    verified = VerifiedTokens(rules_of())
    text = token()
    assert verified.verify(text, NOW) is verified.verify(text, NOW)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (token(aud="another"), "token-audience"),
        (token("stranger"), "token-signature"),
        (token(exp=ISSUED + 9000), "token-lifetime"),
        (token(exp=ISSUED - 60, iat=ISSUED - 120), "token-expired"),
        ("x" * 9000, "token-too-large"),
        ("\ud800", "token-malformed"),
    ],
)
def test_a_token_that_was_refused_is_not_remembered(text: str, reason: str) -> None:
    verified = VerifiedTokens(rules_of())
    assert [outcome(verified, text, NOW) for _ in range(2)] == [reason, reason]
    assert len(verified) == 0


def test_a_token_is_forgotten_as_soon_as_it_is_seen_to_have_expired() -> None:
    verified = VerifiedTokens(rules_of())
    text = token()
    verified.verify(text, NOW)
    assert outcome(verified, text, NOW + timedelta(seconds=630)) == "token-expired"
    assert len(verified) == 0


def test_other_keys_verify_anew() -> None:
    text = token()
    VerifiedTokens(rules_of()).verify(text, NOW)
    assert outcome(VerifiedTokens(rules_of("successor")), text, NOW) == "token-signature"


@given(st.lists(st.integers(0, 9), max_size=30))
def test_no_more_are_remembered_than_stated_and_the_newest_stay(used: list[int]) -> None:
    verified = VerifiedTokens(rules_of(), most=3)
    found: dict[int, Claims] = {}
    for number in used:
        found[number] = verified.verify(TOKENS[number], NOW)
        assert len(verified) <= 3
    newest = list(dict.fromkeys(reversed(used)))[:3]
    for number in reversed(newest):
        assert verified.verify(TOKENS[number], NOW) is found[number]


TOKENS = [token(jti=str(number)) for number in range(10)]


def test_a_moment_without_a_zone_is_refused_for_a_remembered_token_too() -> None:
    verified = VerifiedTokens(rules_of())
    verified.verify(token(), NOW)
    with pytest.raises(ValueError, match="aware"):
        verified.verify(token(), NOW.replace(tzinfo=None))


def test_what_is_remembered_is_what_the_token_says() -> None:
    text = token(acr="high", amr=["otp"], nbf=ISSUED - 5)
    assert VerifiedTokens(rules_of()).verify(text, NOW) == verify(text, rules_of(), NOW)
