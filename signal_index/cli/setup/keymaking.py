"""Makes the keys that an answer asks for, with the code that makes them for the commands; none is ever overwritten."""

import itertools
import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import jwt
from authlib.oidc.discovery import get_well_known_url  # type: ignore[import-untyped]

from crypto.errors import CryptoError, KeyFault
from crypto.keyfiles import IndexSecrets
from crypto.tokens import TrustedKey
from signal_index.cli.checkup.findings import Findings, Yielding, mend, ok
from signal_index.cli.checkup.outside import Waiting, fetched
from signal_index.errors import SetupFault
from signal_index.insecure_issuer import make_keys, publish

from .writing import atomically

_EPOCH: Final = 1
PUBLIC: Final = ".public.json"
STAND_IN: Final = "issuer.key"
"""The key of the stand-in for an identity provider, beside the file with its public half."""
_OF_KIND: Final = {"RSA": ("RS256", "PS256"), "EC": ("ES256",), "OKP": ("EdDSA",)}
"""What a token may be signed with, by kind of key; what most providers choose comes first."""


def index_keys(path: Path, region: str, today: date) -> Findings:
    """Make the key file of the index, with its public half beside it."""
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            IndexSecrets.generate(region, _EPOCH, created=today).save(path)
        secrets = IndexSecrets.load(path)
        public = public_half(path, secrets)
    except (CryptoError, OSError) as fault:
        yield mend("keys", str(fault))
        return
    yield ok("keys", f"made {path} (keep secret); hand {public} to pseudonymisers A and B")


def public_half(path: Path, secrets: IndexSecrets) -> Path:
    """Put the public half beside a key file, unless it is there; where it is.

    Raises:
        KeyFault: it cannot be written.
    """
    public = path.with_suffix(PUBLIC)
    if not public.exists():
        secrets.public().save(public)
    return public


def token_keys(path: Path, provider: str | None, *, trial: bool, waiting: Waiting) -> Yielding[bool]:
    """Make the file with the keys of who issues tokens; whether it was made.

    Args:
        path: of the file.
        provider: its issuer; None in a trial without pages.
        trial: whether a stand-in may take its place.
        waiting: is told what is waited for.
    """
    if provider is not None:
        return (yield from _published(path, provider, waiting))
    if not trial:
        yield mend("tokens", "only a trial goes without an identity provider")
        return False
    try:
        private = path.with_name(STAND_IN)
        if private.exists():  # a run before stopped just short of its public half
            publish(private, path)
        else:
            _, made = make_keys(path.parent)
            made.rename(path)
    except (KeyFault, SetupFault, OSError) as fault:
        yield mend("tokens", str(fault))
        return False
    yield ok(
        "tokens", "made a stand-in for the identity provider: signal-index insecure-issuer token uses it"
    )
    return True


def _published(path: Path, provider: str, waiting: Waiting) -> Yielding[bool]:
    """Pin the keys that the provider publishes now and that a token may be signed with."""
    url = get_well_known_url(provider, external=True)
    said = fetched(url, waiting)
    found = said if isinstance(said, str) else fetched(str(said.get("jwks_uri")), waiting)
    if isinstance(found, str):
        yield mend("tokens", f"{provider}: {found}", "see to the network, or ask for the JWK set")
        return False
    stated = found.get("keys")
    signs_with = said.get("id_token_signing_alg_values_supported") if isinstance(said, Mapping) else None
    fit = _fit(stated, signs_with) if isinstance(stated, list) else []
    if not fit:
        yield mend(
            "tokens",
            f"{provider} publishes no key with an id and an algorithm we accept",
            f"let it sign with {', '.join(itertools.chain(*_OF_KIND.values()))}",
        )
        return False
    atomically(path, json.dumps({"keys": fit}, indent=2) + "\n")
    pinned = ", ".join(f"{each['kid']} ({each['alg']})" for each in fit)
    yield ok("tokens", f"pinned {pinned}; compare them with the provider's operator")
    return True


def _fit(stated: Sequence[Any], signs_with: object) -> list[dict[str, Any]]:
    """The keys that may be pinned, each with its one algorithm.

    Args:
        stated: what another party published.
        signs_with: the algorithms that the provider says it signs with.
    """
    bound = [_bound(each, signs_with) for each in stated if isinstance(each, dict)]
    return [each for each in bound if _is_fit(each)]


def _bound(jwk: dict[str, Any], signs_with: object) -> dict[str, Any]:
    """The key with its algorithm.

    A key need not name one (RFC 7517, 4.4), and Entra ID's do not; then the provider's description says what it signs
    with.
    """
    said = signs_with if isinstance(signs_with, list) else []
    known = (each for each in _OF_KIND.get(str(jwk.get("kty")), ()) if each in said)
    return {"alg": next(known, None), **jwk}


def _is_fit(jwk: dict[str, Any]) -> bool:
    try:
        TrustedKey(jwk["kid"], jwk["alg"], jwt.PyJWK(jwk, algorithm=jwk["alg"]).key)
    except (CryptoError, jwt.PyJWTError, KeyError, TypeError, ValueError):
        return False
    return jwk.get("use", "sig") == "sig" and "d" not in jwk
