"""An address where a source delivers: a message is on disk before the source hears that it came in.

Invariants:
1. A 204 goes out only after the message is written, synced, under its final name, and the folder synced too.
2. Nothing is read of who does not show the token, and never more than the limit.
3. No answer repeats anything of what was sent.

From there the spool is a folder like any other, see `folder`. A message that is delivered twice is taken in twice,
which changes nothing.
Whoever holds the token can deliver messages as the source can, and fill the spool up to its limit.
Source: RFC 9457 (problem details), RFC 6750 (bearer tokens), RFC 9112 §6.3 and §11.2 (request smuggling).
"""

import asyncio
import hashlib
import hmac
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import Final
from uuid import uuid4

from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .settings import Webhook

BODY_SECONDS_MAX: Final = 30.0
WAITING_MAX: Final = 32
"""Messages held in memory at one moment."""

SPOOLED_MAX: Final = 20_000
"""Messages that may lie in the spool; more than this and the source has to keep them itself for a while."""

DELIVERED: Final = "delivered"
"""The outcome of a delivery that is kept."""

TOKEN_CHARACTERS_MIN: Final = 32
_BUSY_SECONDS: Final = 60
_DRAFT: Final = ".draft-"
_BEARER: Final = re.compile(r"bearer ([\x21-\x7e]{1,4096})", re.IGNORECASE)


@dataclass(frozen=True)
class Kind:
    """One way to refuse: HTTP status, and a title and advice for whoever runs the sender."""

    status: int
    title: str
    detail: str


KINDS: Final[Mapping[str, Kind]] = {
    "malformed": Kind(400, "Er is niets ontvangen", "Stuur het bericht als inhoud van het verzoek."),
    "not-authenticated": Kind(401, "U bent niet herkend", "Stuur het afgesproken token mee."),
    "not-found": Kind(404, "Dit adres bestaat niet", "Controleer het afgesproken adres."),
    "method-not-allowed": Kind(405, "Dit kan hier niet", "Gebruik POST."),
    "timeout": Kind(408, "Het versturen duurde te lang", "Controleer uw verbinding en stuur opnieuw."),
    "too-large": Kind(
        413, "Het bericht is te groot", "Spreek met de ontvanger af hoe groot een bericht mag zijn."
    ),
    "media-type": Kind(415, "Deze vorm lezen wij niet", "Stuur de afgesproken vorm, zonder compressie."),
    "internal": Kind(500, "Er ging bij ons iets mis", "Stuur het bericht later opnieuw."),
    "busy": Kind(
        503, "Het bericht kan nu niet bewaard worden", "Bewaar het bericht en stuur het later opnieuw."
    ),
}


