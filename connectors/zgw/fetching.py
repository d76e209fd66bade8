"""Looking up what a notification points at: a zaak, its roles and its status, as one document that `read` takes.

Invariants:
1. Only addresses under the root in the settings are asked, and of those only a zaak, its roles and its status; no
   redirect is followed. A notification that points elsewhere is refused, whoever signed it.
2. The roles of a zaak whose zaaktype is not listed are not asked for, and nobody but its clients is kept: what comes
   out holds no name, address or description, so it may wait in a spool that keeps messages sealed.
3. One answer, and the number of pages, are bounded.
4. An answer that did not come is no ending: the notification waits (`Unreachable`) or is set aside (`FileRefused`).

Whoever answers at the root can at most misstate that something runs at the one source in the settings.
"""

import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import httpx
import jwt

from connectors.config import SetupFault
from connectors.formats import Unreachable
from connectors.parsing.strict_json import Json, load
from connectors.reading import FileRefused
from connectors.service.settings import is_loopback

from .notifications import Change, Notice
from .options import ZgwOptions
from .zaken import ROLE_REMOVED, is_client

ANSWER_BYTES_MAX: Final = 2 * 1024 * 1024
"""Of one answer; a page holds a hundred roles of about a kilobyte."""

PAGES_MAX: Final = 20
"""Of the roles of one zaak; a zaak with two thousand of them is a mistake."""

SECRET_BYTES_MIN: Final = 32
"""RFC 7518 §3.2: a key at least as long as the digest."""

_HEADERS: Final = {
    "Accept": "application/json",
    "Accept-Crs": "EPSG:4326",  # without it the API answers 412, although no coordinate is read
    "Accept-Encoding": "identity",  # so that the limit counts what is kept
}
_ZAAK: Final = re.compile(r"zaken/[A-Za-z0-9-]{1,64}")
_STATUS: Final = re.compile(r"statussen/[A-Za-z0-9-]{1,64}")
_ROLES: Final = re.compile(r"rollen/?\?[^#\s]{1,2000}")
_DIGITS: Final = re.compile(r"[0-9]{1,6}")
_GONE: Final = (httpx.codes.NOT_FOUND, httpx.codes.GONE)


@dataclass(frozen=True)
class ZakenApi:
    """A Zaken API that may be asked.

    Args:
        root: with its version, such as `https://openzaak.example.nl/zaken/api/v1/`; without TLS on this machine only.
        http: puts the token or certificate on every request, and has its own timeouts; see `zgw_token`.
        name: what a refusal calls the notification that is followed.

    Raises:
        SetupFault: the root is no such address.
    """

    root: str
    http: httpx.Client
    name: str = "notification"

    def __post_init__(self) -> None:
        """Check the root, and write it the way every address is compared with it."""
        url = httpx.URL(self.root)
        is_safe = url.scheme == "https" or (url.scheme == "http" and is_loopback(url.host))
        if not is_safe or not url.host or url.userinfo or url.query or url.fragment:
            raise SetupFault("the root of the Zaken API must be an https address without a query")
        object.__setattr__(self, "root", str(url).rstrip("/") + "/")

    def path(self, reference: Json, allowed: re.Pattern[str]) -> str:
        """Return what stands behind the root in an address, or in a reference relative to it.

        Raises:
            FileRefused: the address is not under the root, or not one of those allowed.
        """
        try:
            address = str(httpx.URL(self.root).join(reference if isinstance(reference, str) else ""))
        except (httpx.InvalidURL, ValueError):
            raise FileRefused("fetch-outside", self.name) from None
        path = address.removeprefix(self.root)
        if path == address or not allowed.fullmatch(path):
            raise FileRefused("fetch-outside", self.name)
        return path

    def get(self, path: str) -> dict[str, Json]:
        """Ask for one resource.

        Raises:
            Unreachable: no answer, a fault, or one that is no strict JSON object.
            ZaakGone: there is no such zaak.
        """
        body = bytearray()
        try:
            with self.http.stream(
                "GET", self.root + path, headers=_HEADERS, follow_redirects=False
            ) as response:
                _check(response, path)
                for chunk in response.iter_raw():
                    body += chunk
                    if len(body) > ANSWER_BYTES_MAX:
                        raise Unreachable("source-fault")
        except httpx.HTTPError as error:
            raise Unreachable("source-fault") from error
        answer = _loaded(bytes(body), ANSWER_BYTES_MAX)
        if answer is None:
            raise Unreachable("source-fault")
        return answer


class ZaakGone(Exception):
    """The API knows no such zaak."""


