"""A stand-in for the municipality's identity provider, for demonstrations and tests; refuses to work elsewhere.

Whoever holds its key can be anybody in an index that trusts it, so no index outside `environment = "dev"` runs at
all, and this module refuses on its own account as well.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from secrets import token_hex

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crypto.errors import KeyFault
from crypto.tokens import issue

from .errors import SetupFault

ALGORITHM = "EdDSA"
KEY_IDS = "insecure-"
"""How the id of every key begins that is made here, so that an index with real data can refuse it."""
TOKEN_LIFETIME_SECONDS = 3600
SUBSTANTIAL = "http://eidas.europa.eu/LoA/substantial"
LOW = "http://eidas.europa.eu/LoA/low"


@dataclass(frozen=True)
class InsecureIssuer:
    """Issues tokens for whoever asks.

    Args:
        environment: must be `dev`.
        key_file: its private key, PEM.

    Raises:
        SetupFault: any other environment, or an unusable key file.
    """

    environment: str
    key_file: Path

    def __post_init__(self) -> None:
        """Refuse to exist outside development."""
        if self.environment != "dev":
            raise SetupFault('the insecure issuer only works with environment = "dev"')

    def token(
        self,
        subject: str,
        issuer: str,
        audience: str,
        now: datetime,
        *,
        second_factor: bool,
        client: str | None = None,
    ) -> str:
        """A token for anybody, valid for an hour from now; given to a system, when one is named."""
        key = _load(self.key_file)
        issued_at = int(now.timestamp())
        claims = {
            "iss": issuer,
            "aud": audience,
            "sub": subject,
            "iat": issued_at,
            "exp": issued_at + TOKEN_LIFETIME_SECONDS,
            "jti": token_hex(16),
            "acr": SUBSTANTIAL if second_factor else LOW,
        } | ({"client_id": client} if client is not None else {})
        return issue(key, _key_id(key), ALGORITHM, claims)


def make_keys(folder: Path) -> tuple[Path, Path]:
    """Make a key pair: `issuer.key` (PEM, secret) and `issuer.public.json` (JWK set, to pin).

    Raises:
        KeyFault: one of the files exists already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    private = folder / "issuer.key"
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write_new(private, pem.decode(), mode=0o600)
    return private, publish(private, folder / "issuer.public.json")


def publish(private: Path, public: Path) -> Path:
    """Make the public half of a key (JWK set, to pin); its path.

    Raises:
        SetupFault: there is no such private key.
        KeyFault: the public half exists already.
    """
    key = _load(private)
    jwk = jwt.get_algorithm_by_name(ALGORITHM).to_jwk(key.public_key(), as_dict=True)
    document = {"keys": [{**jwk, "kid": _key_id(key), "alg": ALGORITHM, "use": "sig"}]}
    _write_new(public, json.dumps(document, indent=2) + "\n", mode=0o644)
    return public


def _write_new(path: Path, text: str, *, mode: int) -> None:
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    draft.touch(mode=mode, exist_ok=False)
    draft.write_text(text, encoding="utf-8")
    try:
        # A link fails when the name is taken; a rename would overwrite.
        path.hardlink_to(draft)
    except FileExistsError as error:
        raise KeyFault(f"{path} exists and keys are never overwritten: choose another folder") from error
    finally:
        draft.unlink()


def _load(path: Path) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise SetupFault(f"{path} is not a private key this issuer made") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SetupFault(f"{path} is not a private key this issuer made")
    return key


def _key_id(key: Ed25519PrivateKey) -> str:
    return KEY_IDS + key.public_key().public_bytes_raw().hex()[:16]
