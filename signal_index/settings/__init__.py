"""Settings of the index: one TOML file, closed, frozen, paths relative to the file.

Nothing here is a secret; secrets are named by path and read by `signal_index.wiring`.
"""

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, model_validator

from signal_index.errors import SetupFault
from signal_index.retention import TERMS, RecordKind

from .safety import origin_of, require_origin, require_safe, require_safe_database
from .sections import (
    ApiSettings,
    IssuerSettings,
    LimitSettings,
    MailSettings,
    Oin,
    ServerSettings,
    SignInSettings,
    SiteSettings,
)
from .sections import Section as _Section

__all__ = [
    "ApiSettings",
    "IssuerSettings",
    "LimitSettings",
    "MailSettings",
    "RetentionSettings",
    "ServerSettings",
    "Settings",
    "SignInSettings",
    "SiteSettings",
    "WitnessSettings",
    "load",
]


class WitnessSettings(_Section):
    """Somebody outside the operator's reach who cosigns the log."""

    address: str = Field(description="Where it is asked: scheme and host, nothing after it.")
    key: str = Field(min_length=1, description="Its verifier key, as it prints it: name+id+base64.")
    certificate: Path | None = Field(
        default=None, description="File with the TLS certificate by which this index shows who it is (PEM)."
    )
    key_file: Path | None = Field(default=None, description="File with the key of that certificate (PEM).")
    asked_every_seconds: int = Field(
        default=5,
        ge=1,
        le=60,
        description="How often it is asked at most while the log grows; it keeps every tree it cosigned.",
    )

    @property
    def asked_every(self) -> timedelta:
        """How often it is asked at most."""
        return timedelta(seconds=self.asked_every_seconds)

    @model_validator(mode="after")
    def _certificate_can_be_shown(self) -> Self:
        """A certificate is of no use without its key, nor where nothing asks for one."""
        if (self.certificate is None) != (self.key_file is None):
            raise ValueError("certificate and key_file go together: give both, or neither")
        if self.certificate is not None and urlsplit(self.address).scheme != "https":
            raise ValueError("a certificate can only be shown at an https address")
        return self


class PseudonymisersSettings(_Section):
    """Where both pseudonymisers are; nothing is sent there, `setup` and `doctor` ask whether they are ready."""

    a: str = Field(description="Address of pseudonymiser A: scheme and host, nothing after it.")
    b: str = Field(description="Address of pseudonymiser B.")


def _days(kind: RecordKind, what: str) -> int:
    """A term in days, for a kind of record."""
    default = TERMS[kind].days
    field: int = Field(default=default, ge=30, le=36_525, description=f"Days that {what} is kept.")
    return field


class RetentionSettings(_Section):
    """How long records are kept before what they say is erased."""

    looks_days: int = _days(RecordKind.LOOK, "who looked at whom, and what came of it,")
    deliveries_days: int = _days(RecordKind.DELIVERY, "what sources delivered")
    access_days: int = _days(RecordKind.ACCESS, "who signed in, and what she opened besides looks,")
    administration_days: int = _days(RecordKind.ADMINISTRATION, "who could do what")

    @property
    def terms(self) -> Mapping[RecordKind, timedelta]:
        """The terms by kind."""
        return {
            RecordKind.LOOK: timedelta(days=self.looks_days),
            RecordKind.DELIVERY: timedelta(days=self.deliveries_days),
            RecordKind.ACCESS: timedelta(days=self.access_days),
            RecordKind.ADMINISTRATION: timedelta(days=self.administration_days),
        }


class AccountsSettings(_Section):
    """When the daily job blocks accounts."""

    unused_days: int = Field(
        default=45, ge=7, le=366, description="Days without a sign-in after which an account is blocked."
    )
    unconfirmed_days: int = Field(
        default=30,
        ge=0,
        le=366,
        description="Days after a team had to be confirmed on which who was not is blocked; 0 for never.",
    )


