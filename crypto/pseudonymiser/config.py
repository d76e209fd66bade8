"""The settings of one pseudonymiser: one TOML file, read once, refused when anything in it is unknown.

Invariants:
1. Paths are relative to the file they stand in.
2. Nothing has a default that opens: only `environment = "dev"` goes without a pinned manifest and without TLS.
3. Key files, manifest and register must agree with each other before the first delivery is read.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, Self, TypeVar
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from crypto.batch import ITEMS_MAX, PARTIES, BatchClass
from crypto.errors import KeyFault
from crypto.keyfiles import Manifest, PseudonymiserPublic, PseudonymiserSecrets, PublisherPublic

TRIALS_PER_DAY: Final = 96
"""Trials of one item, each passing once: room for a try every quarter of an hour while a party is away. An index and a
publisher that work together could ask after as many people a day with them, which is little beside any quota."""

C = TypeVar("C", bound="Config")


def _address(value: str) -> str:
    """Accept `http(s)://host[:port]` only: no path, credentials or query that could surprise anybody."""
    parts = urlsplit(value)
    bare = not (parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not bare:
        raise ValueError("must be an address like https://host:port, without a path")
    return value.rstrip("/")


class PublisherEntry(BaseModel):
    """One publisher this party lets through.

    Args:
        oin: its organisation number, 20 digits.
        verify_key: its public key file.
        next_verify_key: a second one that counts as well while the publisher renews its key; none otherwise.
        items_per_batch: the fixed n of its batches.
        daily_quota: per class, items it may have hopped in a UTC day, fillers included; other classes are refused.
            Trials need no quota: every publisher has a few a day.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    oin: str = Field(pattern=r"^[0-9]{20}$")
    verify_key: Path
    next_verify_key: Path | None = None
    items_per_batch: int = Field(ge=1, le=ITEMS_MAX)
    daily_quota: Mapping[BatchClass, Annotated[int, Field(ge=1)]] = Field(min_length=1)


