"""The settings of one pseudonymiser: one TOML file, read once, refused when anything in it is unknown.

Invariants:
1. Paths are relative to the file they stand in.
2. Nothing has a default that opens: without `environment = "dev"` the service refuses to start, because the
   proofs that it did what it should do not exist yet.
3. Key files, manifest and register must agree with each other before the first delivery is read.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from crypto.batch import ITEMS_MAX
from crypto.errors import KeyFault
from crypto.group import Point
from crypto.keyfiles import Manifest, PseudonymiserPublic, PseudonymiserSecrets, PublisherPublic

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
        items_per_batch: the fixed n of its batches.
        daily_quota: items it may have hopped in a UTC day, fillers included.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    oin: str = Field(pattern=r"^[0-9]{20}$")
    verify_key: Path
    items_per_batch: int = Field(ge=1, le=ITEMS_MAX)
    daily_quota: int = Field(ge=1)


class Config(BaseModel):
    """What stands in the file.

    Args:
        environment: only `dev` starts, until hop proofs exist.
        party: `A` receives from publishers, `B` from A.
        keys: this party's secret key file.
        manifest: the public keys of all three parties.
        next_hop: address of the next party: B for A, the index's *bronnen* surface for B.
        ledger: the quota ledger, made with `ledger init`.
        host: address to listen on.
        port: port to listen on; 0 takes a free one, which the ready line names.
        publishers: who may pass.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    environment: Literal["production", "dev"] = "production"
    party: Literal["A", "B"]
    keys: Path
    manifest: Path
    next_hop: Annotated[str, AfterValidator(_address)]
    ledger: Path
    host: str = "127.0.0.1"
    port: int = Field(ge=0, le=65535)
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
    publishers = tuple(
        entry.model_copy(update={"verify_key": folder / entry.verify_key}) for entry in config.publishers
    )
    paths = {name: folder / getattr(config, name) for name in ("keys", "manifest", "ledger")}
    return config.model_copy(update={**paths, "publishers": publishers})


def _faults(error: ValidationError) -> str:
    # The validator's own texts quote the value; name the place and the kind of fault only.
    places = (".".join(str(part) for part in fault["loc"]) for fault in error.errors())
    kinds = (fault["type"] for fault in error.errors())
    return "; ".join(f"{place or 'file'}: {kind}" for place, kind in zip(places, kinds, strict=True))


@dataclass(frozen=True)
class Publisher:
    """A registered publisher with its key loaded."""

    oin: str
    verify_key: Ed25519PublicKey
    items_per_batch: int
    daily_quota: int


@dataclass(frozen=True)
class Place:
    """This party's place in the chain, checked: its keys, its neighbours and its register.

    Args:
        previous: A's verify key at B; None at A.
        next_public: the layer a hop leads to.
        publishers: by OIN.
    """

    secrets: PseudonymiserSecrets
    manifest: Manifest
    previous: Ed25519PublicKey | None
    next_public: Point
    publishers: Mapping[str, Publisher]

    @property
    def party(self) -> str:
        """`A` or `B`."""
        return self.secrets.party

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
        if config.environment != "dev":
            raise KeyFault(
                "hop proofs do not exist yet, so nothing shows that this service keeps to the protocol: it starts "
                'only with environment = "dev", and never with real citizen service numbers'
            )
        secrets, manifest = PseudonymiserSecrets.load(config.keys), Manifest.load(config.manifest)
        public = _pinned(config, secrets, manifest)
        if secrets.public() != public:
            raise KeyFault(f"{config.manifest} pins other keys for {config.party} than {config.keys} holds")
        is_first = config.party == "A"
        return cls(
            secrets=secrets,
            manifest=manifest,
            previous=None if is_first else manifest.a.verify_key,
            next_public=manifest.b.layer if is_first else manifest.index.layer,
            publishers=_register(config),
        )


def _pinned(config: Config, secrets: PseudonymiserSecrets, manifest: Manifest) -> PseudonymiserPublic:
    if secrets.party != config.party:
        raise KeyFault(f"{config.keys} holds the keys of the other party than {config.party}")
    return manifest.a if config.party == "A" else manifest.b


def _register(config: Config) -> Mapping[str, Publisher]:
    register: dict[str, Publisher] = {}
    for entry in config.publishers:
        public = PublisherPublic.load(entry.verify_key)
        if public.publisher != entry.oin or entry.oin in register:
            raise KeyFault(
                f"{entry.verify_key} is not the key of publisher {entry.oin}, or it stands there twice"
            )
        register[entry.oin] = Publisher(
            entry.oin, public.verify_key, entry.items_per_batch, entry.daily_quota
        )
    return register
