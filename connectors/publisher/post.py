"""The way to the first pseudonymiser: one batch out, one signed answer of the index back.

Invariants:
1. Only bytes the index signed leave this module as an answer; whatever a hop or the network says by itself is a
   `ChainFault`, which changes nothing a publisher holds.
2. No redirect is followed and no proxy is taken from the environment.
"""

import json
import re
import ssl
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from crypto.answers import ANSWER_BYTES_MAX, Acknowledgement, Answer, Refusal, Reply, verify
from crypto.batch import Batch
from crypto.errors import CryptoError

PATH: Final = "/v1/leveringen"
CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 150.0
"""Longer than both hops together wait, so that their word on what went wrong still arrives."""

_MEDIA_TYPE: Final = "application/octet-stream"
_CODE: Final = re.compile(r"[a-z-]{1,40}")

ADVICE: Final[Mapping[str, str]] = {
    "no-connection": "check the address and the network; everything is kept, run `connector send` again later",
    "no-answer": "everything is kept, run `connector send` again later",
    "answer-unverifiable": "the answer is not signed by the index in the manifest; check the manifest, and tell "
    "the index operator",
    "malformed": "the pseudonymiser cannot read the batch; bring this connector and the pseudonymiser to one version",
    "wrong-audience": "the manifest is of another index; get the right one",
    "wrong-scope": "the manifest is of another region; get the right one",
    "epoch-retired": "get the present manifest and run `connector send` again; the same changes are sent",
    "wrong-count": "set items_per_batch to what was agreed at registration",
    "identity": "an item is not validly encrypted; update this connector",
    "origin-proof": "this connector does not show that it encrypted every item itself; update it",
    "clock": "set this machine's clock right and run `connector send` again",
    "replayed": "this request was passed on before; ask again",
    "unknown-publisher": "ask the pseudonymiser to register this publisher",
    "signature": "the key file is not the one that was registered; use that one or register this one",
    "too-large": "set items_per_batch to what was agreed at registration",
    "quota-exceeded": "the day's quota is used up; run `connector send` again tomorrow, or ask both pseudonymisers for "
    "an allowance when this is a complete set",
    "class-not-granted": "this pseudonymiser grants this publisher no quota for this kind of batch; ask for it",
    "hop-proof": "a pseudonymiser did not show that it treated the batch as it should; nothing was applied. Call both "
    "operators, and run `connector send` again when they have looked at it",
    "next-hop-unavailable": "a party further on cannot be reached; run `connector send` again later",
}
_OTHERWISE: Final = "everything is kept, run `connector send` again later; if it stays, call the operator"


class ChainFault(Exception):
    """No signed answer came back; the frozen set stays as it is.

    Args:
        code: reason, a key of `ADVICE` or a code of a hop.
        party: who says so, when a hop did.
        retry_after: what it said about trying again, in seconds.
    """

    def __init__(self, code: str, *, party: str | None = None, retry_after: str | None = None) -> None:
        said_by = f" (said by {party})" if party else ""
        when = f"; not before {retry_after} seconds from now" if retry_after else ""
        super().__init__(f"{code}{said_by}: {ADVICE.get(code, _OTHERWISE)}{when}")
        self.code = code
        self.party = party
        self.retry_after_seconds = int(retry_after) if retry_after else None


class FirstHop:
    """A connection to the first pseudonymiser; use as a context manager.

    Args:
        address: without a path.
        verify_key: of the index, from the manifest.
    """

    def __init__(self, address: str, verify_key: Ed25519PublicKey) -> None:
        self._address = address
        self._verify_key = verify_key
        # The system's own trust store, which the operator looks after, and nothing older than TLS 1.3.
        trust = ssl.create_default_context()
        trust.minimum_version = ssl.TLSVersion.TLSv1_3
        self._http = httpx.Client(
            verify=trust,
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            follow_redirects=False,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        """Keep one connection for all batches."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self._http.close()

    def deliver(self, batch: Batch) -> Acknowledgement | Refusal:
        """Send a batch and return the index's verified answer; that it fits the batch is the caller's to check.

        Raises:
            ChainFault: there is none.
        """
        answer = self._answer(batch)
        if isinstance(answer, Reply):
            raise ChainFault("answer-unverifiable")
        return answer

    def ask(self, request: Batch) -> Reply | Refusal:
        """Send an interactive request and return the index's verified answer, as `deliver` does.

        Raises:
            ChainFault: there is none.
        """
        answer = self._answer(request)
        if isinstance(answer, Acknowledgement):
            raise ChainFault("answer-unverifiable")
        return answer

    def _answer(self, batch: Batch) -> Answer:
        status, headers, body = self._post(batch.encode())
        if status not in (httpx.codes.OK, httpx.codes.CONFLICT):
            raise _fault(headers, body)
        try:
            return verify(body, self._verify_key)
        except CryptoError as error:
            raise ChainFault("answer-unverifiable") from error

    def _post(self, body: bytes) -> tuple[int, httpx.Headers, bytes]:
        headers = {"Content-Type": _MEDIA_TYPE, "Accept-Encoding": "identity"}
        answer = bytearray()
        try:
            with self._http.stream("POST", self._address + PATH, content=body, headers=headers) as response:
                for chunk in response.iter_raw():
                    answer += chunk
                    if len(answer) > ANSWER_BYTES_MAX:
                        raise ChainFault("no-answer")
                return response.status_code, response.headers, bytes(answer)
        except httpx.ConnectError as error:
            raise ChainFault("no-connection") from error
        except httpx.HTTPError as error:
            raise ChainFault("no-answer") from error


def _fault(headers: httpx.Headers, body: bytes) -> ChainFault:
    try:
        document = json.loads(body)
        code, party = document["code"], document.get("party")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return ChainFault("no-answer")
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        return ChainFault("no-answer")
    after = headers.get("Retry-After", "")
    return ChainFault(
        code,
        party=party if party in ("A", "B", "index") else None,
        retry_after=after if re.fullmatch(r"[0-9]{1,9}", after) else None,
    )