class Settings(_Section):
    """Everything the index needs to start."""

    environment: Literal["production", "dev"] = Field(
        default="production",
        description="`dev` is for made-up data on one machine: no TLS, no pinned manifest.",
    )
    oin: Oin | None = Field(default=None, description="OIN of the organisation whose index this is.")
    database: str = Field(
        min_length=1,
        description="SQLite file, or `postgresql://user@host/name`; made ready by `signal-index db upgrade`.",
    )
    flag_layout: Literal["whole", "partitions", "citus"] = Field(
        default="whole",
        description="How `db upgrade` divides the flags on a server: not, in pieces, or over servers with Citus.",
    )
    keys: Path = Field(description="Key file of the index, made by `signal-index keys index`.")
    manifest: Path = Field(description="Public keys of the chain, made by `signal-index keys manifest`.")
    manifest_fingerprint: str | None = Field(
        default=None, description="Fingerprint of that manifest as agreed with both pseudonymisers."
    )
    issuer: IssuerSettings
    server: ServerSettings = ServerSettings()
    api: ApiSettings = ApiSettings()
    limits: LimitSettings = LimitSettings()
    site: SiteSettings | None = None
    sign_in: SignInSettings | None = None
    mail: MailSettings | None = None
    retention: RetentionSettings = RetentionSettings()
    pseudonymisers: PseudonymisersSettings | None = None
    accounts: AccountsSettings = AccountsSettings()
    witnesses: tuple[WitnessSettings, ...] = Field(
        default=(), description="Who cosigns the log; production serves with at least one."
    )
    witnessed_within_seconds: int = Field(
        default=900,
        ge=60,
        le=86_400,
        description="How old the last cosignature may be; after that nothing is shown.",
    )

    @model_validator(mode="after")
    def _witnesses_are_safe(self) -> Self:
        """Nobody on the way to a witness may read along."""
        for witness in self.witnesses:
            require_origin("witnesses.address", witness.address, environment=self.environment)
        return self

    @model_validator(mode="after")
    def _pseudonymisers_are_safe(self) -> Self:
        """What somebody on the way could answer instead would be no answer."""
        for name, address in dict(self.pseudonymisers or {}).items():
            require_origin(f"pseudonymisers.{name}", address, environment=self.environment)
        return self

    @model_validator(mode="after")
    def _database_is_safe(self) -> Self:
        """What travels to a server is sealed, but whose it is and how much shows."""
        require_safe_database(self.database, environment=self.environment)
        return self

    @model_validator(mode="after")
    def _interface_is_safe(self) -> Self:
        """Tokens travel to this address."""
        if self.api.url is not None:
            require_safe("api.url", self.api.url, environment=self.environment)
            if self.api.url != origin_of(self.api.url):
                raise ValueError("api.url is a scheme and a host, such as https://api.gemeente.example")
        return self

    @property
    def witnessed_within(self) -> timedelta | None:
        """How old the last cosignature may be; None for a trial without witnesses."""
        return timedelta(seconds=self.witnessed_within_seconds) if self.witnesses else None

    @model_validator(mode="after")
    def _pages_are_safe(self) -> Self:
        """Pages need a way to sign in; and both need TLS and a host of their own, but on a developer's machine."""
        if (self.site is None) != (self.sign_in is None):
            raise ValueError("[site] and [sign_in] go together: give both, or neither to serve no pages")
        if self.site is not None and self.sign_in is not None:
            require_origin("site.url", self.site.url, environment=self.environment)
            require_safe("sign_in.issuer", self.sign_in.issuer, environment=self.environment)
        return self


def load(path: Path) -> Settings:
    """Read the settings file.

    Raises:
        SetupFault: it cannot be read, is not TOML, or has a field missing, unknown or wrong.
    """
    try:
        stated = tomllib.loads(path.read_text(encoding="utf-8"))
        settings = Settings.model_validate(stated)
    except OSError as error:
        raise SetupFault(f"cannot read the settings file {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SetupFault(f"{path} is not valid TOML: {error}") from error
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors())
        raise SetupFault(f"{path}: {faults}") from error
    return _anchored(settings, path.resolve().parent)


def anchored(database: str, folder: Path) -> str:
    """Where a database is when a file is named relative to a folder."""
    return database if "://" in database else str(folder / database)


def _anchored(settings: Settings, folder: Path) -> Settings:
    """The same settings with every path relative to the file's own folder."""
    issuer = settings.issuer.model_copy(update={"keys": folder / settings.issuer.keys})
    site, sign_in = settings.site, settings.sign_in
    if site is not None and site.theme is not None:
        site = site.model_copy(update={"theme": folder / site.theme})
    if sign_in is not None and sign_in.client_secret_file is not None:
        sign_in = sign_in.model_copy(update={"client_secret_file": folder / sign_in.client_secret_file})
    return settings.model_copy(
        update={
            "witnesses": tuple(_anchored_witness(each, folder) for each in settings.witnesses),
            "site": site,
            "sign_in": sign_in,
            "database": anchored(settings.database, folder),
            "keys": folder / settings.keys,
            "manifest": folder / settings.manifest,
            "issuer": issuer,
        }
    )


def _anchored_witness(witness: WitnessSettings, folder: Path) -> WitnessSettings:
    if witness.certificate is None or witness.key_file is None:
        return witness
    return witness.model_copy(
        update={"certificate": folder / witness.certificate, "key_file": folder / witness.key_file}
    )
