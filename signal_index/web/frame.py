"""What every request passes through: a size limit on the way in, fixed headers on the way out (pure ASGI).

Each request gets its place in a trace here, the caller's if it names one, and the answer says which. Its number is the
caller's too, if it gave one that fits in a header.

Answers of the JSON interface and pages for people have headers of their own; a path decides which they are.
"""

import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextvars import ContextVar
from dataclasses import replace
from secrets import token_hex

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from signal_index.model.traces import Trace

API_VERSION = "1.0.0"

_ALL_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

HEADERS: Mapping[str, str] = {
    **_ALL_HEADERS,
    "API-Version": API_VERSION,
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}

# No inline style or script anywhere, so no nonces: a nonce is one more thing to get wrong. A form never leaves our
# own origin, not even by redirect, so leaving for the identity provider always starts from a link or a Refresh.
_PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_FEATURES = (
    "accelerometer", "browsing-topics", "camera", "display-capture", "geolocation", "gyroscope", "hid",
    "magnetometer", "microphone", "midi", "payment", "publickey-credentials-get", "screen-wake-lock", "serial",
    "usb", "xr-spatial-tracking",
)  # fmt: skip

PAGE_HEADERS: Mapping[str, str] = {
    **_ALL_HEADERS,
    "Content-Security-Policy": _PAGE_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _FEATURES),
}

# What a caller may call its request: short, and nothing but visible signs.
_GIVEN_NUMBER = re.compile(r"[!-~](?:[ -~]{0,198}[!-~])?", re.ASCII)

_CACHE, _NUMBER, _TRACE = b"cache-control", b"x-request-id", b"traceparent"

# Set around each request, so that no route can forget to hand its trace on to what it records.
_trace: ContextVar[Trace | None] = ContextVar("trace", default=None)


def trace_of_request() -> Trace | None:
    """The trace of the request under way; None outside a request."""
    return _trace.get()


def continue_trace(stated: str) -> None:
    """Let the request under way belong to a trace that its body names; one in a header goes before."""
    trace, named = _trace.get(), Trace.received([stated], [])
    if trace is not None and trace.parent_id is None and named.parent_id is not None:
        _trace.set(replace(named, transaction=trace.transaction, answer_id=trace.answer_id))


def _stated(scope: Scope, name: bytes) -> list[str]:
    """The values of every header of this name, which is in lower case."""
    return [value.decode("latin-1") for each, value in scope["headers"] if each == name]


def _number_of(scope: Scope) -> str:
    """What this request is called in its answer."""
    given = _stated(scope, b"x-request-id")
    return given[0] if len(given) == 1 and _GIVEN_NUMBER.fullmatch(given[0]) else token_hex(16)


def _names_of_request(number: str) -> list[tuple[bytes, bytes]]:
    """The headers that say which request, and which place in a trace, an answer belongs to."""
    names, trace = [(_NUMBER, number.encode("latin-1"))], trace_of_request()
    return names if trace is None else [*names, (_TRACE, trace.traceparent.encode())]


class Frame:
    """Limits the body while it is read, and sets the headers every answer carries.

    Args:
        app: the application inside.
        body_bytes_max: a larger body is refused with 413, whatever Content-Length says.
        headers: what every answer carries; only `Cache-Control` may be replaced, for files that never change.
    """

    def __init__(self, app: ASGIApp, body_bytes_max: int, headers: Mapping[str, str] = HEADERS) -> None:
        self._app = app
        self._body_bytes_max = body_bytes_max
        self._headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        self._ours = {name for name, _ in self._headers} - {_CACHE} | {_NUMBER, _TRACE}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        trace = Trace.received(_stated(scope, b"traceparent"), _stated(scope, b"fsc-transaction-id"))
        before = _trace.set(trace)
        try:
            await self._app(scope, self._limited(receive), self._with_headers(send, _number_of(scope)))
        finally:
            _trace.reset(before)

    def _limited(self, receive: Receive) -> Callable[[], Awaitable[Message]]:
        seen = 0

        async def limited() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._body_bytes_max:
                raise HTTPException(413)
            return message

        return limited

    def _with_headers(self, send: Send, number: str) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [each for each in message.get("headers", ()) if each[0] not in self._ours]
                stated = {name for name, _ in kept}
                ours = [each for each in self._headers if each[0] not in stated]
                message["headers"] = [*kept, *ours, *_names_of_request(number)]
            await send(message)

        return sending


class OneHost:
    """Answers only under the one name of the site, so that no other name can borrow its pages.

    Args:
        app: the application inside.
        host: as it stands in the address of the site, with its port if that is not the usual one.
    """

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app = app
        self._host = host.encode("ascii")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if hosts == [self._host]:
            await self._app(scope, receive, send)
        else:
            await PlainTextResponse("Dit adres hoort niet bij deze site.", 421)(scope, receive, send)


class Fork:
    """Sends requests under some paths to the JSON interface, and every other request to the pages.

    Args:
        app: the JSON interface, which also takes what is no request, such as start and stop.
        prefixes: the paths of the JSON interface, without a slash at their end.
        pages: the pages.
    """

    def __init__(self, app: ASGIApp, prefixes: Collection[str], pages: ASGIApp) -> None:
        self._app = app
        self._prefixes = prefixes
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        path = scope.get("path", "")
        inside = any(path == prefix or path.startswith(f"{prefix}/") for prefix in self._prefixes)
        app = self._app if scope["type"] != "http" or inside else self._pages
        await app(scope, receive, send)