class Config(BaseModel):
    """What stands in the file.

    Args:
        environment: `dev` is for made-up data on one machine.
        party: `A` receives from publishers, `B` from A.
        keys: this party's secret key file.
        manifest: the public keys of all three parties.
        manifest_fingerprint: of the manifest as agreed with the other parties; only `dev` goes without.
        next_hop: address of the next party: B for A, the index's *bronnen* surface for B.
        ledger: the quota ledger, made with `ledger init`.
        host: address to listen on.
        port: port to listen on; 0 takes a free one, which the ready line names.
        workers: processes that multiply; as many as there are processors by default.
        publishers: who may pass.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    environment: Literal["production", "dev"] = "production"
    party: Literal["A", "B"]
    keys: Path
    manifest: Path
    manifest_fingerprint: str | None = None
    next_hop: Annotated[str, AfterValidator(_address)]
    ledger: Path
    host: str = "127.0.0.1"
    port: int = Field(ge=0, le=65535)
    workers: int | None = Field(default=None, ge=1, le=256)
    publishers: tuple[PublisherEntry, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file and make its paths absolute.

        Raises:
            KeyFault: not readable, not TOML, or a setting is missing, unknown or out of range.
        """
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
            config = cls.model_validate(document)
        except OSError as error:
            raise KeyFault(f"{path} cannot be read: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise KeyFault(f"{path} is not TOML: {error}") from error
        except ValidationError as error:
            raise KeyFault(f"{path}: {_faults(error)}") from None
        return _in_folder(config, path.absolute().parent)


def _in_folder(config: C, folder: Path) -> C:
    """The same settings with every path made absolute."""
    publishers = tuple(_keys_in_folder(entry, folder) for entry in config.publishers)
    paths = {name: folder / getattr(config, name) for name in ("keys", "manifest", "ledger")}
    return config.model_copy(update={**paths, "publishers": publishers})


def _keys_in_folder(entry: PublisherEntry, folder: Path) -> PublisherEntry:
    stated = {"verify_key": entry.verify_key, "next_verify_key": entry.next_verify_key}
    return entry.model_copy(update={name: folder / path for name, path in stated.items() if path is not None})


def _faults(error: ValidationError) -> str:
    # The validator's own texts quote the value; name the place and the kind of fault only.
    places = (".".join(str(part) for part in fault["loc"]) for fault in error.errors())
    kinds = (fault["type"] for fault in error.errors())
    return "; ".join(f"{place or 'file'}: {kind}" for place, kind in zip(places, kinds, strict=True))


@dataclass(frozen=True)
class Publisher:
    """A registered publisher with its keys loaded.

    Args:
        daily_quota: items per class and UTC day; a class that is not in it is not let through.
        next_verify_key: counts as well while the key is renewed; the quota is one for both.
    """

    oin: str
    verify_key: Ed25519PublicKey
    items_per_batch: int
    daily_quota: Mapping[BatchClass, int]
    next_verify_key: Ed25519PublicKey | None = None

    @property
    def verify_keys(self) -> tuple[Ed25519PublicKey, ...]:
        """Every key its signature may be under."""
        return (self.verify_key, *([self.next_verify_key] if self.next_verify_key is not None else []))


@dataclass(frozen=True)
class Place:
    """This party's place in the chain, checked: its keys, its neighbours and its register.

    Args:
        publishers: by OIN.
    """

    secrets: PseudonymiserSecrets
    manifest: Manifest
    publishers: Mapping[str, Publisher]

    @property
    def party(self) -> str:
        """`A` or `B`."""
        return self.secrets.party

    @property
    def position(self) -> int:
        """How many hops a delivery has passed when it arrives here: 0 at A, 1 at B."""
        return PARTIES.index(self.party)

    @property
    def items_max(self) -> int:
        """The largest batch anybody here may send, in items."""
        return max((publisher.items_per_batch for publisher in self.publishers.values()), default=1)

    @classmethod
    def load(cls, config: Config) -> Self:
        """Read the key files a configuration names.

        Raises:
            KeyFault: a file is missing, unsafe or wrong, or two of them contradict each other.
        """
        in_production = config.environment == "production"
        if in_production and not config.next_hop.startswith("https:"):
            raise KeyFault('next_hop must be an https address; http goes with environment = "dev" only')
        secrets = PseudonymiserSecrets.load(config.keys)
        manifest = Manifest.load_pinned(config.manifest, config.manifest_fingerprint, required=in_production)
        public = _pinned(config, secrets, manifest)
        if secrets.public() != public:
            raise KeyFault(f"{config.manifest} pins other keys for {config.party} than {config.keys} holds")
        return cls(
            secrets=secrets,
            manifest=manifest,
            publishers=_register(config),
        )


def _pinned(config: Config, secrets: PseudonymiserSecrets, manifest: Manifest) -> PseudonymiserPublic:
    if secrets.party != config.party:
        raise KeyFault(f"{config.keys} holds the keys of the other party than {config.party}")
    return manifest.a if config.party == "A" else manifest.b


def _register(config: Config) -> Mapping[str, Publisher]:
    register: dict[str, Publisher] = {}
    for entry in config.publishers:
        if entry.oin in register:
            raise KeyFault(f"publisher {entry.oin} stands there twice")
        quota = {BatchClass.PROEF: TRIALS_PER_DAY, **entry.daily_quota}
        following = None if entry.next_verify_key is None else _key_of(entry.oin, entry.next_verify_key)
        register[entry.oin] = Publisher(
            entry.oin, _key_of(entry.oin, entry.verify_key), entry.items_per_batch, quota, following
        )
    return register


def _key_of(oin: str, file: Path) -> Ed25519PublicKey:
    public = PublisherPublic.load(file)
    if public.publisher != oin:
        raise KeyFault(f"{file} is not the key of publisher {oin}")
    return public.verify_key
