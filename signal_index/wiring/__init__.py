"""Puts the parts together: reads keys and manifest, opens the database, and checks that they belong together.

What only a surface needs is put together in `serving`, so that a command does not wait for a web server to load.

Invariant: outside `environment = "dev"` nothing starts with a manifest that was not pinned by its fingerprint.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import jwt

from crypto.chain.crew import Crew, Workers
from crypto.errors import CryptoError
from crypto.group.known_answers import self_test
from crypto.keyfiles import IndexSecrets, Manifest
from crypto.log.notes import Verifier
from crypto.tokens import TokenRules, TrustedKey, read_json_object
from policy.rulesets import RuleSet
from signal_index.errors import SetupFault
from signal_index.insecure_issuer import KEY_IDS as INSECURE_KEYS
from signal_index.settings import IssuerSettings, Settings, WitnessSettings
from signal_index.store import SqlDatabase, open_database
from signal_index.usecases.rulebook.in_use import RulesInUse


@dataclass(frozen=True)
class Index:
    """An open index: what every command and surface works with.

    Args:
        crew: who multiplies for large deliveries.
    """

    settings: Settings
    secrets: IndexSecrets
    manifest: Manifest
    rulebook: RulesInUse
    database: SqlDatabase
    crew: Crew

    def read_rules(self) -> RuleSet:
        """The rules that count now; not to be called within a transaction.

        Reading them tries them out, which takes as long as all else that a short command does, and few need them.
        """
        self.rulebook.refresh()
        return self.rulebook.current


def load_secrets(settings: Settings) -> IndexSecrets:
    """Read the key file of the index.

    Raises:
        SetupFault: it cannot be used; says what to do.
    """
    try:
        return IndexSecrets.load(settings.keys)
    except CryptoError as error:
        raise SetupFault(str(error)) from error


def load_manifest(settings: Settings) -> Manifest:
    """Read the manifest, pinned unless this is a trial.

    Raises:
        KeyFault: it cannot be used, or is not the pinned one.
    """
    required = settings.environment == "production"
    return Manifest.load_pinned(settings.manifest, settings.manifest_fingerprint, required=required)


@contextmanager
def open_index(settings: Settings, *, writer_kind: str) -> Iterator[Index]:
    """Open everything, and close it again.

    Args:
        settings: as read from the settings file.
        writer_kind: what this process is, for the table of audit writers: `serve` or `cli`.

    Raises:
        SetupFault: keys, manifest or database are missing or do not belong together; says what to do.
    """
    secrets = load_secrets(settings)
    try:
        self_test()
        manifest = load_manifest(settings)
    except CryptoError as error:
        raise SetupFault(str(error)) from error
    if (manifest.scope, manifest.epoch) != (secrets.scope, secrets.epoch):
        raise SetupFault(f"{settings.manifest} is for another scope or epoch than {settings.keys}")
    if manifest.index != secrets.public():
        raise SetupFault(f"{settings.manifest} pins other keys of the index than {settings.keys} holds")
    database = open_database(
        settings.database,
        secrets,
        writer_kind=writer_kind,
        witnessed_within=settings.witnessed_within,
        witnesses=[witness_key(each) for each in settings.witnesses],
        owner=settings.oin,
    )
    crew = Workers()
    try:
        yield Index(settings, secrets, manifest, RulesInUse(database), database, crew)
    finally:
        crew.close()
        database.close()


def witness_key(witness: WitnessSettings) -> Verifier:
    """The key under which a witness's cosignatures count.

    Raises:
        SetupFault: it cannot be used.
    """
    try:
        key = Verifier.parse(witness.key)
    except CryptoError as error:
        raise SetupFault(f"the key of witness {witness.address} cannot be used: {error}") from error
    if not key.is_cosigner:
        raise SetupFault(f"the key of witness {witness.address} is no cosigning key; ask the witness for it")
    return key


def token_rules(issuer: IssuerSettings, *, environment: str) -> TokenRules:
    """What a token must say, with the issuer's keys pinned from its JWK set.

    Raises:
        SetupFault: the file holds no usable keys, or those of the stand-in for an identity provider.
    """
    try:
        document = read_json_object(issuer.keys.read_bytes())
        keys = tuple(_trusted_key(jwk) for jwk in _members(document))
        rules = TokenRules(issuer=issuer.name, audience=issuer.audience, keys=keys)
    except OSError as error:
        raise SetupFault(f"cannot read {issuer.keys}: {error.strerror}") from error
    except (CryptoError, jwt.PyJWTError, KeyError, TypeError) as error:
        raise SetupFault(f"{issuer.keys} is not a JWK set with signing keys we accept") from error
    if environment != "dev" and any(key.key_id.startswith(INSECURE_KEYS) for key in keys):
        # Whoever has that key can be anybody; it must not come along from a trial.
        raise SetupFault(
            f'{issuer.keys} pins a key of insecure-issuer, which is for environment = "dev" only'
        )
    return rules


def _members(document: dict[str, object]) -> list[dict[str, str]]:
    keys = document["keys"]
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise TypeError("a JWK set has a list of keys")
    return keys


def _trusted_key(jwk: dict[str, str]) -> TrustedKey:
    """One key; its `use` and `alg` must say that it signs, since PyJWT ignores both."""
    if jwk.get("use", "sig") != "sig" or "d" in jwk:
        raise TypeError("only public signing keys may be pinned")
    return TrustedKey(jwk["kid"], jwk["alg"], jwt.PyJWK(jwk, algorithm=jwk["alg"]).key)
