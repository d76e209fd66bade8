"""Where a request stands in a chain of requests, and what the log of processing operations keeps of one action.

Invariant: an id made here is random; it stands for a request or an action, never for a person.

Source: W3C Trace Context §3.2, traceparent; Logboek Dataverwerkingen, the interface of the log.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from secrets import token_bytes
from typing import Final, Self
from uuid import UUID

TRACE_ID_BYTES: Final = 16
SPAN_ID_BYTES: Final = 8

# A version that comes after ours begins the same way, and may say more behind it; `ff` is no version.
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
_OURS, _NONE = "00", "ff"
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Action:
    """One action within a trace, as records of it name it.

    Args:
        trace_id: 16 bytes, the same for all that was done for one request, in every application.
        span_id: 8 bytes, of this action.
        parent_id: 8 bytes, of the action that asked for it; None when nothing did.
        transaction: of an FSC inway, when the request came through one.
    """

    trace_id: bytes
    span_id: bytes
    parent_id: bytes | None = None
    transaction: UUID | None = None


@dataclass(frozen=True)
class Trace:
    """The chain one request or command belongs to.

    Args:
        trace_id: 16 bytes.
        parent_id: 8 bytes, the caller's action; None when the chain begins here.
        flags: as the caller sent them; they are about telemetry, and nothing here depends on them.
        transaction: of an FSC inway.
        begun_at: when the action under way began; aware UTC, None when nobody looked at the clock.
        answer_id: 8 bytes, names the handling of this request in its answer.
    """

    trace_id: bytes
    parent_id: bytes | None = None
    flags: int = 0
    transaction: UUID | None = None
    begun_at: datetime | None = None
    answer_id: bytes = field(default_factory=lambda: token_bytes(SPAN_ID_BYTES))

    @classmethod
    def new(cls) -> Self:
        """A chain that begins here."""
        return cls(token_bytes(TRACE_ID_BYTES))

    @classmethod
    def received(cls, traceparents: Sequence[str], transactions: Sequence[str]) -> Self:
        """The chain a request says it belongs to, or a new one when it says nothing usable.

        Args:
            traceparents: every `traceparent` header.
            transactions: every `Fsc-Transaction-Id` header; one that is no UUID counts for nothing.
        """
        trace = cls._continued(traceparents[0]) if len(traceparents) == 1 else None
        known = len(transactions) == 1 and _UUID.fullmatch(transactions[0]) is not None
        trace = trace or cls.new()
        return replace(trace, transaction=UUID(transactions[0])) if known else trace

    @classmethod
    def _continued(cls, stated: str) -> Self | None:
        found = _TRACEPARENT.fullmatch(stated)
        if found is None or found[1] == _NONE or (found[1] == _OURS and found[5] is not None):
            return None
        trace_id, parent_id = bytes.fromhex(found[2]), bytes.fromhex(found[3])
        return cls(trace_id, parent_id, int(found[4], 16)) if any(trace_id) and any(parent_id) else None

    @property
    def traceparent(self) -> str:
        """The header of the answer: the chain, and an id of this request in it."""
        return f"{_OURS}-{self.trace_id.hex()}-{self.answer_id.hex()}-{self.flags:02x}"

    def action(self) -> Action:
        """An action of its own within this chain."""
        return Action(self.trace_id, token_bytes(SPAN_ID_BYTES), self.parent_id, self.transaction)


class Status(StrEnum):
    """How an action went.

    The standard also has `Ok`, which is optional. It is never used: beside a look it would tell that something showed.
    """

    UNSET = "Unset"
    ERROR = "Error"


@dataclass(frozen=True)
class Processing:
    """What the log of processing operations keeps of one action; no member of staff is in it.

    Args:
        name: what was done, for people.
        activity: which entry of the register of processing activities, with its version.
        processor: who asked for it from outside, as a URI; None when nobody did.
    """

    action: Action
    name: str
    activity: str
    status: Status
    started_at: datetime
    ended_at: datetime
    processor: str | None = None


@dataclass(frozen=True)
class ProcessingEntry:
    """One record of that log, as read back.

    Args:
        subject: an alias of the person concerned, 16 bytes under a key, the same in every record of one epoch of keys;
            None when the action was about nobody in particular.
        epoch: of the keys behind the alias.
    """

    processing: Processing
    subject: bytes | None
    epoch: int
