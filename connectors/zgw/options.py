"""The settings of the format `zgw`: which zaken are trajecten, of which source, and who in them counts."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from connectors.formats import Located, Options
from connectors.lines.layout import TYPES
from connectors.parsing.strict_json import Json
from connectors.reading import read_source

_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _normal(reference: str) -> str:
    return reference.strip().rstrip("/").casefold()


def _listed(zaaktypen: Mapping[str, str]) -> Mapping[str, str]:
    if not TYPES.issuperset(zaaktypen.values()):
        raise ValueError("each must stand for a type of the catalogue")
    return {name: code for reference, code in zaaktypen.items() for name in names_of(reference)}


def _named(references: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for reference in references for name in names_of(reference))


def _source(value: str) -> str:
    source = read_source(value)
    if source is None:
        raise ValueError("must be a typed identifier, such as gemeente:0344")
    return source


class ApiOptions(BaseModel):
    """The Zaken API that notifications are followed to.

    Args:
        root: with its version, such as `https://openzaak.example.nl/zaken/api/v1/`.
        client_id: of this connector there, when the API wants a token.
        secret: file with the secret the token is signed with.
        certificate: client certificate for mutual TLS, PEM.
        key: its private key.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    root: str = Field(pattern=r"^https?://")
    client_id: str | None = Field(default=None, min_length=1, max_length=255)
    secret: Located | None = None
    certificate: Located | None = None
    key: Located | None = None

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if (self.client_id is None) != (self.secret is None):
            raise ValueError("client_id and secret go together")
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key go together")
        return self


class ZgwOptions(Options):
    """What a municipality decides about its zaken; the defaults publish nothing.

    Args:
        zaaktypen: per zaaktype its signal type. A zaaktype is named by its identificatie, which all its versions share
            but an answer holds only with `expand=zaaktype`, or by the URL or UUID of one version.
        source: whose trajecten they are, a typed identifier as in the register.
        roles: generic descriptions of the parts in which a person is the client.
        application_statuses: URL or UUID of the statustypen under which nothing was granted yet.
        api: where `connector run` looks up what a notification is about; without it notifications wait for a person.
    """

    zaaktypen: Annotated[Mapping[str, str], AfterValidator(_listed)] = {}
    source: Annotated[str, AfterValidator(_source)] | None = None
    roles: tuple[Literal["initiator", "mede_initiator", "belanghebbende"], ...] = ("initiator",)
    application_statuses: Annotated[tuple[str, ...], AfterValidator(_named)] = ()
    api: ApiOptions | None = None

    @property
    def knows_by_reference(self) -> bool:
        """Whether a URL alone tells that its zaaktype is not listed: others are, and none by identificatie."""
        return bool(self.zaaktypen) and all(
            "://" in known or _UUID.fullmatch(known) for known in self.zaaktypen
        )

    def signal_type(self, *zaaktypen: Json) -> str | None:
        """Return the signal type of a zaaktype, given by its URL or as the object that was expanded for it."""
        found = (self.zaaktypen.get(name) for zaaktype in zaaktypen for name in names_of(zaaktype))
        return next((code for code in found if code is not None), None)

    def is_application(self, statustype: Json) -> bool:
        """Whether nothing was granted yet under this statustype."""
        return not set(self.application_statuses).isdisjoint(names_of(statustype))


def last_segment(url: str) -> str:
    """Return what stands behind the last slash of a URL: the id of a resource in every API of this standard."""
    return url.strip().rstrip("/").rpartition("/")[2]


def names_of(resource: Json) -> Iterator[str]:
    """Yield all that a resource may be called; a URL also by the UUID it ends in, as a host name may change."""
    if isinstance(resource, dict):
        for member in ("url", "uuid", "identificatie"):
            yield from names_of(resource.get(member))
    elif isinstance(resource, str) and resource.strip():
        yield _normal(resource)
        segment = last_segment(_normal(resource))
        if _UUID.fullmatch(segment):
            yield segment