def fetch(told: Notice, api: ZakenApi, options: ZgwOptions, now: Callable[[], datetime]) -> bytes:
    """Fetch the zaak a notification is about, with its clients and its status.

    Of two fetches of one zaak the one that began last counts, so do not let them overlap.

    Args:
        told: the notification.
        api: the only one that is asked.
        options: of the format `zgw`.
        now: the clock; aware.

    Returns:
        A document for `connectors.zgw.read`.

    Raises:
        Unreachable: try again later.
        FileRefused: it points elsewhere.
        ZaakGone: the zaak is not there any more.
    """
    path = api.path(told.zaak, _ZAAK)
    began = now().astimezone(UTC)  # before the answer: it can only be newer than it says
    by_identification = bool(options.zaaktypen) and not options.knows_by_reference
    zaak = api.get(f"{path}?expand=zaaktype" if by_identification else path)
    bundle: dict[str, Json] = {"opgehaald": began.isoformat(), "zaak": _zaak(zaak)}
    if told.change is Change.ROLE_REMOVED:
        bundle[ROLE_REMOVED] = True
    if options.signal_type(zaak.get("zaaktype"), _inside(zaak, "_expand", "zaaktype")) is not None:
        bundle["rollen"] = [_role(role) for role in _roles(api, path) if is_client(role, options)]
        bundle["status"] = _status(api, zaak)
    return json.dumps(bundle).encode()


def zgw_token(client_id: str, secret: str, now: datetime) -> str:
    """Make the bearer token of one system for the APIs of this standard; they accept it for an hour at most.

    Raises:
        SetupFault: the secret is too short to sign with.

    Source: Autorisaties API 1.0.0, JWT claims; RFC 7519.
    """
    if len(secret.encode()) < SECRET_BYTES_MIN:
        raise SetupFault(
            f"the secret of this client must be at least {SECRET_BYTES_MIN} bytes; agree on a new one"
        )
    claims = {
        "iss": client_id,
        "iat": int(now.timestamp()),
        "client_id": client_id,
        "user_id": client_id,  # no employee asks: the system does
        "user_representation": client_id,
    }
    return jwt.encode(claims, secret, "HS256")


def _roles(api: ZakenApi, path: str) -> Iterator[Json]:
    query = httpx.QueryParams({"zaak": api.root + path})
    page: str | None = f"rollen?{query}"
    for _ in range(PAGES_MAX):
        if page is None:
            return
        answer = api.get(page)
        results, following = answer.get("results"), answer.get("next")
        if not isinstance(results, list):
            raise Unreachable("source-fault")
        yield from results
        page = api.path(following, _ROLES) if following else None
    raise Unreachable("source-fault")


def _check(response: httpx.Response, path: str) -> None:
    if response.status_code in _GONE and path.startswith("zaken/"):
        raise ZaakGone
    if response.status_code != httpx.codes.OK:
        after = response.headers.get("Retry-After", "")
        raise Unreachable(
            "source-fault", retry_after_seconds=int(after) if _DIGITS.fullmatch(after) else None
        )


def _loaded(content: bytes, max_bytes: int) -> dict[str, Json] | None:
    try:
        document = load(io.BytesIO(content), "", max_bytes)
    except FileRefused:
        return None
    return document if isinstance(document, dict) else None


def _inside(value: Json, *path: str) -> Json:
    for member in path:
        value = value.get(member) if isinstance(value, dict) else None
    return value


def _some(value: Json, *members: str) -> dict[str, Json]:
    return {name: value[name] for name in members if name in value} if isinstance(value, dict) else {}


def _zaak(zaak: Json) -> Json:
    zaaktype = _some(_inside(zaak, "_expand", "zaaktype"), "url", "identificatie")
    kept = _some(zaak, "url", "uuid", "zaaktype", "startdatum", "einddatum", "status")
    return {**kept, "_expand": {"zaaktype": zaaktype}} if zaaktype else kept


def _role(role: Json) -> Json:
    kept = _some(
        role, "zaak", "betrokkeneType", "omschrijvingGeneriek", "indicatieMachtiging", "eindeGeldigheid"
    )
    return {**kept, "betrokkeneIdentificatie": _some(_inside(role, "betrokkeneIdentificatie"), "inpBsn")}


def _status(api: ZakenApi, zaak: dict[str, Json]) -> Json:
    if not zaak.get("status"):
        return None
    status = api.get(api.path(zaak["status"], _STATUS))
    return _some(status, "statustype", "datumStatusGezet", "indicatieLaatstGezetteStatus")
