"""The resident gateway: asks the index who looked at the person who logged in, and reads the sealed answer.

It runs at the municipality, behind the sign-in of residents (DigiD, eIDAS), which is not part of this product. The BSN
comes from there, is encrypted at once, and is kept nowhere.

Whoever controls a gateway can ask about people who did not log in, within the quotas of both pseudonymisers.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from connectors.config import Setup
from connectors.publisher.post import ChainFault
from crypto.answers import Refusal, Reply
from crypto.batch import Batch, BatchClass, Header, compose
from crypto.chain import Bsn
from crypto.errors import CryptoError
from crypto.inquiry import Inquiry

_NO_INCARNATION: Final = bytes(16)
_ADVICE: Final[Mapping[str, str]] = {
    "class-not-served": "this gateway is not registered for requests; ask the index operator",
    "clock": "set this machine's clock right and ask again",
    "replayed": "ask again",
}
_OTHERWISE: Final = "tell the index operator"


@dataclass(frozen=True)
class Look:
    """One look, or attempt to look, as a resident may know it.

    Args:
        at: aware.
        organisation: OIN of who looked; which worker it was, the privacy officer tells.
        purpose: code of the purpose.
        allowed: whether anything could be seen.
    """

    at: datetime
    organisation: str | None
    purpose: str | None
    allowed: bool


class NotAnswered(Exception):
    """The index refuses the request, in its signed word.

    Args:
        reason: of `crypto.answers.REFUSAL_REASONS`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"the index does not answer ({reason}): {_ADVICE.get(reason, _OTHERWISE)}")
        self.reason = reason


class Asks(Protocol):
    """What carries a request to the index and its verified answer back; see `publisher.FirstHop`."""

    def ask(self, request: Batch) -> Reply | Refusal:
        """Send one request."""


def who_looked(setup: Setup, hop: Asks, person: Bsn, now: datetime) -> list[Look]:
    """Ask who looked at a person, newest first.

    Args:
        setup: of a publisher that is registered for requests.
        hop: the way to the index.
        person: who logged in.
        now: aware UTC.

    Raises:
        ChainFault: no answer, or one that is not to this request; ask again later.
        NotAnswered: the index refuses.
    """
    inquiry = Inquiry.new()
    request = compose(
        _header(setup, inquiry, now), [(person, inquiry.row.encode())], setup.manifest, setup.secrets.signing
    )
    answer = hop.ask(request)
    about = (answer.publisher, answer.sequence, answer.digest)
    if about != (setup.secrets.publisher, inquiry.number, request.digest):
        raise ChainFault("answer-unverifiable")
    if isinstance(answer, Refusal):
        raise NotAnswered(answer.reason)
    try:
        return _looks(inquiry.open(answer.sealed, request.digest))
    except (CryptoError, ValueError, LookupError, TypeError) as error:
        raise ChainFault("answer-unverifiable") from error


def _header(setup: Setup, inquiry: Inquiry, now: datetime) -> Header:
    manifest = setup.manifest
    return Header(
        audience=f"index:{manifest.scope}",
        scope=manifest.scope,
        key_epoch=manifest.epoch,
        publisher=setup.secrets.publisher,
        batch_class=BatchClass.INZAGE,
        incarnation=_NO_INCARNATION,
        sequence=inquiry.number,
        n=1,
        composed_at=int(now.timestamp()),
    )


def _looks(content: bytes) -> list[Look]:
    return [
        Look(
            datetime.fromisoformat(told["moment"]),
            told["organisatie"],
            told["doel"],
            bool(told["toegestaan"]),
        )
        for told in json.loads(content)
    ]