class Refused(Exception):
    """A delivery is refused.

    Args:
        code: key of `KINDS`.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Tokens:
    """The bearer tokens that are accepted.

    Args:
        tokens: each at least `TOKEN_CHARACTERS_MIN` long; None when the proxy in front checks who sends.
    """

    def __init__(self, tokens: Sequence[str] | None) -> None:
        self._digests = None if tokens is None else [_digest(token) for token in tokens]

    @classmethod
    def read(cls, path: Path | None) -> "Tokens":
        """Read one token per line.

        Raises:
            ValueError: there is none, or one is too short to be a secret.
            OSError: the file cannot be read.
        """
        if path is None:
            return cls(None)
        tokens = [line.strip() for line in path.read_text(encoding="ascii").splitlines() if line.strip()]
        if not tokens or min(map(len, tokens)) < TOKEN_CHARACTERS_MIN:
            raise ValueError(f"a token has at least {TOKEN_CHARACTERS_MIN} characters")
        return cls(tokens)

    def accept(self, header: str) -> bool:
        """Whether an `Authorization` header shows one; takes as long for a wrong token as for a right one."""
        if self._digests is None:
            return True
        shown = _BEARER.fullmatch(header)
        digest = _digest(shown[1] if shown else "")
        # Every one is compared, so that the time does not tell which it was.
        same = [hmac.compare_digest(digest, known) for known in self._digests]
        return shown is not None and any(same)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("latin-1")).digest()


class Spool:
    """The folder messages are written in.

    Args:
        folder: it exists.
        clock: aware UTC.

    Raises:
        OSError: it does not.
    """

    def __init__(self, folder: Path, clock: Callable[[], datetime]) -> None:
        self._folder = folder
        self._clock = clock
        if not folder.is_dir():
            raise FileNotFoundError("the spool is not a folder that exists")
        for draft in folder.glob(_DRAFT + "*"):  # of a message that was never acknowledged
            draft.unlink()

    def write(self, body: bytes) -> None:
        """Write a message durably.

        Raises:
            Refused: `busy`: the spool is full, or cannot be written.
        """
        name = f"{self._clock():%Y%m%dT%H%M%S.%f}-{token_hex(8)}.message"
        draft = self._folder / (_DRAFT + name)
        try:
            if sum(1 for _ in self._folder.iterdir()) > SPOOLED_MAX:
                raise Refused("busy")
            self._write(draft, self._folder / name, body)
        except OSError as error:
            with suppress(OSError):
                draft.unlink()
            raise Refused("busy") from error

    def _write(self, draft: Path, final: Path, body: bytes) -> None:
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "wb") as out:
            out.write(body)
            out.flush()
            os.fsync(file)
        draft.rename(final)
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class Door:
    """What happens to one delivery.

    Args:
        settings: of the webhook.
        tokens: who may deliver.
        spool: where messages go.
        told: hears the outcome of each, a key of `KINDS` or `DELIVERED`; from the thread that serves.
    """

    def __init__(self, settings: Webhook, tokens: Tokens, spool: Spool, told: Callable[[str], None]) -> None:
        self._settings = settings
        self._tokens = tokens
        self._spool = spool
        self._told = told
        self._waiting = 0

    def app(self) -> Starlette:
        """Build the application."""
        app = Starlette(
            routes=[Route(self._settings.path, self._deliver, methods=["POST"])],
            exception_handlers={HTTPException: self._on_http_error},
        )
        app.router.redirect_slashes = False
        return app

    async def _deliver(self, request: Request) -> Response:
        try:
            await self._take(request)
        except Refused as refused:
            return self._problem(refused.code)
        except Exception:  # noqa: BLE001 - the outermost edge: whatever it is, it ends here, unnamed
            return self._problem("internal")
        self._told(DELIVERED)
        return Response(status_code=204)

    async def _take(self, request: Request) -> None:
        if not self._tokens.accept(request.headers.get("Authorization", "")):
            raise Refused("not-authenticated")
        if "Transfer-Encoding" in request.headers and "Content-Length" in request.headers:
            # A proxy that goes by the other one takes what follows for a part of this, and checks nobody for it.
            raise Refused("malformed")
        media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if media_type not in self._settings.content_types or "Content-Encoding" in request.headers:
            raise Refused("media-type")
        if self._waiting >= WAITING_MAX:
            raise Refused("busy")
        self._waiting += 1
        try:
            body = await self._read(request)
            await to_thread.run_sync(self._spool.write, body)
        finally:
            self._waiting -= 1

    async def _read(self, request: Request) -> bytes:
        most, body = self._settings.bytes_max, bytearray()
        if int(request.headers.get("Content-Length", "0")) > most:
            raise Refused("too-large")
        try:
            async with asyncio.timeout(BODY_SECONDS_MAX):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > most:
                        raise Refused("too-large")
        except TimeoutError:
            raise Refused("timeout") from None
        if not body:
            raise Refused("malformed")
        return bytes(body)

    async def _on_http_error(self, _: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, "malformed")
        return self._problem(code)

    def _problem(self, code: str) -> Response:
        self._told(code)
        kind = KINDS[code]
        document = {
            "type": f"/problemen/{code}",
            "title": kind.title,
            "status": kind.status,
            "detail": kind.detail,
            "instance": f"urn:uuid:{uuid4()}",
            "code": code,
        }
        headers = {
            "method-not-allowed": {"Allow": "POST"},
            "not-authenticated": {"WWW-Authenticate": "Bearer"},
            "busy": {"Retry-After": str(_BUSY_SECONDS)},
        }.get(code, {})
        body = json.dumps(document, ensure_ascii=False).encode()
        # Closed, as what may follow on this connection is no longer known to be a request.
        return Response(
            body, kind.status, {"Connection": "close", **headers}, media_type="application/problem+json"
        )
