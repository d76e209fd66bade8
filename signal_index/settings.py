"""Settings of the index: one TOML file, closed, frozen, paths relative to the file.

Nothing here is a secret; secrets are named by path and read by `signal_index.wiring`.
"""

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from .errors import SetupFault
from .retention import TERMS, RecordKind

_Oin = Annotated[str, Field(pattern=r"^[0-9]{20}$")]
_Address = Annotated[str, Field(min_length=3)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class IssuerSettings(_Section):
    """The municipality's identity provider."""

    name: str = Field(description="Exact `iss` of its tokens.")
    audience: str = Field(description="Exact `aud` a token for this index must have.")
    keys: Path = Field(description="Its public keys as a JWK set; pinned, never fetched.")


class ServerSettings(_Section):
    """Where the index listens."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8100, ge=0, le=65535, description="Port to listen on.")


class SiteSettings(_Section):
    """The worker's pages."""

    url: str = Field(description="Where people find the site: scheme and host, nothing after it.")
    name: str = Field(
        default="Signaalindex", min_length=1, description="What the product is called on the pages."
    )
    organisation: str = Field(min_length=1, description="The municipality or region whose site it is.")
    theme: Path | None = Field(
        default=None, description="A style sheet of the municipality, served after ours."
    )
    accessibility_contact: str = Field(
        min_length=1, description="Whom to tell about an obstacle: e-mail or phone."
    )
    privacy_contact: str = Field(min_length=1, description="Whom to ask about privacy: e-mail or phone.")


class SignInSettings(_Section):
    """How members of staff sign in: the municipality's identity provider, OpenID Connect."""

    issuer: str = Field(description="Exact `iss` of its ID tokens; its discovery document stands beneath it.")
    client_id: str = Field(min_length=1, description="What this site is called at the provider.")
    client_secret_file: Path | None = Field(
        default=None, description="File with the secret of that client; none for a public client."
    )
    subject_claim: str = Field(default="sub", min_length=1, description="The claim that holds the staff id.")
    second_factor_acr: tuple[str, ...] = Field(
        default=(),
        description="Values of `acr` that stand for a second factor, besides eIDAS substantial and high.",
    )
    second_factor_amr: tuple[str, ...] = Field(
        default=("mfa",), description="Values of which one in `amr` stands for a second factor."
    )


class MailSettings(_Section):
    """Where the daily digest leaves from."""

    host: str = Field(min_length=1, description="The mail server.")
    port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    sender: str = Field(min_length=3, description="Address the digest comes from.")
    starttls: bool = Field(default=True, description="Whether to insist on TLS before anything is said.")
    review_to: Mapping[_Oin, _Address] = Field(
        default={}, description="By OIN of an organisation, where its privacy officers are told what waits."
    )


class WitnessSettings(_Section):
    """Somebody outside the operator's reach who cosigns the log."""

    address: str = Field(description="Where it is asked: scheme and host, nothing after it.")
    key: str = Field(min_length=1, description="Its verifier key, as it prints it: name+id+base64.")
    certificate: Path | None = Field(
        default=None, description="File with the TLS certificate by which this index shows who it is (PEM)."
    )
    key_file: Path | None = Field(default=None, description="File with the key of that certificate (PEM).")

    @model_validator(mode="after")
    def _certificate_can_be_shown(self) -> Self:
        """A certificate is of no use without its key, nor where nothing asks for one."""
        if (self.certificate is None) != (self.key_file is None):
            raise ValueError("certificate and key_file go together: give both, or neither")
        if self.certificate is not None and urlsplit(self.address).scheme != "https":
            raise ValueError("a certificate can only be shown at an https address")
        return self


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
    database: Path = Field(description="SQLite file, made by `signal-index db upgrade`.")
    keys: Path = Field(description="Key file of the index, made by `signal-index keys index`.")
    manifest: Path = Field(description="Public keys of the chain, made by `signal-index keys manifest`.")
    manifest_fingerprint: str | None = Field(
        default=None, description="Fingerprint of that manifest as agreed with both pseudonymisers."
    )
    issuer: IssuerSettings
    server: ServerSettings = ServerSettings()
    site: SiteSettings | None = None
    sign_in: SignInSettings | None = None
    mail: MailSettings | None = None
    retention: RetentionSettings = RetentionSettings()
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
            _require_safe("witnesses.address", witness.address, environment=self.environment)
            if witness.address != _origin(witness.address):
                raise ValueError("witnesses.address is a scheme and a host, such as https://getuige.example")
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
            _require_safe("site.url", self.site.url, environment=self.environment)
            _require_safe("sign_in.issuer", self.sign_in.issuer, environment=self.environment)
            if self.site.url != _origin(self.site.url):
                raise ValueError(
                    "site.url is a scheme and a host, such as https://signaalindex.gemeente.example"
                )
        return self


def _origin(address: str) -> str | None:
    """Scheme and host of an address; None when it names somebody as well."""
    parts = urlsplit(address)
    return None if parts.username is not None else f"{parts.scheme}://{parts.netloc}"


_THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})


def _require_safe(name: str, address: str, *, environment: str) -> None:
    """Refuse an address others could read along with, or one that can only be a trial's."""
    parts = urlsplit(address)
    local = parts.hostname in _THIS_MACHINE
    allowed = {"https", "http"} if local and environment == "dev" else {"https"}
    if parts.scheme not in allowed or not parts.hostname or (local and environment != "dev"):
        raise ValueError(
            f'{name} must be an https address; this machine itself only with environment = "dev"'
        )


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
            "database": folder / settings.database,
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
