"""The settings of one connector: one TOML file, read once, refused when anything in it is unknown.

Invariants:
1. Paths are relative to the file they stand in.
2. Only `environment = "dev"` goes without a pinned manifest and without TLS.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final, Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from crypto.batch import ITEMS_MAX
from crypto.errors import CryptoError
from crypto.keyfiles import Manifest, PublisherSecrets

from .formats import FormatSettings, faults_of
from .service.settings import Folder, Metrics, Poll, Rhythm, Running, Webhook

_CODE = r"^[A-Za-z0-9._:@-]{1,40}$"
_OIN = r"^[0-9]{20}$"

RESTRICTION: Final = "overleden"
"""What a source of restrictions tells of as if it were a type of signal; never one of the publications."""

_Model = TypeVar("_Model", bound=BaseModel)


class SetupFault(Exception):
    """The settings or key files are wrong; the message says what to do."""


def _address(value: str) -> str:
    """Accept `http(s)://host[:port]` only: no path, credentials or query that could surprise anybody."""
    parts = urlsplit(value)
    bare = not (parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not bare:
        raise ValueError("must be an address like https://host:port, without a path")
    return value.rstrip("/")


class Publication(BaseModel):
    """One (source, type) this publisher is registered for.

    Args:
        source: typed identifier as the readers give it, such as `agb:65656055`.
        type: code of the signal type.
        retention_months: how long the index keeps a flag after its last assert; from the catalogue.
        format: only messages of this format bring it up to date; without one, those of every format do.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = Field(pattern=_CODE)
    type: str = Field(pattern=_CODE)
    retention_months: int = Field(default=12, ge=1, le=120)
    format: str | None = None

    def is_fed_by(self, format_name: str) -> bool:
        """Whether messages of this format tell all there is to tell about it."""
        return self.format in (None, format_name)

    @property
    def reassert_months(self) -> int:
        """After how many months a flag is asserted again.

        In months, so at the latest half-way: a flag of late in a month is that much younger.
        """
        return max(1, self.retention_months // 2)


class CaseloadFromCases(BaseModel):
    """How cases of a ZGW case system (Zaken API) become care relations.

    Args:
        zaaktypen: types of case that are a care relation, by URL, UUID or identificatie as in the format `zgw`; other
            cases are passed over.
        team: code of the team, for a case without an organisational unit as its handler.
        registered_by: staff id of who hands out the cases. Only when nobody can give herself a case: without it every
            relation counts as registered by its own worker, and a second person has to confirm it.
        months_ahead: how long a case without a last day is believed; it is moved on with every file.
        shielded: whether these persons count as shielded, which a case does not tell; then least is shown.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    zaaktypen: frozenset[str] = Field(min_length=1)
    team: str | None = Field(default=None, pattern=_CODE)
    registered_by: str | None = Field(default=None, pattern=_CODE)
    months_ahead: int = Field(default=3, ge=1, le=60)
    shielded: bool = True


class Restrictions(BaseModel):
    """That this publisher tells the index who has died.

    Args:
        source: as the readers give it.
        format: only messages of this format bring it up to date. A set is complete only when all of those who died
            were read, so after the local state was lost, read them all before anything is sent.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = Field(default="brp", pattern=_CODE)
    format: str = "brp"

    def is_fed_by(self, format_name: str) -> bool:
        """Whether messages of this format tell all there is to tell about it."""
        return self.format == format_name


class Caseload(BaseModel):
    """That this publisher feeds care relations.

    Args:
        organisation: OIN of the organisation that gives the care.
        zgw: present when they are read from cases of a ZGW case system.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    organisation: str = Field(pattern=_OIN)
    zgw: CaseloadFromCases | None = None


class Config(BaseModel):
    """What stands in the file.

    Args:
        environment: `dev` is for made-up data on one machine.
        publisher: OIN of this publisher.
        keys: its secret key file.
        manifest: the public keys of all three parties.
        manifest_fingerprint: of the manifest as agreed with the three parties; only `dev` goes without.
        first_hop: address of pseudonymiser A.
        state: the local state, made with `connector init`.
        items_per_batch: the fixed n, as registered at A, B and the index.
        publications: what it may publish.
        restrictions: present when it tells who has died.
        municipalities: CBS codes of this index's region; flags of persons who are known to live elsewhere are
            withdrawn. Empty: where they live makes no difference, and is not kept.
        caseload: present when it feeds care relations.
        formats: per message format, the settings of its own.
        inbox: folders `connector run` watches.
        poll: sources `connector run` asks.
        webhook: where sources deliver to `connector run`.
        metrics: where `connector run` tells how it stands.
        service: how often it does what.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    environment: Literal["production", "dev"] = "production"
    publisher: str = Field(pattern=_OIN)
    keys: Path
    manifest: Path
    manifest_fingerprint: str | None = None
    first_hop: Annotated[str, AfterValidator(_address)]
    state: Path
    items_per_batch: int = Field(ge=1, le=ITEMS_MAX)
    publications: tuple[Publication, ...] = ()
    restrictions: Restrictions | None = None
    municipalities: frozenset[Annotated[str, Field(pattern=r"^[0-9]{4}$")]] = frozenset()
    caseload: Caseload | None = None
    formats: dict[str, dict[str, object]] = {}
    inbox: tuple[Folder, ...] = ()
    poll: tuple[Poll, ...] = ()
    webhook: Webhook | None = None
    metrics: Metrics | None = None
    service: Rhythm = Rhythm()

    @property
    def running(self) -> Running:
        """What concerns `connector run` alone."""
        return Running(self.inbox, self.poll, self.webhook, self.metrics, self.service)


@dataclass(frozen=True)
class Setup:
    """Settings with the key files they name, checked against each other.

    Args:
        state_path: absolute.
        caseload: None when no care relations are fed.
        running: for `connector run` alone.
    """

    secrets: PublisherSecrets
    manifest: Manifest
    first_hop: str
    state_path: Path
    items_per_batch: int
    publications: tuple[Publication, ...]
    caseload: Caseload | None
    formats: FormatSettings = field(default_factory=FormatSettings)
    restrictions: Restrictions | None = None
    municipalities: frozenset[str] = frozenset()
    running: Running = field(default_factory=Running)

    @property
    def speaks_for(self) -> Mapping[tuple[str, str], Publication | Restrictions]:
        """What the settings say of each (source, type) of the readers this publisher may speak for."""
        spoken: dict[tuple[str, str], Publication | Restrictions] = {
            (each.source, each.type): each for each in self.publications
        }
        if self.restrictions is not None:
            spoken[self.restrictions.source, RESTRICTION] = self.restrictions
        return spoken

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the settings and the key files they name.

        Raises:
            SetupFault: a file or setting is missing, unknown or wrong, or two of them contradict each other.
        """
        config = _read(path, Config)
        in_production = config.environment == "production"
        if in_production and not config.first_hop.startswith("https:"):
            raise SetupFault('first_hop must be an https address; http goes with environment = "dev" only')
        if in_production and (unsafe := next(config.running.unsafe(), None)):
            raise SetupFault(f"{path}: {unsafe}")
        folder = path.absolute().parent
        try:
            secrets = PublisherSecrets.load(folder / config.keys)
            pin = config.manifest_fingerprint
            manifest = Manifest.load_pinned(folder / config.manifest, pin, required=in_production)
        except CryptoError as fault:
            raise SetupFault(str(fault)) from fault
        if secrets.publisher != config.publisher:
            raise SetupFault(f"{config.keys} is the key of another publisher than {config.publisher}")
        pairs = {(each.source, each.type) for each in config.publications}
        if len(pairs) != len(config.publications):
            raise SetupFault(f"{path} names one source and type twice under publications")
        if any(each.type == RESTRICTION for each in config.publications):
            raise SetupFault(f"{path}: {RESTRICTION} is no flag; name its source under [restrictions]")
        return cls(
            secrets=secrets,
            manifest=manifest,
            first_hop=config.first_hop,
            state_path=folder / config.state,
            items_per_batch=config.items_per_batch,
            publications=config.publications,
            caseload=config.caseload,
            formats=FormatSettings(config.formats, folder),
            restrictions=config.restrictions,
            municipalities=config.municipalities,
            running=config.running,
        )


class _FormatsOnly(BaseModel):
    """What `connector read` takes from a settings file."""

    formats: dict[str, dict[str, object]] = {}


def format_settings(path: Path) -> FormatSettings:
    """Return the settings per message format, whatever else stands in the file.

    Raises:
        SetupFault: the file cannot be read.
    """
    return FormatSettings(_read(path, _FormatsOnly).formats, path.absolute().parent)


def _read(path: Path, model: type[_Model]) -> _Model:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        return model.model_validate(content, context={"folder": path.absolute().parent})
    except OSError as error:
        raise SetupFault(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SetupFault(f"{path} is not TOML: {error}") from error
    except ValidationError as error:
        raise SetupFault(f"{path}: {faults_of(error)}") from None
