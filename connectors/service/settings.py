"""What a connector's settings say about running as a service: where messages come from, and how often what is done.

Invariants:
1. Secrets are named by path; no field holds one.
2. In production nothing travels in the clear: sources are asked over https, and what listens for messages listens on
   this machine only, behind a proxy that does TLS.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from connectors.formats import Located

_LISTEN: Final = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:]+)\]|(?P<host>[A-Za-z0-9.-]+)):(?P<port>[0-9]{1,5})")
_HEADER: Final = re.compile(r"[A-Za-z0-9-]{1,60}")
_OURS: Final = frozenset(
    {
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "cookie",
        "host",
        "transfer-encoding",
    }
)
"""Headers that settings may not give: they are made per request, or are secrets."""


def _url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an address like https://host/path")
    if parts.username or parts.password or parts.fragment:
        raise ValueError("must not hold a name, a password or a fragment")
    return value


def _listen(value: str) -> str:
    if not _LISTEN.fullmatch(value):
        raise ValueError("must be host:port")
    return value


def _headers(value: Mapping[str, str]) -> Mapping[str, str]:
    for name, text in value.items():
        if (
            not _HEADER.fullmatch(name)
            or name.lower() in _OURS
            or not (text.isascii() and text.isprintable())
        ):
            raise ValueError("a header that settings may not give")
    return value


Url = Annotated[str, AfterValidator(_url)]
Listen = Annotated[str, AfterValidator(_listen)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Folder(_Strict):
    """A folder where message files appear.

    Args:
        kind: `folder`; the only one there is.
        folder: it must exist; `done` and `refused` are made in it.
        format: of every file in it.
        pattern: which names are taken, `*` and `?` as in a shell, capitals or not.
        heartbeat: an empty folder means that nothing happened at the source, as long as `done` lies in it; without it
            only a file says so.
        keep_days: how long a file stays in `done`; 0 deletes it once it is taken in.
    """

    kind: Literal["folder"]
    folder: Located
    format: str
    pattern: str = "*"
    heartbeat: bool = False
    keep_days: int = Field(default=7, ge=0, le=3650)


class OAuth(_Strict):
    """How this connector gets an access token: client credentials, proven with a signed assertion.

    Args:
        url: the token endpoint, which is the audience of the assertion too.
        client_id: as registered there.
        key: private key file, PEM.
        key_id: which of the registered keys it is.
        algorithm: it signs with.
        certificate: chain of the key in PEM, for a party that knows it by certificate.
        scope: to ask for.
    """

    url: Url
    client_id: str = Field(min_length=1, max_length=255)
    key: Located
    key_id: str = Field(min_length=1, max_length=128)
    algorithm: Literal["RS256", "PS256"] = "PS256"
    certificate: Located | None = None
    scope: str | None = None


class Poll(_Strict):
    """An address that is asked again and again.

    Args:
        url: without anything secret or personal in it.
        format: of the answers.
        every: minutes from one question to the next.
        method: `GET` or `POST`.
        body: file with what is posted, read anew each time.
        headers: fixed ones, such as `Accept` or `SOAPAction`.
        since: query parameter that gets the moment of the last complete answer; the first question after a start goes
            without, or with what stands in the url, and so asks for everything.
        bytes_max: of one answer.
        token: how to get an access token, when the source wants one.
        certificate: client certificate for mutual TLS, PEM.
        key: its private key, PEM.
        trust: certificates the source's is checked against, PEM; those of the system by default.
        fsc_grant_hash: of the contract, when the way to the source is an FSC Outway.
    """

    url: Url
    format: str
    every: float = Field(gt=0, le=7 * 24 * 60)
    method: Literal["GET", "POST"] = "GET"
    body: Located | None = None
    headers: Annotated[dict[str, str], AfterValidator(_headers)] = {}
    since: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.-]{1,60}$")
    bytes_max: int = Field(default=50 * 1024 * 1024, ge=1)
    token: OAuth | None = None
    certificate: Located | None = None
    key: Located | None = None
    trust: Located | None = None
    fsc_grant_hash: str | None = Field(default=None, pattern=r"^[\x21-\x7e]{1,300}$")

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key go together")
        if (self.method == "POST") != (self.body is not None):
            raise ValueError("a body goes with POST, and only with it")
        return self


class Webhook(_Strict):
    """An address where a source delivers its messages.

    Args:
        listen: `host:port`.
        path: of the address.
        format: of the messages.
        spool: folder where a message is written before it is acknowledged; it must exist.
        token: file with the bearer token a sender must show; a second line may hold the next one.
        behind_proxy: the proxy in front checks who sends, by client certificate, so there is no token.
        content_types: media types that are taken.
        bytes_max: of one message.
        heartbeat: silence means that nothing happened at the source; without it only a message says so.
        keep_days: how long a message stays in `done`.
    """

    listen: Listen
    path: str = Field(default="/", pattern=r"^/[A-Za-z0-9/_.-]{0,200}$")
    format: str
    spool: Located
    token: Located | None = None
    behind_proxy: bool = False
    content_types: tuple[str, ...] = (
        "application/json",
        "application/xml",
        "application/soap+xml",
        "application/cloudevents+json",
        "text/xml",
    )
    bytes_max: int = Field(default=10 * 1024 * 1024, ge=1)
    heartbeat: bool = False
    keep_days: int = Field(default=7, ge=0, le=3650)

    @model_validator(mode="after")
    def _somebody_checks(self) -> Self:
        if (self.token is None) != self.behind_proxy:
            raise ValueError("either a token, or behind_proxy")
        return self


class Metrics(_Strict):
    """Where figures and health are served.

    Args:
        listen: `host:port`; anybody who reaches it may read it.
    """

    listen: Listen


class Rhythm(_Strict):
    """How often what is done.

    Args:
        scan_seconds: between two looks at a folder; a file counts as whole when it is the same at both.
        send_seconds: how long changes are collected before they are sent; a full batch goes at once.
    """

    scan_seconds: float = Field(default=10, gt=0, le=3600)
    send_seconds: float = Field(default=900, gt=0, le=24 * 3600)


@dataclass(frozen=True)
class Running:
    """Everything the settings say about running as a service; paths are absolute."""

    inbox: tuple[Folder, ...] = ()
    poll: tuple[Poll, ...] = ()
    webhook: Webhook | None = None
    metrics: Metrics | None = None
    rhythm: Rhythm = field(default_factory=Rhythm)

    @property
    def formats(self) -> tuple[str, ...]:
        """The message formats that come in, each once."""
        hooked = (self.webhook,) if self.webhook else ()
        return tuple(dict.fromkeys(each.format for each in (*self.inbox, *self.poll, *hooked)))

    def unsafe(self) -> Iterator[str]:
        """Say what may not go on in production."""
        for poll in self.poll:
            for url in (poll.url, *((poll.token.url,) if poll.token else ())):
                parts = urlsplit(url)
                if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
                    yield "poll.url: http goes to this machine itself only"
        if self.webhook and not is_loopback(address(self.webhook.listen)[0]):
            yield "webhook.listen: must be on 127.0.0.1 or [::1], behind a proxy that does TLS"


def address(listen: str) -> tuple[str, int]:
    """Split `host:port`."""
    found = _LISTEN.fullmatch(listen)
    assert found is not None, "settings checked it"
    return found["v6"] or found["host"], int(found["port"])


def is_loopback(host: str) -> bool:
    """Whether only this machine itself reaches the host."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
