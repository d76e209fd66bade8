"""Hand a delivery to the next party, and bring its answer back as it came.

Invariants:
1. The index's signed answer passes unchanged: 200 with an acknowledgement, 409 with a refusal.
2. Whatever else happens ends in a refusal of our own: nothing the next party says in the clear is repeated,
   apart from a status and a code in the form this chain uses.
"""

import json
import re
import ssl
from dataclasses import dataclass
from typing import Final

import httpx

from crypto.pseudonymiser.problems import KINDS, Refused

PATH: Final = "/v1/leveringen"
MEDIA_TYPE: Final = "application/octet-stream"
ANSWER_BYTES_MAX: Final = 1024 * 1024
"""A refusal that names every row of the largest batch stays far below this."""

CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = {"A": 90.0, "B": 60.0}
"""How long each party waits for the rest of the chain: A longer, so that B's word on a slow index still arrives."""

RETRY_SECONDS: Final = 30
RETRY_SECONDS_MAX: Final = 48 * 3600

_HEADERS: Final = {"Content-Type": MEDIA_TYPE, "Accept-Encoding": "identity"}
_SIGNED: Final = frozenset({200, 409})
_CODE: Final = re.compile(r"[a-z-]{1,40}")


@dataclass(frozen=True)
class Answer:
    """The index's signed word: an acknowledgement (200) or a refusal (409)."""

    status: int
    body: bytes


def client(party: str) -> httpx.AsyncClient:
    """Make the client for the next party: no redirects, no proxies from the environment, bounded waiting."""
    # The system's own trust store, which the operator looks after, and nothing older than TLS 1.3.
    trust = ssl.create_default_context()
    trust.minimum_version = ssl.TLSVersion.TLSv1_3
    return httpx.AsyncClient(
        verify=trust,
        timeout=httpx.Timeout(ANSWER_SECONDS[party], connect=CONNECT_SECONDS),
        follow_redirects=False,
        trust_env=False,
    )


async def pass_on(http: httpx.AsyncClient, address: str, delivery: bytes) -> Answer:
    """Send a hopped delivery on and wait for the index's answer.

    Args:
        http: see `client`.
        address: of the next party, without a path.
        delivery: the encoded batch.

    Raises:
        Refused: `next-hop-unavailable` when there is no usable answer; otherwise what the next party refused.
    """
    try:
        request = http.build_request("POST", address + PATH, content=delivery, headers=_HEADERS)
        response = await http.send(request, stream=True)
        try:
            body = await _read_limited(response)
        finally:
            await response.aclose()
    except httpx.HTTPError as error:
        raise Refused("next-hop-unavailable", retry_after_seconds=RETRY_SECONDS) from error
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip()
    if response.status_code in _SIGNED and media_type == MEDIA_TYPE:
        return Answer(response.status_code, body)
    raise _refusal(response, body)


async def _read_limited(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > ANSWER_BYTES_MAX:
            raise Refused("next-hop-unavailable", retry_after_seconds=RETRY_SECONDS)
    return bytes(body)


def _refusal(response: httpx.Response, body: bytes) -> Refused:
    """Turn what the next party answered into a refusal from our own table."""
    code, party = _code_and_party(body)
    is_refusal = 400 <= response.status_code < 500
    if not is_refusal or code is None:
        return Refused("next-hop-unavailable", retry_after_seconds=_retry_after(response), party=party)
    known = (
        code if KINDS.get(code, KINDS["internal"]).status == response.status_code else "refused-further-on"
    )
    after = _retry_after(response) if "Retry-After" in response.headers else None
    return Refused(known, retry_after_seconds=after, party=party)


def _code_and_party(body: bytes) -> tuple[str | None, str | None]:
    try:
        document = json.loads(body)
        code, party = str(document["code"]), document.get("party", "index")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None, None
    return (code if _CODE.fullmatch(code) else None), (party if party in ("A", "B", "index") else None)


def _retry_after(response: httpx.Response) -> int:
    text = response.headers.get("Retry-After", "")
    is_number = text.isascii() and text.isdecimal() and len(text) <= 9
    return min(int(text), RETRY_SECONDS_MAX) if is_number else RETRY_SECONDS
