"""Following a notification to the zaak it is about, with what the settings say of the API. For `connector run`.

Invariants:
1. Without an API in the settings nothing is asked, and the notification is read as it is.
2. Every other document comes back as it went in.

Whoever sends notifications can at most make the one API in the settings be asked about a zaak of its own.
"""

import io
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx

from connectors.config import SetupFault
from connectors.formats import Unreachable
from connectors.parsing.strict_json import Json, load
from connectors.reading import FileRefused, Message

from .fetching import ZaakGone, ZakenApi, fetch, zgw_token
from .notifications import Change, Notice, notice
from .options import ApiOptions, ZgwOptions

NOTIFICATION_BYTES_MAX: Final = 64 * 1024
"""Beyond it a document is no notification."""

_TIMEOUT: Final = httpx.Timeout(30, connect=5)
_POINTING: Final = frozenset({Change.LOOK_UP, Change.ROLE_REMOVED})
_DESTROYED: Final = b'{"kanaal": "zaken", "resource": "zaak", "actie": "destroy"}'


def follow(message: Message, options: ZgwOptions) -> Message:
    """Return the zaak a notification points at, as a document for `read`; any other message as it is.

    Raises:
        Unreachable: the API does not answer, or the settings are no use for asking it.
        FileRefused: the notification points outside the API.
    """
    content = message.stream.read(options.max_bytes + 1)
    told = _notice(content) if len(content) <= NOTIFICATION_BYTES_MAX else None
    if options.api is not None and told is not None and _is_ours(told, options):
        content = _followed(told, options.api, options, message.name)
    return Message(io.BytesIO(content), message.name, message.received)


def _is_ours(told: Notice, options: ZgwOptions) -> bool:
    is_unlisted = told.zaaktype is not None and options.signal_type(told.zaaktype) is None
    return (
        told.change in _POINTING
        and told.zaak is not None
        and not (is_unlisted and options.knows_by_reference)
    )


def _followed(told: Notice, api: ApiOptions, options: ZgwOptions, name: str) -> bytes:
    try:
        with _client(api) as http:
            return fetch(told, ZakenApi(api.root, http, name), options, _now)
    except ZaakGone:
        return _DESTROYED
    except SetupFault as fault:
        raise Unreachable("api-settings") from fault


def _client(api: ApiOptions) -> httpx.Client:
    """Open a client for one look-up; its token is as old as that."""
    headers = {}
    if api.client_id and api.secret:
        headers["Authorization"] = f"Bearer {zgw_token(api.client_id, _secret(api.secret), _now())}"
    return httpx.Client(
        headers=headers, verify=_trust(api), timeout=_TIMEOUT, trust_env=False, follow_redirects=False
    )


def _trust(api: ApiOptions) -> ssl.SSLContext:
    """Whom this machine trusts, and by what we show who we are."""
    trust = ssl.create_default_context()
    if api.certificate and api.key:
        try:
            # An empty password, so that a locked key is refused; without one OpenSSL would wait at the terminal.
            trust.load_cert_chain(api.certificate, api.key, password="")
        except OSError as error:  # ssl.SSLError is one
            raise SetupFault("formats.zgw.api.certificate or key names a file that is no use") from error
    return trust


def _secret(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise SetupFault("formats.zgw.api.secret names a file that cannot be read") from None


def _notice(content: bytes) -> Notice | None:
    document: Json = None
    try:
        document = load(io.BytesIO(content), "", NOTIFICATION_BYTES_MAX)
    except FileRefused:
        return None
    return notice(document) if isinstance(document, dict) else None


def _now() -> datetime:
    return datetime.now(UTC)
