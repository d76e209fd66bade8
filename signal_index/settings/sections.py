"""Sections of the settings of the index that stand on their own: who signs in, where it listens, whom it tells."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Oin = Annotated[str, Field(pattern=r"^[0-9]{20}$")]
_Address = Annotated[str, Field(min_length=3)]


class Section(BaseModel):
    """Base of every section: closed and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class IssuerSettings(Section):
    """The municipality's identity provider."""

    name: str = Field(description="Exact `iss` of its tokens.")
    audience: str = Field(description="Exact `aud` a token for this index must have.")
    keys: Path = Field(description="Its public keys as a JWK set; pinned, never fetched.")


class ServerSettings(Section):
    """Where the index listens."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8100, ge=0, le=65535, description="Port to listen on.")


class ApiSettings(Section):
    """What the document of the JSON interface says of who answers for it."""

    url: str | None = Field(
        default=None, description="Where systems find it: scheme and host; the site's when there is one."
    )
    contact_name: str | None = Field(default=None, min_length=1, description="Who answers for it.")
    contact_email: str = Field(
        default="beheer@signaalindex.example", min_length=3, description="Where systems' makers ask."
    )
    contact_url: str | None = Field(default=None, description="Where they read more.")
    decision_clients: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        default=(),
        description="Systems that may ask the decision point (AuthZEN), by their client id at the identity provider; "
        "without any it is not there.",
    )


class LimitSettings(Section):
    """How often one member of staff may ask."""

    looks_per_minute: int = Field(default=60, ge=1, le=100_000, description="Looks at residents.")
    requests_per_minute: int = Field(
        default=240, ge=1, le=100_000, description="Everything else at the JSON interface."
    )


class SiteSettings(Section):
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


class SignInSettings(Section):
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


class MailSettings(Section):
    """Where the daily digest leaves from."""

    host: str = Field(min_length=1, description="The mail server.")
    port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    sender: str = Field(min_length=3, description="Address the digest comes from.")
    starttls: bool = Field(default=True, description="Whether to insist on TLS before anything is said.")
    review_to: Mapping[Oin, _Address] = Field(
        default={}, description="By OIN of an organisation, where its privacy officers are told what waits."
    )
